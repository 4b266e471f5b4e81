/** One seeded run: trading goes on while one thing after the other breaks; in the end nothing may be missing. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Simulator, SimulatorOptions } from '../../simulator';
import { startSimulator } from '../../simulator';
import { ACCOUNT_MARKETS } from '../market-table';
import { Backend } from './backend';
import { Daemon } from './daemon';
import { ExpectedCandles } from './expected-candles';
import { CALM, pause, START_LIMIT_MS, type Fault, type Scene } from './fault';
import { DEAFENING, FAULTS } from './faults';
import { FORGETTING } from './server-faults';
import { listingsOf } from './listings';
import { Chance } from './random';
import type { Servers } from './servers';
import { openServers } from './servers';
import { openCommand, Actors, type Actor } from './trader';
import { Trading } from './trading';
import { GREETING, judge, judgeCandles, type Verdict } from './verdict';

export interface RunOptions {
  readonly seed: number;
  /** How long things break. */
  readonly seconds: number;
  /** Also market data, whose closed candles are compared. */
  readonly hasPrices: boolean;
  /** No trouble at all. */
  readonly isCalm?: boolean;
  /** Only troubles with these words in their name; default: all. */
  readonly only?: string;
  /** How long what is missing may still come, ms; default 150,000. */
  readonly patienceMs?: number;
  /** Folder that keeps the logs of the processes; default: none are kept. */
  readonly logs?: string;
  say(line: string): void;
}

export interface Outcome extends Verdict {
  readonly faults: readonly string[];
  readonly candles: number;
  readonly candlesMissing: readonly string[];
  /** Of those that came: other values than the venue's. */
  readonly candlesWrong: readonly string[];
  /** Until everything was told after the last trouble ended. */
  readonly settledAfterMs: number;
  /** Sessions that were only found deaf by an audit: to be expected of muted and half-open venues, and of nothing else. */
  readonly deaf: number;
  readonly repeats: number;
  readonly mostMb: number;
  readonly violations: readonly string[];
}

/** In words; none where nothing is missing, nothing came twice, and no limit was broken. */
export function problemsOf(outcome: Outcome): readonly string[] {
  const { lost, outOfOrder, deltasTwice, candlesMissing, candlesWrong, violations, deaf, faults } = outcome;
  const isDeafness = deaf > 0 && !faults.some((name) => DEAFENING.includes(name));
  return [
    ...lost.map((one) => `lost: ${one}`),
    ...outOfOrder.map((one) => `out of order: ${one}`),
    ...deltasTwice.map((one) => `balance delta told twice: ${one}`),
    ...candlesMissing.map((one) => `candle missing: ${one}`),
    ...candlesWrong.map((one) => `candle with wrong values: ${one}`),
    ...violations.map((one) => `limit broken: ${one}`),
    ...(isDeafness ? [`${deaf} sessions were deaf though no venue was muted`] : []),
  ];
}

const TRADE_EVERY_MS = 40;
const PATIENCE_MS = 150_000;
/** What comes twice may come late. */
const LATE_MS = 3_000;
const CANDLE_VENUES = ['binance', 'okx', 'bitget', 'kucoin', 'coinbase'];
const WARP = 20;
/** A second of the venue: so often venues push the rows of a forming bar. */
const ROW_MS = 1_000 / WARP;
/** Of the venues that do not say that a bar is closed: how long a pause is usual tells whether rows are missing. */
const ROWS: SimulatorOptions = {
  bitget: { candleEveryMs: ROW_MS },
  coinbase: { candleMs: ROW_MS, tradesMs: ROW_MS, heartbeatMs: ROW_MS },
  kucoin: { candleMs: ROW_MS },
};
/** Until the first bar of each request has come; a series that tells nothing is judged all the same. */
const CANDLE_LIMIT_MS = 60_000;
/** Per market; most of them are traded for the first time in the middle of a trouble. */
const SYMBOLS = 12;

/** What differs from seed to seed beside chance. An audit that is hardly ever due closes no gap that others left open. */
function settingsOf(seed: number) {
  return {
    auditsOften: seed % 4 === 0,
    /** An outage of a few seconds fills it. */
    hasSmallOutbox: seed % 3 === 0,
  };
}
/** As the log says it. */
const DEAF = 'the session is deaf';

export async function run(options: RunOptions): Promise<Outcome> {
  const servers = await openServers();
  const scratch = await mkdtemp(join(tmpdir(), 'connector-chaos-'));
  const directory = options.logs ?? scratch;
  await mkdir(directory, { recursive: true });
  const venues = await startSimulator({ symbols: SYMBOLS });
  const market = options.hasPrices
    ? await startSimulator({ symbols: 4, warp: WARP, venues: CANDLE_VENUES, options: ROWS })
    : undefined;
  const parts = { venues, market, servers, backend: new Backend(servers.direct) };
  const main = daemon('main', servers, venues, directory, options.seed);
  const price = market && daemon('price', servers, market, directory, options.seed);
  try {
    const accounts = new Actors(venues, await listingsOf(venues), `chaos-${options.seed}`);
    const traders = ACCOUNT_MARKETS.map((one) => accounts.open(one, randomUUID()));
    return await perform({ ...parts, main, price, accounts, traders }, options);
  } finally {
    await Promise.all([main.stop(), price?.stop()]);
    await parts.backend.close();
    await Promise.all([venues.close(), market?.close()]);
    await servers.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

function daemon(
  entry: 'main' | 'price',
  { env }: Servers,
  simulator: Simulator,
  directory: string,
  seed: number,
): Daemon {
  const { auditsOften, hasSmallOutbox } = settingsOf(seed);
  return new Daemon(
    entry,
    {
      ...env,
      VENUE_ENDPOINTS: simulator.overrides(),
      EXCHANGE_SERVICE_API_URL: '',
      LOG_LEVEL: 'info',
      ...(auditsOften && { USER_STREAM_AUDIT_MS: '10000' }),
      ...(hasSmallOutbox && { OUTBOX_MAX_MESSAGES: '100' }),
      ...(entry === 'price' && { PRICE_CONNECTOR_EXCHANGES: [...CANDLE_VENUES, 'binanceus'].join(',') }),
    },
    join(directory, `${entry}-${seed}.log`),
  );
}

async function perform(scene: Scene, options: RunOptions): Promise<Outcome> {
  const { venues, market, main, price, backend, traders } = scene;
  const { seed } = options;
  const expected = market && new ExpectedCandles(market, await listingsOf(market, CANDLE_VENUES));
  const rooms = traders.map(({ room }) => room);
  await backend.open(rooms, (queue) =>
    queue === 'usersStreamAction' ? traders.map(openCommand) : (expected?.requests() ?? []),
  );
  main.start();
  price?.start();
  await Promise.all([allLive(scene, traders), price?.atWork(START_LIMIT_MS)]);
  await expected?.begun(backend, CANDLE_LIMIT_MS);
  const trading = new Trading(traders, new Chance(seed), new Chance(seed + 2_000));
  trading.start(TRADE_EVERY_MS);
  const faults = await trouble(scene, options, trading, new Chance(seed + 1_000));
  trading.stop();
  const until = expected?.now();
  const verdict = (): Verdict => judge(venues, backend, traders, faults.includes(FORGETTING));
  const isDone = (): boolean =>
    verdict().lost.length === 0 && candlesOf(scene, expected, until).candlesMissing.length === 0;
  const settledAfterMs = await settled(scene, isDone, options.patienceMs ?? PATIENCE_MS);
  return {
    ...verdict(),
    ...{ faults, settledAfterMs, repeats: backend.repeats, deaf: main.logged(DEAF) },
    candles: backend.candles.size,
    ...candlesOf(scene, expected, until),
    mostMb: Math.round(main.mostMb + (price?.mostMb ?? 0)),
    violations: [venues, ...(market ? [market] : [])].flatMap((one) =>
      one.violations().map((violation) => JSON.stringify(violation)),
    ),
  };
}

function candlesOf(
  { market, backend }: Scene,
  expected: ExpectedCandles | undefined,
  until: ReadonlyMap<string, number> | undefined,
): Pick<Outcome, 'candlesMissing' | 'candlesWrong'> {
  if (!market || !expected || !until) return { candlesMissing: [], candlesWrong: [] };
  const told = judgeCandles(market, backend, (exchange, symbol) =>
    expected.publishedOf({ exchange, symbol }),
  );
  const missing = [...expected.missing(backend, until), ...told.candlesMissing];
  return { ...told, candlesMissing: [...new Set(missing)] };
}

/** Greets every account until its room answers. What was before that is not promised, so greetings are not judged. */
async function allLive({ backend }: Scene, traders: readonly Actor[]): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  const placed = traders.map((trader) => {
    const { symbol, quantity } = trader.market;
    const request = { symbol, side: 'BUY', type: 'LIMIT', price: '1', quantity } as const;
    return { trader, request: { ...request, clientOrderId: GREETING } };
  });
  const isHeard = ({ room }: Actor): boolean =>
    (backend.rooms.get(room) ?? []).some(({ body }) => 'orderStatus' in body);
  while (!traders.every(isHeard)) {
    if (performance.now() > deadline) throw new Error('not every stream came live');
    for (const { trader, request } of placed) {
      if (isHeard(trader)) continue;
      trader.account.cancel(trader.account.place(request).orderId);
    }
    await pause(1_000);
  }
}

/** Each trouble once before any comes again: seeds differ in which they meet, and in which order. */
function row(chance: Chance, { seed, isCalm, only = '' }: RunOptions): Fault[] {
  if (isCalm) return [CALM];
  const { auditsOften } = settingsOf(seed);
  const left = FAULTS.filter(({ name }) => name.includes(only) && (auditsOften || !DEAFENING.includes(name)));
  const drawn: Fault[] = [];
  while (left.length > 0) drawn.push(...left.splice(Math.floor(chance.next() * left.length), 1));
  return drawn;
}

async function trouble(
  scene: Scene,
  options: RunOptions,
  trading: Trading,
  chance: Chance,
): Promise<string[]> {
  const names: string[] = [];
  const { seconds, say } = options;
  const until = performance.now() + seconds * 1_000;
  let coming: Fault[] = [];
  while (performance.now() < until) {
    if (coming.length === 0) coming = row(chance, options);
    const fault = coming.shift();
    if (!fault) throw new Error('no such trouble');
    const lastsMs = chance.between(...fault.lastsMs);
    names.push(fault.name);
    say(`  ${new Date().toISOString().slice(14, 23)} ${fault.name}, ${lastsMs} ms`);
    const end = await fault.begin(scene, chance);
    await pause(lastsMs / 2);
    trading.surprise();
    await pause(lastsMs / 2);
    await end();
    scene.main.measure();
    scene.price?.measure();
    await pause(chance.between(0, 2_500));
  }
  return names;
}

/** Waits until nothing is missing any more, or the patience is over. */
async function settled({ main, price }: Scene, isDone: () => boolean, patienceMs: number): Promise<number> {
  await Promise.all([main.atWork(START_LIMIT_MS), price?.atWork(START_LIMIT_MS)]);
  const start = performance.now();
  while (!isDone() && performance.now() - start < patienceMs) await pause(500);
  const settledAfterMs = performance.now() - start;
  await pause(LATE_MS);
  main.measure();
  price?.measure();
  return Math.round(settledAfterMs);
}
