import type { Decoded } from '../contract';
import { isObject } from './fields';
import type { ApiAnswerWire, ApiErrorDataWire, ApiErrorWire } from './private-wire';
import { refusalOf } from './refusals';
import type { Unproven } from './wire';

/** Binance echoes ids of up to 36 characters. */
const LONGEST_ID = 36;
const OK = 200;

/**
 * Answers of the WebSocket API. All that we ever ask for there is the subscription, which is the login:
 * an error, also one without id (a key revoked while connected), refuses it.
 */
export function decodeApiAnswer(answer: Unproven<ApiAnswerWire>, receivedAt: number): Decoded<never> {
  const { status, error, result } = answer;
  const id = idOf(answer.id);
  if (isObject(error)) return { kind: 'loginRefused', reason: reasonOf(status, error, receivedAt) };
  if (status !== undefined && status !== OK) return { kind: 'unknown', note: 'answer without error' };
  if (result === undefined) return { kind: 'unknown', note: 'unrecognised object' };
  return id === undefined ? { kind: 'ignored' } : { kind: 'ack', id };
}

function reasonOf(status: unknown, { code, msg, data }: Unproven<ApiErrorWire>, receivedAt: number) {
  return refusalOf({
    status: whole(status),
    code: whole(code),
    text: msg,
    waitMs: isObject(data) ? waitOf(data, receivedAt) : undefined,
  });
}

/** `retryAfter` is a point in the venue's time. */
function waitOf({ serverTime, retryAfter }: Unproven<ApiErrorDataWire>, receivedAt: number) {
  const until = whole(retryAfter);
  return until === undefined ? undefined : until - (whole(serverTime) ?? receivedAt);
}

function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

function idOf(id: unknown): string | undefined {
  if (typeof id === 'string' && id.length <= LONGEST_ID) return id;
  return Number.isSafeInteger(id) ? String(id) : undefined;
}
