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

const COINS = { quantity: '0.3', parts: ['0.1', '0.05', '0.15'] } as const;
const CONTRACTS = { quantity: '6', parts: ['1', '2', '3'] } as const;
const FUTURES = { form: 'ORDER_TRADE_UPDATE', hasLiquidations: true } as const;
const LIQUIDATIONS = { hasLiquidations: true } as const;

type More = Partial<AccountMarket>;

function market(exchange: string, symbol: string, amounts: typeof COINS | typeof CONTRACTS, more: More = {}) {
  const usual = { exchange, symbol, published: symbol, unit: 'asTraded', form: 'executionReport' } as const;
  return { ...usual, ...amounts, ...more };
}

function spot(exchange: string, symbol: string, [base = '', quote = '']: readonly string[], more: More = {}) {
  return market(exchange, symbol, COINS, { assets: { base, quote }, ...more });
}

const uuids = (count: number): string => `0000c0de-0000-4000-8000-${String(count).padStart(12, '0')}`;

const hexIds = (count: number): string => `65cf6e${String(count).padStart(18, '0')}`;

const longIds = (count: number): string => `14747794483530${String(count).padStart(5, '0')}`;

const BTC_USDT = ['BTC', 'USDT'] as const;
const LONG = { orderIds: longIds };
const HEX = { orderIds: hexIds };

export const ACCOUNT_MARKETS: readonly AccountMarket[] = [
  spot('binance', 'BTCUSDT', BTC_USDT),
  spot('binanceUS', 'BTCUSDT', BTC_USDT),
  market('binanceUsdm', 'BTCUSDT', COINS, FUTURES),
  market('binanceCoinm', 'BTCUSD_PERP', CONTRACTS, FUTURES),
  spot('bybit', 'BTCUSDT', BTC_USDT, LONG),
  market('bybitLinear', 'BTCUSDT', COINS, { ...LONG, ...LIQUIDATIONS }),
  market('bybitInverse', 'BTCUSD', CONTRACTS, {
    ...{ ...LONG, ...LIQUIDATIONS, quantity: '600', parts: ['100', '200', '300'] },
    ...{ unit: 'coinOfContracts', contractValue: 1 },
  }),
  spot('okx', 'BTC-USDT', BTC_USDT, LONG),
  market('okxLinear', 'BTC-USDT-SWAP', CONTRACTS, { published: 'BTC-USDT', ...LONG, ...LIQUIDATIONS }),
  market('okxInverse', 'BTC-USD-SWAP', CONTRACTS, { published: 'BTC-USD', ...LONG, ...LIQUIDATIONS }),
  spot('bitget', 'BTCUSDT', BTC_USDT, LONG),
  market('bitgetUsdm', 'BTCUSDT', COINS, LONG),
  market('bitgetCoinm', 'BTCUSD', COINS, LONG),
  spot('kucoin', 'BTC-USDT', BTC_USDT, HEX),
  market('kucoinLinear', 'XBTUSDTM', CONTRACTS, { published: 'BTCUSDT', ...HEX, ...LIQUIDATIONS }),
  market('kucoinInverse', 'XBTUSDM', CONTRACTS, { published: 'BTCUSD', ...HEX, ...LIQUIDATIONS }),
  spot('coinbase', 'BTC-USD', ['BTC', 'USD'], { orderIds: uuids, hasKeyPair: true }),
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
