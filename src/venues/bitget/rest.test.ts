import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { Interval } from '../../domain/interval';
import type { MarketDescriptor, VenueRest } from '../contract';
import { bitget } from './index';
import { connectRest } from './rest';

type Answer = (url: URL, response: ServerResponse) => void;

const MINUTE = 60_000;
const NOW = 1_757_030_400_000;
/** From then on the bars that ended `NOW` are final. */
const SETTLED = NOW + 2_000;
const [spot, linear, inverse] = bitget.descriptor.markets as [
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
  const rewrite = (url: string): string => url.replace('https://api.bitget.com', `${base}/api.bitget.com`);
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

const success = (data: unknown, requestTime: unknown = SETTLED): object => ({
  code: '00000',
  msg: 'success',
  requestTime,
  data,
});

const failure = (code: string, msg: string): object => ({ code, msg, requestTime: NOW, data: null });

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
  symbol: 'BTCUSDT',
  baseCoin: 'BTC',
  quoteCoin: 'USDT',
  minTradeAmount: '0',
  takerFeeRate: '0.002',
  pricePrecision: '2',
  quantityPrecision: '6',
  status: 'online',
  areaSymbol: 'no',
};

function contract(symbol: string, baseCoin: string, quoteCoin: string, symbolStatus = 'normal'): object {
  return {
    symbol,
    baseCoin,
    quoteCoin,
    supportMarginCoins: [quoteCoin],
    symbolType: 'perpetual',
    symbolStatus,
    deliveryTime: '',
  };
}

const LISTS: Record<string, object[]> = {
  'USDT-FUTURES': [contract('BTCUSDT', 'BTC', 'USDT'), contract('OLDUSDT', 'OLD', 'USDT', 'off')],
  'USDC-FUTURES': [contract('BTCPERP', 'BTC', 'USDC'), contract('NEWPERP', 'NEW', 'USD')],
  'COIN-FUTURES': [contract('BTCUSD', 'BTC', 'USD'), contract('BTCUSDZ24', 'BTC', 'USD')],
};

function serveLists(): void {
  serveListsBut('nothing');
}

function serveListsBut(failing: string): void {
  answer = (url, response) => {
    const productType = url.searchParams.get('productType') ?? '';
    const list = LISTS[productType];
    if (list && productType !== failing) send(response, 200, success(list));
    else send(response, 500, failure('40015', 'System is abnormal'));
  };
}

function instrument(exchange: string, symbol: string, baseCoin: string, quote: string): Instrument {
  return { exchange, symbol, venueSymbol: symbol, base: baseCoin, quote };
}

describe('bitget instruments', () => {
  test('spot: what is online', async () => {
    const rows = [
      SPOT_ROW,
      { ...SPOT_ROW, symbol: 'OLDUSDT', status: 'offline' },
      { ...SPOT_ROW, symbol: 'NEWUSDT', status: 'gray' },
      { ...SPOT_ROW, symbol: 'ODDUSDT', status: undefined },
      { symbol: 7 },
      null,
    ];
    answer = (_url, response) => send(response, 200, success(rows));
    assert.deepEqual(await rest().instruments(spot), [instrument('bitget', 'BTCUSDT', 'BTC', 'USDT')]);
    assert.equal(asked[0]?.pathname, '/api.bitget.com/api/v2/spot/public/symbols');
  });

  test('linear: both lists; the list tells the margin coin', async () => {
    serveLists();
    assert.deepEqual(await rest().instruments(linear), [
      instrument('bitgetUsdm', 'BTCUSDT', 'BTC', 'USDT'),
      instrument('bitgetUsdm', 'BTCPERP', 'BTC', 'USDC'),
      instrument('bitgetUsdm', 'NEWPERP', 'NEW', 'USDC'),
    ]);
    const asks = asked.map(({ pathname, search }) => pathname + search).sort();
    const path = '/api.bitget.com/api/v2/mix/market/contracts?productType=';
    assert.deepEqual(asks, [`${path}USDC-FUTURES`, `${path}USDT-FUTURES`]);
  });

  test('inverse: perpetual and delivery contracts', async () => {
    serveLists();
    assert.deepEqual(await rest().instruments(inverse), [
      instrument('bitgetCoinm', 'BTCUSD', 'BTC', 'USD'),
      instrument('bitgetCoinm', 'BTCUSDZ24', 'BTC', 'USD'),
    ]);
  });

  test('a failed USDC list: the last good one stands in, none is no list', async () => {
    const client = rest();
    serveListsBut('USDC-FUTURES');
    await assert.rejects(client.instruments(linear), failsWith('REST_FAILED', 'backoff'));
    serveLists();
    assert.equal((await client.instruments(linear)).length, 3);
    serveListsBut('USDC-FUTURES');
    assert.equal((await client.instruments(linear)).length, 3);
  });

  test('a failed USDT list fails the whole', async () => {
    serveListsBut('USDT-FUTURES');
    await assert.rejects(rest().instruments(linear), failsWith('REST_FAILED', 'backoff'));
  });

  for (const [name, data] of [
    ['no list', { a: 1 }],
    ['null', null],
    ['strangers', [{ id: 1 }, null, 'x']],
  ] as const) {
    test(`unreadable: ${name}`, async () => {
      answer = (_url, response) => send(response, 200, success(data));
      await assert.rejects(rest().instruments(spot), failsWith('REST_BAD_ANSWER'));
    });
  }
});

describe('bitget pairs of the backend', () => {
  const pairs: [MarketDescriptor, string, string, string | undefined][] = [
    [spot, 'BTCUSDT', 'USDT', 'USDT'],
    [spot, 'BTCUSDC', 'USDC', 'USDC'],
    [linear, 'BTCUSDT', 'USDT', 'USDT'],
    [linear, 'BTCPERP', 'USDC', 'USDC'],
    [linear, 'BTCPERP', 'USD', 'USDC'],
    [linear, 'ETHUSDC', '', 'USDC'],
    [inverse, 'BTCUSD', 'USD', 'USD'],
    [spot, '', '', undefined],
  ];
  for (const [market, pair, quote, coin] of pairs) {
    test(`${market.exchange} ${pair}/${quote} -> ${coin}`, () => {
      const found = rest().instrumentOfPair(market, { pair, base: 'BTC', quote });
      const expected = coin === undefined ? undefined : instrument(market.exchange, pair, 'BTC', coin);
      assert.deepEqual(found, expected);
    });
  }
});

// ---------------------------------------------------------------------------- candles

const START = NOW - 2_000 * MINUTE;
const STEPS: Partial<Record<string, number>> = { '1min': MINUTE, '1m': MINUTE, '1Dutc': 86_400_000 };

interface History {
  /** Open time of the oldest bar. */
  readonly from: number;
  /** Bars that `candles` remembers. */
  readonly recent?: number;
  /** Whether `startTime` and `endTime` belong to the range. */
  readonly isInclusive?: boolean;
  /** The venue's clock. */
  readonly now?: number;
}

function bar(start: number): string[] {
  return [String(start), '1.0', '2.50', '0.5', '1.5', '10', '15', '15'];
}

/** Serves bars as the venue does: oldest first, the newest `limit` of the range, the forming one last. */
function serveCandles(history: History): void {
  answer = (url, response) => {
    const step = STEPS[url.searchParams.get('granularity') ?? ''];
    if (step === undefined) send(response, 400, failure('48001', 'Parameter validation failed'));
    else send(response, 200, success(page(url, step, history), history.now));
  };
}

function page(url: URL, step: number, history: History): string[][] {
  const { from, recent = 100_000, isInclusive = true } = history;
  const isRecent = url.pathname.endsWith('/candles');
  const asks = (key: string): number => Number(url.searchParams.get(key));
  const limit = Math.min(asks('limit'), isRecent ? 1_000 : 200);
  const slack = isInclusive ? 0 : 1;
  const [first, last] = [asks('startTime') + slack, asks('endTime') - slack];
  const oldest = Math.max(from, first, isRecent ? NOW - recent * step : 0);
  const rows: string[][] = [];
  for (let at = Math.floor(last / step) * step; at >= oldest && rows.length < limit; at -= step) {
    if (at <= NOW) rows.unshift(bar(at));
  }
  return rows;
}

const BTC = instrument('bitget', 'BTCUSDT', 'BTC', 'USDT');

function query(fromMs: number, toMs: number, interval: Interval = '1m', of = BTC) {
  return { instrument: of, interval, fromMs, toMs };
}

function sources(): string[] {
  return asked.map((url) => url.pathname.split('/').at(-1) ?? '');
}

describe('bitget candles', () => {
  for (const isInclusive of [true, false]) {
    test(`closed bars, oldest first, nothing outside the range (ends ${isInclusive ? 'in' : 'out'})`, async () => {
      serveCandles({ from: START, isInclusive });
      const bars = await rest().candles(spot, query(NOW - 3 * MINUTE, NOW - MINUTE));
      assert.deepEqual(
        bars.map(({ start }) => (start - NOW) / MINUTE),
        [-3, -2],
      );
      assert.deepEqual(bars[0], {
        eventType: 'candle',
        exchange: 'bitget',
        symbol: 'BTCUSDT',
        interval: '1m',
        start: NOW - 3 * MINUTE,
        open: '1.0',
        high: '2.50',
        low: '0.5',
        close: '1.5',
        volume: '10',
        closed: true,
        time: NOW - 2 * MINUTE,
      });
      assert.equal(asked.length, 1);
    });
  }

  test('the forming bar is left out, by the clock of the venue', async () => {
    serveCandles({ from: START });
    const bars = await rest().candles(spot, query(NOW - 2 * MINUTE, NOW + 5 * MINUTE));
    assert.deepEqual(
      bars.map(({ start }) => (start - NOW) / MINUTE),
      [-2, -1],
    );
  });

  for (const [now, newest] of [
    [NOW, -2],
    [SETTLED - 1, -2],
    [SETTLED, -1],
  ] as const) {
    test(`${now - NOW} ms after its end a bar is ${newest === -1 ? 'final' : 'not final yet'}`, async () => {
      serveCandles({ from: START, now });
      const bars = await rest().candles(spot, query(NOW - 3 * MINUTE, NOW + MINUTE));
      assert.equal((bars.at(-1)!.start - NOW) / MINUTE, newest);
    });
  }

  test('pages, then goes on in the history where the recent bars end', async () => {
    serveCandles({ from: START, recent: 1_500 });
    const bars = await rest().candles(spot, query(START, NOW));
    assert.equal(bars.length, 2_000);
    for (const [at, { start }] of bars.entries()) assert.equal(start, START + at * MINUTE);
    const history = ['history-candles', 'history-candles', 'history-candles'];
    assert.deepEqual(sources(), ['candles', 'candles', ...history]);
    for (const url of asked) {
      const isHistory = url.pathname.endsWith('history-candles');
      assert.equal(url.searchParams.get('limit'), isHistory ? '200' : '1000');
      assert.equal(url.searchParams.has('startTime'), !isHistory, 'spot history takes no startTime');
    }
  });

  test('ends at the listing', async () => {
    serveCandles({ from: NOW - 5 * MINUTE });
    const bars = await rest().candles(spot, query(NOW - 30 * MINUTE, NOW));
    assert.equal(bars.length, 5);
    assert.deepEqual(sources(), ['candles', 'history-candles']);
  });

  const lines: [MarketDescriptor, string, string, string, string][] = [
    [spot, 'USDT', '/api/v2/spot/market/candles', '1min', ''],
    [linear, 'USDT', '/api/v2/mix/market/candles', '1m', 'USDT-FUTURES'],
    [linear, 'USDC', '/api/v2/mix/market/candles', '1m', 'USDC-FUTURES'],
    [inverse, 'USD', '/api/v2/mix/market/candles', '1m', 'COIN-FUTURES'],
  ];
  for (const [market, quote, path, granularity, productType] of lines) {
    test(`${market.exchange} ${quote}: its path and words`, async () => {
      serveCandles({ from: START });
      const of = instrument(market.exchange, 'X', 'X', quote);
      const bars = await rest().candles(market, query(NOW - MINUTE, NOW, '1m', of));
      assert.equal(bars.length, 1);
      const [{ pathname, searchParams }] = asked as [URL];
      assert.equal(pathname, `/api.bitget.com${path}`);
      assert.equal(searchParams.get('symbol'), 'X');
      assert.equal(searchParams.get('granularity'), granularity);
      assert.equal(searchParams.get('productType') ?? '', productType);
    });
  }

  test('days are UTC days, and no range is longer than 90 of them', async () => {
    const day = 86_400_000;
    const today = Math.floor(NOW / day) * day;
    serveCandles({ from: today - 300 * day });
    const of = instrument('bitgetUsdm', 'BTCUSDT', 'BTC', 'USDT');
    const bars = await rest().candles(linear, query(today - 200 * day, today, '1d', of));
    assert.equal(bars.length, 200);
    for (const { searchParams } of asked) {
      const range = Number(searchParams.get('endTime')) - Number(searchParams.get('startTime'));
      assert.ok(range <= 90 * day);
      assert.equal(searchParams.get('granularity'), '1Dutc');
    }
  });

  test('bars without a price are no bars', async () => {
    const rows = [bar(NOW - 2 * MINUTE), [String(NOW - MINUTE), '0', '0', '0', '0', '0', '0', '0']];
    answer = (_url, response) => send(response, 200, success(rows));
    assert.equal((await rest().candles(spot, query(NOW - 2 * MINUTE, NOW))).length, 1);
  });

  test('nothing to ask, nothing asked', async () => {
    assert.deepEqual(await rest().candles(spot, query(START, START)), []);
    assert.equal(asked.length, 0);
  });

  test('an interval that Bitget lacks', async () => {
    await assert.rejects(
      rest().candles(spot, query(START, START + 1, '8h')),
      failsWith('COMMAND_INVALID', 'never'),
    );
  });

  const bad: [string, unknown][] = [
    ['no list', 'x'],
    ['null', null],
    ['row that is none', ['x']],
    ['row without columns', [[String(START)]]],
    ['price that is none', [[String(START), 'NaN', ...bar(START).slice(2)]]],
    ['time that is none', [['soon', ...bar(START).slice(1)]]],
    ['volume with exponent', [[...bar(START).slice(0, 5), '1e-7', '0', '0']]],
  ];
  for (const [name, rows] of bad) {
    test(`unreadable: ${name}`, async () => {
      answer = (_url, response) => send(response, 200, success(rows));
      await assert.rejects(
        rest().candles(spot, query(START, START + 5 * MINUTE)),
        failsWith('REST_BAD_ANSWER'),
      );
    });
  }

  test('without the clock of the venue no bar is known to be closed', async () => {
    for (const requestTime of [undefined, 'soon', 0]) {
      answer = (_url, response) =>
        send(response, 200, { ...success([bar(START)]), requestTime: requestTime ?? null });
      await assert.rejects(
        rest().candles(spot, query(START, START + MINUTE)),
        failsWith('REST_BAD_ANSWER', 'backoff'),
      );
    }
  });
});

// ---------------------------------------------------------------------------- failures

describe('bitget REST failures', () => {
  const failures: [string, Answer, string, unknown][] = [
    [
      '429 with Retry-After',
      (_url, response) => send(response, 429, failure('429', 'Too Many Requests'), { 'retry-after': '7' }),
      'REST_LIMITED',
      { afterMs: 7_000 },
    ],
    ['429 bare', (_url, response) => send(response, 429, ''), 'REST_LIMITED', { afterMs: 2_000 }],
    [
      'limit with HTTP 200',
      (_url, response) => send(response, 200, failure('30007', 'request over limit')),
      'REST_LIMITED',
      { afterMs: 2_000 },
    ],
    [
      'unknown symbol',
      (_url, response) => send(response, 400, failure('40034', 'Parameter X does not exist')),
      'REST_FAILED',
      'never',
    ],
    [
      'unknown symbol with HTTP 200',
      (_url, response) => send(response, 200, failure('40034', 'Parameter X does not exist')),
      'REST_FAILED',
      'never',
    ],
    [
      'venue busy',
      (_url, response) => send(response, 400, failure('40015', 'System is abnormal')),
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
    ['code as number', (_url, response) => send(response, 200, { code: 0 }), 'REST_BAD_ANSWER', 'backoff'],
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

  test('an error holds the venue’s words, no request and no body', async () => {
    answer = (_url, response) => send(response, 500, { ...failure('40015', 'busy'), secret: 'body' });
    await assert.rejects(rest().instruments(spot), (thrown: ConnectorError) => {
      assert.equal(thrown.message, 'bitget symbols: HTTP 500 40015 busy');
      assert.equal(thrown.cause, undefined);
      return true;
    });
  });
});
