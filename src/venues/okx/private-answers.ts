import type { Decoded, MarketDescriptor, Refusal } from '../contract';
import { isObject, lineOf } from './fields';
import { ACCOUNT, ORDERS, orderTopicsOf } from './private-topics';
import { authConsequence } from './refusals';
import { topicOf } from './topics';
import type { AnswerWire, Unproven } from './wire';

const SECOND = 1_000;
/** A connection may send 480 requests per hour: wait long enough for some of them to be forgotten. */
const THROTTLE_PAUSE_MS = 60 * SECOND;
/** 60 s before the venue closes, 30 s by its older texts. */
const NOTICE_LEAD_MS = 30 * SECOND;

const SERVICE_UPGRADE = '64008';
const TOO_MANY_REQUESTS = '60014';
const NOT_LOGGED_IN = '60011';
const LOGGED_IN_ALREADY = '60031';
const SUCCESS = '0';

/** Until the venue has agreed to the login, every error speaks of it. */
export interface LoginState {
  isLoggedIn: boolean;
}

/** Frames of a private connection with an `event`; a success of the login is noted in `state`. */
export function decodePrivateAnswer(
  answer: Unproven<AnswerWire>,
  state: LoginState,
  market: MarketDescriptor,
): Decoded<never> {
  switch (answer.event) {
    case 'login':
      return decodeLogin(answer, state);
    case 'subscribe':
    case 'unsubscribe':
      return decodeAck(answer);
    case 'error':
      return decodeError(answer, state);
    case 'notice':
      return answer.code === SERVICE_UPGRADE
        ? { kind: 'moveAway', afterMs: NOTICE_LEAD_MS }
        : { kind: 'unknown', note: 'unrecognised notice' };
    case 'channel-conn-count':
      return { kind: 'ignored' };
    case 'channel-conn-count-error':
      return decodeConnectionLimit(answer, market);
    default:
      return { kind: 'unknown', note: 'unrecognised event' };
  }
}

function decodeLogin(answer: Unproven<AnswerWire>, state: LoginState): Decoded<never> {
  if (answer.code !== SUCCESS) return decodeError(answer, state);
  state.isLoggedIn = true;
  return { kind: 'loggedIn' };
}

/** {"id":"2","event":"subscribe","arg":{"channel":"orders","instType":"SPOT"},"connId":"4adc328c"} */
function decodeAck({ id, arg }: Unproven<AnswerWire>): Decoded<never> {
  if (typeof id === 'string') return { kind: 'ack', id };
  const { channel, instType } = (isObject(arg) ? arg : {}) as { channel?: unknown; instType?: unknown };
  if (channel === ACCOUNT) return { kind: 'ack', topics: [ACCOUNT] };
  if (channel === ORDERS && typeof instType === 'string') {
    return { kind: 'ack', topics: [topicOf(ORDERS, instType)] };
  }
  return { kind: 'unknown', note: 'ack of no topic' };
}

/**
 * {"event":"channel-conn-count-error","channel":"orders","connCount":"30","connId":"a4d3ae55"}
 * Comes after the ack: more than 30 connections of the sub-account, other programs included, hear the
 * channel, and this one does not. https://www.okx.com/docs-v5/en/#overview-websocket-connection-count-limit
 */
function decodeConnectionLimit(answer: Unproven<AnswerWire>, market: MarketDescriptor): Decoded<never> {
  const { channel } = answer as { channel?: unknown };
  if (channel !== ORDERS && channel !== ACCOUNT) {
    return { kind: 'unknown', note: 'connection limit of no topic' };
  }
  const text = `too many connections of the account on channel ${channel}`;
  return {
    kind: 'refused',
    topics: channel === ACCOUNT ? [ACCOUNT] : orderTopicsOf(market),
    reason: { code: 'channel-conn-count-error', text, retry: 'backoff' },
  };
}

/** {"event":"error","code":"60009","msg":"Login failed.","connId":"a4d3ae55"} */
function decodeError({ id, code, msg }: Unproven<AnswerWire>, { isLoggedIn }: LoginState): Decoded<never> {
  if (typeof code !== 'string') return { kind: 'unknown', note: 'error without code' };
  const text = lineOf(msg);
  const auth = authConsequence(code);
  if (auth) return { kind: 'loginRefused', reason: { code, text, ...auth } };
  switch (code) {
    case TOO_MANY_REQUESTS:
      return tooMany(text, isLoggedIn);
    case LOGGED_IN_ALREADY:
      return isLoggedIn ? { kind: 'ignored' } : { kind: 'ended', reason: `${code} ${text}` };
    case NOT_LOGGED_IN:
      return { kind: 'ended', reason: `${code} ${text}` };
    default:
      return isLoggedIn ? refused(id, code, text) : loginFailed(code, text);
  }
}

function loginFailed(code: string, text: string): Decoded<never> {
  return { kind: 'loginRefused', reason: { code, text, retry: 'backoff', cause: 'venue' } };
}

function refused(id: unknown, code: string, text: string): Decoded<never> {
  const reason: Refusal = { code, text, retry: isOurFault(code) ? 'never' : 'backoff' };
  return typeof id === 'string' ? { kind: 'refused', id, reason } : { kind: 'refused', reason };
}

function tooMany(text: string, isLoggedIn: boolean): Decoded<never> {
  const retry = { afterMs: THROTTLE_PAUSE_MS };
  const reason: Refusal = { code: TOO_MANY_REQUESTS, text, retry, cause: 'limit' };
  return { kind: isLoggedIn ? 'throttled' : 'loginRefused', reason };
}

/** The same request gets the same answer. https://www.okx.com/docs-v5/en/#error-code-websocket */
function isOurFault(code: string): boolean {
  switch (code) {
    case '60008': // channel of another URL
    case '60012': // malformed request
    case '60013': // malformed parameters
    case '60018': // no such channel
    case '60027': // parameter missing
    case '60028': // channel not on this URL
    case '60033': // parameter wrong
    case '64001':
    case '64002':
    case '64003': // fee tier too low
      return true;
    default: // 63999, 64007: internal error
      return false;
  }
}
