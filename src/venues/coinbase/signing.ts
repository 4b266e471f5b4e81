import type { KeyObject } from 'node:crypto';
import { createHmac, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { ConnectorError } from '../../domain/errors';
import type { Credentials, Refusal } from '../contract';

const SECOND = 1_000;
/** Longer-lived tokens are refused: https://docs.cdp.coinbase.com/coinbase-app/authentication-authorization/api-key-authentication */
const TOKEN_LIFE_S = 120;
/** A token from the future is refused: what may still be left of a wrong clock after it was measured. */
const CLOCK_MARGIN_S = 5;
const NONCE_BYTES = 16;
/** Of legacy signatures, as it was documented. */
const LEGACY_MARGIN_S = 30;

/** `cloud`: keys of the developer platform, a token each; `legacy`: HMAC keys, which the docs describe no more. */
export type KeysType = 'cloud' | 'legacy';

/** Names by the command where it does; else by the looks of name and secret. */
export function keysTypeOf(credentials: Credentials): KeysType {
  const named = credentials.options['keysType'];
  if (named === 'cloud' || named === 'legacy') return named;
  const isCloud = credentials.key.includes('organizations/') || privateKeyOf(credentials) !== undefined;
  return isCloud ? 'cloud' : 'legacy';
}

/** How far our idea of the venue's time may be ahead or behind (ms) before what we sign is refused. */
export function signingWindow(kind: KeysType): { readonly aheadMs: number; readonly behindMs: number } {
  const [ahead, behind] =
    kind === 'cloud' ? [CLOCK_MARGIN_S, TOKEN_LIFE_S - CLOCK_MARGIN_S] : [LEGACY_MARGIN_S, LEGACY_MARGIN_S];
  return { aheadMs: ahead * SECOND, behindMs: behind * SECOND };
}

/**
 * A token for one frame or, with its `uri` (`GET api.coinbase.com/api/v3/...`, no query), for one REST call.
 * The algorithm is that of the key itself: both kinds come in the same wrapping.
 * @param now epoch ms by the venue's clock
 * @throws ConnectorError `retry: 'never'` where the secret is no P-256 or Ed25519 key
 */
export function tokenFor(
  credentials: Credentials,
  now: number,
  uri?: string,
  nonce = randomBytes(NONCE_BYTES).toString('hex'),
): string {
  const { key: name } = credentials;
  const key = privateKeyOf(credentials);
  if (key === undefined) {
    const text = 'coinbase: the secret is no P-256 or Ed25519 private key';
    // As final as the venue's own refusal.
    const cause: Refusal = { code: 'REST_FAILED', text, retry: 'never', cause: 'credentials' };
    throw new ConnectorError('REST_FAILED', text, { retry: 'never', cause });
  }
  const isEd25519 = key.asymmetricKeyType === 'ed25519';
  const nbf = Math.floor(now / SECOND) - CLOCK_MARGIN_S;
  const header = { alg: isEd25519 ? 'EdDSA' : 'ES256', typ: 'JWT', kid: name, nonce };
  const payload = { sub: name, iss: 'cdp', nbf, exp: nbf + TOKEN_LIFE_S, ...(uri !== undefined && { uri }) };
  const text = `${encoded(header)}.${encoded(payload)}`;
  // Raw r and s: the DER form is refused.
  const signature = sign(isEd25519 ? null : 'sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

/** Hex HMAC-SHA256: frames sign time, channel and products; REST calls time, method, path and body. */
export function legacySignature(secret: string, timestamp: string, ...parts: readonly string[]): string {
  return createHmac('sha256', secret)
    .update(timestamp + parts.join(''))
    .digest('hex');
}

/** Seconds, as legacy signatures hold them. */
export function legacyTimestamp(now: number): string {
  return String(Math.floor(now / SECOND));
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const PEM = /-----BEGIN ((?:EC )?PRIVATE KEY)-----([^-]*)-----END \1-----/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const PEM_LINE = /.{1,64}/g;
const LONGEST_SECRET = 4_096;
/** PKCS#8 of an Ed25519 key, up to its 32 bytes. */
const ED25519_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

/** Kept as long as the credentials: to parse a key takes over ten times as long as to sign with it. */
const privateKeys = new WeakMap<Credentials, { readonly key: KeyObject | undefined }>();

function privateKeyOf(credentials: Credentials): KeyObject | undefined {
  let known = privateKeys.get(credentials);
  if (!known) privateKeys.set(credentials, (known = { key: parseKey(credentials.secret) }));
  return known.key;
}

/** Undefined where the text holds no key of a kind that the venue knows. */
function parseKey(secret: string): KeyObject | undefined {
  if (secret.length > LONGEST_SECRET) return undefined;
  // Environments and forms leave quotes, `\n` in letters, and blanks for line breaks.
  const text = secret.replace(/\\r|\\n/g, '\n').replace(/^[\s"']+|[\s"']+$/g, '');
  const [, label, body] = PEM.exec(text) ?? [];
  if (label === undefined || body === undefined) return parseSeed(text);
  const lines = body.replace(/\s+/g, '').match(PEM_LINE) ?? [];
  const pem = [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
  return parsed(() => createPrivateKey(pem));
}

/** The bare seed, or the seed and the public key behind it. */
function parseSeed(text: string): KeyObject | undefined {
  const bytes = BASE64.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length !== SEED_BYTES && bytes.length !== 2 * SEED_BYTES) return undefined;
  const key = Buffer.concat([ED25519_HEAD, bytes.subarray(0, SEED_BYTES)]);
  return parsed(() => createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
}

function parsed(parse: () => KeyObject): KeyObject | undefined {
  let key: KeyObject;
  try {
    key = parse();
  } catch {
    return undefined; // no key: its text is nothing to speak of
  }
  const isP256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  return isP256 || key.asymmetricKeyType === 'ed25519' ? key : undefined;
}
