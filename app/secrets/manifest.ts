import { stringify } from 'yaml';
import { exampleAnnotation, settingsAnnotation } from './catalog.ts';
import type { NeededSecret } from './catalog.ts';

/**
 * The Secret in clear, as YAML for SOPS. `stringData`, so that `sops edit` shows what a person can read; Flux
 * turns it into `data` before its server-side apply (which would otherwise keep removed keys, see
 * https://github.com/kubernetes/kubernetes/issues/108008), and the API server never stores it.
 * @param values one for each key that the secret needs
 * @param example marks the values as made for the example key
 */
export function secretManifest(
  secret: NeededSecret,
  values: Readonly<Record<string, string>>,
  example: boolean,
): string {
  const annotations = {
    ...(example && { [exampleAnnotation]: 'true' }),
    ...(secret.settingsSha256 !== undefined && { [settingsAnnotation]: secret.settingsSha256 }),
  };
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: secret.name,
        namespace: secret.namespace,
        ...(Object.keys(annotations).length > 0 && { annotations }),
      },
      type: secret.type,
      stringData: values,
    },
    { lineWidth: 0 },
  );
}
