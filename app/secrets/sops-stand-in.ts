import { parse, stringify } from 'yaml';
import { z } from 'zod';

const plainSecret = z.looseObject({ stringData: z.record(z.string(), z.string()) });

/**
 * A stand-in for SOPS in tests: gives a file of the same shape, in which no value can be read. It encrypts
 * nothing, and nothing can be got back.
 */
export function sopsStandIn(plaintext: string, recipients: readonly string[]): string {
  const secret = plainSecret.parse(parse(plaintext));
  const sealed = 'ENC[AES256_GCM,data:c2VhbGVk,iv:aXY=,tag:dGFn,type:str]';
  return stringify(
    {
      ...secret,
      stringData: Object.fromEntries(Object.keys(secret.stringData).map((key) => [key, sealed])),
      sops: {
        age: recipients.map((recipient) => ({ enc: 'a data key\n', recipient })),
        encrypted_regex: '^(data|stringData)$',
        mac: sealed,
        version: '3.13.2',
      },
    },
    { lineWidth: 0 },
  );
}
