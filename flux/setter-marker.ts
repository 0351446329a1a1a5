/**
 * The marker that Flux's image automation looks for: a line comment of pure JSON behind the image reference
 * (image-automation-controller, internal/update/setters.go). cdk8s writes no comments, so the marker travels as
 * metadata of the construct and the writer puts it into the bytes.
 */
import type { ApiObject } from 'cdk8s';

/** Policies are found in the automation's own namespace only. */
export interface SetterMarker {
  readonly container: string;
  readonly policy: string;
  readonly policyNamespace: string;
}

const METADATA_KEY = 'flux:imagepolicy';

/** Marks the image of a container of this workload for a policy. */
export function markImage(workload: ApiObject, marker: SetterMarker): void {
  workload.node.addMetadata(METADATA_KEY, marker);
}

/** The markers that were set on this object. */
export function markersOf(object: ApiObject): SetterMarker[] {
  return object.node.metadata
    .filter((entry) => entry.type === METADATA_KEY)
    .map((entry): SetterMarker => entry.data);
}

/** The comment's text, without `#`. */
export function markerText(marker: Pick<SetterMarker, 'policy' | 'policyNamespace'>): string {
  return JSON.stringify({ $imagepolicy: `${marker.policyNamespace}:${marker.policy}` }).replace(':', ': ');
}
