import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountSession, Credentials, Request, Topic } from '../contract';
import { linesOf, streamUrl, type AccountMode } from './account-mode';
import type { BitgetAccountRest } from './account-rest';
import { loginArg } from './signing';
import { argOf, topicOf } from './topics';

const ALL = 'default';
const UNIFIED = 'UTA';
const BALANCES = 'account';
const CLASSIC: AccountMode = { generation: 'classic' };

/**
 * Private stream of classic (V2) and unified (V3) accounts; login, limits and heartbeat are the same.
 * Each dial asks which of the two the account is, and remembers it for the topics of that connection.
 * https://www.bitget.com/api-doc/common/websocket-intro
 * https://www.bitget.com/api-doc/uta/websocket/intro
 */
export function privateSession(): AccountSession {
  const modes = new WeakMap<Credentials, AccountMode>();
  return {
    endpoint: async ({ credentials }, rest) => {
      const mode = await modeOf(rest);
      modes.set(credentials, mode);
      return streamUrl(mode);
    },
    /** {"op":"login","args":[{"apiKey":"..","passphrase":"..","timestamp":"1538054050","sign":".."}]} */
    login: ({ credentials }, now) => [
      { frame: JSON.stringify({ op: 'login', args: [loginArg(credentials, now)] }), topics: [] },
    ],
    topics: (account) => topicsOf(account, modes.get(account.credentials) ?? CLASSIC),
    subscribe: (topics) => request('subscribe', topics),
    unsubscribe: (topics) => request('unsubscribe', topics),
    ping: () => 'ping',
  };
}

async function modeOf(rest: AccountRest): Promise<AccountMode> {
  if ('mode' in rest) return (rest as BitgetAccountRest).mode();
  throw new ConnectorError('REST_FAILED', 'the account side of Bitget needs its own REST client', {
    retry: 'never',
  });
}

/** `orders:USDT-FUTURES:default`, `account:USDT-FUTURES:default`; `order:UTA:default`, `account:UTA:default`. */
function topicsOf({ market }: Account, mode: AccountMode): readonly Topic[] {
  if (mode.generation === 'unified') {
    return ['order', BALANCES].map((channel) => topicOf(channel, UNIFIED, ALL));
  }
  return linesOf(market.kind, mode).flatMap((line) =>
    ['orders', BALANCES].map((channel) => topicOf(channel, line, ALL)),
  );
}

function request(op: 'subscribe' | 'unsubscribe', topics: readonly Topic[]): readonly Request[] {
  if (topics.length === 0) return [];
  return [{ frame: JSON.stringify({ op, args: topics.map(accountArg) }), topics }];
}

/** The classic `account` channel wants a `coin` where others want an `instId`. */
function accountArg(topic: Topic): Readonly<Record<string, string>> {
  const { instType, channel, instId } = argOf(topic);
  if (instType === UNIFIED) return { instType, topic: channel };
  return channel === BALANCES ? { instType, channel, coin: instId } : { instType, channel, instId };
}
