/** A secret cannot be made; the message says why and what to do, and holds no secret value. */
export class SecretsError extends Error {}

/** The message of whatever was thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
