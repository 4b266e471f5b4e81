import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { CandleDelivery } from '../bus/publisher';
import { ConnectorError } from '../domain/errors';
import type { Candle } from '../domain/events';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { BackfillQueue } from './backfill';
import { CandleSeries } from './candle-series';
import { VenueTime } from './venue-time';

const MINUTE = 60_000;
const GRACE_MS = 10_000;
const START = 1_700_000_040_000; // a whole minute

interface Out {
  readonly start: number;
  readonly closed: boolean;
  readonly reconciled: boolean;
  readonly late: boolean;
  readonly cursor: boolean;
}

function bar(minute: number, closed = true, volume = '10'): Candle {
  return {
    eventType: 'candle',
    exchange: 'x',
    symbol: 'BTCUSDT',
    interval: '1m',
    start: START + minute * MINUTE,
    open: '1',
    high: '2',
    low: '0.5',
    close: '1.5',
    volume,
    closed,
    time: START + minute * MINUTE,
  };
}

describe('CandleSeries', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let out: Out[];
  /** What the venue's REST knows. */
  let truth: Candle[];
  let fetches: [number, number][];
  let isRestDown: boolean;
  /** Bars that REST cannot tell before their end is so long ago. */
  let restLagMs: number;
  let room: number;
  let deaf: number;
  let series: CandleSeries;

  beforeEach(() => {
    clock = new FakeClock(START);
    telemetry = new RecordedTelemetry();
    out = [];
    truth = [];
    fetches = [];
    isRestDown = false;
    restLagMs = 0;
    room = Infinity;
    deaf = 0;
    const deps = { clock, telemetry, random: () => 0.5 };
    series = new CandleSeries('1m', {
      ...deps,
      venueTime: new VenueTime(clock),
      backfill: new BackfillQueue('x', deps),
      maxBars: 1_000,
      graceMs: GRACE_MS,
      fetch: async (fromMs, toMs) => {
        fetches.push([(fromMs - START) / MINUTE, (toMs - START) / MINUTE]);
        await Promise.resolve();
        if (isRestDown) throw new ConnectorError('REST_FAILED', 'down');
        const bars = truth.filter(({ start }) => start >= fromMs && start < toMs);
        const completeAt = toMs + restLagMs;
        if (restLagMs === 0 || clock.now() >= completeAt) return { bars };
        return { bars: bars.filter(({ start }) => start + MINUTE < toMs), completeAt };
      },
      publish: (candle: Candle, delivery: CandleDelivery) => {
        if (candle.closed && room <= 0) return false;
        if (candle.closed) room -= 1;
        out.push({
          start: (candle.start - START) / MINUTE,
          closed: candle.closed,
          reconciled: delivery.isReconciled,
          late: delivery.isLate,
          cursor: delivery.movesCursor,
        });
        return true;
      },
      onDeaf: () => {
        deaf += 1;
      },
    });
  });

  const closedStarts = (): number[] => out.filter(({ closed }) => closed).map(({ start }) => start);
  const goTo = (minute: number, offsetMs = 0): Promise<void> =>
    clock.advanceAsync(START + minute * MINUTE + offsetMs - clock.now());

  test('closed bars in sequence go out at once and move the cursor', () => {
    series.begin(undefined);
    for (const minute of [0, 1, 2]) series.accept(bar(minute), clock.now());
    assert.deepEqual(closedStarts(), [0, 1, 2]);
    assert.ok(out.every(({ cursor, reconciled, late }) => cursor && !reconciled && !late));
    assert.deepEqual(fetches, []);
  });

  test('a bar told twice is published once, and a late open frame not at all', () => {
    series.begin(undefined);
    series.accept(bar(0), clock.now());
    series.accept(bar(0), clock.now());
    series.accept(bar(0, false), clock.now());
    assert.deepEqual(out.length, 1);
    assert.equal(telemetry.counted('connector_duplicate_candles_total', { exchange: 'x' }), 1);
  });

  test('a hole is filled by REST before the bar behind it', async () => {
    series.begin(undefined);
    series.accept(bar(0), clock.now());
    truth = [bar(1), bar(2), bar(3)];
    series.accept(bar(3), clock.now());
    assert.deepEqual(closedStarts(), [0]);
    await goTo(4);
    assert.deepEqual(closedStarts(), [0, 1, 2, 3]);
    assert.deepEqual(
      out.map(({ reconciled }) => reconciled),
      [false, true, true, false],
    );
    assert.deepEqual(fetches, [[1, 3]]);
  });

  test('a venue without bars for quiet minutes makes no loop of requests', async () => {
    series.begin(undefined);
    series.accept(bar(0), clock.now());
    series.accept(bar(5), clock.now());
    await goTo(6);
    assert.deepEqual(closedStarts(), [0, 5]);
    assert.equal(fetches.length, 1);
    series.accept(bar(6), clock.now());
    assert.deepEqual(closedStarts(), [0, 5, 6]);
  });

  test('a cursor of an earlier life is caught up from', async () => {
    truth = [bar(0), bar(1), bar(2), bar(3)];
    clock.advance(3 * MINUTE + 5_000);
    series.begin(START);
    series.accept(bar(3, false), clock.now());
    await clock.advanceAsync(1_000);
    assert.deepEqual(closedStarts(), [1, 2]);
    assert.deepEqual(fetches, [[1, 3]]);
  });

  test('REST down: live bars wait a little, then go out; the hole is closed later and says so', async () => {
    series.begin(undefined);
    series.accept(bar(0), clock.now());
    isRestDown = true;
    truth = [bar(1), bar(2)];
    series.accept(bar(3), clock.now());
    await clock.advanceAsync(2_000);
    assert.deepEqual(closedStarts(), [0]);
    await clock.advanceAsync(20_000);
    assert.deepEqual(closedStarts(), [0, 3]);
    assert.equal(out[1]?.cursor, false, 'the cursor must not pass an open gap');
    isRestDown = false;
    await clock.advanceAsync(60_000);
    assert.deepEqual(closedStarts(), [0, 3, 1, 2]);
    assert.deepEqual(
      out.slice(2).map(({ late, reconciled, cursor }) => [late, reconciled, cursor]),
      [
        [true, true, false],
        [true, true, false],
      ],
    );
    series.accept(bar(4), clock.now());
    assert.equal(out.at(-1)?.cursor, true);
  });

  test('an overdue bar is fetched although the socket is silent; twice in a row names the topic deaf', async () => {
    series.begin(undefined);
    truth = [bar(0), bar(1), bar(2)];
    await goTo(1, GRACE_MS - 1);
    series.checkOverdue();
    await clock.advanceAsync(0);
    assert.deepEqual(closedStarts(), []);
    await goTo(1, GRACE_MS + 1);
    series.checkOverdue();
    series.checkOverdue();
    await clock.advanceAsync(200);
    assert.deepEqual(closedStarts(), [0]);
    assert.equal(deaf, 0);
    await goTo(2, GRACE_MS + 1);
    series.checkOverdue();
    await clock.advanceAsync(200);
    assert.deepEqual(closedStarts(), [0, 1]);
    assert.equal(deaf, 1);
  });

  test('flat bars without volume, which a venue may make of silence, do not name a topic deaf', async () => {
    series.begin(undefined);
    truth = [0, 1, 2, 3, 4].map((minute) => bar(minute, true, '0.000'));
    for (const minute of [1, 2, 3, 4]) {
      await goTo(minute, GRACE_MS + 1);
      series.checkOverdue();
      await clock.advanceAsync(200);
    }
    assert.deepEqual([closedStarts(), deaf], [[0, 1, 2, 3], 0]);
  });

  test('a topic that speaks is not deaf, though its bars are closed by REST', async () => {
    series.begin(undefined);
    truth = [0, 1, 2, 3].map((minute) => bar(minute));
    for (const minute of [1, 2, 3]) {
      series.hear();
      await goTo(minute, GRACE_MS + 1);
      series.checkOverdue();
      await clock.advanceAsync(200);
    }
    assert.deepEqual([closedStarts(), deaf], [[0, 1, 2], 0]);
  });

  test('a bar that REST has not yet is asked for again, and is told before the next one', async () => {
    series.begin(undefined);
    truth = [bar(0)];
    restLagMs = 30_000;
    await goTo(1, GRACE_MS + 1);
    series.checkOverdue();
    await clock.advanceAsync(200);
    assert.deepEqual([closedStarts(), series.isFilling], [[], false]);
    for (let second = 0; second < 25; second += 1) {
      await clock.advanceAsync(1_000);
      series.checkOverdue();
    }
    assert.deepEqual(closedStarts(), [0]);
    assert.deepEqual(fetches, [
      [0, 1],
      [0, 1],
    ]);
    series.accept(bar(1), clock.now());
    assert.deepEqual(closedStarts(), [0, 1]);
  });

  describe('readers of live frames', () => {
    const told = (): string[] =>
      out.map(({ start, closed, late }) => `${closed ? 'closed' : 'open'} ${start}${late ? ' late' : ''}`);
    const tick = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        await clock.advanceAsync(1_000);
        series.checkOverdue();
      }
    };

    beforeEach(() => series.begin(undefined));

    test('after a cut the missed bars come before the bar of now, of which the newest frame waits', async () => {
      series.accept(bar(0, false), clock.now());
      truth = [0, 1, 2].map((minute) => bar(minute));
      await goTo(3, 1_000);
      series.catchUp();
      series.accept(bar(3, false), clock.now());
      series.accept(bar(3, false), clock.now());
      await clock.advanceAsync(200);
      series.accept(bar(3, false), clock.now());
      assert.deepEqual(told(), ['open 0', 'closed 0', 'closed 1', 'closed 2', 'open 3', 'open 3']);
      assert.ok(out.every(({ closed, cursor }) => closed === cursor));
    });

    test('an overdue bar behind an open frame that they have seen is late, and moves the cursor', async () => {
      truth = [bar(0)];
      series.accept(bar(0, false), clock.now());
      await goTo(1);
      series.accept(bar(1, false), clock.now());
      await goTo(1, GRACE_MS + 1);
      series.checkOverdue();
      series.accept(bar(1, false), clock.now());
      await clock.advanceAsync(200);
      assert.deepEqual(told(), ['open 0', 'open 1', 'open 1', 'closed 0 late']);
      assert.equal(out.at(-1)?.cursor, true);
      series.accept(bar(1), clock.now());
      assert.equal(told().at(-1), 'closed 1');
    });

    test('an older open frame of a second connection takes nobody back', () => {
      series.accept(bar(1, false), clock.now());
      series.accept(bar(0, false), clock.now());
      series.accept(bar(0), clock.now());
      assert.deepEqual(told(), ['open 1', 'closed 0 late']);
    });

    test('REST down: after five seconds the newest frame is shown without a further one', async () => {
      isRestDown = true;
      await goTo(3, 1_000);
      series.catchUp();
      series.accept(bar(3, false), clock.now());
      await tick(4);
      assert.deepEqual(told(), []);
      await tick(2);
      assert.deepEqual(told(), ['open 3']);
      truth = [0, 1, 2].map((minute) => bar(minute));
      isRestDown = false;
      await tick(30);
      assert.deepEqual(told(), ['open 3', 'closed 0 late', 'closed 1 late', 'closed 2 late']);
    });

    test('REST down for long and a second hole: nothing is muted, both are filled later', async () => {
      isRestDown = true;
      truth = [0, 1, 2, 3, 4, 5].map((minute) => bar(minute));
      await goTo(2, 1_000);
      series.accept(bar(1), clock.now());
      await tick(6);
      await goTo(5, 1_000);
      series.accept(bar(4), clock.now());
      series.accept(bar(5, false), clock.now());
      assert.deepEqual(told(), ['closed 1', 'closed 4', 'open 5']);
      assert.ok(out.every(({ cursor }) => !cursor));
      isRestDown = false;
      await tick(40);
      assert.deepEqual(told().slice(3), ['closed 0 late', 'closed 2 late', 'closed 3 late']);
      series.accept(bar(5), clock.now());
      assert.deepEqual([told().at(-1), out.at(-1)?.cursor], ['closed 5', true]);
    });
  });

  test('a quiet topic without bars is asked for once per bar and never called deaf', async () => {
    series.begin(undefined);
    for (let second = 0; second < 600; second += 2) {
      await clock.advanceAsync(2_000);
      series.checkOverdue();
    }
    assert.ok(fetches.length >= 8 && fetches.length <= 10, `${fetches.length} requests in ten minutes`);
    assert.equal(deaf, 0);
  });

  test('outbox full: nothing is skipped, the refused bar comes by REST once there is room', async () => {
    series.begin(undefined);
    series.accept(bar(0), clock.now());
    room = 0;
    truth = [bar(0), bar(1), bar(2), bar(3)];
    series.accept(bar(1), clock.now());
    series.accept(bar(2), clock.now());
    await clock.advanceAsync(10_000);
    assert.deepEqual(closedStarts(), [0]);
    room = Infinity;
    await clock.advanceAsync(60_000);
    series.accept(bar(3), clock.now());
    await clock.advanceAsync(60_000);
    assert.deepEqual(closedStarts(), [0, 1, 2, 3]);
  });

  test('room for some of a fill: the repeated try goes on behind them', async () => {
    truth = [bar(0), bar(1), bar(2), bar(3)];
    clock.advance(4 * MINUTE);
    room = 2;
    series.begin(START - MINUTE);
    await clock.advanceAsync(1_000);
    assert.deepEqual(closedStarts(), [0, 1]);
    room = Infinity;
    await clock.advanceAsync(60_000);
    assert.deepEqual(closedStarts(), [0, 1, 2, 3]);
  });

  test('a second hole behind the first is filled too', async () => {
    series.begin(undefined);
    series.accept(bar(0), clock.now());
    truth = [1, 2, 3, 4, 5, 6].map((minute) => bar(minute));
    series.accept(bar(3), clock.now());
    series.accept(bar(6), clock.now());
    await clock.advanceAsync(5_000);
    assert.deepEqual(closedStarts(), [0, 1, 2, 3, 4, 5, 6]);
  });

  test('after stop nothing is published', async () => {
    series.begin(undefined);
    series.accept(bar(0), clock.now());
    truth = [bar(1)];
    series.accept(bar(2), clock.now());
    series.stop();
    await clock.advanceAsync(60_000);
    assert.deepEqual(closedStarts(), [0]);
  });

  test('a gap longer than the bound is filled from its newest part', async () => {
    clock.advance(5_000 * MINUTE);
    series.begin(START);
    await clock.advanceAsync(1_000);
    assert.deepEqual(fetches, [[4_000, 5_000]]);
  });
});
