import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instrument } from '../../domain/instrument';
import type { Interval } from '../../domain/interval';
import { INTERVALS, isInterval } from '../../domain/interval';
import type { Topic, Want } from '../contract';
import { bybit } from './index';

const { session } = bybit.publicFeed;
const { markets, intervalNames } = bybit.descriptor;

function instrument(venueSymbol: string): Instrument {
  return { exchange: 'bybit', symbol: venueSymbol, venueSymbol, base: 'B', quote: 'Q' };
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}

test("topics are the venue's own names", () => {
  const candle: Want = { kind: 'candle', interval: '4h' };
  assert.equal(session.topicOf(markets[0]!, { kind: 'ticker' }, instrument('BTCUSDT')), 'tickers.BTCUSDT');
  assert.equal(session.topicOf(markets[1]!, candle, instrument('BTC-26DEC25')), 'kline.240.BTC-26DEC25');
});

test('every native interval has a topic, the others are refused', () => {
  for (const interval of INTERVALS) {
    const want: Want = { kind: 'candle', interval };
    const isNative = markets[0]!.intervals.includes(interval);
    if (isNative) assert.match(session.topicOf(markets[0]!, want, instrument('X')), /^kline\.[0-9DWM]+\.X$/);
    else
      assert.throws(() => session.topicOf(markets[0]!, want, instrument('X')), { code: 'COMMAND_INVALID' });
  }
  assert.ok(!markets[0]!.intervals.includes('8h'));
});

test('every spelling of the backend has an interval', () => {
  const sent: Readonly<Record<string, Interval>> = {
    '1': '1m',
    '3': '3m',
    '5': '5m',
    '15': '15m',
    '30': '30m',
    '60': '1h',
    '120': '2h',
    '240': '4h',
    '8hour': '8h',
    D: '1d',
    W: '1w',
  };
  for (const [name, interval] of Object.entries(sent)) assert.equal(intervalNames[name], interval);
  for (const interval of Object.values(intervalNames)) assert.ok(isInterval(interval));
});

test('a request carries the id that its answer is known by', () => {
  const nextId = counter();
  const [request] = session.subscribe(['tickers.A', 'tickers.B'], nextId);
  assert.deepEqual(request, {
    frame: '{"req_id":"1","op":"subscribe","args":["tickers.A","tickers.B"]}',
    topics: ['tickers.A', 'tickers.B'],
    id: '1',
  });
  assert.equal(
    session.unsubscribe(['tickers.A'], nextId)[0]!.frame,
    '{"req_id":"2","op":"unsubscribe","args":["tickers.A"]}',
  );
  assert.equal(session.ping!(nextId), '{"req_id":"3","op":"ping"}');
  assert.deepEqual(session.subscribe([], nextId), []);
});

for (const market of markets) {
  for (const channel of ['ticker', 'candle'] as const) {
    test(`1,000 long symbols stay within the limits of ${market.exchange} ${channel}`, () => {
      const rules = market.links[channel];
      const want: Want = channel === 'ticker' ? { kind: 'ticker' } : { kind: 'candle', interval: '12h' };
      const topics = Array.from({ length: 1_000 }, (_, at) =>
        session.topicOf(market, want, instrument(String(at).padStart(30, 'X'))),
      );
      const nextId = counter();
      for (const shard of shards(topics, rules.topicsPerConnection)) {
        let argsLength = 0;
        for (const part of shards(shard, rules.topicsPerRequest)) {
          const [request] = session.subscribe(part, nextId);
          const { args } = JSON.parse(request!.frame) as { args: readonly string[] };
          assert.deepEqual(args, part);
          assert.ok(args.length <= (market.kind === 'spot' ? 10 : 100));
          assert.ok(Buffer.byteLength(request!.frame) <= rules.requestBytes);
          argsLength += JSON.stringify(args).length;
        }
        // The documented limit per connection, the venue's own way of counting left open.
        assert.ok(argsLength <= 21_000);
        assert.ok(shard.join('').length <= rules.topicBytesPerConnection!);
      }
    });
  }
}

function shards(topics: readonly Topic[], size: number): readonly (readonly Topic[])[] {
  const parts: Topic[][] = [];
  for (let from = 0; from < topics.length; from += size) parts.push(topics.slice(from, from + size));
  return parts;
}
