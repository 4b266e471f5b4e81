import type { AccountEvent } from '../../domain/account';
import type { Codec, DecodeContext, Decoded } from '../contract';
import { readBalances } from './balances';
import { isObject } from './fields';
import { readOrder } from './orders';
import { decodePrivateAnswer, type LoginState } from './private-answers';
import { ACCOUNT, ORDERS } from './private-topics';
import { topicOf } from './topics';
import type { AnswerWire, FrameWire, Unproven } from './wire';

type Context = DecodeContext<LoginState>;

/** The answer to our text frame `ping`; not JSON. */
const PONG = 'pong';

/** Orders and balances. The state only knows whether the login was agreed to: rows stand for themselves. */
export const privateCodec: Codec<AccountEvent, LoginState> = {
  begin: () => ({ isLoggedIn: false }),
  decode,
};

function decode(frame: string, context: Context): Decoded<AccountEvent> {
  if (frame === PONG) return { kind: 'pong' };
  const parsed = parse(frame);
  if (!isObject(parsed)) return unknown('not a JSON object');
  const { arg, data } = parsed as Unproven<FrameWire>;
  if (!Array.isArray(data)) {
    return decodePrivateAnswer(parsed as Unproven<AnswerWire>, context.state, context.market);
  }
  const { channel, instType } = (isObject(arg) ? arg : {}) as { channel?: unknown; instType?: unknown };
  if (channel === ACCOUNT) return decodeBalances(data);
  if (channel !== ORDERS) return unknown('data of a channel that was not asked for');
  return decodeOrders(typeof instType === 'string' ? topicOf(ORDERS, instType) : undefined, data, context);
}

/** No key that we read exists on `Object.prototype`, so only own properties are ever seen. */
function parse(frame: string): unknown {
  try {
    return JSON.parse(frame) as unknown;
  } catch {
    return undefined; // told apart from every JSON value, and answered with `unknown`
  }
}

/** In the order of arrival. Rows say themselves which market they are of; `arg` only names the topic. */
function decodeOrders(
  topic: string | undefined,
  rows: readonly unknown[],
  context: Context,
): Decoded<AccountEvent> {
  const events: AccountEvent[] = [];
  const faults: string[] = [];
  for (const row of rows) {
    const reading = readOrder(row, context);
    if (reading.kind === 'report') events.push({ kind: 'order', report: reading.report });
    else if (reading.kind === 'fault') faults.push(reading.note);
  }
  return told(topic === undefined ? [] : [topic], events, faults);
}

/**
 * Snapshots, which may come in several pages, and changes alike list some currencies absolutely. What a
 * snapshot leaves out is zero; only who knows the balances from before can tell which those are.
 */
function decodeBalances(rows: readonly unknown[]): Decoded<AccountEvent> {
  const events: AccountEvent[] = [];
  const faults: string[] = [];
  for (const row of rows) {
    const reading = readBalances(row);
    if (reading === undefined || reading.unread > 0) faults.push('malformed balances');
    if (reading && reading.position.balances.length > 0) {
      events.push({ kind: 'balances', position: reading.position });
    }
  }
  return told([ACCOUNT], events, faults);
}

/** What can be read is never held back by what cannot. */
function told(
  topics: readonly string[],
  events: readonly AccountEvent[],
  faults: readonly string[],
): Decoded<AccountEvent> {
  const [first] = faults;
  if (first === undefined) return { kind: 'events', topics, events };
  return events.length === 0 && faults.length === 1
    ? unknown(first)
    : { kind: 'events', topics, events, faults };
}

function unknown(note: string): Decoded<AccountEvent> {
  return { kind: 'unknown', note };
}
