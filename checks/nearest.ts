/** Most names that a message offers. */
const OFFERED = 3;

/** The names nearest to a mistyped one, the nearest first. */
export function nearest(name: string, known: readonly string[]): string[] {
  return known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, OFFERED)
    .map(({ candidate }) => candidate);
}

/** The name that a mistyped one most likely means: at most two letters away, and not a digit (`db-1`, `db-2`). */
export function likelyMeant(name: string, known: Iterable<string>): string | undefined {
  const letters = (text: string) => text.replaceAll(/\d+/g, '');
  return [...known].find(
    (candidate) =>
      candidate !== name &&
      letters(candidate) !== letters(name) &&
      Math.abs(candidate.length - name.length) <= 2 &&
      editDistance(name, candidate) <= (name.length > 5 ? 2 : 1),
  );
}

/** Levenshtein's: insertions, deletions and substitutions that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, right] of Array.from(b).entries()) {
      next.push(
        Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
