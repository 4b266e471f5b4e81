import type { Retry } from '../../domain/errors';
import type { Decoded, Refusal, Topic } from '../contract';
import { isObject, lineOf } from './fields';
import { topicOf } from './topics';
import type { AnswerWire, ArgWire, Unproven } from './wire';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Requests are counted per second and per hour: a pause that ends the former and eases the latter. */
const THROTTLE_PAUSE_MS = 30 * SECOND;

const SUCCESS = '0';
const LONGEST_CODE = 8;

/** `event` frames: answers to logins and requests. */
export function decodeAnswer(answer: Unproven<AnswerWire>): Decoded<never> {
  switch (answer.event) {
    case 'subscribe':
      return decodeAck(answer.arg);
    case 'unsubscribe':
      // It names a topic, not a request: passed on, it would confirm a subscription made since.
      return { kind: 'ignored' };
    case 'login':
      return decodeLogin(answer);
    case 'error':
      return decodeError(answer);
    default:
      return { kind: 'unknown', note: 'neither data nor a known event' };
  }
}

/** One ack per topic, without the id of a request. */
function decodeAck(arg: unknown): Decoded<never> {
  const topic = topicOfArg(arg);
  return topic === undefined
    ? { kind: 'unknown', note: 'ack without a topic' }
    : { kind: 'ack', topics: [topic] };
}

function decodeLogin({ code, msg }: Unproven<AnswerWire>): Decoded<never> {
  const text = codeText(code);
  if (text === undefined) return { kind: 'unknown', note: 'login without a code' };
  if (text === SUCCESS) return { kind: 'loggedIn' };
  return { kind: 'loginRefused', reason: { code: text, text: lineOf(msg), retry: loginRetry(text) } };
}

function decodeError({ arg, code: given, msg }: Unproven<AnswerWire>): Decoded<never> {
  const code = codeText(given);
  if (code === undefined) return { kind: 'unknown', note: 'error without a code' };
  const text = lineOf(msg);
  const kind = kindOfError(code);
  if (kind === 'throttled') return { kind, reason: { code, text, retry: { afterMs: THROTTLE_PAUSE_MS } } };
  if (kind === 'loginRefused') return { kind, reason: { code, text, retry: loginRetry(code) } };
  const topic = topicOfArg(arg);
  // The topics of its request stay unanswered, and are asked for again when their time is up.
  if (topic === undefined) return { kind: 'unknown', note: `error ${code} without a topic` };
  const reason: Refusal = { code, text, ...topicRetry(code) };
  return { kind, topics: [topic], reason };
}

/** https://www.bitget.com/api-doc/common/websocket-intro (error codes) */
function kindOfError(code: string): 'throttled' | 'loginRefused' | 'refused' {
  switch (code) {
    case '30006': // too many requests
    case '30007': // over the limit; the venue closes the connection
      return 'throttled';
    case '30005': // login failed
    case '30011': // bad key
    case '30012': // bad passphrase
    case '30013': // timestamp invalid
    case '30014': // timestamp expired
    case '30015': // bad signature
      return 'loginRefused';
    default:
      return 'refused';
  }
}

/** A wrong time is cured by a better clock, a wrong credential by nobody but its owner. */
function loginRetry(code: string): Retry {
  return code === '30013' || code === '30014' ? 'backoff' : 'never';
}

function topicRetry(code: string): Pick<Refusal, 'retry' | 'retryUpToMs'> {
  switch (code) {
    // Unknown channel or instrument: the list may be ahead of the stream, by minutes in most cases.
    case '30001':
      return { retry: { afterMs: MINUTE }, retryUpToMs: HOUR };
    case '30002': // malformed requests: our fault, and no better the next time
    case '30003':
    case '30016':
      return { retry: 'never' };
    default: // 30004: not logged in yet
      return { retry: 'backoff' };
  }
}

/** The `account` channel has a `coin` where others have an `instId`. */
function topicOfArg(arg: unknown): Topic | undefined {
  if (!isObject(arg)) return undefined;
  const { instType, channel, instId, coin } = arg as Unproven<ArgWire & { coin: string }>;
  const id = instId ?? coin;
  if (typeof channel !== 'string' || typeof instType !== 'string' || typeof id !== 'string') return undefined;
  return topicOf(channel, instType, id);
}

function codeText(code: unknown): string | undefined {
  if (typeof code !== 'string' && typeof code !== 'number') return undefined;
  const text = String(code);
  return text !== '' && text.length <= LONGEST_CODE ? text : undefined;
}
