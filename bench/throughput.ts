/** Ticker updates, one per frame, through the floor and through the connector, at rising rates. */
import type { ChildProcess } from 'node:child_process';
import type { Bench, BenchContext, Goal, Report } from './harness/bench';
import { atLeast, atMost } from './harness/bench';
import type { Usage } from './harness/child';
import { end, pause, usageOf } from './harness/child';
import { FLAT_MB_PER_SECOND, RssWatch } from './harness/rss-watch';
import { PriceProcess, startFloor, Venues } from './harness/stage';
import { Reporter } from './harness/reporter';

const STREAM = 'wss://stream.binance.us:9443';
const EXCHANGE = 'binanceUS';
const SYMBOLS = 200;
const SETTLE_MS = 2_000;
const PROVEN_RATE = 20_000;
const SUSTAINED_RATE = 60_000;
/** The simulator's own rate is met within two percent. */
const SUSTAINED_K = (0.98 * SUSTAINED_RATE) / 1_000;
const BOUNDED_MS = 1_000;

type Candidate = 'floor' | 'ours';

interface Measured {
  readonly candidate: Candidate;
  readonly asked: number;
  readonly sent: number;
  /** Share of the updates of the whole load that the process decoded; the floor cannot tell. */
  readonly taken: number;
  readonly delivered: number;
  readonly cpuMsPer1k: number;
  readonly p50: number;
  readonly p99: number;
  readonly rssMb: number;
  readonly rssSlope: number;
  readonly batches: number;
}

/** The measured process, whichever it is. */
interface Subject {
  usage(): Usage;
  taken(): Promise<number>;
  stop(): Promise<void>;
}

export const throughput: Bench = {
  title: 'one ticker per frame, one venue; per second of the window',
  async run(context) {
    const simulated = await Venues.start({ venues: ['binance'], symbols: SYMBOLS });
    const subscriber = await Reporter.start('subscriber.ts', context.env);
    const measured: Measured[] = [];
    try {
      for (const asked of context.rates) {
        for (const candidate of ['floor', 'ours'] as const) {
          const subject = await startSubject(candidate, context, simulated);
          const figures = await measure(subject, subscriber, simulated, {
            asked,
            windowMs: context.windowMs,
          });
          measured.push({ candidate, asked, ...figures });
          await subject.stop();
        }
      }
    } finally {
      await Promise.all([subscriber.stop(), simulated.stop()]);
    }
    return report(measured);
  },
};

async function startSubject(
  candidate: Candidate,
  { env }: BenchContext,
  simulated: Venues,
): Promise<Subject> {
  if (candidate === 'floor') {
    const url = `${simulated.originOf(STREAM)}/stream?streams=!miniTicker@arr`;
    return floorSubject(startFloor('floor.ts', { ...env, BENCH_URL: url, BENCH_EXCHANGE: EXCHANGE }));
  }
  const price = await PriceProcess.start(env, simulated.endpoints, {
    PRICE_CONNECTOR_EXCHANGES: 'binanceus',
  });
  await price.settled([EXCHANGE]);
  return {
    usage: () => price.usage(),
    taken: async () => (await price.counts()).decodedTotal,
    stop: () => price.stop(),
  };
}

async function floorSubject(child: ChildProcess): Promise<Subject> {
  await pause(SETTLE_MS);
  return { usage: () => usageOf(child), taken: () => Promise.resolve(NaN), stop: () => end(child) };
}

async function measure(
  subject: Subject,
  subscriber: Reporter<'subscriber.ts'>,
  { control }: Venues,
  { asked, windowMs }: { readonly asked: number; readonly windowMs: number },
): Promise<Omit<Measured, 'candidate' | 'asked'>> {
  const offered = async (): Promise<number> => (await control.offered())[EXCHANGE] ?? 0;
  const look = async () => ({ ...subject.usage(), at: performance.now(), offered: await offered() });
  const takenBefore = await subject.taken();
  await control.load(EXCHANGE, asked);
  await pause(SETTLE_MS);
  const rss = new RssWatch(() => subject.usage().rssBytes);
  const before = await look();
  await subscriber.take();
  await pause(windowMs);
  const seen = await subscriber.take();
  const after = await look();
  const { slope, mb } = rss.stop();
  const all = await control.load(EXCHANGE, 0);
  // The process counts once a second.
  await pause(SETTLE_MS);
  const taken = (await subject.taken()) - takenBefore;
  const seconds = (after.at - before.at) / 1_000;
  const sent = after.offered - before.offered;
  return {
    sent: sent / seconds,
    taken: Math.min(1, taken / all),
    delivered: seen.received / (windowMs / 1_000),
    cpuMsPer1k: (after.cpuMs - before.cpuMs) / (sent / 1_000),
    p50: seen.p50,
    p99: seen.p99,
    rssMb: mb,
    rssSlope: slope,
    batches: seen.batches / (windowMs / 1_000),
  };
}

function report(measured: readonly Measured[]): Report {
  const rows = measured.map((one) => ({
    ' ': one.candidate,
    'asked/s': one.asked,
    'sent/s': one.sent,
    'taken %': 100 * one.taken,
    'delivered/s': one.delivered,
    'CPU ms/1k': one.cpuMsPer1k,
    'CPU / floor': one.cpuMsPer1k / (find(measured, 'floor', one.asked)?.cpuMsPer1k ?? NaN),
    'p50 ms': one.p50,
    'p99 ms': one.p99,
    'RSS MB': one.rssMb,
    'MB/s': one.rssSlope,
    'batches/s': one.batches,
  }));
  return { rows, goals: goalsOf(measured) };
}

function goalsOf(measured: readonly Measured[]): Goal[] {
  const goals: Goal[] = [];
  const proven = find(measured, 'ours', PROVEN_RATE);
  const floor = find(measured, 'floor', PROVEN_RATE);
  if (proven && floor) {
    goals.push(
      atMost('CPU per 1k ticker updates at 20k/s', proven.cpuMsPer1k, 12, 'ms'),
      atMost('the same as a multiple of the floor', proven.cpuMsPer1k / floor.cpuMsPer1k, 2, 'x'),
      atMost('latency at 20k/s, p50', proven.p50, 4, 'ms'),
      atMost('latency at 20k/s, p99', proven.p99, 25, 'ms'),
    );
  }
  const sustained = find(measured, 'ours', SUSTAINED_RATE);
  if (sustained) {
    goals.push(
      atLeast(
        'sustained by one venue worker',
        (sustained.taken * sustained.sent) / 1_000,
        SUSTAINED_K,
        'k/s',
      ),
      atMost('its newest values are old by, p99', sustained.p99, BOUNDED_MS, 'ms'),
      atMost('its memory grows by', sustained.rssSlope, FLAT_MB_PER_SECOND, 'MB/s'),
    );
  }
  return goals;
}

function find(measured: readonly Measured[], candidate: Candidate, asked: number): Measured | undefined {
  return measured.find((one) => one.candidate === candidate && one.asked === asked);
}
