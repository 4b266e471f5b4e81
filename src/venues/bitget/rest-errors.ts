import { ConnectorError, type Retry } from '../../domain/errors';
import { isObject, lineOf } from './fields';

const SECOND = 1_000;
/** Public limits count per second and IP; an IP over them for long is banned for minutes. */
const LIMIT_WINDOW_MS = 2 * SECOND;
/** Firewall or region refusals: neither cured by quick repetition nor final. */
const REFUSED_PAUSE_MS = 300 * SECOND;
const LONGEST_CODE = 8;

/** https://www.bitget.com/api-doc/common/intro (rate limits) */
const LIMIT_CODES: ReadonlySet<unknown> = new Set(['429', '30006', '30007']);
/**
 * Wrong or missing parameter, unknown or removed symbol: the same question gets the same answer.
 * https://www.bitget.com/api-doc/common/error-code/restapi
 */
const FINAL_CODES: ReadonlySet<unknown> = new Set([
  '40017',
  '40019',
  '40020',
  '40034',
  '40309',
  '40808',
  '48001',
]);

const TIMEOUTS: ReadonlySet<unknown> = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ERR_CANCELED']);

/** What axios throws, or the SDK where the answer's code is not 00000. Unchecked: it comes from outside. */
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
  if (status === 429 || status === 418 || LIMIT_CODES.has(code)) {
    const retry = { afterMs: retryAfterMs(response?.headers) ?? LIMIT_WINDOW_MS };
    return new ConnectorError('REST_LIMITED', message, { retry });
  }
  return new ConnectorError('REST_FAILED', message, { retry: retryOf(status, code) });
}

function retryOf(status: number, code: unknown): Retry {
  if (FINAL_CODES.has(code)) return 'never';
  if (code !== undefined) return 'backoff';
  if (status === 403 || status === 451) return { afterMs: REFUSED_PAUSE_MS };
  const isOurFault = status >= 400 && status < 500 && status !== 408;
  return isOurFault ? 'never' : 'backoff';
}

/** {"code":"40034","msg":"Parameter symbol does not exist","requestTime":1695800278693,"data":null} */
function venueWords(data: unknown): { code?: string; text: string } {
  if (!isObject(data)) return { text: '' };
  const { code, msg } = data as { code?: unknown; msg?: unknown };
  if (typeof code !== 'string' || code.length > LONGEST_CODE) return { text: '' };
  return { code, text: ` ${code} ${lineOf(msg)}` };
}

function retryAfterMs(headers: unknown): number | undefined {
  if (!isObject(headers)) return undefined;
  const { 'retry-after': text } = headers as { 'retry-after'?: unknown };
  const seconds = typeof text === 'string' && text !== '' ? Number(text) : NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * SECOND : undefined;
}
