import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor, Request, SessionFrames, Topic, Want } from '../contract';
import type { DataChannel } from './topics';
import { CANDLES, channelOf, productOf, TICKER, tickerTopic, topicFor, TRADES } from './topics';

/**
 * What to say on a public stream. No request has an id: acks list what the connection carries.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview
 */
export const publicSession: SessionFrames = { topicOf, subscribe, unsubscribe };

/** {"type":"subscribe","channel":"heartbeats"} */
const HEARTBEATS: Request = {
  frame: JSON.stringify({ type: 'subscribe', channel: 'heartbeats' }),
  topics: [],
};

function topicOf({ exchange }: MarketDescriptor, want: Want, { symbol, venueSymbol }: Instrument): Topic {
  if (want.kind === 'ticker') return tickerTopic(symbol, venueSymbol);
  return topicFor(candleChannel(exchange, want.interval), venueSymbol);
}

function candleChannel(exchange: string, interval: string): DataChannel {
  switch (interval) {
    case '1m':
      return TRADES;
    case '5m':
      return CANDLES;
    default:
      throw new ConnectorError('COMMAND_INVALID', `${exchange} streams no ${interval} candles`, {
        retry: 'never',
      });
  }
}

/**
 * The first request of a connection also asks for heartbeats: without them the venue hangs up after 60
 * to 90 quiet seconds.
 */
function subscribe(topics: readonly Topic[], nextId: () => number): readonly Request[] {
  const data = requests('subscribe', topics);
  if (data.length === 0) return data;
  return nextId() === FIRST ? [HEARTBEATS, ...data] : data;
}

const FIRST = 1;

/**
 * Tickers are given up in silence: only a delisting ends them, and the twin that rides on the same
 * subscription may stay.
 */
function unsubscribe(topics: readonly Topic[]): readonly Request[] {
  return requests(
    'unsubscribe',
    topics.filter((topic) => channelOf(topic) !== TICKER),
  );
}

/** {"type":"subscribe","channel":"ticker","product_ids":["BTC-USD","ETH-USD"]}: one channel per frame. */
function requests(type: 'subscribe' | 'unsubscribe', topics: readonly Topic[]): readonly Request[] {
  const byChannel = new Map<string, Topic[]>();
  for (const topic of topics) {
    const channel = channelOf(topic);
    const list = byChannel.get(channel);
    if (list === undefined) byChannel.set(channel, [topic]);
    else list.push(topic);
  }
  return [...byChannel].map(([channel, list]) => {
    const product_ids = [...new Set(list.map(productOf))];
    return { frame: JSON.stringify({ type, channel, product_ids }), topics: list };
  });
}
