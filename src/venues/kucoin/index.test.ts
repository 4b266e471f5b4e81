import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import { INTERVALS, isInterval, type Interval } from '../../domain/interval';
import type { Request, VenueRest } from '../contract';
import type { KucoinRest } from './bullet';
import { product } from './contracts';
import { epochMs, msOfSeconds } from './fields';
import { kucoin } from './index';
import { publishedSymbol, venueSymbolOf } from './symbols';

const { markets, intervalNames } = kucoin.descriptor;
const { session } = kucoin.publicFeed;
const [spot, linear, inverse] = [markets[0]!, markets[1]!, markets[2]!];

function instrument(venueSymbol: string): Instrument {
  return { exchange: 'kucoin', symbol: venueSymbol, venueSymbol, base: 'B', quote: 'Q' };
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
        ['kucoin', 'spot', 'kucoin'],
        ['kucoinLinear', 'linear', 'kucoin'],
        ['kucoinInverse', 'inverse', 'kucoin'],
      ],
    );
  });

  test('the backend takes candles of KuCoin live', () => {
    assert.equal(kucoin.descriptor.closedCandlesOnly, undefined);
  });

  test('interval names of the backend and of the venue', () => {
    const sent = '1min 3min 5min 15min 30min 1hour 2hour 4hour 8hour 1day 1week'.split(' ');
    const meant = '1m 3m 5m 15m 30m 1h 2h 4h 8h 1d 1w'.split(' ');
    assert.deepEqual(
      sent.map((name) => intervalNames[name]),
      meant,
    );
    assert.ok(Object.values(intervalNames).every(isInterval));
  });

  test('intervals: only those that both the stream and REST have', () => {
    const lacks = (all: readonly Interval[]) => INTERVALS.filter((interval) => !all.includes(interval));
    assert.deepEqual(lacks(spot.intervals), ['1s', '3d']);
    for (const market of [linear, inverse])
      assert.deepEqual(lacks(market.intervals), ['1s', '3m', '6h', '3d', '1M']);
  });

  for (const { exchange, kind, links } of markets) {
    test(`${exchange}: rules stay within the documented limits`, () => {
      for (const rules of [links.ticker, links.candle]) {
        if (kind === 'spot') assert.ok(rules.topicsPerConnection < 300);
        assert.ok(rules.topicsPerRequest <= 100);
        assert.ok((rules.outgoing.count * 10_000) / rules.outgoing.perMs < 100);
        const perMinute = Math.min(...rules.dials.map(({ count, perMs }) => (count * 60_000) / perMs));
        assert.ok(2 * perMinute < 30, 'both hosts together');
        assert.ok(rules.heartbeat.via === 'frame' && rules.heartbeat.everyMs < 18_000);
        const [earliest, latest] = rules.rotateAfterMs!;
        assert.ok(earliest < latest && latest < 24 * 3_600_000);
        assert.equal(rules.ackConfirms, false);
      }
    });
  }
});

describe('topics', () => {
  test('spot tickers come together, with the day of each trading area', () => {
    assert.equal(session.topicOf(spot, { kind: 'ticker' }, instrument('BTC-USDT')), '/market/ticker:all');
    assert.deepEqual(spot.allTickers?.slice(0, 3), [
      ...['/market/ticker:all', '/market/snapshot:USDS', '/market/snapshot:BTC'],
    ]);
    assert.equal(linear.allTickers, undefined);
  });

  test('the prices of all spot symbols are watched by themselves: area snapshots hide their end', () => {
    assert.equal(spot.links.ticker.silence.pulse, '/market/ticker:all');
    // Every connection must carry it.
    assert.ok(spot.allTickers!.length <= spot.links.ticker.topicsPerConnection);
    for (const rules of [spot.links.candle, linear.links.ticker, inverse.links.ticker])
      assert.equal(rules.silence.pulse, undefined);
  });

  test('candles', () => {
    const want = { kind: 'candle', interval: '1h' } as const;
    assert.equal(session.topicOf(spot, want, instrument('BTC-USDT')), '/market/candles:BTC-USDT_1hour');
    assert.equal(
      session.topicOf(inverse, want, instrument('XBTUSDM')),
      '/contractMarket/limitCandle:XBTUSDM_1hour',
    );
  });

  test('an interval that the market lacks is refused', () => {
    for (const [market, interval] of [
      [spot, '3d'],
      [linear, '6h'],
    ] as const)
      assert.throws(
        () => session.topicOf(market, { kind: 'candle', interval }, instrument('X')),
        ConnectorError,
      );
  });
});

describe('requests', () => {
  const framesOf = (requests: readonly Request[]) =>
    requests.map(({ frame }) => JSON.parse(frame) as Record<string, unknown>);

  test('one comma list per channel; areas one by one', () => {
    const topics = ['/market/candles:A-B_1min', '/market/ticker:all', '/market/candles:C-D_1week'];
    const areas = ['/market/snapshot:USDS', '/market/snapshot:BTC'];
    const requests = session.subscribe([...topics, ...areas], counter());
    const common = { type: 'subscribe', privateChannel: false, response: true };
    assert.deepEqual(framesOf(requests), [
      { id: '1', topic: '/market/candles:A-B_1min,C-D_1week', ...common },
      { id: '2', topic: '/market/ticker:all', ...common },
      { id: '3', topic: '/market/snapshot:USDS', ...common },
      { id: '4', topic: '/market/snapshot:BTC', ...common },
    ]);
    assert.deepEqual(
      requests.map((request) => [request.id, request.topics]),
      [
        ['1', [topics[0], topics[2]]],
        ['2', [topics[1]]],
        ['3', [areas[0]]],
        ['4', [areas[1]]],
      ],
    );
  });

  test('the ticker of a contract is two topics of the venue', () => {
    const topics = ['XBTUSDTM', 'ETHUSDTM'].map((name) => `/contractMarket/ticker:${name}`);
    const requests = session.unsubscribe(topics, counter());
    assert.deepEqual(
      framesOf(requests).map(({ type, topic }) => [type, topic]),
      [
        ['unsubscribe', '/contractMarket/ticker:XBTUSDTM,ETHUSDTM'],
        ['unsubscribe', '/contractMarket/snapshot:XBTUSDTM,ETHUSDTM'],
      ],
    );
    for (const request of requests) assert.deepEqual(request.topics, topics);
  });

  test('ping', () => assert.equal(session.ping!(counter()), '{"id":"1","type":"ping"}'));

  test('1,000 symbols of 30 characters stay within the limits', () => {
    const nextId = () => Number.MAX_SAFE_INTEGER;
    for (const market of markets) {
      for (const kind of ['ticker', 'candle'] as const) {
        const topics = Array.from({ length: 1_000 }, (_, at) => {
          const interval = market.intervals[at % market.intervals.length]!;
          return session.topicOf(market, { kind, interval }, instrument(String(at).padStart(30, 'X')));
        });
        const { topicsPerRequest, requestBytes } = market.links[kind];
        for (let from = 0; from < topics.length; from += topicsPerRequest) {
          for (const { frame } of session.subscribe(topics.slice(from, from + topicsPerRequest), nextId)) {
            assert.ok(Buffer.byteLength(frame) <= requestBytes, `${Buffer.byteLength(frame)} bytes`);
            assert.ok(frame.split(',').length <= 104); // four commas are the frame's own
          }
        }
      }
    }
  });
});

describe('endpoint', () => {
  const token = 'a+b/c==';
  const rest = (serial: number): KucoinRest => ({
    publicToken: async () => ({ endpoint: 'wss://ws-api-spot.kucoin.com/', token, serial }),
    instruments: () => assert.fail(),
    instrumentOfPair: () => undefined,
    candles: () => assert.fail(),
  });

  test('token and connection id, escaped', async () => {
    const url = new URL(await session.endpoint!(spot, 'candle', rest(7)));
    assert.equal(url.origin, 'wss://ws-api-spot.kucoin.com');
    assert.deepEqual(
      [...url.searchParams],
      [
        ['token', token],
        ['connectId', 'kucoin-candle-7'],
      ],
    );
    assert.ok(!url.search.includes('['));
  });

  test('needs the REST client of this venue', async () => {
    const { instruments, instrumentOfPair, candles } = rest(1);
    const other: VenueRest = { instruments, instrumentOfPair, candles };
    await assert.rejects(session.endpoint!(spot, 'ticker', other), ConnectorError);
  });
});

describe('names and numbers', () => {
  for (const [venueSymbol, pair, base] of [
    ['XBTUSDTM', 'BTCUSDT', 'BTC'],
    ['XBTUSDCM', 'BTCUSDC', 'BTC'],
    ['XBTUSDM', 'BTCUSD', 'BTC'],
    ['ETHUSDTM', 'ETHUSDT', 'ETH'],
    ['BTCDOMUSDTM', 'BTCDOMUSDT', 'BTCDOM'],
    ['1000PEPEUSDTM', '1000PEPEUSDT', '1000PEPE'],
    ['XBTMZ26', 'BTCMZ26', 'BTC'],
  ] as const) {
    test(`${venueSymbol} <-> ${pair}`, () => {
      assert.equal(publishedSymbol(venueSymbol), pair);
      assert.equal(venueSymbolOf(pair, base), venueSymbol);
    });
  }

  for (const [a, b, result] of [
    ['12785', '0.001', '12.785'],
    ['112', '0.001', '0.112'],
    ['1000', '0.001', '1'],
    ['5', '10', '50'],
    ['0', '0.001', '0'],
    ['0.5', '0.5', '0.25'],
    ['100', '0.010', '1'],
    ['123456789012345678901', '0.000000001', '123456789012.345678901'],
  ] as const) {
    test(`${a} x ${b}`, () => assert.equal(product(a, b), result));
  }

  const times: readonly [unknown, number | undefined][] = [
    [1729757723612, 1729757723612],
    ['1729757723612', 1729757723612],
    ['1743146786746000000', 1743146786746],
    [1.743146786746e18, 1743146786746],
    [1729757723612345, 1729757723612],
    ['1729757723612345', 1729757723612],
    ...['', '1', 'NaN', '172975772361x', '0000000000000', 0, -1, NaN, Infinity, 1e19, null, {}, []].map(
      (odd): [unknown, undefined] => [odd, undefined],
    ),
  ];
  for (const [value, ms] of times) test(`time ${String(value)}`, () => assert.equal(epochMs(value), ms));

  test('seconds', () => {
    const values = ['1729839600', '0', '', '1e9', '-1', '1.5', 1729839600, '999999999999'];
    assert.deepEqual(values.map(msOfSeconds), [1729839600000, ...Array<undefined>(7).fill(undefined)]);
  });
});
