import type { SymbolSpec } from '../kit';
import type { CategoryName } from './category';

interface Coin {
  readonly name: string;
  /** In dollars. */
  readonly price: string;
  readonly tickDecimals: number;
  /** Coins per 24 h. */
  readonly dailyVolume: number;
}

const BTC: Coin = { name: 'BTC', price: '64012.31', tickDecimals: 2, dailyVolume: 12_000 };

const COINS: readonly Coin[] = [
  BTC,
  { name: 'ETH', price: '3120.45', tickDecimals: 2, dailyVolume: 150_000 },
  { name: 'NKN', price: '0.13947', tickDecimals: 5, dailyVolume: 36_000_000 },
  { name: 'SOL', price: '148.27', tickDecimals: 2, dailyVolume: 900_000 },
  { name: 'XRP', price: '0.5231', tickDecimals: 4, dailyVolume: 90_000_000 },
  { name: 'DOGE', price: '0.12345', tickDecimals: 5, dailyVolume: 400_000_000 },
  { name: 'ADA', price: '0.4512', tickDecimals: 4, dailyVolume: 40_000_000 },
  { name: 'LTC', price: '84.51', tickDecimals: 2, dailyVolume: 200_000 },
  { name: 'LINK', price: '14.235', tickDecimals: 3, dailyVolume: 3_000_000 },
  { name: 'AVAX', price: '35.12', tickDecimals: 2, dailyVolume: 800_000 },
  { name: '1000PEPE', price: '0.0112345', tickDecimals: 7, dailyVolume: 900_000_000 },
];

/** Linear also lists USDC perpetuals and dated futures, inverse dated ones: odd names come early. */
export function symbolsOf(category: CategoryName, count: number): readonly SymbolSpec[] {
  const [btc, eth, nkn, ...others] = coins(count).map((coin) => symbolOf(category, coin));
  const ordered = [btc, eth, nkn, ...oddSymbols(category), ...others];
  return ordered.filter((spec) => spec !== undefined).slice(0, count);
}

function oddSymbols(category: CategoryName): readonly SymbolSpec[] {
  if (category === 'spot') return [];
  if (category === 'inverse') return [{ ...symbolOf(category, BTC), symbol: 'BTCUSDU26' }];
  const bitcoin = symbolOf(category, BTC);
  return [
    { ...bitcoin, symbol: 'BTCPERP', quote: 'USDC' },
    { ...bitcoin, symbol: 'BTC-26DEC25', quote: 'USDC' },
    { ...bitcoin, symbol: 'BTCUSDT-26JUN26' },
  ];
}

function symbolOf(category: CategoryName, { name, price, tickDecimals, dailyVolume }: Coin): SymbolSpec {
  const shared = { base: name, price, tickDecimals };
  if (category !== 'inverse') {
    const lotDecimals = Number(price) > 1 ? 6 : 0;
    return { ...shared, symbol: `${name}USDT`, quote: 'USDT', lotDecimals, dailyVolume };
  }
  // Contracts of one dollar.
  const contracts = dailyVolume * Number(price);
  return {
    ...shared,
    symbol: `${name}USD`,
    quote: 'USD',
    lotDecimals: 0,
    dailyVolume: contracts,
    contractSize: 1,
  };
}

/** The known coins, then made-up ones. */
function coins(count: number): readonly Coin[] {
  const made = Array.from({ length: Math.max(0, count - COINS.length) }, (_, at) => ({
    name: `SIM${at + 1}`,
    price: `${1 + (at % 90)}.${String(at % 1_000).padStart(4, '0')}`,
    tickDecimals: 4,
    dailyVolume: 1_000_000,
  }));
  return [...COINS, ...made];
}
