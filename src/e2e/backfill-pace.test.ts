/** The loss of hundreds of candles at once: their back-fill stays within every venue's REST limits. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { rewriter } from '../config';
import { parseEndpoints } from '../config/endpoints';
import type { Instrument } from '../domain/instrument';
import { barStart } from '../domain/interval';
import { BackfillQueue, spacingOf } from '../priceConnector/backfill';
import { RestTurns } from '../priceConnector/rest-turns';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { driveUntil } from '../testing/tiny-venue';
import type { MarketDescriptor, VenueRest } from '../venues/contract';
import { venueNamed } from '../venues/registry';

/** Those whose limits a mass reconnect could reach; so many jobs that it would. */
const CASES = [
  ['binance', 500, ['binanceUsdm', 'binanceCoinm']],
  ['coinbase', 100, ['coinbase']],
  ['kucoin', 250, ['kucoin', 'kucoinLinear']],
] as const;
const MINUTE = 60_000;
/** 2026-08-04 12:34:56 UTC. */
const NOW = Date.UTC(2026, 7, 4, 12, 34, 56);

let simulator: Simulator | undefined;

afterEach(() => simulator?.close());

for (const [venue, jobs, exchanges] of CASES) {
  test(`${venue}: ${jobs} candles are caught up with, and no limit is broken`, async () => {
    const { descriptor, connectRest } = venueNamed(venue)!;
    const clock = new FakeClock(NOW);
    const telemetry = new RecordedTelemetry();
    simulator = await startSimulator({ venues: [venue], clock, symbols: 4 });
    const turns = new RestTurns(clock);
    const rest = connectRest({
      rewrite: rewriter(parseEndpoints(simulator.overrides())),
      timeoutMs: 30_000,
      turns: (market) => turns.of(market),
    });
    const asked = descriptor.markets.filter(({ exchange }) => exchanges.some((one) => one === exchange));
    const places = await placesOf(asked, rest, clock);
    const queue = new BackfillQueue(venue, { clock, telemetry, random: () => 1 }, spacingOf(descriptor));
    let done = 0;
    for (let i = 0; i < jobs; i += 1) {
      const { market, instrument } = places[i % places.length]!;
      queue.add({
        run: async () => {
          // The newest bar is one that may be forming: it costs a look at the venue's clock.
          const toMs = barStart('1m', clock.now()) + MINUTE;
          const bars = await rest.candles(market, {
            instrument,
            interval: '1m',
            fromMs: toMs - 5 * MINUTE,
            toMs,
          });
          assert.ok(bars.length > 0);
          done += 1;
        },
        failed: () => undefined,
        givenUp: () => undefined,
      });
    }
    await driveUntil(clock, 'all of them', () => done === jobs, 250);
    queue.stop();
    turns.stop();
    assert.deepEqual(simulator.violations(), []);
    assert.equal(telemetry.counted('connector_backfill_failures_total', { exchange: venue }), 0);
  });
}

async function placesOf(
  markets: readonly MarketDescriptor[],
  rest: VenueRest,
  clock: FakeClock,
): Promise<readonly { readonly market: MarketDescriptor; readonly instrument: Instrument }[]> {
  const places: { market: MarketDescriptor; instrument: Instrument }[] = [];
  for (const market of markets) {
    let listed: readonly Instrument[] | undefined;
    void rest.instruments(market).then((found) => (listed = found));
    await driveUntil(clock, `the list of ${market.exchange}`, () => listed !== undefined, 250);
    for (const instrument of listed ?? []) places.push({ market, instrument });
  }
  return places;
}
