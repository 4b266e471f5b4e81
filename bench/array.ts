/** Binance's all-symbol array: every symbol of a large market in one frame, once a second. */
import type { Bench } from './harness/bench';
import { atMost } from './harness/bench';
import { pause } from './harness/child';
import { PriceProcess, Venues } from './harness/stage';
import { TickerSubscriber } from './harness/ticker-subscriber';

const EXCHANGE = 'binance';
const SYMBOLS = 2_000;
const FIRST_ARRAYS_MS = 3_000;
/** A p99 of whole arrays needs some of them. */
const WINDOW_MS = 20_000;
const NEVER_MS = 3_600_000;

export const array: Bench = {
  title: `all-symbol array of ${SYMBOLS} symbols once a second, venue time to Redis subscriber`,
  async run({ env }) {
    // Its own arrays stay away: their event time is older than their building, which takes the simulator long.
    const options = { binance: { tickerPushMs: NEVER_MS } };
    const simulated = await Venues.start({ venues: ['binance'], symbols: SYMBOLS, options });
    const subscriber = await TickerSubscriber.start(env);
    const price = await PriceProcess.start(env, simulated.endpoints, {
      PRICE_CONNECTOR_EXCHANGES: 'binance',
    });
    try {
      await simulated.control.load(EXCHANGE, SYMBOLS, SYMBOLS);
      await price.settled([EXCHANGE]);
      await pause(FIRST_ARRAYS_MS);
      await subscriber.take();
      const before = price.usage();
      await pause(WINDOW_MS);
      const { received, p50, p99, most } = await subscriber.take();
      const cpuMs = price.usage().cpuMs - before.cpuMs;
      return {
        rows: [
          {
            symbols: SYMBOLS,
            'updates delivered': received,
            'p50 ms': p50,
            'p99 ms': p99,
            'most ms': most,
            'CPU ms/1k': cpuMs / (received / 1_000),
          },
        ],
        goals: [atMost('latency of the array, p99', p99, 25, 'ms')],
      };
    } finally {
      await Promise.all([price.stop(), subscriber.stop()]);
      await simulated.stop();
    }
  },
};
