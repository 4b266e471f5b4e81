import type { Topic } from '../contract';

/**
 * Topics are `<channel>:<product>`. A symbol that shares the book of another product (`BTC-USDC`) has
 * no product of its own on the market channels: its topic names both, `ticker:BTC-USDC@BTC-USD`.
 */
export const TICKER = 'ticker';
export const CANDLES = 'candles';
export const TRADES = 'market_trades';

export type DataChannel = typeof TICKER | typeof CANDLES | typeof TRADES;

const DATA_CHANNELS: ReadonlySet<string> = new Set([TICKER, CANDLES, TRADES]);

export function isDataChannel(name: string): name is DataChannel {
  return DATA_CHANNELS.has(name);
}

export function topicFor(channel: DataChannel, symbol: string, product: string): Topic {
  return symbol === product ? `${channel}:${symbol}` : `${channel}:${symbol}@${product}`;
}

export function channelOf(topic: Topic): string {
  return topic.slice(0, topic.indexOf(':'));
}

/** The product that the venue is asked for. */
export function productOf(topic: Topic): string {
  const at = topic.indexOf('@');
  return topic.slice((at < 0 ? topic.indexOf(':') : at) + 1);
}

/** The topic rides on the subscription of another product. */
export function isTwinTopic(topic: Topic): boolean {
  return topic.includes('@');
}
