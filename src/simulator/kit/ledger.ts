/** A closed candle exactly as the venue's frames and REST spell it. */
export interface LedgerCandle {
  readonly kind: 'candle';
  /** Published exchange id, e.g. `binanceUsdm`. */
  readonly exchange: string;
  /** As the venue spells it. */
  readonly symbol: string;
  /** Canonical interval. */
  readonly interval: string;
  /** Open time, epoch ms, venue time. */
  readonly start: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

/** One change of one order. */
export interface LedgerOrder {
  readonly kind: 'order';
  readonly exchange: string;
  /** `SimAccount.id`: names the account without telling its key. */
  readonly account: string;
  /** As the venue spells it. */
  readonly symbol: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly status: string;
  /** As they stand after the change. */
  readonly price: string;
  readonly quantity: string;
  /** Cumulative quantity, and the sum of price x quantity. */
  readonly filled: string;
  readonly quote: string;
  /** Of the change, epoch ms, venue time. */
  readonly time: number;
}

export type LedgerEntry = LedgerCandle | LedgerOrder;

const DEFAULT_CAP = 200_000;

/**
 * What a correct client must end up with. A (symbol, interval) enters it with its first subscription
 * and stays for good: bars closed while the client was away are to be back-filled.
 */
export class Ledger {
  private entries: LedgerEntry[] = [];
  private droppedCount = 0;

  constructor(private readonly cap = DEFAULT_CAP) {}

  add(entry: LedgerEntry): void {
    this.entries.push(entry);
    // Cut rarely and much: shifting one by one would be quadratic.
    if (this.entries.length <= this.cap) return;
    const surplus = Math.ceil(this.cap / 10);
    this.entries = this.entries.slice(surplus);
    this.droppedCount += surplus;
  }

  list(): readonly LedgerEntry[] {
    return [...this.entries];
  }

  candles(
    filter: Partial<Pick<LedgerCandle, 'exchange' | 'symbol' | 'interval'>> = {},
  ): readonly LedgerCandle[] {
    return this.entries.filter(
      (one): one is LedgerCandle =>
        one.kind === 'candle' &&
        (filter.exchange ?? one.exchange) === one.exchange &&
        (filter.symbol ?? one.symbol) === one.symbol &&
        (filter.interval ?? one.interval) === one.interval,
    );
  }

  /** In the order in which they happened. */
  orders(
    filter: Partial<Pick<LedgerOrder, 'exchange' | 'account' | 'orderId'>> = {},
  ): readonly LedgerOrder[] {
    return this.entries.filter(
      (one): one is LedgerOrder =>
        one.kind === 'order' &&
        (filter.exchange ?? one.exchange) === one.exchange &&
        (filter.account ?? one.account) === one.account &&
        (filter.orderId ?? one.orderId) === one.orderId,
    );
  }

  /** Oldest entries lost to the cap: a comparison is only fair while this is 0. */
  get dropped(): number {
    return this.droppedCount;
  }
}
