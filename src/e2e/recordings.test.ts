/** Recordings on request, on real worker threads: each venue's thread writes down what its connections heard. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemoryBroker } from '../bus/memory';
import { loadConfig } from '../config';
import { systemClock } from '../ops/clock';
import PriceConnector from '../priceConnector';
import { threadSpawner } from '../priceConnector/thread';
import { replay } from '../replay/replay';
import { startSimulator } from '../simulator';
import { MemoryStore } from '../store/memory';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { until } from '../testing/services';

test(
  'every thread writes the recordings of its feeds, and tells the files',
  { timeout: 60_000 },
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'connector-recordings-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const simulator = await startSimulator({ venues: ['bybit', 'okx'], symbols: 5 });
    t.after(() => simulator.close());
    const config = loadConfig({
      RABBIT_PASSWORD: 'unused',
      EXCHANGE_SERVICE_API_URL: '',
      PRICEROLE: 'ticker',
      PRICE_CONNECTOR_EXCHANGES: 'bybit,okx',
      VENUE_ENDPOINTS: simulator.overrides(),
      FLIGHT_RECORDER_DIR: directory,
      LOG_LEVEL: 'silent',
    });
    const telemetry = new RecordedTelemetry();
    const connector = new PriceConnector({
      config,
      telemetry,
      doors: {
        broker: new MemoryBroker({ telemetry, clock: systemClock }),
        store: new MemoryStore(systemClock),
      },
      spawn: threadSpawner(config, 'embedded', telemetry.log),
    });
    t.after(() => connector.stop());
    const heard = new Set<string>();
    connector.on('ticker', ({ exchange }) => heard.add(exchange));
    await connector.init();
    await until('tickers of both venues', () => heard.has('bybit') && heard.has('okx'));

    const files = await connector.record();
    for (const exchange of ['bybit', 'okx']) {
      const file = files.find((path) => path.startsWith(join(directory, `${exchange}-ticker-`)));
      assert.ok(file, `a file of ${exchange} among ${files.join(' ')}`);
      const dump = await readFile(file, 'utf8');
      assert.match(dump, /"reason":"requested"/);
      assert.ok(replay(dump).some(({ decoded }) => decoded.kind === 'events'));
    }
  },
);
