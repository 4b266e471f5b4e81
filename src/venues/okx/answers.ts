import type { Decoded, Refusal, Topic } from '../contract';
import { isObject, lineOf } from './fields';
import { topicOf } from './topics';
import type { AnswerWire, ArgWire, Unproven } from './wire';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** A connection may send 480 requests per hour: wait long enough for some of them to be forgotten. */
const THROTTLE_PAUSE_MS = MINUTE;
/** 60 s before the venue closes, 30 s by its older texts. */
const NOTICE_LEAD_MS = 30 * SECOND;

const SERVICE_UPGRADE = '64008';
const TOO_MANY_REQUESTS = '60014';

/** Frames with an `event`: answers to requests, and the venue's own announcements. */
export function decodeAnswer(answer: Unproven<AnswerWire>): Decoded<never> {
  switch (answer.event) {
    case 'subscribe':
      return decodeAck(answer.arg);
    case 'unsubscribe':
      return typeof answer.id === 'string' ? { kind: 'ack', id: answer.id } : { kind: 'ignored' };
    case 'error':
      return decodeError(answer);
    case 'notice':
      return answer.code === SERVICE_UPGRADE
        ? { kind: 'moveAway', afterMs: NOTICE_LEAD_MS }
        : { kind: 'unknown', note: 'unrecognised notice' };
    case 'channel-conn-count':
      return { kind: 'ignored' };
    default:
      return { kind: 'unknown', note: 'unrecognised event' };
  }
}

/**
 * One ack per topic, so the request's id, which all of them echo, must not be passed on: it would
 * confirm the topics whose own answers are still to come.
 */
function decodeAck(arg: unknown): Decoded<never> {
  if (!isObject(arg)) return { kind: 'unknown', note: 'ack without arg' };
  const { channel, instId } = arg as Unproven<ArgWire>;
  if (typeof channel !== 'string') return { kind: 'unknown', note: 'ack without channel' };
  if (typeof instId !== 'string') return { kind: 'ignored' }; // no channel of public topics
  return { kind: 'ack', topics: [topicOf(channel, instId)] };
}

function decodeError({ id, code, msg }: Unproven<AnswerWire>): Decoded<never> {
  if (typeof code !== 'string') return { kind: 'unknown', note: 'error without code' };
  const text = lineOf(msg);
  if (code === TOO_MANY_REQUESTS) {
    return { kind: 'throttled', reason: { code, text, retry: { afterMs: THROTTLE_PAUSE_MS } } };
  }
  const topic = topicInProse(text);
  const reason = { code, text, ...consequence(code, topic === undefined) };
  // Without the id, for the same reason as in acks: the neighbours get answers of their own.
  if (topic !== undefined) return { kind: 'refused', topics: [topic], reason };
  return typeof id === 'string' ? { kind: 'refused', id, reason } : { kind: 'refused', reason };
}

/**
 * What follows from a venue code: https://www.okx.com/docs-v5/en/#error-code-websocket
 * `60018` also meets instruments that are listed, but not yet streamed: a later try may succeed, soon in
 * most cases, and delisted ones are dropped in an hour, as lists are refreshed. Those that are named share
 * their next request; each of the nameless has one of its own, too dear to repeat it soon.
 */
function consequence(code: string, isNameless: boolean): Pick<Refusal, 'retry' | 'retryUpToMs' | 'split'> {
  switch (code) {
    case '60018': // channel or instrument does not exist
      return isNameless
        ? { retry: { afterMs: HOUR }, split: true }
        : { retry: { afterMs: MINUTE }, retryUpToMs: HOUR };
    case '60008': // channel of another URL
    case '60012': // malformed request
    case '60013': // malformed parameters
    case '60027': // parameter missing
    case '60028': // channel not on this URL
    case '60033': // parameter wrong
    case '64001': // channel moved to the business URL
    case '64002': // channel not on the business URL
      return isNameless ? { retry: 'never', split: true } : { retry: 'never' };
    default: // 63999, 64007: internal error
      return { retry: 'backoff' };
  }
}

/**
 * An error names its topic in prose only: `... channel:tickers, instId:NEAR-USDT-SWAP doesn't exist.`
 * (with and without the blank).
 */
function topicInProse(text: string): Topic | undefined {
  const channel = wordAfter(text, 'channel:');
  const instId = wordAfter(text, 'instId:');
  return channel === '' || instId === '' ? undefined : topicOf(channel, instId);
}

function wordAfter(text: string, label: string): string {
  const found = text.indexOf(label);
  if (found < 0) return '';
  const from = found + label.length;
  let to = from;
  while (to < text.length && !' ,"'.includes(text.charAt(to))) to += 1;
  return text.slice(from, to);
}
