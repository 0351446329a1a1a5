/** Values that must not stand in a ConfigMap: written out, or in a file of a mounted Secret. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

export const secretValue = z
  .union([z.string().min(1), z.strictObject({ file: z.string().min(1) })], {
    error: 'expected the value itself or { file: PATH }',
  })
  .meta({ secret: true });

export type SecretValue = z.infer<typeof secretValue>;

/**
 * The value as it is now. A file is read each time: Kubernetes swaps the files of a mounted Secret when it changes.
 * White space at the end, as editors leave it, is dropped. Throws if the file cannot be read or is empty.
 */
export async function readSecret(value: SecretValue): Promise<string> {
  if (typeof value === 'string') return value;
  const text = (await readFile(value.file, 'utf8')).trimEnd();
  if (text === '') throw new Error(`${value.file} is empty`);
  return text;
}
