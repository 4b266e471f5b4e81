import { createHmac, createPublicKey, verify } from 'node:crypto';
import type { AccountBook, SimAccount, SimRequest, VenueClock } from '../kit';

/** The venue's own words for a refused request. */
export interface AuthProblem {
  readonly status: number;
  readonly code: number;
  readonly msg: string;
}

export type Auth = { readonly account: SimAccount } | { readonly problem: AuthProblem };

/** https://github.com/binance/binance-spot-api-docs/blob/master/errors.md */
const MISSING = (name: string): AuthProblem => ({
  status: 400,
  code: -1102,
  msg: `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`,
});
const BAD_FORMAT: AuthProblem = { status: 401, code: -2014, msg: 'API-key format invalid.' };
export const REJECTED_KEY: AuthProblem = {
  status: 401,
  code: -2015,
  msg: 'Invalid API-key, IP, or permissions for action.',
};
const BAD_SIGNATURE: AuthProblem = {
  status: 400,
  code: -1022,
  msg: 'Signature for this request is not valid.',
};
const LATE: AuthProblem = {
  status: 400,
  code: -1021,
  msg: 'Timestamp for this request is outside of the recvWindow.',
};
const EARLY: AuthProblem = {
  status: 400,
  code: -1021,
  msg: "Timestamp for this request was 1000ms ahead of the server's time.",
};
const WIDE: AuthProblem = { status: 400, code: -1131, msg: 'recvWindow must be less than 60000.' };

const PUBLIC_KEY = '-----BEGIN PUBLIC KEY-----';
const DEFAULT_WINDOW_MS = 5_000;
const LONGEST_WINDOW_MS = 60_000;
const HEAD_START_MS = 1_000;
const MOST_KEY_LENGTH = 128;

/** Checks keys and signatures of one market, with the accounts as the truth. */
export class Authority {
  constructor(
    private readonly exchange: string,
    private readonly accounts: AccountBook,
    private readonly clock: VenueClock,
  ) {}

  /** Key only: listen keys. */
  byKey(key: unknown): Auth {
    if (typeof key !== 'string' || key === '' || key.length > MOST_KEY_LENGTH) return { problem: BAD_FORMAT };
    const account = this.accounts.find(this.exchange, key);
    if (!account || account.isRevoked || account.isIpBlocked) return { problem: REJECTED_KEY };
    return isReadable(account) ? { account } : { problem: REJECTED_KEY };
  }

  /** REST: the payload is the query exactly as sent, up to the signature, which comes last. */
  bySignedQuery({ headers, query, rawQuery }: SimRequest): Auth {
    const [payload = ''] = rawQuery.split(/&?signature=/, 1);
    return this.bySignature(headers['x-mbx-apikey'], payload, query.get('signature'), {
      timestamp: query.get('timestamp'),
      recvWindow: query.get('recvWindow'),
    });
  }

  /** WebSocket API: all parameters but the signature, sorted by name, unescaped. */
  byParams(params: Readonly<Record<string, unknown>>): Auth {
    const { signature, ...others } = params;
    const payload = Object.keys(others)
      .sort()
      .map((name) => `${name}=${String(others[name])}`)
      .join('&');
    return this.bySignature(params.apiKey, payload, signature, {
      timestamp: params.timestamp,
      recvWindow: params.recvWindow,
    });
  }

  private bySignature(
    key: unknown,
    payload: string,
    signature: unknown,
    times: { readonly timestamp?: unknown; readonly recvWindow?: unknown },
  ): Auth {
    const auth = this.byKey(key);
    if ('problem' in auth) return auth;
    const problem = this.timeProblem(times.timestamp, times.recvWindow);
    if (problem) return { problem };
    if (typeof signature !== 'string' || signature === '') return { problem: MISSING('signature') };
    return isSigned(payload, signature, auth.account.secret) ? auth : { problem: BAD_SIGNATURE };
  }

  private timeProblem(timestamp: unknown, recvWindow: unknown): AuthProblem | undefined {
    const at = wholeOf(timestamp);
    if (at === undefined) return MISSING('timestamp');
    const windowMs = wholeOf(recvWindow) ?? DEFAULT_WINDOW_MS;
    if (windowMs > LONGEST_WINDOW_MS) return WIDE;
    // Windows are real time: under a time warp the venue's clock covers them faster.
    const { factor } = this.clock;
    const now = this.clock.now();
    if (at >= now + HEAD_START_MS * factor) return EARLY;
    return now - at > windowMs * factor ? LATE : undefined;
  }
}

/** Permissions, where an account lists any: `canRead` is what user data needs. The refusal names no cause. */
function isReadable({ permissions }: SimAccount): boolean {
  return permissions.length === 0 || permissions.includes('canRead');
}

export type KeyKind = 'HMAC_SHA256' | 'RSA' | 'ED25519';

/** Told by what the account signs with. */
export function keyKindOf({ secret }: SimAccount): KeyKind {
  if (!secret.includes(PUBLIC_KEY)) return 'HMAC_SHA256';
  return createPublicKey(secret).asymmetricKeyType === 'ed25519' ? 'ED25519' : 'RSA';
}

function wholeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** `secret` is the HMAC secret, or the public key of an account that signs with RSA or Ed25519. */
function isSigned(payload: string, signature: string, secret: string): boolean {
  if (!secret.includes(PUBLIC_KEY)) {
    return signature.toLowerCase() === createHmac('sha256', secret).update(payload).digest('hex');
  }
  const key = createPublicKey(secret);
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(digest, Buffer.from(payload), key, Buffer.from(signature, 'base64'));
}
