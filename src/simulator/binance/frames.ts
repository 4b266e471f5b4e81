import type { SimCandle, SimTicker } from '../kit';
import coinmCandle from './__fixtures__/binanceCoinm.candle.open-and-closed.json';
import futuresTicker from './__fixtures__/binanceUsdm.ticker.24hr-array-merged.json';
import spotCandle from './__fixtures__/binance.candle.open-and-closed.json';
import spotFullTicker from './__fixtures__/binance.ticker.full-with-book.json';
import spotMiniTicker from './__fixtures__/binance.ticker.mini-array.json';
import usdmCandle from './__fixtures__/binanceUsdm.candle.open-and-closed.json';
import type { BinanceMarket } from './venue';

/** Recorded frames give the keys, their order and the spelling; only the values move. */
const KLINE = {
  binance: spotCandle.frames[0]?.data,
  binanceUS: spotCandle.frames[0]?.data,
  binanceUsdm: usdmCandle.frames[0]?.data,
  binanceCoinm: coinmCandle.frames[0]?.data,
};
const MINI = spotMiniTicker.frames[0]?.data[0];
const FULL = spotFullTicker.frames[0]?.[0];
const FUTURES = futuresTicker.frames[0]?.data[0];

/** `{"e":"kline","E":..,"s":"BTCUSDT","k":{..,"x":false,..}}` */
export function klineEvent(market: BinanceMarket, candle: SimCandle, eventTime: number): object {
  const template = KLINE[market.exchange];
  return {
    ...template,
    E: eventTime,
    s: candle.symbol,
    k: {
      ...template?.k,
      t: candle.start,
      T: candle.end - 1,
      s: candle.symbol,
      i: candle.interval,
      f: candle.firstTradeId,
      L: candle.lastTradeId,
      o: candle.open,
      c: candle.close,
      h: candle.high,
      l: candle.low,
      v: candle.volume,
      n: candle.trades,
      x: candle.isClosed,
      q: candle.quoteVolume,
      V: candle.takerVolume,
      Q: candle.takerQuoteVolume,
    },
  };
}

/** One item of `!miniTicker@arr`; futures items name their product. */
export function miniTicker(market: BinanceMarket, ticker: SimTicker, eventTime: number): object {
  const item = { ...MINI, E: eventTime, s: ticker.symbol, ...dayValues(ticker) };
  return market.isFutures ? { ...item, ...productOf(market, ticker) } : item;
}

/** One item of `!ticker@arr`: with the book on spot and US, without it on futures. */
export function fullTicker(market: BinanceMarket, ticker: SimTicker, eventTime: number): object {
  const item = {
    ...(market.isFutures ? FUTURES : FULL),
    E: eventTime,
    s: ticker.symbol,
    ...dayValues(ticker),
    p: ticker.change,
    P: ticker.changePercent,
    w: ticker.weightedAverage,
    Q: ticker.lastQuantity,
    O: ticker.openTime,
    C: ticker.time,
    F: ticker.firstTradeId,
    L: ticker.lastTradeId,
    n: ticker.lastTradeId - ticker.firstTradeId + 1,
  };
  return market.isFutures
    ? { ...item, ...productOf(market, ticker) }
    : {
        ...item,
        x: ticker.open,
        b: ticker.bid,
        B: ticker.bidQuantity,
        a: ticker.ask,
        A: ticker.askQuantity,
      };
}

/** `["<open time>", open, high, low, close, volume, close time, quote volume, trades, ..]` */
export function klineRow(candle: SimCandle): readonly (string | number)[] {
  return [
    candle.start,
    candle.open,
    candle.high,
    candle.low,
    candle.close,
    candle.volume,
    candle.end - 1,
    candle.quoteVolume,
    candle.trades,
    candle.takerVolume,
    candle.takerQuoteVolume,
    '0',
  ];
}

function dayValues({ last, open, high, low, volume, quoteVolume }: SimTicker): object {
  return { c: last, o: open, h: high, l: low, v: volume, q: quoteVolume };
}

/** `ps`: the pair; the whole symbol on USD-M, without the contract's suffix on COIN-M. */
function productOf({ product }: BinanceMarket, { symbol }: SimTicker): object {
  return { ps: product === 2 ? symbol.replace(/_\w+$/, '') : symbol, st: product };
}
