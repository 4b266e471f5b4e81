/** Binance's all-symbol array: every symbol of a large market in one frame, once a second. */
import type { Bench, BenchContext, Goal, Row } from './harness/bench';
import { atLeast, atMost } from './harness/bench';
import type { Usage } from './harness/child';
import { end, pause, usageOf } from './harness/child';
import { PriceProcess, startFloor, Venues } from './harness/stage';
import { Reporter } from './harness/reporter';

const STREAM = 'wss://stream.binance.com:9443';
const EXCHANGE = 'binance';
const SYMBOLS = 2_000;
const FIRST_ARRAYS_MS = 3_000;
/** A p99 of whole arrays needs some of them. */
const WINDOW_MS = 20_000;
/** A daemon runs for weeks: its first arrays, of a program that is still being compiled, are not the measure. */
const WARM_UP_MS = 20_000;
const NEVER_MS = 3_600_000;

interface Subject {
  readonly usage: () => Usage;
  readonly stop: () => Promise<void>;
}

export const array: Bench = {
  title: `all-symbol array of ${SYMBOLS} symbols once a second, venue time to Redis subscriber`,
  async run({ env }) {
    // Its own arrays stay away: their event time is older than their building, which takes the simulator long.
    const options = { binance: { tickerPushMs: NEVER_MS } };
    const simulated = await Venues.start({ venues: ['binance'], symbols: SYMBOLS, options });
    const subscriber = await Reporter.start('subscriber.ts', env);
    try {
      const floor = await measure(await startedFloor(env, simulated), simulated, subscriber);
      const ours = await measure(await startedOurs(env, simulated), simulated, subscriber);
      return { rows: [rowOf('floor', floor), rowOf('ours', ours)], goals: goalsOf(floor, ours) };
    } finally {
      await subscriber.stop();
      await simulated.stop();
    }
  },
};

async function startedFloor(env: BenchContext['env'], simulated: Venues): Promise<Subject> {
  const url = `${simulated.originOf(STREAM)}/stream?streams=!miniTicker@arr`;
  const child = startFloor('floor.ts', { ...env, BENCH_URL: url, BENCH_EXCHANGE: EXCHANGE });
  await pause(FIRST_ARRAYS_MS);
  await simulated.control.load(EXCHANGE, SYMBOLS, SYMBOLS);
  return { usage: () => usageOf(child), stop: () => end(child) };
}

async function startedOurs(env: BenchContext['env'], simulated: Venues): Promise<Subject> {
  const price = await PriceProcess.start(env, simulated.endpoints, { PRICE_CONNECTOR_EXCHANGES: 'binance' });
  await simulated.control.load(EXCHANGE, SYMBOLS, SYMBOLS);
  await price.settled([EXCHANGE]);
  return { usage: () => price.usage(), stop: () => price.stop() };
}

type Measured = Awaited<ReturnType<typeof measure>>;

async function measure(subject: Subject, { control }: Venues, subscriber: Reporter<'subscriber.ts'>) {
  await pause(WARM_UP_MS);
  await subscriber.take();
  const before = { sent: (await control.offered())[EXCHANGE] ?? NaN, ...subject.usage() };
  await pause(WINDOW_MS);
  const sent = ((await control.offered())[EXCHANGE] ?? NaN) - before.sent;
  // The last array may be under way.
  await pause(FIRST_ARRAYS_MS / 10);
  const { received, p50, p99, most } = await subscriber.take();
  const cpuMs = subject.usage().cpuMs - before.cpuMs;
  await control.load(EXCHANGE, 0);
  await subject.stop();
  return { sent, received, p50, p99, most, cpuMsPer1k: cpuMs / (received / 1_000) };
}

function rowOf(candidate: string, { sent, received, p50, p99, most, cpuMsPer1k }: Measured): Row {
  return {
    ' ': candidate,
    symbols: SYMBOLS,
    'updates sent': sent,
    delivered: received,
    'p50 ms': p50,
    'p99 ms': p99,
    'most ms': most,
    'CPU ms/1k': cpuMsPer1k,
  };
}

function goalsOf(floor: Measured, ours: Measured): Goal[] {
  return [
    atMost('latency of the array, p99', ours.p99, 25, 'ms'),
    atMost('the same as a multiple of the floor', ours.p99 / floor.p99, 2, 'x'),
    // An array may be under way at either end of the window.
    atLeast('updates delivered', ours.received, ours.sent - SYMBOLS, 'updates'),
  ];
}
