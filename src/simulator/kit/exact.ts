import { Decimal as Big } from 'decimal.js';

const Exact = Big.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15 });

export function sum(a: string, b: string): string {
  return new Exact(a).plus(b).toFixed();
}

export function difference(a: string, b: string): string {
  return new Exact(a).minus(b).toFixed();
}

export function product(a: string, b: string): string {
  return new Exact(a).times(b).toFixed();
}

/** Cut to `digits` decimals; `0` for a zero divisor. */
export function quotient(a: string, b: string, digits = 8): string {
  const divisor = new Exact(b);
  return divisor.isZero() ? '0' : new Exact(a).div(divisor).toDecimalPlaces(digits, Big.ROUND_DOWN).toFixed();
}

/** Negative, zero or positive, as `a` is below, equal to or above `b`. */
export function compare(a: string, b: string): number {
  return new Exact(a).comparedTo(b);
}
