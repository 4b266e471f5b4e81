import type { Account, AccountSession, Request, Topic } from '../contract';
import { privateUrlOf } from './hosts';
import { ACCOUNT, instTypesOf, ORDERS, privateArgOf } from './private-topics';
import { signLogin } from './signing';
import { topicOf } from './topics';

const SECOND = 1_000;

/** https://www.okx.com/docs-v5/en/#overview-websocket-login and #overview-websocket-subscribe */
export const privateSession: AccountSession = {
  endpoint: (account) => Promise.resolve(privateUrlOf(account)),
  login,
  // Balances last: what follows the orders' ack holds whatever the orders told.
  topics: (account) => [...instTypesOf(account).map((type) => topicOf(ORDERS, type)), ACCOUNT],
  subscribe: (topics, nextId) => requests('subscribe', topics, nextId),
  unsubscribe: (topics, nextId) => requests('unsubscribe', topics, nextId),
  ping: () => 'ping',
};

/** {"op":"login","args":[{"apiKey":"..","passphrase":"..","timestamp":"1704876947","sign":".."}]}; knows no id. */
function login({ credentials }: Account, now: number): readonly Request[] {
  const timestamp = String(Math.floor(now / SECOND));
  const { key, secret, passphrase } = credentials;
  const args = [{ apiKey: key, passphrase, timestamp, sign: signLogin(secret, timestamp) }];
  return [{ frame: JSON.stringify({ op: 'login', args }), topics: [] }];
}

/** One request per topic: an error names its topic by the echoed id only. */
function requests(
  op: 'subscribe' | 'unsubscribe',
  topics: readonly Topic[],
  nextId: () => number,
): readonly Request[] {
  return topics.map((topic) => {
    const id = String(nextId());
    return { frame: JSON.stringify({ id, op, args: [privateArgOf(topic)] }), topics: [topic], id };
  });
}
