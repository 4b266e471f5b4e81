import type { Balance, OutboundAccountPosition } from '../../domain/account';
import type { InstrumentIndex } from '../../domain/instrument';
import type {
  Account,
  AccountRest,
  AccountRestDeps,
  AccountSnapshot,
  KnownOrder,
  SnapshotQuery,
} from '../contract';
import { AccountClient, type Params } from './account-client';
import { venueCodeOf } from './account-errors';
import { pathsOf, type AccountPaths } from './account-paths';
import { position } from './balances';
import { chosen, tradedPairs } from './candidates';
import { isObject, isSymbol } from './fields';
import { changedOrders } from './order-history';
import type { OrderEvent } from './orders';
import type { ListenKeys } from './private-session';
import { readBalances } from './rest-balances';
import { restOrder } from './rest-orders';

/** Futures answers reach back so far by default; nothing older is looked for. */
const LONGEST_GAP_MS = 7 * 24 * 3_600_000;
const INCOME_LIMIT = 1_000;
const MOST_INCOME_PAGES = 5;
/** NO_SUCH_ORDER; BAD_SYMBOL: delisted meanwhile. */
const FORGOTTEN: ReadonlySet<unknown> = new Set(['-2013', '-1121']);

export interface BinanceAccountRest extends AccountRest, ListenKeys {}

type Watched = Pick<KnownOrder, 'symbol' | 'orderId'>;

/** Signed REST of one account. Remembers what was open and held, to know where to look after a gap. */
export function connectAccount(account: Account, deps: AccountRestDeps): BinanceAccountRest {
  return new BinanceRest(account, new AccountClient(account, deps));
}

class BinanceRest implements BinanceAccountRest {
  private readonly paths: AccountPaths;
  private openBefore: readonly Watched[] = [];
  private heldBefore: ReadonlyMap<string, Balance> | undefined;
  private key: string | undefined;

  constructor(
    private readonly account: Account,
    private readonly client: AccountClient,
  ) {
    this.paths = pathsOf(account.market);
  }

  serverTime(): Promise<number> {
    return this.client.serverTime();
  }

  // ------------------------------------------------------------------ listen keys

  async listenKey(): Promise<string> {
    const answer = await this.client.keyed('listenKey', (client) => client.post(this.paths.listenKey));
    const { listenKey }: { listenKey?: unknown } = isObject(answer) ? answer : {};
    // Never dial without one: the venue accepts any text in the URL and stays silent.
    if (typeof listenKey !== 'string' || listenKey === '') throw this.client.badAnswer('listenKey');
    this.key = listenKey;
    return listenKey;
  }

  async keepListenKey(): Promise<void> {
    if (this.account.market.kind !== 'spot') {
      await this.client.keyed('listenKey', (client) => client.put(this.paths.listenKey));
      return;
    }
    // binance.us wants the key itself; asking for it anew prolongs it as well.
    if (this.key === undefined) await this.listenKey();
    else await this.putKey(this.key);
  }

  private async putKey(key: string): Promise<void> {
    const path = `${this.paths.listenKey}?listenKey=${encodeURIComponent(key)}`;
    await this.client.keyed('listenKey', (client) => client.put(path));
  }

  // ------------------------------------------------------------------ snapshot

  async snapshot({ sinceMs, instruments, known }: SnapshotQuery): Promise<AccountSnapshot> {
    const nowMs = this.client.now();
    const from = Math.max(sinceMs, nowMs - LONGEST_GAP_MS);
    const watched = [...known, ...this.openBefore];
    const open = await this.openOrders();
    const balances = await this.wallet();
    const held = new Map(balances.map((one) => [one.asset, one]));
    const symbols = chosen(
      watched.map(({ symbol }) => symbol),
      open.map(({ report }) => report.symbol),
      await this.traded(from, held, instruments),
    );
    const changed: OrderEvent[] = [];
    for (const symbol of symbols) changed.push(...(await this.history(symbol, from, nowMs)));
    const found = [...open, ...changed];
    const ended = await this.fateOf(watched, found);
    const told = this.tell(balances, nowMs);
    this.openBefore = open.map(({ report: { symbol, orderId } }) => ({ symbol, orderId }));
    this.heldBefore = held;
    return { orders: newestOf([...found, ...ended]), balances: told };
  }

  private async openOrders(): Promise<readonly OrderEvent[]> {
    return this.orders(await this.rows(this.paths.openOrders));
  }

  private async wallet(): Promise<readonly Balance[]> {
    const { balances: path, omitsZeros } = this.paths;
    const answer = await this.client.signed(path, omitsZeros ? { omitZeroBalances: true } : {});
    const read = readBalances(answer, this.account.market.kind);
    if (read === undefined) throw this.client.badAnswer(path);
    return read;
  }

  /** What was held and is not listed any more is told as zero. */
  private tell(balances: readonly Balance[], nowMs: number): OutboundAccountPosition {
    const listed = new Set(balances.map(({ asset }) => asset));
    const gone = [...(this.heldBefore?.keys() ?? [])].filter((asset) => !listed.has(asset));
    const zeros = gone.map((asset) => ({ asset, free: '0', locked: '0' }));
    return position(nowMs, nowMs, [...balances, ...zeros]);
  }

  private async traded(
    sinceMs: number,
    held: ReadonlyMap<string, Balance>,
    instruments: InstrumentIndex,
  ): Promise<readonly string[]> {
    const { income } = this.paths;
    return income === undefined
      ? tradedPairs(this.heldBefore, held, instruments)
      : this.earning(income, sinceMs);
  }

  /** Futures: symbols with fees, profits or funding since then, newest last. */
  private async earning(path: string, sinceMs: number): Promise<readonly string[]> {
    const symbols = new Set<string>();
    let startTime = sinceMs;
    for (let pages = 0; pages < MOST_INCOME_PAGES; pages += 1) {
      const rows = await this.rows(path, { startTime, limit: INCOME_LIMIT });
      for (const row of rows) {
        const { symbol, time }: { symbol?: unknown; time?: unknown } = isObject(row) ? row : {};
        if (isSymbol(symbol)) symbols.add(symbol);
        if (typeof time === 'number') startTime = Math.max(startTime, time);
      }
      if (rows.length < INCOME_LIMIT) break;
    }
    return [...symbols];
  }

  private async history(symbol: string, sinceMs: number, nowMs: number): Promise<readonly OrderEvent[]> {
    const { kind } = this.account.market;
    return this.unlessUnknown(() =>
      changedOrders({ kind, symbol, sinceMs, nowMs }, (query) =>
        this.rows(this.paths.allOrders, { ...query }),
      ),
    );
  }

  /** Orders that were open, and are neither open nor in the history now: each is asked for. */
  private async fateOf(
    watched: readonly Watched[],
    found: readonly OrderEvent[],
  ): Promise<readonly OrderEvent[]> {
    const settled = new Set(found.map(({ report }) => keyOf(report)));
    const fates: OrderEvent[] = [];
    for (const order of watched) {
      if (settled.has(keyOf(order))) continue;
      settled.add(keyOf(order));
      fates.push(...(await this.order(order)));
    }
    return fates;
  }

  private order({ symbol, orderId }: Watched): Promise<readonly OrderEvent[]> {
    return this.unlessUnknown(async () =>
      this.orders([await this.client.signed(this.paths.order, { symbol, orderId })]),
    );
  }

  /** Nothing where the venue has forgotten order or symbol: an unknown order is not a cancelled one. */
  private async unlessUnknown(ask: () => Promise<readonly OrderEvent[]>): Promise<readonly OrderEvent[]> {
    try {
      return await ask();
    } catch (error) {
      if (FORGOTTEN.has(venueCodeOf(error))) return [];
      throw error;
    }
  }

  private orders(rows: readonly unknown[]): readonly OrderEvent[] {
    return rows.flatMap((row) => restOrder(row, this.account.market.kind));
  }

  private async rows(path: string, params: Params = {}): Promise<readonly unknown[]> {
    const answer = await this.client.signed(path, params);
    if (!Array.isArray(answer)) throw this.client.badAnswer(path);
    return answer;
  }
}

function keyOf({ symbol, orderId }: Watched): string {
  return `${symbol} ${orderId}`;
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
