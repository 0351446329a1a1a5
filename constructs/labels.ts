/** Names that the whole relay shares. The selector is immutable in a Deployment: it never grows. */
export const RELAY = 'email-relay';

export const selectorLabels = { app: RELAY } as const;

export const labels = {
  ...selectorLabels,
  'app.kubernetes.io/name': RELAY,
  'app.kubernetes.io/part-of': RELAY,
} as const;

/** Flux then leaves the object alone when it leaves the repository: with it, mail or every claim would go. */
export const neverPrune = { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } as const;
