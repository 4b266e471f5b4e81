import type { MarketEvent } from '../../domain/events';
import type { Codec, Decoded } from '../contract';
import { decodeControl } from './answers';
import { decodeCandle } from './candles';
import { isObject } from './fields';
import { decodeFuturesSnapshot, decodeFuturesTicker } from './futures-tickers';
import { decodeSpotSnapshot, decodeSpotTicker } from './spot-tickers';
import type { PublicContext, PublicState } from './state';
import { distrust, newState, unknown } from './state';
import {
  FUTURES_CANDLES,
  FUTURES_SNAPSHOT,
  FUTURES_TICKER,
  FUTURES_TICKER_V2,
  SPOT_CANDLES,
  SPOT_SNAPSHOT,
  SPOT_TICKER,
} from './topics';
import type { ControlWire, MessageWire } from './wire';

export const publicCodec: Codec<MarketEvent, PublicState> = {
  begin: newState,
  decode,
  interrupted: (topics, state) => {
    for (const topic of topics) distrust(topic, state);
  },
};

function decode(text: string, context: PublicContext): Decoded<MarketEvent> {
  const frame = parse(text);
  const decoded = isObject(frame) ? decodeFrame(frame, context) : unknown('not a JSON object');
  if (decoded.kind === 'unknown') {
    distrust(isObject(frame) ? (frame as MessageWire).topic : undefined, context.state);
  }
  return decoded;
}

/** Parsed values never reach a prototype: no key that we read exists on `Object.prototype`. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // told apart from every JSON value, and answered with `unknown`
  }
}

function decodeFrame(frame: object, context: PublicContext): Decoded<MarketEvent> {
  const message: MessageWire = frame;
  if (message.type !== 'message') return decodeControl(frame as ControlWire);
  if (typeof message.topic !== 'string') return unknown('message without a topic');
  if (!isObject(message.data)) return unknown('message without data');
  return context.market.kind === 'spot'
    ? decodeSpot(message.topic, message.subject, message.data, context)
    : decodeFutures(message.topic, message.data, context);
}

function decodeSpot(
  topic: string,
  subject: unknown,
  data: object,
  context: PublicContext,
): Decoded<MarketEvent> {
  const colon = topic.indexOf(':');
  switch (topic.slice(0, colon)) {
    case SPOT_TICKER:
      return decodeSpotTicker(topic, subject, data, context);
    case SPOT_SNAPSHOT:
      return decodeSpotSnapshot(topic, data, context);
    // `trade.candles.add` opens a bar and `trade.candles.update` changes it: the start tells the same.
    case SPOT_CANDLES:
      return decodeCandle(topic, colon + 1, data, context);
    default:
      return unknown('a topic that was not asked for');
  }
}

function decodeFutures(topic: string, data: object, context: PublicContext): Decoded<MarketEvent> {
  const colon = topic.indexOf(':');
  switch (topic.slice(0, colon)) {
    case FUTURES_TICKER:
    case FUTURES_TICKER_V2:
      return decodeFuturesTicker(topic.slice(colon + 1), data, context);
    case FUTURES_SNAPSHOT:
      return decodeFuturesSnapshot(topic.slice(colon + 1), data, context);
    case FUTURES_CANDLES:
      return decodeCandle(topic, colon + 1, data, context);
    default:
      return unknown('a topic that was not asked for');
  }
}
