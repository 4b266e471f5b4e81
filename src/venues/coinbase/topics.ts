import type { Topic } from '../contract';
import { twinOf } from './twins';

/**
 * Topics are `<channel>:<product>`. A symbol that shares the book of another product (`BTC-USDC`) has no
 * product of its own on the market channels: its candles are those of the other, and the topic of its
 * ticker names both, `ticker:BTC-USDC@BTC-USD`, so that each of the two can be listed without the other.
 */
export const TICKER = 'ticker';
export const CANDLES = 'candles';
export const TRADES = 'market_trades';

export type DataChannel = typeof TICKER | typeof CANDLES | typeof TRADES;

const DATA_CHANNELS: ReadonlySet<string> = new Set([TICKER, CANDLES, TRADES]);

export function isDataChannel(name: string): name is DataChannel {
  return DATA_CHANNELS.has(name);
}

export function topicFor(channel: DataChannel, product: string): Topic {
  return `${channel}:${product}`;
}

export function tickerTopic(symbol: string, product: string): Topic {
  return symbol === product ? topicFor(TICKER, product) : `${TICKER}:${symbol}@${product}`;
}

/** Topics that a product's data speaks for. */
export function topicsFor(channel: DataChannel, product: string): readonly Topic[] {
  const twin = channel === TICKER ? twinOf(product) : undefined;
  const own = topicFor(channel, product);
  return twin === undefined ? [own] : [own, tickerTopic(twin, product)];
}

export function channelOf(topic: Topic): string {
  return topic.slice(0, topic.indexOf(':'));
}

/** The product that the venue is asked for. */
export function productOf(topic: Topic): string {
  const at = topic.indexOf('@');
  return topic.slice((at < 0 ? topic.indexOf(':') : at) + 1);
}
