import { parse } from 'yaml';
import type { Field } from '../field.ts';
import { secretsOfVolume, volumesOf } from '../pod.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Graph takes 4 MB of base64 in one request: about 3 MiB of message. */
const MOST = 3 * 1024 * 1024;

const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `receive.maxSize` of a configuration in bytes, as smtp2graph reads it: `25m`. */
function maxSizeOf(config: Field): number | undefined {
  try {
    const value: unknown = parse(config.text ?? '');
    const text = /"maxSize":"?(\d+)([kmg]?)b?"?[,}]/i.exec(JSON.stringify(value) ?? '');
    return text === null ? undefined : Number(text[1]) * (SIZES[text[2]?.toLowerCase() ?? ''] ?? 1);
  } catch {
    return undefined; // encrypted
  }
}

export const smtp2graphSize: Rule = {
  id: 'smtp2graph-size',
  reason:
    'What the first hop takes and Microsoft Graph refuses is mail that was acknowledged and is not sent.',
  remedy: 'Set maxSize of smtp2graph to 3m or less, and that of every hop before it below that.',
  reference: 'https://learn.microsoft.com/en-us/graph/api/user-sendmail',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      if (containerOf(pod, 'smtp2graph') === undefined) continue;
      for (const name of [...volumesOf(pod).values()].flatMap(secretsOfVolume)) {
        for (const [, config] of tree.find('Secret', pod.namespace, name)?.at('stringData').entries() ?? []) {
          const size = maxSizeOf(config);
          if (size !== undefined && size > MOST) {
            yield { at: config, message: `maxSize is ${Math.round(size / 1024 / 1024)} MiB` };
          }
        }
      }
    }
  },
};
