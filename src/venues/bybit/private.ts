import type { AccountEvent } from '../../domain/account';
import type { Codec, DecodeContext, Decoded, Topic } from '../contract';
import type { Wallet } from './balances';
import { coinsOf, readWallet, walletOf } from './balances';
import { MALFORMED_ORDER, readOrder } from './orders';
import { decodePrivateAnswer } from './private-answers';
import type { OrderRow, PrivateFrame, WalletRow } from './private-wire';
import type { AnswerFrame } from './wire';

export const ORDER_TOPIC: Topic = 'order';
export const WALLET_TOPIC: Topic = 'wallet';

const MALFORMED_WALLET = 'malformed wallet';

/** State of one connection. */
export interface PrivateState {
  /** The account keeps its inverse contracts in a wallet of their own (UTA 1.0). */
  hasContractWallet: boolean;
}

type Context = DecodeContext<PrivateState>;

/** What became of one row: an event, notes on what could not be read, or nothing as it is another market's. */
type Row = readonly (AccountEvent | string)[];

/**
 * One private socket carries all categories of the account; each market takes its own rows.
 * https://bybit-exchange.github.io/docs/v5/websocket/private/order
 */
export const privateCodec: Codec<AccountEvent, PrivateState> = {
  begin: () => ({ hasContractWallet: false }),
  decode,
};

function decode(text: string, context: Context): Decoded<AccountEvent> {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return unknown('not JSON');
  }
  if (!isObject(frame)) return unknown('not an object');
  const { topic, data } = frame as PrivateFrame;
  if (typeof topic !== 'string') return decodePrivateAnswer(frame as AnswerFrame);
  const read = readerOf(topic, frame as PrivateFrame, context);
  if (!read) return unknown('a topic that was not asked for');
  return Array.isArray(data) ? eventsOf(topic, data.flatMap(read)) : unknown('account data without rows');
}

/** Topics may be spelled by category: `order.linear`. */
function readerOf(
  topic: Topic,
  { creationTime }: PrivateFrame,
  context: Context,
): ((row: unknown) => Row) | undefined {
  const time = isTime(creationTime) ? creationTime : undefined;
  const [name, category] = topic.split('.', 2);
  if (name === ORDER_TOPIC) return (row) => orderEvent(row, category, time, context);
  if (name === WALLET_TOPIC) return (row) => walletEvent(row, time, context);
  return undefined;
}

/** Good rows are never lost to a bad one beside them; the next look over REST finds what that one told. */
function eventsOf(topic: Topic, rows: Row): Decoded<AccountEvent> {
  const events = rows.filter((row) => typeof row === 'object');
  const faults = rows.filter((row) => typeof row === 'string');
  const [fault] = faults;
  if (events.length === 0 && fault !== undefined) return unknown(fault);
  return { kind: 'events', topics: [topic], events, ...(faults.length > 0 && { faults }) };
}

function orderEvent(
  row: unknown,
  category: string | undefined,
  time: number | undefined,
  { market }: Context,
): Row {
  if (!isObject(row)) return [MALFORMED_ORDER];
  if (((row as OrderRow).category ?? category) !== market.kind) return [];
  const report = readOrder(row, market.kind, time);
  return [typeof report === 'string' ? report : { kind: 'order', report }];
}

function walletEvent(row: unknown, time: number | undefined, context: Context): Row {
  if (time === undefined || !isObject(row)) return [MALFORMED_WALLET];
  if (!isTradedFrom(walletOf(row), context)) return [];
  const position = readWallet(row as WalletRow, time);
  if (!position) return [MALFORMED_WALLET];
  if (position.balances.length === 0) return [];
  const isWhole = position.balances.length === coinsOf(row);
  return [{ kind: 'balances', position }, ...(isWhole ? [] : [MALFORMED_WALLET])];
}

/** Which wallets exist is the account's matter: a contract wallet, once seen, is the one of inverse contracts. */
function isTradedFrom(wallet: Wallet | undefined, { state, market }: Context): boolean {
  if (wallet === 'CONTRACT') state.hasContractWallet = true;
  if (market.kind === 'spot') return wallet === 'UNIFIED' || wallet === 'SPOT';
  if (market.kind === 'linear') return wallet === 'UNIFIED';
  return wallet === 'CONTRACT' || (wallet === 'UNIFIED' && !state.hasContractWallet);
}

function unknown(note: string): Decoded<AccountEvent> {
  return { kind: 'unknown', note };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
