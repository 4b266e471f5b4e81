import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor, Request, SessionFrames, Topic, Want } from '../contract';
import { klineTopic, tickerTopic } from './topics';

/** `ping` is absent: Binance pings by protocol frames, and so do we. */
export const publicSession: SessionFrames = {
  topicOf,
  subscribe: (topics, nextId) => [request('SUBSCRIBE', topics, nextId())],
  unsubscribe: (topics, nextId) => [request('UNSUBSCRIBE', topics, nextId())],
};

function topicOf(market: MarketDescriptor, want: Want, { venueSymbol }: Instrument): Topic {
  if (want.kind === 'candle') return klineTopic(venueSymbol, want.interval);
  return market.allTickers?.[0] ?? tickerTopic(venueSymbol);
}

/** {"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":1} */
function request(method: string, topics: readonly Topic[], id: number): Request {
  return { frame: JSON.stringify({ method, params: topics, id }), topics, id: String(id) };
}
