import type { AccountSession, Request } from '../contract';
import { privateStreamUrl } from './hosts';
import { ORDER_TOPIC, WALLET_TOPIC } from './private';
import { publicSession } from './session';
import { loginSignature } from './signing';

/** The expiry of a login must lie ahead: the documented second is short for a slow link. */
const LOGIN_VALID_MS = 10_000;

/** What to say on a private stream. https://bybit-exchange.github.io/docs/v5/ws/connect#authentication */
export const privateSession: AccountSession = {
  endpoint: (account) => Promise.resolve().then(() => privateStreamUrl(account)),
  login: ({ credentials: { key, secret } }, now, nextId) => {
    const expiresMs = Math.floor(now) + LOGIN_VALID_MS;
    return [login([key, expiresMs, loginSignature(expiresMs, secret)], String(nextId()))];
  },
  // No snapshot follows: the state comes from REST.
  topics: () => [ORDER_TOPIC, WALLET_TOPIC],
  subscribe: publicSession.subscribe,
  unsubscribe: publicSession.unsubscribe,
  ...(publicSession.ping ? { ping: publicSession.ping } : {}),
};

function login(args: readonly [string, number, string], id: string): Request {
  return { frame: JSON.stringify({ req_id: id, op: 'auth', args }), topics: [], id };
}
