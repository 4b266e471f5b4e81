import { decimalText } from '../../domain/decimal';

/** Checks of single fields of frames. */

/** Arithmetic on a hostile million of digits would take seconds. */
const LONGEST_NUMBER = 64;
const LONGEST_TEXT = 200;
/** Any decimal of so many digits survives being a double. */
const DIGITS_KEPT = 15;
/** 2025-06-30T10:00:07.125Z */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT;
}

export function isName(value: unknown): value is string {
  return isText(value) && value !== '';
}

/**
 * Plain decimal of a number that the server computed with JavaScript's; undefined where it is none. What lies
 * beyond the digits that every double keeps is noise of its arithmetic: 762.9650000000001 is 762.965.
 */
export function amountOf(value: unknown): string | undefined {
  if (typeof value === 'number') return decimalText(withoutNoise(value));
  return typeof value === 'string' && value.length <= LONGEST_NUMBER ? decimalText(value) : undefined;
}

/** Whole numbers have none. A negative zero is no amount. */
function withoutNoise(value: number): number {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  return Number(value.toPrecision(DIGITS_KEPT));
}

/** Epoch ms; undefined where it is no time. */
export function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' && ISO_TIME.test(value) ? Date.parse(value) : NaN;
  return time > 0 ? time : undefined;
}
