import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor, Request, SessionFrames, Topic, Want } from '../contract';
import { candleChannelOf } from './intervals';
import { argOf, TICKERS, topicOf } from './topics';

/** https://www.okx.com/docs-v5/en/#overview-websocket-subscribe */
export const publicSession: SessionFrames = {
  topicOf: topicOfWant,
  subscribe: (topics, nextId) => request('subscribe', topics, nextId),
  unsubscribe: (topics, nextId) => request('unsubscribe', topics, nextId),
  /** Plain text, not JSON and not a WebSocket ping: https://www.okx.com/docs-v5/en/#overview-websocket-connect */
  ping: () => 'ping',
};

function topicOfWant(_market: MarketDescriptor, want: Want, { venueSymbol }: Instrument): Topic {
  if (want.kind === 'ticker') return topicOf(TICKERS, venueSymbol);
  const channel = candleChannelOf(want.interval);
  if (channel === undefined) {
    throw new ConnectorError('COMMAND_INVALID', `OKX streams no ${want.interval} candles`, {
      retry: 'never',
    });
  }
  return topicOf(channel, venueSymbol);
}

/** {"id":"1","op":"subscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]} */
function request(
  op: 'subscribe' | 'unsubscribe',
  topics: readonly Topic[],
  nextId: () => number,
): readonly Request[] {
  if (topics.length === 0) return [];
  const id = String(nextId());
  return [{ frame: JSON.stringify({ id, op, args: topics.map(argOf) }), topics, id }];
}
