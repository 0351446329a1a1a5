import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const root = join(import.meta.dirname, '..');

/** Assembles `file`, WebAssembly in its text form, into the source of a module that exports it as `name`, in base64. */
export async function wasmModule(file: string, name: string): Promise<string> {
  const assembler = await wabt();
  const parsed = assembler.parseWat(file, readFileSync(join(root, file), 'utf8'), { simd: true });
  const base64 = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
  parsed.destroy();
  return `/** Made from ${file} by \`npm run docs\`. */\nexport const ${name} =\n  '${base64}';\n`;
}
