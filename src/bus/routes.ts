/** Every exchange, queue, routing key and channel name of the contract, and nothing else. */
import type { Candle } from '../domain/events';
import type { ExchangeId } from '../domain/exchange';

/** The backend's direct exchange: requests come in through it. */
export const COMMAND_EXCHANGE = 'gainium';
export const USER_COMMANDS = 'usersStreamAction';
export const CANDLE_REQUESTS = 'candlesRequests';

/** Our durable topic exchange: events go out through it. */
export const EVENT_EXCHANGE = 'gainium.events';
/** Durable bounded queue that holds user events while no consumer is up. */
export const USER_EVENTS_QUEUE = 'userStreamEvents';
export const USER_EVENTS_BINDING = 'user.#';
/** Requests that could not be read are kept here for the operator. */
export const DEAD_LETTER_QUEUE = 'gainium.connector.rejected';

export const SERVICE_LOG = 'serviceLog';
export const ADMIN_ENABLED_EXCHANGES = 'gainium:admin:enabled_exchanges';
export const ADMIN_CONFIG = 'gainium:admin:config';

/** Version of the message bodies on `gainium.events`, header `x-schema`. */
export const SCHEMA_VERSION = 1;

export function tickerChannel(exchange: ExchangeId, symbol: string): string {
  return `trade@${symbol}@${exchange}`;
}

/** `requestedInterval` is the spelling of the request: its sender listens on exactly that channel. */
export function candleChannel(exchange: ExchangeId, symbol: string, requestedInterval: string): string {
  return `${symbol}@${exchange}@${requestedInterval}Candle`;
}

export function tickerKey(exchange: ExchangeId): string {
  return `ticker.${exchange}`;
}

export function candleKey(candle: Candle): string {
  return `candle.${candle.exchange}.${candle.interval}.${candle.symbol}`;
}

/** State under our own prefix. */
export const lastTickersKey = (exchange: ExchangeId): string => `connector:ticker:${exchange}`;
export const lastCandlesKey = (exchange: ExchangeId): string => `connector:candle:${exchange}`;
export const instrumentsKey = (exchange: ExchangeId): string => `connector:instruments:${exchange}`;

/** The room id is the channel; nothing but event objects is published on it. */
export const userChannel = (room: string): string => room;
export const userInfoChannel = (room: string): string => `userStreamInfo${room}`;
export const userKey = (exchange: ExchangeId, eventType: string, room: string): string =>
  `user.${exchange}.${eventType}.${room}`;
export const ORDERS_KEY = 'orders';
export const LAST_EVENT_KEY = 'stream:lastEventTime';
export const streamFactsKey = (room: string): string => `connector:stream:${room}`;
export const STREAMS_MARKER = 'connector:streams';
export const streamOrdersKey = (room: string): string => `connector:stream:${room}:orders`;
