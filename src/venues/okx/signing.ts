import { createHmac } from 'node:crypto';

/** Base64 of HMAC-SHA256: every signature of OKX. https://www.okx.com/docs-v5/en/#overview-rest-authentication */
export function sign(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

/** `timestamp`: unix seconds as text; holds for 30 s. https://www.okx.com/docs-v5/en/#overview-websocket-login */
export function signLogin(secret: string, timestamp: string): string {
  return sign(secret, `${timestamp}GET/users/self/verify`);
}
