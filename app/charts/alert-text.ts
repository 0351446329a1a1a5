/** `15 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A target that does not answer, or that nobody asks any more. */
export function isDown(series: string): string {
  return `${series} == 0 or absent(${series})`;
}
