import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Interval } from '../../domain/interval';
import type { Instrument } from '../../domain/instrument';
import { requestsFor } from '../../transport/requests';
import { coinbase } from './index';
import type { DataChannel } from './topics';
import { channelOf, productOf, topicsFor } from './topics';

const market = coinbase.descriptor.markets[0]!;
const { session } = coinbase.publicFeed;

function instrument(symbol: string, venueSymbol = symbol): Instrument {
  return { exchange: 'coinbase', symbol, venueSymbol, base: 'B', quote: 'Q' };
}

/** Numbers of one connection. */
function counter(from = 0): () => number {
  let id = from;
  return () => (id += 1);
}

const TOPICS: readonly (readonly [string, 'ticker' | Interval, Instrument, DataChannel])[] = [
  ['ticker:BTC-USD', 'ticker', instrument('BTC-USD'), 'ticker'],
  ['ticker:BTC-USDC@BTC-USD', 'ticker', instrument('BTC-USDC', 'BTC-USD'), 'ticker'],
  ['candles:BTC-USD', '5m', instrument('BTC-USD'), 'candles'],
  ['market_trades:BTC-USD', '1m', instrument('BTC-USDC', 'BTC-USD'), 'market_trades'],
];
for (const [topic, want, one, channel] of TOPICS) {
  test(`names ${topic} as the codec does`, () => {
    const wanted =
      want === 'ticker' ? ({ kind: want } as const) : { kind: 'candle' as const, interval: want };
    assert.equal(session.topicOf(market, wanted, one), topic);
    assert.ok(topicsFor(channel, one.venueSymbol).includes(topic));
    assert.deepEqual([channelOf(topic), productOf(topic)], [channel, one.venueSymbol]);
  });
}

test('refuses intervals that are not streamed', () => {
  const want = { kind: 'candle', interval: '1h' } as const;
  assert.throws(() => session.topicOf(market, want, instrument('BTC-USD')), { code: 'COMMAND_INVALID' });
});

const sent = (requests: readonly { frame: string }[]): unknown[] =>
  requests.map(({ frame }) => JSON.parse(frame) as unknown);

test('one channel per frame, each product once, heartbeats first on a new connection', () => {
  const nextId = counter();
  const topics = ['ticker:BTC-USDC@BTC-USD', 'market_trades:ETH-USD', 'ticker:BTC-USD', 'ticker:SOL-USD'];
  const requests = session.subscribe(topics, nextId);
  assert.deepEqual(sent(requests), [
    { type: 'subscribe', channel: 'heartbeats' },
    { type: 'subscribe', channel: 'ticker', product_ids: ['BTC-USD', 'SOL-USD'] },
    { type: 'subscribe', channel: 'market_trades', product_ids: ['ETH-USD'] },
  ]);
  assert.deepEqual(requests.flatMap((request) => request.topics).sort(), [...topics].sort());
  assert.deepEqual(sent(session.subscribe(['candles:ETH-USD'], nextId)), [
    { type: 'subscribe', channel: 'candles', product_ids: ['ETH-USD'] },
  ]);
});

test('nothing to say', () => {
  const nextId = counter();
  assert.deepEqual(session.subscribe([], nextId), []);
  assert.equal(nextId(), 1, 'the heartbeats are still to come');
  assert.deepEqual(session.unsubscribe([], nextId), []);
});

test('tickers are given up in silence', () => {
  const topics = ['candles:ETH-USD', 'ticker:ETH-USD', 'ticker:BTC-USDC@BTC-USD', 'market_trades:SOL-USD'];
  assert.deepEqual(sent(session.unsubscribe(topics, counter())), [
    { type: 'unsubscribe', channel: 'candles', product_ids: ['ETH-USD'] },
    { type: 'unsubscribe', channel: 'market_trades', product_ids: ['SOL-USD'] },
  ]);
});

for (const channel of ['ticker', 'candles'] as const) {
  test(`1,000 long symbols of ${channel} stay within the limits`, () => {
    const rules = market.links[channel === 'ticker' ? 'ticker' : 'candle'];
    const symbols = Array.from({ length: 1_000 }, (_, at) => `${String(at).padStart(26, 'X')}-USD`);
    const topics = symbols.map((symbol) => `${channel}:${symbol}`);
    const requests = requestsFor(session.subscribe, topics, rules, counter());
    assert.equal(requests.length, 11);
    for (const { frame, topics: part } of requests) {
      assert.ok(Buffer.byteLength(frame) <= rules.requestBytes);
      assert.ok(part.length <= rules.topicsPerRequest);
    }
    assert.deepEqual(
      requests.flatMap((request) => request.topics),
      topics,
    );
  });
}

test('every market has what the transport needs', () => {
  for (const rules of [market.links.ticker, market.links.candle]) {
    // Three connections of one IP stay below 8 messages per second.
    assert.ok(rules.outgoing.count * 3 <= 8);
    assert.ok(rules.silence.floorMs < rules.silence.capMs);
    assert.equal(rules.ackConfirms, true);
  }
  assert.equal(coinbase.descriptor.closedCandlesOnly, undefined);
  assert.equal(coinbase.descriptor.intervalNames['FIVE_MINUTE'], '5m');
});
