import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRestDeps } from '../contract';
import { epochMs, isObject } from './fields';
import { causeOf, refusalOf, safeLine } from './refusals';
import { getHeaders } from './signing';
import type { RestWire, Unproven } from './wire';

/** The venue's answer, whatever it says. */
export interface VenueAnswer {
  readonly what: string;
  readonly status: number;
  /** `00000`: success. Undefined: not an answer of the API. */
  readonly code: string | undefined;
  readonly words: string;
  /** The venue's clock, epoch ms. */
  readonly time: number | undefined;
  readonly data: unknown;
  readonly retryAfterMs: number | undefined;
}

export interface Question {
  /** For messages: no secret, no query. */
  readonly what: string;
  /** One of `WEIGHT`. */
  readonly weight: number;
  readonly path: string;
  /** Values must need no escaping: what is signed is what is sent. */
  readonly query?: Readonly<Record<string, string>>;
  readonly isUnsigned?: boolean;
  /** The demo environment. */
  readonly isDemo?: boolean;
}

/** Fails with ConnectorError where there is no answer; refusals are answers. */
export type Ask = (question: Question) => Promise<VenueAnswer>;

const SECOND = 1_000;
const SUCCESS = '00000';
/** Limits count per second and user. */
const LIMIT_PAUSE_MS = 2 * SECOND;
const REFUSED_PAUSE = { afterMs: 300 * SECOND } as const;
/** 100 orders take 60 KB. */
const LARGEST_ANSWER_BYTES = 8 * 1_024 * 1_024;
const LONGEST_CODE = 8;

/** The account is of the other generation, or of the other environment: asking elsewhere may help. */
export class WrongDoor extends ConnectorError {}

/**
 * Signed GETs on global fetch. Not through the vendor's SDK: it signs with the clock of this machine, not
 * with the venue's time, and its exceptions hold the signed request.
 */
export function signedHttp(
  { market, credentials }: Account,
  { rewrite, timeoutMs, venueNow, inTurn }: AccountRestDeps,
): Ask {
  const base = rewrite(market.endpoints.rest).replace(/\/+$/, '');
  return async ({ what: asked, weight, path, query = {}, isUnsigned = false, isDemo = false }) => {
    const what = `${market.exchange} ${asked}`;
    const search = new URLSearchParams(query).toString();
    const target = search === '' ? path : `${path}?${search}`;
    // The deadline and the signature begin with the turn, which may take minutes to come.
    const call = async (): Promise<VenueAnswer> => {
      const headers = {
        ...(isUnsigned ? {} : getHeaders(credentials, target, venueNow())),
        ...(isDemo ? { paptrading: '1' } : {}),
      };
      // One signal for the whole answer, body included.
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(base + target, { headers, signal, redirect: 'error' });
      return answerOf(what, response, await bodyOf(what, response));
    };
    try {
      return await inTurn(call, weight);
    } catch (thrown) {
      throw fetchError(what, thrown);
    }
  };
}

/** The data of a success. Fails with ConnectorError: `never` where the account or its key is refused. */
export function successOf(answer: VenueAnswer): { data: unknown; time: number } {
  const { what, status, code, words, time, data } = answer;
  if (status === 200 && code === SUCCESS && time !== undefined) return { data, time };
  const said = code === undefined ? '' : ` ${code} ${words}`;
  const message = `${what}: HTTP ${status}${said}`;
  if (status === 200 && (code === undefined || code === SUCCESS)) {
    throw new ConnectorError('REST_BAD_ANSWER', `${what}: not an answer of the API`);
  }
  throw refusal(message, answer);
}

/** What speaks of the account keeps the venue's refusal as its cause: it tells a clock from a key. */
function refusal(message: string, answer: VenueAnswer): ConnectorError {
  const { status, code = '', words, retryAfterMs = LIMIT_PAUSE_MS } = answer;
  const about = causeOf(code);
  if (about === 'limit' || status === 429 || status === 418) {
    return new ConnectorError('REST_LIMITED', message, { retry: { afterMs: retryAfterMs } });
  }
  if (about === undefined) {
    return new ConnectorError('REST_FAILED', message, isFirewall(answer) ? { retry: REFUSED_PAUSE } : {});
  }
  const cause = refusalOf(code, words);
  const Refused = about === 'venue' ? WrongDoor : ConnectorError;
  return new Refused('REST_FAILED', message, { retry: cause.retry, cause });
}

/** Of the region or the address: neither cured by quick repetition nor final. */
function isFirewall({ status, code }: VenueAnswer): boolean {
  return code === undefined && (status === 403 || status === 451);
}

/** {"code":"40037","msg":"Apikey does not exist","requestTime":1695808949356,"data":null} */
function answerOf(what: string, { status, headers }: Response, body: string): VenueAnswer {
  const parsed = parse(body);
  const { code, msg, requestTime, data } = (isObject(parsed) ? parsed : {}) as Unproven<RestWire>;
  return {
    what,
    status,
    code: typeof code === 'string' && code !== '' && code.length <= LONGEST_CODE ? code : undefined,
    words: safeLine(msg),
    time: epochMs(requestTime),
    data,
    retryAfterMs: secondsOf(headers.get('retry-after')),
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined; // no answer of the API: told apart by its missing code
  }
}

function secondsOf(text: string | null): number | undefined {
  const seconds = text === null || text === '' ? NaN : Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * SECOND : undefined;
}

async function bodyOf(what: string, { body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > LARGEST_ANSWER_BYTES) throw new ConnectorError('REST_BAD_ANSWER', `${what}: endless answer`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `fetch` says why only in the cause, which names host and port at most. */
function fetchError(what: string, thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  if (!(thrown instanceof Error)) return new ConnectorError('REST_FAILED', `${what}: no answer`);
  if (thrown.name === 'TimeoutError') return new ConnectorError('REST_TIMEOUT', `${what}: no answer in time`);
  const { cause } = thrown;
  const code: unknown = isObject(cause) && 'code' in cause ? cause.code : undefined;
  const reason = typeof code === 'string' ? code : 'no answer';
  return new ConnectorError('REST_FAILED', `${what}: ${reason}`, cause instanceof Error ? { cause } : {});
}
