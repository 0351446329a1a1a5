/** How a case went. */
export interface Result {
  readonly group: string;
  readonly name: string;
  readonly seconds: number;
  /** Why it failed. */
  readonly failure?: string;
}

/** Runs cases, prints one line for each, and remembers how they went. */
export class Report {
  readonly #results: Result[] = [];
  readonly #say: (line: string) => void;
  #group = '';

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** All cases so far, in the order in which they ended. */
  get results(): readonly Result[] {
    return this.#results;
  }

  get failed(): number {
    return this.#results.filter(({ failure }) => failure !== undefined).length;
  }

  /** Begins a group of cases under a headline. */
  group(name: string): void {
    this.#group = name;
    this.#say(`\n${name}`);
  }

  /** Runs one case; it failed when `body` throws. */
  async case(name: string, body: () => Promise<void>): Promise<void> {
    const start = performance.now();
    const result = (): Result => ({
      group: this.#group,
      name,
      seconds: (performance.now() - start) / 1000,
    });
    try {
      await body();
      this.#results.push(result());
      this.#say(`ok    ${name}`);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      this.#results.push({ ...result(), failure });
      this.#say(`FAIL  ${name}\n${failure.replaceAll(/^/gm, '      ')}`);
    }
  }

  /** The closing line of a test runner. */
  closing(): string {
    return `${this.#results.length - this.failed} passed, ${this.failed} failed`;
  }
}
