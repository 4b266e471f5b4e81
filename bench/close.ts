/** Many candles that close in one instant: until they have left both doors, and whether each one did. */
import { marketOf } from '../src/venues/registry';
import type { Bench, Goal, Row } from './harness/bench';
import { atMost, quantile } from './harness/bench';
import { pause } from './harness/child';
import { CloseWitness } from './harness/close-witness';
import { instrumentsOf } from './harness/instruments';
import { PriceProcess, Venues } from './harness/stage';
import type { LedgerEntry } from './harness/venue-control';

const EXCHANGE = 'binance';
/** The shortest bar: every second is such an instant. */
const INTERVAL = '1s';
const SYMBOLS = 100;
const WINDOW_MS = 15_000;
const SUBSCRIBED_MS = 6_000;
const LAST_ARRIVALS_MS = 3_000;
const TICKERS_BESIDE = [0, 5_000];

export const close: Bench = {
  title: `${SYMBOLS} candles closing in one instant, venue's sending to both doors`,
  async run({ env }) {
    const simulated = await Venues.start({ venues: ['binance'], symbols: SYMBOLS });
    const witness = await CloseWitness.open(env);
    const price = await PriceProcess.start(env, simulated.endpoints, {
      PRICE_CONNECTOR_EXCHANGES: 'binance',
    });
    try {
      await price.settled([EXCHANGE]);
      for (const symbol of await symbolsOf(simulated)) {
        witness.request({ payload: { exchange: EXCHANGE, symbol, interval: INTERVAL } });
      }
      await pause(SUBSCRIBED_MS);
      const rows: Row[] = [];
      const goals: Goal[] = [];
      for (const beside of TICKERS_BESIDE) {
        const row = await measure(simulated, witness, beside);
        rows.push(row);
        goals.push(...goalsOf(row, beside));
      }
      return { rows, goals };
    } finally {
      await Promise.all([price.stop(), witness.close()]);
      await simulated.stop();
    }
  },
};

async function measure({ control }: Venues, witness: CloseWitness, beside: number) {
  if (beside > 0) await control.load(EXCHANGE, beside);
  // Whole bars only: those that open after the load began and close before the reading ends.
  const from = Date.now() + 1_000;
  await pause(WINDOW_MS);
  const to = Date.now() - 2_000;
  await pause(LAST_ARRIVALS_MS);
  if (beside > 0) await control.load(EXCHANGE, 0);
  const due = (await control.ledger()).filter((entry) => isDue(entry, from, to));
  const arrivals = due.map(({ symbol, start }) => witness.arrivals.get(`${symbol} ${start}`) ?? {});
  const ages = (door: 'redisAt' | 'rabbitAt'): number[] =>
    arrivals.flatMap(({ [door]: at, sentAt }) =>
      at === undefined || sentAt === undefined ? [] : [at - sentAt],
    );
  const [redis, rabbit] = [ages('redisAt'), ages('rabbitAt')];
  return {
    'tickers/s beside': beside,
    'closed at the venue': due.length,
    'lost on RabbitMQ': due.length - rabbit.length,
    'lost on Redis': due.length - redis.length,
    'Redis p50 ms': quantile(redis, 0.5),
    'Redis p99 ms': quantile(redis, 0.99),
    'RabbitMQ p50 ms': quantile(rabbit, 0.5),
    'RabbitMQ p99 ms': quantile(rabbit, 0.99),
  };
}

function goalsOf(row: Awaited<ReturnType<typeof measure>>, beside: number): Goal[] {
  const name = beside > 0 ? `, beside ${beside} tickers/s` : '';
  return [
    atMost(`closed candles to Redis, p99${name}`, row['Redis p99 ms'], 15, 'ms'),
    atMost(`closed candles to RabbitMQ, p99${name}`, row['RabbitMQ p99 ms'], 15, 'ms'),
    atMost(`lost${name}`, row['lost on RabbitMQ'] + row['lost on Redis'], 0, 'candles'),
  ];
}

async function symbolsOf({ endpoints }: Venues): Promise<readonly string[]> {
  const known = marketOf(EXCHANGE);
  if (!known) throw new Error(`${EXCHANGE} is not registered`);
  return (await instrumentsOf(known, endpoints)).map(({ symbol }) => symbol);
}

/** The ledger names the venue's symbols, which on this market are the published ones. */
function isDue({ exchange, interval, start }: LedgerEntry, from: number, to: number): boolean {
  return exchange === EXCHANGE && interval === INTERVAL && start >= from && start < to;
}
