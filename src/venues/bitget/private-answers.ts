import type { MarketKind } from '../../domain/exchange';
import type { Decoded } from '../contract';
import { topicsBehind } from './account-topics';
import type { AccountArgWire } from './account-wire';
import { decodeAnswer } from './answers';
import { isObject } from './fields';
import { causeOf, refusalOf } from './refusals';
import { argOf } from './topics';
import type { AnswerWire, Unproven } from './wire';

const SUCCESS = '0';
const NOT_LOGGED_IN = '30004';
const LONGEST_CODE = 8;

/** `event` frames of the private streams: answers to logins and requests. */
export function decodePrivateAnswer(answer: Unproven<AnswerWire>, kind: MarketKind): Decoded<never> {
  const { event, code: given, msg } = answer;
  const code = codeText(given);
  if (event === 'login') {
    if (code === undefined) return { kind: 'unknown', note: 'login without a code' };
    return code === SUCCESS ? { kind: 'loggedIn' } : { kind: 'loginRefused', reason: refusalOf(code, msg) };
  }
  if (event === 'error' && code !== undefined && isAboutLogin(code)) {
    return { kind: 'loginRefused', reason: refusalOf(code, msg) };
  }
  // Of no topic: it is not that we asked too early, the session is gone.
  if (event === 'error' && code === NOT_LOGGED_IN && !isObject(answer.arg)) {
    return { kind: 'ended', reason: `${code} not logged in` };
  }
  return ofOurTopics(decodeAnswer({ ...answer, arg: classicArg(answer.arg) }), kind);
}

/** Answers name topics in the words of the account's API. */
function ofOurTopics(decoded: Decoded<never>, kind: MarketKind): Decoded<never> {
  if (decoded.kind !== 'ack' && decoded.kind !== 'refused') return decoded;
  const topics = (decoded.topics ?? []).flatMap((topic) => topicsBehind(argOf(topic), kind));
  return { ...decoded, topics };
}

/** Limits are not refusals of the login, though they may strike it. */
function isAboutLogin(code: string): boolean {
  const cause = causeOf(code);
  return cause !== undefined && cause !== 'limit';
}

/** {"instType":"UTA","topic":"order"} in the words of the classic API. */
export function classicArg(arg: unknown): unknown {
  if (!isObject(arg)) return arg;
  const { instType, channel, instId, coin, topic } = arg as Unproven<AccountArgWire>;
  return { instType, channel: channel ?? topic, instId: instId ?? coin ?? 'default' };
}

function codeText(code: unknown): string | undefined {
  if (typeof code !== 'string' && typeof code !== 'number') return undefined;
  const text = String(code);
  return text !== '' && text.length <= LONGEST_CODE ? text : undefined;
}
