import type { SymbolSpec } from '../kit';

interface Coin {
  readonly name: string;
  readonly price: string;
  readonly tickDecimals: number;
  /** Coins per 24 h. Whole ones are traded, so that sums have no trailing zeros to cut. */
  readonly dailyVolume: number;
  readonly quote?: string;
}

const COINS: readonly Coin[] = [
  { name: 'BTC', price: '64281.71', tickDecimals: 2, dailyVolume: 3_000_000 },
  { name: 'ETH', price: '2311.07', tickDecimals: 2, dailyVolume: 9_000_000 },
  { name: 'SHIB', price: '0.00000871', tickDecimals: 8, dailyVolume: 93_511_223_344 },
  { name: 'EURC', quote: 'USDC', price: '1.0831', tickDecimals: 4, dailyVolume: 5_000_000 },
  { name: 'USDT', quote: 'USDC', price: '0.9998', tickDecimals: 4, dailyVolume: 40_000_000 },
  { name: 'BTC', quote: 'EUR', price: '59012.33', tickDecimals: 2, dailyVolume: 900_000 },
  { name: 'SOL', price: '148.27', tickDecimals: 2, dailyVolume: 9_000_000 },
  { name: 'XRP', price: '0.5231', tickDecimals: 4, dailyVolume: 90_000_000 },
  { name: 'DOGE', price: '0.12345', tickDecimals: 5, dailyVolume: 400_000_000 },
  { name: 'ADA', price: '0.4512', tickDecimals: 4, dailyVolume: 40_000_000 },
  { name: 'LINK', price: '14.235', tickDecimals: 3, dailyVolume: 3_000_000 },
  { name: 'AVAX', price: '35.12', tickDecimals: 2, dailyVolume: 8_000_000 },
];

/** Products with a book of their own; odd ones come early, made-up ones fill up. */
export function booksOf(count: number): readonly SymbolSpec[] {
  const made = Array.from({ length: Math.max(0, count - COINS.length) }, (_, at) => ({
    name: `SIM${at + 1}`,
    price: `${1 + (at % 90)}.${String(at % 1_000).padStart(4, '0')}`,
    tickDecimals: 4,
    dailyVolume: 10_000_000,
  }));
  return [...COINS, ...made].slice(0, count).map(bookOf);
}

function bookOf({ name, price, tickDecimals, dailyVolume, quote = 'USD' }: Coin): SymbolSpec {
  const symbol = `${name}-${quote}`;
  return { symbol, base: name, quote, price, tickDecimals, lotDecimals: 0, dailyVolume };
}

/** `X-USDC` is another name for the book of `X-USD`. */
export function aliasOf({ symbol, quote }: SymbolSpec): string | undefined {
  return quote === 'USD' ? `${symbol}C` : undefined;
}

/** The book behind a product id, as the market channels resolve it. */
export function canonicalId(id: string): string {
  return id.endsWith('-USDC') ? id.slice(0, -1) : id;
}
