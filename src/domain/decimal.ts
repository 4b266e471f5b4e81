import { Decimal as Big } from 'decimal.js';

// Enough digits for any product or quotient of venue amounts; plain notation at every magnitude.
const Exact = Big.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15, rounding: Big.ROUND_HALF_EVEN });

/** A plain JSON-number-shaped decimal: no exponent, no leading zeros, no `+`, no NaN. */
const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** True for text that may be published unchanged, as text or as a JSON number. */
export function isDecimal(text: unknown): text is string {
  return typeof text === 'string' && PLAIN.test(text);
}

/** True for a decimal above zero. Cheap: called per ticker. */
export function isPositive(text: unknown): text is string {
  return isDecimal(text) && text.charCodeAt(0) !== 45 && /[1-9]/.test(text);
}

/** Plain text of a JSON number (venues that send numbers): `1e-7` -> `0.0000001`. */
export function decimalText(value: number | string): string | undefined {
  if (typeof value === 'string') return isDecimal(value) ? value : undefined;
  return Number.isFinite(value) ? new Exact(value).toFixed() : undefined;
}

export function add(a: string, b: string): string {
  return new Exact(a).plus(b).toFixed();
}

export function compare(a: string, b: string): number {
  return new Exact(a).comparedTo(b);
}

/** The same amount, maybe in other digits (`0.10`, `0.1`). Texts that are no decimals are compared as texts. */
export function isSameAmount(a: string, b: string): boolean {
  return a === b || (isDecimal(a) && isDecimal(b) && compare(a, b) === 0);
}

/** The larger (smaller) of two decimal texts, its digits unchanged. */
export function greater(a: string, b: string): string {
  return compare(a, b) >= 0 ? a : b;
}

export function lesser(a: string, b: string): string {
  return compare(a, b) <= 0 ? a : b;
}
