import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { GapLog } from './gap-log';

let clock: FakeClock;
let gaps: GapLog;

beforeEach(() => {
  clock = new FakeClock(10_000);
  gaps = new GapLog(clock);
});

test('a first session leaves no gap', () => {
  gaps.live('candle', 3, undefined);
  assert.deepEqual(gaps.told(0), []);
  assert.equal(gaps.count, 0);
});

test('tickers: the newest value closes it at once', () => {
  gaps.ended('ticker', 'close_1006');
  clock.advance(500);
  gaps.live('ticker', 30, 9_000);
  const common = {
    channel: 'ticker',
    fromAt: 9_000,
    toAt: 10_500,
    reason: 'close_1006',
    topics: 30,
    filled: 0,
  };
  assert.deepEqual(gaps.told(7), [{ ...common, closedBy: 'newest', closedAt: 10_500 }]);
  assert.deepEqual(gaps.lastEnd('ticker'), { reason: 'close_1006', at: 10_000 });
  assert.equal(gaps.lastEnd('candle'), undefined);
});

test('candles: open while any series waits for history; bars are counted to the oldest open one', () => {
  gaps.ended('candle', 'no_pong');
  gaps.live('candle', 2, 9_000);
  gaps.live('candle', 1, 9_500);
  gaps.filled();
  gaps.filled();
  assert.deepEqual(
    gaps.told(1).map(({ closedAt, filled }) => [closedAt, filled]),
    [
      [undefined, 2],
      [undefined, 0],
    ],
  );
  clock.advance(1_000);
  assert.deepEqual(
    gaps.told(0).map(({ closedAt }) => closedAt),
    [11_000, 11_000],
  );
  gaps.filled();
  assert.equal(gaps.told(0)[0]?.filled, 2, 'a bar of no gap is nobody’s');
});

test('a gap without a lost connection is one of a rotation', () => {
  gaps.live('candle', 1, 9_000);
  assert.equal(gaps.told(0)[0]?.reason, 'rotation');
});

test('bounded: the oldest go, the count stays', () => {
  for (let from = 0; from < 100; from += 1) gaps.live('ticker', 1, from);
  assert.equal(gaps.told(0).length, 20);
  assert.equal(gaps.told(0)[0]?.fromAt, 80);
  assert.equal(gaps.count, 100);
});
