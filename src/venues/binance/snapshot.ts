import type { Balance } from '../../domain/account';
import type { MarketKind } from '../../domain/exchange';
import type { AccountSnapshot, SnapshotQuery } from '../contract';
import type { AccountClient } from './account-client';
import type { AccountPaths, Endpoint } from './account-paths';
import { position } from './balances';
import { chosen, tradedPairs, type Candidates } from './candidates';
import { earnings } from './income';
import { fatesOf } from './known-orders';
import { LookCalls } from './look-calls';
import { membership, newestOf } from './order-keys';
import { changedOrders, FURTHEST_BACK_MS } from './order-history';
import type { OrderEvent } from './orders';
import { readBalances, type BalancesRead } from './rest-balances';

const DAY = 86_400_000;
/** Futures forget orders that ended without a fill so soon; spot after 90 days, US too. */
const UNFILLED_KEPT_DAYS: Readonly<Record<MarketKind, number>> = { spot: 90, linear: 3, inverse: 3 };
/** What the histories of all symbols of one look may weigh together. */
const HISTORY_WEIGHT = 160;
const FORCE_ORDERS_LIMIT = 100;

/** What a look leaves to the next one. */
export interface LookMemory {
  /** By asset, as of the last whole look. */
  readonly held: ReadonlyMap<string, Balance>;
  /** Symbols whose histories the gap still needs. */
  readonly unread: readonly string[];
}

export interface LookDeps {
  readonly client: AccountClient;
  readonly paths: AccountPaths;
  readonly kind: MarketKind;
  /** Undefined: this is the first look. */
  readonly memory: LookMemory | undefined;
}

export interface Looked {
  readonly snapshot: AccountSnapshot;
  readonly memory: LookMemory;
}

/**
 * One look at an account. Its weight is bounded (spot at most 260, US 210, futures about 240) but for a
 * full history (one more page per 1,000 orders), a liquidation (50) and the known orders that no list
 * names (spot 4, US 2, futures 1 each). What weighs more is read by further looks at the same gap.
 *
 * Order histories go by symbol here. Looked at are those where orders ended or may have traded: by the income
 * on futures, by the balances on spot; then those of open orders, and those that traded lately. An order that
 * came and went in a symbol that nothing else names, without a fill, or by a round trip that left every total
 * as it was, is found by none of these.
 */
export class Look {
  private readonly calls: LookCalls;
  private readonly nowMs: number;
  private readonly sinceMs: number;

  constructor(
    private readonly deps: LookDeps,
    private readonly query: SnapshotQuery,
  ) {
    this.calls = new LookCalls(deps.client, deps.kind);
    this.nowMs = deps.client.now();
    this.sinceMs = query.sinceMs;
  }

  take(): Promise<Looked> {
    const { memory } = this.deps;
    return this.query.again && memory && memory.unread.length > 0 ? this.goOn(memory) : this.whole();
  }

  /** The histories that the look before left out. What is held stays as of then: the gap began before. */
  private async goOn({ held, unread }: LookMemory): Promise<Looked> {
    const { symbols, later } = chosen(this.mostSymbols, { sure: unread, possible: [] }, false);
    const orders = newestOf(this.newsOf(await this.histories(symbols)));
    return this.looked({ orders }, { held, unread: later });
  }

  /** Open orders first: one that ends meanwhile is told twice, never missed. */
  private async whole(): Promise<Looked> {
    const { deps, calls, query } = this;
    this.noteRetention();
    const open = await calls.orders(deps.paths.openOrders);
    const askedAt = deps.client.now();
    const wallet = await this.wallet();
    const held = new Map(wallet.balances.map((one) => [one.asset, one]));
    const { symbols, later, forced } = await this.toRead(open, held);
    const ended = [...(await this.histories(symbols)), ...forced];
    const fates = await fatesOf(query.known, [...open, ...ended], deps.paths.order, calls);
    const orders = newestOf([...open, ...this.newsOf(ended), ...fates.orders]);
    const balances = this.told(wallet, askedAt);
    const { forgotten } = fates;
    return this.looked(
      { orders, ...(balances && { balances }), ...(forgotten.length > 0 && { forgotten }) },
      { held, unread: later },
    );
  }

  private looked(snapshot: AccountSnapshot, memory: LookMemory): Looked {
    const incomplete = this.calls.notes.join('; ');
    return {
      snapshot: {
        ...snapshot,
        ...(incomplete !== '' && { incomplete }),
        ...(memory.unread.length > 0 && { askAgain: true }),
      },
      memory,
    };
  }

  private newsOf(ended: readonly OrderEvent[]): readonly OrderEvent[] {
    const isKnown = membership(this.query.known);
    return ended.filter(({ report }) => report.orderTime >= this.sinceMs || isKnown(report));
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
      this.calls.note(`the balances are left out, as ${odd} of them cannot be read`);
      return undefined;
    }
    const before = [...(this.deps.memory?.held.keys() ?? [])];
    const gone = before.filter((asset) => !listed.has(asset));
    const zeros = gone.map((asset) => ({ asset, free: '0', locked: '0' }));
    return position(askedAt, askedAt, [...balances, ...zeros]);
  }

  // ------------------------------------------------------------------ histories

  private get mostSymbols(): number {
    return Math.floor(HISTORY_WEIGHT / this.deps.paths.allOrders.weight);
  }

  /** Whose histories this look reads and the next ones, and the orders that the venue made itself. */
  private async toRead(open: readonly OrderEvent[], held: LookMemory['held']) {
    const { futures } = this.deps.paths;
    const earned = futures && (await this.earned(futures.income));
    const moved = earned ? { sure: earned.symbols, possible: [] } : this.traded(held);
    const choice = chosen(this.mostSymbols, this.ranked(moved, open), this.query.isAudit ?? false);
    if (choice.left > 0) this.calls.note(`the order histories of ${choice.left} more symbols were not read`);
    return {
      ...choice,
      forced: futures && earned?.isLiquidated ? await this.forced(futures.forceOrders) : [],
    };
  }

  /** Orders that are still open are answered for; others of their symbols may have come and gone. */
  private ranked({ sure, possible }: Candidates, open: readonly OrderEvent[]): Candidates {
    const { known, traded = [] } = this.query;
    const isOpen = membership(open.map(({ report }) => report));
    const ended = known.filter((one) => !isOpen(one));
    const unread = this.deps.memory?.unread ?? [];
    return {
      sure: [...unread, ...sure, ...ended.map(({ symbol }) => symbol)],
      possible: [
        ...known.map(({ symbol }) => symbol),
        ...open.map(({ report }) => report.symbol),
        ...traded,
        ...possible,
      ],
    };
  }

  private traded(held: LookMemory['held']): Candidates {
    const { known, traded = [], heldBefore, instruments } = this.query;
    const before = this.deps.memory?.held ?? heldBefore;
    if (before === undefined && !this.query.isAudit) {
      this.calls.note(
        'what was held before is not known: the pairs of a coin that was sold whole were not read',
      );
    }
    return tradedPairs(before, held, [...traded, ...known.map(({ symbol }) => symbol)], instruments);
  }

  private async earned(income: Endpoint): Promise<ReturnType<typeof earnings>> {
    const startTime = Math.max(this.sinceMs, this.nowMs - FURTHEST_BACK_MS);
    const read = await earnings(startTime, (params) => this.calls.rows(income, params));
    if (!read.isComplete) this.calls.note('there were more fills than could be read');
    return read;
  }

  private async histories(symbols: readonly string[]): Promise<readonly OrderEvent[]> {
    const found: OrderEvent[] = [];
    for (const symbol of symbols) found.push(...(await this.history(symbol)));
    return found;
  }

  private async history(symbol: string): Promise<readonly OrderEvent[]> {
    const { calls, sinceMs, nowMs } = this;
    const { kind, paths } = this.deps;
    const read = await calls.unlessForgotten(() =>
      changedOrders(
        { kind, symbol, sinceMs, nowMs },
        (query) => calls.rows(paths.allOrders, { ...query }),
        (rows) => calls.read(rows),
      ),
    );
    if (read?.isComplete === false) calls.note(`${symbol} had more orders than could be read`);
    return read?.orders ?? [];
  }

  /** Orders of the venue's own making: liquidations, and ADL. */
  private forced(forceOrders: Endpoint): Promise<readonly OrderEvent[]> {
    const startTime = Math.max(this.sinceMs, this.nowMs - FURTHEST_BACK_MS);
    return this.calls.orders(forceOrders, { startTime, limit: FORCE_ORDERS_LIMIT });
  }

  private noteRetention(): void {
    const gapMs = this.nowMs - this.sinceMs;
    const keptDays = UNFILLED_KEPT_DAYS[this.deps.kind];
    if (this.deps.kind !== 'spot' && gapMs > FURTHEST_BACK_MS) {
      this.calls.note('the venue lists the orders of the last 7 days');
    }
    if (gapMs > keptDays * DAY) {
      this.calls.note(`the venue keeps orders that ended without a fill for ${keptDays} days`);
    }
  }
}
