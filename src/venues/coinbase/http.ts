import { ConnectorError, type Retry } from '../../domain/errors';
import { atOnce } from '../at-once';
import type { MarketDescriptor, RestDeps } from '../contract';
import { isObject, lineOf } from './fields';

/** One public REST call; resolves with the parsed answer, still unchecked. Fails with ConnectorError. */
export type Ask = (what: string, path: string) => Promise<unknown>;

const SECOND = 1_000;
/** Public requests are counted per second: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api */
const LIMIT_WINDOW_MS = SECOND;
const LONGEST_WAIT_S = 3_600;
/** Firewall or region refusals: neither cured by quick repetition nor final. */
const REFUSED_PAUSE_MS = 300 * SECOND;
/** The list of products is the largest answer: about 2 MB. */
const LARGEST_ANSWER_BYTES = 32 * 1_024 * 1_024;

/** What a request came back with; the answer parsed where it was JSON, still unchecked. */
export interface Reply {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  readonly answer: unknown;
}

/** Public REST on global fetch: three calls without a key need no SDK. */
export function openHttp(market: MarketDescriptor, { rewrite, timeoutMs, turns }: RestDeps): Ask {
  const base = rewrite(market.endpoints.rest).replace(/\/+$/, '');
  const inTurn = turns?.(market) ?? atOnce;
  return (what, path) =>
    inTurn(async () => {
      const name = `${market.exchange} ${what}`;
      const reply = await request(name, base + path, { timeoutMs });
      if (!reply.ok) throw refusal(name, reply);
      return objectOf(name, reply);
    });
}

/** One GET. Fails with ConnectorError where there is no whole answer; its message never holds URL or headers. */
export async function request(
  name: string,
  url: string,
  { timeoutMs, headers = {} }: { timeoutMs: number; headers?: Readonly<Record<string, string>> },
): Promise<Reply> {
  try {
    // One signal for the whole answer, body included.
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { signal, redirect: 'error', headers });
    const answer = parse(await bodyOf(name, response));
    return { ok: response.ok, status: response.status, headers: response.headers, answer };
  } catch (thrown) {
    throw fetchError(name, thrown);
  }
}

export function objectOf(name: string, { answer }: Reply): object {
  if (isObject(answer)) return answer;
  throw new ConnectorError('REST_BAD_ANSWER', `${name}: no JSON object`);
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

/**
 * {"error":"RATE_LIMIT_EXCEEDED","code":8,"message":"Too many requests"}
 * {"errors":[{"id":"rate_limit_exceeded","message":"..."}]}
 */
export function wordsOf(answer: unknown): string {
  const { error, errors }: { error?: unknown; errors?: unknown } = isObject(answer) ? answer : {};
  const [first] = Array.isArray(errors) ? (errors as readonly unknown[]) : [];
  const id: unknown = isObject(first) && 'id' in first ? first.id : undefined;
  const words = lineOf(error) || lineOf(id);
  return words === '' ? '' : ` ${words}`;
}

export function refusal(name: string, { status, headers, answer }: Reply): ConnectorError {
  const message = `${name}: HTTP ${status}${wordsOf(answer)}`;
  if (status === 429 || status === 418) {
    return new ConnectorError('REST_LIMITED', message, { retry: { afterMs: pauseMs(headers) } });
  }
  return new ConnectorError('REST_FAILED', message, { retry: retryOf(status) });
}

function retryOf(status: number): Retry {
  if (status === 403 || status === 451) return { afterMs: REFUSED_PAUSE_MS };
  const isOurFault = status >= 400 && status < 500 && status !== 408;
  return isOurFault ? 'never' : 'backoff';
}

/** Both in seconds; a reset that is no span but a date says nothing about a window of one second. */
function pauseMs(headers: Headers): number {
  const seconds = secondsOf(headers.get('retry-after')) ?? secondsOf(headers.get('x-ratelimit-reset'));
  return seconds === undefined ? LIMIT_WINDOW_MS : Math.max(LIMIT_WINDOW_MS, seconds * SECOND);
}

function secondsOf(text: string | null): number | undefined {
  if (text === null || !/^\d{1,10}$/.test(text)) return undefined;
  const seconds = Number(text);
  return seconds <= LONGEST_WAIT_S ? seconds : undefined;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined; // a firewall's page: told apart by being no object
  }
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
