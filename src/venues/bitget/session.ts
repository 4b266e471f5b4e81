import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor, Request, SessionFrames, Topic, Want } from '../contract';
import { candleChannelOf } from './intervals';
import { argOf, instTypeOf, TICKER, topicOf } from './topics';

/** https://www.bitget.com/api-doc/common/websocket-intro */
export const publicSession: SessionFrames = {
  topicOf: topicOfWant,
  subscribe: (topics) => request('subscribe', topics),
  unsubscribe: (topics) => request('unsubscribe', topics),
  /** Plain text, not JSON. Protocol pings do not keep a connection alive. */
  ping: () => 'ping',
};

function topicOfWant({ kind }: MarketDescriptor, want: Want, { venueSymbol, quote }: Instrument): Topic {
  const instType = instTypeOf(kind, quote);
  if (want.kind === 'ticker') return topicOf(TICKER, instType, venueSymbol);
  const channel = candleChannelOf(want.interval);
  if (channel === undefined) {
    throw new ConnectorError('COMMAND_INVALID', `Bitget streams no ${want.interval} candles`, {
      retry: 'never',
    });
  }
  return topicOf(channel, instType, venueSymbol);
}

/** {"op":"subscribe","args":[{"instType":"SPOT","channel":"ticker","instId":"BTCUSDT"}]}; no request id. */
function request(op: 'subscribe' | 'unsubscribe', topics: readonly Topic[]): readonly Request[] {
  if (topics.length === 0) return [];
  return [{ frame: JSON.stringify({ op, args: topics.map(argOf) }), topics }];
}
