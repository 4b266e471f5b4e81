import type { AccountEvent } from '../../domain/account';
import type { Codec, DecodeContext, Decoded, Topic } from '../contract';
import { ownLine } from './account-mode';
import { topicsBehind, UNIFIED } from './account-topics';
import type { UnifiedOrderWire } from './account-wire';
import { AveragePrices } from './average-prices';
import { classicReader, readBalances, unifiedReader } from './balances';
import { epochMs, isObject } from './fields';
import type { ReadOrder } from './order-facts';
import { readStreamOrder, readUnifiedOrder } from './orders';
import { classicArg, decodePrivateAnswer } from './private-answers';
import type { AnswerWire, ArgWire, FrameWire, Unproven } from './wire';

/** State of one private connection. */
export interface PrivateState {
  readonly averages: AveragePrices;
}

type Context = DecodeContext<PrivateState>;

/** Frames of the classic and of the unified private stream: each frame says which it is of. */
export const privateCodec: Codec<AccountEvent, PrivateState> = {
  begin: () => ({ averages: new AveragePrices() }),
  decode,
};

function decode(frame: string, context: Context): Decoded<AccountEvent> {
  if (frame === 'pong') return { kind: 'pong' };
  const parsed = parse(frame);
  if (!isObject(parsed)) return unknown('neither JSON nor pong');
  if ('event' in parsed) return decodePrivateAnswer(parsed as Unproven<AnswerWire>, context.market.kind);
  return decodeData(parsed as Unproven<FrameWire>, context);
}

/** Ids exceed what a number can hold: where one comes without quotes, it gets them before it is read. */
function parse(frame: string): unknown {
  const exact = frame.replace(/("(?:orderId|clientOid|clientOId)"\s*:\s*)(\d+)(?=\s*[,}])/g, '$1"$2"');
  try {
    return JSON.parse(exact) as unknown;
  } catch {
    return undefined; // told apart from a frame by its missing shape
  }
}

function decodeData(frame: Unproven<FrameWire>, context: Context): Decoded<AccountEvent> {
  const { instType, channel, instId } = (classicArg(frame.arg) ?? {}) as Unproven<ArgWire>;
  if (typeof instType !== 'string' || typeof channel !== 'string' || typeof instId !== 'string') {
    return unknown('neither an answer nor data of a topic');
  }
  if (!Array.isArray(frame.data)) return unknown('data is no list');
  const rows = frame.data as readonly unknown[];
  const topics = topicsBehind({ instType, channel, instId }, context.market.kind);
  if (topics.length === 0) return { kind: 'ignored' };
  const isUnified = instType === UNIFIED;
  switch (channel) {
    case 'orders':
      return decodeOrders(topics, rows, (row) =>
        readStreamOrder(row, instType === 'SPOT', context.state.averages),
      );
    case 'order':
      return decodeOrders(topics, ownRows(rows, context), readUnifiedOrder);
    case 'account':
      return decodeBalances(topics, isUnified ? coinsOf(rows) : rows, frame.ts, isUnified, context);
    default:
      return unknown('data of a channel that was not asked for');
  }
}

/** The unified stream tells all markets of an account to every connection. */
function ownRows(rows: readonly unknown[], { market }: Context): readonly unknown[] {
  return rows.filter((row) => {
    if (!isObject(row)) return true;
    const { category } = row as Unproven<UnifiedOrderWire>;
    return typeof category !== 'string' || ownLine(category, market.kind) !== undefined;
  });
}

function decodeOrders(
  topics: readonly Topic[],
  rows: readonly unknown[],
  read: (row: unknown) => ReadOrder,
): Decoded<AccountEvent> {
  const events: AccountEvent[] = [];
  const faults: string[] = [];
  for (const row of rows) {
    const order = read(row);
    if (order.kind === 'order') events.push(order);
    else faults.push(order.note);
  }
  return told(topics, events, faults);
}

/** What can be read of a push is never held back by what cannot. */
function told(
  topics: readonly Topic[],
  events: readonly AccountEvent[],
  faults: readonly string[],
): Decoded<AccountEvent> {
  const [first] = faults;
  if (first === undefined) return { kind: 'events', topics, events };
  return events.length === 0 && faults.length === 1
    ? unknown(first)
    : { kind: 'events', topics, events, faults };
}

/** [{"unrealisedPnL":"..","coin":[{"coin":"ETH", ...}, ...]}] */
function coinsOf(rows: readonly unknown[]): readonly unknown[] {
  return rows.flatMap((row): unknown[] => {
    const { coin } = (isObject(row) ? row : {}) as { readonly coin?: unknown };
    return Array.isArray(coin) ? (coin as unknown[]) : [row];
  });
}

function decodeBalances(
  topics: readonly Topic[],
  rows: readonly unknown[],
  ts: unknown,
  isUnified: boolean,
  { market }: Context,
): Decoded<AccountEvent> {
  const eventTime = epochMs(ts);
  if (eventTime === undefined) return unknown('balances: no time');
  const reader = isUnified ? unifiedReader(market.kind) : classicReader(market.kind);
  const { balances, unread } = readBalances(rows, reader);
  const faults = unread === 0 ? [] : ['balances: malformed'];
  if (balances.length === 0) return told(topics, [], faults);
  const position = {
    eventType: 'outboundAccountPosition',
    eventTime,
    lastAccountUpdate: 0,
    balances,
  } as const;
  return told(topics, [{ kind: 'balances', position }], faults);
}

function unknown(note: string): Decoded<AccountEvent> {
  return { kind: 'unknown', note };
}
