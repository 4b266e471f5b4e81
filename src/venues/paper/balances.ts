import type { Balance } from '../../domain/account';
import { amountOf, isName, isObject } from './fields';

export interface BalanceReading {
  readonly balances: readonly Balance[];
  /** Rows that could not be read, in words. */
  readonly faults: readonly string[];
}

/** {"balance":[{"asset":"USDT","free":90.5,"locked":9.5}]}: the assets that changed. */
export function readBalances(value: unknown): BalanceReading {
  const rows: unknown = isObject(value) ? (value as { balance?: unknown }).balance : undefined;
  if (!Array.isArray(rows)) return { balances: [], faults: ['balances are no list'] };
  const read = (rows as readonly unknown[]).map(readBalance);
  const balances = read.filter((one) => one !== undefined);
  return { balances, faults: balances.length < read.length ? ['malformed balance'] : [] };
}

function readBalance(row: unknown): Balance | undefined {
  if (!isObject(row)) return undefined;
  const { asset, free, locked } = row as Readonly<Record<string, unknown>>;
  const amounts = { free: amountOf(free), locked: amountOf(locked) };
  if (!isName(asset) || amounts.free === undefined || amounts.locked === undefined) return undefined;
  return { asset, free: amounts.free, locked: amounts.locked };
}
