import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CandleDelivery, MarketPublisher } from '../bus/publisher';
import { ConnectorError } from '../domain/errors';
import type { Candle, MarketEvent } from '../domain/events';
import type { Interval } from '../domain/interval';
import type { LastValues } from '../store/last-values';
import { FakeClock } from '../testing/fake-clock';
import { instrumentOf, tinyAdapter, tinyMarket, TinyRest } from '../testing/market-venue';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { BackfillQueue } from './backfill';
import type { CandleSource } from './candle-source';
import { MarketCandles } from './candles';
import type { MarketDeps } from './market';
import type { CandleRequest } from './requests';
import { VenueTime } from './venue-time';

const MINUTE = 60_000;
const START = 1_700_000_100_000; // a whole minute, and a whole three minutes

const bar = (minute: number, over: Partial<Candle> = {}): Candle => ({
  eventType: 'candle',
  exchange: 'tiny',
  symbol: 'BTCUSDT',
  interval: '1m',
  start: START + minute * MINUTE,
  open: '1',
  high: '2',
  low: '0.5',
  close: '1.5',
  volume: '10',
  closed: true,
  time: START + minute * MINUTE,
  ...over,
});

const request = (alias = '1m', interval: Interval = '1m', symbol = 'BTCUSDT'): CandleRequest => ({
  venue: 'tiny',
  exchange: 'tiny',
  symbol,
  interval,
  alias,
});

describe('MarketCandles', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let rest: TinyRest;
  let backfill: BackfillQueue;
  let candles: MarketCandles;
  let cursorOf: () => Promise<number | undefined>;
  let hasRoom: boolean;
  let wanted: string[];
  let restarted: string[];
  let events: MarketEvent[];
  let out: { candle: Candle; aliases: string[]; isReconciled: boolean }[];

  beforeEach(() => {
    clock = new FakeClock(START);
    telemetry = new RecordedTelemetry();
    rest = new TinyRest();
    cursorOf = () => Promise.resolve(undefined);
    hasRoom = true;
    wanted = [];
    restarted = [];
    events = [];
    out = [];
    const publisher = {
      candle: (candle: Candle, { aliases, isReconciled }: CandleDelivery) => {
        if (!hasRoom) return false;
        out.push({ candle, aliases: [...aliases], isReconciled });
        return true;
      },
    } as Partial<MarketPublisher> as MarketPublisher;
    const lastValues = { candleCursor: () => cursorOf() } as Partial<LastValues> as LastValues;
    const base = { clock, telemetry, random: () => 0.5 };
    backfill = new BackfillQueue('tiny', base);
    const deps = {
      ...base,
      backfill,
      rest,
      publisher,
      lastValues,
      onEvent: (event: MarketEvent) => events.push(event),
    } as Partial<MarketDeps> as MarketDeps;
    candles = new MarketCandles(
      { adapter: tinyAdapter(rest), market: tinyMarket },
      deps,
      new VenueTime(clock),
      {
        want: (topics) => wanted.push(...topics),
        unwant: (topics) => (wanted = wanted.filter((topic) => !topics.includes(topic))),
        restartTopic: (topic) => restarted.push(topic),
      },
    );
  });

  afterEach(() => {
    candles.stop();
    backfill.stop();
    assert.equal(clock.pendingCount, 0, 'every timer ended');
  });

  const subscribe = (one = request(), source: CandleSource = { kind: 'native' }): Promise<void> =>
    candles.subscribe(one, source, instrumentOf(one.symbol));
  const minutes = (): string[] =>
    out.map(({ candle, isReconciled }) => `${(candle.start - START) / MINUTE}${isReconciled ? ' REST' : ''}`);

  const shown = (): string[] =>
    out.map(({ candle }) => `${candle.closed ? 'closed' : 'open'} ${candle.high} ${candle.volume}`);
  const closedBars = (): string[] =>
    out
      .filter(({ candle }) => candle.closed)
      .map(
        ({ candle, isReconciled }) =>
          `${(candle.start - START) / MINUTE} ${candle.volume}${isReconciled ? ' REST' : ''}`,
      );

  test('each symbol and interval is one topic, whatever the spellings', async () => {
    await subscribe(request('1m'));
    await subscribe(request('min1'));
    await subscribe(request('1m'));
    await subscribe(request('1h', '1h'));
    assert.deepEqual(wanted, ['btcusdt.candle.1m', 'btcusdt.candle.1h']);
    assert.equal(candles.size, 2);
    candles.onCandle(bar(0), START);
    assert.deepEqual(out[0]?.aliases, ['1m', 'min1']);
    assert.deepEqual(events, [bar(0)]);
  });

  test('requests that meet while the cursor is on its way share one series', async () => {
    let answer: (cursor: undefined) => void = () => undefined;
    cursorOf = () => new Promise((resolve) => (answer = resolve));
    const all = Promise.all(['1m', 'min1', 'M'].map((alias) => subscribe(request(alias))));
    await clock.advanceAsync(0);
    assert.deepEqual(wanted, []);
    answer(undefined);
    await all;
    assert.deepEqual([wanted, candles.size], [['btcusdt.candle.1m'], 1]);
    candles.onCandle(bar(0), START);
    assert.deepEqual(out[0]?.aliases, ['1m', 'min1', 'M']);
  });

  test('with a cursor of an earlier life the bars after it come first, by REST', async () => {
    rest.bars = [-3, -2, -1].map((minute) => bar(minute));
    cursorOf = () => Promise.resolve(bar(-3).start);
    await subscribe();
    candles.onCandle(bar(0), START);
    await clock.advanceAsync(1_000);
    assert.deepEqual(minutes(), ['-2 REST', '-1 REST', '0']);
    assert.equal(events.length, 3);
  });

  test('without a readable cursor it begins with the bar of now, and says so', async () => {
    rest.bars = [bar(-1)];
    cursorOf = () => Promise.reject(new ConnectorError('STORE_UNAVAILABLE', 'away'));
    await subscribe();
    candles.onCandle(bar(0), START);
    await clock.advanceAsync(1_000);
    assert.deepEqual(minutes(), ['0']);
    assert.deepEqual(telemetry.logged('warn'), ['no candle cursor']);
  });

  test('the last spelling given up takes the topic with it', async () => {
    await subscribe(request('1m'));
    await subscribe(request('min1'));
    candles.unsubscribe(request('1m'));
    candles.unsubscribe(request('never asked for'));
    assert.deepEqual(wanted, ['btcusdt.candle.1m']);
    candles.unsubscribe(request('min1'));
    assert.deepEqual([wanted, candles.size], [[], 0]);
    candles.onCandle(bar(0), START);
    assert.deepEqual(out, []);
  });

  test('a delisted symbol goes with all its intervals, and only it', async () => {
    await subscribe(request('1m', '1m', 'BTC'));
    await subscribe(request('1h', '1h', 'BTC'));
    await subscribe(request('1m', '1m', 'BTCUSDT'));
    candles.removeSymbol('BTC');
    assert.deepEqual(wanted, ['btcusdt.candle.1m']);
  });

  test('a topic that is live again is caught up; others are not asked for', async () => {
    await subscribe(request('1m'));
    await subscribe(request('1h', '1h'));
    candles.onCandle(bar(0), START);
    rest.bars = [1, 2, 3].map((minute) => bar(minute));
    rest.queries.length = 0;
    clock.advance(3.5 * MINUTE - 2_000);
    rest.queries.length = 0;
    candles.onLive(['btcusdt.candle.1m', 'nobody.candle.1m']);
    await clock.advanceAsync(1_000);
    assert.deepEqual(new Set(rest.queries.map(({ interval }) => interval)), new Set(['1m']));
    assert.deepEqual(minutes(), ['0', '1 REST', '2 REST']);
  });

  test('a full outbox: nobody is told of the bar; with room again it is read from the venue', async () => {
    await subscribe();
    hasRoom = false;
    candles.onCandle(bar(0), START);
    assert.deepEqual([out, events], [[], []]);
    hasRoom = true;
    rest.bars = [bar(0)];
    await clock.advanceAsync(MINUTE);
    candles.catchUpAll();
    await clock.advanceAsync(1_000);
    assert.deepEqual(minutes(), ['0 REST']);
    assert.deepEqual(events, [bar(0)]);
  });

  test('a topic that never speaks while the venue has bars is restarted', async () => {
    await subscribe();
    rest.bars = Array.from({ length: 10 }, (_, minute) => bar(minute));
    await clock.advanceAsync(6 * MINUTE);
    assert.ok(minutes().length >= 3);
    assert.deepEqual([...new Set(restarted)], ['btcusdt.candle.1m']);
  });

  describe('an interval that the venue does not stream', () => {
    const built: CandleSource = { kind: 'built', from: '1m' };
    const three = request('3m', '3m');

    test('is built from a smaller one, which it shares with the series of its own', async () => {
      await subscribe(three, built);
      await subscribe(request('1m'));
      assert.deepEqual(new Set(wanted), new Set(['btcusdt.candle.1m']));
      for (const minute of [0, 1, 2]) candles.onCandle(bar(minute), START);
      const closed = out.filter(({ candle }) => candle.interval === '3m' && candle.closed);
      const ones = out.filter(({ candle }) => candle.interval === '1m');
      assert.deepEqual([closed.length, ones.length], [1, 3]);
      assert.deepEqual([closed[0]?.candle.start, closed[0]?.candle.volume], [START, '30']);
    });

    test('given up by one, its topic stays for the other', async () => {
      await subscribe(three, built);
      await subscribe(request('1m'));
      candles.unsubscribe(three);
      assert.ok(wanted.includes('btcusdt.candle.1m'));
      candles.onCandle(bar(0), START);
      assert.deepEqual(
        out.map(({ candle }) => candle.interval),
        ['1m'],
      );
      candles.unsubscribe(request('1m'));
      assert.deepEqual(wanted, []);
    });

    test('asked for in the middle of its bar: the parts so far are fetched', async () => {
      rest.bars = [bar(0)];
      clock.advance(1.5 * MINUTE);
      await subscribe(three, built);
      await clock.advanceAsync(0);
      candles.onCandle(bar(1), START);
      candles.onCandle(bar(2), START);
      const closed = out.filter(({ candle }) => candle.closed);
      assert.deepEqual(
        closed.map(({ candle, isReconciled }) => [candle.start, candle.volume, isReconciled]),
        [[START, '30', false]],
      );
    });

    test('a cut over the end of a part: the part is read from REST, and the bar is exact', async () => {
      await subscribe(three, built);
      candles.onCandle(bar(0, { closed: false, high: '7', volume: '20' }), START);
      await clock.advanceAsync(MINUTE + 1_000);
      rest.bars = [bar(0, { high: '99', volume: '500' })];
      candles.onLive(['btcusdt.candle.1m']);
      candles.onCandle(bar(1, { closed: false, volume: '1' }), START);
      assert.deepEqual(shown(), ['open 7 20'], 'not while the first part is unknown');
      await clock.advanceAsync(1_000);
      for (const minute of [1, 2]) candles.onCandle(bar(minute), START);
      assert.deepEqual(shown(), ['open 7 20', 'open 99 501', 'open 99 510', 'closed 99 520']);
      assert.ok(out.every(({ isReconciled }) => !isReconciled));
    });

    test('back just before the end of a part: it is asked for once it is overdue, and REST has it', async () => {
      await subscribe(three, built);
      candles.onCandle(bar(0, { closed: false, high: '7' }), START);
      await clock.advanceAsync(MINUTE - 1);
      candles.onLive(['btcusdt.candle.1m']);
      rest.queries.length = 0;
      const second = async (): Promise<void> => {
        await clock.advanceAsync(1_000);
        candles.onCandle(bar(1, { closed: false }), START);
      };
      for (let times = 0; times < 9; times += 1) await second();
      assert.deepEqual([shown(), rest.queries.length], [['open 7 10'], 0], 'the stream may still close it');
      for (let times = 0; times < 12; times += 1) await second();
      assert.deepEqual([shown().length, rest.queries.length], [1, 1], 'REST has not got it yet');
      rest.bars = [bar(0, { high: '99' })];
      for (let times = 0; times < 12; times += 1) await second();
      assert.deepEqual([shown()[1], rest.queries.length], ['open 99 20', 2]);
    });

    test('a last part without trades: the bar is told once REST cannot be behind any more', async () => {
      await subscribe(three, built);
      rest.bars = [bar(0), bar(1)];
      for (const minute of [0, 1]) candles.onCandle(bar(minute), START);
      await clock.advanceAsync(3 * MINUTE + 12_000);
      assert.deepEqual([rest.queries.length, closedBars()], [1, []]);
      await clock.advanceAsync(20_000);
      assert.deepEqual([rest.queries.length, closedBars()], [2, ['0 20 REST']]);
      for (const minute of [3, 4, 5]) candles.onCandle(bar(minute), START);
      assert.deepEqual(closedBars(), ['0 20 REST', '3 30']);
      assert.deepEqual(restarted, []);
    });

    test('an empty part mutes nothing; REST closes the bar', async () => {
      await subscribe(three, built);
      candles.onCandle(bar(0), START);
      await clock.advanceAsync(2 * MINUTE);
      candles.onCandle(bar(2, { closed: false }), START);
      candles.onCandle(bar(2), START);
      assert.deepEqual(shown(), ['open 2 10', 'open 2 20', 'open 2 20']);
      rest.bars = [bar(0), bar(2)];
      await clock.advanceAsync(MINUTE + 12_000);
      assert.deepEqual(closedBars(), ['0 20 REST']);
    });

    test('a topic that alone was deaf proves no part empty', async () => {
      rest.bars = Array.from({ length: 6 }, (_, minute) => bar(minute));
      await subscribe(three, built);
      await clock.advanceAsync(6 * MINUTE + 12_000);
      assert.equal(restarted.length, 1);
      rest.isDown = true;
      candles.onCandle(bar(7, { closed: false }), START);
      assert.equal(out.at(-1)?.candle.closed, true, 'no frame without its first part');
    });

    test('or is polled: no topic, every bar by REST soon after its end', async () => {
      rest.bars = Array.from({ length: 5 }, (_, minute) => bar(minute));
      await subscribe(request(), { kind: 'polled' });
      assert.deepEqual(wanted, []);
      await clock.advanceAsync(3 * MINUTE + 5_000);
      assert.deepEqual(minutes(), ['0 REST', '1 REST', '2 REST']);
      assert.deepEqual(restarted, []);
    });
  });

  test('stop: what still comes is dropped', async () => {
    await subscribe();
    candles.stop();
    candles.onCandle(bar(0), START);
    assert.deepEqual([out, candles.size], [[], 0]);
  });
});
