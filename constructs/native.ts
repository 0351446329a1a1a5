import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

type L1<Props> = new (scope: Construct, id: string, props: Props) => ApiObject;

/**
 * Makes a native Kubernetes object with an L1 class of cdk8s-plus-28, and refuses to lose a field: the serializers
 * of these classes drop in silence what the Kubernetes version that they were made for does not know. A field
 * that is newer than 1.28 needs a typed `ApiObject` instead (see relay-deployment.ts).
 *
 * @throws when a field of `props` is not in the rendered object
 */
export function native<Props extends object>(
  type: L1<Props>,
  scope: Construct,
  id: string,
  props: Props,
): ApiObject {
  const object = new type(scope, id, props);
  const lost = firstLost(props, object.toJson(), '');
  if (lost !== undefined)
    throw new Error(`${type.name} drops the field ${lost}: use an ApiObject for ${object.node.path}`);
  return object;
}

/** The path of the first value of `given` that `rendered` lacks. */
function firstLost(given: unknown, rendered: unknown, path: string): string | undefined {
  if (given === undefined) return undefined;
  const value = unwrap(given);
  if (typeof value !== 'object' || value === null) return value === rendered ? undefined : path;
  if (typeof rendered !== 'object' || rendered === null) return path;
  for (const [key, child] of Object.entries(value)) {
    const lost = firstLost(
      child,
      Object.entries(rendered).find(([name]) => name === key)?.[1],
      path === '' ? key : `${path}.${key}`,
    );
    if (lost !== undefined) return lost;
  }
  return undefined;
}

/** L1's IntOrString and Quantity are boxes around their value. */
function unwrap(value: unknown): unknown {
  const isBox =
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) !== Object.prototype &&
    !Array.isArray(value);
  return isBox && 'value' in value ? value.value : value;
}
