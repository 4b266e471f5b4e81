import { setTimeout as wait } from 'node:timers/promises';
import type { OutboundAccountPosition } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountRestDeps, AccountSnapshot, SnapshotQuery } from '../contract';
import type { SignedCalls } from './account-client';
import { signedCalls } from './account-client';
import { allPages } from './account-pages';
import { balancesOf } from './balances';
import { isObject } from './fields';
import { objectOf, refusal, request } from './http';
import { restUrlOf } from './hosts';
import type { ListedReading } from './listed-orders';
import { readListed } from './listed-orders';
import { isId } from './orders';

type Orders = AccountSnapshot['orders'];

const ORDERS = '/orders/historical/batch';
const ORDERS_PER_PAGE = '250';
const ACCOUNTS_PER_PAGE = '250';
const FILLS_PER_PAGE = '100';
/** The order list is asked for by creation; what is on its way to it may be listed late. */
const LATE_MS = 60_000;
/** Older changes are nobody's news. */
const LONGEST_GAP_MS = 7 * 24 * 3_600_000;
/** 30 calls per second and user: a burst, then some 20. */
const BURST_CALLS = 20;
const CALL_PAUSE_MS = 50;

/** Waits; handed in, so that tests do not. */
type Pause = (delayMs: number) => Promise<void>;

/** Signed REST of one account: needs no SDK. Remembers which orders were open, as no list tells what ended. */
export function connectAccount(
  account: Account,
  deps: AccountRestDeps,
  pause: Pause = (delayMs) => wait(delayMs),
): AccountRest {
  return new CoinbaseAccount(account, deps, pause);
}

class CoinbaseAccount implements AccountRest {
  private readonly calls: SignedCalls;
  /** Open orders of the last snapshot, and when it was asked for. */
  private last: { readonly at: number; readonly open: ReadonlySet<string> } | undefined;

  constructor(
    private readonly account: Account,
    private readonly deps: AccountRestDeps,
    private readonly pause: Pause,
  ) {
    this.calls = signedCalls(account, deps);
  }

  /** {"iso":"2023-07-10T12:46:38Z","epochSeconds":"1688993198","epochMillis":"1688993198221"} */
  async serverTime(): Promise<number> {
    const name = `${this.account.market.exchange} time`;
    const { rewrite, timeoutMs } = this.deps;
    const url = `${rewrite(restUrlOf(this.account)).replace(/\/+$/, '')}/time`;
    const reply = await request(name, url, { timeoutMs });
    if (!reply.ok) throw refusal(name, reply);
    const { epochMillis } = objectOf(name, reply) as { epochMillis?: unknown };
    const isTime = typeof epochMillis === 'string' && /^\d{13}$/.test(epochMillis);
    if (!isTime) throw new ConnectorError('REST_BAD_ANSWER', `${name}: not readable`);
    return Number(epochMillis);
  }

  async snapshot({ sinceMs }: SnapshotQuery): Promise<AccountSnapshot> {
    return { orders: await this.ordersSince(sinceMs), balances: await this.balances() };
  }

  /**
   * Open orders; those created since; and of the older ones those that were open before and are no more, or,
   * the first time, that have fills since: they can only be asked for one by one.
   */
  private async ordersSince(sinceMs: number): Promise<Orders> {
    const at = this.deps.venueNow();
    const from = Math.max(Math.min(sinceMs, this.last?.at ?? sinceMs) - LATE_MS, at - LONGEST_GAP_MS);
    const found = byId(await this.list('open orders', { order_status: 'OPEN' }));
    // After the open ones: an order that ends in between is in both lists, and its end counts.
    const created = await this.list('new orders', { start_date: isoOf(from) });
    for (const [id, order] of byId(created)) found.set(id, order);
    const candidates = this.last?.open ?? (await this.filledSince(from));
    await this.look(
      [...candidates].filter((id) => !found.has(id)),
      found,
    );
    const readings = [...found].map(([id, order]) => ({ id, reading: readListed(order, at) }));
    if (readings.length > 0 && readings.every(({ reading }) => reading.kind === 'fault')) {
      throw new ConnectorError(
        'REST_BAD_ANSWER',
        `${this.account.market.exchange} orders: no readable order`,
      );
    }
    this.last = { at, open: new Set(readings.filter(isUndecided).map(({ id }) => id)) };
    return readings
      .flatMap(({ reading }) =>
        reading.kind === 'report' ? [{ kind: 'order' as const, report: reading.report }] : [],
      )
      .sort((a, b) => a.report.orderTime - b.report.orderTime);
  }

  private async look(ids: readonly string[], found: Map<string, object>): Promise<void> {
    for (const [count, id] of ids.entries()) {
      if (count >= BURST_CALLS) await this.pause(CALL_PAUSE_MS);
      const order = await this.order(id);
      if (order !== undefined) found.set(id, order);
    }
  }

  private list(what: string, query: Readonly<Record<string, string>>): Promise<readonly object[]> {
    const all = { product_type: 'SPOT', limit: ORDERS_PER_PAGE, ...query };
    return allPages(what, 'orders', all, ORDERS, this.calls.ask);
  }

  /** Orders with a fill since then. */
  private async filledSince(fromMs: number): Promise<ReadonlySet<string>> {
    const query = { start_sequence_timestamp: isoOf(fromMs), limit: FILLS_PER_PAGE };
    const fills = await allPages('fills', 'fills', query, '/orders/historical/fills', this.calls.ask);
    return new Set(fills.map((fill) => (fill as { order_id?: unknown }).order_id).filter(isOrderId));
  }

  /** Undefined: the venue knows it no more. */
  private async order(id: string): Promise<object | undefined> {
    const answer = await this.calls.find('order', `/orders/historical/${encodeURIComponent(id)}`);
    if (answer === undefined) return undefined;
    const { order } = answer as { order?: unknown };
    if (isObject(order)) return order;
    throw new ConnectorError('REST_BAD_ANSWER', `${this.account.market.exchange} order: not readable`);
  }

  async balances(): Promise<OutboundAccountPosition> {
    const query = { limit: ACCOUNTS_PER_PAGE };
    const balances = balancesOf(await allPages('accounts', 'accounts', query, '/accounts', this.calls.ask));
    if (balances === undefined) {
      throw new ConnectorError('REST_BAD_ANSWER', `${this.account.market.exchange} accounts: not readable`);
    }
    // The venue gives no time.
    const eventTime = this.deps.venueNow();
    return { eventType: 'outboundAccountPosition', eventTime, lastAccountUpdate: eventTime, balances };
  }
}

/** May still change: to be looked at again, once it is open no more. */
function isUndecided({ reading }: { readonly reading: ListedReading }): boolean {
  if (reading.kind === 'report') return !reading.isEnded;
  return reading.kind !== 'foreign';
}

function byId(orders: readonly object[]): Map<string, object> {
  const found = new Map<string, object>();
  for (const order of orders) {
    const { order_id: id } = order as { order_id?: unknown };
    if (isOrderId(id)) found.set(id, order);
  }
  return found;
}

function isOrderId(id: unknown): id is string {
  return isId(id) && id !== '';
}

function isoOf(ms: number): string {
  return new Date(Math.max(0, ms)).toISOString();
}
