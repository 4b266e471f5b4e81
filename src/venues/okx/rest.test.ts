import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { Interval } from '../../domain/interval';
import type { MarketDescriptor, VenueRest } from '../contract';
import { okx } from './index';
import { connectRest } from './rest';

type Answer = (url: URL, response: ServerResponse) => void;

const MINUTE = 60_000;
const [spot, linear, inverse] = okx.descriptor.markets as [
  MarketDescriptor,
  MarketDescriptor,
  MarketDescriptor,
];

let server: Server;
let base = '';
let asked: URL[] = [];
let answer: Answer = () => undefined;

before(async () => {
  server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', base);
    asked.push(url);
    answer(url, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked = [];
});

function rest(timeoutMs = 5_000): VenueRest {
  const rewrite = (url: string): string => url.replace('https://openapi.okx.com', `${base}/openapi.okx.com`);
  return connectRest({ rewrite, timeoutMs });
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

const success = (data: unknown): object => ({ code: '0', msg: '', data });

function failsWith(code: string, retry?: unknown): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof ConnectorError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    if (retry !== undefined) assert.deepEqual(thrown.retry, retry);
    return true;
  };
}

// ---------------------------------------------------------------------------- instruments

const SPOT_ROW = {
  instType: 'SPOT',
  instId: 'BTC-USDT',
  baseCcy: 'BTC',
  quoteCcy: 'USDT',
  ctType: '',
  ctVal: '',
};
const SWAP_ROW = {
  instType: 'SWAP',
  instId: 'BTC-USDT-SWAP',
  instFamily: 'BTC-USDT',
  baseCcy: '',
  quoteCcy: '',
  settleCcy: 'USDT',
  ctType: 'linear',
  ctVal: '0.01',
  ctMult: '1',
  state: 'live',
  ruleType: 'normal',
};
const swap = (instId: string, ctType: string, ctVal: string, more: object = {}): object => ({
  ...SWAP_ROW,
  instId,
  ctType,
  ctVal,
  ...more,
});
const SWAPS = [
  SWAP_ROW,
  swap('BTC-USD-SWAP', 'inverse', '100'),
  swap('BTC-USD_UM-SWAP', 'linear', '0.001'),
  swap('ETH-USDT-SWAP', 'linear', '0.1', { state: 'suspend' }),
  swap('NEW-USDT-SWAP', 'linear', '', {}),
  { instId: 7 },
];
const FUTURES = [
  swap('BTC-USD-310404', 'inverse', '100', { instType: 'FUTURES' }),
  swap('BTC-USD_UM_XPERP-310404', 'linear', '0.0001', { instType: 'FUTURES', ruleType: 'xperp' }),
  swap('BTC-USD_UM_XPERP-300404', 'linear', '0.0001', { instType: 'FUTURES', ruleType: 'xperp' }),
  swap('SOL-USD_UM_XPERP-310404', 'linear', '1', { instType: 'FUTURES', ruleType: 'pre_market' }),
];

const SWAP_BTC: Instrument = {
  exchange: 'okxLinear',
  symbol: 'BTC-USDT',
  venueSymbol: 'BTC-USDT-SWAP',
  base: 'BTC',
  quote: 'USDT',
  contractSize: '0.01',
};
const SWAP_UM: Instrument = {
  exchange: 'okxLinear',
  symbol: 'BTC-USD_UM',
  venueSymbol: 'BTC-USD_UM-SWAP',
  base: 'BTC',
  quote: 'USD',
  contractSize: '0.001',
};
const X_PERP: Instrument = {
  exchange: 'okxLinear',
  symbol: 'BTC-USD_UM_XPERP',
  venueSymbol: 'BTC-USD_UM_XPERP-310404',
  base: 'BTC',
  quote: 'USD',
  contractSize: '0.0001',
};

function serveLists(futures: Answer = (_url, response) => send(response, 200, success(FUTURES))): void {
  answer = (url, response) => {
    const instType = url.searchParams.get('instType');
    if (instType === 'FUTURES') return futures(url, response);
    return send(response, 200, success(instType === 'SWAP' ? SWAPS : []));
  };
}

describe('okx instruments', () => {
  test('spot: live pairs with a base and a quote', async () => {
    const rows = [
      { ...SPOT_ROW, state: 'live' },
      { ...SPOT_ROW, instId: 'OLD-USDT', state: 'suspend' },
      { ...SPOT_ROW, instId: 'NEW-USDT', baseCcy: '', quoteCcy: '', state: 'live' },
      { ...SPOT_ROW, instId: 'ODD-USDT', state: 'a word of the future' },
    ];
    answer = (_url, response) => send(response, 200, success(rows));
    const expected = {
      exchange: 'okx',
      symbol: 'BTC-USDT',
      venueSymbol: 'BTC-USDT',
      base: 'BTC',
      quote: 'USDT',
    };
    assert.deepEqual(await rest().instruments(spot), [expected]);
    const paths = asked.map((url) => url.pathname + url.search);
    assert.deepEqual(paths, ['/openapi.okx.com/api/v5/public/instruments?instType=SPOT']);
  });

  test('linear: linear swaps and the X-Perp that lives longest', async () => {
    serveLists();
    assert.deepEqual(await rest().instruments(linear), [SWAP_BTC, SWAP_UM, X_PERP]);
  });

  test('inverse: only coin-margined swaps, from one list', async () => {
    serveLists();
    const [only, ...more] = await rest().instruments(inverse);
    assert.deepEqual(more, []);
    assert.equal(only?.symbol, 'BTC-USD');
    assert.equal(only?.contractSize, '100');
    assert.deepEqual(
      asked.map((url) => url.search),
      ['?instType=SWAP'],
    );
  });

  test('a failed X-Perp list leaves the swaps alone, and the last good one in force', async () => {
    const client = rest();
    serveLists((_url, response) => send(response, 503, 'down'));
    assert.deepEqual(await client.instruments(linear), [SWAP_BTC, SWAP_UM]);
    serveLists();
    await client.instruments(linear);
    serveLists((_url, response) => send(response, 200, success([{ garbage: true }])));
    assert.deepEqual(await client.instruments(linear), [SWAP_BTC, SWAP_UM, X_PERP]);
    serveLists((_url, response) => send(response, 200, success([])));
    assert.deepEqual(await client.instruments(linear), [SWAP_BTC, SWAP_UM]);
  });

  test('a failed swap list fails', async () => {
    answer = (url, response) =>
      url.searchParams.get('instType') === 'SWAP'
        ? send(response, 503, 'down')
        : send(response, 200, success(FUTURES));
    await assert.rejects(rest().instruments(linear), failsWith('REST_FAILED', 'backoff'));
  });

  for (const [name, data] of [
    ['no list', { a: 1 }],
    ['strangers', [{ id: 1 }, null, 'x']],
  ] as const) {
    test(`unreadable: ${name}`, async () => {
      answer = (_url, response) => send(response, 200, success(data));
      await assert.rejects(rest().instruments(spot), failsWith('REST_BAD_ANSWER'));
    });
  }
});

describe('okx pairs of the backend', () => {
  const pairs: [MarketDescriptor, string, string | undefined][] = [
    [spot, 'BTC-USDT', 'BTC-USDT'],
    [spot, 'BTC-USD', 'BTC-USD'],
    [linear, 'BTC-USDT', 'BTC-USDT-SWAP'],
    [linear, 'BTC-USD_UM', 'BTC-USD_UM-SWAP'],
    [linear, 'BTC-USD', undefined],
    [inverse, 'BTC-USD', 'BTC-USD-SWAP'],
    [inverse, 'BTC-USDT', undefined],
    [inverse, 'BTC-USD_UM_XPERP', undefined],
    [spot, '', undefined],
    [spot, 'BTCUSDT', undefined],
  ];
  for (const [market, pair, venueSymbol] of pairs) {
    test(`${market.exchange} ${pair} -> ${venueSymbol}`, () => {
      const found = rest().instrumentOfPair(market, { pair, base: 'BTC', quote: 'Q' });
      if (venueSymbol === undefined) assert.equal(found, undefined);
      else {
        const expected = { exchange: market.exchange, symbol: pair, venueSymbol, base: 'BTC', quote: 'Q' };
        assert.deepEqual(found, expected);
      }
    });
  }

  test('an X-Perp has a venue id only once its list is known', async () => {
    const client = rest();
    const pair = { pair: 'BTC-USD_UM_XPERP', base: 'BTC', quote: 'USD' };
    assert.equal(client.instrumentOfPair(linear, pair), undefined);
    serveLists();
    await client.instruments(linear);
    assert.deepEqual(client.instrumentOfPair(linear, pair), X_PERP);
  });
});

// ---------------------------------------------------------------------------- candles

const START = 1_757_030_400_000;

interface History {
  /** Open time of the oldest bar, and of the forming one. */
  readonly from: number;
  readonly forming: number;
  readonly stepMs: number;
  /** Bars that `candles` remembers. */
  readonly recent: number;
}

function bar(start: number, confirm: string): string[] {
  return [String(start), '1.0', '2.50', '0.5', '1.5', '10', '15', '15', confirm];
}

/** Serves bars as the venue does: newest first, older than `after`, at most `limit`. */
function serveCandles({ from, forming, stepMs, recent }: History): void {
  answer = (url, response) => {
    const isRecent = url.pathname.endsWith('/market/candles');
    const oldest = isRecent ? Math.max(from, forming - (recent - 1) * stepMs) : from;
    const before = Number(url.searchParams.get('after'));
    const limit = Math.min(Number(url.searchParams.get('limit')), isRecent ? 300 : 100);
    const rows: string[][] = [];
    for (let at = isRecent ? forming : forming - stepMs; at >= oldest && rows.length < limit; at -= stepMs) {
      if (at < before) rows.push(bar(at, at === forming ? '0' : '1'));
    }
    send(response, 200, success(rows));
  };
}

const SWAP: Instrument = SWAP_BTC;

function query(fromMs: number, toMs: number, interval: Interval = '1m') {
  return { instrument: SWAP, interval, fromMs, toMs };
}

function sources(): string[] {
  return asked.map((url) => url.pathname.split('/').at(-1) ?? '');
}

describe('okx candles', () => {
  test('closed bars, oldest first, the forming one left out', async () => {
    serveCandles({ from: START - 100 * MINUTE, forming: START + 3 * MINUTE, stepMs: MINUTE, recent: 1_440 });
    const bars = await rest().candles(linear, query(START, START + 60 * MINUTE));
    assert.deepEqual(
      bars.map(({ start }) => (start - START) / MINUTE),
      [0, 1, 2],
    );
    assert.deepEqual(bars[0], {
      eventType: 'candle',
      exchange: 'okxLinear',
      symbol: 'BTC-USDT',
      interval: '1m',
      start: START,
      open: '1.0',
      high: '2.50',
      low: '0.5',
      close: '1.5',
      volume: '10',
      closed: true,
      time: START + MINUTE,
    });
    const [url] = asked;
    assert.equal(url?.pathname, '/openapi.okx.com/api/v5/market/candles');
    assert.equal(url.search, `?instId=BTC-USDT-SWAP&bar=1m&after=${START + 60 * MINUTE}&limit=61`);
    assert.equal(asked.length, 1);
  });

  test('pages, then goes on in the history where the recent bars end', async () => {
    const forming = START + 1_000 * MINUTE;
    serveCandles({ from: START - MINUTE, forming, stepMs: MINUTE, recent: 650 });
    const bars = await rest().candles(linear, query(START, forming + MINUTE));
    assert.equal(bars.length, 1_000);
    for (const [at, { start }] of bars.entries()) assert.equal(start, START + at * MINUTE);
    const history = ['history-candles', 'history-candles', 'history-candles', 'history-candles'];
    assert.deepEqual(sources(), ['candles', 'candles', 'candles', ...history]);
  });

  test('ends at the listing', async () => {
    serveCandles({ from: START, forming: START + 5 * MINUTE, stepMs: MINUTE, recent: 1_440 });
    const bars = await rest().candles(linear, query(START - 30 * MINUTE, START + 5 * MINUTE));
    assert.equal(bars.length, 5);
    assert.deepEqual(sources(), ['candles', 'history-candles']);
  });

  test('one-second bars live in the history only', async () => {
    serveCandles({ from: START, forming: START + 20_000, stepMs: 1_000, recent: 0 });
    const bars = await rest().candles(linear, query(START + 2_000, START + 4_000, '1s'));
    assert.deepEqual(
      bars.map(({ start }) => start),
      [START + 2_000, START + 3_000],
    );
    assert.deepEqual(sources(), ['history-candles']);
  });

  test('days are UTC days', async () => {
    serveCandles({ from: START, forming: START + 86_400_000, stepMs: 86_400_000, recent: 1_440 });
    const bars = await rest().candles(linear, query(START, START + 86_400_000, '1d'));
    assert.equal(bars.length, 1);
    assert.equal(asked[0]?.searchParams.get('bar'), '1Dutc');
  });

  test('nothing to ask, nothing asked', async () => {
    assert.deepEqual(await rest().candles(linear, query(START, START)), []);
    assert.equal(asked.length, 0);
  });

  test('an interval that OKX lacks', async () => {
    await assert.rejects(
      rest().candles(linear, query(START, START + 1, '8h')),
      failsWith('COMMAND_INVALID', 'never'),
    );
  });

  const bad: [string, unknown][] = [
    ['no list', 'x'],
    ['row without columns', [['1']]],
    ['price that is none', [[String(START), 'NaN', ...bar(START, '1').slice(2)]]],
    ['time that is none', [['soon', ...bar(START, '1').slice(1)]]],
    ['no confirm', [bar(START, '')]],
    ['bar behind the asked range', [bar(START + 10 * MINUTE, '1')]],
    ['oldest first', [bar(START, '1'), bar(START + MINUTE, '1')]],
    ['the same bar for ever', [bar(START + MINUTE, '1'), bar(START + MINUTE, '1')]],
  ];
  for (const [name, rows] of bad) {
    test(`unreadable: ${name}`, async () => {
      answer = (_url, response) => send(response, 200, success(rows));
      await assert.rejects(
        rest().candles(linear, query(START, START + 5 * MINUTE)),
        failsWith('REST_BAD_ANSWER'),
      );
    });
  }
});

// ---------------------------------------------------------------------------- failures

describe('okx REST failures', () => {
  const failures: [string, Answer, string, unknown][] = [
    [
      '429 with Retry-After',
      (_url, response) =>
        send(response, 429, { code: '50011', msg: 'Too Many Requests' }, { 'retry-after': '7' }),
      'REST_LIMITED',
      { afterMs: 7_000 },
    ],
    ['429 bare', (_url, response) => send(response, 429, ''), 'REST_LIMITED', { afterMs: 2_000 }],
    [
      'limit with HTTP 200',
      (_url, response) => send(response, 200, { code: '50011', msg: 'Rate limit reached', data: [] }),
      'REST_LIMITED',
      { afterMs: 2_000 },
    ],
    [
      'unknown instrument with HTTP 200',
      (_url, response) =>
        send(response, 200, { code: '51001', msg: "Instrument ID doesn't exist", data: [] }),
      'REST_FAILED',
      'never',
    ],
    [
      'venue busy',
      (_url, response) => send(response, 503, { code: '50001', msg: 'Service temporarily unavailable' }),
      'REST_FAILED',
      'backoff',
    ],
    ['firewall', (_url, response) => send(response, 403, '<html>'), 'REST_FAILED', { afterMs: 300_000 }],
    ['not found', (_url, response) => send(response, 404, '<html>'), 'REST_FAILED', 'never'],
    ['server error', (_url, response) => send(response, 500, 'oops'), 'REST_FAILED', 'backoff'],
    [
      'not JSON',
      (_url, response) => send(response, 200, '<html>maintenance</html>'),
      'REST_BAD_ANSWER',
      'backoff',
    ],
    ['empty object', (_url, response) => send(response, 200, {}), 'REST_BAD_ANSWER', 'backoff'],
    ['hang-up', (_url, response) => response.destroy(), 'REST_FAILED', 'backoff'],
  ];
  for (const [name, given, code, retry] of failures) {
    test(name, async () => {
      answer = given;
      await assert.rejects(rest().instruments(spot), failsWith(code, retry));
    });
  }

  test('silence', async () => {
    answer = () => undefined;
    await assert.rejects(rest(50).instruments(spot), failsWith('REST_TIMEOUT', 'backoff'));
  });

  test('an answer that drips for ever', async () => {
    answer = (_url, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    };
    await assert.rejects(rest(100).instruments(spot), failsWith('REST_TIMEOUT', 'backoff'));
  });

  test('nobody there', async () => {
    const client = connectRest({ rewrite: () => 'http://127.0.0.1:1', timeoutMs: 1_000 });
    await assert.rejects(client.instruments(spot), failsWith('REST_FAILED', 'backoff'));
  });

  test('an error holds the venue words, no request and no body', async () => {
    answer = (_url, response) => send(response, 500, { code: '50001', msg: 'busy', secret: 'body' });
    await assert.rejects(rest().instruments(spot), (thrown: ConnectorError) => {
      assert.equal(thrown.message, 'okx instruments SPOT: HTTP 500 50001 busy');
      assert.equal(thrown.cause, undefined);
      return true;
    });
  });
});
