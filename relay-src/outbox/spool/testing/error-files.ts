/** The real disk, which can be told to fail at one step. */
import { realFiles, type Files, type OpenFile } from '../files.ts';

export type FailingStep = 'create' | 'write' | 'sync' | 'rename' | 'syncFolder' | 'remove' | 'overwrite';

/** `files` works until `fail` names a step and how it fails: an error code, or `hang`. */
export function errorFiles(): {
  readonly files: Files;
  fail(step: FailingStep, how: string): void;
  /** How often a file was synced after that had failed. */
  readonly syncedAgain: number;
  /** All works again; what hung goes on. */
  clear(): void;
} {
  let fault: { readonly step: FailingStep; readonly how: string } | undefined;
  let release: (() => void)[] = [];
  let again = 0;
  const at = async (step: FailingStep): Promise<void> => {
    if (fault?.step !== step) return;
    if (fault.how === 'hang') return new Promise((resolve) => release.push(resolve));
    throw Object.assign(new Error(`${fault.how}: injected at ${step}`), { code: fault.how });
  };
  const guarded = (file: OpenFile): OpenFile => {
    let failed = false;
    return {
      async write(pieces) {
        await at('write');
        await file.write(pieces);
      },
      async sync() {
        if (failed) again += 1;
        failed = true;
        await at('sync');
        await file.sync();
        failed = false;
      },
      close: () => file.close(),
    };
  };
  const files: Files = {
    ...realFiles,
    async create(path) {
      await at('create');
      return guarded(await realFiles.create(path));
    },
    async append(path) {
      await at('create');
      return guarded(await realFiles.append(path));
    },
    async rename(from, to) {
      await at('rename');
      await realFiles.rename(from, to);
    },
    async remove(path) {
      await at('remove');
      await realFiles.remove(path);
    },
    async overwrite(path, content) {
      await at('overwrite');
      await realFiles.overwrite(path, content);
    },
    async syncFolder(path) {
      await at('syncFolder');
      await realFiles.syncFolder(path);
    },
  };
  return {
    files,
    fail(step, how) {
      fault = { step, how };
    },
    get syncedAgain() {
      return again;
    },
    clear() {
      fault = undefined;
      for (const go of release) go();
      release = [];
    },
  };
}
