import { Decimal as Big } from 'decimal.js';
import { isPositive } from '../../domain/decimal';
import { product } from './amounts';
import { isAmount } from './fields';

/** As many digits as the venue gives its own averages. */
const Average = Big.clone({ precision: 22, toExpNeg: -9e15, toExpPos: 9e15, rounding: Big.ROUND_HALF_EVEN });

/** Amounts of an order; `average` and `value` are zero where the venue does not tell them. */
export interface Fills {
  readonly filled: string;
  readonly average: string;
  /** In quote units, without fees. */
  readonly value: string;
  /** Zero of market orders. */
  readonly limit: string;
}

/**
 * The average wins over the limit: the backend books price times base quantity as the cost.
 */
export function priceOf({ filled, average, value, limit }: Fills): string {
  if (isPositive(average)) return average;
  if (isPositive(filled) && isPositive(value)) return new Average(value).div(filled).toFixed();
  return isPositive(limit) ? limit : '0';
}

export function quoteOf({ filled, average, value }: Fills): string {
  if (!isPositive(filled)) return '0';
  return isPositive(value) ? value : product(average, filled);
}

/** Numbers that an order does not have are left out, or empty; undefined: neither that nor an amount. */
export function amountOrZero(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return '0';
  return isAmount(value) ? value : undefined;
}
