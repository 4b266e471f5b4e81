/** Many candles that close in one instant: until they have left both doors, and whether each one did. */
import { marketOf } from '../src/venues/registry';
import type { Bench, Goal } from './harness/bench';
import { atMost, quantile } from './harness/bench';
import type { Env } from './harness/child';
import { end, pause } from './harness/child';
import { CloseWitness } from './harness/close-witness';
import { instrumentsOf } from './harness/instruments';
import { PriceProcess, startFloor, Venues } from './harness/stage';
import type { LedgerEntry } from './harness/venue-control';

const STREAM = 'wss://stream.binance.com:9443';
const EXCHANGE = 'binance';
/** The shortest bar: every second is such an instant. */
const INTERVAL = '1s';
const SYMBOLS = 100;
const WINDOW_MS = 40_000;
/** With the bars of before the start read from the venue. */
const SUBSCRIBED_MS = 15_000;
const LAST_ARRIVALS_MS = 3_000;
const TICKERS_BESIDE = [0, 5_000];

export const close: Bench = {
  title: `${SYMBOLS} candles closing in one instant, venue's sending to both doors`,
  async run({ env }) {
    const simulated = await Venues.start({ venues: ['binance'], symbols: SYMBOLS });
    const witness = await CloseWitness.open(env);
    try {
      const symbols = await symbolsOf(simulated);
      const floor = await ofFloor(env, simulated, witness, symbols);
      const ours = await ofOurs(env, simulated, witness, symbols);
      return {
        rows: [floor, ...ours],
        goals: ours.flatMap((row) => goalsOf(row, floor)),
      };
    } finally {
      await witness.close();
      await simulated.stop();
    }
  },
};

async function ofFloor(env: Env, simulated: Venues, witness: CloseWitness, symbols: readonly string[]) {
  const streams = symbols.map((symbol) => `${symbol.toLowerCase()}@kline_${INTERVAL}`).join('/');
  const url = `${simulated.originOf(STREAM)}/stream?streams=${streams}`;
  const child = startFloor('candle-floor.ts', { ...env, BENCH_URL: url });
  try {
    await pause(SUBSCRIBED_MS);
    return await measure('floor', simulated, witness, 0);
  } finally {
    await end(child);
  }
}

async function ofOurs(env: Env, simulated: Venues, witness: CloseWitness, symbols: readonly string[]) {
  const price = await PriceProcess.start(env, simulated.endpoints, { PRICE_CONNECTOR_EXCHANGES: 'binance' });
  try {
    await price.settled([EXCHANGE]);
    for (const symbol of symbols) {
      witness.request({ payload: { exchange: EXCHANGE, symbol, interval: INTERVAL } });
    }
    await pause(SUBSCRIBED_MS);
    const rows: Measured[] = [];
    for (const beside of TICKERS_BESIDE) rows.push(await measure('ours', simulated, witness, beside));
    return rows;
  } finally {
    await price.stop();
  }
}

type Measured = Awaited<ReturnType<typeof measure>>;

async function measure(candidate: string, { control }: Venues, witness: CloseWitness, beside: number) {
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
    ' ': candidate,
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

function goalsOf(ours: Measured, floor: Measured): Goal[] {
  const beside = ours['tickers/s beside'];
  const name = beside > 0 ? `, beside ${beside} tickers/s` : '';
  const doors = (['Redis', 'RabbitMQ'] as const).flatMap((door) => [
    atMost(`closed candles to ${door}, p99${name}`, ours[`${door} p99 ms`], 15, 'ms'),
    atMost('the same as a multiple of the floor', ours[`${door} p99 ms`] / floor[`${door} p99 ms`], 2, 'x'),
  ]);
  return [...doors, atMost(`lost${name}`, ours['lost on RabbitMQ'] + ours['lost on Redis'], 0, 'candles')];
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
