const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * Value of a Kubernetes quantity (`100m`, `192Mi`, `1`) in its base unit: cores or bytes. Undefined when it
 * is none. Grammar: https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
 */
export function quantityValue(quantity: unknown): number | undefined {
  if (typeof quantity === 'number') return quantity;
  if (typeof quantity !== 'string') return undefined;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(quantity);
  if (match === null) return undefined;
  const [, digits = '', suffix = '', exponent] = match;
  return Number(digits) * (exponent === undefined ? (SUFFIXES[suffix] ?? NaN) : 10 ** Number(exponent));
}
