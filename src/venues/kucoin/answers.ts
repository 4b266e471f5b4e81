import type { Decoded, Refusal } from '../contract';
import { lineOf } from './fields';
import type { ControlWire } from './wire';

const LONGEST_ID = 64;

/** Everything but data: welcome, ack, pong, error. */
export function decodeControl(frame: ControlWire): Decoded<never> {
  switch (frame.type) {
    case 'welcome':
      // The server has accepted the token, and takes requests from now on.
      return { kind: 'loggedIn' };
    case 'ack':
      return acknowledged(idOf(frame.id));
    case 'pong':
      return { kind: 'pong' };
    case 'error':
      return refused(frame);
    default:
      return { kind: 'unknown', note: 'frame of an unknown type' };
  }
}

function acknowledged(id: string | undefined): Decoded<never> {
  return id === undefined ? { kind: 'unknown', note: 'ack without an id' } : { kind: 'ack', id };
}

function refused({ id: venueId, code, data }: ControlWire): Decoded<never> {
  if (!Number.isSafeInteger(code)) return { kind: 'unknown', note: 'error without a code' };
  const reason: Refusal = { code: String(code), text: lineOf(data), ...consequence(code) };
  // A dead token: only a new connection, which begins with a new token, can help.
  if (code === 401) return { kind: 'loginRefused', reason };
  const id = idOf(venueId);
  return id === undefined ? { kind: 'refused', reason } : { kind: 'refused', id, reason };
}

/** https://www.kucoin.com/docs-new/websocket-api/base-info/introduction (error codes) */
function consequence(code: unknown): Pick<Refusal, 'retry' | 'split'> {
  switch (code) {
    case 400: // malformed topic
    case 403: // a private topic on a public token
    case 404: // no such topic; which one of a comma list is not told
    case 406: // topic missing
      return { retry: 'never', split: true };
    case 415: // unknown command
      return { retry: 'never' };
    case 509: // too many topics at once, or on this connection, or too fast: smaller pieces serve all three
      return { retry: 'backoff', split: true };
    default:
      return { retry: 'backoff' };
  }
}

/** Ours are numbers in text form; the venue repeats them as we sent them. */
function idOf(id: unknown): string | undefined {
  if (typeof id === 'string') return id.length > 0 && id.length <= LONGEST_ID ? id : undefined;
  return Number.isSafeInteger(id) ? String(id) : undefined;
}
