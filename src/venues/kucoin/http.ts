import { ConnectorError, type Retry } from '../../domain/errors';
import { atOnce } from '../at-once';
import type { InTurn, MarketDescriptor, RestDeps } from '../contract';
import { isObject, lineOf } from './fields';

/** How a call differs from a public GET. */
export interface Asking {
  readonly method?: 'GET' | 'POST';
  /** In the venue's count; default 1. */
  readonly weight?: number;
  /** Made once the call may go out, as they hold its time. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** The error of a code that speaks of key or signature; undefined: it speaks of something else. */
  readonly refusalOf?: (code: string, message: string) => ConnectorError | undefined;
  /** The refusal says that what was asked for is not there: resolves with undefined. */
  readonly isAbsent?: (code: string, words: string) => boolean;
}

/** One REST call; resolves with the `data` of the answer, still unchecked. */
export interface Http {
  /** True where the configured base is plain HTTP: a local test server. */
  readonly isPlain: boolean;
  /** `path` with its query. Fails with ConnectorError. */
  ask(what: string, path: string, asking?: Asking): Promise<unknown>;
}

export interface HttpDeps extends RestDeps {
  readonly inTurn?: InTurn;
}

const SECOND = 1_000;
/** Pools of weights are counted per 30 s and IP: https://www.kucoin.com/docs-new/rate-limit */
const LIMIT_WINDOW_MS = 30 * SECOND;
/** Firewall or region refusals: neither cured by quick repetition nor final. */
const REFUSED_PAUSE_MS = 300 * SECOND;
const SUCCESS = '200000';
const TOO_MANY_REQUESTS = '429000';
/** The list of spot symbols is the largest answer: about 1 MB. */
const LARGEST_ANSWER_BYTES = 32 * 1_024 * 1_024;

/** REST of one market, on global fetch: KuCoin needs no more, and its SDKs give less. */
export function openHttp({ exchange, endpoints }: MarketDescriptor, deps: HttpDeps): Http {
  const { rewrite, timeoutMs, inTurn = atOnce } = deps;
  const base = rewrite(endpoints.rest).replace(/\/+$/, '');
  return {
    isPlain: base.startsWith('http:'),
    ask: async (what, path, asking = {}) => {
      const { method = 'GET', weight = 1, headers = () => ({}) } = asking;
      const name = `${exchange} ${what}`;
      const call = async (): Promise<unknown> => {
        // One signal for the whole answer, body included.
        const signal = AbortSignal.timeout(timeoutMs);
        const init = { method, signal, headers: headers(), redirect: 'error' } as const;
        const response = await fetch(base + path, init);
        return dataOf(name, response, await bodyOf(name, response), asking);
      };
      try {
        return await inTurn(call, weight);
      } catch (thrown) {
        throw fetchError(name, thrown);
      }
    },
  };
}

async function bodyOf(name: string, { body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > LARGEST_ANSWER_BYTES) throw new ConnectorError('REST_BAD_ANSWER', `${name}: endless answer`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** {"code":"200000","data":...}; errors are {"code":"400100","msg":"..."}, with HTTP 200 as well. */
function dataOf(name: string, response: Response, body: string, { refusalOf, isAbsent }: Asking): unknown {
  const parsed = parse(body);
  const answer: { code?: unknown; msg?: unknown; data?: unknown } = isObject(parsed) ? parsed : {};
  if (response.ok && answer.code === SUCCESS) return answer.data;
  const code = typeof answer.code === 'string' ? answer.code : undefined;
  if (code === undefined) throw refusal(`${name}: HTTP ${response.status}`, response, code);
  const words = lineOf(answer.msg);
  if (isAbsent?.(code, words)) return undefined;
  const message = `${name}: HTTP ${response.status} ${lineOf(code)} ${words}`;
  throw refusalOf?.(code, message) ?? refusal(message, response, code);
}

function refusal(
  message: string,
  { ok, status, headers }: Response,
  code: string | undefined,
): ConnectorError {
  if (status === 429 || code === TOO_MANY_REQUESTS) {
    return new ConnectorError('REST_LIMITED', message, { retry: { afterMs: pauseMs(headers) } });
  }
  if (ok && code === undefined) return new ConnectorError('REST_BAD_ANSWER', message);
  return new ConnectorError('REST_FAILED', message, { retry: retryOf(status, code) });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined; // no answer of the API: told apart by its missing code
  }
}

/** 400xxx and 900xxx are about the question: the same one gets the same answer. */
function retryOf(status: number, code: string | undefined): Retry {
  if (code !== undefined && /^(400|900)/.test(code)) return 'never';
  if (status === 403 || status === 451) return { afterMs: REFUSED_PAUSE_MS };
  const isOurFault = status >= 400 && status < 500 && status !== 408;
  return isOurFault ? 'never' : 'backoff';
}

/** `gw-ratelimit-reset` is in ms, Retry-After (of the firewall) in seconds. */
function pauseMs(headers: Headers): number {
  const resetMs = numberOf(headers.get('gw-ratelimit-reset'));
  const seconds = numberOf(headers.get('retry-after'));
  return resetMs ?? (seconds === undefined ? LIMIT_WINDOW_MS : seconds * SECOND);
}

function numberOf(text: string | null): number | undefined {
  const value = text === null || text === '' ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** `fetch` says why only in the cause, which names host and port at most. */
function fetchError(name: string, thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  if (!(thrown instanceof Error)) return new ConnectorError('REST_FAILED', `${name}: no answer`);
  if (thrown.name === 'TimeoutError') return new ConnectorError('REST_TIMEOUT', `${name}: no answer in time`);
  const { cause } = thrown;
  const code: unknown = isObject(cause) && 'code' in cause ? cause.code : undefined;
  const reason = typeof code === 'string' ? code : 'no answer';
  return new ConnectorError('REST_FAILED', `${name}: ${reason}`, cause instanceof Error ? { cause } : {});
}
