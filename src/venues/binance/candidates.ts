import type { Balance } from '../../domain/account';
import { add, compare, isPositive } from '../../domain/decimal';
import type { InstrumentIndex } from '../../domain/instrument';

/** allOrders weighs 20 of 6000 per minute and symbol on the spot market. */
const MOST_SYMBOLS = 30;

/** At most `MOST_SYMBOLS` symbols, the surest ones first. */
export function chosen(...ranks: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(ranks.flat())].slice(0, MOST_SYMBOLS);
}

/**
 * Symbols that may have traded, by the balances: the spot market tells an order's history by symbol
 * only. A fill moves both coins of its pair; without an earlier look, both are held.
 */
export function tradedPairs(
  before: ReadonlyMap<string, Balance> | undefined,
  now: ReadonlyMap<string, Balance>,
  instruments: InstrumentIndex,
): readonly string[] {
  const moved = before === undefined ? held(now) : changed(before, now);
  return instruments
    .all()
    .filter(({ base, quote }) => moved.has(base) && moved.has(quote))
    .map(({ venueSymbol }) => venueSymbol);
}

function held(balances: ReadonlyMap<string, Balance>): ReadonlySet<string> {
  return new Set([...balances.values()].filter((one) => isPositive(totalOf(one))).map(({ asset }) => asset));
}

function changed(
  before: ReadonlyMap<string, Balance>,
  now: ReadonlyMap<string, Balance>,
): ReadonlySet<string> {
  const assets = [...new Set([...before.keys(), ...now.keys()])];
  return new Set(
    assets.filter((asset) => compare(totalOf(before.get(asset)), totalOf(now.get(asset))) !== 0),
  );
}

function totalOf(balance: Balance | undefined): string {
  return balance ? add(balance.free, balance.locked) : '0';
}
