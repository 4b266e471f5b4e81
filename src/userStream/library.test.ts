/** As a library: without servers, as the README shows it; and what does not wait for them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { MemoryBroker } from '../bus/memory';
import { loadConfig } from '../config';
import { startSimulator } from '../simulator';
import { MemoryStore } from '../store/memory';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { until } from '../testing/services';
import { driveUntil } from '../testing/tiny-venue';
import { defaultDeps } from './wiring';
import Connector from '.';

const ROOT = join(__dirname, '../..');

/** The README's program, its import made absolute. */
function exampleWithoutServers(): string {
  const blocks = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)];
  const [example, ...others] = blocks
    .map(([, text = '']) => text)
    .filter((text) => text.includes("new Connector({ doors: 'embedded' })"));
  assert.ok(example !== undefined && others.length === 0, 'one example of it');
  return example.replace("'./src/userStream'", `'${ROOT}/src/userStream'`);
}

test('the example of the README runs without servers and tells every change of an order once', async (t) => {
  const simulator = await startSimulator({ venues: ['binance'], symbols: 4 });
  const folder = mkdtempSync(join(tmpdir(), 'library-'));
  const program = join(folder, 'example.ts');
  writeFileSync(program, exampleWithoutServers());
  const environment = { ...process.env };
  delete environment['RABBIT_PASSWORD'];
  // Nothing may be found at the default addresses.
  const nowhere = { RABBIT_HOST: 'rabbit.invalid', REDIS_HOST: 'redis.invalid' };
  const child = spawn(process.execPath, ['--import', require.resolve('tsx'), program], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ ...environment, ...nowhere, RABBIT_USER: '', EXCHANGE_SERVICE_API_URL: '', LOG_LEVEL: 'silent' },
      VENUE_ENDPOINTS: simulator.overrides(),
    },
  });
  t.after(async () => {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await simulator.close();
    rmSync(folder, { recursive: true });
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));

  const keys = { key: 'your-api-key', secret: 'your-api-secret' };
  const account = simulator.accounts.addAccount({ exchange: 'binance', ...keys });
  account.setBalance('USDT', '1000000');
  const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '50000', quantity: '0.3' } as const;
  const assets = { base: 'BTC', quote: 'USDT' };
  // Found by the first look, which follows the first session.
  account.place({ ...order, clientOrderId: 'before', assets });
  await until('the stream listens', () => lines.some((line) => line.includes('before')), 60_000);
  const { orderId } = account.place({ ...order, clientOrderId: 'mine', assets });
  account.fill(orderId, '0.1', { price: '50000' });
  account.fill(orderId, '0.2', { price: '50000' });
  await until('told as filled', () => lines.some((line) => line.includes('FILLED 0.3')), 60_000);
  const updates = lines.filter((line) => line.startsWith('Order update: mine'));
  assert.deepEqual(
    updates.map((line) => line.replace(/.*mine (\w+) .*/, '$1')),
    ['NEW', 'PARTIALLY_FILLED', 'FILLED'],
  );
});

test('without servers nothing piles up, however much is told', async () => {
  const clock = new FakeClock();
  const telemetry = new RecordedTelemetry();
  const config = loadConfig({ OUTBOX_MAX_MESSAGES: '2000' }, undefined, { hasBroker: false });
  const { outbox, broker, store } = defaultDeps({ doors: 'embedded', config, clock, telemetry });
  let confirmed = 0;
  const properties = { type: 't', timestamp: 0, persistent: true, headers: {} };
  for (let round = 0; round < 10; round += 1) {
    for (let at = 0; at < 1_000; at += 1) {
      assert.ok(outbox.offer('k', { routingKey: 'user.k', body: '{}', properties }, () => (confirmed += 1)));
    }
    await driveUntil(clock, 'confirmed', () => outbox.depth === 0);
  }
  assert.equal(confirmed, 10_000);
  outbox.close();
  await Promise.all([broker.close(), store.close()]);
});

test('the list of enabled exchanges does not wait for RabbitMQ; the boot notice does', async () => {
  const clock = new FakeClock();
  const telemetry = new RecordedTelemetry();
  const store = new MemoryStore(clock);
  const broker = new MemoryBroker({ telemetry, clock });
  let consuming = (): void => undefined;
  broker.consume = () => new Promise((resolve) => (consuming = resolve));
  const notices: string[] = [];
  store.published(({ channel, payload }) => void (channel === 'serviceLog' && notices.push(payload)));
  await store.set('gainium:admin:enabled_exchanges', '["okx"]');
  const config = loadConfig({ RABBIT_PASSWORD: 'x', ADMIN_CONFIG_ENABLED: 'true' });
  const connector = new Connector({ clock, telemetry, store, broker, config });
  const api = { key: 'k', secret: 's', passphrase: '', provider: 'binance', environment: 'live' } as const;
  const isRefused = (): boolean => {
    try {
      connector.closeStream(connector.openStream({ userId: 'u', api }));
      return false;
    } catch {
      return true;
    }
  };
  await driveUntil(clock, 'the list is followed', isRefused);
  assert.deepEqual(notices, []);
  consuming();
  await connector.started;
  await driveUntil(clock, 'the backend is told', () => notices.length > 0);
  const stopping = connector.stop();
  await driveUntil(clock, 'stopped', () => !store.ready);
  await stopping;
});
