import type { ErrorCode, Retry } from '../../domain/errors';
import { ConnectorError } from '../../domain/errors';

/**
 * Conversion of what the SDK throws and of the venue's refusals. The thrown things are never kept as
 * `cause`: they hold the whole request, on signed calls with key and signature.
 */

const SECOND = 1_000;
/** HTTP 403 `access too frequent`: ten minutes of silence. https://bybit-exchange.github.io/docs/v5/rate-limit */
const BANNED_MS = 600 * SECOND;
/** The IP limit counts windows of 5 s. */
const WINDOW_MS = 5 * SECOND;
const LONGEST_WAIT_MS = 3_600 * SECOND;

type Verdict = readonly [ErrorCode, Retry];

/** https://bybit-exchange.github.io/docs/v5/error */
const VERDICTS: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [10001, ['REST_FAILED', 'never']], // parameter error
  [10006, ['REST_LIMITED', { afterMs: WINDOW_MS }]], // too many visits
  [10009, ['REST_LIMITED', { afterMs: BANNED_MS }]], // IP banned
  [10018, ['REST_LIMITED', { afterMs: WINDOW_MS }]], // IP rate limit
  [10429, ['REST_LIMITED', { afterMs: WINDOW_MS }]], // system level frequency protection
]);

/** The venue answered, and said no. Codes that are not listed may pass: 10000, 10016 and unknown ones. */
export function refusedByCode(retCode: number): ConnectorError {
  const [code, retry] = VERDICTS.get(retCode) ?? (['REST_FAILED', 'backoff'] as const);
  return new ConnectorError(code, `Bybit refused the request with code ${retCode}`, { retry });
}

export function badAnswer(what: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `Bybit answered ${what}`);
}

/** Meaning of whatever the SDK threw: an answer with its HTTP status, or a failure below HTTP. */
export function fromThrown(thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  const { code, headers } = toRecord(thrown);
  if (typeof code === 'number') return fromStatus(code, toRecord(headers)['retry-after']);
  if (code === 'ECONNABORTED' || code === 'ETIMEDOUT' || code === 'ERR_CANCELED') {
    return new ConnectorError('REST_TIMEOUT', 'Bybit did not answer in time');
  }
  // Node and axios name their codes; anything else is not fit for a message.
  const name = typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'no code';
  return new ConnectorError('REST_FAILED', `request to Bybit failed (${name})`);
}

function fromStatus(status: number, retryAfter: unknown): ConnectorError {
  if (status === 200) return badAnswer('with a body that is no JSON');
  if (status === 403 || status === 429 || status === 418) {
    const afterMs = waitOf(retryAfter) ?? (status === 403 ? BANNED_MS : WINDOW_MS);
    return new ConnectorError('REST_LIMITED', `Bybit limits requests (HTTP ${status})`, {
      retry: { afterMs },
    });
  }
  const isOurs = status >= 400 && status < 500 && status !== 408;
  return new ConnectorError('REST_FAILED', `Bybit answered HTTP ${status}`, {
    retry: isOurs ? 'never' : 'backoff',
  });
}

/** `Retry-After` in seconds; the date form is not used by the venue. */
function waitOf(retryAfter: unknown): number | undefined {
  if (typeof retryAfter !== 'string' || !/^\d{1,6}$/.test(retryAfter)) return undefined;
  return Math.min(LONGEST_WAIT_MS, Number(retryAfter) * SECOND);
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
