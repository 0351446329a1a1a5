/** What can go wrong with the spool. */
import { errorCode } from './files.ts';

/** The spool could not take or change something now. Always temporary: 4.x.x. */
export class SpoolError extends Error {
  /** `full`: no room (452 4.3.1); `trouble`: input/output errors, too slow, read-only, lock lost (451 4.3.0). */
  readonly kind: 'full' | 'trouble';

  constructor(kind: 'full' | 'trouble', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** There is no such message, or none any more. */
export class NoSuchMessage extends Error {
  constructor(id: string) {
    super(`there is no message ${id}`);
  }
}

/** The body is not what was accepted: shortened, edited by hand or rotten on the disk. It must not be sent. */
export class DamagedMessage extends Error {}

/** The folder cannot be used as a spool: for a person to mend. */
export class UnusableSpool extends Error {}

const noRoom = new Set(['ENOSPC', 'EDQUOT']);

/** Any error of a file operation as a {@link SpoolError}. */
export function spoolError(error: unknown): SpoolError {
  if (error instanceof SpoolError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new SpoolError(noRoom.has(errorCode(error) ?? '') ? 'full' : 'trouble', text, { cause: error });
}
