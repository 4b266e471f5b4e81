import type { LedgerOrder } from '../../simulator/kit';
import type { AccountMarket } from '../market-table';
import { publishedTotal } from '../market-table';
import type { Heard } from './backend';
import type { Actor } from './trader';

export interface Story {
  /**
   * It came and went and left nothing, and nobody could know where to ask: at these venues only the symbol's own
   * list tells.
   */
  readonly isUnseen: boolean;
  /** The last change is not told, neither by its own event nor by a later one. */
  readonly isLost: boolean;
  /** In words: a state told after a newer one, or one that the order never had. */
  readonly disorder: readonly string[];
}

/** The price that these tell is the average as soon as there is one: it no longer says at what the rest stands. */
const TOLD_AVERAGE: ReadonlySet<string> = new Set(['coinbase', 'okx', 'okxLinear', 'okxInverse']);

/** Which symbols to ask for is guessed from balances and trades, which such an order leaves as they were. */
const LISTED_BY_SYMBOL: ReadonlySet<string> = new Set([
  ...['binance', 'binanceUS', 'binanceUsdm', 'binanceCoinm', 'kucoin'],
]);

export interface Known {
  /** Some order of its symbol was told. */
  readonly isSymbolHeard: boolean;
  /** An earlier one was. */
  readonly isSymbolKnown: boolean;
  /** Redis lost everything and the process died before it could write again: nobody knew any order or symbol then. */
  readonly isForgotten: boolean;
}

/** What one order went through at the venue, against what was told of it. */
export function storyOf(
  actor: Pick<Actor, 'market' | 'amends' | 'account' | 'soldOut'>,
  entries: readonly LedgerOrder[],
  told: readonly Heard[],
  known: Known,
): Story {
  const { market, amends } = actor;
  const isTold = ({ body }: Heard, entry: LedgerOrder): boolean =>
    body['orderStatus'] === entry.status &&
    isClose(body['totalTradeQuantity'], publishedTotal(market, Number(entry.filled))) &&
    (amends === 'nothing' || isAsAmended(body, entry, market));
  const last = entries.at(-1);
  const end = told.at(-1);
  const isEndTold = last !== undefined && end !== undefined && isTold(end, last);
  const isUnseen = (!end || known.isForgotten) && isTraceless(actor, last, known);
  return {
    isLost: !isUnseen && !isEndTold,
    isUnseen: isUnseen && !isEndTold,
    disorder: disorderIn(entries, told, isTold),
  };
}

function disorderIn(
  entries: readonly LedgerOrder[],
  told: readonly Heard[],
  isTold: (one: Heard, entry: LedgerOrder) => boolean,
): readonly string[] {
  const disorder: string[] = [];
  let at = 0;
  for (const one of told) {
    const next = entries.findIndex((entry, index) => index >= at && isTold(one, entry));
    if (next >= 0) at = next;
    else if (entries.some((entry) => isTold(one, entry))) disorder.push(`${textOf(one)} came too late`);
    else disorder.push(`${textOf(one)} never was`);
  }
  return disorder;
}

function isTraceless(
  actor: Pick<Actor, 'market' | 'account' | 'soldOut'>,
  last: LedgerOrder | undefined,
  { isSymbolHeard, isSymbolKnown, isForgotten }: Known,
): boolean {
  if (!LISTED_BY_SYMBOL.has(actor.market.exchange)) return false;
  if (isVain(last)) return !isSymbolKnown || isForgotten;
  if (isForgotten && isSoldAfter(actor, last)) return last?.status === 'FILLED';
  return !isSymbolHeard && isRoundTrip(actor, last);
}

/** Its coin was emptied after it: that it was bought again later still tells nothing of before. */
function isSoldAfter({ soldOut }: Pick<Actor, 'soldOut'>, last: LedgerOrder | undefined): boolean {
  return [...soldOut].some(([asset, at]) => last?.symbol.startsWith(asset) && at >= last.time);
}

function isVain(last: LedgerOrder | undefined): boolean {
  return last?.status === 'CANCELED' && Number(last.filled) === 0;
}

/** Bought and sold wholly, so that the coins held tell nothing of it. Futures tell their trades in one list. */
function isRoundTrip({ account, market }: Pick<Actor, 'market' | 'account'>, last?: LedgerOrder): boolean {
  const held = account.balances().filter(({ free, locked }) => Number(free) + Number(locked) !== 0);
  const isHeld = held.some(({ asset }) => last?.symbol.startsWith(asset));
  return market.assets !== undefined && last?.status === 'FILLED' && !isHeld;
}

/** `PARTIALLY_FILLED 0.1 of 0.3 at 50000` */
export function textOf({ body, isReconciled }: Heard): string {
  const { orderStatus, totalTradeQuantity, quantity, price } = body;
  const suffix = isReconciled ? ' (REST)' : '';
  return `${String(orderStatus)} ${String(totalTradeQuantity)} of ${String(quantity)} at ${String(price)}${suffix}`;
}

export function textOfEntry({ status, filled, quantity, price, time }: LedgerOrder): string {
  return `${new Date(time).toISOString().slice(14, 23)} ${status} ${filled} of ${quantity} at ${price}`;
}

/** Market orders have no price, and some venues count them in quote coin. */
function isAsAmended(
  body: Heard['body'],
  { price, quantity, filled }: LedgerOrder,
  { exchange, unit }: AccountMarket,
): boolean {
  if (price === '0') return true;
  const hasLimit = filled === '0' || !TOLD_AVERAGE.has(exchange);
  if (hasLimit && !isClose(body['price'], Number(price))) return false;
  return unit !== 'asTraded' || isClose(body['quantity'], Number(quantity));
}

function isClose(told: unknown, amount: number): boolean {
  const number = Number(told);
  return number === amount || Math.abs(number / amount - 1) < 1e-6;
}
