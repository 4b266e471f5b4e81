import type { SymbolSpec } from '../kit';

export type ExchangeName = 'kucoin' | 'kucoinLinear' | 'kucoinInverse';

/** One tradable thing: what the market model needs, and what REST says of it. */
export interface Listing {
  readonly spec: SymbolSpec;
  readonly kind: 'spot' | 'linear' | 'inverse';
  /** Trading areas of a spot symbol; the first is its home. */
  readonly areas: readonly string[];
  /** Decimals of the multiplier of a linear contract: 3 = 0.001. Its volumes are kept in base coin. */
  readonly multiplierDecimals: number;
  readonly row: Row;
}

type Row = Readonly<Record<string, unknown>>;

interface Coin {
  readonly name: string;
  /** In dollars. */
  readonly price: string;
  readonly tickDecimals: number;
  readonly multiplierDecimals: number;
}

const DAILY_DOLLARS = 30_000_000;
const BTC: Coin = { name: 'BTC', price: '84556.5', tickDecimals: 1, multiplierDecimals: 3 };

const COINS: readonly Coin[] = [
  { name: 'ETH', price: '3120.45', tickDecimals: 2, multiplierDecimals: 2 },
  { name: 'SOL', price: '148.273', tickDecimals: 3, multiplierDecimals: 1 },
  { name: 'KCS', price: '12.345', tickDecimals: 3, multiplierDecimals: 1 },
  { name: 'XRP', price: '2.5231', tickDecimals: 4, multiplierDecimals: 0 },
  { name: 'DOGE', price: '0.12345', tickDecimals: 5, multiplierDecimals: 0 },
  { name: 'PEPE', price: '0.0000101234', tickDecimals: 10, multiplierDecimals: 0 },
];

export function listingsOf(exchange: ExchangeName, count: number): readonly Listing[] {
  const coins = [...COINS, ...madeUpCoins(count)];
  switch (exchange) {
    case 'kucoin':
      return [...ODD_PAIRS, ...coins.map((coin) => pair(coin, 'USDT'))].slice(0, count);
    case 'kucoinLinear':
      return [...ODD_CONTRACTS, ...coins.map((coin) => linear(coin, `${coin.name}USDTM`, 'USDT'))].slice(
        0,
        count,
      );
    case 'kucoinInverse':
      return [
        ...[inverse(BTC, 'XBTUSDM'), inverse(BTC, 'XBTMZ26', 1_798_185_600_000)],
        ...coins.map((coin) => inverse(coin, `${coin.name}USDM`)),
      ].slice(0, count);
  }
}

function madeUpCoins(count: number): readonly Coin[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `SIM${at + 1}`,
    price: `${1 + (at % 90)}.${String(at % 1_000).padStart(4, '0')}`,
    tickDecimals: 4,
    multiplierDecimals: at % 3,
  }));
}

// ---------------------------------------------------------------------------- spot

const AREA_OF_QUOTE: Readonly<Record<string, string>> = {
  USDT: 'USDS',
  USDC: 'USDS',
  BTC: 'BTC',
  EUR: 'FIAT',
};

/** The recorded symbols, and one of each kind of quote. */
const ODD_PAIRS: readonly Listing[] = [
  pair(BTC, 'USDT'),
  pair({ name: 'EWT', price: '0.000004484', tickDecimals: 9, multiplierDecimals: 0 }, 'BTC'),
  pair({ name: 'DAPPT', price: '0.0000001116', tickDecimals: 10, multiplierDecimals: 0 }, 'BTC'),
  pair({ ...BTC, price: '75012.3' }, 'EUR'),
  pair({ name: 'ETH', price: '254.1273', tickDecimals: 4, multiplierDecimals: 0 }, 'KCS'),
  // Leveraged tokens stand in two areas: each snapshot of theirs comes twice.
  pair({ name: 'BTC3L', price: '0.015321', tickDecimals: 6, multiplierDecimals: 0 }, 'USDT', ['ETF']),
];

function pair(coin: Coin, quote: string, moreAreas: readonly string[] = []): Listing {
  const symbol = `${coin.name}-${quote}`;
  const lotDecimals = Number(coin.price) > 1 ? 8 : 4;
  const spec = {
    ...specOf(coin, symbol, quote),
    lotDecimals,
    dailyVolume: DAILY_DOLLARS / Number(coin.price),
  };
  const areas = [AREA_OF_QUOTE[quote] ?? 'ALTS', ...moreAreas];
  return { spec, kind: 'spot', areas, multiplierDecimals: 0, row: pairRow(spec, areas[0] ?? '', true) };
}

/** https://www.kucoin.com/docs-new/rest/spot-trading/market-data/get-all-symbols */
function pairRow(
  { symbol, base, quote, tickDecimals }: SymbolSpec,
  market: string,
  enableTrading: boolean,
): Row {
  return {
    ...{ symbol, name: symbol, baseCurrency: base, quoteCurrency: quote, feeCurrency: quote, market },
    ...{ baseMinSize: '0.00001', quoteMinSize: '0.1', baseMaxSize: '10000000000', quoteMaxSize: '99999999' },
    ...{ baseIncrement: '0.00000001', quoteIncrement: '0.000001', priceIncrement: stepOf(tickDecimals) },
    ...{ priceLimitRate: '0.1', minFunds: '0.1', isMarginEnabled: false, enableTrading, feeCategory: 1 },
    ...{ makerFeeCoefficient: '1.00', takerFeeCoefficient: '1.00', st: false, callauctionIsEnabled: false },
  };
}

// ---------------------------------------------------------------------------- futures

/** Bitcoin under its other name, in both quotes, and an index whose name merely begins like it. */
const ODD_CONTRACTS: readonly Listing[] = [
  linear(BTC, 'XBTUSDTM', 'USDT'),
  linear(BTC, 'XBTUSDCM', 'USDC'),
  linear({ name: 'BTCDOM', price: '4512.7', tickDecimals: 1, multiplierDecimals: 2 }, 'BTCDOMUSDTM', 'USDT'),
];

function linear(coin: Coin, symbol: string, quote: string): Listing {
  const { multiplierDecimals } = coin;
  const dailyVolume = DAILY_DOLLARS / Number(coin.price);
  const spec = { ...specOf(coin, symbol, quote), lotDecimals: multiplierDecimals, dailyVolume };
  const row = contractRow(spec, { multiplier: 10 ** -multiplierDecimals, status: 'Open' });
  return { spec, kind: 'linear', areas: [], multiplierDecimals, row };
}

/** One dollar per contract. */
function inverse(coin: Coin, symbol: string, expireDate?: number): Listing {
  const spec = {
    ...specOf(coin, symbol, 'USD'),
    lotDecimals: 0,
    dailyVolume: DAILY_DOLLARS,
    contractSize: 1,
  };
  const row = contractRow(spec, {
    multiplier: -1,
    status: 'Open',
    ...(expireDate !== undefined && { expireDate }),
  });
  return { spec, kind: 'inverse', areas: [], multiplierDecimals: 0, row };
}

/** https://www.kucoin.com/docs-new/rest/futures-trading/market-data/get-all-symbols */
function contractRow(
  { symbol, base, quote, tickDecimals }: SymbolSpec,
  { multiplier, status, expireDate }: { multiplier: number; status: string; expireDate?: number },
): Row {
  const isInverse = multiplier < 0;
  const baseCurrency = base === 'BTC' ? 'XBT' : base;
  const settleCurrency = isInverse ? baseCurrency : quote;
  return {
    ...{ symbol, rootSymbol: quote, type: expireDate === undefined ? 'FFWCSX' : 'FFICSX' },
    ...{ firstOpenDate: 1_585_555_200_000, expireDate: expireDate ?? null, settleDate: null },
    ...{ baseCurrency, quoteCurrency: quote, settleCurrency, maxOrderQty: 1_000_000, maxPrice: 1_000_000 },
    ...{ lotSize: 1, tickSize: Number(stepOf(tickDecimals)), indexPriceTickSize: 0.01, multiplier },
    ...{ initialMargin: 0.008, maintainMargin: 0.004, makerFeeRate: 0.0002, takerFeeRate: 0.0006 },
    ...{ isDeleverage: true, isQuanto: false, isInverse, markMethod: 'FairPrice', status, maxLeverage: 125 },
  };
}

// ---------------------------------------------------------------------------- rows that a client must leave out

const GONE = {
  symbol: 'GONEUSDTM',
  base: 'GONE',
  quote: 'USDT',
  price: '1',
  tickDecimals: 2,
  lotDecimals: 0,
  dailyVolume: 1,
};

export const HALTED_PAIR = pairRow({ ...GONE, symbol: 'GONE-USDT' }, 'USDS', false);

export const CLOSED_CONTRACTS = [
  contractRow(GONE, { multiplier: 1, status: 'BeingSettled' }),
  contractRow({ ...GONE, symbol: 'GONEUSDM', quote: 'USD' }, { multiplier: -1, status: 'Paused' }),
];

function specOf({ name, price, tickDecimals }: Coin, symbol: string, quote: string) {
  return { symbol, base: name, quote, price, tickDecimals };
}

function stepOf(decimals: number): string {
  return decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`;
}
