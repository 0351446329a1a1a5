/** Tasks with the same key run one after the other; others do not wait for them. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = before === undefined ? task() : before.then(task, task);
    this.#last.set(key, result);
    const clean = (): void => {
      if (this.#last.get(key) === result) this.#last.delete(key);
    };
    result.then(clean, clean);
    return result;
  }
}
