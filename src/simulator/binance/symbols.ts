import type { SymbolSpec } from '../kit';
import { COINS, QUOTE_DOLLARS, dollarsOf } from './coins';

export type BinanceExchange = 'binance' | 'binanceUsdm' | 'binanceCoinm' | 'binanceUS';

/** A listed pair; `delivery` = `261225` or `PERP` in its id. */
interface Pair {
  readonly base: string;
  readonly quote: string;
  readonly delivery?: string;
}

/** Dollars traded per day by the most liquid symbol; the others less, by their place in the list. */
const TOP_DOLLARS_PER_DAY = 2e9;
const CHINESE_COIN = '币安人生';

/** The symbols of the recorded frames, then as many real-looking ones as wanted. */
export function symbolsOf(exchange: BinanceExchange, count: number): readonly SymbolSpec[] {
  const pairs = [...RECORDED[exchange], ...LISTS[exchange]()];
  const unique = new Map(pairs.map((pair) => [idOf(exchange, pair), pair]));
  return [...unique].slice(0, count).map(([symbol, pair], place) => specOf(exchange, symbol, pair, place));
}

const RECORDED: Readonly<Record<BinanceExchange, readonly Pair[]>> = {
  binance: [
    { base: 'BTC', quote: 'USDT' },
    { base: 'ETH', quote: 'BTC' },
    { base: 'BNB', quote: 'BTC' },
    // Listed for real: ids are not always ASCII.
    { base: CHINESE_COIN, quote: 'USDT' },
  ],
  binanceUsdm: [
    { base: 'BTC', quote: 'USDT' },
    { base: 'CTK', quote: 'USDT' },
    { base: 'SUSHI', quote: 'USDT' },
    { base: 'ETH', quote: 'USDT', delivery: '261225' },
  ],
  binanceCoinm: [
    { base: 'BTC', quote: 'USD', delivery: 'PERP' },
    { base: 'ETC', quote: 'USD', delivery: 'PERP' },
    { base: 'ETH', quote: 'USD', delivery: '210924' },
    { base: 'ETH', quote: 'USD', delivery: '261225' },
  ],
  binanceUS: [{ base: 'BTC', quote: 'USD' }],
};

const LISTS: Readonly<Record<BinanceExchange, () => readonly Pair[]>> = {
  binance: () =>
    pairsWith(['USDT', 'USDC', 'BTC', 'TRY', 'FDUSD', 'EUR', 'ETH', 'BNB', 'BRL', 'JPY', 'PLN', 'ZAR']),
  binanceUsdm: () => [...pairsWith(['USDT', 'USDC']), ...contracts('USDT', ['261225', '270326'])],
  binanceCoinm: () => contracts('USD', ['PERP', '261225', '270326', '270625']),
  binanceUS: () => pairsWith(['USD', 'USDT', 'USDC', 'BTC']),
};

function pairsWith(quotes: readonly string[]): readonly Pair[] {
  return quotes.flatMap((quote) =>
    COINS.filter((base) => base !== quote && isSensible(base, quote)).map((base) => ({ base, quote })),
  );
}

function contracts(quote: string, deliveries: readonly string[]): readonly Pair[] {
  return deliveries.flatMap((delivery) => COINS.map((base) => ({ base, quote, delivery })));
}

/** The venue quotes in crypto only what is not too small in it. */
function isSensible(base: string, quote: string): boolean {
  return priceOf({ base, quote }) >= 1e-6;
}

function idOf(exchange: BinanceExchange, { base, quote, delivery }: Pair): string {
  const id = `${base}${quote}`;
  return delivery === undefined || exchange === 'binance' ? id : `${id}_${delivery}`;
}

function priceOf({ base, quote }: Pair): number {
  const dollars = base === CHINESE_COIN ? 0.21 : dollarsOf(base);
  return dollars / (QUOTE_DOLLARS[quote] ?? 1);
}

/** Decimals that leave about five significant digits, as the recorded frames have them. */
function tickDecimalsOf(exchange: BinanceExchange, price: number): number {
  const fewest = exchange === 'binanceCoinm' ? 1 : 2;
  return Math.min(8, Math.max(fewest, 4 - Math.floor(Math.log10(price))));
}

function specOf(exchange: BinanceExchange, symbol: string, pair: Pair, place: number): SymbolSpec {
  const price = priceOf(pair);
  const tickDecimals = tickDecimalsOf(exchange, price);
  const dollars = TOP_DOLLARS_PER_DAY / (place + 1);
  const units = dollars / (price * (QUOTE_DOLLARS[pair.quote] ?? 1));
  const { base, quote } = pair;
  const shared = { symbol, base, quote, price: price.toFixed(8), tickDecimals };
  switch (exchange) {
    case 'binance':
      return { ...shared, priceDigits: 8, lotDecimals: 5, volumeDigits: 8, dailyVolume: units };
    case 'binanceUS':
      return {
        ...shared,
        tickDecimals: Math.min(4, tickDecimals),
        priceDigits: 4,
        lotDecimals: 6,
        volumeDigits: 8,
        turnoverDigits: 4,
        dailyVolume: units / 1_000,
      };
    case 'binanceUsdm':
      return {
        ...shared,
        lotDecimals: price > 100 ? 3 : 0,
        turnoverDigits: Math.max(2, tickDecimals),
        dailyVolume: units,
      };
    case 'binanceCoinm': {
      const contractSize = base === 'BTC' ? 100 : 10;
      return { ...shared, lotDecimals: 0, contractSize, dailyVolume: dollars / contractSize };
    }
  }
}
