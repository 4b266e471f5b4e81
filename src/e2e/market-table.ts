/** Every market with account streams: what its simulated accounts trade, and what must come of it (contract 2.6, 3.1). */
import { generateKeyPairSync } from 'node:crypto';
import type { AccountSpec } from '../simulator/kit';

export interface AccountMarket {
  readonly exchange: string;
  /** As the venue spells it. */
  readonly symbol: string;
  /** As we publish it. */
  readonly published: string;
  /** Spot: what an order moves. */
  readonly assets?: { readonly base: string; readonly quote: string };
  /** Quantities of one order, in the venue's own unit: all of it, and three parts. */
  readonly quantity: string;
  readonly parts: readonly [string, string, string];
  /** What `totalTradeQuantity` counts. */
  readonly unit: 'asTraded' | 'coinOfContracts';
  /** Its keys are halves of a pair. */
  readonly hasKeyPair?: true;
  /** Value of a contract in quote coin, where `unit` is `coinOfContracts`. */
  readonly contractValue?: number;
  /** Binance futures speak the other form. */
  readonly form: 'executionReport' | 'ORDER_TRADE_UPDATE';
  /** Its orders tell that the venue took a position over (contract 2.1). */
  readonly hasLiquidations?: true;
  readonly orderIds?: (count: number) => string;
}

export const PRICE = '50000';

const spot = (
  exchange: string,
  symbol: string,
  [base, quote]: readonly [string, string],
  orderIds?: (count: number) => string,
): AccountMarket => ({
  ...{ exchange, symbol, published: symbol, assets: { base, quote } },
  ...{ quantity: '0.3', parts: ['0.1', '0.05', '0.15'], unit: 'asTraded', form: 'executionReport' },
  ...(orderIds && { orderIds }),
});

const linear = (
  exchange: string,
  symbol: string,
  published: string,
  orderIds?: (count: number) => string,
): AccountMarket => ({
  ...{ exchange, symbol, published },
  ...{ quantity: '0.3', parts: ['0.1', '0.05', '0.15'], unit: 'asTraded', form: 'executionReport' },
  ...(orderIds && { orderIds }),
});

const contracts = (
  exchange: string,
  symbol: string,
  published: string,
  orderIds?: (count: number) => string,
): AccountMarket => ({
  ...{ exchange, symbol, published },
  ...{ quantity: '6', parts: ['1', '2', '3'], unit: 'asTraded', form: 'executionReport' },
  ...(orderIds && { orderIds }),
});

const uuids = (count: number): string => `0000c0de-0000-4000-8000-${String(count).padStart(12, '0')}`;

const longIds = (count: number): string => `14747794483530${String(count).padStart(5, '0')}`;

export const ACCOUNT_MARKETS: readonly AccountMarket[] = [
  spot('binance', 'BTCUSDT', ['BTC', 'USDT']),
  spot('binanceUS', 'BTCUSDT', ['BTC', 'USDT']),
  { ...linear('binanceUsdm', 'BTCUSDT', 'BTCUSDT'), form: 'ORDER_TRADE_UPDATE', hasLiquidations: true },
  {
    ...contracts('binanceCoinm', 'BTCUSD_PERP', 'BTCUSD_PERP'),
    form: 'ORDER_TRADE_UPDATE',
    hasLiquidations: true,
  },
  spot('bybit', 'BTCUSDT', ['BTC', 'USDT'], longIds),
  { ...linear('bybitLinear', 'BTCUSDT', 'BTCUSDT', longIds), hasLiquidations: true },
  {
    ...contracts('bybitInverse', 'BTCUSD', 'BTCUSD', longIds),
    ...{ quantity: '600', parts: ['100', '200', '300'], unit: 'coinOfContracts', contractValue: 1 },
    hasLiquidations: true,
  },
  spot('okx', 'BTC-USDT', ['BTC', 'USDT'], longIds),
  { ...contracts('okxLinear', 'BTC-USDT-SWAP', 'BTC-USDT', longIds), hasLiquidations: true },
  { ...contracts('okxInverse', 'BTC-USD-SWAP', 'BTC-USD', longIds), hasLiquidations: true },
  spot('bitget', 'BTCUSDT', ['BTC', 'USDT'], longIds),
  linear('bitgetUsdm', 'BTCUSDT', 'BTCUSDT', longIds),
  linear('bitgetCoinm', 'BTCUSD', 'BTCUSD', longIds),
  { ...spot('coinbase', 'BTC-USD', ['BTC', 'USD'], uuids), hasKeyPair: true },
];

/** A cloud key of Coinbase: it signs with its own half, the venue holds the other. */
const cloud = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

export interface Keys {
  readonly key: string;
  /** As the command brings it. */
  readonly secret: string;
  readonly passphrase: string;
}

/** Credentials that no other text of a run contains. */
export function keysOf(exchange: string, mark: string): Keys {
  const isPair = ACCOUNT_MARKETS.some((one) => one.exchange === exchange && one.hasKeyPair);
  if (isPair) {
    const secret = cloud.privateKey.export({ type: 'sec1', format: 'pem' }).toString();
    return { key: `organizations/${mark}/apiKeys/${mark}-key-${exchange}`, secret, passphrase: '' };
  }
  return { key: `${mark}-key-${exchange}`, secret: `${mark}-secret-${exchange}`, passphrase: `${mark}-pass` };
}

/** The account behind the keys, as the venue holds it. */
export function specOf(market: AccountMarket, { key, secret, passphrase }: Keys): AccountSpec {
  const { exchange, orderIds, hasKeyPair } = market;
  const theirs = hasKeyPair ? cloud.publicKey.export({ type: 'spki', format: 'pem' }).toString() : secret;
  return { ...{ exchange, key, secret: theirs, passphrase }, ...(orderIds && { orderIds }) };
}

/** What `totalTradeQuantity` must be for a traded quantity of the venue's own unit. */
export function publishedTotal({ unit, contractValue = 1 }: AccountMarket, traded: number): number {
  return unit === 'asTraded' ? traded : (traded * contractValue) / Number(PRICE);
}
