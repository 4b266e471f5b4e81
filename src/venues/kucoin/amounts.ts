import { Decimal as Big } from 'decimal.js';
import { decimalText, isDecimal, isPositive } from '../../domain/decimal';

// Venue amounts have less than 30 digits: their products and sums are exact.
const Exact = Big.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15, rounding: Big.ROUND_HALF_UP });

/** Digits after the point of an average price: more than any tick size has. */
const AVERAGE_DECIMALS = 12;

/** `a x b`, plain, without trailing zeros. */
export function times(a: string, b: string): string {
  return new Exact(a).times(b).toFixed();
}

/** The same amount without trailing zeros. */
export function plain(amount: string): string {
  return new Exact(amount).toFixed();
}

export function minus(a: string, b: string): string {
  return new Exact(a).minus(b).toFixed();
}

/** `a / b` to 60 digits; `b` is not zero. */
export function quotient(a: string, b: string): string {
  return new Exact(a).div(b).toFixed();
}

/** `total / quantity` as a price; "0" where there is no quantity. */
export function averageOf(total: string, quantity: string): string {
  if (!isPositive(quantity)) return '0';
  return new Exact(total).div(quantity).toDecimalPlaces(AVERAGE_DECIMALS).toFixed();
}

/** The first that is above zero, else "0". */
export function firstPositive(...amounts: readonly (string | undefined)[]): string {
  return amounts.find((amount) => isPositive(amount)) ?? '0';
}

/** Text of an amount of either sign that is told as text or as a number; undefined where it is none. */
export function signedAmountOf(value: unknown): string | undefined {
  if (typeof value === 'string') return isDecimal(value) ? value : undefined;
  return typeof value === 'number' ? decimalText(value) : undefined;
}
