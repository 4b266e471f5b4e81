import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candle, MarketEvent } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import type { DecodeContext, Decoded } from '../contract';
import { coinbase } from './index';
import type { PublicState } from './state';

const { codec } = coinbase.publicFeed;
const market = coinbase.descriptor.markets[0]!;
const T0 = Date.parse('2026-03-02T10:00:00Z');
const at = (seconds: number): string => new Date(T0 + seconds * 1_000).toISOString();

/** id, seconds after T0, price, size */
type Row = readonly [number, number, string, string?];

class Feed {
  readonly context: DecodeContext<PublicState>;
  private sequence = 0;

  constructor() {
    const listed = {
      exchange: 'coinbase',
      symbol: 'ETH-USD',
      venueSymbol: 'ETH-USD',
      base: 'ETH',
      quote: 'USD',
    };
    const instruments = new InstrumentIndex([listed]);
    this.context = { state: codec.begin(market), market, receivedAt: 1, instruments };
  }

  skip(): void {
    this.sequence += 1;
  }

  trades(now: number, rows: readonly Row[], type = 'update'): readonly unknown[] {
    const trades = rows.map(([id, seconds, price, size = '1']) => ({
      ...{ trade_id: String(id), product_id: 'ETH-USD', price, size, side: 'BUY', time: at(seconds) },
    }));
    return this.send('market_trades', now, { type, trades });
  }

  beat(now: number): readonly unknown[] {
    return this.send('heartbeats', now, { current_time: 'x', heartbeat_counter: 1 });
  }

  private send(channel: string, now: number, event: object): readonly unknown[] {
    const frame = { channel, timestamp: at(now), sequence_num: this.sequence, events: [event] };
    this.sequence += 1;
    return told(codec.decode(JSON.stringify(frame), this.context));
  }
}

/** minute, open, high, low, close, volume, closed */
function told(decoded: Decoded<MarketEvent>): readonly unknown[] {
  if (decoded.kind !== 'events') return [decoded.kind];
  return (decoded.events as readonly Candle[])
    .filter(({ symbol }) => symbol === 'ETH-USD')
    .map((one) => {
      assert.equal(one.interval, '1m');
      const minute = (one.start - T0) / 60_000;
      return [minute, one.open, one.high, one.low, one.close, one.volume, one.closed];
    });
}

test('a snapshot that reaches back before the minute makes it whole at once', () => {
  const feed = new Feed();
  const rows: readonly Row[] = [
    [3, 61, '12', '0.25'],
    [2, 60, '10', '0.5'],
    [1, 59, '9'],
  ];
  assert.deepEqual(feed.trades(62, rows, 'snapshot'), [[1, '10', '12', '10', '12', '0.75', false]]);
});

test('a minute that was joined in its middle is left to REST, the next one is told', () => {
  const feed = new Feed();
  assert.deepEqual(feed.trades(10, [[1, 9, '10']], 'snapshot'), []);
  assert.deepEqual(feed.trades(20, [[2, 20, '11']]), []);
  // Withheld until the former minute is over for good.
  assert.deepEqual(feed.trades(61, [[3, 61, '12']]), []);
  assert.deepEqual(feed.trades(64, [[4, 64, '8']]), [[1, '12', '12', '8', '8', '2', false]]);
  assert.deepEqual(feed.trades(123, [[5, 123, '9']]), [
    [1, '12', '12', '8', '8', '2', true],
    [2, '9', '9', '9', '9', '1', false],
  ]);
});

function live(): Feed {
  const feed = new Feed();
  feed.trades(-5, [[1, -6, '1']], 'snapshot');
  feed.beat(5);
  return feed;
}

test('newest first within a frame; a late trade still counts', () => {
  const feed = live();
  assert.deepEqual(
    feed.trades(10, [
      [3, 10, '12'],
      [2, 9, '10'],
    ]),
    [[0, '10', '12', '10', '12', '2', false]],
  );
  assert.deepEqual(feed.trades(60.5, [[4, 60.4, '13']]), [[0, '10', '12', '10', '12', '2', false]]);
  assert.deepEqual(feed.trades(61, [[5, 59.9, '7']]), [[0, '10', '12', '7', '7', '3', false]]);
  assert.deepEqual(feed.beat(63), [[0, '10', '12', '7', '7', '3', true]]);
  assert.deepEqual(feed.trades(64, [[6, 64, '14']]), [[1, '13', '14', '13', '14', '2', false]]);
});

test('heartbeats close the minute of a product that went quiet, once; no minute is invented', () => {
  const feed = live();
  feed.trades(10, [[2, 10, '10']]);
  assert.deepEqual(feed.beat(62.9), ['pong']);
  assert.deepEqual(feed.beat(63), [[0, '10', '10', '10', '10', '1', true]]);
  assert.deepEqual(feed.beat(200), ['pong']);
});

test('behind a gap nothing is told until a minute is whole again', () => {
  const feed = live();
  feed.trades(10, [[2, 10, '10']]);
  feed.skip();
  assert.deepEqual(feed.trades(20, [[4, 20, '11']]), []);
  assert.deepEqual(feed.beat(63), ['unknown']);
  assert.deepEqual(feed.trades(64, [[5, 64, '12']]), [[1, '12', '12', '12', '12', '1', false]]);
});

test('no frame for far longer than usual, though no number is missing: the minute is left to REST', () => {
  const feed = live();
  for (let second = 1; second <= 40; second += 1) feed.beat(second);
  feed.trades(41, [[2, 41, '10']]);
  assert.deepEqual(feed.beat(52), ['pong']);
  assert.deepEqual(feed.beat(59), ['pong']);
  assert.deepEqual(feed.beat(64), ['pong'], 'or the minute of the trade would be told here');
  assert.deepEqual(feed.trades(65, [[3, 65, '11']]), [], 'nor is the next one whole');
});

test('a gap that a heartbeat shows keeps the minute from being closed', () => {
  const feed = live();
  feed.trades(10, [[2, 10, '10']]);
  feed.skip();
  assert.deepEqual(feed.beat(63), ['unknown']);
  assert.deepEqual(feed.trades(64, [[3, 64, '11']]), []);
});

test('a repeated snapshot that overlaps counts nothing twice', () => {
  const feed = live();
  feed.trades(10, [[2, 10, '10']]);
  const rows: readonly Row[] = [
    [3, 11, '11'],
    [2, 10, '10'],
    [1, -6, '1'],
  ];
  assert.deepEqual(feed.trades(12, rows, 'snapshot'), [[0, '10', '11', '10', '11', '2', false]]);
});

test('a snapshot with a hole before it begins anew', () => {
  const feed = live();
  feed.trades(10, [[2, 10, '10']]);
  assert.deepEqual(feed.trades(30, [[9, 29, '11']], 'snapshot'), []);
  assert.deepEqual(feed.beat(64), ['pong']);
});

test('trades of the future, odd ids and odd amounts are no trades', () => {
  const feed = live();
  assert.deepEqual(feed.trades(10, [[2, 900, '10']]), ['unknown']);
  assert.deepEqual(feed.trades(10, [[2, 10, 'NaN']]), ['unknown']);
  assert.deepEqual(feed.trades(10, [[2, 10, '0']]), ['unknown']);
  assert.deepEqual(feed.trades(10, [[-2, 10, '10']]), ['unknown']);
  assert.deepEqual(feed.trades(10, [[2, 10, '10', '-1']]), ['unknown']);
});

test('volumes are exact', () => {
  const feed = live();
  feed.trades(10, [[2, 10, '10', '0.1']]);
  assert.deepEqual(feed.trades(11, [[3, 11, '10', '0.2']]), [[0, '10', '10', '10', '10', '0.3', false]]);
});
