import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError, type ErrorCode, type Retry } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { Interval } from '../../domain/interval';
import type { VenueRest } from '../contract';
import { coinbase } from './index';
import { connectRest } from './rest';

const MINUTE = 60_000;
const T0 = 1_751_277_600_000;
const BASE = '/api.coinbase.com/api/v3/brokerage';
const market = coinbase.descriptor.markets[0]!;

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
  const rewrite = (url: string): string =>
    `http://127.0.0.1:${port}/${new URL(url).hostname}${new URL(url).pathname}/`;
  return connectRest({ rewrite, timeoutMs });
}

function raw(body: string, status = 200, headers: Record<string, string> = {}): Reply {
  return (_url, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };
}

const json = (value: unknown): Reply => raw(JSON.stringify(value));

async function failureOf(promise: Promise<unknown>): Promise<ConnectorError> {
  const thrown: unknown = await promise.then(
    () => assert.fail('no failure'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ConnectorError, String(thrown));
  return thrown;
}

const bitcoin: Instrument = {
  ...{ exchange: 'coinbase', symbol: 'BTC-USD', venueSymbol: 'BTC-USD', base: 'BTC', quote: 'USD' },
};

describe('instruments', () => {
  const product = (product_id: string, fields: object = {}): object => {
    const [base_currency_id, quote_currency_id] = product_id.split('-');
    const shared = { product_id, base_currency_id, quote_currency_id, alias: '', alias_to: [] };
    const flags = { status: 'online', trading_disabled: false, is_disabled: false, view_only: false };
    return { ...shared, ...flags, product_type: 'SPOT', ...fields };
  };
  const pages =
    (rows: readonly unknown[], most: number): Reply =>
    (url, response) => {
      const offset = Number(url.searchParams.get('offset'));
      const products = rows.slice(offset, offset + most);
      json({ products, num_products: products.length })(url, response);
    };
  const symbols = async (): Promise<readonly string[]> =>
    (await rest.instruments(market)).map(({ symbol }) => symbol);

  test('tradable products, and the book that twins share', async () => {
    reply = pages(
      [
        product('BTC-USD', { alias_to: ['BTC-USDC'] }),
        product('BTC-USDC', { alias: 'BTC-USD' }),
        product('EURC-USDC'),
        product('ODD-EUR', { alias: 'ODD-USD' }),
        product('OFF-USD', { status: 'offline' }),
        product('GONE-USD', { status: 'delisted' }),
        product('HALT-USD', { trading_disabled: true }),
        product('DIS-USD', { is_disabled: true }),
        product('VIEW-USD', { view_only: true }),
        product('PERP-USD', { product_type: 'FUTURE' }),
        { product_id: 'BROKEN-USD', status: 'online' },
        product('evil"id'),
        null,
      ],
      500,
    );
    const listed = await rest.instruments(market);
    assert.deepEqual(listed[0], bitcoin);
    assert.deepEqual(listed[1], { ...bitcoin, symbol: 'BTC-USDC', quote: 'USDC' });
    assert.deepEqual(
      listed.map(({ symbol, venueSymbol }) => `${symbol} ${venueSymbol}`),
      ['BTC-USD BTC-USD', 'BTC-USDC BTC-USD', 'EURC-USDC EURC-USDC', 'ODD-EUR ODD-EUR'],
    );
    assert.equal(asked[0]?.pathname, `${BASE}/market/products`);
    assert.equal(asked[0]?.searchParams.get('product_type'), 'SPOT');
  });

  test('all pages, though shorter than asked for', async () => {
    const rows = Array.from({ length: 705 }, (_, at) => product(`C${at}-USD`));
    reply = pages(rows, 250);
    assert.equal((await symbols()).length, 705);
    assert.deepEqual(
      asked.map(({ searchParams }) => searchParams.get('offset')),
      ['0', '250', '500', '705'],
    );
  });

  test('a server that ignores the offset is asked twice', async () => {
    reply = json({ products: [product('BTC-USD')] });
    assert.deepEqual(await symbols(), ['BTC-USD']);
    assert.equal(asked.length, 2);
  });

  test('pages without end', async () => {
    reply = (url, response) =>
      json({ products: [product(`C${url.searchParams.get('offset')}-USD`)] })(url, response);
    assert.equal((await failureOf(rest.instruments(market))).code, 'REST_BAD_ANSWER');
    assert.equal(asked.length, 100);
  });

  test('pairs of the backend: by the rule, and by the list once it was read', async () => {
    const bookOf = (pair: string): string | undefined =>
      rest.instrumentOfPair(market, { pair, base: 'B', quote: 'Q' })?.venueSymbol;
    assert.deepEqual(rest.instrumentOfPair(market, { pair: 'BTC-USD', base: 'BTC', quote: 'USD' }), bitcoin);
    assert.equal(bookOf('NEW-USDC'), 'NEW-USD');
    assert.equal(bookOf('EURC-USDC'), 'EURC-USDC');
    assert.equal(bookOf(''), undefined);
    assert.equal(bookOf('a"b'), undefined);
    reply = pages([product('NEW-USDC'), product('BTC-USDC', { alias: 'BTC-USD' })], 500);
    await rest.instruments(market);
    assert.equal(bookOf('NEW-USDC'), 'NEW-USDC');
    assert.equal(bookOf('BTC-USDC'), 'BTC-USD');
  });

  for (const body of [
    'null',
    '[]',
    '{}',
    '7',
    '{"products":{}}',
    '{"products":[]}',
    '{"products":[{"a":1}]}',
  ]) {
    test(`refuses ${body}`, async () => {
      reply = raw(body);
      assert.equal((await failureOf(rest.instruments(market))).code, 'REST_BAD_ANSWER');
    });
  }
});

describe('candles', () => {
  const bar = (start: number, close = '2'): object => ({
    ...{ start: String(start / 1_000), low: '0.5', high: '3', open: '1', close, volume: '10' },
  });

  /** Minute bars from T0 up to `newest`; bounds inclusive, as the worst of the possible readings. */
  function venue(newest: number, now = newest + 1_000): Reply {
    return (url, response) => {
      if (url.pathname.endsWith('/time')) return json({ epochMillis: String(now) })(url, response);
      const [from, to] = ['start', 'end'].map((name) => Number(url.searchParams.get(name)) * 1_000);
      const candles: object[] = [];
      for (let at = Math.max(T0, from!); at <= Math.min(newest, to!); at += MINUTE) candles.push(bar(at));
      assert.ok(candles.length <= 350, 'the venue would cut the answer');
      return json({ candles: candles.reverse() })(url, response);
    };
  }

  function candles(fromMs: number, toMs: number, interval: Interval = '1m', instrument = bitcoin) {
    return rest.candles(market, { instrument, interval, fromMs, toMs });
  }

  const starts = (list: readonly { start: number }[]): number[] =>
    list.map(({ start }) => (start - T0) / MINUTE);

  test('a closed bar, field by field; a twin is asked for by the book that it shares', async () => {
    reply = venue(T0 + 5 * MINUTE);
    const twin = { ...bitcoin, symbol: 'BTC-USDC' };
    assert.deepEqual(await candles(T0, T0 + MINUTE, '1m', twin), [
      {
        ...{ eventType: 'candle', exchange: 'coinbase', symbol: 'BTC-USDC', interval: '1m', start: T0 },
        ...{ open: '1', high: '3', low: '0.5', close: '2', volume: '10', closed: true, time: T0 + MINUTE },
      },
    ]);
    assert.equal(asked[0]?.pathname, `${BASE}/market/products/BTC-USD/candles`);
    assert.deepEqual(Object.fromEntries(asked[0].searchParams), {
      ...{ start: String(T0 / 1_000), end: String(T0 / 1_000 + 120) },
      ...{ granularity: 'ONE_MINUTE', limit: '350' },
    });
  });

  test('a later bar proves that the others are closed: no look at the clock', async () => {
    reply = venue(T0 + 5 * MINUTE);
    assert.deepEqual(starts(await candles(T0, T0 + 5 * MINUTE)), [0, 1, 2, 3, 4]);
    assert.equal(asked.length, 1);
  });

  test("the forming bar is left out by the venue's clock", async () => {
    reply = venue(T0 + 2 * MINUTE, T0 + 3 * MINUTE + 2_999);
    assert.deepEqual(starts(await candles(T0, T0 + 10 * MINUTE)), [0, 1]);
  });

  test('a newest bar that is long over is read again and told', async () => {
    let reads = 0;
    reply = (url, response) => {
      if (url.pathname.endsWith('/time'))
        return json({ epochMillis: String(T0 + 9 * MINUTE) })(url, response);
      reads += 1;
      return json({ candles: [bar(T0, reads === 1 ? '1.5' : '2.5')] })(url, response);
    };
    const list = await candles(T0, T0 + 5 * MINUTE);
    assert.deepEqual(
      list.map(({ close }) => close),
      ['2.5'],
    );
  });

  test('pages without holes or repeats', async () => {
    reply = venue(T0 + 2_000 * MINUTE);
    const list = await candles(T0, T0 + 1_000 * MINUTE);
    assert.deepEqual(
      starts(list),
      Array.from({ length: 1_000 }, (_, at) => at),
    );
  });

  test('an empty or reversed range and a foreign interval ask nothing', async () => {
    reply = venue(T0);
    assert.deepEqual(await candles(T0, T0), []);
    assert.deepEqual(await candles(T0, T0 - MINUTE), []);
    assert.equal((await failureOf(candles(T0, T0 + 9 * MINUTE, '3m'))).code, 'COMMAND_INVALID');
    assert.equal((await failureOf(candles(0, T0))).retry, 'never');
    assert.equal(asked.length, 0);
  });

  test('no bars at all, and bars without prices', async () => {
    reply = json({ candles: [] });
    assert.deepEqual(await candles(T0, T0 + MINUTE), []);
    assert.equal(asked.length, 1);
    reply = json({ candles: [bar(T0 + MINUTE), { ...bar(T0), open: '0' }] });
    assert.deepEqual(await candles(T0, T0 + MINUTE), []);
  });

  const garbage: readonly [string, unknown][] = [
    ['no list', {}],
    ['null', null],
    ['a row that is none', { candles: [null] }],
    ['a price NaN', { candles: [{ ...bar(T0), close: 'NaN' }] }],
    ['a negative volume', { candles: [{ ...bar(T0), volume: '-1' }] }],
    ['a number for a text', { candles: [{ ...bar(T0), start: T0 }] }],
    ['more than was asked for', { candles: Array(351).fill(bar(T0)) }],
    ['a clock that is none', { candles: [bar(T0)] }],
  ];
  for (const [name, body] of garbage) {
    test(`refuses ${name}`, async () => {
      reply = json(body);
      assert.equal((await failureOf(candles(T0, T0 + 5 * MINUTE))).code, 'REST_BAD_ANSWER');
    });
  }
});

describe('failures', () => {
  const cases: readonly [string, Reply, ErrorCode, Retry][] = [
    ['429 with Retry-After', raw('', 429, { 'retry-after': '7' }), 'REST_LIMITED', { afterMs: 7_000 }],
    ['429 with a reset', raw('', 429, { 'x-ratelimit-reset': '3' }), 'REST_LIMITED', { afterMs: 3_000 }],
    [
      '429 with a date',
      raw('', 429, { 'x-ratelimit-reset': '1751277600' }),
      'REST_LIMITED',
      { afterMs: 1_000 },
    ],
    ['429 without', raw('', 429), 'REST_LIMITED', { afterMs: 1_000 }],
    ['bad parameter', raw('{"error":"INVALID_ARGUMENT","message":"x"}', 400), 'REST_FAILED', 'never'],
    ['no such product', raw('{"error":"NOT_FOUND"}', 404), 'REST_FAILED', 'never'],
    ['firewall', raw('<html>', 403), 'REST_FAILED', { afterMs: 300_000 }],
    ['venue broken', raw('<html>', 522), 'REST_FAILED', 'backoff'],
    ['no JSON', raw('<html>busy</html>'), 'REST_BAD_ANSWER', 'backoff'],
    ['elsewhere', raw('', 302, { location: 'http://127.0.0.1:1/' }), 'REST_FAILED', 'backoff'],
    ['line cut', (_url, response) => response.destroy(), 'REST_FAILED', 'backoff'],
  ];
  for (const [name, how, code, retry] of cases) {
    test(name, async () => {
      reply = how;
      const error = await failureOf(rest.instruments(market));
      assert.equal(error.code, code, error.message);
      assert.deepEqual(error.retry, retry);
    });
  }

  for (const body of [
    '{"error":"RATE_LIMIT_EXCEEDED","code":8,"message":"Too many requests"}',
    '{"errors":[{"id":"RATE_LIMIT_EXCEEDED"}]}',
  ]) {
    test(`the venue says why: ${body}`, async () => {
      reply = raw(body, 429);
      const { message } = await failureOf(rest.instruments(market));
      assert.equal(message, 'coinbase products: HTTP 429 RATE_LIMIT_EXCEEDED');
    });
  }

  test('nobody answers', async () => {
    reply = () => undefined;
    assert.equal((await failureOf(connect(50).instruments(market))).code, 'REST_TIMEOUT');
  });

  test('an endless answer ends at the deadline', { timeout: 30_000 }, async () => {
    reply = (_url, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    };
    assert.equal((await failureOf(connect(100).instruments(market))).code, 'REST_TIMEOUT');
  });

  test('a flood ends at the size limit', { timeout: 30_000 }, async () => {
    const block = Buffer.alloc(1 << 20, ' ');
    reply = (_url, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const pour = (): void => {
        while (response.write(block));
        response.once('drain', pour);
      };
      pour();
    };
    assert.equal((await failureOf(connect(20_000).instruments(market))).code, 'REST_BAD_ANSWER');
  });

  test('nobody listens', async () => {
    const closed = connectRest({ rewrite: () => 'http://127.0.0.1:1', timeoutMs: 5_000 });
    assert.equal((await failureOf(closed.instruments(market))).code, 'REST_FAILED');
  });
});
