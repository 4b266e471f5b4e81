import type { Retry } from '../../domain/errors';
import { ConnectorError } from '../../domain/errors';
import type { Refusal, RefusalCause } from '../contract';

/** What the venue says no to on the private side, on the stream and over REST alike. */

type Verdict = readonly [RefusalCause, Retry];

/** Of a user, counted per second. */
const USER_WINDOW: Verdict = ['limit', { afterMs: 1_000 }];
/** Of an IP, counted per 5 s. */
const WINDOW: Verdict = ['limit', { afterMs: 5_000 }];
const BANNED: Verdict = ['limit', { afterMs: 600_000 }];
const VENUE: Verdict = ['venue', 'backoff'];
const CREDENTIALS: Verdict = ['credentials', 'never'];

/** https://bybit-exchange.github.io/docs/v5/error */
const VERDICTS: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [10000, VENUE], // server timeout
  [10002, ['clock', 'backoff']], // our time is outside of the window
  [10003, CREDENTIALS], // invalid key, or a key of another site or environment
  [10004, CREDENTIALS], // wrong signature
  [10005, ['permission', 'never']],
  [10006, USER_WINDOW], // too many visits of this user
  [10007, CREDENTIALS], // user authentication failed
  [10008, CREDENTIALS], // user banned
  [10009, BANNED], // IP banned
  [10010, ['ip', 'never']], // IP not bound to the key
  [10016, VENUE], // internal error
  [10018, WINDOW], // IP rate limit
  [10429, WINDOW], // system level frequency protection
  [33004, CREDENTIALS], // key expired
  [-2015, CREDENTIALS], // the same, in other words
]);

const LONGEST_TEXT = 160;

/**
 * A refused login. Without a code `Params Error` may be our clock (an expiry that has passed); what is
 * unknown is a refused key: asking again and again gets an account locked.
 */
export function loginRefusal(code: number | undefined, text: string): Refusal {
  const isClock = code === undefined && /^params error/i.test(text);
  const known = code === undefined ? undefined : VERDICTS.get(code);
  const [cause, retry] = isClock ? (['clock', 'backoff'] as const) : (known ?? CREDENTIALS);
  return { code: code === undefined ? 'NO_CODE' : String(code), text: withoutSecrets(text), retry, cause };
}

/** A refused signed request. What is unknown may pass. */
export function requestRefusal(code: number): ConnectorError {
  const [cause, retry] = VERDICTS.get(code) ?? VENUE;
  const isLimit = cause === 'limit';
  return new ConnectorError(
    isLimit ? 'REST_LIMITED' : 'REST_FAILED',
    `Bybit refused a signed request with code ${code} (${cause})`,
    { retry },
  );
}

/** The venue may quote what was signed, key included: words are short, secrets are not. */
function withoutSecrets(text: string): string {
  return text
    .replace(/origin_string.*/is, '')
    .replace(/[\w+/=-]{16,}/g, '...')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST_TEXT);
}
