import { createHmac, createPrivateKey, sign as signWithKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ConnectorError } from '../../domain/errors';

const PEM = /-----BEGIN (RSA )?PRIVATE KEY-----([\s\S]+?)-----END/;

/**
 * Signature of a text: hex HMAC-SHA256 for a generated secret, base64 RSA-SHA256 where the secret is the
 * user's own private key. https://bybit-exchange.github.io/docs/v5/guide#authentication
 */
export function signatureOf(text: string, secret: string): string {
  const pem = PEM.exec(secret);
  if (pem === null) return createHmac('sha256', secret).update(text).digest('hex');
  const [, isPkcs1, body = ''] = pem;
  return signWithKey('sha256', Buffer.from(text), rsaKey(body, isPkcs1 !== undefined)).toString('base64');
}

/** What the private stream wants to see. https://bybit-exchange.github.io/docs/v5/ws/connect#authentication */
export function loginSignature(expiresMs: number, secret: string): string {
  return signatureOf(`GET/realtime${expiresMs}`, secret);
}

/** By its bytes, as the line breaks of a PEM do not survive every form field. */
function rsaKey(base64: string, isPkcs1: boolean): KeyObject {
  try {
    const key = Buffer.from(base64.replace(/\s+/g, ''), 'base64');
    return createPrivateKey({ key, format: 'der', type: isPkcs1 ? 'pkcs1' : 'pkcs8' });
  } catch {
    // The cause may quote the key.
    throw new ConnectorError('COMMAND_INVALID', "the account's RSA key cannot be read", { retry: 'never' });
  }
}
