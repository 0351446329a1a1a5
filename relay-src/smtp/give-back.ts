/**
 * Gives the memory of a chunk back at once, and leaves the chunk empty. The garbage collector sees a small object: it
 * lets tens of megabytes of read chunks pile up before it looks, and each new chunk is in memory that no cache holds.
 * For large messages that costs more than all else that we do with them.
 *
 * A chunk that shares its memory with others is left as it is.
 */
export function giveBack(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer.byteLength === chunk.length && 'transfer' in buffer) buffer.transfer(0);
}
