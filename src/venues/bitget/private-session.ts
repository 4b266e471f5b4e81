import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountSession, Credentials, Request, Topic } from '../contract';
import { streamUrl, type AccountMode } from './account-mode';
import type { BitgetAccountRest } from './account-rest';
import { accountTopics, argsOf } from './account-topics';
import { loginArg } from './signing';

const CLASSIC: AccountMode = { generation: 'classic' };

/**
 * Private stream of classic (V2) and unified (V3) accounts; login, limits and heartbeat are the same.
 * Each dial asks which of the two the account is, and remembers it for the requests of that connection.
 * https://www.bitget.com/api-doc/common/websocket-intro
 * https://www.bitget.com/api-doc/uta/websocket/intro
 */
export function privateSession(): AccountSession {
  const modes = new WeakMap<Credentials, AccountMode>();
  const modeOf = ({ credentials }: Account): AccountMode => modes.get(credentials) ?? CLASSIC;
  return {
    endpoint: async ({ credentials }, rest) => {
      const mode = await askedMode(rest);
      modes.set(credentials, mode);
      return streamUrl(mode);
    },
    /** {"op":"login","args":[{"apiKey":"..","passphrase":"..","timestamp":"1538054050","sign":".."}]} */
    login: ({ credentials }, now) => [
      { frame: JSON.stringify({ op: 'login', args: [loginArg(credentials, now)] }), topics: [] },
    ],
    topics: ({ market }) => accountTopics(market.kind),
    subscribe: (topics, _nextId, account) => request('subscribe', topics, modeOf(account)),
    unsubscribe: (topics, _nextId, account) => request('unsubscribe', topics, modeOf(account)),
    ping: () => 'ping',
  };
}

async function askedMode(rest: AccountRest): Promise<AccountMode> {
  if ('mode' in rest) return (rest as BitgetAccountRest).mode();
  throw new ConnectorError('REST_FAILED', 'the account side of Bitget needs its own REST client', {
    retry: 'never',
  });
}

function request(
  op: 'subscribe' | 'unsubscribe',
  topics: readonly Topic[],
  mode: AccountMode,
): readonly Request[] {
  if (topics.length === 0) return [];
  return [{ frame: JSON.stringify({ op, args: argsOf(topics, mode) }), topics }];
}
