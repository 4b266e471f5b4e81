import { ConnectorError, type Retry } from '../../domain/errors';
import { isObject, lineOf } from './fields';

const SECOND = 1_000;
/** Public limits count per 2 s and IP. */
const LIMIT_WINDOW_MS = 2 * SECOND;
/** Firewall or region refusals: neither cured by quick repetition nor final. */
const REFUSED_PAUSE_MS = 300 * SECOND;

/** https://www.okx.com/docs-v5/en/#error-code-rest-api */
const LIMIT_CODES: ReadonlySet<unknown> = new Set(['50011', '50061']);
/** Parameter and instrument errors: the same question gets the same answer. */
const FINAL_CODES: ReadonlySet<unknown> = new Set(['50014', '50015', '51000', '51001', '51014', '51015']);

const TIMEOUTS: ReadonlySet<unknown> = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ERR_CANCELED']);

/** What axios throws, or the SDK where the answer's code is not 0. Unchecked: it comes from outside. */
interface Failure {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly response?: { readonly status?: unknown; readonly headers?: unknown; readonly data?: unknown };
}

/**
 * Turns whatever the SDK throws into a ConnectorError. The original is not kept as cause: it holds
 * the whole request.
 */
export function restError(what: string, thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  const failure: Failure = isObject(thrown) ? thrown : {};
  const status = failure.response?.status;
  if (typeof status === 'number') return answerError(what, status, failure.response);
  if (TIMEOUTS.has(failure.code)) return new ConnectorError('REST_TIMEOUT', `${what}: no answer in time`);
  const code = typeof failure.code === 'string' ? failure.code : 'no answer';
  // The system error below (ECONNREFUSED, ...) names host and port only.
  const cause = failure.cause instanceof Error ? { cause: failure.cause } : {};
  return new ConnectorError('REST_FAILED', `${what}: ${code}`, cause);
}

function answerError(what: string, status: number, response: Failure['response']): ConnectorError {
  const { code, text } = venueWords(response?.data);
  const message = `${what}: HTTP ${status}${text}`;
  if (status === 429 || LIMIT_CODES.has(code)) {
    const retry = { afterMs: retryAfterMs(response?.headers) ?? LIMIT_WINDOW_MS };
    return new ConnectorError('REST_LIMITED', message, { retry });
  }
  // A success that the SDK could not read is no answer of the API at all: a proxy's page, mostly.
  if (status === 200 && code === undefined) return new ConnectorError('REST_BAD_ANSWER', message);
  return new ConnectorError('REST_FAILED', message, { retry: retryOf(status, code) });
}

function retryOf(status: number, code: unknown): Retry {
  if (FINAL_CODES.has(code)) return 'never';
  if (code !== undefined) return 'backoff';
  if (status === 403 || status === 451) return { afterMs: REFUSED_PAUSE_MS };
  const isOurFault = status >= 400 && status < 500 && status !== 408;
  return isOurFault ? 'never' : 'backoff';
}

/** {"code":"51001","msg":"Instrument ID doesn't exist.","data":[]}; comes with HTTP 200 as well. */
function venueWords(data: unknown): { code?: string; text: string } {
  if (!isObject(data)) return { text: '' };
  const { code, msg } = data as { code?: unknown; msg?: unknown };
  if (typeof code !== 'string' || code.length > 8) return { text: '' };
  return { code, text: ` ${code} ${lineOf(msg)}` };
}

function retryAfterMs(headers: unknown): number | undefined {
  if (!isObject(headers)) return undefined;
  const { 'retry-after': text } = headers as { 'retry-after'?: unknown };
  const seconds = typeof text === 'string' && text !== '' ? Number(text) : NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * SECOND : undefined;
}
