import type { Simulator } from '../../simulator';
import type { LedgerCandle, LedgerOrder } from '../../simulator/kit';
import type { Backend, Heard } from './backend';
import { storyOf, textOf, textOfEntry } from './order-story';
import type { Actor } from './trader';

export interface Verdict {
  readonly orders: number;
  /** Changes at the venues; states told to the consumer; those of them that REST told. */
  readonly changes: number;
  readonly told: number;
  readonly reconciled: number;
  readonly lost: readonly string[];
  /** They left nothing, at a venue that tells orders by their symbols only: cancelled unfilled, or a whole round trip. */
  readonly unseen: number;
  readonly outOfOrder: readonly string[];
  readonly deltasTwice: readonly string[];
}

/** Client id of the orders that only ask whether a stream is live. */
export const GREETING = 'greeting';

/**
 * The venues' own ledger against what the consumer of RabbitMQ has.
 * @param isForgotten Redis was emptied and the process killed before it had written again
 */
export function judge(
  venues: Simulator,
  backend: Backend,
  traders: readonly Actor[],
  isForgotten: boolean,
): Verdict {
  const lost: string[] = [];
  const outOfOrder: string[] = [];
  let orders = 0;
  let changes = 0;
  let told = 0;
  let reconciled = 0;
  let unseen = 0;
  for (const trader of traders) {
    const heard = byOrder(backend.rooms.get(trader.room) ?? []);
    const ledger = venues.ledger
      .orders({ account: trader.account.id, exchange: trader.market.exchange })
      .filter(({ clientOrderId }) => clientOrderId !== GREETING);
    changes += ledger.length;
    const heardOf = new Set(ledger.filter(({ orderId }) => heard.has(orderId)).map(({ symbol }) => symbol));
    const known = new Set<string>();
    for (const [orderId, entries] of grouped(ledger)) {
      orders += 1;
      const states = heard.get(orderId) ?? [];
      told += states.length;
      reconciled += states.filter(({ isReconciled }) => isReconciled).length;
      const symbol = symbolOf(entries);
      const of = { isSymbolHeard: heardOf.has(symbol), isSymbolKnown: known.has(symbol), isForgotten };
      const { isLost, isUnseen, disorder } = storyOf(trader, entries, states, of);
      if (states.length > 0) known.add(symbol);
      const story = textOfStory(trader, entries, states);
      if (isUnseen) unseen += 1;
      if (isLost) lost.push(story);
      if (disorder.length > 0) outOfOrder.push(`${disorder.join(', ')}: ${story}`);
    }
  }
  const deltasTwice = [...backend.deltas].filter(([, count]) => count > 1).map(([id]) => id);
  return { orders, changes, told, reconciled, lost, unseen, outOfOrder, deltasTwice };
}

/** The closed bars that never came, and those that came with other values than the venue's. */
export function judgeCandles(
  market: Simulator,
  { candles }: Pick<Backend, 'candles'>,
  publishedOf: (exchange: string, symbol: string) => string,
): { readonly candlesMissing: readonly string[]; readonly candlesWrong: readonly string[] } {
  const bars = new Map<string, LedgerCandle[]>();
  for (const bar of market.ledger.candles()) {
    const key = `${bar.exchange} ${publishedOf(bar.exchange, bar.symbol)} ${bar.interval}`;
    bars.set(key, [...(bars.get(key) ?? []), bar]);
  }
  const faults = [...bars].map(([key, ledger]) => ({ key, ...candles.faults(key, ledger) }));
  return {
    candlesMissing: faults.flatMap(({ key, missing }) =>
      missing.map((start) => `${key} ${new Date(start).toISOString()}`),
    ),
    candlesWrong: faults.flatMap(({ key, wrong }) => wrong.map((one) => `${key} ${one}`)),
  };
}

function textOfStory(
  { market, room }: Actor,
  entries: readonly LedgerOrder[],
  states: readonly Heard[],
): string {
  const [{ symbol = '', clientOrderId = '' } = {}] = entries;
  const [happened, told] = [entries.map(textOfEntry).join(', '), states.map(textOf).join(', ')];
  return `${market.exchange} ${symbol} ${clientOrderId} ${room}: at the venue [${happened}], told [${told}]`;
}

function symbolOf([first]: readonly LedgerOrder[]): string {
  return first?.symbol ?? '';
}

function grouped(ledger: readonly LedgerOrder[]): ReadonlyMap<string, readonly LedgerOrder[]> {
  const orders = new Map<string, LedgerOrder[]>();
  for (const entry of ledger) {
    const entries = orders.get(entry.orderId);
    if (entries) entries.push(entry);
    else orders.set(entry.orderId, [entry]);
  }
  return orders;
}

function byOrder(heard: readonly Heard[]): Map<string, Heard[]> {
  const orders = new Map<string, Heard[]>();
  for (const one of heard) {
    const { orderId } = one.body;
    if (orderId === undefined) continue;
    orders.set(String(orderId), [...(orders.get(String(orderId)) ?? []), one]);
  }
  return orders;
}
