/** Counts cases and prints one line for each. */
export class Report {
  #passed = 0;
  #failed = 0;
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Runs one case; it failed when `body` throws. */
  async case(name: string, body: () => Promise<void>): Promise<void> {
    try {
      await body();
      this.#passed += 1;
      this.#say(`ok    ${name}`);
    } catch (error) {
      this.#failed += 1;
      const why = error instanceof Error ? error.message : String(error);
      this.#say(`FAIL  ${name}\n${why.replaceAll(/^/gm, '      ')}`);
    }
  }

  /** The closing line of a test runner. */
  closing(): string {
    return `${this.#passed} passed, ${this.#failed} failed`;
  }
}
