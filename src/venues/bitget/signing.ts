import { createHmac } from 'node:crypto';
import type { Credentials } from '../contract';

/** What the venue demands of a signed GET, in its own header names. */
export type SignedHeaders = Readonly<
  Record<'ACCESS-KEY' | 'ACCESS-PASSPHRASE' | 'ACCESS-TIMESTAMP' | 'ACCESS-SIGN' | 'locale', string>
>;

/** Base64 of HMAC-SHA256, the venue's one kind of signature for keys with a secret. */
export function sign(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

/**
 * The arg of a login request. The timestamp is in seconds, though some of the documents say ms.
 * https://www.bitget.com/api-doc/common/websocket-intro
 */
export function loginArg(
  { key, secret, passphrase }: Credentials,
  nowMs: number,
): Readonly<Record<'apiKey' | 'passphrase' | 'timestamp' | 'sign', string>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  return { apiKey: key, passphrase, timestamp, sign: sign(secret, `${timestamp}GET/user/verify`) };
}

/**
 * Headers of a signed GET. `target` is the path with its query as sent; here the timestamp is in ms.
 * https://www.bitget.com/api-doc/common/signature
 */
export function getHeaders(
  { key, secret, passphrase }: Credentials,
  target: string,
  nowMs: number,
): SignedHeaders {
  const timestamp = String(Math.floor(nowMs));
  return {
    'ACCESS-KEY': key,
    'ACCESS-PASSPHRASE': passphrase,
    'ACCESS-TIMESTAMP': timestamp,
    'ACCESS-SIGN': sign(secret, `${timestamp}GET${target}`),
    locale: 'en-US',
  };
}
