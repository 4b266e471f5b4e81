import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError, type ErrorCode, type Retry } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { InTurn, VenueRest } from '../contract';
import { binance } from './index';

const MINUTE = 60_000;
const T0 = 1_751_277_600_000;
const DAY = 24 * 60 * MINUTE;

type Reply = (url: URL, response: ServerResponse) => void;

let server: Server;
let rest: VenueRest;
let reply: Reply;
let asked: URL[] = [];

before(async () => {
  server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', 'http://loopback');
    asked.push(url);
    reply(url, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

after(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

beforeEach(() => {
  asked = [];
  rest = connect(5_000);
});

function connect(timeoutMs: number): VenueRest {
  const { port } = server.address() as AddressInfo;
  // A base with a trailing slash, as people configure it.
  const rewrite = (url: string) => `http://127.0.0.1:${port}/${new URL(url).hostname}/`;
  return binance.connectRest({ rewrite, timeoutMs });
}

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (_url, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

function marketOf(exchange: string) {
  return binance.descriptor.markets.find((market) => market.exchange === exchange)!;
}

function instrumentOf(exchange: string, symbol: string): Instrument {
  return { exchange, symbol, venueSymbol: symbol, base: 'BTC', quote: 'USDT' };
}

async function failureOf(promise: Promise<unknown>): Promise<ConnectorError> {
  const thrown: unknown = await promise.then(
    () => assert.fail('no failure'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ConnectorError, String(thrown));
  return thrown;
}

describe('instruments', () => {
  const spot = {
    symbol: 'BTCUSDT',
    status: 'TRADING',
    baseAsset: 'BTC',
    quoteAsset: 'USDT',
    isSpotTradingAllowed: true,
  };
  const perp = {
    symbol: 'BTCUSD_PERP',
    contractStatus: 'TRADING',
    contractSize: 100,
    baseAsset: 'BTC',
    quoteAsset: 'USD',
  };

  test('spot: the tradable ones', async () => {
    const others = [
      { ...spot, symbol: 'HALTED', status: 'BREAK' },
      { ...spot, symbol: 'MARGINONLY', isSpotTradingAllowed: false },
      { symbol: 'BROKEN' },
      null,
    ];
    reply = json({ symbols: [spot, ...others] });
    assert.deepEqual(await rest.instruments(marketOf('binance')), [instrumentOf('binance', 'BTCUSDT')]);
    assert.equal(asked[0]?.pathname, '/api.binance.com/api/v3/exchangeInfo');
  });

  test('binance.us has its own host and ids', async () => {
    reply = json({ symbols: [spot] });
    assert.deepEqual(await rest.instruments(marketOf('binanceUS')), [instrumentOf('binanceUS', 'BTCUSDT')]);
    assert.equal(asked[0]?.pathname, '/api.binance.us/api/v3/exchangeInfo');
  });

  test('each futures market keeps its own product and contract size', async () => {
    reply = json({
      symbols: [
        { ...spot, isSpotTradingAllowed: undefined },
        perp,
        { ...perp, symbol: 'ETHUSD_PERP', contractSize: 10 },
      ],
    });
    assert.deepEqual(await rest.instruments(marketOf('binanceUsdm')), [
      { ...instrumentOf('binanceUsdm', 'BTCUSDT'), contractSize: '1' },
    ]);
    const coinm = await rest.instruments(marketOf('binanceCoinm'));
    assert.deepEqual(
      coinm.map(({ symbol, quote, contractSize }) => [symbol, quote, contractSize]),
      [
        ['BTCUSD_PERP', 'USD', '100'],
        ['ETHUSD_PERP', 'USD', '10'],
      ],
    );
    assert.deepEqual(
      asked.map(({ pathname }) => pathname),
      ['/fapi.binance.com/fapi/v1/exchangeInfo', '/dapi.binance.com/dapi/v1/exchangeInfo'],
    );
  });

  for (const body of [
    '<html>busy</html>',
    '[]',
    '{}',
    '{"symbols":{}}',
    '{"symbols":[]}',
    '{"symbols":[{"symbol":1}]}',
    'null',
  ]) {
    test(`refuses ${body}`, async () => {
      reply = json(body);
      assert.equal((await failureOf(rest.instruments(marketOf('binance')))).code, 'REST_BAD_ANSWER');
    });
  }

  test('of a pair id of the backend', () => {
    const pair = { pair: 'BTCUSD_PERP', base: 'BTC', quote: 'USD' };
    assert.deepEqual(rest.instrumentOfPair(marketOf('binanceCoinm'), pair), {
      ...instrumentOf('binanceCoinm', 'BTCUSD_PERP'),
      quote: 'USD',
    });
    assert.equal(rest.instrumentOfPair(marketOf('binance'), { ...pair, pair: '' }), undefined);
  });
});

describe('candles', () => {
  const bar = (start: number, close = '2') => [
    start,
    '1',
    '3',
    '0.5',
    close,
    '10',
    start + MINUTE - 1,
    '20',
    5,
    '1',
    '1',
    '0',
  ];

  /** Bars every minute from T0 up to `newest`, cut as the venue cuts them. */
  function venue(newest: number, now = newest + 1_000): Reply {
    return (url, response) => {
      if (url.pathname.endsWith('/time')) return json({ serverTime: now })(url, response);
      const number = (name: string) => Number(url.searchParams.get(name));
      const first = Math.max(T0, Math.ceil(number('startTime') / MINUTE) * MINUTE);
      const bars = [];
      for (
        let at = first;
        at <= Math.min(newest, number('endTime')) && bars.length < number('limit');
        at += MINUTE
      ) {
        bars.push(bar(at));
      }
      return json(bars)(url, response);
    };
  }

  function candles(fromMs: number, toMs: number, exchange = 'binance', symbol = 'BTCUSDT') {
    const query = { instrument: instrumentOf(exchange, symbol), interval: '1m' as const, fromMs, toMs };
    return rest.candles(marketOf(exchange), query);
  }

  const starts = (list: readonly { start: number }[]) => list.map(({ start }) => (start - T0) / MINUTE);

  test('a closed bar, field by field', async () => {
    reply = venue(T0 + 5 * MINUTE);
    const [first] = await candles(T0, T0 + MINUTE);
    assert.deepEqual(first, {
      ...{ eventType: 'candle', exchange: 'binance', symbol: 'BTCUSDT', interval: '1m', start: T0 },
      ...{ open: '1', high: '3', low: '0.5', close: '2', volume: '10', closed: true, time: T0 + MINUTE },
    });
    const query = Object.fromEntries(asked[0]!.searchParams);
    assert.deepEqual([query['symbol'], query['interval']], ['BTCUSDT', '1m']);
    assert.equal(asked[0]?.pathname, '/api.binance.com/api/v3/klines');
  });

  test('a later bar proves that the others are closed: no look at the clock', async () => {
    reply = venue(T0 + 5 * MINUTE);
    assert.deepEqual(starts(await candles(T0, T0 + 5 * MINUTE)), [0, 1, 2, 3, 4]);
    assert.equal(asked.length, 1);
  });

  test('the forming bar is left out by the venue clock', async () => {
    reply = venue(T0 + 2 * MINUTE, T0 + 2 * MINUTE + 59_999);
    assert.deepEqual(starts(await candles(T0, T0 + 10 * MINUTE)), [0, 1]);
  });

  test('a newest bar that is long over is read again and told', async () => {
    let reads = 0;
    const newest = T0 + 2 * MINUTE;
    reply = (url, response) => {
      if (url.pathname.endsWith('/time')) return json({ serverTime: T0 + DAY })(url, response);
      reads += 1;
      return json(reads === 1 ? [bar(newest, '1.5')] : [bar(newest, '2.5')])(url, response);
    };
    const list = await candles(T0, T0 + 10 * MINUTE);
    assert.deepEqual(
      list.map(({ close }) => close),
      ['2.5'],
    );
  });

  test('pages until the end, without holes or repeats', async () => {
    reply = venue(T0 + 5_000 * MINUTE);
    const list = await candles(T0, T0 + 2_500 * MINUTE);
    assert.deepEqual(
      starts(list),
      Array.from({ length: 2_500 }, (_, index) => index),
    );
    assert.ok(asked.length <= 4 && asked.every((url) => Number(url.searchParams.get('limit')) <= 1_000));
  });

  for (const [bars, limit, weight] of [
    [1, 2, 1],
    [98, 99, 1],
    [99, 100, 2],
    [499, 500, 5],
  ] as const) {
    test(`${bars} bars: no more is asked for than them and the one behind, so that it weighs ${weight}`, async () => {
      reply = venue(T0 + 5_000 * MINUTE);
      const weights: number[] = [];
      const turns = (): InTurn => (call, given) => {
        weights.push(given ?? 1);
        return call();
      };
      const { port } = server.address() as AddressInfo;
      const paced = binance.connectRest({
        rewrite: () => `http://127.0.0.1:${port}`,
        timeoutMs: 5_000,
        turns,
      });
      const instrument = instrumentOf('binanceUsdm', 'BTCUSDT');
      const query = { instrument, interval: '1m' as const, fromMs: T0, toMs: T0 + bars * MINUTE };
      assert.equal((await paced.candles(marketOf('binanceUsdm'), query)).length, bars);
      assert.deepEqual(
        asked.map(({ searchParams }) => searchParams.get('limit')),
        [String(limit)],
      );
      assert.deepEqual(weights, [weight]);
    });
  }

  test('months are shorter and longer than their nominal length: none is lost', async () => {
    const month = (index: number): number => Date.UTC(2025, index, 1);
    reply = (url, response) => {
      const [from, to, limit] = ['startTime', 'endTime', 'limit'].map((name) =>
        Number(url.searchParams.get(name)),
      );
      const all = Array.from({ length: 15 }, (_, index) => month(index));
      const within = all.filter((start) => start >= from! && start <= to!).slice(0, limit);
      return json(within.map((start) => bar(start)))(url, response);
    };
    const instrument = instrumentOf('binance', 'BTCUSDT');
    for (const [first, last] of [
      [1, 3],
      [1, 14],
      [0, 1],
    ] as const) {
      const query = { instrument, interval: '1M' as const, fromMs: month(first), toMs: month(last) };
      const list = await rest.candles(marketOf('binance'), query);
      assert.equal(list.length, last - first);
    }
  });

  test('COIN-M: no request spans more than 200 days, empty spans are walked over', async () => {
    reply = venue(T0 + 3 * MINUTE, T0 + 3 * MINUTE);
    const list = await candles(T0 - 500 * DAY, T0 + 3 * MINUTE, 'binanceCoinm', 'BTCUSD_PERP');
    assert.deepEqual(starts(list), [0, 1, 2]);
    for (const { pathname, searchParams } of asked) {
      assert.equal(pathname, '/dapi.binance.com/dapi/v1/klines');
      assert.ok(Number(searchParams.get('endTime')) - Number(searchParams.get('startTime')) < 200 * DAY);
    }
  });

  test('USD-M paths', async () => {
    reply = venue(T0, T0);
    assert.deepEqual(await candles(T0, T0 + MINUTE, 'binanceUsdm'), []);
    assert.deepEqual(
      asked.map(({ pathname }) => pathname),
      ['/fapi.binance.com/fapi/v1/klines', '/fapi.binance.com/fapi/v1/time'],
    );
  });

  test('an empty or reversed range asks nothing', async () => {
    reply = venue(T0);
    assert.deepEqual(await candles(T0, T0), []);
    assert.equal(asked.length, 0);
  });

  test('bars without prices are no candles', async () => {
    reply = json([[T0, '0', '0', '0', '0', '0', T0 + MINUTE - 1], bar(T0 + MINUTE)]);
    assert.deepEqual(await candles(T0, T0 + MINUTE), []);
  });

  const garbage: readonly [string, unknown][] = [
    ['no list', {}],
    ['no JSON', 'oops'],
    ['a row that is none', [null]],
    ['a short row', [[T0, '1', '1']]],
    ['a number for a price', [[T0, 1, '1', '1', '1', '1']]],
    ['a price NaN', [[T0, 'NaN', '1', '1', '1', '1']]],
    ['rows out of order', [bar(T0 + MINUTE), bar(T0)]],
    ['a row before the range', [bar(T0 - MINUTE)]],
    ['a row after the range', [bar(T0 + DAY)]],
  ];
  for (const [name, body] of garbage) {
    test(`refuses ${name}`, async () => {
      reply = json(body);
      assert.equal((await failureOf(candles(T0, T0 + 5 * MINUTE))).code, 'REST_BAD_ANSWER');
    });
  }

  test('refuses a clock that is none', async () => {
    reply = (url, response) =>
      json(url.pathname.endsWith('/time') ? { serverTime: 'now' } : [bar(T0)])(url, response);
    assert.equal((await failureOf(candles(T0, T0 + 5 * MINUTE))).code, 'REST_BAD_ANSWER');
  });
});

describe('failures', () => {
  const cases: readonly [string, Reply, ErrorCode, Retry][] = [
    [
      '429 with Retry-After',
      json({ code: -1003, msg: 'Too many requests' }, 429, { 'retry-after': '7' }),
      'REST_LIMITED',
      { afterMs: 7_000 },
    ],
    ['429 without', json({}, 429), 'REST_LIMITED', { afterMs: 60_000 }],
    ['429 with nonsense', json({}, 429, { 'retry-after': 'soon' }), 'REST_LIMITED', { afterMs: 60_000 }],
    [
      '418',
      json({ code: -1003, msg: 'banned' }, 418, { 'retry-after': '259200' }),
      'REST_LIMITED',
      { afterMs: 259_200_000 },
    ],
    ['418 without', json('', 418), 'REST_LIMITED', { afterMs: 120_000 }],
    ['-1003 under another status', json({ code: -1003, msg: 'x' }, 400), 'REST_LIMITED', { afterMs: 60_000 }],
    ['bad symbol', json({ code: -1121, msg: 'Invalid symbol.' }, 400), 'REST_FAILED', 'never'],
    ['firewall', json('<html>', 403), 'REST_FAILED', { afterMs: 300_000 }],
    [
      'restricted region',
      json({ code: 0, msg: 'restricted location' }, 451),
      'REST_FAILED',
      { afterMs: 300_000 },
    ],
    ['venue timeout', json({ code: -1007, msg: 'Timeout' }, 408), 'REST_FAILED', 'backoff'],
    ['venue broken', json('<html>', 502), 'REST_FAILED', 'backoff'],
    ['line cut', (_url, response) => response.destroy(), 'REST_FAILED', 'backoff'],
  ];
  for (const [name, how, code, retry] of cases) {
    test(name, async () => {
      reply = how;
      const error = await failureOf(rest.instruments(marketOf('binance')));
      assert.equal(error.code, code);
      assert.deepEqual(error.retry, retry);
    });
  }

  test('the venue says why, the request is not carried along', async () => {
    reply = json({ code: -1121, msg: 'Invalid symbol.\nsecond line' }, 400);
    const error = await failureOf(rest.instruments(marketOf('binance')));
    assert.equal(error.message, 'binance exchangeInfo: HTTP 400 -1121 Invalid symbol.');
    assert.equal(error.cause, undefined);
  });

  test('nobody answers', async () => {
    reply = () => undefined;
    const error = await failureOf(connect(50).instruments(marketOf('binance')));
    assert.equal(error.code, 'REST_TIMEOUT');
  });

  test('an endless answer ends at the deadline', { timeout: 30_000 }, async () => {
    let drip: NodeJS.Timeout | undefined;
    reply = (_url, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    };
    const error = await failureOf(connect(100).instruments(marketOf('binance')));
    assert.equal(error.code, 'REST_TIMEOUT');
  });

  test('nobody listens', async () => {
    const closed = binance.connectRest({ rewrite: () => 'http://127.0.0.1:1', timeoutMs: 5_000 });
    assert.equal((await failureOf(closed.instruments(marketOf('binance')))).code, 'REST_FAILED');
  });
});
