import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Candle, Ticker } from '../domain/events';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { LastValues } from './last-values';
import { MemoryStore } from './memory';

const HOUR = 3_600_000;

const ticker = (price: string, symbol = 'BTCUSDT'): Ticker => ({
  eventType: 'ticker',
  exchange: 'x',
  symbol,
  time: 1,
  price,
  open: '1',
  high: '1',
  low: '1',
  volume: '1',
  volumeQuote: '1',
  bestBid: '1',
  bestBidQnt: '1',
  bestAsk: '1',
  bestAskQnt: '1',
  hasBook: false,
});

const candle = (start: number): Candle => ({
  eventType: 'candle',
  exchange: 'x',
  symbol: 'BTCUSDT',
  interval: '1m',
  start,
  open: '1',
  high: '1',
  low: '1',
  close: '1',
  volume: '1',
  closed: true,
  time: start,
});

/** A store whose writes can be held back. */
class SlowStore extends MemoryStore {
  writes = 0;
  private gate: Promise<void> | undefined;
  private open: () => void = () => undefined;

  hold(): void {
    this.gate = new Promise((resolve) => (this.open = resolve));
  }

  release(): void {
    this.gate = undefined;
    this.open();
  }

  override async hashSet(key: string, fields: ReadonlyMap<string, string>, ttlMs?: number): Promise<void> {
    this.writes += 1;
    await this.gate;
    await super.hashSet(key, fields, ttlMs);
  }
}

describe('LastValues', () => {
  let clock: FakeClock;
  let store: SlowStore;
  let telemetry: RecordedTelemetry;
  let values: LastValues;

  beforeEach(() => {
    clock = new FakeClock();
    store = new SlowStore(clock);
    telemetry = new RecordedTelemetry();
    values = new LastValues(
      store,
      { tickers: (id) => `t:${id}`, candles: (id) => `c:${id}` },
      telemetry,
      clock,
      1_000,
    );
  });

  const priceOf = async (symbol: string): Promise<string | undefined> => {
    const [text] = await store.hashGet('t:x', [symbol]);
    return text === undefined ? undefined : (JSON.parse(text) as Ticker).price;
  };
  const cursor = (): Promise<number | undefined> => values.candleCursor('x', 'BTCUSDT', '1m');

  test('many values go in small writes, each whole', async () => {
    for (let i = 0; i < 450; i += 1) values.ticker(ticker(String(i + 1), `S${i}`));
    await values.write();
    assert.equal(store.writes, 3);
    assert.equal((await store.hashAll('t:x')).size, 450);
    await values.write();
    assert.equal(store.writes, 3, 'nothing is written twice');
  });

  test('a large market is written over some periods, none of its symbols before the others again', async () => {
    const all = Array.from({ length: 1_000 }, (_, i) => `S${i}`);
    const sizes: number[] = [];
    for (let period = 0; period < 5; period += 1) {
      for (const symbol of all) if (period === 0 || symbol < 'S2') values.ticker(ticker('1', symbol));
      await clock.advanceAsync(1_000);
      sizes.push((await store.hashAll('t:x')).size);
    }
    assert.deepEqual(sizes.slice(0, 3), [400, 800, 1_000]);
  });

  test('candles are the cursor of a restart: all of them, every period', async () => {
    for (let i = 0; i < 900; i += 1) values.candle({ ...candle(60_000), symbol: `S${i}` });
    await clock.advanceAsync(1_000);
    assert.equal((await store.hashAll('c:x')).size, 900);
  });

  test('once per period, one write per hash, newest value per field', async () => {
    values.ticker(ticker('1'));
    values.ticker(ticker('2'));
    values.ticker(ticker('7', 'ETHUSDT'));
    await clock.advanceAsync(999);
    assert.equal(store.writes, 0);
    await clock.advanceAsync(1);
    assert.deepEqual([await priceOf('BTCUSDT'), await priceOf('ETHUSDT'), store.writes], ['2', '7', 1]);
    await clock.advanceAsync(5_000);
    assert.equal(store.writes, 1, 'nothing new, nothing written');
  });

  test('a value that comes while the older one is being written is written next', async () => {
    values.ticker(ticker('1'));
    store.hold();
    await clock.advanceAsync(1_000);
    values.ticker(ticker('2'));
    await clock.advanceAsync(3_000);
    assert.equal(store.writes, 1, 'one write at a time');
    store.release();
    await clock.advanceAsync(0);
    assert.equal(await priceOf('BTCUSDT'), '1');
    await clock.advanceAsync(1_000);
    assert.equal(await priceOf('BTCUSDT'), '2');
  });

  test('an outage keeps values pending, newest per field', async () => {
    store.goAway();
    values.ticker(ticker('1'));
    await clock.advanceAsync(5_000);
    values.ticker(ticker('2'));
    store.comeBack();
    await clock.advanceAsync(1_000);
    assert.equal(await priceOf('BTCUSDT'), '2');
  });

  test('a failing write is told in the log only and repeated', async () => {
    values.candle(candle(60_000));
    store.hold();
    await clock.advanceAsync(1_000);
    store.goAway();
    store.release();
    await clock.advanceAsync(0);
    assert.equal(telemetry.logged('debug').length, 1);
    store.comeBack();
    await clock.advanceAsync(1_000);
    const [text] = await store.hashGet('c:x', ['BTCUSDT@1m']);
    assert.deepEqual(JSON.parse(text ?? ''), candle(60_000));
  });

  test('tickers expire after an hour without news, candles after a week', async () => {
    values.ticker(ticker('1'));
    values.candle(candle(60_000));
    await clock.advanceAsync(1_000);
    values.close();
    clock.advance(HOUR - 1);
    assert.equal(await priceOf('BTCUSDT'), '1');
    clock.advance(1);
    assert.equal(await priceOf('BTCUSDT'), undefined);
    clock.advance(7 * 24 * HOUR - HOUR - 1);
    assert.equal(await cursor(), 60_000);
    clock.advance(1);
    assert.equal(await cursor(), undefined);
  });

  test('the cursor: pending before stored, per symbol and interval', async () => {
    assert.equal(await cursor(), undefined);
    values.candle(candle(60_000));
    assert.equal(await cursor(), 60_000, 'not written yet');
    await clock.advanceAsync(1_000);
    assert.equal(await cursor(), 60_000, 'from the store');
    values.candle(candle(120_000));
    assert.equal(await cursor(), 120_000);
    assert.equal(await values.candleCursor('x', 'BTCUSDT', '5m'), undefined);
    assert.equal(await values.candleCursor('y', 'BTCUSDT', '1m'), undefined);
  });

  test('a cursor that cannot be asked for in time rejects: the caller decides', async () => {
    store.goAway();
    const asked = assert.rejects(cursor(), { code: 'STORE_UNAVAILABLE' });
    await clock.advanceAsync(10_000);
    await asked;
  });

  test('a thread that is faster than its connection waits for it: without its cursor it would miss bars', async () => {
    values.candle(candle(60_000));
    await values.write();
    store.goAway();
    const asked = cursor();
    await clock.advanceAsync(9_000);
    store.comeBack();
    assert.equal(await asked, 60_000);
  });

  for (const text of [
    '',
    'nonsense',
    'null',
    '5',
    '[]',
    '{}',
    '{"start":"1"}',
    '{"start":1.5}',
    '{"start":1e99}',
  ]) {
    test(`a field that holds ${text || 'nothing'} is no cursor`, async () => {
      await store.hashSet('c:x', new Map([['BTCUSDT@1m', text]]));
      assert.equal(await cursor(), undefined);
    });
  }

  test('write on demand while a write is running: what came meanwhile is written too', async () => {
    values.candle(candle(60_000));
    store.hold();
    await clock.advanceAsync(1_000);
    values.candle(candle(120_000));
    const last = values.write();
    store.release();
    await last;
    values.close();
    const [text] = await store.hashGet('c:x', ['BTCUSDT@1m']);
    assert.equal((JSON.parse(text ?? '') as Candle).start, 120_000);
  });

  test('write on demand, then close: what was pending is stored, no timer is left', async () => {
    values.candle(candle(60_000));
    await values.write();
    values.close();
    assert.equal(store.writes, 1);
    assert.equal(clock.pendingCount, 0);
  });
});
