import type { Topic } from '../contract';

export const TICKERS = 'tickers';

const SEPARATOR = ':';

/** `tickers:BTC-USDT`, `candle1m:BTC-USDT-SWAP`. Neither channels nor instrument ids hold a colon. */
export function topicOf(channel: string, instId: string): Topic {
  return channel + SEPARATOR + instId;
}

export function argOf(topic: Topic): { channel: string; instId: string } {
  const split = topic.indexOf(SEPARATOR);
  return { channel: topic.slice(0, split), instId: topic.slice(split + 1) };
}
