import type { SymbolSpec } from '../kit';

export type InstType = 'SPOT' | 'SWAP' | 'FUTURES';

/** One instrument: what the market model needs, and what REST says of it. */
export interface Listing {
  readonly spec: SymbolSpec;
  readonly instType: InstType;
  readonly kind: 'spot' | 'linear' | 'inverse';
  /** Coin (linear) or USD (inverse) per contract; absent on spot. */
  readonly contractValue?: string;
  readonly row: InstrumentRow;
}

export type InstrumentRow = Readonly<Record<string, string>>;

/** Exchange id -> tradable instruments. */
export type Listings = Readonly<Record<'okx' | 'okxLinear' | 'okxInverse', readonly Listing[]>>;

interface Coin {
  readonly name: string;
  readonly price: string;
  readonly tickDecimals: number;
  /** Coins per linear contract, USD per inverse one. */
  readonly linearValue: string;
  readonly inverseValue: string;
}

const DAILY_TURNOVER = 50_000_000;
const SPOT_LOT_DECIMALS = 6;
const LINEAR_LOT_DECIMALS = 2;

const KNOWN_COINS: readonly Coin[] = [
  { name: 'BTC', price: '112600.1', tickDecimals: 1, linearValue: '0.01', inverseValue: '100' },
  { name: 'ETH', price: '4311.25', tickDecimals: 2, linearValue: '0.1', inverseValue: '10' },
  { name: 'SOL', price: '205.33', tickDecimals: 2, linearValue: '1', inverseValue: '10' },
  { name: 'XRP', price: '2.8144', tickDecimals: 4, linearValue: '100', inverseValue: '10' },
  { name: 'DOGE', price: '0.21457', tickDecimals: 5, linearValue: '1000', inverseValue: '10' },
  { name: 'LTC', price: '111.87', tickDecimals: 2, linearValue: '1', inverseValue: '10' },
];

/** So many instruments per market, the recorded ones first. */
export function listingsOf(count: number): Listings {
  const coins = [...KNOWN_COINS];
  for (let at = coins.length; at < count; at += 1) coins.push(madeUpCoin(at));
  const [btc = madeUpCoin(0), ...others] = coins;
  return {
    // `BTC-USD` is a spot id and, stripped, an inverse one: symbol alone is no key.
    okx: [spot(btc, 'USDT'), spot(btc, 'USD'), ...others.map((coin) => spot(coin, 'USDT'))].slice(0, count),
    okxLinear: [
      linear(btc, 'BTC-USDT-SWAP', 'USDT'),
      linear(btc, 'BTC-USD_UM_XPERP-310404', 'USD'),
      linear(btc, 'BTC-USD_UM-SWAP', 'USD'),
      ...others.map((coin) => linear(coin, `${coin.name}-USDT-SWAP`, 'USDT')),
    ].slice(0, count),
    okxInverse: coins.map(inverse).slice(0, count),
  };
}

function madeUpCoin(at: number): Coin {
  const price = (0.5 + (at % 97) * 1.37).toFixed(4);
  return { name: `C${at}`, price, tickDecimals: 4, linearValue: '1', inverseValue: '10' };
}

function spot(coin: Coin, quote: string): Listing {
  const symbol = `${coin.name}-${quote}`;
  const spec = specOf(coin, symbol, quote, { lotDecimals: SPOT_LOT_DECIMALS });
  const row = { ...ROW, instType: 'SPOT', instId: symbol, baseCcy: coin.name, quoteCcy: quote };
  return { spec, instType: 'SPOT', kind: 'spot', row: withSteps(row, spec) };
}

function linear(coin: Coin, symbol: string, quote: string): Listing {
  const spec = specOf(coin, symbol, quote, {
    lotDecimals: LINEAR_LOT_DECIMALS,
    unitsPerLot: Number(coin.linearValue),
  });
  const isXPerp = !symbol.endsWith('-SWAP');
  const instType = isXPerp ? 'FUTURES' : 'SWAP';
  const row = {
    ...contractRow(instType, symbol, 'linear', coin.linearValue),
    ctValCcy: coin.name,
    settleCcy: quote,
    ruleType: isXPerp ? 'xperp' : 'normal',
  };
  return { spec, instType, kind: 'linear', contractValue: coin.linearValue, row: withSteps(row, spec) };
}

function inverse(coin: Coin): Listing {
  const symbol = `${coin.name}-USD-SWAP`;
  const contractSize = Number(coin.inverseValue);
  const base = specOf(coin, symbol, 'USD', {
    lotDecimals: 0,
    unitsPerLot: contractSize / Number(coin.price),
  });
  const spec = { ...base, contractSize };
  const row = {
    ...contractRow('SWAP', symbol, 'inverse', coin.inverseValue),
    ctValCcy: 'USD',
    settleCcy: coin.name,
  };
  return {
    spec,
    instType: 'SWAP',
    kind: 'inverse',
    contractValue: coin.inverseValue,
    row: withSteps(row, spec),
  };
}

function specOf(
  { name, price, tickDecimals }: Coin,
  symbol: string,
  quote: string,
  { lotDecimals, unitsPerLot = 1 }: { lotDecimals: number; unitsPerLot?: number },
): SymbolSpec {
  const dailyVolume = DAILY_TURNOVER / Number(price) / unitsPerLot;
  return { symbol, base: name, quote, price, tickDecimals, lotDecimals, dailyVolume };
}

// ---------------------------------------------------------------------------- REST rows

/** Every key of a row, as documented: https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments */
const ROW: InstrumentRow = {
  alias: '',
  auctionEndTime: '',
  baseCcy: '',
  category: '1',
  contTdSwTime: '',
  ctMult: '',
  ctType: '',
  ctVal: '',
  ctValCcy: '',
  expTime: '',
  instFamily: '',
  instId: '',
  instType: '',
  lever: '10',
  listTime: '1606468572000',
  lotSz: '',
  maxIcebergSz: '99999999',
  maxLmtAmt: '20000000',
  maxLmtSz: '99999999',
  maxMktAmt: '1000000',
  maxMktSz: '1000000',
  maxStopSz: '1000000',
  maxTriggerSz: '99999999',
  maxTwapSz: '99999999',
  minSz: '',
  openType: '',
  optType: '',
  quoteCcy: '',
  ruleType: 'normal',
  settleCcy: '',
  state: 'live',
  stk: '',
  tickSz: '',
  uly: '',
};

function contractRow(instType: InstType, instId: string, ctType: string, ctVal: string): InstrumentRow {
  const instFamily = instId.slice(0, instId.lastIndexOf('-'));
  const uly = instFamily.split('_', 1)[0] ?? '';
  return { ...ROW, instType, instId, instFamily, uly, ctType, ctVal, ctMult: '1' };
}

function withSteps(row: InstrumentRow, { tickDecimals, lotDecimals }: SymbolSpec): InstrumentRow {
  const step = (decimals: number): string => (decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`);
  return { ...row, tickSz: step(tickDecimals), lotSz: step(lotDecimals), minSz: step(lotDecimals) };
}

/** Rows that a client must leave out: not live, not ours, or not complete. */
export const STRANGERS: Readonly<Record<InstType, readonly InstrumentRow[]>> = {
  SPOT: [
    {
      ...ROW,
      instType: 'SPOT',
      instId: 'HALTED-USDT',
      baseCcy: 'HALTED',
      quoteCcy: 'USDT',
      state: 'suspend',
    },
    { ...ROW, instType: 'SPOT', instId: 'SOON-USDT', state: 'preopen' },
  ],
  SWAP: [
    { ...contractRow('SWAP', 'SPLIT-USDT-SWAP', 'linear', '1'), state: 'rebase' },
    { ...contractRow('SWAP', 'LAST-USD-SWAP', 'inverse', '10'), state: 'post_only' },
  ],
  FUTURES: [
    { ...contractRow('FUTURES', 'BTC-USD-271231', 'inverse', '100'), alias: 'quarter' },
    { ...contractRow('FUTURES', 'BTC-USDT-271231', 'linear', '0.01'), alias: 'quarter' },
    { ...contractRow('FUTURES', 'SOON-USD_UM_XPERP-310404', 'linear', '1'), ruleType: 'pre_market' },
  ],
};
