import { isDecimal, isPositive } from '../../domain/decimal';

/** Checks of single fields of frames and answers. */

const MINUS = 45;
const LONGEST_SYMBOL = 64;

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function isSymbol(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_SYMBOL;
}

/** Epoch ms. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** A decimal text that is not negative. */
export function isAmount(value: unknown): value is string {
  return isDecimal(value) && value.charCodeAt(0) !== MINUS;
}

export function positiveOr(standIn: string, value: unknown): string {
  return isPositive(value) ? value : standIn;
}
