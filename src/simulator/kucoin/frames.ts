import type { SimCandle, SimTicker } from '../kit';
import { fixedUnits } from '../kit';
import spotCandles from './__fixtures__/kucoin.candle.add-and-update.json';
import spotTickers from './__fixtures__/kucoin.ticker.all.json';
import spotSnapshots from './__fixtures__/kucoin.ticker.market-snapshot-then-ticker.json';
import futuresCandles from './__fixtures__/kucoinLinear.candle.volume-index.json';
import futuresTickers from './__fixtures__/kucoinLinear.ticker.v1-then-snapshot.json';
import futuresTickersV2 from './__fixtures__/kucoinLinear.ticker.v2-needs-a-price.json';
import type { Listing } from './listings';

/** Frames as the venue spells them: recorded ones with the model's values. Times are epoch ms. */

interface Template {
  readonly data: object;
}

const SPOT_TICKER = first<Template>(spotTickers.frames);
/** Kept as raw text in its file, for its numbers. */
const SPOT_SNAPSHOT = JSON.parse(first(spotSnapshots.frames as readonly unknown[]) as string) as {
  readonly data: { readonly data: { readonly marketChange24h: object } };
};
const SPOT_CANDLE = first<Template>(spotCandles.frames);
const FUTURES_TICKER = first<Template>(futuresTickers.frames);
const FUTURES_TICKER_V2 = first<Template>(futuresTickersV2.frames);
const FUTURES_SNAPSHOT = first<Template>(futuresTickers.frames.slice(1));
const FUTURES_CANDLE = first<Template>(futuresCandles.frames);

const NS_PER_MS = 1e6;

export function spotTickerFrame(topic: string, ticker: SimTicker, time: number): string {
  const data = {
    ...SPOT_TICKER.data,
    bestAsk: ticker.ask,
    bestAskSize: ticker.askQuantity,
    bestBid: ticker.bid,
    bestBidSize: ticker.bidQuantity,
    price: ticker.last,
    sequence: String(ticker.lastTradeId),
    size: ticker.lastQuantity,
    time,
  };
  return JSON.stringify({ ...SPOT_TICKER, topic, subject: ticker.symbol, data });
}

export function spotSnapshotFrame(
  topic: string,
  { spec, areas }: Listing,
  ticker: SimTicker,
  time: number,
): string {
  const day = {
    changePrice: Number(ticker.change),
    changeRate: Number((Number(ticker.change) / Number(ticker.open)).toFixed(4)),
    high: Number(ticker.high),
    low: Number(ticker.low),
    open: Number(ticker.open),
    vol: Number(ticker.volume),
    volValue: Number(ticker.quoteVolume),
  };
  const data = {
    ...SPOT_SNAPSHOT.data.data,
    ...day,
    askSize: Number(ticker.askQuantity),
    averagePrice: Number(ticker.weightedAverage),
    baseCurrency: spec.base,
    bidSize: Number(ticker.bidQuantity),
    buy: Number(ticker.bid),
    close: Number(ticker.last),
    datetime: time,
    lastSize: Number(ticker.lastQuantity),
    lastTradedPrice: Number(ticker.last),
    market: areas[0],
    marketChange24h: { ...SPOT_SNAPSHOT.data.data.marketChange24h, ...day },
    markets: areas,
    quoteCurrency: spec.quote,
    sell: Number(ticker.ask),
    sequence: String(ticker.lastTradeId),
    symbol: ticker.symbol,
    symbolCode: ticker.symbol,
  };
  return JSON.stringify({ ...SPOT_SNAPSHOT, topic, data: { sequence: time, data } });
}

export function futuresTickerFrame(topic: string, listing: Listing, ticker: SimTicker, time: number): string {
  const book = bookOf(listing, ticker, time);
  const data = {
    ...FUTURES_TICKER.data,
    ...book,
    size: contractsOf(listing, ticker.lastQuantity),
    price: ticker.last,
    tradeId: String(ticker.lastTradeId),
  };
  return JSON.stringify({ ...FUTURES_TICKER, topic, sn: ticker.lastTradeId, data });
}

export function futuresTickerV2Frame(
  topic: string,
  listing: Listing,
  ticker: SimTicker,
  time: number,
): string {
  const data = { ...FUTURES_TICKER_V2.data, ...bookOf(listing, ticker, time) };
  return JSON.stringify({ ...FUTURES_TICKER_V2, topic, sn: ticker.lastTradeId, data });
}

function bookOf(listing: Listing, ticker: SimTicker, time: number): object {
  return {
    symbol: ticker.symbol,
    sequence: ticker.lastTradeId,
    bestBidSize: contractsOf(listing, ticker.bidQuantity),
    bestBidPrice: ticker.bid,
    bestAskPrice: ticker.ask,
    bestAskSize: contractsOf(listing, ticker.askQuantity),
    ts: time * NS_PER_MS,
  };
}

/** Volume in base coin on linear contracts; as the model has it on inverse ones (unit not documented). */
export function futuresSnapshotFrame(topic: string, ticker: SimTicker, time: number): string {
  const data = {
    ...FUTURES_SNAPSHOT.data,
    highPrice: Number(ticker.high),
    lastPrice: Number(ticker.last),
    lowPrice: Number(ticker.low),
    price24HoursBefore: Number(ticker.open),
    priceChg: Number(ticker.change),
    priceChgPct: Number((Number(ticker.change) / Number(ticker.open)).toFixed(4)),
    symbol: ticker.symbol,
    ts: time * NS_PER_MS,
    turnover: Number(ticker.quoteVolume),
    volume: Number(ticker.volume),
  };
  return JSON.stringify({ ...FUTURES_SNAPSHOT, topic, data });
}

/** `isNew`: the first frame of its bar. */
export function candleFrame(
  topic: string,
  listing: Listing,
  candle: SimCandle,
  { time, isNew }: { readonly time: number; readonly isNew: boolean },
): string {
  const { symbol } = candle;
  if (listing.kind === 'spot') {
    const data = { ...SPOT_CANDLE.data, symbol, candles: spotRow(candle), time: time * NS_PER_MS };
    return JSON.stringify({
      ...SPOT_CANDLE,
      data,
      subject: `trade.candles.${isNew ? 'add' : 'update'}`,
      topic,
    });
  }
  const { start, open, high, low, close, volume, quoteVolume } = candle;
  const row = [
    String(start / 1_000),
    open,
    close,
    high,
    low,
    quoteVolume,
    String(contractsOf(listing, volume)),
  ];
  return JSON.stringify({
    ...FUTURES_CANDLE,
    topic,
    data: { ...FUTURES_CANDLE.data, symbol, candles: row, time },
  });
}

/** The row of the stream and of REST: close before high. */
export function spotRow({
  start,
  open,
  high,
  low,
  close,
  volume,
  quoteVolume,
}: SimCandle): readonly string[] {
  return [String(start / 1_000), open, close, high, low, volume, quoteVolume];
}

/** The row of futures REST: another order, other units, JSON numbers. */
export function futuresRow(listing: Listing, candle: SimCandle): readonly number[] {
  const { start, open, high, low, close, volume, quoteVolume } = candle;
  const prices = [open, high, low, close].map(Number);
  return [start, ...prices, contractsOf(listing, volume), Number(quoteVolume)];
}

function contractsOf({ multiplierDecimals }: Listing, quantity: string): number {
  return fixedUnits(quantity, multiplierDecimals);
}

function first<T>(frames: readonly unknown[]): T {
  return frames[0] as T;
}
