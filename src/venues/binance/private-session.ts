import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountSession, Request, Topic } from '../contract';
import { venueCodeOf } from './account-errors';
import { hostsOf } from './hosts';
import { payloadOf, privateKeyOf, sign } from './signing';

/** Orders and balances of the account: Binance has no finer topics. */
export const USER_DATA: Topic = 'userDataStream';

const MINUTE = 60_000;
/** Keys live 60 min without a PUT: this leaves a second try. */
const KEEP_ALIVE_MS = 30 * MINUTE;
const NO_SUCH_KEY = '-1125';
/** The venue's default, ms: how old a signed request may be. */
const RECV_WINDOW = 5_000;

/** What the sessions need of their REST client. */
export interface ListenKeys {
  /** Creates the account's key, or gives the active one with its life extended. */
  listenKey(): Promise<string>;
  keepListenKey(): Promise<void>;
}

/**
 * Spot: the WebSocket API, where one signed request subscribes; nothing to keep alive. What a key may do:
 *
 * | key     | session.logon + userDataStream.subscribe | userDataStream.subscribe.signature | signed REST |
 * | ------- | ---------------------------------------- | ---------------------------------- | ----------- |
 * | Ed25519 | yes                                      | yes                                | yes         |
 * | RSA     | refused                                  | yes                                | yes         |
 * | HMAC    | refused                                  | yes                                | yes         |
 *
 * So the signed subscription serves every key, and a log-on, which would serve some, is never sent.
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#user-data-stream-requests
 * Futures and binance.us: a listen key in the URL. It belongs to the account, not to us: other programs
 * may live on it, so that it is never deleted.
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams
 */
export const privateSession: AccountSession = {
  endpoint,
  topics: (account) => (isSigned(account) ? [USER_DATA] : []),
  subscribe: (topics, nextId, account, now) =>
    topics.length > 0 && isSigned(account) ? [subscription(topics, nextId(), account, now)] : [],
  unsubscribe: (topics, nextId, account) =>
    topics.length > 0 && isSigned(account) ? [unsubscription(topics, nextId())] : [],
  keepAlive: {
    everyMs: KEEP_ALIVE_MS,
    run: (account, rest) => (isSigned(account) ? Promise.resolve('kept') : prolong(account, rest)),
  },
};

function isSigned({ market }: Account): boolean {
  return market.exchange === 'binance';
}

async function endpoint(account: Account, rest: AccountRest): Promise<string> {
  const { stream } = hostsOf(account);
  if (isSigned(account)) {
    privateKeyOf(account.credentials.secret); // an unreadable key is better told before the dial
    return stream;
  }
  const key = encodeURIComponent(await listenKeysOf(account, rest).listenKey());
  // The form with the key in the path gets no events on the routed USD-M host (ccxt/go-binance#812).
  return account.market.kind === 'linear' ? `${stream}?listenKey=${key}` : `${stream}/${key}`;
}

/** {"code":-1125,"msg":"This listenKey does not exist."}: asking again would only prolong the silence. */
async function prolong(account: Account, rest: AccountRest): Promise<'kept' | 'gone'> {
  try {
    await listenKeysOf(account, rest).keepListenKey();
    return 'kept';
  } catch (error) {
    if (venueCodeOf(error) === NO_SUCH_KEY) return 'gone';
    throw error;
  }
}

function listenKeysOf({ market }: Account, rest: AccountRest): ListenKeys {
  if (!hasListenKeys(rest)) {
    throw new ConnectorError('DIAL_FAILED', `${market.exchange}: the REST client gives no listen keys`);
  }
  return rest;
}

function hasListenKeys(rest: AccountRest): rest is AccountRest & ListenKeys {
  return 'listenKey' in rest && typeof rest.listenKey === 'function';
}

/**
 * {"id":1,"method":"userDataStream.subscribe.signature",
 *  "params":{"apiKey":"..","recvWindow":5000,"timestamp":1747385641636,"signature":".."}}
 */
function subscription(
  topics: readonly Topic[],
  id: number,
  { credentials: { key, secret } }: Account,
  now: number,
): Request {
  const params = { apiKey: key, recvWindow: RECV_WINDOW, timestamp: Math.floor(now) };
  const signature = sign(payloadOf(params), secret);
  return request('userDataStream.subscribe.signature', topics, id, { ...params, signature });
}

/** Without a subscription id it ends all of the connection, which holds one account only. */
function unsubscription(topics: readonly Topic[], id: number): Request {
  return request('userDataStream.unsubscribe', topics, id, {});
}

function request(method: string, topics: readonly Topic[], id: number, params: object): Request {
  return { frame: JSON.stringify({ id, method, params }), topics, id: String(id) };
}
