import type { MarketDescriptor } from '../contract';

/** A path below the REST host, and what a call weighs in the venue's count per IP. */
export interface Endpoint {
  readonly path: string;
  readonly weight: number;
}

export interface AccountPaths {
  /** Of all symbols: far dearer than of one, and the only way to find what we do not know of. */
  readonly openOrders: Endpoint;
  /** By symbol. */
  readonly allOrders: Endpoint;
  readonly order: Endpoint;
  readonly balances: Endpoint;
  /** Whether the balances can be asked for without the many zeros. */
  readonly omitsZeros: boolean;
  readonly futures?: {
    /** Fees, profits and funding of all symbols. */
    readonly income: Endpoint;
    /** Liquidations and ADL of all symbols. */
    readonly forceOrders: Endpoint;
  };
  readonly listenKey: Endpoint;
}

/** https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#account-endpoints */
const SPOT: AccountPaths = {
  openOrders: { path: 'api/v3/openOrders', weight: 80 },
  allOrders: { path: 'api/v3/allOrders', weight: 20 },
  order: { path: 'api/v3/order', weight: 4 },
  balances: { path: 'api/v3/account', weight: 20 },
  omitsZeros: true,
  listenKey: { path: 'api/v3/userDataStream', weight: 2 },
};

/** https://github.com/binance-us/binance-us-api-docs/blob/master/rest-api.md#account-endpoints */
const US: AccountPaths = {
  openOrders: { path: 'api/v3/openOrders', weight: 40 },
  allOrders: { path: 'api/v3/allOrders', weight: 10 },
  order: { path: 'api/v3/order', weight: 2 },
  balances: { path: 'api/v3/account', weight: 10 },
  omitsZeros: false,
  listenKey: { path: 'api/v3/userDataStream', weight: 1 },
};

/** https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api */
const USDM: AccountPaths = {
  openOrders: { path: 'fapi/v1/openOrders', weight: 40 },
  allOrders: { path: 'fapi/v1/allOrders', weight: 5 },
  order: { path: 'fapi/v1/order', weight: 1 },
  balances: { path: 'fapi/v3/balance', weight: 5 },
  omitsZeros: false,
  futures: {
    income: { path: 'fapi/v1/income', weight: 30 },
    forceOrders: { path: 'fapi/v1/forceOrders', weight: 50 },
  },
  listenKey: { path: 'fapi/v1/listenKey', weight: 1 },
};

/** https://developers.binance.com/docs/derivatives/coin-margined-futures/account/rest-api */
const COINM: AccountPaths = {
  openOrders: { path: 'dapi/v1/openOrders', weight: 40 },
  allOrders: { path: 'dapi/v1/allOrders', weight: 20 },
  order: { path: 'dapi/v1/order', weight: 1 },
  balances: { path: 'dapi/v1/balance', weight: 1 },
  omitsZeros: false,
  futures: {
    income: { path: 'dapi/v1/income', weight: 30 },
    forceOrders: { path: 'dapi/v1/forceOrders', weight: 50 },
  },
  listenKey: { path: 'dapi/v1/listenKey', weight: 1 },
};

export function pathsOf({ exchange, kind }: MarketDescriptor): AccountPaths {
  if (kind !== 'spot') return kind === 'linear' ? USDM : COINM;
  return exchange === 'binanceUS' ? US : SPOT;
}
