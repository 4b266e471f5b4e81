import { createHmac } from 'node:crypto';
import type { Credentials } from '../contract';

/**
 * Of the key: 3 for those made today, 2 for older ones. Both sign alike.
 * https://www.kucoin.com/docs-new/authentication
 */
export type KeyVersion = '2' | '3';

export interface SignedRequest {
  readonly method: 'GET' | 'POST';
  /** With its query, exactly as sent. */
  readonly path: string;
  /** The venue's time, epoch ms. */
  readonly now: number;
  readonly keyVersion: KeyVersion;
}

/** Base64 of HMAC-SHA256: every signature of KuCoin. */
export function sign(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

/** Headers of a request without a body. The passphrase is told as its signature only. */
export function signedHeaders(
  { key, secret, passphrase }: Credentials,
  { method, path, now, keyVersion }: SignedRequest,
): Readonly<Record<string, string>> {
  const timestamp = String(now);
  return {
    'KC-API-KEY': key,
    'KC-API-SIGN': sign(secret, timestamp + method + path),
    'KC-API-TIMESTAMP': timestamp,
    'KC-API-PASSPHRASE': sign(secret, passphrase),
    'KC-API-KEY-VERSION': keyVersion,
  };
}
