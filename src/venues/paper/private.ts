import type { AccountEvent } from '../../domain/account';
import { realTwin } from '../../domain/exchange';
import type { Codec, DecodeContext, Decoded } from '../contract';
import { readBalances } from './balances';
import { isObject } from './fields';
import { readOrder } from './orders';
import type { Packet } from './packets';
import { CONNECT, PONG, readPacket } from './packets';
import { ACCOUNT, BALANCES, ORDERS } from './private-session';

/** State of one connection. */
export class PrivateState {
  /** The server's next ping is due within this time, ms; undefined before its handshake. */
  pingWithinMs: number | undefined;
  /** Events whose subscription the server has confirmed. */
  readonly confirmed = new Set<string>();
  /** Balances carry no time. Ours never goes back, or a later balance would be taken for an older one. */
  toldAt = 0;
}

type Context = DecodeContext<PrivateState>;
type Body = Readonly<Record<string, unknown>>;

/** Orders and balances of one paper exchange. */
export const privateCodec: Codec<AccountEvent, PrivateState> = {
  begin: () => new PrivateState(),
  decode: (text, context) => decode(readPacket(text), context),
};

function decode(packet: Packet, context: Context): Decoded<AccountEvent> {
  switch (packet.kind) {
    case 'open':
      context.state.pingWithinMs = packet.pingInterval + packet.pingTimeout;
      return asked(CONNECT, context.state);
    case 'ping':
      return asked(PONG, context.state);
    case 'connected':
      return { kind: 'loggedIn' };
    case 'connectError':
      return { kind: 'ended', reason: 'namespace_refused' };
    case 'disconnected':
      return { kind: 'ended', reason: 'namespace_left' };
    case 'close':
      return { kind: 'ended', reason: 'closed_by_server' };
    case 'event':
      return decodeEvent(packet.name, packet.body, context);
    case 'noop':
      return { kind: 'ignored' };
    case 'unknown':
      return packet;
  }
}

/** A server that does not ask in time is dead, though its socket may still answer. */
function asked(answer: string, { pingWithinMs }: PrivateState): Decoded<never> {
  return { kind: 'asked', answer, ...(pingWithinMs !== undefined && { againWithinMs: pingWithinMs }) };
}

/** {"type":"update","data":..} | {"type":"info","info":"subscribed"} | {"type":"error","error":".."} */
function decodeEvent(name: string, body: unknown, context: Context): Decoded<AccountEvent> {
  if (name !== ORDERS && name !== BALANCES) return unknown('event that was not asked for');
  if (!isObject(body)) return unknown('event without a body');
  const { type, data, info, error } = body as Body;
  switch (type) {
    case 'update':
      return name === ORDERS ? decodeOrder(data, context) : decodeBalances(data, context);
    case 'info':
      return info === 'subscribed' ? decodeConfirmed(name, context.state) : unknown('info of another kind');
    case 'error':
      return decodeError(error);
    default:
      return unknown('event of another type');
  }
}

/** Acknowledged once both are: half a subscription must not be announced. */
function decodeConfirmed(name: string, { confirmed }: PrivateState): Decoded<never> {
  confirmed.add(name);
  return confirmed.size === 2 ? { kind: 'ack', topics: [ACCOUNT] } : { kind: 'ignored' };
}

/** What the server says of a key that it does not know, and what a guard before it would say. */
const REFUSED = /user not found|unauthori[sz]ed|forbidden|(?:invalid|wrong) (?:key|secret|credentials)/i;

/**
 * The server passes on whatever went wrong, its data base's troubles as well: those are no refused key, and
 * a new connection asks again. Such texts may quote the question, secret included: they are not passed on.
 */
function decodeError(error: unknown): Decoded<never> {
  const words = typeof error === 'string' ? REFUSED.exec(error)?.[0] : undefined;
  if (words === undefined) return { kind: 'ended', reason: 'subscription_failed' };
  const reason = { code: 'USER_NOT_FOUND', text: words, retry: 'never', cause: 'credentials' } as const;
  return { kind: 'loginRefused', reason };
}

/** One paper user may own accounts of several exchanges: all of their orders come on every socket. */
function decodeOrder(data: unknown, { market, state }: Context): Decoded<AccountEvent> {
  const reading = readOrder(data, realTwin(market.exchange));
  switch (reading.kind) {
    case 'report':
      return events([{ kind: 'order', report: reading.report }], state);
    case 'foreign':
      return events([], state);
    case 'fault':
      return unknown(reading.note);
  }
}

/** Balances name no exchange: they are the user's. */
function decodeBalances(data: unknown, { receivedAt, state }: Context): Decoded<AccountEvent> {
  const { balances, faults } = readBalances(data);
  const [fault] = faults;
  if (balances.length === 0) return fault === undefined ? events([], state) : unknown(fault);
  state.toldAt = Math.max(state.toldAt, receivedAt);
  const position = {
    eventType: 'outboundAccountPosition',
    eventTime: state.toldAt,
    lastAccountUpdate: 0,
    balances,
  } as const;
  return { ...events([{ kind: 'balances', position }], state), faults };
}

/** Data of a half confirmed subscription does not confirm the other half. */
function events(told: readonly AccountEvent[], { confirmed }: PrivateState) {
  return { kind: 'events', topics: confirmed.size === 2 ? [ACCOUNT] : [], events: told } as const;
}

function unknown(note: string): Decoded<never> {
  return { kind: 'unknown', note };
}
