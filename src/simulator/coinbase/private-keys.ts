import { createHash, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import type { AccountBook, SimAccount } from '../kit';
import type { StreamProof } from './requests';

/** Streams do not tell which; REST tells some. */
export type Denial = 'key' | 'scope' | 'ip';

export interface KeyRingDeps {
  readonly accounts: AccountBook;
  /** The venue's clock, epoch ms. */
  readonly now: () => number;
  /** A client broke a rule that the venue does not enforce. */
  readonly onMisuse: (rule: `venue:${string}`, detail: string) => void;
}

const SECOND = 1_000;
/** Documented: tokens live two minutes. */
const LONGEST_LIFE_S = 120;
/** Of legacy signatures, as it was documented. */
const LEGACY_WINDOW_S = 30;
const MOST_NONCES = 20_000;

interface Token {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly signature: Buffer;
}

/**
 * Checks tokens of cloud keys (the account's secret is the public key, PEM) and HMAC signatures of legacy ones.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-authentication
 */
export class KeyRing {
  private readonly nonces = new Set<string>();

  constructor(private readonly deps: KeyRingDeps) {}

  /** @param signed what a legacy key signs behind the timestamp */
  openStream(proof: StreamProof | undefined, signed: string): SimAccount | Denial {
    if (proof === undefined) return 'key';
    return 'token' in proof ? this.openToken(proof.token) : this.openLegacy(proof, signed);
  }

  /** @param uri what a token must be made out to: `GET api.coinbase.com/api/v3/...` */
  openToken(token: unknown, uri?: string): SimAccount | Denial {
    const read = typeof token === 'string' ? readToken(token) : undefined;
    const account = this.cloudAccount(read?.header['kid']);
    if (read === undefined || account === undefined || !isSigned(read, account.secret)) return 'key';
    if (!this.isInTime(read.claims) || !isMadeOut(read.claims, account, uri)) return 'key';
    this.note(read.header['nonce']);
    return admitted(account);
  }

  openLegacy(
    { key, timestamp, signature }: Exclude<StreamProof, { readonly token: unknown }>,
    signed: string,
  ): SimAccount | Denial {
    const account = typeof key === 'string' ? this.deps.accounts.find('coinbase', key) : undefined;
    if (account === undefined || account.secret.includes('PUBLIC KEY')) return 'key';
    if (typeof timestamp !== 'string' || typeof signature !== 'string') return 'key';
    if (!(Math.abs(Number(timestamp) - this.deps.now() / SECOND) <= LEGACY_WINDOW_S)) return 'key';
    const expected = createHmac('sha256', account.secret)
      .update(timestamp + signed)
      .digest();
    const sent = Buffer.from(/^[0-9a-f]{64}$/.test(signature) ? signature : '', 'hex');
    const isGenuine = sent.length === expected.length && timingSafeEqual(sent, expected);
    return isGenuine ? admitted(account) : 'key';
  }

  private cloudAccount(name: unknown): SimAccount | undefined {
    const account = typeof name === 'string' ? this.deps.accounts.find('coinbase', name) : undefined;
    return account?.secret.includes('PUBLIC KEY') ? account : undefined;
  }

  private isInTime({ nbf, exp }: Token['claims']): boolean {
    const now = this.deps.now() / SECOND;
    if (typeof nbf !== 'number' || typeof exp !== 'number') return false;
    return nbf <= now && now < exp && exp - nbf <= LONGEST_LIFE_S;
  }

  /** The venue takes a token as often as it is shown while it lives; clients are to sign afresh each time. */
  private note(nonce: unknown): void {
    if (typeof nonce !== 'string' || !/^[0-9a-f]{32}$/.test(nonce)) {
      return this.deps.onMisuse('venue:nonce', 'no 16 bytes in hex');
    }
    if (this.nonces.has(nonce)) this.deps.onMisuse('venue:tokenReused', 'the same token again');
    if (this.nonces.size < MOST_NONCES) this.nonces.add(nonce);
  }
}

/** The user that a key belongs to, as acks and rows name it. */
export function uuidOf({ id }: SimAccount): string {
  const hex = createHash('sha256').update(id).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** Accounts without any permissions listed have all. */
export function may({ permissions }: SimAccount, right: 'view' | 'trade' | 'transfer'): boolean {
  return permissions.length === 0 || permissions.includes(right);
}

function admitted(account: SimAccount): SimAccount | Denial {
  if (account.isRevoked) return 'key';
  if (account.isIpBlocked) return 'ip';
  return may(account, 'view') ? account : 'scope';
}

function isMadeOut({ sub, iss, uri }: Token['claims'], { key }: SimAccount, wanted?: string): boolean {
  return sub === key && iss === 'cdp' && uri === wanted;
}

function readToken(token: string): Token | undefined {
  const parts = token.split('.');
  const [header, claims] = parts.slice(0, 2).map(objectOf);
  if (parts.length !== 3 || header === undefined || claims === undefined) return undefined;
  const signature = Buffer.from(parts[2] ?? '', 'base64url');
  return { header, claims, text: parts.slice(0, 2).join('.'), signature };
}

function objectOf(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** ES256 as raw r and s, never DER; Ed25519. The algorithm must be that of the key. */
function isSigned({ header, text, signature }: Token, pem: string): boolean {
  const key = createPublicKey(pem);
  const isEd25519 = key.asymmetricKeyType === 'ed25519';
  if (header['typ'] !== 'JWT' || header['alg'] !== (isEd25519 ? 'EdDSA' : 'ES256')) return false;
  if (signature.length !== 64) return false;
  const data = Buffer.from(text);
  if (isEd25519) return verify(null, data, key, signature);
  return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
