import type { Retry } from '../../domain/errors';
import type { Refusal, RefusalCause } from '../contract';
import { lineOf } from './fields';

const SECOND = 1_000;
/** Limits are counted per second; the stream's also per hour. */
const LIMIT_PAUSE_MS = 30 * SECOND;

/**
 * Codes of the stream (30xxx) and of REST (4xxxx) that speak of the account, its key or its pace.
 * https://www.bitget.com/api-doc/common/websocket-intro (error codes)
 * https://www.bitget.com/api-doc/common/error-code/restapi
 */
const CODES: Readonly<Record<RefusalCause, readonly string[]>> = {
  credentials: [
    '30005', // login failed
    '30011', // bad key
    '30012', // bad passphrase
    '30015', // bad signature
    '40001', // no key
    '40002', // no signature
    '40003', // no timestamp
    '40006', // bad key
    '40009', // bad signature
    '40011', // no passphrase
    '40012', // key or passphrase wrong
    '40036', // passphrase wrong
    '40037', // no such key
  ],
  ip: ['40018', '40038'], // address not allowed by the key
  permission: [
    '40013', // the user's state is abnormal
    '40014', // the key lacks a permission
    '40022', // the account is restricted
    '40023',
    '40024', // the account is frozen
  ],
  clock: ['30013', '30014', '40004', '40005', '40008'], // timestamp invalid or expired
  limit: ['30006', '30007', '429'],
  venue: [
    '40084', // a classic account asked of V3
    '40085', // a unified account asked of V2
    '40731', // an elite trader's account asked of V2
    '40099', // a key of the other environment (demo, live)
  ],
};

const CAUSES: ReadonlyMap<string, RefusalCause> = new Map(
  (Object.keys(CODES) as RefusalCause[]).flatMap((cause) =>
    CODES[cause].map((code) => [code, cause] as const),
  ),
);

/** Undefined: the code speaks of something else. */
export function causeOf(code: string): RefusalCause | undefined {
  return CAUSES.get(code);
}

/** A wrong time is cured by a better clock, a limit by waiting, all else by the owner of the account. */
function retryOf(cause: RefusalCause): Retry {
  if (cause === 'clock') return 'backoff';
  return cause === 'limit' ? { afterMs: LIMIT_PAUSE_MS } : 'never';
}

/** Of a refused login or signed request. A code that is not in the list may be the venue's own trouble: it passes. */
export function refusalOf(code: string, words: unknown): Refusal {
  const cause = causeOf(code);
  const text = safeLine(words);
  if (cause === undefined) return { code, text, retry: 'backoff', cause: 'venue' };
  return { code, text, retry: retryOf(cause), cause };
}

/** The venue's words without anything as long as a key, a signature or a token. */
export function safeLine(words: unknown): string {
  return lineOf(words).replace(/[\w+/=-]{20,}/g, '…');
}
