import type { Balance } from '../../domain/account';
import { add, compare, isPositive } from '../../domain/decimal';
import type { InstrumentIndex } from '../../domain/instrument';

export interface Choice {
  readonly symbols: readonly string[];
  /** How many were left out. */
  readonly left: number;
}

/** At most `most` symbols, the surest ones first. */
export function chosen(most: number, ...ranks: readonly (readonly string[])[]): Choice {
  const all = [...new Set(ranks.flat())];
  const symbols = all.slice(0, most);
  return { symbols, left: all.length - symbols.length };
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
