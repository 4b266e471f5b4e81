import type { Account, AccountSession, Request, Topic } from '../contract';
import { userStreamOf } from './hosts';
import { keysTypeOf, legacySignature, legacyTimestamp, tokenFor } from './signing';

/** The channel of orders; without products it tells those of all. */
export const USER = 'user';
const HEARTBEATS = 'heartbeats';

/**
 * Nothing logs in: every frame is signed by itself, and what it subscribes to outlives its token.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-authentication
 */
export const privateSession: AccountSession = {
  endpoint: (account) => Promise.resolve(userStreamOf(account)),
  topics: () => [USER],
  // A quiet connection is closed after 60 to 90 s without heartbeats.
  subscribe: (topics, _nextId, account, now) =>
    topics.length === 0
      ? []
      : [
          ...topics.map((topic) => request('subscribe', topic, [topic], account, now)),
          request('subscribe', HEARTBEATS, [], account, now),
        ],
  unsubscribe: (topics, _nextId, account, now) =>
    topics.map((topic) => request('unsubscribe', topic, [topic], account, now)),
};

/**
 * {"type":"subscribe","channel":"user","jwt":".."}, of a legacy key
 * {"type":"subscribe","channel":"user","api_key":"..","timestamp":"1700000000","signature":".."}
 */
function request(
  type: 'subscribe' | 'unsubscribe',
  channel: string,
  topics: readonly Topic[],
  { credentials }: Account,
  now: number,
): Request {
  const { key, secret } = credentials;
  if (keysTypeOf(credentials) === 'cloud') {
    return { frame: JSON.stringify({ type, channel, jwt: tokenFor(credentials, now) }), topics };
  }
  const timestamp = legacyTimestamp(now);
  const signature = legacySignature(secret, timestamp, channel);
  return { frame: JSON.stringify({ type, channel, api_key: key, timestamp, signature }), topics };
}
