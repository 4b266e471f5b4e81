import { isDecimal } from '../../domain/decimal';

/** Checks of single fields of frames and answers. */

const ZERO = 48;
const MINUS = 45;
/** Epoch ms has 13 digits until the year 2286. */
const TIME_DIGITS = 13;
const FIRST_TIME = 10 ** (TIME_DIGITS - 1);
const LAST_TIME = 10 ** TIME_DIGITS;
const LONGEST_TEXT = 160;

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bitget sends times as text in rows (`"1701842994338"`) and as numbers on envelopes. */
export function epochMs(value: unknown): number | undefined {
  if (typeof value === 'string') return epochMsOfText(value);
  if (!Number.isSafeInteger(value)) return undefined;
  const time = value as number;
  return time >= FIRST_TIME && time < LAST_TIME ? time : undefined;
}

function epochMsOfText(text: string): number | undefined {
  if (text.length !== TIME_DIGITS) return undefined;
  let value = 0;
  for (let at = 0; at < TIME_DIGITS; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value >= FIRST_TIME ? value : undefined;
}

/** A decimal that is not negative. */
export function isAmount(value: unknown): value is string {
  return isDecimal(value) && value.charCodeAt(0) !== MINUS;
}

/** First line of the venue's words, shortened. */
export function lineOf(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text.slice(0, LONGEST_TEXT).split('\n', 1)[0] ?? '';
}
