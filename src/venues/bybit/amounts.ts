import { Decimal as Big } from 'decimal.js';

/** Exact arithmetic of private amounts: results are plain decimals without exponent or trailing zeros. */
const Exact = Big.clone({ precision: 80, toExpNeg: -9e15, toExpPos: 9e15, rounding: Big.ROUND_HALF_UP });

const AVERAGE_DECIMALS = 12;

export function sum(amounts: readonly string[]): string {
  return plain(amounts.reduce((total, amount) => total.plus(amount), new Exact(0)));
}

export function difference(a: string, b: string): string {
  return plain(new Exact(a).minus(b));
}

/** Quote per base, at most 12 decimals, half up; `base` must not be zero. */
export function averageOf(quote: string, base: string): string {
  return plain(new Exact(quote).div(base).toDecimalPlaces(AVERAGE_DECIMALS));
}

/** Never `-0`. */
function plain(value: Big): string {
  return value.isZero() ? '0' : value.toFixed();
}
