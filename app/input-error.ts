/** Something that the user wrote is wrong: printed without a stack, exit code 1. */
export class InputError extends Error {
  /** One line each: file, place, what is wrong, what would be right. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'InputError';
    this.problems = problems;
  }
}
