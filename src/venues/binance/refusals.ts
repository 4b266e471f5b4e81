import type { Refusal } from '../contract';

const SECOND = 1_000;
/** Request weight is counted per minute. */
const WEIGHT_WINDOW_MS = 60 * SECOND;
/** Bans last 2 minutes to 3 days. */
const SHORTEST_BAN_MS = 120 * SECOND;
/** Firewall or region: neither cured by quick repetition nor the fault of the key. */
const FORBIDDEN_PAUSE_MS = 300 * SECOND;
const LONGEST_TEXT = 160;

type Consequence = Pick<Refusal, 'retry' | 'cause'>;

const CREDENTIALS: Consequence = { retry: 'never', cause: 'credentials' };

/**
 * Venue codes that decide by themselves.
 * https://github.com/binance/binance-spot-api-docs/blob/master/errors.md
 */
const BY_CODE: ReadonlyMap<number, Consequence> = new Map<number, Consequence>([
  /** UNAUTHORIZED: the key lacks a right. */
  [-1002, { retry: 'never', cause: 'permission' }],
  /** INVALID_TIMESTAMP: our clock, not the key. */
  [-1021, { retry: 'backoff', cause: 'clock' }],
  /** INVALID_SIGNATURE: the secret does not belong to the key. */
  [-1022, CREDENTIALS],
  /** BAD_API_ID. */
  [-2008, CREDENTIALS],
  /** BAD_API_KEY_FMT. */
  [-2014, CREDENTIALS],
  /** REJECTED_MBX_KEY: key, address or rights; the venue does not say which. */
  [-2015, CREDENTIALS],
]);

const TOO_MANY_REQUESTS = -1003;

export interface VenueRefusal {
  /** HTTP status, or that of a WebSocket API answer. */
  readonly status?: number | undefined;
  readonly code?: number | undefined;
  readonly text?: unknown;
  /** How long the venue wants us to wait, where it says so. */
  readonly waitMs?: number | undefined;
}

/** What follows from a refused login or signed request. */
export function refusalOf({ status, code, text, waitMs }: VenueRefusal): Refusal {
  const known = code === undefined ? undefined : BY_CODE.get(code);
  return {
    code: String(code ?? status ?? 'unknown'),
    text: lineOf(text),
    ...(known ?? byStatus(status, code, waitMs)),
  };
}

function byStatus(
  status: number | undefined,
  code: number | undefined,
  waitMs: number | undefined,
): Consequence {
  if (status === 429 || status === 418 || code === TOO_MANY_REQUESTS) {
    const standIn = status === 418 ? SHORTEST_BAN_MS : WEIGHT_WINDOW_MS;
    return { retry: { afterMs: Math.max(0, waitMs ?? standIn) }, cause: 'limit' };
  }
  // A session that is not authenticated is a refused key, whatever its code.
  if (status === 401) return CREDENTIALS;
  if (status === 403 || status === 451) return { retry: { afterMs: FORBIDDEN_PAUSE_MS }, cause: 'venue' };
  return { retry: 'backoff', cause: 'venue' };
}

/** First line of the venue's words, shortened. */
function lineOf(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text.slice(0, LONGEST_TEXT).split('\n', 1)[0] ?? '';
}
