import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Candle } from '../domain/events';
import type { Interval } from '../domain/interval';
import { CandleBuilder, joinCandles, sourceOf } from './candle-builder';

const HOUR = 3_600_000;
const MIDNIGHT = Date.UTC(2026, 10, 23);

function bar(interval: Interval, start: number, over: Partial<Candle> = {}): Candle {
  return {
    eventType: 'candle',
    exchange: 'x',
    symbol: 'BTCUSDT',
    interval,
    start,
    open: '10',
    high: '12.5',
    low: '9',
    close: '11',
    volume: '0.1',
    closed: true,
    time: start,
    ...over,
  };
}

describe('sourceOf', () => {
  for (const [wanted, native, expected] of [
    ['8h', ['1h', '4h', '6h', '12h', '1d'], '4h'],
    ['2h', ['1m', '5m', '15m', '30m', '1h', '4h'], '1h'],
    ['3m', ['1m', '5m'], '1m'],
    ['1d', ['5m'], '5m'],
    ['1w', ['1h', '4h', '1d', '3d'], '1d'],
    ['1M', ['4h', '1d', '1w'], '1d'],
    ['3d', ['1d', '12h'], '1d'],
    ['1m', ['5m'], undefined],
    ['5m', ['3m'], undefined],
  ] as const) {
    test(`${wanted} of ${native.join(' ')}: ${expected}`, () => {
      assert.equal(sourceOf(wanted, native), expected);
    });
  }
});

test('joined bars: first open, highest high, lowest low, last close, exact volume', () => {
  const joined = joinCandles(
    [
      bar('4h', MIDNIGHT, { open: '10', high: '12.50', low: '9', close: '11', volume: '0.1' }),
      bar('4h', MIDNIGHT + 4 * HOUR, { open: '11', high: '12.5', low: '8.75', close: '9.5', volume: '0.2' }),
      bar('4h', MIDNIGHT + 8 * HOUR, { open: '9.5', high: '100', low: '9', close: '99', volume: '1e0' }),
    ],
    '8h',
  );
  assert.deepEqual(joined, [
    bar('8h', MIDNIGHT, {
      open: '10',
      high: '12.50',
      low: '8.75',
      close: '9.5',
      volume: '0.3',
      time: MIDNIGHT + 8 * HOUR,
    }),
    bar('8h', MIDNIGHT + 8 * HOUR, {
      open: '9.5',
      high: '100',
      close: '99',
      volume: '1e0',
      time: MIDNIGHT + 16 * HOUR,
    }),
  ]);
});

describe('CandleBuilder', () => {
  const builder = (): CandleBuilder => new CandleBuilder('8h', '4h');

  test('open frames while it grows, one closed frame at its end', () => {
    const built = builder();
    const frames = [
      bar('4h', MIDNIGHT, { closed: false, close: '10.5' }),
      bar('4h', MIDNIGHT),
      bar('4h', MIDNIGHT + 4 * HOUR, { closed: false, high: '13' }),
      bar('4h', MIDNIGHT + 4 * HOUR, { high: '14', close: '13' }),
    ].map((part) => built.accept(part));
    assert.deepEqual(
      frames.map((frame) => [
        frame?.start,
        frame?.interval,
        frame?.high,
        frame?.close,
        frame?.volume,
        frame?.closed,
      ]),
      [
        [MIDNIGHT, '8h', '12.5', '10.5', '0.1', false],
        [MIDNIGHT, '8h', '12.5', '11', '0.1', false],
        [MIDNIGHT, '8h', '13', '11', '0.2', false],
        [MIDNIGHT, '8h', '14', '13', '0.2', true],
      ],
    );
  });

  test('a window whose beginning is unknown is not told, until REST has told it', () => {
    const built = builder();
    assert.equal(built.accept(bar('4h', MIDNIGHT + 4 * HOUR, { closed: false })), undefined);
    built.seed([bar('4h', MIDNIGHT)]);
    assert.equal(built.accept(bar('4h', MIDNIGHT + 4 * HOUR))?.closed, true);
  });

  test('a part that never closed on the wire leaves the bar open: REST will tell it', () => {
    const built = builder();
    built.accept(bar('4h', MIDNIGHT, { closed: false }));
    assert.equal(built.accept(bar('4h', MIDNIGHT + 4 * HOUR))?.closed, false);
  });

  test('late frames of an older window and open frames of a closed part change nothing', () => {
    const built = builder();
    built.accept(bar('4h', MIDNIGHT));
    built.accept(bar('4h', MIDNIGHT, { closed: false, high: '999' }));
    assert.equal(built.accept(bar('4h', MIDNIGHT - 4 * HOUR)), undefined);
    assert.equal(built.accept(bar('4h', MIDNIGHT + 4 * HOUR))?.high, '12.5');
  });
});
