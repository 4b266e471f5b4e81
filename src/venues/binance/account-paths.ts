import type { MarketDescriptor } from '../contract';

/** Paths below the REST host. */
export interface AccountPaths {
  readonly openOrders: string;
  /** By symbol. */
  readonly allOrders: string;
  readonly order: string;
  readonly balances: string;
  /** Whether the balances can be asked for without the many zeros. */
  readonly omitsZeros: boolean;
  /** Futures: fees, profits and funding of all symbols. */
  readonly income?: string;
  readonly listenKey: string;
}

/** https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#account-endpoints */
const SPOT: AccountPaths = {
  openOrders: 'api/v3/openOrders',
  allOrders: 'api/v3/allOrders',
  order: 'api/v3/order',
  balances: 'api/v3/account',
  omitsZeros: true,
  listenKey: 'api/v3/userDataStream',
};

/** https://github.com/binance-us/binance-us-api-docs/blob/master/rest-api.md#account-endpoints */
const US: AccountPaths = { ...SPOT, omitsZeros: false };

/** https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api */
const USDM: AccountPaths = {
  openOrders: 'fapi/v1/openOrders',
  allOrders: 'fapi/v1/allOrders',
  order: 'fapi/v1/order',
  balances: 'fapi/v3/balance',
  omitsZeros: false,
  income: 'fapi/v1/income',
  listenKey: 'fapi/v1/listenKey',
};

/** https://developers.binance.com/docs/derivatives/coin-margined-futures/account/rest-api */
const COINM: AccountPaths = {
  openOrders: 'dapi/v1/openOrders',
  allOrders: 'dapi/v1/allOrders',
  order: 'dapi/v1/order',
  balances: 'dapi/v1/balance',
  omitsZeros: false,
  income: 'dapi/v1/income',
  listenKey: 'dapi/v1/listenKey',
};

export function pathsOf({ exchange, kind }: MarketDescriptor): AccountPaths {
  if (kind !== 'spot') return kind === 'linear' ? USDM : COINM;
  return exchange === 'binanceUS' ? US : SPOT;
}
