import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountSession, Request, Topic } from '../contract';
import type { PublicToken } from './bullet';
import { privateTopicsOf } from './private-topics';

/** What a private session needs of its REST client. */
export interface KucoinAccountRest extends AccountRest {
  /** A fresh token of the account. It opens one connection, and lives as long as that may: 24 h. */
  privateToken(): Promise<PublicToken>;
}

/** https://www.kucoin.com/docs-new/websocket-api/base-info/introduction */
export const privateSession: AccountSession = {
  endpoint,
  // The token of the URL authenticates; nothing may be sent before the venue's welcome.
  login: () => [],
  topics: ({ market }) => privateTopicsOf(market),
  subscribe: (topics, nextId) => requests('subscribe', topics, nextId),
  unsubscribe: (topics, nextId) => requests('unsubscribe', topics, nextId),
  ping: (nextId) => JSON.stringify({ id: String(nextId()), type: 'ping' }),
};

/** KuCoin has closed its sandbox. */
export function misplaced({ environment }: Account): string | undefined {
  return environment === 'sandbox' ? 'environment: the venue has no sandbox' : undefined;
}

/** Every dial needs a token of its own: a used one is refused. */
async function endpoint({ market }: Account, rest: AccountRest): Promise<string> {
  if (!isKucoinRest(rest)) {
    throw new ConnectorError('DIAL_FAILED', `${market.exchange}: the REST client gives no tokens`);
  }
  const { endpoint: base, token, serial } = await rest.privateToken();
  const url = new URL(base);
  url.searchParams.set('token', token);
  url.searchParams.set('connectId', `${market.exchange}-account-${serial}`);
  return url.href;
}

function isKucoinRest(rest: AccountRest): rest is KucoinAccountRest {
  return 'privateToken' in rest && typeof rest.privateToken === 'function';
}

/** One request per topic: an error names its topic by the echoed id only. */
function requests(
  type: 'subscribe' | 'unsubscribe',
  topics: readonly Topic[],
  nextId: () => number,
): readonly Request[] {
  return topics.map((topic) => {
    const id = String(nextId());
    const frame = { id, type, topic, privateChannel: true, response: true };
    return { frame: JSON.stringify(frame), topics: [topic], id };
  });
}
