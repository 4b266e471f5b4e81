import { Decimal as Big } from 'decimal.js';
import { isDecimal } from '../../domain/decimal';
import { isAmount } from './fields';

// Enough digits for any product of venue amounts; plain notation at every magnitude.
const Exact = Big.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15, rounding: Big.ROUND_HALF_EVEN });

/** Decimals of a quotient that does not end. */
const QUOTIENT_DECIMALS = 18;

/** Exact, without trailing zeros. */
export function product(a: string, b: string): string {
  return new Exact(a).times(b).toFixed();
}

/** Exact where it ends within 18 decimals, else rounded; '0' for a zero divisor. */
export function quotient(a: string, b: string): string {
  const divisor = new Exact(b);
  return divisor.isZero() ? '0' : new Exact(a).div(divisor).toDecimalPlaces(QUOTIENT_DECIMALS).toFixed();
}

/** `a - b - ...`, never below zero: a hold cannot be negative, whatever rounding the venue's sums had. */
export function rest(a: string, ...others: readonly string[]): string {
  const left = others.reduce((sum, one) => sum.minus(one), new Exact(a));
  return left.isNegative() ? '0' : left.toFixed();
}

/** The stand-in where the venue says nothing, undefined where it says nonsense. */
export function amountOr(standIn: string, value: unknown): string | undefined {
  if (isAmount(value)) return value;
  return isBlank(value) ? standIn : undefined;
}

/** As `amountOr`, of a value that may be negative. */
export function signedOr(standIn: string, value: unknown): string | undefined {
  if (isDecimal(value)) return value;
  return isBlank(value) ? standIn : undefined;
}

/**
 * REST pads amounts of spot to 16 decimals (`0.0125000000000000`), the stream does not: what both tell must
 * read the same.
 */
export function unpadded(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\d+\.\d{16}$/.test(value)) return value;
  return value.replace(/\.?0+$/, '');
}

export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
