import { ConnectorError } from '../../domain/errors';
import type { Account } from '../contract';

interface Site {
  readonly stream: string;
  readonly rest: string;
}

/**
 * A key works only on the site that it was made on; `bybitHost` of the account names it. Hosts that move
 * (two did in 2026) are overridden by VENUE_ENDPOINTS.
 * https://bybit-exchange.github.io/docs/v5/guide, https://bybit-exchange.github.io/docs/v5/ws/connect
 */
const SITES: ReadonlyMap<string, Site> = new Map([
  ['com', site('bybit.com')],
  ['eu', site('bybit.eu')],
  ['nl', site('bybit.nl')],
  ['tr', site('bybit.tr')],
  ['kz', site('bybit.kz')],
  ['ge', site('bybitgeorgia.ge')],
  // Demo trading of bybit.com; its public data are those of the main site.
  ['demo', { stream: 'stream-demo.bybit.com', rest: 'api-demo.bybit.com' }],
]);

/** There is one testnet, whatever the site. */
const TESTNET: Site = { stream: 'stream-testnet.bybit.com', rest: 'api-testnet.bybit.com' };

/** The test net is asked for by the environment alone. */
export function misplaced({ environment, credentials }: Account): string | undefined {
  const host = credentials.options.bybitHost || 'com';
  if (environment === 'sandbox' || SITES.has(host)) return undefined;
  return `bybitHost: none of ${[...SITES.keys()].join(', ')}`;
}

export const PRIVATE_PATH = '/v5/private';

export function privateStreamUrl(account: Account): string {
  return `wss://${siteOf(account).stream}${PRIVATE_PATH}`;
}

export function signedRestUrl(account: Account): string {
  return `https://${siteOf(account).rest}`;
}

function site(domain: string): Site {
  return { stream: `stream.${domain}`, rest: `api.${domain}` };
}

function siteOf({ environment, credentials }: Account): Site {
  if (environment === 'sandbox') return TESTNET;
  const found = SITES.get(credentials.options.bybitHost || 'com');
  if (found) return found;
  throw new ConnectorError('COMMAND_INVALID', 'Bybit has no such site as the account names', {
    retry: 'never',
  });
}
