import { ConnectorError } from '../../domain/errors';
import type { Account } from '../contract';

export interface AccountHosts {
  /** Base of the private stream. */
  readonly stream: string;
  readonly rest: string;
}

/** https://developers.binance.com/docs/binance-spot-api-docs/testnet, https://testnet.binancefuture.com */
const SANDBOX: Readonly<Record<string, AccountHosts>> = {
  binance: {
    stream: 'wss://ws-api.testnet.binance.vision/ws-api/v3',
    rest: 'https://testnet.binance.vision',
  },
  binanceUsdm: {
    stream: 'wss://fstream.binancefuture.com/private/ws',
    rest: 'https://testnet.binancefuture.com',
  },
  binanceCoinm: {
    stream: 'wss://dstream.binancefuture.com/ws',
    rest: 'https://testnet.binancefuture.com',
  },
};

/** Production URLs, before any override. */
export function hostsOf(account: Account): AccountHosts {
  const hosts = knownHostsOf(account);
  if (hosts) return hosts;
  throw new ConnectorError('COMMAND_INVALID', absenceOf(account), { retry: 'never' });
}

export function misplaced(account: Account): string | undefined {
  return knownHostsOf(account) ? undefined : `environment: ${absenceOf(account)}`;
}

function knownHostsOf({ market, environment }: Account): AccountHosts | undefined {
  const { account, rest } = market.endpoints;
  if (environment === 'sandbox') return SANDBOX[market.exchange];
  return account ? { stream: account, rest } : undefined;
}

function absenceOf({ market, environment }: Account): string {
  return `${market.exchange} has no ${environment} accounts`;
}
