/**
 * The open connections of a server, for smtp-server's field of that name. A Set keeps its members in a table, which V8
 * replaces after some additions; the old table refers to the new one. Once one of them has been moved to the old generation
 * it keeps all later ones, with the members that they had, until the next full collection. This has no tables.
 */
export class ConnectionSet<T> extends Set<T> {
  readonly #members: T[] = [];

  override get size(): number {
    return this.#members.length;
  }

  override has(member: T): boolean {
    return this.#members.includes(member);
  }

  override add(member: T): this {
    if (!this.has(member)) this.#members.push(member);
    return this;
  }

  override delete(member: T): boolean {
    const at = this.#members.indexOf(member);
    const last = this.#members.at(-1);
    if (at < 0 || last === undefined) return false;
    this.#members[at] = last;
    this.#members.pop();
    return true;
  }

  override clear(): void {
    this.#members.length = 0;
  }

  override forEach(action: (member: T, again: T, set: Set<T>) => void): void {
    for (const member of this.values()) action(member, member, this);
  }

  /** Those of now: closing one takes it away. */
  override values(): SetIterator<T> {
    return [...this.#members].values();
  }

  override keys(): SetIterator<T> {
    return this.values();
  }

  override entries(): SetIterator<[T, T]> {
    return this.#members.map((member): [T, T] => [member, member]).values();
  }

  override [Symbol.iterator](): SetIterator<T> {
    return this.values();
  }
}
