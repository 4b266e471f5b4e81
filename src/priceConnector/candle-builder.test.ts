import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
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
    built.seed([bar('4h', MIDNIGHT)], MIDNIGHT, MIDNIGHT + 4 * HOUR);
    assert.equal(built.accept(bar('4h', MIDNIGHT + 4 * HOUR))?.closed, true);
  });

  test('behind a part that never closed nothing is told, until REST has told it', () => {
    const built = builder();
    built.interrupted(MIDNIGHT);
    assert.equal(built.accept(bar('4h', MIDNIGHT, { closed: false, high: '13' }))?.high, '13');
    built.interrupted(MIDNIGHT + 4 * HOUR);
    assert.equal(built.accept(bar('4h', MIDNIGHT + 4 * HOUR, { closed: false })), undefined);
    assert.equal(built.isLacking, true);
    const seeded = built.seed([bar('4h', MIDNIGHT, { high: '99' })], MIDNIGHT, MIDNIGHT + 4 * HOUR);
    assert.deepEqual([seeded?.high, seeded?.closed], ['99', false]);
    const last = built.accept(bar('4h', MIDNIGHT + 4 * HOUR));
    assert.deepEqual([last?.high, last?.volume, last?.closed], ['99', '0.2', true]);
  });

  test('the last part closed while REST is asked: the answer makes the closed frame', () => {
    const built = builder();
    assert.equal(built.accept(bar('4h', MIDNIGHT + 4 * HOUR)), undefined);
    assert.equal(built.seed([bar('4h', MIDNIGHT)], MIDNIGHT, MIDNIGHT + 4 * HOUR)?.closed, true);
  });

  describe('a part without trades', () => {
    const MINUTE = 60_000;
    const at = (minute: number, over: Partial<Candle> = {}): Candle =>
      bar('5m', MIDNIGHT + minute * MINUTE, over);
    const open = { closed: false };
    let built: CandleBuilder;
    beforeEach(() => {
      built = new CandleBuilder('15m', '5m');
    });

    test('is skipped where the stream missed nothing; such a bar is closed by REST', () => {
      built.accept(at(0));
      assert.deepEqual(built.accept(at(10, { ...open, high: '13' }))?.high, '13');
      const last = built.accept(at(10, { high: '14' }));
      assert.deepEqual([last?.high, last?.volume, last?.closed], ['14', '0.2', false]);
    });

    test('may be the first of the next bar', () => {
      for (const minute of [0, 5, 10]) built.accept(at(minute));
      assert.equal(built.accept(at(20, open))?.start, MIDNIGHT + 15 * MINUTE);
    });

    test('is no such thing where the stream was interrupted', () => {
      built.accept(at(0));
      built.interrupted(MIDNIGHT + 10 * MINUTE);
      assert.equal(built.accept(at(10, open)), undefined);
      assert.equal(built.seed([], MIDNIGHT + 5 * MINUTE, MIDNIGHT + 10 * MINUTE)?.volume, '0.2');
    });

    test('nor where the part before it never closed', () => {
      built.accept(at(0, open));
      assert.equal(built.accept(at(10, open)), undefined);
      assert.equal(built.seed([at(0)], MIDNIGHT, MIDNIGHT + 5 * MINUTE), undefined, 'who knows of 00:05');
      assert.equal(built.unprovenFrom(MIDNIGHT + 11 * MINUTE), MIDNIGHT + 5 * MINUTE);
    });

    test('is skipped where REST has told the parts around it', () => {
      built.seed([at(0)], MIDNIGHT, MIDNIGHT + 10 * MINUTE);
      assert.equal(built.accept(at(10, open))?.volume, '0.2');
    });

    test('an answer for a bar that is over changes nothing', () => {
      built.accept(at(15, open));
      assert.equal(built.seed([at(0)], MIDNIGHT, MIDNIGHT + 10 * MINUTE), undefined);
      assert.equal(built.accept(at(15, open))?.volume, '0.1');
    });
  });

  test('a week of parts is not merged again with each frame', () => {
    const week = new CandleBuilder('1w', '5m');
    const FIVE = 300_000;
    for (let part = 0; part < 2_000; part += 1) week.accept(bar('5m', MIDNIGHT + part * FIVE));
    const forming = bar('5m', MIDNIGHT + 2_000 * FIVE, { closed: false });
    const cpu = process.cpuUsage();
    for (let frame = 0; frame < 200; frame += 1) assert.equal(week.accept(forming)?.volume, '200.1');
    const { user } = process.cpuUsage(cpu);
    assert.ok(user < 400_000, `${user} us of CPU for 200 frames`);
  });

  test('late frames of an older window and open frames of a closed part change nothing', () => {
    const built = builder();
    built.accept(bar('4h', MIDNIGHT));
    built.accept(bar('4h', MIDNIGHT, { closed: false, high: '999' }));
    assert.equal(built.accept(bar('4h', MIDNIGHT - 4 * HOUR)), undefined);
    assert.equal(built.accept(bar('4h', MIDNIGHT + 4 * HOUR))?.high, '12.5');
  });
});
