import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import { turnsAfter } from '../../testing/turns';
import { atOnce } from '../at-once';
import type { Account, SnapshotQuery } from '../contract';
import { connectAccount, type BinanceAccountRest } from './account-rest';
import { binance } from './index';

const KEY = 'the-api-key';
const SECRET = 'the-api-secret';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The venue's clock, far from ours. */
const NOW = 1_751_277_600_000;

type Row = Record<string, unknown>;
interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly rawQuery: string;
  readonly key: string | undefined;
}
interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

let server: Server;
let calls: Call[] = [];
let routes: Record<string, (call: Call) => Answer> = {};
let venueNow = NOW;

before(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://loopback');
    const key = request.headers['x-mbx-apikey'] as string | undefined;
    const call = {
      ...{ method: request.method ?? '', path: url.pathname, query: url.searchParams, key },
      rawQuery: url.search.slice(1),
    };
    calls.push(call);
    const answer = routes[call.path]?.(call) ?? { status: 404, body: '<html>nothing</html>' };
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

after(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

beforeEach(() => {
  calls = [];
  routes = {};
  venueNow = NOW;
});

function connect(exchange = 'binance', secret = SECRET, timeoutMs = 5_000): BinanceAccountRest {
  const market = binance.descriptor.markets.find((one) => one.exchange === exchange)!;
  const account: Account = {
    ...{ market, environment: 'live' as const },
    credentials: { key: KEY, secret, passphrase: '', options: {} },
  };
  const { port } = server.address() as AddressInfo;
  const rewrite = (url: string) => `http://127.0.0.1:${port}/${new URL(url).hostname}/`;
  return connectAccount(account, {
    rewrite,
    timeoutMs,
    venueNow: () => venueNow,
    inTurn: atOnce,
  });
}

const INSTRUMENTS = new InstrumentIndex(
  [
    ['BTC', 'USDT'],
    ['ETH', 'USDT'],
    ['BNB', 'USDT'],
    ['ETH', 'BTC'],
  ].map(([base = '', quote = '']) => {
    const symbol = `${base}${quote}`;
    return { exchange: 'binance', symbol, venueSymbol: symbol, base, quote };
  }),
);

const query = (sinceMs: number, known: SnapshotQuery['known'] = []): SnapshotQuery => ({
  ...{ sinceMs, instruments: INSTRUMENTS, known, heldBefore: [] },
});

const spotOrder = (over: Row): Row => ({
  ...{ symbol: 'BTCUSDT', orderId: 1, clientOrderId: 'c1', price: '30000.00', origQty: '0.5', side: 'BUY' },
  ...{ executedQty: '0.0', cummulativeQuoteQty: '0.0', status: 'NEW', timeInForce: 'GTC', type: 'LIMIT' },
  ...{ time: NOW - HOUR, updateTime: NOW - HOUR },
  ...over,
});

const asset = (name: string, free: string, locked = '0.0') => ({ asset: name, free, locked });

function serveSpot(open: Row[], history: Record<string, Row[]>, balances: Row[]): void {
  routes['/api.binance.com/api/v3/openOrders'] = () => ({ body: open });
  routes['/api.binance.com/api/v3/account'] = () => ({ body: { balances } });
  routes['/api.binance.com/api/v3/allOrders'] = ({ query }) => ({
    body: history[query.get('symbol') ?? ''] ?? [],
  });
  routes['/api.binance.com/api/v3/order'] = () => ({
    ...{ status: 400, body: { code: -2013, msg: 'Order does not exist.' } },
  });
}

async function failureOf(promise: Promise<unknown>): Promise<ConnectorError> {
  const thrown: unknown = await promise.then(
    () => assert.fail('no failure'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ConnectorError, String(thrown));
  return thrown;
}

function asked(path: string): Call[] {
  return calls.filter((call) => call.path.endsWith(path));
}

describe('turns', () => {
  test('every call waits for its own, and is signed afterwards', async () => {
    serveSpot([], {}, [asset('BTC', '1'), asset('USDT', '2')]);
    routes['/api.binance.com/api/v3/time'] = () => ({ body: { serverTime: NOW } });
    const market = binance.descriptor.markets[0]!;
    const credentials = { key: KEY, secret: SECRET, passphrase: '', options: {} };
    const { port } = server.address() as AddressInfo;
    const weights: number[] = [];
    const rest = connectAccount(
      { market, environment: 'live', credentials },
      {
        rewrite: (url) => `http://127.0.0.1:${port}/${new URL(url).hostname}/`,
        timeoutMs: 5_000,
        venueNow: () => venueNow,
        inTurn: turnsAfter((weight) => {
          assert.equal(calls.length, weights.length, 'one call at a time, none before its turn');
          venueNow += HOUR;
          weights.push(weight);
        }),
      },
    );
    await rest.serverTime();
    await rest.snapshot(query(NOW));
    assert.deepEqual(weights, [1, 80, 20, 20]);
    calls.slice(1).forEach(({ query: asked }, at) => {
      assert.ok(Math.abs(Number(asked.get('timestamp')) - (NOW + (at + 2) * HOUR)) < 2_000);
    });
  });
});

describe('signed requests', () => {
  test('a redirect is not followed: the key would go along', async () => {
    serveSpot([], {}, []);
    const { port } = server.address() as AddressInfo;
    const headers = { location: `http://127.0.0.1:${port}/elsewhere/api/v3/openOrders` };
    routes['/api.binance.com/api/v3/openOrders'] = () => ({ status: 302, headers, body: [] });
    await failureOf(connect().snapshot(query(NOW)));
    assert.equal(calls.filter(({ path }) => path.includes('elsewhere')).length, 0);
  });

  test('HMAC: the query as sent, the venue time, the key in the header', async () => {
    serveSpot([], {}, []);
    await connect().snapshot(query(NOW - HOUR));
    for (const { rawQuery, query, key } of calls) {
      const [payload = '', signature] = rawQuery.split('&signature=');
      assert.equal(signature, createHmac('sha256', SECRET).update(payload).digest('hex'));
      assert.equal(key, KEY);
      assert.ok(Math.abs(Number(query.get('timestamp')) - NOW) < 2_000, 'venue time, not ours');
    }
    assert.equal(asked('/account')[0]?.query.get('omitZeroBalances'), 'true');
  });

  test('Ed25519: base64, escaped', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    serveSpot([], {}, []);
    await connect('binance', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).snapshot(
      query(NOW),
    );
    assert.ok(calls.length > 0);
    for (const { rawQuery, query } of calls) {
      const [payload = ''] = rawQuery.split('&signature=');
      const signature = Buffer.from(query.get('signature') ?? '', 'base64');
      assert.ok(verify(null, Buffer.from(payload), publicKey, signature));
    }
  });

  test('a refused clock is measured once and asked again', async () => {
    serveSpot([], {}, []);
    venueNow = NOW - HOUR;
    const accept = routes['/api.binance.com/api/v3/openOrders']!;
    routes['/api.binance.com/api/v3/time'] = ({ key, rawQuery }) => {
      assert.deepEqual([key, rawQuery], [undefined, '']);
      return { body: { serverTime: NOW } };
    };
    routes['/api.binance.com/api/v3/openOrders'] = (call) =>
      Math.abs(Number(call.query.get('timestamp')) - NOW) < 5_000
        ? accept(call)
        : { status: 400, body: { code: -1021, msg: 'Timestamp for this request is outside.' } };
    await connect().snapshot(query(NOW));
    assert.equal(asked('/openOrders').length, 2);
    assert.equal(asked('/time').length, 1);
  });
});

describe('snapshot of a spot account', () => {
  test('open and changed orders, oldest change first, each once in its latest state', async () => {
    const open = spotOrder({ orderId: 7, updateTime: NOW - 30 * MINUTE, executedQty: '0.1' });
    const filled = spotOrder({
      ...{
        orderId: 5,
        clientOrderId: 'c5',
        status: 'FILLED',
        executedQty: '0.5',
        cummulativeQuoteQty: '15000',
      },
      ...{ updateTime: NOW - 10 * MINUTE, price: '0.00', type: 'MARKET' },
    });
    const stale = spotOrder({ orderId: 3, status: 'FILLED', updateTime: NOW - 3 * HOUR });
    const opened = { ...open, status: 'PARTIALLY_FILLED', updateTime: NOW - 5 * MINUTE };
    serveSpot([open], { BTCUSDT: [stale, filled, opened] }, [asset('BTC', '1'), asset('USDT', '0', '3')]);
    const { orders, balances } = await connect().snapshot(query(NOW - HOUR));
    assert.deepEqual(
      orders.map(({ report }) => [report.orderId, report.orderStatus, report.price, report.orderTime]),
      [
        [5, 'FILLED', '30000', NOW - 10 * MINUTE],
        [7, 'PARTIALLY_FILLED', '30000.00', NOW - 5 * MINUTE],
      ],
    );
    assert.equal(orders[0]?.report.creationTime, NOW - HOUR);
    assert.deepEqual(balances?.balances, [asset('BTC', '1'), asset('USDT', '0', '3')]);
  });

  test('ids beyond 2^53 keep all digits', async () => {
    const row = JSON.stringify([spotOrder({})]).replace('"orderId":1', '"orderId":8389765739703625592');
    serveSpot([], {}, []);
    routes['/api.binance.com/api/v3/openOrders'] = () => ({ body: row });
    const { orders } = await connect().snapshot(query(NOW));
    assert.equal(orders[0]?.report.orderId, '8389765739703625592');
  });

  test('first look: pairs of which both coins are held', async () => {
    serveSpot([], {}, [asset('BTC', '1'), asset('USDT', '2'), asset('ETH', '0.0')]);
    await connect().snapshot(query(NOW));
    assert.deepEqual(
      asked('/allOrders').map(({ query }) => query.get('symbol')),
      ['BTCUSDT'],
    );
  });

  test('later looks: what was known, and pairs that moved; vanished coins are told as zero', async () => {
    const rest = connect();
    serveSpot([spotOrder({ symbol: 'BNBUSDT', orderId: 9 })], {}, [asset('BTC', '1'), asset('USDT', '2')]);
    await rest.snapshot(query(NOW));
    calls = [];
    const fate = spotOrder({ symbol: 'BNBUSDT', orderId: 9, status: 'CANCELED', updateTime: NOW - 1 });
    serveSpot([], {}, [asset('USDT', '1'), asset('ETH', '5')]);
    routes['/api.binance.com/api/v3/order'] = () => ({ body: fate });
    const known = [{ symbol: 'BNBUSDT', orderId: 9, clientOrderId: 'c1' }];
    const { orders, balances } = await rest.snapshot(query(NOW - MINUTE, known));
    assert.deepEqual(
      asked('/allOrders').map(({ query }) => query.get('symbol')),
      ['BTCUSDT', 'ETHUSDT', 'ETHBTC', 'BNBUSDT'],
    );
    assert.deepEqual(
      orders.map(({ report }) => [report.orderId, report.orderStatus]),
      [[9, 'CANCELED']],
    );
    assert.deepEqual(balances?.balances.at(-1), { asset: 'BTC', free: '0', locked: '0' });
  });

  test('known orders are answered for; forgotten ones never become cancels', async () => {
    serveSpot([], {}, []);
    const known = [{ symbol: 'ETHBTC', orderId: '8389765739703625592', clientOrderId: '' }];
    const { orders, incomplete } = await connect().snapshot(query(NOW, known));
    assert.deepEqual(orders, []);
    assert.equal(incomplete, 'the venue does not tell of an order of ETHBTC that was open');
    assert.equal(asked('/order')[0]?.query.get('orderId'), '8389765739703625592');
  });

  test('an order that cannot be read is told to the operator, never made up', async () => {
    const odd = [spotOrder({ orderId: 2, status: 'FROZEN' }), spotOrder({ orderId: 3, side: 'HOLD' }), 7];
    serveSpot([spotOrder({ orderId: 1 }), ...(odd as Row[])], {}, []);
    const known = [{ symbol: 'BTCUSDT', orderId: 2, clientOrderId: '' }];
    routes['/api.binance.com/api/v3/order'] = () => ({ body: odd[0] });
    const { orders, incomplete } = await connect().snapshot(query(NOW, known));
    assert.deepEqual(
      orders.map(({ report }) => report.orderId),
      [1],
    );
    assert.deepEqual(incomplete?.split('; '), [
      'unknown order status FROZEN',
      'malformed order',
      'the venue does not tell of an order of BTCUSDT that was open',
    ]);
  });

  test('a balance that cannot be read is never taken for zero', async () => {
    const rest = connect();
    serveSpot([], {}, [asset('BTC', '1'), asset('ETH', '2')]);
    await rest.snapshot(query(NOW));
    serveSpot([], {}, [asset('BTC', '1'), asset('ETH', 'x')]);
    const { balances, incomplete } = await rest.snapshot(query(NOW));
    assert.equal(balances, undefined);
    assert.equal(incomplete, 'the balances are left out, as 1 of them cannot be read');
  });

  test('older orders than the venue lists are told of', async () => {
    serveSpot([], {}, []);
    assert.equal((await connect().snapshot(query(NOW - 24 * HOUR))).incomplete, undefined);
    assert.equal(
      (await connect().snapshot(query(NOW - 100 * 24 * HOUR))).incomplete,
      'the venue keeps orders that ended without a fill for 90 days',
    );
    for (const path of ['v1/openOrders', 'v3/balance', 'v1/income', 'v1/allOrders']) {
      routes[`/fapi.binance.com/fapi/${path}`] = () => ({ body: [] });
    }
    assert.equal(
      (await connect('binanceUsdm').snapshot(query(NOW - 8 * 24 * HOUR))).incomplete,
      'the venue lists the orders of the last 7 days; the venue keeps orders that ended without a fill for 3 days',
    );
  });

  test('a delisted symbol does not spoil the rest', async () => {
    serveSpot([spotOrder({})], {}, []);
    routes['/api.binance.com/api/v3/allOrders'] = () => ({
      ...{ status: 400, body: { code: -1121, msg: 'Invalid symbol.' } },
    });
    assert.equal((await connect().snapshot(query(NOW))).orders.length, 1);
  });

  test('full pages: the time since the gap is walked, nothing is left out', async () => {
    const rows = Array.from({ length: 2_500 }, (_, at) => {
      const time = NOW - HOUR + at * 1_000;
      return spotOrder({ orderId: at + 1, status: 'CANCELED', time, updateTime: time });
    });
    serveSpot([spotOrder({ orderId: 2_500 })], {}, []);
    routes['/api.binance.com/api/v3/allOrders'] = ({ query }) => {
      const [from, to] = [Number(query.get('startTime') ?? 0), Number(query.get('endTime') ?? Infinity)];
      assert.ok(!query.has('startTime') || to - from < 24 * HOUR);
      const within = rows.filter(({ time }) => Number(time) >= from && Number(time) <= to);
      return { body: query.has('startTime') ? within.slice(0, 1_000) : within.slice(-1_000) };
    };
    const { orders } = await connect().snapshot(query(NOW - HOUR));
    assert.deepEqual(
      orders.map(({ report }) => report.orderId),
      rows.map(({ orderId }) => orderId),
    );
  });
});

describe('snapshot of a futures account', () => {
  const order = (over: Row): Row => ({
    ...{ symbol: 'BTCUSDT', orderId: 19, clientOrderId: 'abc', price: '0', avgPrice: '9300.5', side: 'BUY' },
    ...{ origQty: '0.40', executedQty: '0.40', status: 'FILLED', type: 'MARKET', origType: 'STOP_MARKET' },
    ...{
      timeInForce: 'GTC',
      reduceOnly: true,
      positionSide: 'BOTH',
      stopPrice: '9300',
      closePosition: false,
    },
    ...{ workingType: 'CONTRACT_PRICE', time: NOW - 2 * HOUR, updateTime: NOW - MINUTE },
    ...over,
  });

  for (const [exchange, host, api, symbol] of [
    ['binanceUsdm', 'fapi.binance.com', 'fapi', 'BTCUSDT'],
    ['binanceCoinm', 'dapi.binance.com', 'dapi', 'BTCUSD_PERP'],
  ] as const) {
    test(`${exchange}: symbols from the income, both forms of the order`, async () => {
      const balances = [
        { asset: 'USDT', balance: '10.5', crossWalletBalance: '8', updateTime: NOW },
        { asset: 'ODD', balance: '', crossWalletBalance: '' },
      ];
      routes[`/${host}/${api}/v1/openOrders`] = () => ({ body: [] });
      routes[`/${host}/${api}/${api === 'fapi' ? 'v3' : 'v1'}/balance`] = () => ({ body: balances });
      routes[`/${host}/${api}/v1/income`] = ({ query }) => {
        assert.equal(query.get('startTime'), String(NOW - HOUR));
        return {
          body: [
            { symbol, time: NOW - MINUTE },
            { symbol: '', time: NOW },
          ],
        };
      };
      const other = { ...order({ orderId: 20 }), symbol: symbol === 'BTCUSDT' ? 'BTCUSD_PERP' : 'BTCUSDT' };
      routes[`/${host}/${api}/v1/allOrders`] = () => ({ body: [order({ symbol }), other] });
      const { orders, balances: told } = await connect(exchange).snapshot(query(NOW - HOUR));
      assert.deepEqual(told?.balances, [{ asset: 'USDT', free: '8', locked: '2.5' }]);
      assert.equal(orders.length, 1);
      const { report, wire } = orders[0]!;
      assert.deepEqual(
        [report.creationTime, report.price, report.totalQuoteTradeQuantity, report.orderStatus],
        [NOW - 2 * HOUR, '9300.5', '3720.2', 'FILLED'],
      );
      assert.deepEqual(
        [wire?.eventType, wire?.averagePrice, wire?.stopPrice, wire?.isReduceOnly, wire?.liquidation],
        ['ORDER_TRADE_UPDATE', '9300.5', '9300', true, false],
      );
      assert.equal(asked('/allOrders').length, 1);
    });
  }

  test('an average that is missing is told by the totals', async () => {
    const host = '/fapi.binance.com/fapi';
    routes[`${host}/v1/openOrders`] = () => ({
      body: [order({ avgPrice: undefined, cumQuote: '3720.2', status: 'PARTIALLY_FILLED' })],
    });
    routes[`${host}/v3/balance`] = () => ({ body: [] });
    routes[`${host}/v1/income`] = () => ({ body: [] });
    routes[`${host}/v1/allOrders`] = () => ({ body: [] });
    const { orders } = await connect('binanceUsdm').snapshot(query(NOW));
    assert.equal(orders[0]?.report.price, '9300.5');
  });
});

describe('listen keys', () => {
  for (const [exchange, path] of [
    ['binanceUsdm', '/fapi.binance.com/fapi/v1/listenKey'],
    ['binanceCoinm', '/dapi.binance.com/dapi/v1/listenKey'],
    ['binanceUS', '/api.binance.us/api/v3/userDataStream'],
  ] as const) {
    test(`${exchange}: created and kept alive on its own product, never deleted`, async () => {
      routes[path] = ({ method }) => ({ body: method === 'POST' ? { listenKey: 'the-listen-key' } : {} });
      const rest = connect(exchange);
      assert.equal(await rest.listenKey(), 'the-listen-key');
      await rest.keepListenKey();
      assert.deepEqual(
        calls.map((call) => [call.method, call.path, call.key, call.query.get('listenKey')]),
        [
          ['POST', path, KEY, null],
          ['PUT', path, KEY, exchange === 'binanceUS' ? 'the-listen-key' : null],
        ],
      );
    });

    test(`${exchange}: a key that is gone is a failure without the key in it`, async () => {
      routes[path] = ({ method }) =>
        method === 'POST'
          ? { body: { listenKey: 'the-listen-key' } }
          : { status: 400, body: { code: -1125, msg: 'This listenKey does not exist.' } };
      const rest = connect(exchange);
      await rest.listenKey();
      const error = await failureOf(rest.keepListenKey());
      assert.equal(error.retry, 'backoff');
      assert.doesNotMatch(`${error.message}${JSON.stringify(error.cause)}`, /the-listen-key|the-api/);
    });
  }

  test('an answer without a key is no key', async () => {
    for (const body of [{}, { listenKey: '' }, { listenKey: null }, 'garbage']) {
      routes['/fapi.binance.com/fapi/v1/listenKey'] = () => ({ body });
      assert.equal((await failureOf(connect('binanceUsdm').listenKey())).code, 'REST_BAD_ANSWER');
    }
  });
});

describe('failures', () => {
  const cases: readonly [name: string, answer: Answer, code: string, retry: unknown][] = [
    ['refused key', { status: 401, body: { code: -2015, msg: 'Invalid API-key.' } }, 'REST_FAILED', 'never'],
    ['refused signature', { status: 400, body: { code: -1022, msg: 'x' } }, 'REST_FAILED', 'never'],
    ['our mistake', { status: 400, body: { code: -1102, msg: 'x' } }, 'REST_FAILED', 'backoff'],
    [
      'weight',
      { status: 429, headers: { 'retry-after': '7' }, body: {} },
      'REST_LIMITED',
      { afterMs: 7_000 },
    ],
    ['ban', { status: 418, body: {} }, 'REST_LIMITED', { afterMs: 120_000 }],
    ['firewall', { status: 403, body: '<html>' }, 'REST_FAILED', { afterMs: 300_000 }],
    ['venue trouble', { status: 502, body: '<html>' }, 'REST_FAILED', 'backoff'],
    ['garbage', { body: '<html>' }, 'REST_BAD_ANSWER', 'backoff'],
    ['another shape', { body: { orders: [] } }, 'REST_BAD_ANSWER', 'backoff'],
  ];
  for (const [name, answer, code, retry] of cases) {
    test(name, async () => {
      serveSpot([], {}, []);
      routes['/api.binance.com/api/v3/openOrders'] = () => answer;
      const error = await failureOf(connect().snapshot(query(NOW)));
      assert.deepEqual([error.code, error.retry], [code, retry]);
      const told = `${error.message} ${JSON.stringify(error.cause)} ${error.stack}`;
      assert.doesNotMatch(told, /the-api|signature=|timestamp=/);
    });
  }

  test('no answer in time', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const { port } = silent.address() as AddressInfo;
    const market = binance.descriptor.markets[0]!;
    const credentials = { key: KEY, secret: SECRET, passphrase: '', options: {} };
    const rest = connectAccount(
      { market, environment: 'live', credentials },
      {
        rewrite: () => `http://127.0.0.1:${port}`,
        timeoutMs: 50,
        venueNow: () => NOW,
        inTurn: atOnce,
      },
    );
    assert.equal((await failureOf(rest.serverTime())).code, 'REST_TIMEOUT');
    silent.closeAllConnections();
    await new Promise((closed) => silent.close(closed));
  });
});
