/**
 * `npm run bench:streams -- --streams 1000`: many account streams over all venues through the built account
 * process, on real servers: how long they take to open beside what the venues' limits allow, memory per idle
 * stream, latency of order events on both doors, what a cut of all sockets costs and whether it leaves anything
 * behind, and how all come back after the process was killed.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Trader } from '../src/e2e/chaos/trader';
import { ACCOUNT_MARKETS, PRICE } from '../src/e2e/market-table';
import { startSimulator, type Simulator } from '../src/simulator';
import { marketOf } from '../src/venues/registry';
import { hostOf, openStreams, tradersOf, untilAll } from './harness/accounts';
import { pause, type Env } from './harness/child';
import { quantile } from './harness/bench';
import { MainProcess, type Holdings } from './harness/main-process';
import { OrderLatency } from './harness/order-latency';
import { ROOT } from './harness/stage';
import { Reporter } from './harness/reporter';
import { StreamWitness } from './harness/stream-witness';

const IDLE_MS = 15_000;
const CUT_EVERY_MS = 5_000;
const SETTLED_MS = 60_000;
/** The longest window in which a venue counts dials. */
const QUIET_MS = 300_000;

interface Services {
  readonly env: Env;
  stop(): Promise<void>;
}

interface Stage {
  readonly simulator: Simulator;
  readonly witness: StreamWitness;
  readonly latency: OrderLatency;
  readonly main: MainProcess;
  readonly traders: readonly Trader[];
}

function print(line: string): void {
  console.log(line);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      streams: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '15' },
      cuts: { type: 'string', default: '3' },
      restarts: { type: 'string', default: '0' },
    },
  });
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs')]);
  const { provideServices } = (await import(join(ROOT, 'scripts/services.mjs'))) as {
    provideServices(options: { need: string[] }): Promise<Services>;
  };
  const services = await provideServices({ need: ['redis', 'rabbit'] });
  const simulator = await startSimulator({ symbols: 4 });
  const witness = await StreamWitness.open(services.env);
  const probe = await Reporter.start('latency-probe.ts', services.env);
  const latency = new OrderLatency(services.env, probe, Number(values.seconds));
  let main = await MainProcess.start(services.env, simulator.overrides());
  try {
    const traders = await tradersOf(Number(values.streams), simulator, witness);
    const stage = { simulator, witness, latency, traders };
    await perform({ ...stage, main }, Number(values.cuts));
    for (let restart = 1; restart <= Number(values.restarts); restart += 1) {
      await main.kill();
      print(`killed; ${QUIET_MS / 60_000} minutes pass, as the venues count the dials of before`);
      await pause(QUIET_MS);
      main = await MainProcess.start(services.env, simulator.overrides());
      await openAll({ ...stage, main });
    }
    return verdict(simulator, witness);
  } finally {
    await Promise.all([main.stop(), witness.close(), probe.stop()]);
    await simulator.close();
    await services.stop();
  }
}

async function perform(stage: Stage, cuts: number): Promise<void> {
  const { traders, latency } = stage;
  await openMeasured(stage);
  // Beside the same streams, so that the simulators are as busy.
  await latency.ofFloor();
  await latency.measure('connector', (count) => {
    const trader = traders[count % traders.length];
    if (trader) placeOne(trader, count);
  });
  await cutAll(stage, cuts);
}

/** What a market's first stream loads is shared by all further ones. */
async function openMeasured(stage: Stage): Promise<void> {
  const { main, traders } = stage;
  const idleBytes = async (): Promise<number> => {
    await pause(IDLE_MS);
    return main.usage().rssBytes;
  };
  const [first, further] = [traders.slice(0, ACCOUNT_MARKETS.length), traders.slice(ACCOUNT_MARKETS.length)];
  const bare = await idleBytes();
  await openAll({ ...stage, traders: first });
  const loaded = await idleBytes();
  if (further.length > 0) await openAll({ ...stage, traders: further });
  const full = await idleBytes();
  const inMb = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const perStream = (bytes: number, streams: number): string => (bytes / 1_024 / streams).toFixed(1);
  print(
    `memory: ${inMb(bare)} MB without streams, ${inMb(loaded)} MB with the first ${first.length}, ` +
      `${inMb(full)} MB with ${traders.length}: ${perStream(full - loaded, further.length)} kB per further idle ` +
      `stream, ${perStream(full - bare, traders.length)} kB with what the first ones load`,
  );
}

function verdict(simulator: Simulator, witness: StreamWitness): number {
  const violations = simulator.violations();
  print(`limits broken: ${violations.length} ${JSON.stringify(violations.slice(0, 3))}`);
  print(`announcements: ${witness.announcements}`);
  return violations.length === 0 ? 0 : 1;
}

async function openAll({ traders, witness }: Stage): Promise<void> {
  const start = performance.now();
  witness.forget();
  openStreams(traders, witness);
  await untilAll(witness, traders, 1);
  const took = new Map<string, number>();
  for (const { room, market } of traders) {
    const host = hostOf(market.exchange);
    took.set(host, Math.max(took.get(host) ?? 0, (witness.liveAt.get(room) ?? Infinity) - start));
  }
  print(`opened ${traders.length} streams in ${((performance.now() - start) / 1_000).toFixed(1)} s`);
  for (const [host, ms] of took) {
    const streams = traders.filter(({ market }) => hostOf(market.exchange) === host);
    const least = leastMs(streams);
    print(
      `  ${host}: ${streams.length} streams in ${(ms / 1_000).toFixed(1)} s; the dial limit allows ${(least / 1_000).toFixed(1)} s`,
    );
  }
}

/** Time that the dial rates of the descriptor ask for at least. */
function leastMs(streams: readonly Trader[]): number {
  const rules = marketOf(streams[0]?.market.exchange ?? '')?.market.links.account;
  const times = (rules?.dials ?? []).map(
    ({ count, perMs }) => Math.max(0, Math.ceil(streams.length / count) - 1) * perMs,
  );
  return Math.max(0, ...times);
}

function placeOne({ account, market }: Trader, count: number): void {
  const { symbol, quantity } = market;
  const clientOrderId = `bench-${count}`;
  account.place({ symbol, side: 'BUY', type: 'LIMIT', price: PRICE, quantity, clientOrderId });
}

async function cutAll({ simulator, witness, traders, main }: Stage, cuts: number): Promise<void> {
  print(`before the cuts: ${textOf(await main.holdings())}`);
  witness.forget();
  for (let cut = 1; cut <= cuts; cut += 1) {
    const start = performance.now();
    main.takeLooks();
    simulator.drop();
    await untilAll(witness, traders, cut);
    const tookS = ((performance.now() - start) / 1_000).toFixed(1);
    print(
      `cut ${cut}: all ${traders.length} back after ${tookS} s, ${cut * traders.length} reconnects so far; ` +
        textOf(await main.holdings()),
    );
    await pause(CUT_EVERY_MS);
    const looks = main.takeLooks();
    print(
      `  ${looks.length} looks ended: p50 ${quantile(looks, 0.5).toFixed(0)} ms, most ${quantile(looks, 1).toFixed(0)} ms after live`,
    );
  }
  if (cuts === 0) return;
  // Looks and their timers end; what remains is what reconnects leave behind.
  await pause(SETTLED_MS);
  print(`${SETTLED_MS / 1_000} s later: ${textOf(await main.holdings())}`);
}

function textOf({ rssMb, descriptors, sockets, timers }: Holdings): string {
  return `RSS ${rssMb} MB, ${descriptors} descriptors, ${sockets} sockets, ${timers} timers`;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
