import type { AccountEvent } from '../../domain/account';
import type { Codec, DecodeContext, Decoded } from '../contract';
import { oddBalances, readAccountUpdate, readBalanceUpdate, readPosition } from './balances';
import { parseExact } from './exact-json';
import { isObject } from './fields';
import { readFuturesOrder } from './futures-orders';
import { readSpotOrder, type OrderReading } from './orders';
import { decodeApiAnswer } from './private-answers';
import { USER_DATA } from './private-session';
import type { PrivateEnvelopeWire, PrivateEventWire } from './private-wire';
import type { Unproven } from './wire';

/** Every event stands alone; which one is the newest is the order ledger's business. */
export const privateCodec: Codec<AccountEvent, null> = { begin: () => null, decode };

/** Understood, and told better by other events or of no interest to anyone. */
const IGNORED: ReadonlySet<unknown> = new Set([
  /** Twin of outboundAccountPosition in old streams: balances would come twice. */
  'outboundAccountInfo',
  /** Followed by a position event. */
  'externalLockUpdate',
  /** Order lists: each leg has reports of its own. */
  'listStatus',
  /** The fast twin of ORDER_TRADE_UPDATE, without cumulative quantities. */
  'TRADE_LITE',
  /** Conditional orders before their trigger; the triggered order reports itself. */
  'ALGO_UPDATE',
  'CONDITIONAL_ORDER_TRIGGER_REJECT',
  'STRATEGY_UPDATE',
  'GRID_UPDATE',
  'MARGIN_CALL',
  'ACCOUNT_CONFIG_UPDATE',
]);

const MALFORMED_BALANCE = 'malformed balance';

type Context = DecodeContext<null>;

function decode(frame: string, context: Context): Decoded<AccountEvent> {
  const parsed = parseExact(frame);
  if (Array.isArray(parsed)) return decodeList(parsed, context);
  return isObject(parsed) ? decodeObject(unwrap(parsed), context) : unknown('not a JSON object');
}

/** `{subscriptionId,event}`, `{stream,data}`, or the event itself: told by the payload, not by the names. */
function unwrap(parsed: Unproven<PrivateEnvelopeWire>): object {
  if (isObject(parsed.event)) return parsed.event;
  return isObject(parsed.data) && typeof parsed.stream === 'string' ? parsed.data : parsed;
}

/** The events of all items; an item that cannot be read does not hide the others, and is not hidden by them. */
function decodeList(items: readonly unknown[], context: Context): Decoded<AccountEvent> {
  const decoded = items.map((item) =>
    isObject(item) ? decodeObject(unwrap(item), context) : unknown('not an object'),
  );
  const events = decoded.flatMap((one) => (one.kind === 'events' ? one.events : []));
  if (events.length === 0) return unknown('array without events');
  return happened(events, decoded.flatMap(faultsOf));
}

function faultsOf(decoded: Decoded<AccountEvent>): readonly string[] {
  if (decoded.kind === 'unknown') return [decoded.note];
  return decoded.kind === 'events' ? (decoded.faults ?? []) : [];
}

function decodeObject(payload: object, context: Context): Decoded<AccountEvent> {
  const { e } = payload as Unproven<PrivateEventWire>;
  switch (e) {
    case undefined:
      return decodeApiAnswer(payload, context.receivedAt);
    case 'executionReport':
      return ordered(readSpotOrder(payload));
    case 'ORDER_TRADE_UPDATE':
      return ordered(readFuturesOrder(payload, context.market.kind));
    case 'listenKeyExpired':
      return { kind: 'ended', reason: 'listen key expired' };
    case 'eventStreamTerminated':
      return { kind: 'ended', reason: 'event stream terminated' };
    case 'serverShutdown':
      // No lead time is documented: leave at once.
      return { kind: 'moveAway', afterMs: 0 };
    default:
      return IGNORED.has(e) ? { kind: 'ignored' } : decodeBalances(e, payload);
  }
}

function decodeBalances(e: unknown, payload: object): Decoded<AccountEvent> {
  switch (e) {
    case 'outboundAccountPosition':
      return balanced(readPosition(payload), oddBalances(payload));
    case 'balanceUpdate':
      return balanced(readBalanceUpdate(payload));
    case 'ACCOUNT_UPDATE':
      return balanced(readAccountUpdate(payload));
    default:
      return unknown('unrecognised event type');
  }
}

/** Undefined: an order of another market. */
function ordered(reading: OrderReading | undefined): Decoded<AccountEvent> {
  if (reading === undefined) return { kind: 'ignored' };
  return reading.kind === 'order' ? happened([reading]) : unknown(reading.note);
}

function balanced(event: AccountEvent | undefined, odd = 0): Decoded<AccountEvent> {
  if (event === undefined) return unknown(MALFORMED_BALANCE);
  return happened(
    [event],
    Array.from({ length: odd }, () => MALFORMED_BALANCE),
  );
}

function happened(events: readonly AccountEvent[], faults: readonly string[] = []): Decoded<AccountEvent> {
  return { kind: 'events', topics: [USER_DATA], events, ...(faults.length > 0 && { faults }) };
}

function unknown(note: string): Decoded<AccountEvent> {
  return { kind: 'unknown', note };
}
