import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor, Request, SessionFrames, Topic, Want } from '../contract';
import { codeOf } from './intervals';
import { KLINE_PREFIX, TICKER_PREFIX } from './public';

/**
 * What to say on a public stream. Topics are the venue's own: an incoming frame names its topic
 * without any work. https://bybit-exchange.github.io/docs/v5/ws/connect
 */
export const publicSession: SessionFrames = {
  topicOf,
  subscribe: (topics, nextId) => request('subscribe', topics, nextId),
  unsubscribe: (topics, nextId) => request('unsubscribe', topics, nextId),
  ping: (nextId) => JSON.stringify({ req_id: String(nextId()), op: 'ping' }),
};

function topicOf(_market: MarketDescriptor, want: Want, { venueSymbol }: Instrument): Topic {
  if (want.kind === 'ticker') return TICKER_PREFIX + venueSymbol;
  const code = codeOf(want.interval);
  if (code === undefined) {
    throw new ConnectorError('COMMAND_INVALID', `Bybit streams no ${want.interval} candles`, {
      retry: 'never',
    });
  }
  return `${KLINE_PREFIX}${code}.${venueSymbol}`;
}

/** Acks tell nothing but the `req_id`: one request, one id. */
function request(
  op: 'subscribe' | 'unsubscribe',
  topics: readonly Topic[],
  nextId: () => number,
): readonly Request[] {
  if (topics.length === 0) return [];
  const id = String(nextId());
  return [{ frame: JSON.stringify({ req_id: id, op, args: topics }), topics, id }];
}
