/** One seeded run: trading goes on while one thing after the other breaks; in the end nothing may be missing. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rewriter } from '../../config';
import { parseEndpoints } from '../../config/endpoints';
import type { Simulator } from '../../simulator';
import { startSimulator } from '../../simulator';
import { allVenues } from '../../venues/registry';
import { ACCOUNT_MARKETS, keysOf } from '../market-table';
import { Backend } from './backend';
import { Daemon } from './daemon';
import { DEAFENING, FAULTS, type Scene } from './faults';
import { Chance } from './random';
import type { Servers } from './servers';
import { openServers } from './servers';
import { openTrader, Trading, type Trader } from './trading';
import { GREETING, judge, judgeCandles, type Verdict } from './verdict';

export interface RunOptions {
  readonly seed: number;
  /** How long things break. */
  readonly seconds: number;
  /** Also market data, whose closed candles are compared. */
  readonly hasPrices: boolean;
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
const SETTLE_LIMIT_MS = 150_000;
const START_LIMIT_MS = 60_000;
const CANDLE_VENUES = ['binance', 'okx'];
const WARP = 20;
/** As the log says it. */
const DEAF = 'the session is deaf';
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function run(options: RunOptions): Promise<Outcome> {
  const servers = await openServers();
  const scratch = await mkdtemp(join(tmpdir(), 'connector-chaos-'));
  const directory = options.logs ?? scratch;
  await mkdir(directory, { recursive: true });
  const venues = await startSimulator({ symbols: 4 });
  const market = options.hasPrices
    ? await startSimulator({ symbols: 4, warp: WARP, venues: CANDLE_VENUES })
    : undefined;
  const scene: Scene = {
    ...{ venues, market, servers, backend: new Backend(servers.direct) },
    main: daemon('main', servers, venues, directory, options.seed),
    price: market && daemon('price', servers, market, directory, options.seed),
  };
  try {
    return await perform(scene, options);
  } finally {
    await Promise.all([scene.main.stop(), scene.price?.stop()]);
    await scene.backend.close();
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
  return new Daemon(
    entry,
    {
      ...env,
      VENUE_ENDPOINTS: simulator.overrides(),
      EXCHANGE_SERVICE_API_URL: '',
      LOG_LEVEL: 'info',
      // A muted session is found by asking: often, as the run is short.
      USER_STREAM_AUDIT_MS: '10000',
      ...(entry === 'price' && { PRICE_CONNECTOR_EXCHANGES: CANDLE_VENUES.join(',') }),
    },
    join(directory, `${entry}-${seed}.log`),
  );
}

async function perform(scene: Scene, options: RunOptions): Promise<Outcome> {
  const { venues, market, main, price, backend } = scene;
  const chance = new Chance(options.seed);
  const traders = ACCOUNT_MARKETS.map((one) => {
    const room = randomUUID();
    return openTrader(venues, one, room, keysOf(one.exchange, `chaos-${options.seed}`));
  });
  const publishedOf = market ? await spellings(market) : () => '';
  await backend.open(
    traders.map(({ room }) => room),
    [...streamRequests(traders, options.seed), ...candleRequests(market, publishedOf)],
  );
  main.start();
  price?.start();
  await allLive(scene, traders);
  const trading = new Trading(traders, chance);
  trading.start(TRADE_EVERY_MS);
  const faults = await trouble(scene, options, new Chance(options.seed + 1_000));
  trading.stop();
  const settledAfterMs = await settled(scene, traders);
  return {
    ...judge(venues, backend, traders),
    ...{ faults, settledAfterMs, repeats: backend.repeats, deaf: main.logged(DEAF) },
    candles: backend.candles.size,
    ...(market ? judgeCandles(market, backend, publishedOf) : { candlesMissing: [], candlesWrong: [] }),
    mostMb: Math.round(main.mostMb + (price?.mostMb ?? 0)),
    violations: [...venues.violations(), ...(market?.violations() ?? [])].map((one) => JSON.stringify(one)),
  };
}

function streamRequests(traders: readonly Trader[], seed: number) {
  return traders.map(({ room, market: { exchange } }) => ({
    queue: 'usersStreamAction',
    payload: {
      event: 'open stream',
      uuid: room,
      data: { userId: 'u1', api: { ...keysOf(exchange, `chaos-${seed}`), provider: exchange } },
    },
  }));
}

function candleRequests(
  market: Simulator | undefined,
  publishedOf: (exchange: string, symbol: string) => string,
) {
  return Object.entries(market?.markets ?? {}).flatMap(([exchange, { symbols }]) =>
    symbols.slice(0, 2).map(({ symbol }) => ({
      queue: 'candlesRequests',
      payload: { exchange, symbol: publishedOf(exchange, symbol), interval: '1m' },
    })),
  );
}

/** Venue's spelling -> ours, of every instrument. */
async function spellings(market: Simulator): Promise<(exchange: string, symbol: string) => string> {
  const rewrite = rewriter(parseEndpoints(market.overrides()));
  const names = new Map<string, string>();
  for (const adapter of allVenues().filter(({ descriptor }) => CANDLE_VENUES.includes(descriptor.venue))) {
    const rest = adapter.connectRest({ rewrite, timeoutMs: 10_000 });
    for (const one of adapter.descriptor.markets) {
      for (const { venueSymbol, symbol } of await rest.instruments(one)) {
        names.set(`${one.exchange} ${venueSymbol}`, symbol);
      }
    }
  }
  return (exchange, symbol) => names.get(`${exchange} ${symbol}`) ?? symbol;
}

/** Greets every account until its room answers. What was before that is not promised, so greetings are not judged. */
async function allLive({ backend }: Scene, traders: readonly Trader[]): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  const placed = traders.map((trader) => {
    const { symbol, quantity } = trader.market;
    const request = { symbol, side: 'BUY', type: 'LIMIT', price: '1', quantity } as const;
    return { trader, request: { ...request, clientOrderId: GREETING } };
  });
  const isHeard = ({ room }: Trader): boolean =>
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

async function trouble(scene: Scene, { seconds, say }: RunOptions, chance: Chance): Promise<string[]> {
  const names: string[] = [];
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    const fault = chance.of(FAULTS);
    const lastsMs = chance.between(...fault.lastsMs);
    names.push(fault.name);
    say(`  ${fault.name}, ${lastsMs} ms`);
    const end = await fault.begin(scene, chance);
    await pause(lastsMs);
    await end();
    scene.main.measure();
    scene.price?.measure();
    await pause(chance.between(0, 2_500));
  }
  return names;
}

/** Waits until nothing is missing any more, or the patience is over. */
async function settled(
  { venues, backend, main, price, market }: Scene,
  traders: readonly Trader[],
): Promise<number> {
  const start = performance.now();
  const isDone = (): boolean => judge(venues, backend, traders).lost.length === 0;
  while (!isDone() && performance.now() - start < SETTLE_LIMIT_MS) await pause(100);
  const settledAfterMs = performance.now() - start;
  // Bars of the last minute are still on their way.
  if (market) await pause(8_000);
  main.measure();
  price?.measure();
  return Math.round(settledAfterMs);
}
