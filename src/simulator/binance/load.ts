import { startLoad, type LoadOptions, type LoadRun, type SimOrigin } from '../kit';
import type { Clock, Timer } from '../../domain/time';
import { fullTicker, miniTicker } from './frames';
import { publishBoth, type Listing } from './streams';

/** Prices move once a second, a part of the symbols at a time: all at once would delay the frames of that moment. */
const REFRESH_PARTS = 100;
const REFRESH_PART_MS = 1_000 / REFRESH_PARTS;
const EVENT_TIME = '"E":0,';

/** A ticker item around its event time. */
interface Item {
  readonly head: string;
  readonly tail: string;
}

/**
 * Ticker updates at a fixed rate, symbol after symbol, as frames of the all-ticker stream. The event time
 * is the real time of sending, so that a consumer can measure latency.
 */
export function tickerLoad(clock: Clock, listing: Listing, origin: SimOrigin, options: LoadOptions): LoadRun {
  const stream = listing.market.isFutures ? '!ticker@arr' : '!miniTicker@arr';
  const { symbols } = listing.model;
  const items = symbols.map(({ symbol }) => itemOf(listing, symbol));
  let next = 0;
  let part = 0;
  const refresh: Timer = clock.every(REFRESH_PART_MS, () => {
    for (let at = part; at < symbols.length; at += REFRESH_PARTS) {
      const { symbol } = symbols[at] ?? {};
      if (symbol !== undefined) items[at] = itemOf(listing, symbol);
    }
    part = (part + 1) % REFRESH_PARTS;
  });
  const run = startLoad(clock, options, (updates) => {
    const eventTime = clock.now();
    const parts: string[] = [];
    for (let at = 0; at < updates; at += 1) {
      const { head, tail } = items[next % items.length] ?? { head: '', tail: '' };
      parts.push(`${head}"E":${eventTime},${tail}`);
      next += 1;
    }
    publishBoth(origin, stream, `[${parts.join(',')}]`);
  });
  return {
    sent: run.sent,
    stop: () => {
      clock.cancel(refresh);
      run.stop();
    },
  };
}

function itemOf({ market, model }: Listing, symbol: string): Item {
  const shape = market.isFutures ? fullTicker : miniTicker;
  const [head = '', tail = ''] = JSON.stringify(shape(market, model.ticker(symbol), 0)).split(EVENT_TIME, 2);
  return { head, tail };
}
