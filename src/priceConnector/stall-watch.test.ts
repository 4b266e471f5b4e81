import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { Stall } from './stall-watch';
import { StallWatch } from './stall-watch';

const STALL_MS = 50_000;
const QUIET_MS = 300_000;

interface Watched {
  readonly size: number;
  readonly lastDataTime: number | undefined;
  readonly isLive: boolean;
  readonly patienceMs: number;
}

/** A busy feed: its rhythm is known, and shorter than the limit. */
const pool = (lastDataTime: number | undefined, size = 1): Watched => ({
  size,
  lastDataTime,
  isLive: true,
  patienceMs: 13_000,
});

describe('StallWatch', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let told: Stall[];
  let watch: StallWatch;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    told = [];
    watch = new StallWatch('x', {
      clock,
      telemetry,
      stallMs: STALL_MS,
      onStall: (stall) => told.push(stall),
    });
    for (const channel of ['ticker', 'candle'] as const) watch.check(channel, pool(undefined));
  });

  for (const [channel, kind] of [
    ['ticker', 'price'],
    ['candle', 'candle'],
  ] as const) {
    test(`${channel}: quiet below the limit, told at it`, () => {
      const lastDataAt = clock.now();
      clock.advance(STALL_MS - 1);
      watch.check(channel, pool(lastDataAt));
      assert.deepEqual(told, []);
      clock.advance(1);
      watch.check(channel, pool(lastDataAt));
      assert.deepEqual(told, [{ exchange: 'x', kind, staleSeconds: 50 }]);
    });

    test(`${channel}: a connection that is revived for its silence is told and counted`, () => {
      watch.silent(channel, 15_400);
      assert.deepEqual(told, [{ exchange: 'x', kind, staleSeconds: 15 }]);
      assert.equal(telemetry.counted('connector_stalls_total', { exchange: 'x', channel }), 1);
    });
  }

  test('no data since the start is a matter of connecting', () => {
    clock.advance(STALL_MS);
    watch.check('ticker', pool(undefined));
    assert.deepEqual(told, [{ exchange: 'x', kind: 'connect', staleSeconds: 50 }]);
  });

  test('a long outage is one fact: told again only after five minutes; counted every time', () => {
    const lastDataAt = clock.now();
    clock.advance(STALL_MS);
    for (let i = 0; i < 30; i += 1) {
      watch.check('ticker', pool(lastDataAt));
      watch.silent('ticker', STALL_MS);
      clock.advance(10_000);
    }
    assert.equal(told.length, 1);
    assert.equal(telemetry.counted('connector_stalls_total', { exchange: 'x', channel: 'ticker' }), 30);
    watch.check('ticker', pool(lastDataAt));
    assert.deepEqual(
      told.map(({ staleSeconds }) => staleSeconds),
      [50, (STALL_MS + QUIET_MS) / 1_000],
    );
  });

  test('each kind is told by itself: busy tickers do not hide dead candles', () => {
    const lastDataAt = clock.now();
    clock.advance(STALL_MS);
    watch.check('ticker', pool(clock.now()));
    watch.check('candle', pool(lastDataAt));
    watch.silent('ticker', 20_000);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['candle', 'price'],
    );
  });

  test('silence before anything was wanted does not count', () => {
    clock.advance(STALL_MS);
    watch.check('candle', pool(undefined, 0));
    clock.advance(STALL_MS);
    watch.check('candle', pool(clock.now() - 2 * STALL_MS));
    assert.deepEqual(told, []);
  });

  test('a wall clock that jumps does not silence the notices', () => {
    watch.silent('ticker', STALL_MS);
    clock.jump(-3_600_000);
    clock.advance(QUIET_MS);
    watch.silent('ticker', STALL_MS);
    assert.equal(told.length, 2);
  });

  describe('a quiet feed', () => {
    const QUIET_FEED_MS = 600_000;
    const quiet = (lastDataTime: number | undefined): Watched => ({
      ...pool(lastDataTime),
      patienceMs: QUIET_FEED_MS,
    });

    for (const [channel, kind] of [
      ['ticker', 'price'],
      ['candle', 'candle'],
    ] as const) {
      test(`${channel}: quiet within its rhythm is not stalled; beyond it is`, () => {
        const lastDataAt = clock.now();
        for (; clock.now() - lastDataAt < QUIET_FEED_MS; clock.advance(10_000)) {
          watch.check(channel, quiet(lastDataAt));
        }
        assert.deepEqual(told, []);
        watch.check(channel, quiet(lastDataAt));
        assert.deepEqual(told, [{ exchange: 'x', kind, staleSeconds: 600 }]);
      });
    }

    test('no data yet, though the connection is live: not a matter of connecting', () => {
      clock.advance(STALL_MS);
      watch.check('candle', quiet(undefined));
      assert.deepEqual(told, []);
    });

    test('without a connection it is told at the limit, however quiet it was before', () => {
      const lastDataAt = clock.now();
      clock.advance(QUIET_FEED_MS - 10_000);
      watch.check('candle', quiet(lastDataAt));
      const lost = { ...quiet(lastDataAt), isLive: false };
      for (let waited = 0; waited < STALL_MS; waited += 10_000) {
        watch.check('candle', lost);
        assert.deepEqual(told, []);
        clock.advance(10_000);
      }
      watch.check('candle', lost);
      assert.deepEqual(told, [{ exchange: 'x', kind: 'candle', staleSeconds: 640 }]);
    });

    test('a connection that never came is told at the limit', () => {
      clock.advance(STALL_MS);
      watch.check('ticker', { ...quiet(undefined), isLive: false });
      assert.deepEqual(told, [{ exchange: 'x', kind: 'connect', staleSeconds: 50 }]);
    });
  });
});
