import { barStart, nextBarStart, type Interval } from '../../domain/interval';
import { fixedText } from './fixed';
import { TRADES_PER_STEP, type Step, type SymbolModel } from './symbol';

/** A candle as text, ready for any venue's frame. Times are epoch ms of the venue's clock. */
export interface SimCandle {
  readonly symbol: string;
  readonly interval: Interval;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  /** Base units; contracts on coin-margined symbols. */
  readonly volume: string;
  /** Quote units; base coin on coin-margined symbols. */
  readonly quoteVolume: string;
  readonly takerVolume: string;
  readonly takerQuoteVolume: string;
  readonly trades: number;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
  readonly isClosed: boolean;
}

/** One bar in integers; grows step by step, or by merging finer bars. */
export class Bar {
  private open = 0;
  private high = 0;
  private low = 0;
  private close = 0;
  private lots = 0;
  private takerLots = 0;
  private turnover = 0n;
  private takerTurnover = 0n;
  private firstSecond = 0;
  private steps = 0;

  constructor(
    readonly start: number,
    readonly end: number,
  ) {}

  addStep(second: number, step: Step): void {
    this.mergePrices(second, step.ticks, step.ticks, step.ticks, step.ticks);
    this.steps += 1;
    this.lots += step.lots;
    this.takerLots += step.takerLots;
    this.turnover += step.turnover;
    this.takerTurnover += step.takerTurnover;
  }

  /** `later` directly follows what this bar holds. */
  merge(later: Bar): void {
    if (later.steps === 0) return;
    this.mergePrices(later.firstSecond, later.open, later.high, later.low, later.close);
    this.steps += later.steps;
    this.lots += later.lots;
    this.takerLots += later.takerLots;
    this.turnover += later.turnover;
    this.takerTurnover += later.takerTurnover;
  }

  get isEmpty(): boolean {
    return this.steps === 0;
  }

  candle({ spec, turnoverScale }: SymbolModel, interval: Interval, isClosed: boolean): SimCandle {
    const price = (ticks: number): string => fixedText(ticks, spec.tickDecimals, spec.priceDigits);
    const volume = (lots: number): string => fixedText(lots, spec.lotDecimals, spec.volumeDigits);
    const turnover = (units: bigint): string => fixedText(units, turnoverScale, spec.turnoverDigits ?? 8);
    const firstTradeId = this.firstSecond * TRADES_PER_STEP;
    const trades = this.steps * TRADES_PER_STEP;
    return {
      symbol: spec.symbol,
      interval,
      start: this.start,
      end: this.end,
      open: price(this.open),
      high: price(this.high),
      low: price(this.low),
      close: price(this.close),
      volume: volume(this.lots),
      quoteVolume: turnover(this.turnover),
      takerVolume: volume(this.takerLots),
      takerQuoteVolume: turnover(this.takerTurnover),
      trades,
      firstTradeId,
      lastTradeId: firstTradeId + trades - 1,
      isClosed,
    };
  }

  private mergePrices(second: number, open: number, high: number, low: number, close: number): void {
    const isFirst = this.steps === 0;
    if (isFirst) {
      this.open = open;
      this.firstSecond = second;
    }
    this.high = isFirst ? high : Math.max(this.high, high);
    this.low = isFirst ? low : Math.min(this.low, low);
    this.close = close;
  }
}

const SECOND = 1_000;
const HOUR = 3_600_000;
/** Closed hours kept per symbol: enough for any bar of a month. */
const MAX_HOURS = 800;

/** Builds bars of one symbol from its trades, hour by hour where it can. */
export class BarBuilder {
  private readonly hours = new Map<number, Bar>();

  constructor(
    private readonly model: SymbolModel,
    /** No trades before this time (ms, a full hour). */
    private readonly bornAt: number,
  ) {}

  /** The bar that opens at `start`, with the trades before `until` (exclusive). */
  bar(interval: Interval, start: number, until: number): Bar {
    const bar = new Bar(start, nextBarStart(interval, start));
    const to = Math.min(bar.end, until);
    let at = Math.max(start, this.bornAt);
    while (at < to) {
      if (at % HOUR === 0 && at + HOUR <= to) {
        bar.merge(this.hour(at));
        at += HOUR;
      } else {
        bar.addStep(at / SECOND, this.model.stepAt(at / SECOND));
        at += SECOND;
      }
    }
    return bar;
  }

  /** Start of the first bar that has trades. */
  firstStart(interval: Interval): number {
    return barStart(interval, this.bornAt);
  }

  private hour(start: number): Bar {
    const known = this.hours.get(start);
    if (known) return known;
    const bar = new Bar(start, start + HOUR);
    for (let at = start; at < start + HOUR; at += SECOND) {
      bar.addStep(at / SECOND, this.model.stepAt(at / SECOND));
    }
    if (this.hours.size >= MAX_HOURS) this.hours.delete(this.hours.keys().next().value ?? start);
    this.hours.set(start, bar);
    return bar;
  }
}
