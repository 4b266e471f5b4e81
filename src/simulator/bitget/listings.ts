import type { SymbolSpec } from '../kit';

/** Product lines of the venue; the two of `bitgetUsdm` are one published market. */
export const INST_TYPES = ['SPOT', 'USDT-FUTURES', 'USDC-FUTURES', 'COIN-FUTURES'] as const;
export type InstType = (typeof INST_TYPES)[number];

export const EXCHANGES = ['bitget', 'bitgetUsdm', 'bitgetCoinm'] as const;
export type BitgetExchange = (typeof EXCHANGES)[number];

export interface Listing {
  readonly spec: SymbolSpec;
  readonly instType: InstType;
  /** As REST lists it. */
  readonly row: object;
}

interface Coin {
  readonly name: string;
  /** In dollars. */
  readonly price: string;
  readonly tickDecimals: number;
}

const DOLLARS_PER_DAY = 60_000_000;

const BTC: Coin = { name: 'BTC', price: '72331.5', tickDecimals: 1 };
const COINS: readonly Coin[] = [
  BTC,
  { name: 'ETH', price: '2530.11', tickDecimals: 2 },
  { name: 'STORJ', price: '0.4706', tickDecimals: 4 },
  { name: 'SOL', price: '174.27', tickDecimals: 2 },
  { name: 'XRP', price: '0.5231', tickDecimals: 4 },
  { name: 'DOGE', price: '0.16345', tickDecimals: 5 },
  { name: 'BGB', price: '1.2141', tickDecimals: 4 },
  { name: 'LTC', price: '71.51', tickDecimals: 2 },
  { name: 'LINK', price: '11.235', tickDecimals: 3 },
  { name: 'SHIB', price: '0.00001817', tickDecimals: 8 },
];

/** So many symbols per published market, those of the recorded frames and the odd names first. */
export function listingsOf(exchange: BitgetExchange, count: number): readonly Listing[] {
  const [btc = BTC, ...others] = coins(count);
  const pairs = (instType: InstType, quote: string): readonly Listing[] =>
    others.map((coin) => listing(instType, coin, `${coin.name}${quote}`, quote));
  switch (exchange) {
    case 'bitget':
      return [
        listing('SPOT', btc, 'BTCUSDT', 'USDT'),
        listing('SPOT', btc, 'BTCUSDC', 'USDC'),
        ...pairs('SPOT', 'USDT'),
      ].slice(0, count);
    case 'bitgetUsdm':
      return [
        listing('USDT-FUTURES', btc, 'BTCUSDT', 'USDT'),
        listing('USDC-FUTURES', btc, 'BTCPERP', 'USDC'),
        ...pairs('USDT-FUTURES', 'USDT'),
      ].slice(0, count);
    case 'bitgetCoinm':
      return [
        listing('COIN-FUTURES', btc, 'BTCUSD', 'USD'),
        listing('COIN-FUTURES', btc, 'BTCUSDZ26', 'USD'),
        ...pairs('COIN-FUTURES', 'USD'),
      ].slice(0, count);
  }
}

/** The known coins, then made-up ones. */
function coins(count: number): readonly Coin[] {
  const made = Array.from({ length: Math.max(0, count - COINS.length) }, (_, at) => ({
    name: `SIM${at + 1}`,
    price: `${1 + (at % 90)}.${String(at % 1_000).padStart(4, '0')}`,
    tickDecimals: 4,
  }));
  return [...COINS, ...made];
}

/** Sizes and volumes are in base coin on all product lines, so no spec has a contract size. */
function listing(instType: InstType, coin: Coin, symbol: string, quote: string): Listing {
  const { name, price, tickDecimals } = coin;
  const lotDecimals = Number(price) > 100 ? 4 : 1;
  const dailyVolume = DOLLARS_PER_DAY / Number(price);
  const spec: SymbolSpec = {
    symbol,
    base: name,
    quote,
    price,
    tickDecimals,
    lotDecimals,
    turnoverDigits: Math.min(8, tickDecimals + lotDecimals),
    dailyVolume,
  };
  return { spec, instType, row: instType === 'SPOT' ? spotRow(spec) : contractRow(spec) };
}

/** https://www.bitget.com/api-doc/spot/market/Get-Symbols */
function spotRow({ symbol, base, quote, tickDecimals, lotDecimals }: SymbolSpec): object {
  return {
    symbol,
    baseCoin: base,
    quoteCoin: quote,
    minTradeAmount: '0',
    maxTradeAmount: '900000000000000000000',
    takerFeeRate: '0.002',
    makerFeeRate: '0.002',
    pricePrecision: String(tickDecimals),
    quantityPrecision: String(lotDecimals),
    quotePrecision: '8',
    status: 'online',
    minTradeUSDT: '1',
    buyLimitPriceRatio: '0.05',
    sellLimitPriceRatio: '0.05',
    areaSymbol: 'no',
    orderQuantity: '200',
    openTime: '1532454360000',
    offTime: '',
  };
}

/** https://www.bitget.com/api-doc/contract/market/Get-All-Symbols-Contracts */
function contractRow({ symbol, base, quote, tickDecimals, lotDecimals }: SymbolSpec): object {
  const isDelivery = /[FHJKMNQUVXZ]\d\d$/.test(symbol);
  return {
    symbol,
    baseCoin: base,
    quoteCoin: quote,
    buyLimitPriceRatio: '0.05',
    sellLimitPriceRatio: '0.05',
    feeRateUpRatio: '0.005',
    makerFeeRate: '0.0002',
    takerFeeRate: '0.0006',
    openCostUpRatio: '0.01',
    supportMarginCoins: [quote === 'USD' ? base : quote],
    minTradeNum: stepText(lotDecimals),
    priceEndStep: '1',
    volumePlace: String(lotDecimals),
    pricePlace: String(tickDecimals),
    sizeMultiplier: stepText(lotDecimals),
    symbolType: isDelivery ? 'delivery' : 'perpetual',
    minTradeUSDT: '5',
    maxSymbolOrderNum: '200',
    maxProductOrderNum: '400',
    maxPositionNum: '150',
    symbolStatus: 'normal',
    offTime: '-1',
    limitOpenTime: '-1',
    deliveryTime: isDelivery ? '1798185600000' : '',
    deliveryStartTime: '',
    launchTime: '',
    fundInterval: '8',
    minLever: '1',
    maxLever: '125',
    posLimit: '0.05',
    maintainTime: '',
  };
}

function stepText(decimals: number): string {
  return decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`;
}

/** Listed, but not to be traded now. */
export function untradable(instType: InstType): readonly object[] {
  const quote = { SPOT: 'USDT', 'USDT-FUTURES': 'USDT', 'USDC-FUTURES': 'USDC', 'COIN-FUTURES': 'USD' }[
    instType
  ];
  const words = instType === 'SPOT' ? ['offline', 'gray', 'halt'] : ['off', 'maintain', 'limit_open'];
  return words.map((word, at) => {
    const { row } = listing(
      instType,
      { name: `GONE${at}`, price: '1', tickDecimals: 4 },
      `GONE${at}${quote}`,
      quote,
    );
    return { ...row, [instType === 'SPOT' ? 'status' : 'symbolStatus']: word };
  });
}
