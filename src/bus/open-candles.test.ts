import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Candle } from '../domain/events';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { OpenCandles } from './open-candles';
import type { Broker, OutgoingMessage } from './ports';

const bar = (symbol: string, start: number, close: string): Candle => ({
  eventType: 'candle',
  exchange: 'x',
  symbol,
  interval: '1m',
  start,
  open: '1',
  high: '1',
  low: '1',
  close,
  volume: '1',
  closed: false,
  time: start,
});

describe('OpenCandles', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let room: number;
  let taken: OutgoingMessage[];
  let candles: OpenCandles;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    room = Infinity;
    taken = [];
    const broker: Pick<Broker, 'publish'> = {
      publish: (message) => {
        if (room <= 0) return false;
        room -= 1;
        taken.push(message);
        return true;
      },
    };
    candles = new OpenCandles(broker as Broker, telemetry, clock, 100);
  });

  const sent = (): string[] =>
    taken.map(({ body }) => {
      const { symbol, close } = JSON.parse(body) as Candle;
      return `${symbol} ${close}`;
    });

  test('once per period, newest per key, transient', () => {
    candles.offer(bar('A', 0, '1'));
    candles.offer(bar('B', 0, '1'));
    candles.offer(bar('A', 0, '2'));
    clock.advance(100);
    assert.deepEqual(sent(), ['A 2', 'B 1']);
    assert.deepEqual(
      taken.map(({ routingKey, properties }) => [routingKey, properties.persistent, properties.messageId]),
      [
        ['candle.x.1m.A', false, undefined],
        ['candle.x.1m.B', false, undefined],
      ],
    );
    clock.advance(1_000);
    assert.equal(taken.length, 2, 'a value is sent once');
    const labels = { exchange: 'x', door: 'rabbit', kind: 'candle' };
    assert.equal(telemetry.counted('connector_published_total', labels), 2);
  });

  test('what the broker does not take stays, and is replaced by newer values', () => {
    room = 1;
    candles.offer(bar('A', 0, '1'));
    candles.offer(bar('B', 0, '1'));
    clock.advance(100);
    candles.offer(bar('B', 0, '2'));
    clock.advance(100);
    assert.deepEqual(sent(), ['A 1']);
    room = Infinity;
    clock.advance(100);
    assert.deepEqual(sent(), ['A 1', 'B 2']);
  });

  test('the closed candle of a bar takes its open frame away', () => {
    candles.offer(bar('A', 60_000, '1'));
    candles.offer(bar('B', 60_000, '1'));
    candles.forget(bar('A', 60_000, '1'));
    clock.advance(100);
    assert.deepEqual(sent(), ['B 1']);
  });

  test('the closed candle of an older bar leaves the frame of the current one alone', () => {
    candles.offer(bar('A', 60_000, '2'));
    candles.forget(bar('A', 0, '1'));
    clock.advance(100);
    assert.deepEqual(sent(), ['A 2']);
  });

  test('close ends the timer', () => {
    candles.offer(bar('A', 0, '1'));
    candles.close();
    clock.advance(1_000);
    assert.deepEqual([taken.length, clock.pendingCount], [0, 0]);
  });
});
