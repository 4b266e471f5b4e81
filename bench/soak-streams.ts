/**
 * `npm run soak -- --streams 200 --minutes 30 [--tickers 5000] [--orders 20]`: both built daemons side by side on real servers,
 * account streams that trade and tickers at a fixed rate. What must stay as it was: memory, handles, latency.
 */
import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Trader } from '../src/e2e/chaos/trader';
import { PRICE } from '../src/e2e/market-table';
import { startSimulator, type Simulator } from '../src/simulator';
import { openStreams, tradersOf, untilAll } from './harness/accounts';
import { quantile } from './harness/bench';
import { descriptorsOf, end, pause, startNode, usageOf, type Env } from './harness/child';
import { MainProcess } from './harness/main-process';
import { slopeOf } from './harness/slope';
import { ROOT } from './harness/stage';
import { Reporter } from './harness/reporter';
import { StreamWitness, type OrderEvent } from './harness/stream-witness';
import { forgetWaiting, takeWaiting } from './harness/waiting-events';
import { Witness } from './harness/witness';

/** Each carries an equal share of the ticker updates. */
const LOADED = ['binance', 'bybitLinear', 'okx', 'bitget', 'kucoin'];
const SAMPLE_MS = 30_000;
const CANCEL_AFTER_MS = 1_000;
/** Heaps find their size first: samples of this share at the beginning do not count. */
const SETTLING_SHARE = 0.2;
const LAST_EVENTS_MS = 10_000;

export interface StreamSoak {
  readonly streams: number;
  readonly minutes: number;
  readonly tickersPerSecond: number;
  readonly ordersPerSecond: number;
}

interface Stage {
  readonly simulator: Simulator;
  readonly traders: readonly Trader[];
  readonly streams: StreamWitness;
  readonly probe: Reporter<'latency-probe.ts'>;
  readonly tickers: Witness;
  readonly processes: Readonly<Record<'main' | 'price', ChildProcess>>;
}

interface Sample {
  readonly minute: number;
  readonly mb: Readonly<Record<'main' | 'price', number>>;
  readonly handles: Readonly<Record<'main' | 'price', number>>;
  readonly redisP99: number;
  readonly rabbitP99: number;
}

export async function soakStreams(chosen: StreamSoak): Promise<number> {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs')]);
  const { provideServices } = (await import(join(ROOT, 'scripts/services.mjs'))) as {
    provideServices(options: { need: string[] }): Promise<{ env: Env; stop(): Promise<void> }>;
  };
  const services = await provideServices({ need: ['redis', 'rabbit'] });
  const simulator = await startSimulator({ symbols: 100 });
  const streams = await StreamWitness.open(services.env);
  const probe = await Reporter.start('latency-probe.ts', services.env);
  const tickers = await Witness.open(services.env);
  const main = await MainProcess.start(services.env, simulator.overrides());
  const price = startNode(['--enable-source-maps', join(ROOT, 'dist/price.js')], {
    ...services.env,
    VENUE_ENDPOINTS: simulator.overrides(),
    EXCHANGE_SERVICE_API_URL: '',
    HEALTH_PORT: '0',
    LOG_LEVEL: 'error',
  });
  price.stdout?.pipe(process.stderr);
  try {
    const traders = await tradersOf(chosen.streams, simulator, streams);
    await forgetWaiting(services.env);
    const stage = { simulator, traders, streams, probe, tickers, processes: { main: main.child, price } };
    const ended = await perform(stage, chosen);
    const waiting = await waitingEnds(services.env);
    return verdict(stage, ended, waiting);
  } finally {
    await Promise.all([main.stop(), end(price), streams.close(), tickers.close(), probe.stop()]);
    await simulator.close();
    await services.stop();
  }
}

/** Returns the orders that ended at the venues. */
async function perform(
  stage: Stage,
  { minutes, tickersPerSecond, ordersPerSecond }: StreamSoak,
): Promise<readonly string[]> {
  openStreams(stage.traders, stage.streams);
  await untilAll(stage.streams, stage.traders, 1);
  console.log(`${stage.traders.length} streams are live`);
  for (const exchange of LOADED) {
    stage.simulator.load(exchange, { tickersPerSecond: tickersPerSecond / LOADED.length });
  }
  const trading = trade(stage.traders, 1_000 / ordersPerSecond);
  const samples = await watch(stage, minutes);
  trading.stop();
  await pause(CANCEL_AFTER_MS + LAST_EVENTS_MS);
  drifts(samples);
  return trading.cancelled;
}

/** Orders come and are cancelled a moment later, trader after trader. */
function trade(
  traders: readonly Trader[],
  everyMs: number,
): { readonly cancelled: readonly string[]; stop(): void } {
  const cancelled: string[] = [];
  let count = 0;
  const timer = setInterval(() => {
    const trader = traders[(count += 1) % traders.length];
    if (!trader) return;
    const { symbol, quantity, assets } = trader.market;
    const clientOrderId = `soak-${count}`;
    const { orderId } = trader.account.place({
      ...{ symbol, side: 'BUY', type: 'LIMIT', price: PRICE, quantity, clientOrderId },
      ...(assets && { assets }),
    });
    setTimeout(() => cancelled.push(trader.account.cancel(orderId).orderId), CANCEL_AFTER_MS);
  }, everyMs);
  return { cancelled, stop: () => clearInterval(timer) };
}

async function watch(stage: Stage, minutes: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const start = performance.now();
  await stage.probe.take();
  while (performance.now() - start < minutes * 60_000) {
    await pause(SAMPLE_MS);
    const sample = await sampleOf(stage, (performance.now() - start) / 60_000);
    const rate = [...stage.tickers.takeRates().values()].reduce((sum, one) => sum + one, 0);
    samples.push(sample);
    const { minute, mb, handles, redisP99, rabbitP99 } = sample;
    console.log(
      `${minute.toFixed(1)} min: main ${mb.main.toFixed(0)} MB, ${handles.main} handles; ` +
        `price ${mb.price.toFixed(0)} MB, ${handles.price} handles; ` +
        `orders p99 ${redisP99} ms on Redis, ${rabbitP99} ms on RabbitMQ; ${rate.toFixed(0)} tickers/s on RabbitMQ`,
    );
  }
  return samples;
}

async function sampleOf({ probe, processes: { main, price } }: Stage, minute: number): Promise<Sample> {
  const { redis, rabbit } = await probe.take();
  return {
    minute,
    mb: { main: usageOf(main).rssBytes / 2 ** 20, price: usageOf(price).rssBytes / 2 ** 20 },
    handles: { main: descriptorsOf(main), price: descriptorsOf(price) },
    redisP99: quantile(redis, 0.99),
    rabbitP99: quantile(rabbit, 0.99),
  };
}

/** Nobody reads the durable queue meanwhile: what it holds is what a consumer finds that was away all the time. */
async function waitingEnds(env: Env): Promise<ReadonlySet<string>> {
  const ended = new Set<string>();
  const count = await takeWaiting(env, (body) => {
    const { orderStatus, orderId } = JSON.parse(body.toString()) as OrderEvent;
    if (orderStatus === 'CANCELED') ended.add(String(orderId));
  });
  console.log(`events that waited for a consumer: ${count}`);
  return ended;
}

function drifts(samples: readonly Sample[]): void {
  const settled = samples.slice(Math.floor(samples.length * SETTLING_SHARE));
  const drift = (what: string, unit: string, pick: (one: Sample) => number): void => {
    const perHour = 60 * slopeOf(settled.map((one) => ({ x: one.minute, y: pick(one) })));
    const [first, last] = [settled[0], settled.at(-1)];
    if (!first || !last) return;
    console.log(
      `${what}: ${pick(first).toFixed(0)} -> ${pick(last).toFixed(0)} ${unit}, slope ${perHour.toFixed(1)} ${unit}/h`,
    );
  };
  for (const name of ['main', 'price'] as const) {
    drift(`${name} memory`, 'MB', ({ mb }) => mb[name]);
    drift(`${name} handles`, 'handles', ({ handles }) => handles[name]);
  }
  drift('order events on Redis, p99', 'ms', ({ redisP99 }) => redisP99);
  drift('order events on RabbitMQ, p99', 'ms', ({ rabbitP99 }) => rabbitP99);
}

function verdict(
  { simulator, streams }: Stage,
  ended: readonly string[],
  waiting: ReadonlySet<string>,
): number {
  const missingIn = (told: ReadonlySet<string>): number => ended.filter((id) => !told.has(id)).length;
  const missing = [missingIn(streams.ended.redis), missingIn(streams.ended.rabbit), missingIn(waiting)];
  const violations = simulator.violations();
  const [redis, rabbit, queue] = missing;
  console.log(
    `orders ended at the venues: ${ended.length}; not told on Redis: ${redis}, on RabbitMQ: ${rabbit}, ` +
      `not waiting in the queue: ${queue}`,
  );
  console.log(`limits broken: ${violations.length} ${JSON.stringify(violations.slice(0, 3))}`);
  return Math.max(...missing) + violations.length > 0 ? 1 : 0;
}
