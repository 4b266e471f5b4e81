import type { AccountEvent } from '../../domain/account';
import type { Codec, DecodeContext, Decoded, Topic } from '../contract';
import { decodeControl } from './answers';
import type { WalletState } from './balances';
import { readSpotBalance, readWallet } from './balances';
import { isObject } from './fields';
import { FillBook } from './order-fills';
import { readOrder } from './orders';
import { Liquidations, unheardLiquidation } from './positions';
import { FUTURES_BALANCES, FUTURES_POSITIONS, privateTopicOf, SPOT_BALANCES } from './private-topics';
import type { OrderWire } from './private-wire';
import { unknown } from './state';
import { isLiquidation } from './statuses';
import type { ControlWire, MessageWire } from './wire';

/** State of one private connection. */
export interface PrivateState {
  readonly fills: FillBook;
  readonly wallets: WalletState;
  readonly liquidations: Liquidations;
}

type Context = DecodeContext<PrivateState>;

/** Orders, balances, positions. Every frame is about one of them. */
export const privateCodec: Codec<AccountEvent, PrivateState> = {
  begin: () => ({
    fills: new FillBook(),
    wallets: { versions: new Map(), isCurrent: false },
    liquidations: new Liquidations(),
  }),
  decode,
};

function decode(text: string, context: Context): Decoded<AccountEvent> {
  const frame = parse(text);
  if (!isObject(frame)) return unknown('not a JSON object');
  const message: MessageWire = frame;
  if (message.type !== 'message') return named(decodeControl(frame as ControlWire));
  if (typeof message.topic !== 'string') return unknown('message without a topic');
  if (!isObject(message.data)) return unknown('message without data');
  const topic = privateTopicOf(context.market, message.topic);
  if (topic === undefined) return unknown('a topic that was not asked for');
  switch (topic) {
    case SPOT_BALANCES:
    case FUTURES_BALANCES:
      return decodeBalance(topic, message.subject, message.data, context);
    case FUTURES_POSITIONS:
      return decodePosition(message.subject, message.data, context);
    default:
      return decodeOrder(topic, message.data, context);
  }
}

/** No key that we read exists on `Object.prototype`. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // told apart from every JSON value, and answered with `unknown`
  }
}

/** A private topic is refused for what the token lacks; a dead token says nothing about the key. */
function named(decoded: Decoded<never>): Decoded<never> {
  if (decoded.kind === 'loginRefused') {
    return { ...decoded, reason: { ...decoded.reason, cause: 'venue' } };
  }
  if (decoded.kind !== 'refused') return decoded;
  const { reason } = decoded;
  if (reason.code === '403') return { ...decoded, reason: { ...reason, cause: 'permission' } };
  return reason.code === '509' ? { ...decoded, reason: { ...reason, cause: 'limit' } } : decoded;
}

function decodeOrder(topic: Topic, data: object, context: Context): Decoded<AccountEvent> {
  const { market, instruments, receivedAt, state } = context;
  const reading = readOrder(data, { market, instruments, receivedAt, fills: state.fills });
  if (reading.kind === 'fault') return unread(topic, reading.note);
  const { symbol, tradeType }: OrderWire = data;
  if (isLiquidation(tradeType) && typeof symbol === 'string') state.liquidations.heard(symbol, receivedAt);
  if (reading.kind === 'nothing') return { kind: 'events', topics: [topic], events: [] };
  const events: AccountEvent[] = [{ kind: 'order', report: reading.report }];
  const { note } = reading;
  return { kind: 'events', topics: [topic], events, ...(note !== undefined && { faults: [note] }) };
}

function decodePosition(subject: unknown, data: object, context: Context): Decoded<AccountEvent> {
  const note = unheardLiquidation(subject, data, context.state.liquidations, context);
  if (note !== undefined) return unread(FUTURES_POSITIONS, note);
  return { kind: 'events', topics: [FUTURES_POSITIONS], events: [] };
}

function decodeBalance(
  topic: Topic,
  subject: unknown,
  data: object,
  context: Context,
): Decoded<AccountEvent> {
  const reading =
    topic === SPOT_BALANCES
      ? readSpotBalance(data)
      : readWallet(subject, data, context.state.wallets, context);
  if (reading === 'malformed') return unread(topic, 'malformed balance');
  const events: AccountEvent[] = reading === 'nothing' ? [] : [{ kind: 'balances', position: reading }];
  return { kind: 'events', topics: [topic], events };
}

/** Our account changed, and we do not know how: the topic lives, and REST is to be asked. */
function unread(topic: Topic, note: string): Decoded<AccountEvent> {
  return { kind: 'events', topics: [topic], events: [], faults: [note] };
}
