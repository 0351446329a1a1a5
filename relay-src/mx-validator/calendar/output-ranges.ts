/** Collects what to forward as ranges of the buffers that hold it; neighbours become one range. */
export class OutputRanges {
  #ranges: Buffer[] = [];
  #source: Buffer | undefined;
  #from = 0;
  #to = 0;

  add(source: Buffer, from = 0, to = source.length): void {
    if (from === to) return;
    if (this.#source === source && this.#to === from) {
      this.#to = to;
      return;
    }
    this.#flush();
    this.#source = source;
    this.#from = from;
    this.#to = to;
  }

  /** Hands over the ranges and keeps no reference to their buffers. */
  take(): Buffer[] {
    this.#flush();
    const ranges = this.#ranges;
    this.#ranges = [];
    this.#source = undefined;
    return ranges;
  }

  #flush(): void {
    if (!this.#source) return;
    const whole = this.#from === 0 && this.#to === this.#source.length;
    this.#ranges.push(whole ? this.#source : this.#source.subarray(this.#from, this.#to));
  }
}
