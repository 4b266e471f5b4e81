import type { Topic } from '../contract';

/** A topic is Binance's stream name, which the envelope repeats: no translation on the hot path. */
export const ALL_MINI_TICKERS: Topic = '!miniTicker@arr';
export const ALL_TICKERS: Topic = '!ticker@arr';

/** Stream names hold the symbol in lower case; the interval keeps its case (`1M` is a month). */
export function klineTopic(venueSymbol: string, interval: string): Topic {
  return `${venueSymbol.toLowerCase()}@kline_${interval}`;
}

export function miniTickerTopic(venueSymbol: string): Topic {
  return `${venueSymbol.toLowerCase()}@miniTicker`;
}

export function tickerTopic(venueSymbol: string): Topic {
  return `${venueSymbol.toLowerCase()}@ticker`;
}
