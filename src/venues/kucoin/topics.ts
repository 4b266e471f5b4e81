import type { Topic } from '../contract';

/**
 * A topic is the venue's own (`/market/candles:BTC-USDT_1min`), which its frames repeat. One exception:
 * the ticker of a contract is made of two of the venue's topics, and ours stands for both.
 */
export const SPOT_TICKER = '/market/ticker';
export const SPOT_SNAPSHOT = '/market/snapshot';
export const SPOT_CANDLES = '/market/candles';
export const FUTURES_TICKER = '/contractMarket/ticker';
/** Book only, without the last price. Understood, so that it can take V1's place when that ends. */
export const FUTURES_TICKER_V2 = '/contractMarket/tickerV2';
export const FUTURES_SNAPSHOT = '/contractMarket/snapshot';
export const FUTURES_CANDLES = '/contractMarket/limitCandle';

export const ALL_TICKERS: Topic = `${SPOT_TICKER}:all`;

/**
 * Trading areas that carry the day statistics of their symbols. `GET /api/v1/markets` also names many
 * themes (AI, DeFi, ...), whose symbols all stand in one of these as well.
 */
const AREAS = ['USDS', 'BTC', 'ALTS', 'KCS', 'FIAT', 'ETF'];

export const AREA_SNAPSHOTS: readonly Topic[] = AREAS.map((area) => `${SPOT_SNAPSHOT}:${area}`);

export function candleTopic(channel: string, venueSymbol: string, type: string): Topic {
  return `${channel}:${venueSymbol}_${type}`;
}

export function futuresTickerTopic(venueSymbol: string): Topic {
  return `${FUTURES_TICKER}:${venueSymbol}`;
}
