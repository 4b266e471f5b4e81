import { setTimeout as wait } from 'node:timers/promises';
import type { OutboundAccountPosition } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import type { InstrumentIndex } from '../../domain/instrument';
import type { Account, AccountRest, AccountRestDeps, AccountSnapshot } from '../contract';
import { readBalances } from './balances';
import { epochMs, isObject } from './fields';
import { allPages, type Pause } from './order-lists';
import { readOrder } from './orders';
import { instTypesOf, type InstType } from './private-topics';
import { signedCalls, type Call } from './signed-call';

type Orders = AccountSnapshot['orders'];

interface Source {
  readonly account: Account;
  readonly call: Call;
  readonly pause: Pause;
}

/** Signed REST of one account, through the vendor's SDK. */
export function connectAccount(
  account: Account,
  deps: AccountRestDeps,
  pause: Pause = (delayMs) => wait(delayMs),
): AccountRest {
  const source = { account, call: signedCalls(account, deps), pause };
  return {
    serverTime: async () =>
      readTime(account, await source.call('time', (client) => client.getSystemTime({}))),
    snapshot: async ({ sinceMs, instruments }) => ({
      orders: await ordersSince(source, sinceMs, instruments),
      balances: await balances(source),
    }),
  };
}

/**
 * Open orders, then the ended ones: an order that ends in between is in both lists, and in neither the
 * other way round. The list of ended orders holds those of 7 days, but forgets after 2 hours what was
 * cancelled without a fill; it filters by creation only, so all of it is read.
 * https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-history-last-7-days
 */
async function ordersSince(source: Source, sinceMs: number, instruments: InstrumentIndex): Promise<Orders> {
  const found: Orders[number][] = [];
  for (const instType of instTypesOf(source.account)) {
    const open = await orderList(source, instType, 'pending');
    found.push(...readOrders(source.account, open, instruments));
    const ended = await orderList(source, instType, 'history');
    const isNews = ({ report }: Orders[number]): boolean => report.orderTime >= sinceMs;
    found.push(...readOrders(source.account, ended, instruments).filter(isNews));
  }
  // Stable: of equal times, the open state stays before the end.
  return found.sort((a, b) => a.report.orderTime - b.report.orderTime);
}

function orderList(
  { account, call, pause }: Source,
  instType: InstType,
  list: 'pending' | 'history',
): Promise<readonly object[]> {
  const what = `orders ${list} ${instType}`;
  return allPages(
    `${account.market.exchange} ${what}`,
    (page) =>
      call(what, (client) =>
        list === 'pending'
          ? client.getOrderList({ instType, ...page })
          : client.getOrderHistory({ instType, ...page }),
      ),
    pause,
  );
}

/** A single odd row is left out; a list of strangers is refused. */
function readOrders({ market }: Account, rows: readonly object[], instruments: InstrumentIndex): Orders {
  const readings = rows.map((row) => readOrder(row, { market, instruments }));
  if (readings.length > 0 && readings.every(({ kind }) => kind === 'fault')) {
    throw new ConnectorError('REST_BAD_ANSWER', `${market.exchange} orders: no readable order`);
  }
  return readings.flatMap((one) => (one.kind === 'report' ? [{ kind: 'order', report: one.report }] : []));
}

/** One row for the whole account. https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-balance */
async function balances({ account, call }: Source): Promise<OutboundAccountPosition> {
  const answer = await call('balances', (client) => client.getBalance());
  const row: unknown = Array.isArray(answer) ? answer[0] : undefined;
  const position = readBalances(row);
  if (typeof position === 'object') return position;
  const eventTime = isObject(row) ? epochMs((row as { uTime?: unknown }).uTime) : undefined;
  if (position === 'malformed' || eventTime === undefined) {
    throw new ConnectorError('REST_BAD_ANSWER', `${account.market.exchange} balances: not readable`);
  }
  return { eventType: 'outboundAccountPosition', eventTime, lastAccountUpdate: 0, balances: [] };
}

/** [{"ts":"1597026383085"}]; unsigned. */
function readTime({ market }: Account, answer: unknown): number {
  const row: unknown = Array.isArray(answer) ? answer[0] : undefined;
  const time = isObject(row) ? epochMs((row as { ts?: unknown }).ts) : undefined;
  if (time !== undefined) return time;
  throw new ConnectorError('REST_BAD_ANSWER', `${market.exchange} time: not readable`);
}
