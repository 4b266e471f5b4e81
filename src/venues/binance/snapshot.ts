import type { Balance } from '../../domain/account';
import type { MarketKind } from '../../domain/exchange';
import type { AccountSnapshot, KnownOrder, SnapshotQuery } from '../contract';
import type { AccountClient, Params } from './account-client';
import { venueCodeOf } from './account-errors';
import type { AccountPaths, Endpoint } from './account-paths';
import { position } from './balances';
import { chosen, tradedPairs } from './candidates';
import { earnings } from './income';
import { changedOrders, FURTHEST_BACK_MS } from './order-history';
import type { OrderEvent } from './orders';
import { readBalances, type BalancesRead } from './rest-balances';
import { restOrder } from './rest-orders';

const DAY = 86_400_000;
/** Futures forget orders that ended without a fill so soon; spot after 90 days, US too. */
const UNFILLED_KEPT_DAYS: Readonly<Record<MarketKind, number>> = { spot: 90, linear: 3, inverse: 3 };
/** What the histories of all symbols of one look may weigh together. */
const HISTORY_WEIGHT = 160;
const FORCE_ORDERS_LIMIT = 100;
/**
 * NO_SUCH_ORDER; ORDER_ARCHIVED: ended without a fill 90 days ago; BAD_SYMBOL: delisted meanwhile.
 * https://github.com/binance/binance-spot-api-docs/blob/master/errors.md
 */
const FORGOTTEN: ReadonlySet<unknown> = new Set(['-2013', '-2026', '-1121']);

export interface LookDeps {
  readonly client: AccountClient;
  readonly paths: AccountPaths;
  readonly kind: MarketKind;
  /** By asset, as of the last look; undefined: this is the first. */
  readonly heldBefore: ReadonlyMap<string, Balance> | undefined;
}

export interface Looked {
  readonly snapshot: AccountSnapshot;
  readonly held: ReadonlyMap<string, Balance>;
}

/**
 * One look at an account. Its weight is bounded (spot at most 260, US 210, futures about 240) but for a
 * full history (one more page per 1,000 orders), a liquidation (50) and the known orders that no list
 * names (spot 4, US 2, futures 1 each).
 *
 * Order histories go by symbol here. Looked at are those of known orders, of open ones, and those that
 * may have traded: by the income on futures, by the balances on spot. An order that came and went
 * without a fill in a symbol that nothing else names is found by none of these.
 */
export class Look {
  private readonly notes = new Set<string>();
  private readonly nowMs: number;
  private readonly sinceMs: number;

  constructor(
    private readonly deps: LookDeps,
    private readonly query: SnapshotQuery,
  ) {
    this.nowMs = deps.client.now();
    this.sinceMs = query.sinceMs;
  }

  /** Open orders first: one that ends meanwhile is told twice, never missed. */
  async take(): Promise<Looked> {
    this.noteRetention();
    const open = await this.orders(this.deps.paths.openOrders);
    const askedAt = this.deps.client.now();
    const wallet = await this.wallet();
    const held = new Map(wallet.balances.map((one) => [one.asset, one]));
    const ended = await this.histories(open, held);
    const fates = await this.fatesOf([...open, ...ended]);
    const isKnown = membership(this.query.known);
    const news = ended.filter(({ report }) => report.orderTime >= this.sinceMs || isKnown(report));
    const orders = newestOf([...open, ...news, ...fates]);
    const balances = this.told(wallet, askedAt);
    const incomplete = [...this.notes].join('; ');
    return {
      snapshot: { orders, ...(balances && { balances }), ...(incomplete !== '' && { incomplete }) },
      held,
    };
  }

  // ------------------------------------------------------------------ balances

  private async wallet(): Promise<BalancesRead> {
    const { client, kind, paths } = this.deps;
    const { balances, omitsZeros } = paths;
    const answer = await client.signed(balances, omitsZeros ? { omitZeroBalances: true } : {});
    const read = readBalances(answer, kind);
    if (read === undefined) throw client.badAnswer(balances.path);
    return read;
  }

  /** As of the asking: what the stream says later is newer. What is not told is taken for empty: all or nothing. */
  private told({ balances, listed, odd }: BalancesRead, askedAt: number): AccountSnapshot['balances'] {
    if (odd > 0) {
      this.notes.add(`the balances are left out, as ${odd} of them cannot be read`);
      return undefined;
    }
    const before = [...(this.deps.heldBefore?.keys() ?? [])];
    const gone = before.filter((asset) => !listed.has(asset));
    const zeros = gone.map((asset) => ({ asset, free: '0', locked: '0' }));
    return position(askedAt, askedAt, [...balances, ...zeros]);
  }

  // ------------------------------------------------------------------ histories

  private async histories(
    open: readonly OrderEvent[],
    held: ReadonlyMap<string, Balance>,
  ): Promise<readonly OrderEvent[]> {
    const { known, instruments } = this.query;
    const { futures, allOrders } = this.deps.paths;
    const earned = futures && (await this.earned(futures.income));
    const isOpen = membership(open.map(({ report }) => report));
    const { symbols, left } = chosen(
      Math.floor(HISTORY_WEIGHT / allOrders.weight),
      // Something surely happened here, probably here, maybe here.
      known.filter((one) => !isOpen(one)).map(({ symbol }) => symbol),
      earned?.symbols ?? [],
      known.map(({ symbol }) => symbol),
      open.map(({ report }) => report.symbol),
      earned ? [] : tradedPairs(this.deps.heldBefore, held, instruments),
    );
    if (left > 0) this.notes.add(`the order histories of ${left} more symbols were not read`);
    const found: OrderEvent[] = [];
    for (const symbol of symbols) found.push(...(await this.history(symbol)));
    if (futures && earned?.isLiquidated) found.push(...(await this.forced(futures.forceOrders)));
    return found;
  }

  private async earned(income: Endpoint): Promise<ReturnType<typeof earnings>> {
    const startTime = Math.max(this.sinceMs, this.nowMs - FURTHEST_BACK_MS);
    const read = await earnings(startTime, (params) => this.rows(income, params));
    if (!read.isComplete) this.notes.add('there were more fills than could be read');
    return read;
  }

  private async history(symbol: string): Promise<readonly OrderEvent[]> {
    const { kind, paths } = this.deps;
    const { sinceMs, nowMs } = this;
    const page = (query: Params): Promise<readonly unknown[]> => this.rows(paths.allOrders, query);
    return (
      (await this.unlessForgotten(async () => {
        const read = await changedOrders(
          { kind, symbol, sinceMs, nowMs },
          (query) => page({ ...query }),
          (rows) => this.read(rows),
        );
        if (!read.isComplete) this.notes.add(`${symbol} had more orders than could be read`);
        return read.orders;
      })) ?? []
    );
  }

  /** Orders of the venue's own making: liquidations, and ADL. */
  private forced(forceOrders: Endpoint): Promise<readonly OrderEvent[]> {
    const startTime = Math.max(this.sinceMs, this.nowMs - FURTHEST_BACK_MS);
    return this.orders(forceOrders, { startTime, limit: FORCE_ORDERS_LIMIT });
  }

  // ------------------------------------------------------------------ known orders

  /** Known orders that no list names are asked for one by one. */
  private async fatesOf(found: readonly OrderEvent[]): Promise<readonly OrderEvent[]> {
    const isFound = membership(found.map(({ report }) => report));
    const fates: OrderEvent[] = [];
    for (const order of this.query.known) {
      if (isFound(order)) continue;
      const answer = await this.unlessForgotten(() => this.order(order));
      const fate = answer?.[0];
      if (fate) fates.push(fate);
      else this.notes.add(`the venue does not tell of an order of ${order.symbol} that was open`);
    }
    return fates;
  }

  private async order(known: KnownOrder): Promise<readonly OrderEvent[]> {
    const { client, paths } = this.deps;
    const { symbol, orderId, clientOrderId } = known;
    const named = hasId(known) ? { orderId } : { origClientOrderId: clientOrderId };
    return this.read([await client.signed(paths.order, { symbol, ...named })]);
  }

  // ------------------------------------------------------------------ calls

  /** Undefined where the venue has forgotten order or symbol: an unknown order is not a cancelled one. */
  private async unlessForgotten<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (FORGOTTEN.has(venueCodeOf(error))) return undefined;
      throw error;
    }
  }

  private async orders(endpoint: Endpoint, params: Params = {}): Promise<readonly OrderEvent[]> {
    return this.read(await this.rows(endpoint, params));
  }

  private async rows(endpoint: Endpoint, params: Params): Promise<readonly unknown[]> {
    const { client } = this.deps;
    const answer = await client.signed(endpoint, params);
    if (!Array.isArray(answer)) throw client.badAnswer(endpoint.path);
    return answer;
  }

  /** Rows that cannot be read are told to the operator and publish nothing. */
  private read(rows: readonly unknown[]): readonly OrderEvent[] {
    const read: OrderEvent[] = [];
    for (const row of rows) {
      const reading = restOrder(row, this.deps.kind);
      if (reading?.kind === 'order') read.push(reading);
      else if (reading !== undefined) this.notes.add(reading.note);
    }
    return read;
  }

  private noteRetention(): void {
    const gapMs = this.nowMs - this.sinceMs;
    const keptDays = UNFILLED_KEPT_DAYS[this.deps.kind];
    if (this.deps.kind !== 'spot' && gapMs > FURTHEST_BACK_MS) {
      this.notes.add('the venue lists the orders of the last 7 days');
    }
    if (gapMs > keptDays * DAY) {
      this.notes.add(`the venue keeps orders that ended without a fill for ${keptDays} days`);
    }
  }
}

type Named = Pick<KnownOrder, 'symbol' | 'orderId'>;

/** An order without its id is never a member: its client id may have been used before. */
function membership(orders: readonly Named[]): (order: Named) => boolean {
  const keys = new Set(orders.filter(hasId).map(keyOf));
  return (order) => keys.has(keyOf(order));
}

function keyOf({ symbol, orderId }: Named): string {
  return `${symbol} ${orderId}`;
}

function hasId({ orderId }: Pick<KnownOrder, 'orderId'>): boolean {
  return orderId !== '' && orderId !== 0;
}

/** One event per order, its latest state; oldest change first. */
function newestOf(events: readonly OrderEvent[]): readonly OrderEvent[] {
  const newest = new Map<string, OrderEvent>();
  for (const event of events) {
    const key = keyOf(event.report);
    const other = newest.get(key);
    if (!other || other.report.orderTime <= event.report.orderTime) newest.set(key, event);
  }
  return [...newest.values()].sort((a, b) => a.report.orderTime - b.report.orderTime);
}
