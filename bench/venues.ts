/** Several venues flood one process: one worker thread each. Four as in the goal, then all of them. */
import type { Bench, Goal, Row } from './harness/bench';
import { atLeast, atMost } from './harness/bench';
import type { Env } from './harness/child';
import { pause } from './harness/child';
import { RssWatch } from './harness/rss-watch';
import { PriceProcess, Venues } from './harness/stage';
import { TickerSubscriber } from './harness/ticker-subscriber';

/** The flooded market of each venue; the others of the venue tick at their usual pace. */
const MARKETS = {
  binance: 'binance',
  bybit: 'bybitLinear',
  okx: 'okx',
  bitget: 'bitget',
  kucoin: 'kucoin',
  coinbase: 'coinbase',
} as const;
type Venue = keyof typeof MARKETS;

const FOUR: readonly Venue[] = ['binance', 'bybit', 'okx', 'bitget'];
const ALL = Object.keys(MARKETS) as Venue[];
const SYMBOLS = 100;
const WARM_UP_MS = 6_000;
const WINDOW_MS = 15_000;
const GOAL_PER_SECOND = 60_000;

interface Flood {
  readonly venues: readonly Venue[];
  readonly perSecond: number;
}

/** The goal's rate, and one far past it. */
const FLOODS: readonly Flood[] = [
  { venues: FOUR, perSecond: GOAL_PER_SECOND },
  { venues: FOUR, perSecond: 2 * GOAL_PER_SECOND },
  { venues: ALL, perSecond: GOAL_PER_SECOND },
];

export const venues: Bench = {
  title: 'venues flooding one process, a worker thread each; updates per second of the window',
  async run({ env }) {
    const rows: Row[] = [];
    const goals: Goal[] = [];
    for (const flood of FLOODS) {
      const figures = await measure(flood, env);
      rows.push(...figures.byVenue, figures.total);
      goals.push(...goalsOf(flood, figures.total));
    }
    return { rows, goals };
  },
};

async function measure({ venues: names, perSecond }: Flood, env: Env) {
  const exchanges = names.map((name) => MARKETS[name]);
  // A simulator each: one thread could not send for all.
  const simulated = await Promise.all(
    names.map((name) => Venues.start({ venues: [name], symbols: SYMBOLS })),
  );
  const subscriber = await TickerSubscriber.start(env);
  const endpoints = simulated.map((one) => one.endpoints).join(',');
  const price = await PriceProcess.start(env, endpoints, { PRICE_CONNECTOR_EXCHANGES: names.join(',') });
  try {
    await price.settled(exchanges);
    await Promise.all(
      simulated.map(({ control }, at) => control.load(exchanges[at] ?? '', perSecond / names.length)),
    );
    await pause(WARM_UP_MS);
    const rss = new RssWatch(() => price.usage().rssBytes);
    const before = await look(price, simulated);
    await subscriber.take();
    await pause(WINDOW_MS);
    const seen = await subscriber.take();
    const after = await look(price, simulated);
    const { slope, mb } = rss.stop();
    const rate = (from: number, to: number): number => ((to - from) * 1_000) / (after.at - before.at);
    const rowOf = (name: string, take: (one: typeof before) => readonly [sent: number, taken: number]) => {
      const [[sentBefore, takenBefore], [sentAfter, takenAfter]] = [take(before), take(after)];
      return { sent: rate(sentBefore, sentAfter), taken: rate(takenBefore, takenAfter), name };
    };
    const byVenue = exchanges.map((exchange) =>
      rowOf(exchange, ({ offered, decoded }) => [offered.get(exchange) ?? 0, decoded.get(exchange) ?? 0]),
    );
    const sum = (pick: (one: (typeof byVenue)[number]) => number): number =>
      byVenue.reduce((total, one) => total + pick(one), 0);
    return {
      byVenue: byVenue.map(({ name, sent, taken }) => ({
        ...BLANK,
        ' ': name,
        'sent/s': sent,
        'taken/s': taken,
      })),
      total: {
        ' ': `${names.length} venues`,
        'asked/s': perSecond,
        'sent/s': sum(({ sent }) => sent),
        'taken/s': sum(({ taken }) => taken),
        'delivered/s': seen.received / (WINDOW_MS / 1_000),
        'p50 ms': seen.p50,
        'p99 ms': seen.p99,
        'CPU cores': (after.cpuMs - before.cpuMs) / (after.at - before.at),
        'RSS MB': mb,
        'MB/s': slope,
      },
    };
  } finally {
    await Promise.all([price.stop(), subscriber.stop()]);
    await Promise.all(simulated.map((one) => one.stop()));
  }
}

const BLANK = {
  ' ': '',
  'asked/s': '',
  'sent/s': 0,
  'taken/s': 0,
  'delivered/s': '',
  'p50 ms': '',
  'p99 ms': '',
  'CPU cores': '',
  'RSS MB': '',
  'MB/s': '',
};

async function look(price: PriceProcess, simulated: readonly Venues[]) {
  const offered = await Promise.all(simulated.map(({ control }) => control.offered()));
  const { decoded } = await price.counts();
  return {
    at: performance.now(),
    cpuMs: price.usage().cpuMs,
    offered: new Map(offered.flatMap((one) => Object.entries(one))),
    decoded,
  };
}

function goalsOf(
  { venues: names, perSecond }: Flood,
  total: Awaited<ReturnType<typeof measure>>['total'],
): Goal[] {
  const name = `${names.length} venues, ${perSecond / 1_000}k/s asked`;
  return [
    atLeast(`${name}: taken`, total['taken/s'] / 1_000, (0.98 * GOAL_PER_SECOND) / 1_000, 'k/s'),
    atMost(`${name}: memory grows by`, total['MB/s'], 1, 'MB/s'),
    atMost(`${name}: age of the newest values, p99`, total['p99 ms'], 1_000, 'ms'),
  ];
}
