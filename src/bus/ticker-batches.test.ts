import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Ticker } from '../domain/events';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { Broker, OutgoingMessage } from './ports';
import { TickerBatches } from './ticker-batches';

const ticker = (symbol: string, price: string, exchange = 'x'): Ticker => ({
  eventType: 'ticker',
  exchange,
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

/** Takes messages only while the test lets it. */
class StubBroker implements Pick<Broker, 'ready' | 'publish' | 'onReady' | 'onWritable'> {
  ready = true;
  room = Infinity;
  readonly taken: OutgoingMessage[] = [];
  readonly listeners = new Map<'ready' | 'writable', () => void>();

  publish(message: OutgoingMessage): boolean {
    if (this.room <= 0) return false;
    this.room -= 1;
    this.taken.push(message);
    return true;
  }

  onReady(listener: () => void): () => void {
    return this.listen('ready', listener);
  }

  onWritable(listener: () => void): () => void {
    return this.listen('writable', listener);
  }

  private listen(kind: 'ready' | 'writable', listener: () => void): () => void {
    this.listeners.set(kind, listener);
    return () => void this.listeners.delete(kind);
  }
}

describe('TickerBatches', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let broker: StubBroker;
  let batches: TickerBatches;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    broker = new StubBroker();
    batches = new TickerBatches(broker as unknown as Broker, telemetry, clock, 100);
  });

  const sent = (): [string, string[]][] =>
    broker.taken.map(({ body }) => {
      const { exchange, tickers } = JSON.parse(body) as { exchange: string; tickers: Ticker[] };
      return [exchange, tickers.map(({ symbol, price }) => `${symbol} ${price}`)];
    });

  test('one message per market and period, newest value per symbol', () => {
    batches.offer(ticker('A', '1'), 0);
    batches.offer(ticker('B', '1'), 0);
    batches.offer(ticker('A', '2'), 0);
    batches.offer(ticker('A', '9', 'y'), 0);
    clock.advance(99);
    assert.deepEqual(sent(), []);
    clock.advance(1);
    assert.deepEqual(sent(), [
      ['x', ['A 2', 'B 1']],
      ['y', ['A 9']],
    ]);
    clock.advance(1_000);
    assert.equal(broker.taken.length, 2, 'nothing new, nothing sent');
  });

  test('published symbols are counted, and the latency is that of the oldest', () => {
    batches.offer(ticker('A', '1'), clock.now());
    batches.offer(ticker('B', '1'), clock.now());
    clock.advance(100);
    const labels = { exchange: 'x', door: 'rabbit', kind: 'ticker' };
    assert.equal(telemetry.counted('connector_published_total', labels), 2);
    assert.equal(telemetry.counted('connector_publish_latency_seconds', labels), 1);
  });

  for (const kind of ['ready', 'writable'] as const) {
    test(`away, then ${kind}: the newest values leave at once, the others never`, () => {
      if (kind === 'ready') broker.ready = false;
      else broker.room = 0;
      batches.offer(ticker('A', '1'), 0);
      clock.advance(5_000);
      batches.offer(ticker('A', '2'), 0);
      clock.advance(5_000);
      assert.deepEqual(sent(), []);
      broker.ready = true;
      broker.room = Infinity;
      broker.listeners.get(kind)?.();
      assert.deepEqual(sent(), [['x', ['A 2']]]);
    });
  }

  test('a broker that fills up between two markets keeps the second one’s values', () => {
    broker.room = 1;
    batches.offer(ticker('A', '1', 'x'), 0);
    batches.offer(ticker('A', '1', 'y'), 0);
    clock.advance(100);
    assert.deepEqual(sent(), [['x', ['A 1']]]);
    broker.room = Infinity;
    clock.advance(100);
    assert.deepEqual(sent()[1], ['y', ['A 1']]);
    assert.equal(broker.taken.length, 2);
  });

  test('close ends timer and listeners', () => {
    batches.offer(ticker('A', '1'), 0);
    batches.close();
    clock.advance(1_000);
    assert.equal(broker.taken.length, 0);
    assert.deepEqual([clock.pendingCount, broker.listeners.size], [0, 0]);
  });
});
