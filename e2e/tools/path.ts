import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Where a program is found on the PATH; undefined when it is not. */
export async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}
