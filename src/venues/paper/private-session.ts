import { ConnectorError } from '../../domain/errors';
import type { AccountSession } from '../contract';
import { eventFrame } from './packets';

/**
 * Orders and balances together: a session that has but one of them is none, and both are told on the same
 * socket anyway.
 */
export const ACCOUNT = 'account';

/** Events that carry them, and by which the server also answers. */
export const ORDERS = 'order';
export const BALANCES = 'outboundAccountInfo';

/** Only WebSocket is served: no polling, no upgrade. */
const PATH = '/socket.io/?EIO=4&transport=websocket';

/** The complete URL of the socket below the server's base URL. */
export function socketUrl(base: string): string {
  return base + PATH;
}

/**
 * The server speaks first, and knows nothing of a socket but what it was asked on it: every connection
 * subscribes anew. There is no way to unsubscribe but to hang up.
 */
export const privateSession: AccountSession = {
  endpoint: ({ market }) => {
    const { account } = market.endpoints;
    return account === undefined
      ? Promise.reject(new ConnectorError('DESCRIPTOR_INVALID', `${market.exchange}: no account endpoint`))
      : Promise.resolve(account);
  },
  login: () => [],
  topics: () => [ACCOUNT],
  subscribe: (topics, _nextId, { credentials }) => {
    if (topics.length === 0) return [];
    const { key, secret } = credentials;
    return [
      { frame: eventFrame('subscribeOrder', { key, secret }), topics: [] },
      { frame: eventFrame('subscribeOutboundAccountInfo', { key, secret }), topics },
    ];
  },
  unsubscribe: () => [],
};
