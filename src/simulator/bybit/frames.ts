import type { SimCandle, SimTicker } from '../kit';
import type { CategoryName } from './category';
import kline from './__fixtures__/bybitLinear.candle.open-and-closed.json';
import inverse from './__fixtures__/bybitInverse.ticker.snapshot-and-delta.json';
import linear from './__fixtures__/bybitLinear.ticker.snapshot-and-deltas.json';
import spot from './__fixtures__/bybit.ticker.spot-snapshot.json';

/** Frames as the venue spells them: recorded ones with the model's values. */

export type TickerFields = Readonly<Record<string, string>>;

interface TickerFrame {
  readonly topic: string;
  readonly type: string;
  readonly ts: number;
  readonly cs: number;
  readonly data: TickerFields;
}

const SNAPSHOTS: Readonly<Record<CategoryName, TickerFrame>> = {
  spot: first(spot.frames),
  linear: first(linear.frames as readonly TickerFrame[]),
  inverse: first(inverse.frames as readonly TickerFrame[]),
};

const KLINE = first(kline.frames);
const ROW = first(KLINE.data);

/** Every field of the category's ticker, in the venue's order. */
export function tickerFields(category: CategoryName, ticker: SimTicker): TickerFields {
  const share = Number(ticker.change) / Number(ticker.open);
  const values: TickerFields = {
    symbol: ticker.symbol,
    price24hPcnt: share.toFixed(category === 'spot' ? 4 : 6),
    lastPrice: ticker.last,
    prevPrice24h: ticker.open,
    highPrice24h: ticker.high,
    lowPrice24h: ticker.low,
    prevPrice1h: ticker.open,
    markPrice: ticker.last,
    indexPrice: ticker.weightedAverage,
    usdIndexPrice: ticker.weightedAverage,
    openInterest: String(ticker.lastTradeId % 1_000_000_000),
    volume24h: ticker.volume,
    turnover24h: ticker.quoteVolume,
    bid1Price: ticker.bid,
    bid1Size: ticker.bidQuantity,
    ask1Price: ticker.ask,
    ask1Size: ticker.askQuantity,
  };
  const template = SNAPSHOTS[category].data;
  return Object.fromEntries(Object.keys(template).map((key) => [key, values[key] ?? template[key] ?? '']));
}

/** `cs` grows with time; it is no gap detector. */
export function tickerFrame(
  category: CategoryName,
  type: 'snapshot' | 'delta',
  { ts, data }: { readonly ts: number; readonly data: TickerFields },
): string {
  const topic = `tickers.${data.symbol ?? ''}`;
  return JSON.stringify({ ...SNAPSHOTS[category], topic, type, ts, cs: 20_856_433_578 + (ts % 1e10), data });
}

/** One row as a rule, two at a boundary. */
export function klineFrame(
  code: string,
  candles: readonly [SimCandle, ...(readonly SimCandle[])],
  ts: number,
): string {
  const topic = `kline.${code}.${candles[0].symbol}`;
  return JSON.stringify({ ...KLINE, topic, data: candles.map((candle) => klineRow(code, candle, ts)), ts });
}

function klineRow(code: string, candle: SimCandle, ts: number): object {
  const { start, end, open, close, high, low, volume, quoteVolume, isClosed } = candle;
  return {
    ...ROW,
    start,
    end: end - 1,
    interval: code,
    open,
    close,
    high,
    low,
    volume,
    turnover: quoteVolume,
    confirm: isClosed,
    timestamp: Math.min(ts, end - 1),
  };
}

function first<T>(list: readonly T[]): T {
  const [head] = list;
  if (head === undefined) throw new Error('a template without frames');
  return head;
}
