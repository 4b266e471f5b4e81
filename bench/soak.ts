/**
 * `npm run soak -- --minutes 5 [--faults] [--symbols 500] [--warp 6]`: every venue at once through the built
 * price process, on real servers. Afterwards the venues' own ledgers are compared with what RabbitMQ delivered.
 * With `--faults` each venue in turn drops, stalls, refuses and garbles. With `--streams` see `soak-streams.ts`.
 */
import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rewriter } from '../src/config';
import { parseEndpoints } from '../src/config/endpoints';
import { allVenues } from '../src/venues/registry';
import { end, lineOf, pause, startNode, usageOf, type Env } from './harness/child';
import { VenueControl, type LedgerEntry } from './harness/venue-control';
import { Witness } from './harness/witness';
import { soakStreams } from './soak-streams';

const ROOT = join(__dirname, '..');
const TSX = ['--import', 'tsx'];
const CANDLE_SYMBOLS = 15;
const SAMPLE_MS = 5_000;
const WARM_UP_MS = 20_000;
const BASELINE_MS = 10_000;

interface Settings {
  readonly minutes: number;
  readonly symbols: number;
  readonly warp: number;
  readonly faults: boolean;
  readonly faultSeconds: number;
  readonly streams: number;
  readonly tickers: number;
  readonly orders: number;
}

interface Stage {
  readonly price: ChildProcess;
  readonly witness: Witness;
  readonly venues: VenueControl;
  readonly overrides: string;
}

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      symbols: { type: 'string', default: '500' },
      warp: { type: 'string', default: '6' },
      faults: { type: 'boolean', default: false },
      'fault-seconds': { type: 'string', default: '20' },
      streams: { type: 'string', default: '0' },
      tickers: { type: 'string', default: '5000' },
      orders: { type: 'string', default: '20' },
    },
  });
  return {
    minutes: Number(values.minutes),
    symbols: Number(values.symbols),
    warp: Number(values.warp),
    faults: values.faults,
    faultSeconds: Number(values['fault-seconds']),
    streams: Number(values.streams),
    tickers: Number(values.tickers),
    orders: Number(values.orders),
  };
}

async function main(): Promise<number> {
  const chosen = settings();
  const { streams, minutes, tickers: tickersPerSecond, orders: ordersPerSecond } = chosen;
  if (streams > 0) return soakStreams({ streams, minutes, tickersPerSecond, ordersPerSecond });
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs')]);
  const { provideServices } = (await import(join(ROOT, 'scripts/services.mjs'))) as {
    provideServices(options: { need: string[] }): Promise<{ env: Env; stop(): Promise<void> }>;
  };
  const services = await provideServices({ need: ['redis', 'rabbit'] });
  const simulator = startNode(
    [
      ...TSX,
      join(ROOT, 'src/simulator/main.ts'),
      ...['--port', '0', '--symbols', String(chosen.symbols), '--warp', String(chosen.warp)],
    ],
    {},
  );
  const overrides = (await lineOf(simulator, /^VENUE_ENDPOINTS=/)).slice('VENUE_ENDPOINTS='.length);
  const control = `${/=ws(:\/\/[^/]+)/.exec(overrides)?.[1] ?? ''}/__sim`;
  const witness = await Witness.open(services.env);
  const price = startNode([join(ROOT, 'dist/price.js')], {
    ...services.env,
    VENUE_ENDPOINTS: overrides,
    EXCHANGE_SERVICE_API_URL: '',
    HEALTH_PORT: '0',
    LOG_LEVEL: 'error',
  });
  price.stdout?.pipe(process.stderr);
  const stage = { price, witness, venues: new VenueControl(`http${control}`), overrides };
  try {
    return await perform(stage, chosen);
  } finally {
    await witness.close();
    await Promise.all([end(price), end(simulator)]);
    await services.stop();
  }
}

async function perform(stage: Stage, chosen: Settings): Promise<number> {
  await pause(WARM_UP_MS);
  requestCandles(stage.witness);
  await pause(WARM_UP_MS / 2);
  stage.witness.takeRates();
  const rss = await watch(stage, chosen.minutes);
  if (chosen.faults) await trouble(stage, chosen.faultSeconds);
  await pause(15_000);
  const { missing, wrong } = await compare(stage);
  const violations = await stage.venues.violations();
  console.log(
    `RSS first ${rss[0]?.toFixed(0)} MB, last ${rss.at(-1)?.toFixed(0)} MB, most ${Math.max(...rss).toFixed(0)} MB`,
  );
  console.log(`limits broken: ${violations.length}`, JSON.stringify(violations.slice(0, 3)));
  console.log(
    `closed candles missing: ${missing}; with wrong values: ${wrong};` +
      ` delivered twice: ${stage.witness.duplicates}`,
  );
  return missing + wrong + violations.length > 0 ? 1 : 0;
}

function requestCandles(witness: Witness): void {
  for (const [exchange, symbols] of witness.symbols) {
    for (const symbol of [...symbols].slice(0, CANDLE_SYMBOLS)) {
      for (const interval of ['1m', '3m']) witness.ask({ payload: { exchange, symbol, interval } });
    }
  }
}

async function watch({ price, witness }: Stage, minutes: number): Promise<number[]> {
  const rss: number[] = [];
  const until = performance.now() + minutes * 60_000;
  while (performance.now() < until) {
    await pause(SAMPLE_MS);
    rss.push(usageOf(price).rssBytes / 2 ** 20);
    const rates = witness.takeRates();
    const total = [...rates.values()].reduce((sum, rate) => sum + rate, 0);
    console.log(`${rates.size} exchanges, ${total.toFixed(0)} updates/s, RSS ${rss.at(-1)?.toFixed(0)} MB`);
  }
  return rss;
}

const TROUBLES: readonly { readonly name: string; readonly faults?: object; readonly drop: boolean }[] = [
  { name: 'drop', drop: true },
  { name: 'stall', faults: { stall: true }, drop: false },
  { name: 'refuse', faults: { dial: { status: 503 } }, drop: true },
  { name: 'garble', faults: { garble: { kind: 'garbage', every: 2 } }, drop: false },
];

/** Each venue in turn misbehaves; the others must not notice, and it must be back soon afterwards. */
async function trouble({ witness, venues }: Stage, seconds: number): Promise<void> {
  for (const { descriptor } of allVenues()) {
    const own = new Set(descriptor.markets.map(({ exchange }) => exchange));
    const origins = await venues.originsOf(descriptor.venue);
    for (const { name, faults, drop } of TROUBLES) {
      witness.takeRates();
      await pause(BASELINE_MS);
      const before = others(witness.takeRates(), own);
      if (faults) await venues.faults(origins, faults);
      if (drop) await venues.drop(origins);
      await pause(seconds * 1_000);
      const during = others(witness.takeRates(), own);
      await venues.clear(origins);
      const back = await backAfter(witness, own);
      console.log(
        `${descriptor.venue} ${name}: others ${before.toFixed(0)}/s before, ${during.toFixed(0)}/s during;` +
          ` back after ${(back / 1_000).toFixed(1)} s`,
      );
    }
  }
}

function others(rates: ReadonlyMap<string, number>, own: ReadonlySet<string>): number {
  return [...rates].reduce((sum, [exchange, rate]) => (own.has(exchange) ? sum : sum + rate), 0);
}

/** Time until every market of the venue has tickers again. */
async function backAfter(witness: Witness, own: ReadonlySet<string>): Promise<number> {
  const start = performance.now();
  while ([...own].some((exchange) => (witness.lastTicker.get(exchange) ?? 0) < start)) {
    if (performance.now() - start > 180_000) return Infinity;
    await pause(50);
  }
  return performance.now() - start;
}

/** Closed bars of the ledgers, from the first that was delivered to the last: never come, or with other values. */
async function compare({ witness, venues, overrides }: Stage): Promise<{ missing: number; wrong: number }> {
  const rewrite = rewriter(parseEndpoints(overrides));
  const ledger = await venues.ledger();
  const total = { missing: 0, wrong: 0 };
  for (const adapter of allVenues()) {
    const rest = adapter.connectRest({ rewrite, timeoutMs: 10_000 });
    for (const market of adapter.descriptor.markets) {
      const { exchange } = market;
      const published = new Map((await rest.instruments(market)).map((one) => [one.venueSymbol, one.symbol]));
      const entries = ledger.filter((entry) => entry.exchange === exchange);
      const bars = new Map<string, LedgerEntry[]>();
      for (const entry of entries) {
        const key = `${exchange} ${published.get(entry.symbol)} ${entry.interval}`;
        bars.set(key, [...(bars.get(key) ?? []), entry]);
      }
      const faults = [...bars].map(([key, truth]) => witness.closed.faults(key, truth));
      const missing = faults.flatMap((one) => one.missing).length;
      const wrong = faults.flatMap((one) => one.wrong);
      console.log(
        `${exchange}: ${entries.length} closed bars at the venue, ${missing} missing, ${wrong.length} wrong`,
        ...wrong.slice(0, 3),
      );
      total.missing += missing;
      total.wrong += wrong.length;
    }
  }
  return total;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
