import type { AccountEvent } from '../../domain/account';
import type { Codec, Decoded } from '../contract';
import { decodeError } from './answers';
import { isObject, isSnapshot } from './fields';
import type { PrivateContext } from './private-state';
import { PrivateState } from './private-state';
import { USER } from './private-session';
import { unknown } from './state';
import { readRow } from './user-rows';
import type { Frame, FrameEvent } from './wire';

/** Orders. Balances are told over REST only. */
export const privateCodec: Codec<AccountEvent, PrivateState> = {
  begin: () => new PrivateState(),
  decode,
};

/** Parsed values never reach a prototype: no key that we read exists on `Object.prototype`. */
function decode(text: string, { state }: PrivateContext): Decoded<AccountEvent> {
  const parsed = parse(text);
  if (!isObject(parsed)) return unknown('not a JSON object');
  const frame: Frame = parsed;
  if (typeof frame.channel !== 'string') return decodeWords(frame);
  switch (state.follow(frame.sequence_num)) {
    case 'repeated':
      return { kind: 'ignored' };
    case 'gap':
      // Fills are never told twice: a new session looks for them over REST.
      return { kind: 'ended', reason: 'frames are missing' };
    case 'next':
      return decodeChannel(frame, state);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // told apart from every JSON value, and answered with `unknown`
  }
}

function decodeChannel(frame: Frame, state: PrivateState): Decoded<AccountEvent> {
  const { channel, events } = frame;
  if (channel === 'heartbeats') return { kind: 'pong' };
  if (!Array.isArray(events)) return unknown('frame without events');
  if (channel === 'subscriptions') return decodeAck(events);
  if (channel !== USER) return unknown('a channel that was not asked for');
  const time = state.timestamps.read(frame.timestamp);
  return time === undefined ? unknown('frame without a time') : decodeOrders(events, time, state);
}

/**
 * {"type":"error","message":"authentication failure"}: the key, its rights, its addresses, the signature or its
 * time, without a word more. The session asks for the rest over REST before each dial, and a try later finds it.
 */
function decodeWords(frame: Frame): Decoded<never> {
  if (frame.type !== 'error') return unknown('no channel');
  if (frame.message !== 'authentication failure') return decodeError(frame);
  const { message: text } = frame;
  return {
    kind: 'loginRefused',
    reason: { code: 'AUTHENTICATION_FAILURE', text, retry: 'never', cause: 'credentials' },
  };
}

/** The whole current set of the connection; `user` lists the user instead of products. */
function decodeAck(events: readonly unknown[]): Decoded<never> {
  const lists = events.map((event) => (isObject(event) ? (event as FrameEvent).subscriptions : undefined));
  if (!lists.every(isObject)) return unknown('ack without its list');
  return { kind: 'ack', topics: lists.some((list) => Object.hasOwn(list, USER)) ? [USER] : [] };
}

/**
 * {"type":"snapshot"|"update","orders":[...],"positions":{...}}: a snapshot lists the open orders, 50 to a
 * frame. Both lists may be missing; positions are those of futures.
 */
function decodeOrders(events: readonly unknown[], time: number, state: PrivateState): Decoded<AccountEvent> {
  const readings = events.flatMap((event) =>
    ordersOf(event).map((row) => readRow(row, time, isSnapshot(event), state)),
  );
  const told = readings.flatMap((one): readonly AccountEvent[] =>
    one.kind === 'report' ? [{ kind: 'order', report: one.report }] : [],
  );
  const faults = readings.flatMap((one) => (one.kind === 'fault' ? [one.note] : []));
  return { kind: 'events', topics: [USER], events: told, ...(faults.length > 0 && { faults }) };
}

/** What should be a list and is none counts as one malformed row. */
function ordersOf(event: unknown): readonly unknown[] {
  const { orders = [] } = (isObject(event) ? event : { orders: event }) as { orders?: unknown };
  return Array.isArray(orders) ? (orders as readonly unknown[]) : [undefined];
}
