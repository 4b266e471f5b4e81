import { ConnectorError, type Retry } from '../../domain/errors';
import { isObject } from './fields';

const SECOND = 1_000;
/** Request weight is counted per minute, so a minute clears a 429 without Retry-After. */
const WEIGHT_WINDOW_MS = 60 * SECOND;
/** The shortest documented ban after ignoring 429 (bans last 2 minutes to 3 days). */
const SHORTEST_BAN_MS = 120 * SECOND;
/** Firewall or region refusals: neither cured by quick repetition nor final. */
const REFUSED_PAUSE_MS = 300 * SECOND;
const TOO_MANY_REQUESTS = -1003;
const LONGEST_TEXT = 160;

const TIMEOUTS: ReadonlySet<unknown> = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ERR_CANCELED']);

/** What axios throws, or the SDK rethrows. Unchecked: it comes from outside. */
interface Failure {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly response?: { readonly status?: unknown; readonly headers?: unknown; readonly data?: unknown };
}

/**
 * Turns whatever the SDK throws into a ConnectorError. The original is not kept as cause: it holds
 * the whole request. Venue codes and meanings of the HTTP statuses:
 * https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#http-return-codes
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
  if (status === 429 || status === 418 || code === TOO_MANY_REQUESTS) {
    const standIn = status === 418 ? SHORTEST_BAN_MS : WEIGHT_WINDOW_MS;
    const retry = { afterMs: retryAfterMs(response?.headers) ?? standIn };
    return new ConnectorError('REST_LIMITED', message, { retry });
  }
  return new ConnectorError('REST_FAILED', message, { retry: retryOf(status) });
}

function retryOf(status: number): Retry {
  if (status === 403 || status === 451) return { afterMs: REFUSED_PAUSE_MS };
  const isOurFault = status >= 400 && status < 500 && status !== 408;
  return isOurFault ? 'never' : 'backoff';
}

/** {"code":-1121,"msg":"Invalid symbol."} */
function venueWords(data: unknown): { code?: unknown; text: string } {
  if (!isObject(data)) return { text: '' };
  const { code, msg } = data as { code?: unknown; msg?: unknown };
  if (typeof code !== 'number') return { text: '' };
  const words = typeof msg === 'string' ? (msg.slice(0, LONGEST_TEXT).split('\n', 1)[0] ?? '') : '';
  return { code, text: ` ${code} ${words}` };
}

/** Binance sends whole seconds. */
function retryAfterMs(headers: unknown): number | undefined {
  if (!isObject(headers)) return undefined;
  const { 'retry-after': text } = headers as { 'retry-after'?: unknown };
  const seconds = typeof text === 'string' && text !== '' ? Number(text) : NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * SECOND : undefined;
}
