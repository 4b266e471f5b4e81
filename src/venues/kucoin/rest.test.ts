import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError, type ErrorCode, type Retry } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { Interval } from '../../domain/interval';
import type { KucoinRest } from './bullet';
import { kucoin } from './index';
import { connectRest } from './rest';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const T0 = 1_751_277_600_000;

interface Asked {
  readonly method: string;
  readonly url: URL;
}
type Reply = (asked: Asked, response: ServerResponse) => void;

let server: Server;
let rest: KucoinRest;
let reply: Reply;
let asked: Asked[] = [];

before(async () => {
  server = createServer((request: IncomingMessage, response) => {
    const one = { method: request.method ?? '', url: new URL(request.url ?? '/', 'http://loopback') };
    asked.push(one);
    reply(one, response);
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

function connect(timeoutMs: number): KucoinRest {
  const { port } = server.address() as AddressInfo;
  // A base with a trailing slash, as people configure it.
  const rewrite = (url: string) => `http://127.0.0.1:${port}/${new URL(url).hostname}/`;
  return connectRest({ rewrite, timeoutMs });
}

function raw(body: string, status = 200, headers: Record<string, string> = {}): Reply {
  return (_asked, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };
}

const data = (value: unknown): Reply => raw(JSON.stringify({ code: '200000', data: value }));

function marketOf(exchange: string) {
  return kucoin.descriptor.markets.find((market) => market.exchange === exchange)!;
}

const spotInstrument: Instrument = {
  ...{ exchange: 'kucoin', symbol: 'BTC-USDT', venueSymbol: 'BTC-USDT', base: 'BTC', quote: 'USDT' },
};
const linearInstrument: Instrument = {
  ...{ exchange: 'kucoinLinear', symbol: 'BTCUSDT', venueSymbol: 'XBTUSDTM', base: 'BTC', quote: 'USDT' },
  contractSize: '0.001',
};
const inverseInstrument: Instrument = {
  ...{ exchange: 'kucoinInverse', symbol: 'BTCUSD', venueSymbol: 'XBTUSDM', base: 'BTC', quote: 'USD' },
  contractSize: '1',
};

async function failureOf(promise: Promise<unknown>): Promise<ConnectorError> {
  const thrown: unknown = await promise.then(
    () => assert.fail('no failure'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ConnectorError, String(thrown));
  return thrown;
}

describe('instruments', () => {
  const pair = {
    symbol: 'BTC-USDT',
    baseCurrency: 'BTC',
    quoteCurrency: 'USDT',
    market: 'USDS',
    enableTrading: true,
  };
  const contract = {
    ...{ symbol: 'XBTUSDTM', baseCurrency: 'XBT', quoteCurrency: 'USDT', settleCurrency: 'USDT' },
    ...{ multiplier: 0.001, isInverse: false, status: 'Open', expireDate: null },
  };
  const inverse = { ...contract, symbol: 'XBTUSDM', quoteCurrency: 'USD', multiplier: -1, isInverse: true };
  const contracts = [
    ...[
      contract,
      inverse,
      { ...contract, symbol: 'OLDUSDTM', status: 'BeingSettled' },
      null,
      { symbol: 'X' },
    ],
    { ...inverse, symbol: 'XBTMZ26', expireDate: 1_798_185_600_000 },
    { ...contract, symbol: 'ZEROUSDTM', multiplier: 0 },
  ];

  test('spot: the tradable ones', async () => {
    reply = data([pair, { ...pair, symbol: 'HALT-USDT', enableTrading: false }, { symbol: 'BROKEN' }, null]);
    assert.deepEqual(await rest.instruments(marketOf('kucoin')), [spotInstrument]);
    assert.equal(asked[0]?.url.pathname, '/api.kucoin.com/api/v2/symbols');
  });

  test('futures: each market its own product, by the published names', async () => {
    reply = data(contracts);
    assert.deepEqual(await rest.instruments(marketOf('kucoinLinear')), [linearInstrument]);
    assert.deepEqual(await rest.instruments(marketOf('kucoinInverse')), [
      inverseInstrument,
      { ...inverseInstrument, symbol: 'BTCMZ26', venueSymbol: 'XBTMZ26' },
    ]);
    assert.equal(asked[0]?.url.pathname, '/api-futures.kucoin.com/api/v1/contracts/active');
  });

  test('of a pair id of the backend: spot as it is', () => {
    const asPair = { pair: 'BTC-USDT', base: 'BTC', quote: 'USDT' };
    assert.deepEqual(rest.instrumentOfPair(marketOf('kucoin'), asPair), spotInstrument);
    assert.equal(rest.instrumentOfPair(marketOf('kucoin'), { ...asPair, pair: '' }), undefined);
  });

  test('of a pair id of the backend: contracts by the list, then by their pattern', async () => {
    const market = marketOf('kucoinLinear');
    const asPair = { pair: 'BTCUSDT', base: 'BTC', quote: 'USDT' };
    assert.equal(rest.instrumentOfPair(market, asPair), undefined, 'before the list, which tells the sizes');
    reply = data(contracts);
    await rest.instruments(market);
    assert.deepEqual(rest.instrumentOfPair(market, asPair), linearInstrument);
    const fresh = { pair: 'NEWUSDT', base: 'NEW', quote: 'USDT' };
    assert.deepEqual(rest.instrumentOfPair(market, fresh), {
      ...{ exchange: 'kucoinLinear', symbol: 'NEWUSDT', venueSymbol: 'NEWUSDTM', base: 'NEW', quote: 'USDT' },
    });
  });

  for (const body of [undefined, null, {}, [], 'list', [{ symbol: 1 }]]) {
    test(`refuses ${JSON.stringify(body)}`, async () => {
      reply = data(body);
      for (const exchange of ['kucoin', 'kucoinLinear'])
        assert.equal((await failureOf(rest.instruments(marketOf(exchange)))).code, 'REST_BAD_ANSWER');
    });
  }
});

describe('token', () => {
  const serverOf = (endpoint: string, protocol = 'websocket') => ({
    ...{ endpoint, encrypt: true, protocol, pingInterval: 18000, pingTimeout: 10000 },
  });
  const bullet = (...instanceServers: unknown[]) => data({ token: 'SECRET-TOKEN', instanceServers });

  test('a fresh one for every dial, of the host of the market', async () => {
    reply = bullet(serverOf('wss://ws-api-spot.kucoin.com/'));
    assert.deepEqual(await rest.publicToken(marketOf('kucoin')), {
      ...{ endpoint: 'wss://ws-api-spot.kucoin.com/', token: 'SECRET-TOKEN', serial: 1 },
    });
    assert.equal((await rest.publicToken(marketOf('kucoinInverse'))).serial, 2);
    assert.deepEqual(
      asked.map(({ method, url }) => `${method} ${url.pathname}`),
      ['POST /api.kucoin.com/api/v1/bullet-public', 'POST /api-futures.kucoin.com/api/v1/bullet-public'],
    );
  });

  test('a dead server is left behind by the next dial', async () => {
    reply = bullet(
      serverOf('wss://a.kucoin.com/'),
      serverOf('wss://b.kucoin.com/'),
      serverOf('https://c/', 'http'),
    );
    const endpoints = [];
    for (let dial = 0; dial < 4; dial += 1)
      endpoints.push((await rest.publicToken(marketOf('kucoin'))).endpoint);
    assert.deepEqual(new Set(endpoints), new Set(['wss://a.kucoin.com/', 'wss://b.kucoin.com/']));
    assert.notEqual(endpoints[0], endpoints[1]);
  });

  test('a plain endpoint only from a plain test server', async () => {
    reply = bullet(serverOf('ws://127.0.0.1:9/'));
    assert.equal((await rest.publicToken(marketOf('kucoin'))).endpoint, 'ws://127.0.0.1:9/');
  });

  const bad: readonly [string, Reply][] = [
    ['no token', data({ instanceServers: [serverOf('wss://a/')] })],
    ['an empty token', data({ token: '', instanceServers: [serverOf('wss://a/')] })],
    ['no list', data({ token: 'SECRET-TOKEN' })],
    ['no servers', bullet()],
    ['no URL', bullet(serverOf('nowhere'))],
    ['another protocol', bullet(serverOf('https://a/'))],
    ['odd types', data({ token: 'SECRET-TOKEN', instanceServers: ['SECRET-TOKEN'] })],
  ];
  for (const [name, how] of bad) {
    test(`refuses ${name}, and keeps the token to itself`, async () => {
      reply = how;
      const error = await failureOf(rest.publicToken(marketOf('kucoin')));
      assert.equal(error.code, 'REST_BAD_ANSWER');
      assert.ok(!JSON.stringify([error.message, error.stack, error.cause]).includes('SECRET-TOKEN'));
    });
  }
});

describe('candles', () => {
  const spotBar = (start: number, close = '2') => [String(start / 1_000), '1', close, '3', '0.5', '10', '20'];
  const futuresBar = (start: number, close = 2) => [start, 1, 3, 0.5, close, 12785, 20];

  /** Minute bars from T0 up to `newest`; bounds inclusive, as the worst of the possible readings. */
  function venue(newest: number, now = newest + 1_000): Reply {
    return ({ url }, response) => {
      if (url.pathname.endsWith('/timestamp')) return data(now)({ method: '', url }, response);
      const isSpot = url.pathname.endsWith('/market/candles');
      const [from, to] = isSpot
        ? ['startAt', 'endAt'].map((name) => Number(url.searchParams.get(name)) * 1_000)
        : ['from', 'to'].map((name) => Number(url.searchParams.get(name)));
      const bars: unknown[] = [];
      for (
        let at = Math.max(T0, Math.ceil(from! / MINUTE) * MINUTE);
        at <= Math.min(newest, to!);
        at += MINUTE
      )
        bars.push(isSpot ? spotBar(at) : futuresBar(at));
      assert.ok(bars.length <= (isSpot ? 1_500 : 200), 'the venue would cut the answer');
      return data(isSpot ? bars.reverse() : bars)({ method: '', url }, response);
    };
  }

  function candles(fromMs: number, toMs: number, instrument = spotInstrument, interval: Interval = '1m') {
    return rest.candles(marketOf(instrument.exchange), { instrument, interval, fromMs, toMs });
  }

  const starts = (list: readonly { start: number }[]) => list.map(({ start }) => (start - T0) / MINUTE);

  test('spot: a closed bar, field by field (close comes before high)', async () => {
    reply = venue(T0 + 5 * MINUTE);
    assert.deepEqual(await candles(T0, T0 + MINUTE), [
      {
        ...{ eventType: 'candle', exchange: 'kucoin', symbol: 'BTC-USDT', interval: '1m', start: T0 },
        ...{ open: '1', high: '3', low: '0.5', close: '2', volume: '10', closed: true, time: T0 + MINUTE },
      },
    ]);
    const { pathname, searchParams } = asked[0]!.url;
    assert.equal(pathname, '/api.kucoin.com/api/v1/market/candles');
    assert.deepEqual(Object.fromEntries(searchParams), {
      ...{ symbol: 'BTC-USDT', type: '1min', startAt: String(T0 / 1_000), endAt: String(T0 / 1_000 + 120) },
    });
  });

  test('futures: volumes in base coin on linear, in contracts on inverse', async () => {
    reply = venue(T0 + 5 * MINUTE);
    const [linear] = await candles(T0, T0 + MINUTE, linearInstrument);
    assert.deepEqual(linear, {
      ...{ eventType: 'candle', exchange: 'kucoinLinear', symbol: 'BTCUSDT', interval: '1m', start: T0 },
      ...{ open: '1', high: '3', low: '0.5', close: '2', volume: '12.785', closed: true, time: T0 + MINUTE },
    });
    const { pathname, searchParams } = asked[0]!.url;
    assert.equal(pathname, '/api-futures.kucoin.com/api/v1/kline/query');
    assert.deepEqual([searchParams.get('symbol'), searchParams.get('granularity')], ['XBTUSDTM', '1']);
    const [inverse] = await candles(T0, T0 + MINUTE, inverseInstrument);
    assert.equal(inverse?.volume, '12785');
  });

  test('a contract of unknown size: taken from the list, else refused', async () => {
    const { exchange, symbol, venueSymbol, base, quote } = linearInstrument;
    const unsized: Instrument = { exchange, symbol, venueSymbol, base, quote };
    assert.equal((await failureOf(candles(T0, T0 + MINUTE, unsized))).code, 'REST_FAILED');
    const listed = { symbol: 'XBTUSDTM', baseCurrency: 'XBT', quoteCurrency: 'USDT', multiplier: 0.001 };
    reply = data([{ ...listed, isInverse: false, status: 'Open' }]);
    await rest.instruments(marketOf('kucoinLinear'));
    reply = venue(T0 + 5 * MINUTE);
    assert.equal((await candles(T0, T0 + MINUTE, unsized))[0]?.volume, '12.785');
  });

  test('a later bar proves that the others are closed: no look at the clock', async () => {
    reply = venue(T0 + 5 * MINUTE);
    assert.deepEqual(starts(await candles(T0, T0 + 5 * MINUTE)), [0, 1, 2, 3, 4]);
    assert.equal(asked.length, 1);
  });

  for (const instrument of [spotInstrument, linearInstrument]) {
    test(`${instrument.exchange}: the forming bar is left out by the venue's clock`, async () => {
      reply = venue(T0 + 2 * MINUTE, T0 + 2 * MINUTE + 59_999);
      assert.deepEqual(starts(await candles(T0, T0 + 10 * MINUTE, instrument)), [0, 1]);
    });

    test(`${instrument.exchange}: pages without holes or repeats`, async () => {
      reply = venue(T0 + 5_000 * MINUTE);
      const list = await candles(T0, T0 + 2_500 * MINUTE, instrument);
      assert.deepEqual(
        starts(list),
        Array.from({ length: 2_500 }, (_, index) => index),
      );
    });
  }

  test('a newest bar that is long over is read again and told', async () => {
    let reads = 0;
    const newest = T0 + 2 * MINUTE;
    reply = (one, response) => {
      if (one.url.pathname.endsWith('/timestamp')) return data(T0 + DAY)(one, response);
      reads += 1;
      return data([spotBar(newest, reads === 1 ? '1.5' : '2.5')])(one, response);
    };
    const list = await candles(T0, T0 + 10 * MINUTE);
    assert.deepEqual(
      list.map(({ close }) => close),
      ['2.5'],
    );
  });

  test('weeks open when the venue says', async () => {
    const thursday = Date.UTC(2025, 5, 26);
    reply = data([thursday + 7 * DAY, thursday].map((start) => spotBar(start)));
    const list = await candles(Date.UTC(2025, 5, 23), Date.UTC(2025, 5, 30), spotInstrument, '1w');
    assert.deepEqual(
      list.map(({ start, time }) => [start, time]),
      [[thursday, thursday + 7 * DAY]],
    );
  });

  test('an empty or reversed range asks nothing; a foreign interval is refused', async () => {
    reply = venue(T0);
    assert.deepEqual(await candles(T0, T0), []);
    assert.deepEqual(await candles(T0, T0 - MINUTE), []);
    assert.equal((await failureOf(candles(T0, T0 + DAY, linearInstrument, '6h'))).code, 'COMMAND_INVALID');
    assert.equal(asked.length, 0);
  });

  test('bars without prices are no candles', async () => {
    reply = data([spotBar(T0 + MINUTE), [String(T0 / 1_000), '0', '0', '0', '0', '0', '0']]);
    assert.deepEqual(await candles(T0, T0 + MINUTE), []);
  });

  test('no bars at all', async () => {
    reply = data([]);
    assert.deepEqual(await candles(T0, T0 + MINUTE), []);
    assert.equal(asked.length, 1);
  });

  const second = String(T0 / 1_000);
  const garbage: readonly [string, unknown, unknown][] = [
    ['no list', {}, null],
    ['a row that is none', [null], [7]],
    ['a short row', [[second, '1', '1']], [[T0, 1, 1]]],
    ['a price NaN', [[second, 'NaN', '1', '1', '1', '1']], [[T0, 'NaN', 1, 1, 1, 1]]],
    ['a negative volume', [[second, '1', '1', '1', '1', '-1']], [[T0, 1, 1, 1, 1, -1]]],
    ['an odd start', [[T0, '1', '1', '1', '1', '1']], [[second, 1, 1, 1, 1, 1]]],
    ['more than was asked for', Array(1_501).fill(spotBar(T0)), Array(501).fill(futuresBar(T0))],
  ];
  for (const [name, spot, futures] of garbage) {
    test(`refuses ${name}`, async () => {
      reply = data(spot);
      assert.equal((await failureOf(candles(T0, T0 + 5 * MINUTE))).code, 'REST_BAD_ANSWER');
      reply = data(futures);
      const failure = await failureOf(candles(T0, T0 + 5 * MINUTE, linearInstrument));
      assert.equal(failure.code, 'REST_BAD_ANSWER');
    });
  }

  test('refuses a clock that is none', async () => {
    reply = (one, response) =>
      data(one.url.pathname.endsWith('/timestamp') ? 'now' : [spotBar(T0)])(one, response);
    assert.equal((await failureOf(candles(T0, T0 + 5 * MINUTE))).code, 'REST_BAD_ANSWER');
  });
});

describe('failures', () => {
  const refusal = (code: string, msg: string, status = 200, headers: Record<string, string> = {}) =>
    raw(JSON.stringify({ code, msg }), status, headers);
  const cases: readonly [string, Reply, ErrorCode, Retry][] = [
    [
      '429 with the reset',
      refusal('429000', 'Too many', 429, { 'gw-ratelimit-reset': '1234' }),
      'REST_LIMITED',
      { afterMs: 1_234 },
    ],
    ['429 with Retry-After', raw('', 429, { 'retry-after': '7' }), 'REST_LIMITED', { afterMs: 7_000 }],
    ['429 without', raw('', 429), 'REST_LIMITED', { afterMs: 30_000 }],
    [
      '429 with nonsense',
      raw('', 429, { 'gw-ratelimit-reset': 'soon' }),
      'REST_LIMITED',
      { afterMs: 30_000 },
    ],
    ['429000 under HTTP 200', refusal('429000', 'Too many'), 'REST_LIMITED', { afterMs: 30_000 }],
    [
      'bad parameter',
      refusal('400100', 'This type of Candlestick is currently not provided.'),
      'REST_FAILED',
      'never',
    ],
    ['no such symbol', refusal('900001', 'symbol not exists', 400), 'REST_FAILED', 'never'],
    ['venue busy', refusal('500000', 'Internal Server Error'), 'REST_FAILED', 'backoff'],
    ['firewall', raw('<html>', 403), 'REST_FAILED', { afterMs: 300_000 }],
    ['venue broken', raw('<html>', 502), 'REST_FAILED', 'backoff'],
    ['no JSON', raw('<html>busy</html>'), 'REST_BAD_ANSWER', 'backoff'],
    ['no code', raw('{"data":[]}'), 'REST_BAD_ANSWER', 'backoff'],
    ['null', raw('null'), 'REST_BAD_ANSWER', 'backoff'],
    ['elsewhere', raw('', 302, { location: 'http://127.0.0.1:1/' }), 'REST_FAILED', 'backoff'],
    ['line cut', (_asked, response) => response.destroy(), 'REST_FAILED', 'backoff'],
  ];
  for (const [name, how, code, retry] of cases) {
    test(name, async () => {
      reply = how;
      const error = await failureOf(rest.instruments(marketOf('kucoin')));
      assert.equal(error.code, code, error.message);
      assert.deepEqual(error.retry, retry);
    });
  }

  test('the venue says why, in one line', async () => {
    reply = refusal('400100', 'no such type\nsecond line');
    const error = await failureOf(rest.instruments(marketOf('kucoin')));
    assert.equal(error.message, 'kucoin symbols: HTTP 200 400100 no such type');
  });

  test('nobody answers', async () => {
    reply = () => undefined;
    assert.equal((await failureOf(connect(50).instruments(marketOf('kucoin')))).code, 'REST_TIMEOUT');
  });

  test('an endless answer ends at the deadline', { timeout: 30_000 }, async () => {
    reply = (_asked, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    };
    assert.equal((await failureOf(connect(100).instruments(marketOf('kucoin')))).code, 'REST_TIMEOUT');
  });

  test('a flood ends at the size limit', { timeout: 30_000 }, async () => {
    const block = Buffer.alloc(1 << 20, ' ');
    reply = (_asked, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const pour = (): void => {
        while (response.write(block));
        response.once('drain', pour);
      };
      pour();
    };
    assert.equal((await failureOf(connect(20_000).instruments(marketOf('kucoin')))).code, 'REST_BAD_ANSWER');
  });

  test('nobody listens', async () => {
    const closed = connectRest({ rewrite: () => 'http://127.0.0.1:1', timeoutMs: 5_000 });
    assert.equal((await failureOf(closed.instruments(marketOf('kucoin')))).code, 'REST_FAILED');
  });
});
