import type { Decoded, Refusal } from '../contract';
import { isObject } from './fields';
import type { AnswerWire, Unproven } from './wire';

const LONGEST_TEXT = 160;
/** Binance echoes ids of up to 36 characters. */
const LONGEST_ID = 36;

/** Answers to SUBSCRIBE, UNSUBSCRIBE and LIST_SUBSCRIPTIONS. */
export function decodeAnswer(answer: Unproven<AnswerWire>): Decoded<never> {
  const id = idOf(answer.id);
  const reason = refusalOf(answer);
  if (reason !== undefined)
    return id === undefined ? { kind: 'refused', reason } : { kind: 'refused', id, reason };
  const { result } = answer;
  if (result === undefined) return { kind: 'unknown', note: 'unrecognised object' };
  if (id === undefined) return { kind: 'ignored' }; // answers none of our requests
  if (!Array.isArray(result)) return { kind: 'ack', id };
  const topics = (result as readonly unknown[]).filter((one) => typeof one === 'string');
  return { kind: 'ack', id, topics };
}

function idOf(id: unknown): string | undefined {
  if (typeof id === 'string' && id.length <= LONGEST_ID) return id;
  return Number.isSafeInteger(id) ? String(id) : undefined;
}

/** Errors come flat (`{code,msg,id}`) and nested (`{error:{code,msg},id}`). */
function refusalOf({ error, code, msg }: Unproven<AnswerWire>): Refusal | undefined {
  const nested = isObject(error) ? (error as Unproven<AnswerWire>) : undefined;
  const venueCode = nested === undefined ? code : nested.code;
  if (!Number.isSafeInteger(venueCode)) return undefined;
  return {
    code: String(venueCode),
    text: lineOf(nested === undefined ? msg : nested.msg),
    ...consequence(venueCode),
  };
}

/**
 * What follows from a venue code.
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#error-messages
 */
function consequence(code: unknown): Pick<Refusal, 'retry' | 'split'> {
  switch (code) {
    case 0: // unknown property
    case 1: // invalid value type
    case 2: // invalid request: one bad parameter spoils its neighbours, and is not named
      return { retry: 'never', split: true };
    case 3: // invalid JSON: our frame was cut on its way
    case 4: // too many subscriptions: room may be found on another connection
    default:
      return { retry: 'backoff' };
  }
}

/** First line of the venue's words, shortened. */
function lineOf(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text.slice(0, LONGEST_TEXT).split('\n', 1)[0] ?? '';
}
