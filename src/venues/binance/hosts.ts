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
export function hostsOf({ market, environment }: Account): AccountHosts {
  const { account, rest } = market.endpoints;
  const hosts = environment === 'sandbox' ? SANDBOX[market.exchange] : account && { stream: account, rest };
  if (!hosts) {
    const problem = `${market.exchange} has no ${environment} accounts`;
    throw new ConnectorError('COMMAND_INVALID', problem, { retry: 'never' });
  }
  return hosts;
}
