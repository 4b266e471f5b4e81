/** `npm run demo`: the real connector on simulated venues, with an in-process bus and store. */
import { parseArgs } from 'node:util';
import type { Config } from '../config';
import { loadConfig, readEnvironment } from '../config';
import { systemClock } from '../ops/clock';
import { createLog } from '../ops/logger';
import { MeterTally } from '../ops/meter-tally';
import { aggregate, createMeter } from '../ops/metrics';
import PriceConnector from '../priceConnector';
import { threadSpawner } from '../priceConnector/thread';
import { openDoors } from '../priceConnector/wiring';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import { allVenues } from '../venues/registry';
import { AccountsDemo } from './accounts';
import { Board } from './board';
import { publishLatency } from './latency';
import { startDemoPage } from './page';
import { summary, table } from './screen';

/** A simulated minute takes six seconds, so that candles close before anybody gets bored. */
const WARP = 10;
const SYMBOLS = 30;
const START_LIMIT_MS = 30_000;

function options(): { readonly seconds: number; readonly isLive: boolean } {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: 'Infinity' }, live: { type: 'boolean', default: false } },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error('--seconds: a number above zero, e.g. --seconds 15');
  return { seconds, isLive: values.live };
}

function configFor(simulator: Simulator | undefined): Config {
  return loadConfig({
    RABBIT_PASSWORD: 'unused: the demo has no broker',
    EXCHANGE_SERVICE_API_URL: '',
    LOG_LEVEL: readEnvironment()['LOG_LEVEL'] ?? 'silent',
    VENUE_ENDPOINTS: simulator?.overrides() ?? '',
  });
}

async function main(): Promise<number> {
  const { seconds, isLive } = options();
  const simulator = isLive ? undefined : await startSimulator({ warp: WARP, symbols: SYMBOLS });
  const config = configFor(simulator);
  const meter = createMeter();
  const tally = new MeterTally(meter, systemClock);
  const telemetry = { log: createLog(config.log), meter: tally };
  const ports = { clock: systemClock, random: Math.random, telemetry };
  const connector = new PriceConnector({
    ...ports,
    config,
    doors: openDoors('embedded', config, ports),
    spawn: threadSpawner(config, 'embedded', telemetry.log),
  });
  const board = new Board(({ exchange, symbol }) =>
    connector.subscribeCandle({ exchange, symbol, interval: '1m' }),
  );
  connector.on('ticker', (ticker) => board.ticker(ticker));
  connector.on('candle', (candle) => board.candle(candle));
  const page = await startDemoPage({
    ...{ clock: systemClock, log: telemetry.log, meter: tally },
    report: () => connector.report(tally),
    metrics: async () => aggregate([await meter.snapshot(), ...(await connector.metrics())]),
  });
  await connector.init();

  const expected = allVenues().flatMap(({ descriptor }) =>
    descriptor.markets.map(({ exchange }) => exchange),
  );
  console.log(
    simulator
      ? `Simulated venues (a minute takes ${60 / WARP} s), no server, no network. Ctrl-C ends it.`
      : "The venues' public production streams, no keys. Ctrl-C ends it.",
  );
  const pageLine = page.listening
    ? `Live page: http://127.0.0.1:${page.port}/`
    : 'No port for the live page.';
  console.log(pageLine);
  await firstData(board, expected);
  const accounts = simulator && (await AccountsDemo.start(ports));
  const elapsed = await watch(seconds, (passed) =>
    show(`${pageLine}\n\n${table(board, expected, passed)}${accountsTable(accounts)}`),
  );
  const reports = await connector.reports();
  const latency = publishLatency(reports.values(), [0.5, 0.99]);
  console.log(`\n${summary(board, expected, elapsed, latency)}`);
  await Promise.all([connector.stop(), accounts?.stop(), page.close()]);
  await simulator?.close();
  const silent = expected.filter((exchange) => !board.markets.has(exchange));
  return problems([...silent, ...silentAccounts(accounts)], brokenLimits(simulator, accounts));
}

function accountsTable(accounts: AccountsDemo | undefined): string {
  return accounts ? `\n\nAccounts\n${accounts.lines.join('\n')}` : '';
}

function silentAccounts(accounts: AccountsDemo | undefined): readonly string[] {
  for (const [exchange, count] of accounts?.told ?? []) console.log(`  ${exchange}: ${count} order events`);
  return accounts?.silent ?? [];
}

function brokenLimits(simulator: Simulator | undefined, accounts: AccountsDemo | undefined): number {
  return (simulator?.violations().length ?? 0) + (accounts?.violations ?? 0);
}

/** A slow machine needs a while to start its threads: the time of the demo begins with the first data of all. */
async function firstData(board: Board, expected: readonly string[]): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (expected.some((exchange) => !board.markets.has(exchange)) && performance.now() < deadline) {
    show(table(board, expected, 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  board.restart();
}

/** Shows the board once a second until the time is over or somebody presses Ctrl-C. */
function watch(seconds: number, show: (passed: number) => void): Promise<number> {
  const start = performance.now();
  const passed = (): number => (performance.now() - start) / 1_000;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      show(passed());
      if (passed() >= seconds) end();
    }, 1_000);
    const end = (): void => {
      clearInterval(timer);
      resolve(passed());
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
}

let lastShown = 0;

/** A terminal is redrawn in place; elsewhere a table every five seconds is enough. */
function show(text: string): void {
  if (process.stdout.isTTY) {
    process.stdout.write(`\u001b[2J\u001b[H${text}\n`);
    return;
  }
  if (performance.now() - lastShown < 4_900) return;
  lastShown = performance.now();
  console.log(`${text}\n`);
}

/** The demo is also a check: every exchange and account must have lived, and no limit of a venue may be broken. */
function problems(silent: readonly string[], violations: number): number {
  if (silent.length > 0) console.error(`no data from: ${silent.join(', ')}`);
  if (violations > 0) console.error(`${violations} limits of venues were broken`);
  return silent.length + violations > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
