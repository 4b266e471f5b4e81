import { isDecimal, isPositive } from '../../domain/decimal';
import type { FrameEvent } from './wire';

/** Checks of single fields of frames and answers. */

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const UPPER_Z = 90;
/** The venue spells up to some 30 digits. Arithmetic on a hostile million of them would take seconds. */
const LONGEST_TEXT = 64;
const LONGEST_LINE = 160;

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Rows of an event of a frame; what should be a list and is none counts as one malformed row. */
export function rowsOf(event: unknown, list: 'tickers' | 'candles' | 'trades'): readonly unknown[] {
  const rows: unknown = isObject(event) ? (event as FrameEvent)[list] : undefined;
  return Array.isArray(rows) ? (rows as readonly unknown[]) : MALFORMED;
}

const MALFORMED: readonly unknown[] = [undefined];

/** A decimal text that is not negative. */
export function isAmount(value: unknown): value is string {
  return isSignedAmount(value) && value.charCodeAt(0) !== MINUS;
}

export function isSignedAmount(value: unknown): value is string {
  return isText(value) && isDecimal(value);
}

/** An amount above zero. */
export function isPrice(value: unknown): value is string {
  return isText(value) && isPositive(value);
}

/** Short enough to be kept and computed with. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT;
}

/** A product id that can stand in a topic. */
export function isProduct(value: unknown): value is string {
  return isText(value) && /^[A-Za-z0-9._-]+$/.test(value);
}

/** Epoch ms of a bar's open time, told in seconds as text. */
export function msOfSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > 11 || !isDigits(value, 0, value.length)) return undefined;
  return Number(value) * 1_000 || undefined;
}

/** `2026-06-14T05:35:45` */
const SECONDS_LENGTH = 19;

/**
 * Reads RFC 3339 times with 0 to 9 fraction digits, floored to the millisecond. Remembers the second
 * that it read last, as frames come many to a second.
 */
export class Timestamps {
  private second = '';
  private secondMs = NaN;

  read(value: unknown): number | undefined {
    if (typeof value !== 'string') return undefined;
    const fraction = fractionMs(value);
    if (fraction === undefined) return undefined;
    const second = value.slice(0, SECONDS_LENGTH);
    if (second !== this.second) {
      this.secondMs = Date.parse(`${second}Z`);
      this.second = second;
    }
    const time = this.secondMs + fraction;
    return time > 0 ? time : undefined;
  }
}

/** Whole milliseconds of `.435813533Z`; undefined unless it is nothing but a fraction and the `Z`. */
function fractionMs(text: string): number | undefined {
  const last = text.length - 1;
  if (text.charCodeAt(last) !== UPPER_Z) return undefined;
  if (last === SECONDS_LENGTH) return 0;
  const first = SECONDS_LENGTH + 1;
  if (text.charCodeAt(SECONDS_LENGTH) !== POINT || last <= first || last > first + 9) return undefined;
  if (!isDigits(text, first, last)) return undefined;
  let ms = 0;
  for (let at = first; at < first + 3; at += 1) {
    ms = ms * 10 + (at < last ? text.charCodeAt(at) - ZERO : 0);
  }
  return ms;
}

function isDigits(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  return to > from;
}

export function isSnapshot(event: unknown): boolean {
  return isObject(event) && (event as FrameEvent).type === 'snapshot';
}

/** First line of the venue's words, shortened. */
export function lineOf(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text.slice(0, LONGEST_LINE).split('\n', 1)[0] ?? '';
}
