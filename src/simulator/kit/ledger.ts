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

/** Grows with the private parts of the simulators (order changes). */
export type LedgerEntry = LedgerCandle;

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
      (one) =>
        (filter.exchange ?? one.exchange) === one.exchange &&
        (filter.symbol ?? one.symbol) === one.symbol &&
        (filter.interval ?? one.interval) === one.interval,
    );
  }

  /** Oldest entries lost to the cap: a comparison is only fair while this is 0. */
  get dropped(): number {
    return this.droppedCount;
  }
}
