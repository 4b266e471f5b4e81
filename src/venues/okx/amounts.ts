import { Decimal as Big } from 'decimal.js';
import { isDecimal } from '../../domain/decimal';

// Venue amounts have less than 30 digits: their products are exact.
const Exact = Big.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15 });

/** Plain, without trailing zeros. */
export function product(a: string, b: string): string {
  return new Exact(a).times(b).toFixed();
}

export function difference(a: string, b: string): string {
  return new Exact(a).minus(b).toFixed();
}

/** The other sign, digits unchanged. */
export function negated(text: string): string {
  if (text.startsWith('-')) return text.slice(1);
  return /[1-9]/.test(text) ? `-${text}` : text;
}

/** OKX leaves numbers that it does not have out, or sends the empty text; undefined: neither that nor a number. */
export function decimalOr(standIn: string, value: unknown): string | undefined {
  if (isBlank(value)) return standIn;
  return isDecimal(value) ? value : undefined;
}

export function isBlank(value: unknown): boolean {
  return value === '' || value === undefined || value === null;
}
