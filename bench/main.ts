/**
 * `npm run bench`: ticker updates per second through the floor and through the connector, on real servers, in
 * one run. Compare the ratios, not the absolute figures: machines differ.
 */
import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { end, lineOf, pause, startNode, usageOf, type Env } from './child';
import type { Row } from './report';
import { printTable } from './report';
import type { SubscriberReport } from './subscriber';

const ROOT = join(__dirname, '..');
const TSX = ['--import', 'tsx'];
const STREAM = 'wss://stream.binance.us:9443';
const EXCHANGE = 'binanceUS';
const SYMBOLS = 200;
const SETTLE_MS = 2_500;

interface Services {
  readonly env: Env;
  stop(): Promise<void>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rates: { type: 'string', default: '1000,5000,20000,50000' },
      seconds: { type: 'string', default: '8' },
    },
  });
  const rates = values.rates.split(',').map(Number);
  const windowMs = Number(values.seconds) * 1_000;
  console.log('building ...');
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', ROOT]);
  const { provideServices } = (await import(join(ROOT, 'scripts/services.mjs'))) as {
    provideServices(options: { need: string[] }): Promise<Services>;
  };
  const services = await provideServices({ need: ['redis', 'rabbit'] });
  try {
    const rows = await measureAll(services.env, rates, windowMs);
    printTable(rows);
    const file = join(ROOT, 'bench/results', `${new Date().toISOString().replace(/[:.]/g, '-')}.json`);
    mkdirSync(join(ROOT, 'bench/results'), { recursive: true });
    writeFileSync(file, JSON.stringify({ node: process.version, windowMs, rows }, null, 2));
    console.log(`written to ${file}`);
  } finally {
    await services.stop();
  }
}

async function measureAll(env: Env, rates: readonly number[], windowMs: number): Promise<Row[]> {
  const venue = startNode(
    [
      ...TSX,
      join(ROOT, 'src/simulator/main.ts'),
      '--port',
      '0',
      '--symbols',
      String(SYMBOLS),
      '--venues',
      'binance',
    ],
    {},
  );
  const overrides = (await lineOf(venue, /^VENUE_ENDPOINTS=/)).slice('VENUE_ENDPOINTS='.length);
  const origin = overrides.split(',').find((one) => one.startsWith(`${STREAM}=`)) ?? '';
  const streamBase = origin.slice(STREAM.length + 1);
  const control = `http://${new URL(streamBase).host}/__sim`;
  const subscriber = startNode([...TSX, join(ROOT, 'bench/subscriber.ts')], env, true);
  await answer(subscriber, 'ready');

  const rows: Row[] = [];
  for (const rate of rates) {
    for (const candidate of ['floor', 'ours'] as const) {
      const child = startCandidate(candidate, env, overrides, `${streamBase}/stream?streams=!miniTicker@arr`);
      await pause(SETTLE_MS);
      rows.push({ candidate, rate, ...(await measure(child, subscriber, control, rate, windowMs)) });
      await end(child);
    }
  }
  await Promise.all([end(subscriber), end(venue)]);
  return rows;
}

function startCandidate(candidate: 'floor' | 'ours', env: Env, overrides: string, url: string): ChildProcess {
  if (candidate === 'floor') {
    return startNode([...TSX, join(ROOT, 'bench/floor.ts')], { ...env, BENCH_URL: url });
  }
  return startNode([join(ROOT, 'dist/price.js')], {
    ...env,
    VENUE_ENDPOINTS: overrides,
    PRICE_CONNECTOR_EXCHANGES: 'binanceus',
    EXCHANGE_SERVICE_API_URL: '',
    HEALTH_PORT: '0',
    LOG_LEVEL: 'error',
  });
}

async function measure(
  child: ChildProcess,
  subscriber: ChildProcess,
  control: string,
  rate: number,
  windowMs: number,
): Promise<Omit<Row, 'candidate' | 'rate'>> {
  await load(control, rate);
  await pause(SETTLE_MS);
  const before = { ...usageOf(child), at: performance.now(), sent: await sentSoFar(control) };
  await ask(subscriber);
  await pause(windowMs);
  const seen = await ask(subscriber);
  const after = { ...usageOf(child), at: performance.now(), sent: await sentSoFar(control) };
  await load(control, 0);
  await pause(SETTLE_MS);
  const seconds = (after.at - before.at) / 1_000;
  const sent = after.sent - before.sent;
  return {
    sentPerSecond: sent / seconds,
    receivedPerSecond: seen.received / seconds,
    cpuMsPer1k: (after.cpuMs - before.cpuMs) / (sent / 1_000),
    p50: seen.p50,
    p99: seen.p99,
    rssMb: after.rssBytes / 2 ** 20,
    batchesPerSecond: seen.batches / seconds,
  };
}

let asked = 0;

/** Counts since the last question. */
function ask(subscriber: ChildProcess): Promise<SubscriberReport> {
  const id = String((asked += 1));
  subscriber.send(id);
  return answer(subscriber, id);
}

function answer(subscriber: ChildProcess, id: string): Promise<SubscriberReport> {
  return new Promise((resolve) => {
    const listener = (message: unknown): void => {
      const report = message as SubscriberReport & { readonly id: string };
      if (report.id !== id) return;
      subscriber.off('message', listener);
      resolve(report);
    };
    subscriber.on('message', listener);
  });
}

async function load(control: string, tickersPerSecond: number): Promise<number> {
  const response = await fetch(`${control}/load`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ exchange: EXCHANGE, tickersPerSecond }),
  });
  if (!response.ok) throw new Error(`the venue refused the load: ${response.status}`);
  return ((await response.json()) as { sent: number }).sent;
}

/** Asked by an order of its own: the load goes on. */
async function sentSoFar(control: string): Promise<number> {
  const response = await fetch(`${control}/load`);
  return ((await response.json()) as Record<string, number>)[EXCHANGE] ?? 0;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
