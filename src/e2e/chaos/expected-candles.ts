import type { Interval } from '../../domain/interval';
import type { Simulator } from '../../simulator';
import type { Backend } from './backend';
import type { Command } from './commands';
import { pause } from './fault';
import type { Listings } from './listings';

const MOST_BARS = 1_000;

interface Wanted {
  readonly exchange: string;
  /** As the venue spells it. */
  readonly symbol: string;
  readonly interval: Interval;
}

/** Closed bars that a consumer must have had since its requests were at work, whether the venue's socket ever told them or not. */
export class ExpectedCandles {
  private readonly wanted: readonly Wanted[];
  /** Venue time from which on they are judged, by exchange. */
  private since: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly market: Simulator,
    private readonly listings: Listings,
  ) {
    this.wanted = Object.entries(market.markets).flatMap(([exchange, { symbols }]) =>
      symbols
        .filter(({ symbol }) => listings.has(`${exchange} ${symbol}`))
        .slice(0, 2)
        .map(({ symbol }, at) => ({ exchange, symbol, interval: intervalOf(exchange, at) })),
    );
  }

  requests(): readonly Command[] {
    return this.wanted.map((one) => ({
      queue: 'candlesRequests',
      payload: { ...one, symbol: this.publishedOf(one) },
    }));
  }

  publishedOf = ({ exchange, symbol }: Pick<Wanted, 'exchange' | 'symbol'>): string =>
    this.listings.get(`${exchange} ${symbol}`) ?? symbol;

  /** The first bar of each has come, or the time is over: from now on none may be missing. */
  async begun(backend: Backend, withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    const isTold = (one: Wanted): boolean => backend.candles.has(this.keyOf(one));
    while (!this.wanted.every(isTold) && performance.now() < deadline) await pause(200);
    this.since = this.now();
  }

  /** Venue time now, by exchange. */
  now(): ReadonlyMap<string, number> {
    return new Map(Object.entries(this.market.markets).map(([exchange, market]) => [exchange, market.now()]));
  }

  /** Bars that began since then and were over by `until`, and never came. */
  missing(backend: Backend, until: ReadonlyMap<string, number>): readonly string[] {
    return this.wanted.flatMap((one) => {
      const { exchange, symbol, interval } = one;
      const key = this.keyOf(one);
      const [from, to] = [this.since.get(exchange), until.get(exchange)];
      if (from === undefined || to === undefined) return [];
      const bars =
        this.market.markets[exchange]?.history(symbol, interval, { from, to, limit: MOST_BARS }) ?? [];
      return bars
        .filter(({ start, end }) => end <= to && !backend.candles.has(key, start))
        .map(({ start }) => `${key} ${new Date(start).toISOString()}`);
    });
  }

  private keyOf(one: Wanted): string {
    return `${one.exchange} ${this.publishedOf(one)} ${one.interval}`;
  }
}

/** Of two symbols the second has longer bars. Coinbase knows minutes, which we build from trades, and five minutes. */
function intervalOf(exchange: string, at: number): Interval {
  if (at === 0) return '1m';
  return exchange === 'coinbase' ? '5m' : '3m';
}
