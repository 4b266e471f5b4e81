import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Instrument } from '../../domain/instrument';
import { INTERVALS, type Interval } from '../../domain/interval';
import { binance } from './index';

const { markets } = binance.descriptor;
const { session } = binance.publicFeed;

function instrument(venueSymbol: string): Instrument {
  return { exchange: 'binance', symbol: venueSymbol, venueSymbol, base: 'B', quote: 'Q' };
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}

describe('descriptor', () => {
  test('markets, selectors, kinds', () => {
    assert.deepEqual(
      markets.map(({ exchange, kind, selector }) => [exchange, kind, selector]),
      [
        ['binance', 'spot', 'binance'],
        ['binanceUsdm', 'linear', 'binance'],
        ['binanceCoinm', 'inverse', 'binance'],
        ['binanceUS', 'spot', 'binanceus'],
      ],
    );
  });

  test('USD-M uses the routed endpoint: the bare one connects and stays silent', () => {
    const usdm = markets.find(({ exchange }) => exchange === 'binanceUsdm')!;
    assert.equal(new URL(usdm.endpoints.ticker).pathname, '/market/stream');
    assert.equal(new URL(usdm.endpoints.candle).pathname, '/market/stream');
  });

  test('endpoints are encrypted', () => {
    for (const { endpoints } of markets) {
      assert.ok(endpoints.ticker.startsWith('wss://') && endpoints.candle.startsWith('wss://'));
      assert.ok(endpoints.rest.startsWith('https://'));
    }
  });

  test('one-second bars on spot only', () => {
    const withSeconds = markets.filter(({ intervals }) => intervals.includes('1s'));
    assert.deepEqual(
      withSeconds.map(({ exchange }) => exchange),
      ['binance'],
    );
  });

  for (const { exchange, links } of markets) {
    test(`${exchange}: rules stay within the documented limits`, () => {
      const messagesPerSecond = exchange === 'binanceUsdm' || exchange === 'binanceCoinm' ? 10 : 5;
      for (const rules of [links.ticker, links.candle]) {
        assert.ok(rules.topicsPerConnection <= 1_024);
        assert.ok(rules.outgoing.count * 1_000 < messagesPerSecond * rules.outgoing.perMs);
        const dialsPer5Min = Math.min(...rules.dials.map(({ count, perMs }) => (count * 300_000) / perMs));
        assert.ok(dialsPer5Min < 300);
        const [earliest, latest] = rules.rotateAfterMs!;
        assert.ok(earliest < latest && latest < 24 * 3_600_000);
        assert.equal(rules.ackConfirms, false);
      }
    });
  }
});

describe('topics', () => {
  const cases: readonly [string, Interval, string][] = [
    ['BTCUSDT', '1m', 'btcusdt@kline_1m'],
    ['BTCUSDT', '1M', 'btcusdt@kline_1M'],
    ['ETHUSD_210924', '1h', 'ethusd_210924@kline_1h'],
    ['币安人生USDT', '1d', '币安人生usdt@kline_1d'],
  ];
  for (const [symbol, interval, topic] of cases) {
    test(topic, () => {
      assert.equal(session.topicOf(markets[0]!, { kind: 'candle', interval }, instrument(symbol)), topic);
    });
  }

  test('a ticker comes with all the others', () => {
    const topics = markets.map((market) =>
      session.topicOf(market, { kind: 'ticker' }, instrument('BTCUSDT')),
    );
    assert.deepEqual(topics, ['!miniTicker@arr', '!ticker@arr', '!ticker@arr', '!miniTicker@arr']);
    assert.deepEqual(
      topics,
      markets.map(({ allTickers }) => allTickers?.[0]),
    );
  });
});

describe('requests', () => {
  test('frames', () => {
    const nextId = counter();
    assert.deepEqual(session.subscribe(['btcusdt@kline_1m'], nextId), [
      {
        frame: '{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":1}',
        topics: ['btcusdt@kline_1m'],
        id: '1',
      },
    ]);
    const [off] = session.unsubscribe(['a', 'b'], nextId);
    assert.deepEqual(off, {
      frame: '{"method":"UNSUBSCRIBE","params":["a","b"],"id":2}',
      topics: ['a', 'b'],
      id: '2',
    });
  });

  test('1,000 symbols of 30 characters stay within the frame limit', () => {
    const wants = Array.from({ length: 1_000 }, (_, index) => String(index).padStart(30, 'X'));
    const topics = wants.map((symbol, index) => {
      const interval = INTERVALS[index % INTERVALS.length]!;
      return session.topicOf(markets[0]!, { kind: 'candle', interval }, instrument(symbol));
    });
    const nextId = () => Number.MAX_SAFE_INTEGER;
    for (const { links } of markets) {
      const { topicsPerRequest, requestBytes } = links.candle;
      for (let from = 0; from < topics.length; from += topicsPerRequest) {
        for (const { frame } of session.subscribe(topics.slice(from, from + topicsPerRequest), nextId)) {
          assert.ok(Buffer.byteLength(frame) <= requestBytes, `${Buffer.byteLength(frame)} bytes`);
        }
      }
    }
  });
});
