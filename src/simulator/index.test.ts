import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { startSimulator } from './index';

test('all venues share one server; each origin is overridden once; nothing is left behind', async () => {
  const clock = new FakeClock();
  const simulator = await startSimulator({ clock, symbols: 3 });
  const origins = simulator
    .overrides()
    .split(',')
    .map((entry) => entry.split('=')[0]);
  assert.equal(new Set(origins).size, origins.length);
  for (const venue of ['binance', 'bybit', 'okx']) {
    assert.ok(
      origins.some((origin) => origin?.includes(venue)),
      venue,
    );
  }
  assert.ok(Object.keys(simulator.markets).length >= 4);
  assert.deepEqual(simulator.violations(), []);
  await simulator.close();
  assert.equal(clock.pendingCount, 0);
});

test('load by HTTP order: one run per market, 0 ends it, nonsense is refused', async () => {
  const clock = new FakeClock();
  const simulator = await startSimulator({ clock, symbols: 3, venues: ['binance'] });
  const post = async (body: object): Promise<unknown[]> => {
    const url = `http://127.0.0.1:${simulator.port}/__sim/load`;
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    return [answer.status, ((await answer.json()) as { sent?: number }).sent];
  };
  const exchange = 'binance';
  const idle = clock.pendingCount;
  assert.deepEqual(await post({ exchange, tickersPerSecond: 1_000, tickersPerFrame: 10 }), [200, 0]);
  clock.advance(1_000);
  const report = await fetch(`http://127.0.0.1:${simulator.port}/__sim/load`);
  assert.deepEqual(await report.json(), { binance: 1_000 });
  assert.deepEqual(await post({ exchange, tickersPerSecond: 0 }), [200, 1_000]);
  assert.equal(clock.pendingCount, idle);
  assert.deepEqual(await post({ exchange, tickersPerSecond: -1 }), [400, undefined]);
  assert.deepEqual(await post({ exchange: 'nowhere', tickersPerSecond: 1 }), [400, undefined]);
  await simulator.close();
});
