import type { LedgerOrder } from '../../simulator/kit';
import type { AccountMarket } from '../market-table';
import { publishedTotal } from '../market-table';
import type { Heard } from './backend';
import type { Actor } from './trader';

export interface Story {
  /** It came and went without a fill, and nobody could know of it: at these venues only the symbol's own list tells. */
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

/** What one order went through at the venue, against what was told of it. */
export function storyOf(
  { market, amends }: Pick<Actor, 'market' | 'amends'>,
  entries: readonly LedgerOrder[],
  told: readonly Heard[],
): Story {
  const isTold = ({ body }: Heard, entry: LedgerOrder): boolean =>
    body['orderStatus'] === entry.status &&
    isClose(body['totalTradeQuantity'], publishedTotal(market, Number(entry.filled))) &&
    (amends === 'nothing' || isAsAmended(body, entry, market));
  const disorder: string[] = [];
  let at = 0;
  for (const one of told) {
    const next = entries.findIndex((entry, index) => index >= at && isTold(one, entry));
    if (next >= 0) at = next;
    else if (entries.some((entry) => isTold(one, entry))) disorder.push(`${textOf(one)} came too late`);
    else disorder.push(`${textOf(one)} never was`);
  }
  const last = entries.at(-1);
  const end = told.at(-1);
  const isUnseen = !end && isVain(last) && LISTED_BY_SYMBOL.has(market.exchange);
  return { isLost: !isUnseen && !(last && end && isTold(end, last)), isUnseen, disorder };
}

function isVain(last: LedgerOrder | undefined): boolean {
  return last?.status === 'CANCELED' && Number(last.filled) === 0;
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
