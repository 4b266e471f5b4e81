import { isDecimal } from '../../domain/decimal';

const ZERO = 48;
const MINUS = 45;
/** Epoch ms has 13 digits until the year 2286. */
const TIME_DIGITS = 13;

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** OKX sends times as text: `"1654166220361"`. */
export function epochMs(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length !== TIME_DIGITS) return undefined;
  let value = 0;
  for (let at = 0; at < TIME_DIGITS; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** A decimal that is not negative. */
export function isAmount(value: unknown): value is string {
  return isDecimal(value) && value.charCodeAt(0) !== MINUS;
}

/** First line of the venue's words, shortened. */
export function lineOf(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text.slice(0, 160).split('\n', 1)[0] ?? '';
}
