import { fixedText } from './fixed';
import { TRADES_PER_STEP, type SymbolModel } from './symbol';

/** 24 h statistics of a symbol, as text. */
export interface SimTicker {
  readonly symbol: string;
  /** Venue time of the last trade, epoch ms. */
  readonly time: number;
  readonly last: string;
  readonly lastQuantity: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly weightedAverage: string;
  /** last - open. */
  readonly change: string;
  /** In percent, 3 decimals. */
  readonly changePercent: string;
  readonly bid: string;
  readonly bidQuantity: string;
  readonly ask: string;
  readonly askQuantity: string;
  readonly openTime: number;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
}

interface Range {
  readonly high: number;
  readonly low: number;
}

const SECOND = 1_000;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Highest and lowest of the last 24 h: hourly samples, and whatever was seen in the current hour. */
export class DayRange {
  private known: (Range & { readonly hour: number }) | undefined;

  constructor(private readonly model: SymbolModel) {}

  at(second: number): Range {
    const hour = Math.floor(second / HOUR_S);
    const former = this.known?.hour === hour ? [this.known.high, this.known.low] : this.samples(hour);
    const seen = [...former, this.model.ticksAt(second), this.model.ticksAt(second - DAY_S)];
    this.known = { hour, high: Math.max(...seen), low: Math.min(...seen) };
    return this.known;
  }

  private samples(hour: number): number[] {
    return Array.from({ length: 24 }, (_, back) => this.model.ticksAt((hour - back) * HOUR_S));
  }
}

export function tickerOf(model: SymbolModel, second: number, { high, low }: Range): SimTicker {
  const { spec } = model;
  const price = (ticks: number): string => fixedText(ticks, spec.tickDecimals, spec.priceDigits);
  const volume = (lots: number): string => fixedText(lots, spec.lotDecimals, spec.volumeDigits);
  const { ticks, lots, takerLots } = model.stepAt(second);
  const openTicks = model.ticksAt(second - DAY_S);
  const average = Math.round((high + low + ticks + openTicks) / 4);
  const dayLots = model.dayLots(second);
  const turnover = model.turnoverOf(average, dayLots);
  return {
    symbol: spec.symbol,
    time: second * SECOND,
    last: price(ticks),
    lastQuantity: volume(lots),
    open: price(openTicks),
    high: price(high),
    low: price(low),
    volume: volume(dayLots),
    quoteVolume: fixedText(turnover, model.turnoverScale, spec.turnoverDigits ?? 8),
    weightedAverage: price(average),
    change: price(ticks - openTicks),
    changePercent: fixedText(Math.round(((ticks - openTicks) / openTicks) * 100_000), 3),
    bid: price(Math.max(1, ticks - 1)),
    bidQuantity: volume(takerLots + 1),
    ask: price(ticks + 1),
    askQuantity: volume(lots),
    openTime: (second - DAY_S) * SECOND,
    firstTradeId: (second - DAY_S) * TRADES_PER_STEP,
    lastTradeId: (second + 1) * TRADES_PER_STEP - 1,
  };
}
