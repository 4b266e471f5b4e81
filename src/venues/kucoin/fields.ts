import { decimalText, isDecimal, isPositive } from '../../domain/decimal';

/** Checks of single fields of frames and answers. */

const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const LONGEST_SYMBOL = 64;
const LONGEST_LINE = 160;

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function isSymbol(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_SYMBOL;
}

/** A decimal text that is not negative. */
export function isAmount(value: unknown): value is string {
  return isDecimal(value) && value.charCodeAt(0) !== MINUS;
}

/** Text of an amount that KuCoin sends as text or as a JSON number; undefined where it is none. */
export function amountOf(value: unknown): string | undefined {
  if (typeof value === 'string') return isAmount(value) ? value : undefined;
  if (typeof value !== 'number' || !(value >= 0)) return undefined;
  const text = String(value);
  return isDecimal(text) ? text : decimalText(value);
}

/** '' where there is no price (null, zero); undefined where the field is no amount at all. */
export function priceOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return '';
  const text = amountOf(value);
  return text === undefined || isPositive(text) ? text : '';
}

const DIGITS_OF_MS = 13;
/** Below: milliseconds; from here on microseconds, and from 1e17 on nanoseconds. */
const LEAST_US = 1e14;
const LEAST_NS = 1e17;
const TOO_LATE = 1e19;

/** Epoch ms of a time that KuCoin sends in ms, us or ns, as a number or as text. */
export function epochMs(value: unknown): number | undefined {
  if (typeof value === 'string') return msOfDigits(value);
  if (typeof value !== 'number' || !(value >= 1 && value < TOO_LATE)) return undefined;
  if (value < LEAST_US) return Math.floor(value);
  if (value < LEAST_NS) return Math.floor(value / 1_000);
  // JSON.parse rounds nanoseconds to a multiple of 256, which may fall below a whole millisecond:
  // so first to the nearest microsecond.
  return Math.floor(Math.round(value / 1_000) / 1_000);
}

function msOfDigits(text: string): number | undefined {
  if (text.length !== 13 && text.length !== 16 && text.length !== 19) return undefined;
  return isDigits(text) ? Number(text.slice(0, DIGITS_OF_MS)) || undefined : undefined;
}

const LONGEST_SECONDS = 11;

/** Epoch ms of a bar's open time, which the streams and spot REST tell in seconds, as text. */
export function msOfSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_SECONDS || !isDigits(value)) return undefined;
  return Number(value) * 1_000 || undefined;
}

function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  return text.length > 0;
}

/** First line of the venue's words, shortened. */
export function lineOf(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text.slice(0, LONGEST_LINE).split('\n', 1)[0] ?? '';
}
