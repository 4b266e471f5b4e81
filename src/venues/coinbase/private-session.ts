import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountSession, Request, Topic } from '../contract';
import { CoinbaseAccount } from './account-rest';
import { userStreamOf } from './hosts';
import { refusalBehind } from './refusals';
import { keysTypeOf, legacySignature, legacyTimestamp, tokenFor } from './signing';

/** The channel of orders; without products it tells those of all. */
export const USER = 'user';
const HEARTBEATS = 'heartbeats';

/**
 * Nothing logs in: every frame is signed by itself, and what it subscribes to outlives its token.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-authentication
 */
export const privateSession: AccountSession = {
  endpoint: async (account, rest) => {
    await refuseBadKey(rest);
    return userStreamOf(account);
  },
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
 * The stream does not say why it refuses: a refused key, a missing right and a wrong clock are told apart here,
 * before each dial. While REST is away the stream judges by itself.
 */
async function refuseBadKey(rest: AccountRest): Promise<void> {
  if (!(rest instanceof CoinbaseAccount)) return;
  try {
    await rest.checkKey();
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
}

/**
 * Says nothing about the key; the look over REST that follows each dial meets it, tells it and repeats. Where the
 * venue asks for silence, the dial waits as well.
 */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ConnectorError) || error.code === 'REST_LIMITED') return false;
  return error.retry !== 'never' && refusalBehind(error)?.cause !== 'clock';
}

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
