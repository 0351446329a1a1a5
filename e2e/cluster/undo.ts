/** What must be undone in the end, in the reverse order: processes, mounts, links, firewall rules. */
export class Undo {
  readonly #steps: { readonly what: string; readonly undo: () => Promise<void> }[] = [];

  /** Remembers a step; add it before the thing is made, where undoing nothing does no harm. */
  add(what: string, undo: () => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  /**
   * Undoes everything that was added, and goes on when a step fails.
   *
   * @returns what could not be undone, one line each.
   */
  async run(): Promise<string[]> {
    const failures: string[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        failures.push(`${step.what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return failures;
  }
}
