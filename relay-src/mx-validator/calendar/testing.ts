import { CalendarCutter } from './cutter.ts';
import type { CalendarLimits } from './limits.ts';
import type { CalendarReport } from './report.ts';

/** For tests: the whole message through a cutter, in chunks that end at these ascending offsets. */
export function cutMessage(
  message: Buffer | string,
  splits: readonly number[] = [],
  limits: Partial<CalendarLimits> = {},
): { output: Buffer; report: CalendarReport } {
  const bytes = typeof message === 'string' ? Buffer.from(message, 'latin1') : message;
  const cutter = new CalendarCutter(limits);
  const ranges: Buffer[] = [];
  let start = 0;
  for (const end of [...splits, bytes.length]) {
    const chunk = Buffer.from(bytes.subarray(start, end));
    // The chunk is overwritten below, as a socket's read buffer is: the cutter must not rely on it.
    ranges.push(...cutter.write(chunk).map((range) => Buffer.from(range)));
    chunk.fill('#');
    start = end;
  }
  ranges.push(...cutter.end());
  return { output: Buffer.concat(ranges), report: cutter.report };
}

/** For tests: offsets that make chunks of one octet. */
export function everyOffset(message: Buffer): number[] {
  return Array.from({ length: message.length }, (_, index) => index);
}
