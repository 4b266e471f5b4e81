import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { Channel, MarketDescriptor, Request, SessionFrames, Topic, VenueRest, Want } from '../contract';
import type { KucoinRest } from './bullet';
import { intervalsOf, typeOf } from './intervals';
import {
  ALL_TICKERS,
  candleTopic,
  FUTURES_CANDLES,
  FUTURES_SNAPSHOT,
  FUTURES_TICKER,
  futuresTickerTopic,
  SPOT_CANDLES,
  SPOT_SNAPSHOT,
} from './topics';

/** What to say on a public stream. https://www.kucoin.com/docs-new/websocket-api/base-info/introduction */
export const publicSession: SessionFrames = {
  // Early requests are lost: https://github.com/altangent/ccxws/issues/207
  awaitsWelcome: true,
  endpoint,
  topicOf,
  subscribe: (topics, nextId) => requests('subscribe', topics, nextId),
  unsubscribe: (topics, nextId) => requests('unsubscribe', topics, nextId),
  ping: (nextId) => JSON.stringify({ id: String(nextId()), type: 'ping' }),
};

/** Every dial needs a token of its own: a used one is refused. */
async function endpoint(market: MarketDescriptor, channel: Channel, rest: VenueRest): Promise<string> {
  if (!isKucoinRest(rest)) {
    throw new ConnectorError('DIAL_FAILED', `${market.exchange}: the REST client gives no tokens`);
  }
  const { endpoint: base, token, serial } = await rest.publicToken(market);
  const url = new URL(base);
  url.searchParams.set('token', token);
  url.searchParams.set('connectId', `${market.exchange}-${channel}-${serial}`);
  return url.href;
}

function isKucoinRest(rest: VenueRest): rest is KucoinRest {
  return 'publicToken' in rest && typeof rest.publicToken === 'function';
}

function topicOf(market: MarketDescriptor, want: Want, { venueSymbol }: Instrument): Topic {
  const isSpot = market.kind === 'spot';
  if (want.kind === 'ticker') return isSpot ? ALL_TICKERS : futuresTickerTopic(venueSymbol);
  const type = intervalsOf(market.kind).includes(want.interval) ? typeOf(want.interval) : undefined;
  if (type === undefined) {
    const problem = `${market.exchange} streams no ${want.interval} candles`;
    throw new ConnectorError('COMMAND_INVALID', problem, { retry: 'never' });
  }
  return candleTopic(isSpot ? SPOT_CANDLES : FUTURES_CANDLES, venueSymbol, type);
}

type RequestType = 'subscribe' | 'unsubscribe';

/** One comma list per channel. */
function requests(type: RequestType, topics: readonly Topic[], nextId: () => number): readonly Request[] {
  const lists = new Map<string, Topic[]>();
  for (const topic of topics) {
    const key = listOf(topic);
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [topic]);
    else list.push(topic);
  }
  return [...lists].flatMap(([key, list]) =>
    channelsOf(key).map((channel) => request(type, channel, list, nextId)),
  );
}

/** Snapshots of whole areas are documented one by one only. */
function listOf(topic: Topic): string {
  const channel = topic.slice(0, topic.indexOf(':'));
  return channel === SPOT_SNAPSHOT ? topic : channel;
}

/** The ticker of a contract is made of two topics of the venue: each has its own request and answer. */
function channelsOf(key: string): readonly string[] {
  if (key.startsWith(SPOT_SNAPSHOT)) return [SPOT_SNAPSHOT];
  return key === FUTURES_TICKER ? [FUTURES_TICKER, FUTURES_SNAPSHOT] : [key];
}

/**
 * {"id":"17","type":"subscribe","topic":"/market/candles:BTC-USDT_1min,ETH-USDT_1min",
 *  "privateChannel":false,"response":true}
 */
function request(
  type: RequestType,
  channel: string,
  topics: readonly Topic[],
  nextId: () => number,
): Request {
  const id = String(nextId());
  const names = topics.map((topic) => topic.slice(topic.indexOf(':') + 1));
  const frame = { id, type, topic: `${channel}:${names.join(',')}`, privateChannel: false, response: true };
  return { frame: JSON.stringify(frame), topics, id };
}
