import type { Balance } from '../../domain/account';
import { add, compare, isPositive } from '../../domain/decimal';
import type { Instrument, InstrumentIndex } from '../../domain/instrument';

type Balances = ReadonlyMap<string, Balance>;

/** Symbols of which the order history may tell something new, the likeliest first. */
export interface Candidates {
  /** Something happened there. */
  readonly sure: readonly string[];
  /** Something may have, and left no trace that we know of. */
  readonly possible: readonly string[];
}

export interface Choice {
  readonly symbols: readonly string[];
  /** For the next look at the same gap. */
  readonly later: readonly string[];
  /** How many nobody will look at. */
  readonly left: number;
}

/** What is only possible has an end: an account may hold a little of everything. */
const MOST_POSSIBLE = 64;
/** What nearly every order is paid in, on either site. */
const MAIN_QUOTES: ReadonlySet<string> = new Set([
  'USDT',
  'USDC',
  'FDUSD',
  'USD',
  'BTC',
  'ETH',
  'BNB',
  'EUR',
]);

/**
 * At most `most` symbols for this look; the others are carried on into the next ones, but in an audit, where
 * what is only possible fills up this look alone.
 */
export function chosen(most: number, { sure, possible }: Candidates, isAudit: boolean): Choice {
  const surely = new Set(sure);
  const maybe = [...new Set(possible)].filter((symbol) => !surely.has(symbol));
  const room = isAudit ? Math.max(0, most - surely.size) : MOST_POSSIBLE;
  const all = [...surely, ...maybe.slice(0, room)];
  return {
    symbols: all.slice(0, most),
    later: all.slice(most),
    left: Math.max(0, maybe.length - room),
  };
}

/**
 * Symbols that may have traded, by the balances: the spot market tells an order's history by symbol only. A
 * fill moves both coins of its pair. What came back to the very amount it had did not move: after a round trip
 * whose fees were paid in another coin, or in a coin that was only passed through.
 * @param before as of the last look, or the names of what was held where that is all that is known
 */
export function tradedPairs(
  before: Balances | readonly string[] | undefined,
  now: Balances,
  ordered: readonly string[],
  instruments: InstrumentIndex,
): Candidates {
  if (before === undefined) return guessed(now, ordered, instruments);
  if (isNames(before)) return byNames(new Set(before), now, instruments);
  const moved = changed(before, now);
  return { sure: pairs(instruments, ({ base, quote }) => moved.has(base) && moved.has(quote)), possible: [] };
}

/** Of a coin that came or went, a pair surely traded; of the others it is not known whether they moved. */
function byNames(before: ReadonlySet<string>, now: Balances, instruments: InstrumentIndex): Candidates {
  const holds = held(now);
  const either = new Set([...before, ...holds]);
  const isMoved = (asset: string): boolean => before.has(asset) !== holds.has(asset);
  const isPair = ({ base, quote }: Instrument): boolean => either.has(base) && either.has(quote);
  return {
    sure: pairs(instruments, (one) => isPair(one) && (isMoved(one.base) || isMoved(one.quote))),
    possible: pairs(instruments, isPair),
  };
}

/** Nobody knows what was held: what is held, and what orders were about, in the coins that pay for it. */
function guessed(now: Balances, ordered: readonly string[], instruments: InstrumentIndex): Candidates {
  const holds = held(now);
  const bases = ordered.flatMap((symbol) => instruments.byVenueSymbol(symbol)?.base ?? []);
  const coins = new Set([...holds, ...bases]);
  return {
    sure: [],
    possible: [
      ...pairs(instruments, ({ base, quote }) => holds.has(base) && holds.has(quote)),
      ...pairs(instruments, ({ base, quote }) => coins.has(base) && MAIN_QUOTES.has(quote)),
    ],
  };
}

function pairs(instruments: InstrumentIndex, isWanted: (one: Instrument) => boolean): readonly string[] {
  return instruments
    .all()
    .filter(isWanted)
    .map(({ venueSymbol }) => venueSymbol);
}

function isNames(before: Balances | readonly string[]): before is readonly string[] {
  return Array.isArray(before);
}

function held(balances: Balances): ReadonlySet<string> {
  return new Set([...balances.values()].filter((one) => isPositive(totalOf(one))).map(({ asset }) => asset));
}

function changed(before: Balances, now: Balances): ReadonlySet<string> {
  const assets = [...new Set([...before.keys(), ...now.keys()])];
  return new Set(
    assets.filter((asset) => compare(totalOf(before.get(asset)), totalOf(now.get(asset))) !== 0),
  );
}

function totalOf(balance: Balance | undefined): string {
  return balance ? add(balance.free, balance.locked) : '0';
}
