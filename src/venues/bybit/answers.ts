import type { Decoded, Refusal, Topic } from '../contract';
import type { AnswerFrame } from './wire';

type Answer = Exclude<Decoded<never>, { kind: 'events' }>;

const LONGEST_TEXT = 160;

/** A symbol may be listed over REST before its stream exists: ask again, soon at first, then rarely. */
const UNKNOWN_TOPIC_RETRY = { retry: { afterMs: 60_000 }, retryUpToMs: 30 * 60_000 };

/** Answers to our own frames. Bybit's refusals have no codes: its texts are mapped here, once. */
export function decodeAnswer(frame: AnswerFrame): Answer {
  const { op } = frame;
  if (op === 'subscribe' || op === 'unsubscribe') return isSuccess(frame) ? ack(frame) : refused(frame);
  // A public pong says op "ping"; a private one says op "pong".
  if (op === 'ping' || op === 'pong') return { kind: 'pong' };
  if (op === 'auth') return { kind: 'ignored' };
  if (frame.success === false) return { kind: 'unknown', note: 'the venue could not read a request' };
  return { kind: 'unknown', note: 'neither a topic nor a known op' };
}

function isSuccess({ success, retCode }: AnswerFrame): boolean {
  return success === true || retCode === 0;
}

function ack(frame: AnswerFrame): Answer {
  const id = idOf(frame);
  return id === undefined ? { kind: 'ack' } : { kind: 'ack', id };
}

function refused(frame: AnswerFrame): Answer {
  const text = textOf(frame);
  const topics = topicsNamedIn(text);
  const id = idOf(frame);
  return {
    kind: 'refused',
    reason: refusal(text, topics.length > 0),
    ...(id === undefined ? {} : { id }),
    ...(topics.length === 0 ? {} : { topics }),
  };
}

/** One unknown topic fails its whole request: where it is named the others are asked for again. */
function refusal(text: string, isNamed: boolean): Refusal {
  if (text.includes('already subscribed')) {
    return { code: 'ALREADY_SUBSCRIBED', text, retry: 'backoff', alreadyLive: true };
  }
  if (isNamed) return { code: 'UNKNOWN_TOPIC', text, ...UNKNOWN_TOPIC_RETRY };
  const code = text.startsWith('args size') ? 'TOO_MANY_TOPICS' : 'REFUSED';
  return { code, text, retry: 'backoff', split: true };
}

/** An empty `req_id` counts as absent. */
function idOf({ req_id }: AnswerFrame): string | undefined {
  return typeof req_id === 'string' && req_id !== '' ? req_id : undefined;
}

function textOf({ ret_msg, retMsg }: AnswerFrame): string {
  const text = ret_msg ?? retMsg;
  return typeof text === 'string' ? text.slice(0, LONGEST_TEXT).replace(/\s+/g, ' ') : '';
}

/** `...,topic:tickers.NOPEUSDT` (derivatives) or `Invalid symbol :[tickers.NOPEUSDT]` (spot). */
function topicsNamedIn(text: string): readonly Topic[] {
  return text.match(/(?:tickers|kline)\.[^\s,\]]+/g) ?? [];
}
