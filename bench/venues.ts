/** Several venues flood one process: one worker thread each. Four as in the goal, then all of them. */
import type { Bench, Goal, Row } from './harness/bench';
import { atLeast, atMost } from './harness/bench';
import type { Env } from './harness/child';
import { pause } from './harness/child';
import { FLAT_MB_PER_SECOND, RssWatch } from './harness/rss-watch';
import { PriceProcess, Venues } from './harness/stage';
import { Reporter } from './harness/reporter';

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
/** The process counts once a second. */
const COUNTED_MS = 2_000;
const GOAL_PER_SECOND = 60_000;
const LEAST_TAKEN = 0.98;

/** One process each; its rates follow one another: the goal's, and one far past it. */
const PROCESSES: readonly { readonly venues: readonly Venue[]; readonly rates: readonly number[] }[] = [
  { venues: FOUR, rates: [GOAL_PER_SECOND, 2 * GOAL_PER_SECOND] },
  { venues: ALL, rates: [GOAL_PER_SECOND] },
];

interface Stage {
  readonly exchanges: readonly string[];
  readonly simulated: readonly Venues[];
  readonly subscriber: Reporter<'subscriber.ts'>;
  readonly price: PriceProcess;
}

export const venues: Bench = {
  title: 'venues flooding one process, a worker thread each; per second of the window',
  async run({ env }) {
    const rows: Row[] = [];
    const goals: Goal[] = [];
    for (const { venues: names, rates } of PROCESSES) {
      const stage = await open(names, env);
      try {
        for (const asked of rates) {
          const { byVenue, total } = await measure(stage, asked);
          rows.push(...byVenue, total);
          goals.push(...goalsOf(total));
        }
      } finally {
        await Promise.all([stage.price.stop(), stage.subscriber.stop()]);
        await Promise.all(stage.simulated.map((one) => one.stop()));
      }
    }
    return { rows, goals };
  },
};

/** A simulator for each venue: one thread could not send for all. */
async function open(names: readonly Venue[], env: Env): Promise<Stage> {
  const exchanges = names.map((name) => MARKETS[name]);
  const simulated = await Promise.all(
    names.map((name) => Venues.start({ venues: [name], symbols: SYMBOLS })),
  );
  const subscriber = await Reporter.start('subscriber.ts', env);
  const endpoints = simulated.map((one) => one.endpoints).join(',');
  const price = await PriceProcess.start(env, endpoints, { PRICE_CONNECTOR_EXCHANGES: names.join(',') });
  await price.settled(exchanges);
  return { exchanges, simulated, subscriber, price };
}

async function measure(stage: Stage, asked: number) {
  const { exchanges, price, subscriber } = stage;
  const { decoded: decodedBefore } = await price.counts();
  await loadAll(stage, asked / exchanges.length);
  await pause(WARM_UP_MS);
  const rss = new RssWatch(() => price.usage().rssBytes);
  const before = await look(stage);
  await subscriber.take();
  await pause(WINDOW_MS);
  const seen = await subscriber.take();
  const after = await look(stage);
  const { slope, mb } = rss.stop();
  const offered = await loadAll(stage, 0);
  await pause(COUNTED_MS);
  const { decoded } = await price.counts();

  const seconds = (after.at - before.at) / 1_000;
  const figures = exchanges.map((exchange, at) => {
    const sent = ((after.offered[at] ?? 0) - (before.offered[at] ?? 0)) / seconds;
    const taken = (decoded.get(exchange) ?? 0) - (decodedBefore.get(exchange) ?? 0);
    return { exchange, sent, share: taken / (offered[at] ?? NaN) };
  });
  const sent = figures.reduce((sum, one) => sum + one.sent, 0);
  const taken = figures.reduce((sum, one) => sum + one.sent * one.share, 0);
  const total = {
    ' ': `${exchanges.length} venues`,
    'asked/s': asked,
    'sent/s': sent,
    'taken/s': taken,
    'taken %': (100 * taken) / sent,
    'delivered/s': seen.received / (WINDOW_MS / 1_000),
    'p50 ms': seen.p50,
    'p99 ms': seen.p99,
    'CPU cores': (after.cpuMs - before.cpuMs) / (after.at - before.at),
    'RSS MB': mb,
    'MB/s': slope,
  };
  return { total, byVenue: figures.map((one) => venueRow(one, total)) };
}

function venueRow(
  { exchange, sent, share }: { readonly exchange: string; readonly sent: number; readonly share: number },
  total: Row,
): Row {
  const blank = Object.fromEntries(Object.keys(total).map((column) => [column, '']));
  return { ...blank, ' ': exchange, 'sent/s': sent, 'taken/s': sent * share, 'taken %': 100 * share };
}

/** Returns what was offered so far, exchange by exchange. */
function loadAll({ simulated, exchanges }: Stage, perSecond: number): Promise<readonly number[]> {
  return Promise.all(simulated.map(({ control }, at) => control.load(exchanges[at] ?? '', perSecond)));
}

async function look({ simulated, exchanges, price }: Stage) {
  const offered = await Promise.all(simulated.map(({ control }) => control.offered()));
  return {
    at: performance.now(),
    cpuMs: price.usage().cpuMs,
    offered: exchanges.map((exchange, at) => offered[at]?.[exchange] ?? 0),
  };
}

function goalsOf(total: Awaited<ReturnType<typeof measure>>['total']): Goal[] {
  const name = `${total[' ']}, ${total['asked/s'] / 1_000}k/s asked`;
  const least = LEAST_TAKEN * GOAL_PER_SECOND;
  // Where the simulators could not send that much, all that they sent must be taken.
  const taken =
    total['sent/s'] >= least
      ? atLeast(`${name}: taken`, total['taken/s'] / 1_000, least / 1_000, 'k/s')
      : atLeast(`${name}: taken of what was sent`, total['taken %'], 100 * LEAST_TAKEN, '%');
  return [
    taken,
    atMost(`${name}: memory grows by`, total['MB/s'], FLAT_MB_PER_SECOND, 'MB/s'),
    atMost(`${name}: age of the newest values, p99`, total['p99 ms'], 1_000, 'ms'),
  ];
}
