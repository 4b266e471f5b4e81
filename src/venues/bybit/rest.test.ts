import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import type { CandleQuery, VenueRest } from '../contract';
import { bybit } from './index';

const [SPOT, LINEAR, INVERSE] = bybit.descriptor.markets;
const MINUTE = 60_000;
const T0 = 1_700_000_040_000;

type Answer = (query: URLSearchParams, request: IncomingMessage, response: ServerResponse) => unknown;

/** A venue on loopback: `answer` returns the body, or writes the response itself. */
async function venue(
  t: TestContext,
  answer: Answer,
  timeoutMs = 5_000,
): Promise<{ rest: VenueRest; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    asked.push(url.pathname + url.search);
    const body = answer(url.searchParams, request, response);
    if (body !== undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const rewrite = (url: string): string =>
    url.replace('https://api.bybit.com', `http://127.0.0.1:${port}/bybit`);
  return { rest: bybit.connectRest({ rewrite, timeoutMs }), asked };
}

function ok(result: object, time = T0): object {
  return { retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time };
}

function row(symbol: string, status = 'Trading'): object {
  return { symbol, baseCoin: symbol.slice(0, 3), quoteCoin: 'USDT', status, contractType: 'LinearPerpetual' };
}

async function failure(run: Promise<unknown>): Promise<ConnectorError> {
  const thrown: unknown = await run.then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ConnectorError, String(thrown));
  return thrown;
}

// ---------------------------------------------------------------------------- instruments

test('reads every page of instruments and keeps the tradable ones', async (t) => {
  // The cursor looks percent-encoded already; it has to come back as it is.
  const second = 'first%3DBIOUSDT%26last%3DBIOUSDT';
  const { rest, asked } = await venue(t, (query) =>
    query.get('cursor') === second
      ? ok({
          category: 'linear',
          list: [row('BTC-26DEC25'), row('OLDUSDT', 'Delivering')],
          nextPageCursor: '',
        })
      : ok({ category: 'linear', list: [row('BTCUSDT')], nextPageCursor: second }),
  );
  assert.deepEqual(await rest.instruments(LINEAR!), [
    {
      exchange: 'bybitLinear',
      symbol: 'BTCUSDT',
      venueSymbol: 'BTCUSDT',
      base: 'BTC',
      quote: 'USDT',
      contractSize: '1',
    },
    {
      exchange: 'bybitLinear',
      symbol: 'BTC-26DEC25',
      venueSymbol: 'BTC-26DEC25',
      base: 'BTC',
      quote: 'USDT',
      contractSize: '1',
    },
  ]);
  assert.equal(asked.length, 2);
  assert.equal(asked[0], '/bybit/v5/market/instruments-info?category=linear&limit=1000');
});

test('spot instruments have no contract size and no cursor', async (t) => {
  const { rest } = await venue(t, () => ok({ category: 'spot', list: [row('BTCUSDT')] }));
  assert.deepEqual(await rest.instruments(SPOT!), [
    { exchange: 'bybit', symbol: 'BTCUSDT', venueSymbol: 'BTCUSDT', base: 'BTC', quote: 'USDT' },
  ]);
});

test('skips a malformed instrument among good ones', async (t) => {
  const list = [row('BTCUSDT'), { symbol: 'X"Y', baseCoin: 'X', quoteCoin: 'Y', status: 'Trading' }, null];
  const { rest } = await venue(t, () => ok({ list }));
  assert.deepEqual(
    (await rest.instruments(SPOT!)).map(({ symbol }) => symbol),
    ['BTCUSDT'],
  );
});

test('a pair of the backend is the venue symbol', async (t) => {
  const { rest } = await venue(t, () => ok({ list: [] }));
  const pair = { pair: 'BTCUSD', base: 'BTC', quote: 'USD' };
  assert.deepEqual(rest.instrumentOfPair(INVERSE!, pair), {
    exchange: 'bybitInverse',
    symbol: 'BTCUSD',
    venueSymbol: 'BTCUSD',
    base: 'BTC',
    quote: 'USD',
    contractSize: '1',
  });
  for (const bad of ['', 'A B', 'A"B', 'A.B', 'A,B', 'A'.repeat(65)]) {
    assert.equal(rest.instrumentOfPair(INVERSE!, { ...pair, pair: bad }), undefined);
  }
});

// ---------------------------------------------------------------------------- candles

const BTC = {
  exchange: 'bybitLinear',
  symbol: 'BTCUSDT',
  venueSymbol: 'BTCUSDT',
  base: 'BTC',
  quote: 'USDT',
};

function query(fromMs: number, toMs: number): CandleQuery {
  return { instrument: BTC, interval: '1m', fromMs, toMs };
}

/** As the venue: bars of the window, newest first, at most `limit` of them. */
function klines(time: number): Answer {
  return (params) => {
    const [start, end, limit] = ['start', 'end', 'limit'].map((key) => Number(params.get(key)));
    const list: string[][] = [];
    const newest = Math.floor(Math.min(end!, time) / MINUTE) * MINUTE;
    for (let at = newest; at >= start! && list.length < limit!; at -= MINUTE) {
      list.push([String(at), '1.10', '2', '0.5', '1.5', '7', '8']);
    }
    return ok({ symbol: params.get('symbol'), category: params.get('category'), list }, time);
  };
}

test('reads closed bars of the window, oldest first, the forming one left out', async (t) => {
  const { rest, asked } = await venue(t, klines(T0 + 3 * MINUTE + 2_005));
  const bars = await rest.candles(LINEAR!, query(T0, T0 + 10 * MINUTE));
  assert.deepEqual(
    bars.map(({ start }) => start),
    [T0, T0 + MINUTE, T0 + 2 * MINUTE],
  );
  assert.deepEqual(bars[0], {
    eventType: 'candle',
    exchange: 'bybitLinear',
    symbol: 'BTCUSDT',
    interval: '1m',
    start: T0,
    open: '1.10',
    high: '2',
    low: '0.5',
    close: '1.5',
    volume: '7',
    closed: true,
    time: T0 + MINUTE,
  });
  assert.equal(
    asked[0],
    `/bybit/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1&start=${T0}&end=${T0 + 10 * MINUTE - 1}&limit=1000`,
  );
});

test('a bar is final 2 s after its end by the clock of the venue, not before', async (t) => {
  for (const [sinceEndMs, count] of [
    [0, 1],
    [1_999, 1],
    [2_000, 2],
  ] as const) {
    const { rest } = await venue(t, klines(T0 + 2 * MINUTE + sinceEndMs));
    const bars = await rest.candles(LINEAR!, query(T0, T0 + 5 * MINUTE));
    assert.equal(bars.length, count, `${sinceEndMs} ms`);
  }
});

test('the end of the window is exclusive, to the millisecond of the close', async (t) => {
  const { rest } = await venue(t, klines(T0 + 3 * MINUTE));
  const bars = await rest.candles(LINEAR!, query(T0 + 1, T0 + 2 * MINUTE));
  assert.deepEqual(
    bars.map(({ start }) => start),
    [T0 + MINUTE],
  );
  assert.deepEqual(await rest.candles(LINEAR!, query(T0, T0)), []);
});

test('pages through a long gap without loss or repeat', async (t) => {
  const { rest, asked } = await venue(t, klines(T0 + 3_000 * MINUTE));
  const bars = await rest.candles(LINEAR!, query(T0, T0 + 2_500 * MINUTE));
  assert.equal(asked.length, 3);
  assert.deepEqual(
    bars.map(({ start }) => start),
    Array.from({ length: 2_500 }, (_, at) => T0 + at * MINUTE),
  );
});

test('bars of zeros and bars outside the window are left out, repeats count once', async (t) => {
  const bar = (start: number, price = '1'): unknown[] => [
    String(start),
    price,
    price,
    price,
    price,
    '1',
    '1',
  ];
  const list = [bar(T0 + 5 * MINUTE), bar(T0 + MINUTE), bar(T0 + MINUTE), bar(T0, '0'), bar(T0 - MINUTE)];
  const { rest } = await venue(t, () => ok({ list }, T0 + 9 * MINUTE));
  const bars = await rest.candles(LINEAR!, query(T0, T0 + 3 * MINUTE));
  assert.deepEqual(
    bars.map(({ start }) => start),
    [T0 + MINUTE],
  );
});

test('refuses what the venue has not, before it is asked', async (t) => {
  const { rest, asked } = await venue(t, klines(T0));
  for (const one of [{ ...query(T0, T0 + MINUTE), interval: '8h' as const }, query(0, T0)]) {
    const error = await failure(rest.candles(LINEAR!, one));
    assert.equal(error.code, 'REST_FAILED');
    assert.equal(error.retry, 'never');
  }
  assert.equal(asked.length, 0);
});

// ---------------------------------------------------------------------------- failures

function status(code: number, headers: Readonly<Record<string, string>> = {}, body = '{}'): Answer {
  return (_query, _request, response) => void response.writeHead(code, headers).end(body);
}

const refusal =
  (retCode: number): Answer =>
  () => ({ retCode, retMsg: 'Too many visits!', result: {}, time: T0 });

const FAILURES: readonly (readonly [string, Answer, string, unknown])[] = [
  ['429 with Retry-After', status(429, { 'retry-after': '60' }), 'REST_LIMITED', { afterMs: 60_000 }],
  ['429 without a word', status(429), 'REST_LIMITED', { afterMs: 5_000 }],
  ['403, the ten-minute ban', status(403, {}, 'access too frequent'), 'REST_LIMITED', { afterMs: 600_000 }],
  ['10006', refusal(10006), 'REST_LIMITED', { afterMs: 5_000 }],
  ['10018', refusal(10018), 'REST_LIMITED', { afterMs: 5_000 }],
  ['10001', refusal(10001), 'REST_FAILED', 'never'],
  ['10016', refusal(10016), 'REST_FAILED', 'backoff'],
  ['404', status(404), 'REST_FAILED', 'never'],
  ['502', status(502, {}, '<html>bad gateway</html>'), 'REST_FAILED', 'backoff'],
  ['a redirect', status(302, { location: 'http://127.0.0.1:1/' }), 'REST_FAILED', 'backoff'],
  ['a web page', status(200, {}, '<html>maintenance</html>'), 'REST_BAD_ANSWER', 'backoff'],
  ['truncated JSON', status(200, {}, '{"retCode":0,"result":{"list":['), 'REST_BAD_ANSWER', 'backoff'],
  ['a number', () => 5, 'REST_BAD_ANSWER', 'backoff'],
  ['no list', () => ok({}), 'REST_BAD_ANSWER', 'backoff'],
  ['no time', () => ({ retCode: 0, result: { list: [row('BTCUSDT')] } }), 'REST_BAD_ANSWER', 'backoff'],
  ['an empty list', () => ok({ list: [] }), 'REST_BAD_ANSWER', 'backoff'],
  ['nothing but nonsense', () => ok({ list: [1, 'x', {}] }), 'REST_BAD_ANSWER', 'backoff'],
  [
    'a cursor that repeats itself',
    () => ok({ list: [row('BTCUSDT')], nextPageCursor: 'again' }),
    'REST_BAD_ANSWER',
    'backoff',
  ],
  ['a reset connection', (_query, request) => void request.socket.destroy(), 'REST_FAILED', 'backoff'],
];

for (const [title, answer, code, retry] of FAILURES) {
  test(`instruments: ${title} -> ${code}`, async (t) => {
    const { rest } = await venue(t, answer);
    const error = await failure(rest.instruments(LINEAR!));
    assert.equal(error.code, code);
    assert.deepEqual(error.retry, retry);
    // The SDK's own error carries the request: it must not travel on.
    assert.equal(error.cause, undefined);
  });
}

const BARS: readonly (readonly [string, unknown])[] = [
  ['no array', {}],
  ['no start', ['x', '1', '1', '1', '1', '1', '1']],
  ['no price', [String(T0), '1', 'NaN', '1', '1', '1', '1']],
  ['no volume', [String(T0), '1', '1', '1', '1']],
  ['a number for a price', [String(T0), 1, '1', '1', '1', '1', '1']],
];

for (const [title, bar] of BARS) {
  test(`candles: a bar with ${title} spoils the answer`, async (t) => {
    const { rest } = await venue(t, () => ok({ list: [bar] }, T0 + 5 * MINUTE));
    assert.equal((await failure(rest.candles(LINEAR!, query(T0, T0 + MINUTE)))).code, 'REST_BAD_ANSWER');
  });
}

test('silence ends at the deadline', async (t) => {
  const { rest } = await venue(t, () => undefined, 50);
  assert.equal((await failure(rest.instruments(LINEAR!))).code, 'REST_TIMEOUT');
});

test('a dripping answer ends at the deadline too', async (t) => {
  const { rest } = await venue(
    t,
    (_query, _request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    },
    150,
  );
  assert.equal((await failure(rest.instruments(LINEAR!))).code, 'REST_TIMEOUT');
});
