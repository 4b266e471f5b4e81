import type { Simulator } from '../../simulator';
import type { LedgerCandle } from '../../simulator/kit';
import { publishedTotal } from '../market-table';
import type { Backend, Heard } from './backend';
import type { Trader } from './trading';

export interface Verdict {
  readonly orders: number;
  /** Changes at the venues; states told to the consumer; those of them that REST told. */
  readonly changes: number;
  readonly told: number;
  readonly reconciled: number;
  readonly lost: readonly string[];
  readonly outOfOrder: readonly string[];
  readonly deltasTwice: readonly string[];
}

/** Client id of the orders that only ask whether a stream is live. */
export const GREETING = 'greeting';

const FINAL: ReadonlySet<unknown> = new Set(['FILLED', 'CANCELED', 'EXPIRED', 'REJECTED']);

/** The venues' own ledger against what the consumer of RabbitMQ has. */
export function judge(venues: Simulator, backend: Backend, traders: readonly Trader[]): Verdict {
  const lost: string[] = [];
  const outOfOrder: string[] = [];
  let orders = 0;
  let changes = 0;
  let told = 0;
  let reconciled = 0;
  for (const trader of traders) {
    const heard = byOrder(backend.rooms.get(trader.room) ?? []);
    const ledger = venues.ledger
      .orders({ account: trader.account.id, exchange: trader.market.exchange })
      .filter(({ clientOrderId }) => clientOrderId !== GREETING);
    changes += ledger.length;
    for (const last of new Map(ledger.map((entry) => [entry.orderId, entry])).values()) {
      orders += 1;
      const states = heard.get(last.orderId) ?? [];
      told += states.length;
      reconciled += states.filter(({ isReconciled }) => isReconciled).length;
      const name = `${trader.market.exchange} ${last.clientOrderId} ${trader.room}`;
      const total = publishedTotal(trader.market, Number(last.filled));
      const end = states.at(-1);
      if (!isTold(end, last.status, total)) {
        lost.push(`${name}: ${last.status} ${total} at the venue, ${end ? textOf(end) : 'nothing'} told`);
      }
      if (!isOrdered(states)) outOfOrder.push(`${name}: ${states.map(textOf).join(', ')}`);
    }
  }
  const deltasTwice = [...backend.deltas].filter(([, count]) => count > 1).map(([id]) => id);
  return { orders, changes, told, reconciled, lost, outOfOrder, deltasTwice };
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

function byOrder(heard: readonly Heard[]): Map<string, Heard[]> {
  const orders = new Map<string, Heard[]>();
  for (const one of heard) {
    const { orderId } = one.body;
    if (orderId === undefined) continue;
    orders.set(String(orderId), [...(orders.get(String(orderId)) ?? []), one]);
  }
  return orders;
}

function isOrdered(states: readonly Heard[]): boolean {
  return states.every(({ body }, at) => {
    const before = states[at - 1]?.body;
    if (!before) return true;
    const filled = Number(body['totalTradeQuantity']);
    const filledBefore = Number(before['totalTradeQuantity']);
    if (filled < filledBefore) return false;
    return !FINAL.has(before['orderStatus']) || filled > filledBefore;
  });
}

function textOf({ body, isReconciled }: Heard): string {
  const suffix = isReconciled ? ' by REST' : '';
  return `${String(body['orderStatus'])} ${String(body['totalTradeQuantity'])}${suffix}`;
}

function isTold(end: Heard | undefined, status: string, total: number): boolean {
  if (end?.body['orderStatus'] !== status) return false;
  return isClose(Number(end.body['totalTradeQuantity']), total);
}

function isClose(a: number, b: number): boolean {
  return a === b || Math.abs(a / b - 1) < 1e-6;
}
