import { Decimal as Big } from 'decimal.js';

/** Arithmetic on venue amounts. Plain texts in, plain texts out, zero is `0`. */

// Enough digits for the product of two venue amounts; plain notation at every magnitude.
const Exact = Big.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15, rounding: Big.ROUND_HALF_EVEN });
const AVERAGE_DECIMALS = 8;

export function product(a: string, b: string): string {
  return textOf(new Exact(a).times(b));
}

/** Exact where the digits end, else rounded half-even to 8 decimals. `b` is not zero. */
export function average(a: string, b: string): string {
  const exact = new Exact(a).div(b);
  const isExact = exact.times(b).equals(a);
  return textOf(isExact ? exact : exact.toDecimalPlaces(AVERAGE_DECIMALS, Big.ROUND_HALF_EVEN));
}

/** a - b, but never below zero. */
export function excess(a: string, b: string): string {
  const rest = new Exact(a).minus(b);
  return rest.isNegative() ? '0' : textOf(rest);
}

/** decimal.js keeps the sign of a zero. */
function textOf(value: Big): string {
  return value.isZero() ? '0' : value.toFixed();
}
