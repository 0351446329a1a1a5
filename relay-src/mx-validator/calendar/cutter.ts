import { Boundaries } from './boundaries.ts';
import type { Delimiter, OpenMultipart } from './boundaries.ts';
import { classify } from './classify.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { headerFields } from '../../smtp/header-fields.ts';
import type { HeaderField } from '../../smtp/header-fields.ts';
import { sniffBytes, startsAsCalendar } from './is-calendar.ts';
import { defaultLimits, maxDelimiterLine } from './limits.ts';
import type { CalendarLimits } from './limits.ts';
import { closeDelimiter, noteMessage, notePart } from './note.ts';
import { OutputRanges } from './output-ranges.ts';
import { emptyReport } from './report.ts';
import type { CalendarReport, SkipReason } from './report.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const dash = 0x2d;

/**
 * What becomes of the octets that come next:
 * - `header`: held back, the header of the entity is not complete
 * - `sniff`: held back, the header left it open and the first octets of the body decide
 * - `copy` and `cut`: forwarded, or not, up to a delimiter line of an open multipart
 * - `rest`: forwarded, up to the end of the message: a limit was passed
 */
type State = 'header' | 'sniff' | 'copy' | 'cut' | 'rest';

/** The message or body part that is being read; offsets are those in the held bytes. */
interface CurrentEntity {
  /** The multipart that it is a part of; undefined for a message. */
  readonly parent: OpenMultipart | undefined;
  /** How many multiparts and messages it is inside of. */
  readonly depth: number;
  /** It is inside of a multipart/signed. */
  readonly signed: boolean;
  /** The octets before this are the delimiter line. */
  readonly headerStart: number;
  /** Where the line at hand starts, while the header is incomplete. */
  lineStart: number;
  /** The blank line starts here. */
  headerEnd: number;
  bodyStart: number;
  fields: readonly HeaderField[];
  encoding: string;
}

/**
 * Cuts the calendar parts out of one message as it streams by: each from its delimiter line to the next
 * one, and not one octet more. Where a message or multipart would have nothing left, a short note stands.
 *
 * The result does not depend on how the message is cut into chunks. Time is linear in its size; memory
 * is bounded by one header block and one delimiter line.
 */
export class CalendarCutter {
  readonly report: CalendarReport = emptyReport();
  readonly #limits: CalendarLimits;
  readonly #boundaries = new Boundaries();
  readonly #output = new OutputRanges();
  /** The entity that is not decided on: its delimiter line, its header, the first octets of its body. */
  readonly #held = new GrowingBuffer();
  /** The beginning of a line that may become a delimiter line. */
  readonly #line = new GrowingBuffer();
  /** The line at hand has begun, and is no delimiter line. */
  #inLine = false;
  #state: State = 'header';
  #entity: CurrentEntity = entity(undefined, 0, false, 0);
  #parts = 0;

  constructor(limits: Partial<CalendarLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /**
   * Takes the next octets of the message, without the transparency dots of SMTP.
   *
   * @returns what to forward now: ranges of `chunk`, or memory of our own. No reference to `chunk` stays
   *   behind, so the caller may reuse it once it has forwarded them.
   */
  write(chunk: Buffer): Buffer[] {
    let at = 0;
    while (at < chunk.length) at = this.#step(chunk, at);
    return this.#output.take();
  }

  /** The message is complete: returns what is left to forward. The report is final after this. */
  end(): Buffer[] {
    if (this.#line.length > 0) {
      const line = this.#line.take();
      const delimiter = this.#boundaries.match(line, 0, line.length, true);
      if (delimiter && delimiter !== 'more') this.#delimiterLine(delimiter, line);
      else this.#otherLine(line);
    }
    this.#finishEntity();
    const { parent } = this.#entity;
    if (this.#state === 'cut' && parent) {
      // The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1). The cut took the last
      // one, so without a new one the part in front would gain a line.
      this.#noteIfEmpty(parent);
      this.#output.add(closeDelimiter(parent.delimiter));
    }
    this.#state = 'rest';
    return this.#output.take();
  }

  /** Handles octets from `at` on, or changes the state, and returns the index of the first that it left. */
  #step(chunk: Buffer, at: number): number {
    if (this.#state === 'rest') {
      this.#output.add(chunk, at);
      return chunk.length;
    }
    if (this.#inLine) return this.#content(chunk, at);
    const mayBeDelimiter = this.#boundaries.needle && (this.#line.length > 0 || chunk[at] === dash);
    if (mayBeDelimiter) return this.#candidateLine(chunk, at);
    this.#inLine = true;
    return this.#content(chunk, at);
  }

  /** A line that starts with a dash, or goes on with what `#line` holds of it. */
  #candidateLine(chunk: Buffer, at: number): number {
    const limit = Math.min(chunk.length, at + maxDelimiterLine - this.#line.length);
    if (this.#line.length === 0 && !this.#boundaries.match(chunk, at, limit, false)) {
      this.#inLine = true;
      return this.#content(chunk, at);
    }
    const end = Math.min(lineEnd(chunk, at), limit);
    this.#line.append(chunk, at, end);
    const delimiter = this.#boundaries.match(this.#line.bytes, 0, this.#line.length, false);
    if (delimiter === undefined) {
      this.#otherLine(this.#line.take());
    } else if (delimiter !== 'more') {
      this.#delimiterLine(delimiter, this.#line.take());
    } else if (this.#line.length >= maxDelimiterLine) {
      this.#giveUp('header-size', this.#line.take());
    }
    return end;
  }

  /** A line, or the beginning of one, that turned out to be no delimiter line. */
  #otherLine(line: Buffer): void {
    this.#inLine = true;
    let at = 0;
    while (at < line.length) at = this.#step(line, at);
  }

  /** Octets that are not part of a delimiter line, up to the line end or further. */
  #content(chunk: Buffer, at: number): number {
    if (this.#state === 'header') return this.#headerLine(chunk, at);
    if (this.#state === 'sniff') return this.#firstBodyBytes(chunk, at);
    return this.#body(chunk, at);
  }

  #headerLine(chunk: Buffer, at: number): number {
    const { headerStart, lineStart } = this.#entity;
    const end = lineEnd(chunk, at);
    if (this.#held.length - headerStart + end - at > this.#limits.headerBytes) {
      this.#giveUp('header-size');
      return at;
    }
    this.#held.append(chunk, at, end);
    this.#inLine = chunk[end - 1] !== lineFeed;
    if (this.#inLine) return end;
    const length = this.#held.length - lineStart;
    const blank = length === 1 || (length === 2 && this.#held.bytes[lineStart] === carriageReturn);
    if (blank) this.#headerComplete(lineStart);
    else this.#entity.lineStart = this.#held.length;
    return end;
  }

  #firstBodyBytes(chunk: Buffer, at: number): number {
    const missing = sniffBytes - (this.#held.length - this.#entity.bodyStart);
    const end = Math.min(lineEnd(chunk, at), at + missing);
    this.#held.append(chunk, at, end);
    this.#inLine = chunk[end - 1] !== lineFeed;
    if (end - at === missing) this.#decideByContent();
    return end;
  }

  /** Many lines at once, up to the next that may be a delimiter line. */
  #body(chunk: Buffer, at: number): number {
    const end = this.#searchCandidate(chunk, at);
    if (this.#state === 'copy') this.#output.add(chunk, at, end);
    return end;
  }

  /** From inside of a line to the next that may be a delimiter line, or has to be looked at to say so. */
  #searchCandidate(chunk: Buffer, at: number): number {
    const { needle } = this.#boundaries;
    if (!needle) return chunk.length; // nothing left to look for
    // Line ends are everywhere, two dashes are rare: most chunks have none, which is found out in one go.
    const hit = chunk.indexOf(needle, at);
    if (hit > at && chunk[hit - 1] === lineFeed) {
      this.#inLine = false;
      return hit;
    }
    // In the middle of a line they mean nothing, and the line is over. Without any, the chunk may still end inside of them.
    const from = hit >= 0 ? hit : Math.max(at, chunk.length - needle.length);
    const newline = hit >= 0 ? chunk.indexOf(lineFeed, from) : chunk.lastIndexOf(lineFeed);
    this.#inLine = newline < from;
    return this.#inLine ? chunk.length : newline + 1;
  }

  #delimiterLine({ multipart, closes }: Delimiter, line: Buffer): void {
    this.#inLine = false;
    this.#finishEntity();
    if (this.#state === 'rest') {
      this.#output.add(line);
      return;
    }
    // An outer delimiter ends the multiparts inside of it, also those that were never closed.
    let open = this.#boundaries.innermost;
    while (open && open !== multipart) {
      this.#noteIfEmpty(open);
      this.#boundaries.close();
      open = this.#boundaries.innermost;
    }
    if (closes) {
      this.#noteIfEmpty(multipart);
      this.#output.add(line);
      this.#boundaries.close();
      this.#state = 'copy';
      return;
    }
    this.#parts += 1;
    if (this.#parts > this.#limits.parts) {
      this.#giveUp('parts', line);
      return;
    }
    this.#held.append(line);
    this.#entity = entity(multipart, multipart.depth, multipart.signed, line.length);
    this.#state = 'header';
  }

  /** The entity ends, perhaps inside of its header: decides on it if that is still open. */
  #finishEntity(): void {
    while (this.#state === 'header' || this.#state === 'sniff') {
      if (this.#state === 'header') this.#headerComplete(this.#held.length);
      else this.#decideByContent();
    }
  }

  #headerComplete(headerEnd: number): void {
    const current = this.#entity;
    current.headerEnd = headerEnd;
    current.bodyStart = this.#held.length;
    current.fields = headerFields(this.#held.bytes.subarray(current.headerStart, headerEnd));
    if (current.depth === 0) {
      this.report.dkimSigned = current.fields.some((field) => field.name === 'dkim-signature');
    }
    const kind = classify(current.fields, current.parent?.digest);
    switch (kind.kind) {
      case 'calendar':
        this.#cut();
        break;
      case 'leaf':
        current.encoding = kind.encoding;
        this.#state = 'sniff';
        break;
      case 'opaque':
        this.report.skipped[kind.reason] += 1;
        this.#keep();
        break;
      case 'message':
        this.#keep();
        if (this.#mayDescend()) {
          this.#entity = entity(undefined, current.depth + 1, current.signed, 0);
          this.#state = 'header';
        }
        break;
      case 'multipart':
        this.#keep();
        if (this.#mayDescend()) {
          this.#boundaries.open({
            delimiter: Buffer.from(`--${kind.boundary}`, 'latin1'),
            depth: current.depth + 1,
            signed: current.signed || kind.signed,
            digest: kind.digest,
            kept: 0,
            cut: 0,
          });
        }
        break;
    }
  }

  #mayDescend(): boolean {
    if (this.#entity.depth < this.#limits.depth) return true;
    this.#giveUp('depth');
    return false;
  }

  #decideByContent(): void {
    const body = this.#held.bytes.subarray(this.#entity.bodyStart);
    if (startsAsCalendar(body, this.#entity.encoding)) this.#cut();
    else this.#keep();
  }

  #cut(): void {
    const { parent, signed, headerStart, headerEnd, fields } = this.#entity;
    if (signed) {
      this.report.skipped.signed += 1;
      this.#keep();
      return;
    }
    this.report.cut += 1;
    if (parent) parent.cut += 1;
    else this.#output.add(noteMessage(this.#held.bytes.subarray(headerStart, headerEnd), fields));
    this.#held.clear();
    this.#state = 'cut';
  }

  #keep(): void {
    if (this.#entity.parent) this.#entity.parent.kept += 1;
    this.#output.add(this.#held.take());
    this.#state = 'copy';
  }

  #noteIfEmpty(multipart: OpenMultipart): void {
    if (multipart.cut > 0 && multipart.kept === 0) this.#output.add(notePart(multipart.delimiter));
  }

  /** Past a limit we may no longer see what a receiver sees: from here on the message stays as it is. */
  #giveUp(reason: SkipReason, line?: Buffer): void {
    this.report.skipped[reason] += 1;
    this.#output.add(this.#held.take());
    if (line) this.#output.add(line);
    this.#state = 'rest';
  }
}

function entity(
  parent: OpenMultipart | undefined,
  depth: number,
  signed: boolean,
  headerStart: number,
): CurrentEntity {
  return {
    parent,
    depth,
    signed,
    headerStart,
    lineStart: headerStart,
    headerEnd: headerStart,
    bodyStart: headerStart,
    fields: [],
    encoding: '',
  };
}

function lineEnd(chunk: Buffer, at: number): number {
  const newline = chunk.indexOf(lineFeed, at);
  return newline < 0 ? chunk.length : newline + 1;
}
