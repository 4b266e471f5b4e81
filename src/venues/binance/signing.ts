import { createHmac, createPrivateKey, sign as signBytes, type KeyObject } from 'node:crypto';
import { ConnectorError } from '../../domain/errors';

/** Values keep their JSON types: the timestamp is a number. */
export type SignedParams = Readonly<Record<string, string | number>>;

const PEM = /-----BEGIN ([A-Z ]+)-----([\s\S]*?)-----END \1-----/;
const PEM_LINE = /.{1,64}/g;

/**
 * Signature of a payload: hex for HMAC secrets, base64 for RSA and Ed25519 keys, which are told by their
 * PEM frame and the crypto library, never by length or looks.
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#signed-request-security
 */
export function sign(payload: string, secret: string): string {
  const key = privateKeyOf(secret);
  if (key === undefined) return createHmac('sha256', secret).update(payload).digest('hex');
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return signBytes(digest, Buffer.from(payload), key).toString('base64');
}

/** The payload of a WebSocket API request: sorted by name, nothing escaped. */
export function payloadOf(params: SignedParams): string {
  return Object.keys(params)
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join('&');
}

/** Undefined: an HMAC secret. A PEM that cannot be used is the owner's mistake, which no retry cures. */
export function privateKeyOf(secret: string): KeyObject | undefined {
  // A PEM that travelled in one line has blanks, or the two characters `\n`, for its line breaks.
  const [, label, body] = PEM.exec(secret.replace(/\\n/g, '\n')) ?? [];
  if (label === undefined || body === undefined) {
    if (secret.includes('-----BEGIN')) throw unusable();
    return undefined;
  }
  const lines = body.replace(/\s+/g, '').match(PEM_LINE) ?? [];
  const key = readKey(`-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`);
  const isUsable = key.asymmetricKeyType === 'ed25519' || key.asymmetricKeyType === 'rsa';
  if (!isUsable) throw unusable();
  return key;
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw unusable(); // the original could show parts of the key
  }
}

function unusable(): ConnectorError {
  return new ConnectorError('COMMAND_INVALID', 'binance: the private key cannot be read', { retry: 'never' });
}
