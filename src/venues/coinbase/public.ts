import type { MarketEvent } from '../../domain/events';
import type { Codec, Decoded } from '../contract';
import { decodeAck, decodeError } from './answers';
import { decodeCandles } from './candles';
import { isObject } from './fields';
import type { PublicContext } from './state';
import { NO_TOPICS, PublicState, unknown } from './state';
import { decodeTickers } from './tickers';
import { CANDLES, TICKER, TRADES } from './topics';
import { closeMinutes, decodeTrades } from './trades';
import type { Frame } from './wire';

export const publicCodec: Codec<MarketEvent, PublicState> = {
  begin: () => new PublicState(),
  decode,
};

/** Parsed values never reach a prototype: no key that we read exists on `Object.prototype`. */
function decode(text: string, context: PublicContext): Decoded<MarketEvent> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return unknown('not JSON');
  }
  if (!isObject(parsed)) return unknown('not an object');
  const frame: Frame = parsed;
  const { channel, events } = frame;
  if (typeof channel !== 'string') return frame.type === 'error' ? decodeError(frame) : unknown('no channel');
  const { state } = context;
  state.follow(frame.sequence_num);
  if (!Array.isArray(events)) return unknown('frame without events');
  if (channel === 'subscriptions') return decodeAck(events);
  const time = state.timestamps.read(frame.timestamp);
  if (time === undefined) return unknown('frame without a time');
  state.hear(time);
  switch (channel) {
    case TICKER:
      return decodeTickers(events, time, context);
    case CANDLES:
      return decodeCandles(events, time, context);
    case TRADES:
      return decodeTrades(events, time, context);
    case 'heartbeats':
      return decodeHeartbeat(time, context);
    default:
      return unknown('a channel that was not asked for');
  }
}

/**
 * {"channel":"heartbeats",...,"events":[{"current_time":"2026-09-30 02:37:15.057778606 +0000 UTC m=+21697.195984854","heartbeat_counter":21697}]}
 * Once a second. Proves the link only; as the venue's clock it ends the minutes of quiet products. It
 * also tells of missing numbers: the frame behind the gap was good and had to be decoded.
 */
function decodeHeartbeat(time: number, context: PublicContext): Decoded<MarketEvent> {
  const events = closeMinutes(time, context);
  if (events.length > 0) return { kind: 'events', topics: NO_TOPICS, events };
  if (!context.state.isGapUntold) return { kind: 'pong' };
  context.state.isGapUntold = false;
  return unknown('frames are missing before this one');
}
