import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import { turnsAfter } from '../../testing/turns';
import { atOnce } from '../at-once';
import { connectAccount } from './account-rest';
import { kucoin } from './index';
import { privateSession, type KucoinAccountRest } from './private-session';

const KEY = 'the-key';
const SECRET = 'the-secret';
const PASSPHRASE = 'the-passphrase';
const NOW = Date.UTC(2030, 0, 2, 3, 4, 5, 678);
const NONE = new InstrumentIndex();

type Answers = Record<string, unknown>;
type Reply = (url: URL, response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let asked: { url: URL; method: string; headers: IncomingMessage['headers'] }[] = [];
let reply: Reply;

before(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://loopback');
    asked.push({ url, method: request.method ?? '', headers: request.headers });
    reply(url, response, request);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

after(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked = [];
});

const accountOf = (exchange: string, passphrase = PASSPHRASE, environment: 'live' | 'sandbox' = 'live') => ({
  market: kucoin.descriptor.markets.find((one) => one.exchange === exchange)!,
  credentials: { key: KEY, secret: SECRET, passphrase, options: {} },
  environment,
});

function rest(account = accountOf('kucoin'), timeoutMs = 5_000): KucoinAccountRest {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return connectAccount(account, {
    rewrite: () => base,
    timeoutMs,
    venueNow: () => NOW,
    inTurn: atOnce,
  });
}

function raw(body: unknown, status = 200): Reply {
  return (_url, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** `data` by path, or by path and query. */
function serve(answers: Answers): void {
  reply = (url, response, request) => {
    const data = answers[url.pathname + url.search] ?? answers[url.pathname] ?? null;
    raw({ code: '200000', data })(url, response, request);
  };
}

const spotOrder = (id: string, lastUpdatedAt: number, changes: object = {}): object => ({
  ...{ id, clientOid: `c-${id}`, symbol: 'BTC-USDT', type: 'limit', side: 'buy', price: '10', size: '2' },
  ...{ dealSize: '0', dealFunds: '0', active: true, createdAt: NOW - 9_000, lastUpdatedAt, ...changes },
});
const futuresOrder = (id: string, updatedAt: number, changes: object = {}): object => ({
  ...{ id, clientOid: null, symbol: 'XBTUSDTM', type: 'limit', side: 'sell', price: '50000', size: 10 },
  ...{ filledSize: 0, filledValue: '0', isActive: true, createdAt: NOW - 9_000, updatedAt, ...changes },
});

function failsWith(code: string, retry: unknown): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof ConnectorError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    assert.deepEqual(thrown.retry, retry);
    const told = JSON.stringify([thrown.message, thrown.stack, thrown.cause, String(thrown.cause)]);
    for (const secret of [KEY, SECRET, PASSPHRASE, 'KC-API']) assert.ok(!told.includes(secret), told);
    return true;
  };
}

describe('kucoin account REST: what is sent', () => {
  test('every signed request: signature, time, key, passphrase, version', async () => {
    serve({ '/api/v1/hf/orders/active/symbols': { symbols: ['BTC-USDT'] }, '/api/v1/accounts': [] });
    reply = ((served) => (url, response, request) => {
      if (url.pathname === '/api/v1/hf/orders/done') {
        return raw({ code: '200000', data: { lastId: 0, items: [] } })(url, response, request);
      }
      served(url, response, request);
    })(reply);
    await rest().snapshot({ sinceMs: 0, instruments: NONE, known: [] });
    assert.deepEqual(
      asked.map(({ url }) => url.pathname),
      [
        '/api/v1/hf/orders/active/symbols',
        '/api/v1/hf/accounts/ledgers',
        '/api/v1/hf/orders/active',
        '/api/v1/hf/orders/done',
        '/api/v1/accounts',
      ],
    );
    const hmac = (text: string): string => createHmac('sha256', SECRET).update(text).digest('base64');
    for (const { url, method, headers } of asked) {
      assert.equal(headers['kc-api-sign'], hmac(`${NOW}${method}${url.pathname}${url.search}`));
      assert.equal(headers['kc-api-timestamp'], String(NOW));
      assert.equal(headers['kc-api-key'], KEY);
      assert.equal(headers['kc-api-passphrase'], hmac(PASSPHRASE));
      assert.equal(headers['kc-api-key-version'], '3');
    }
  });

  test('every call waits for its turn, and is signed after it', async () => {
    serve({ '/api/v1/bullet-private': { token: 't', instanceServers: [{ endpoint: 'wss://one.test/' }] } });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const weights: (number | undefined)[] = [];
    let now = NOW;
    const client = connectAccount(accountOf('kucoin'), {
      ...{ rewrite: () => base, timeoutMs: 5_000, venueNow: () => now },
      inTurn: turnsAfter((weight) => {
        weights.push(weight);
        assert.equal(asked.length, weights.length - 1, 'nothing was sent before');
        now += 60_000;
      }),
    });
    await client.privateToken();
    assert.equal(asked[0]?.headers['kc-api-timestamp'], String(NOW + 60_000));
    await assert.rejects(client.serverTime());
    assert.deepEqual(weights, [10, 3]);
  });

  test('the venue clock is asked without a signature', async () => {
    serve({ '/api/v1/timestamp': 1_757_076_130_010 });
    assert.equal(await rest().serverTime(), 1_757_076_130_010);
    assert.equal(asked[0]?.headers['kc-api-key'], undefined);
  });

  test('a token for every dial', async () => {
    serve({ '/api/v1/bullet-private': { token: 't/1', instanceServers: [{ endpoint: 'wss://one.test/' }] } });
    const account = accountOf('kucoinLinear');
    const client = rest(account);
    const urls = [
      await privateSession.endpoint(account, client),
      await privateSession.endpoint(account, client),
    ];
    assert.deepEqual(urls, [
      'wss://one.test/?token=t%2F1&connectId=kucoinLinear-account-1',
      'wss://one.test/?token=t%2F1&connectId=kucoinLinear-account-2',
    ]);
    assert.ok(asked.every(({ method, headers }) => method === 'POST' && headers['kc-api-sign']));
  });

  test('a key of version 2 is tried once as that, and remembered', async () => {
    reply = (url, response, request) => {
      const isTwo = request.headers['kc-api-key-version'] === '2';
      const token = { token: 't', instanceServers: [{ endpoint: 'wss://one.test/' }] };
      raw(isTwo ? { code: '200000', data: token } : { code: '400008', msg: 'version' })(
        url,
        response,
        request,
      );
    };
    const client = rest();
    await client.privateToken();
    await client.privateToken();
    assert.deepEqual(
      asked.map(({ headers }) => headers['kc-api-key-version']),
      ['3', '2', '2'],
    );
  });
});

describe('kucoin account REST: snapshot', () => {
  test('spot: open and ended orders of active and of traded symbols, oldest change first', async () => {
    const entry = { id: '1', context: '{"symbol":"ETH-USDT","orderId":"x"}' };
    const page = Array.from({ length: 100 }, (_, at) =>
      spotOrder(`p${at}`, NOW - 100, { active: false, type: 'market', dealSize: '1', dealFunds: '9.5' }),
    );
    serve({
      '/api/v1/hf/orders/active/symbols': { symbols: ['BTC-USDT'] },
      '/api/v1/hf/accounts/ledgers': [entry],
      '/api/v1/hf/orders/active?symbol=BTC-USDT': [spotOrder('open', NOW - 50)],
      '/api/v1/hf/orders/done?symbol=BTC-USDT&limit=100': { lastId: 77, items: page },
      '/api/v1/hf/orders/done?symbol=BTC-USDT&limit=100&lastId=77': {
        lastId: 5,
        items: [
          spotOrder('ended', NOW - 200, { active: false, dealSize: '1', dealFunds: '9.9' }),
          spotOrder('old', NOW - 5_000, { active: false }),
        ],
      },
      '/api/v1/hf/orders/done?symbol=ETH-USDT&limit=100': {
        lastId: 1,
        items: [
          spotOrder('eth', NOW - 300, { symbol: 'ETH-USDT', active: false, dealSize: '2', dealFunds: '19' }),
        ],
      },
      '/api/v1/accounts': [{ currency: 'USDT', available: '5', holds: '1' }],
    });
    const { orders, balances } = await rest().snapshot({
      sinceMs: NOW - 1_000,
      instruments: NONE,
      known: [],
    });
    assert.equal(orders.length, 103);
    const reports = orders.map(({ report }) => report);
    const told = (at: number) => {
      const { orderId, symbol, orderStatus, price, totalTradeQuantity, totalQuoteTradeQuantity } =
        reports.at(at)!;
      return [orderId, symbol, orderStatus, price, totalTradeQuantity, totalQuoteTradeQuantity];
    };
    assert.deepEqual(told(0), ['eth', 'ETH-USDT', 'FILLED', '10', '2', '19']);
    assert.deepEqual(told(1), ['ended', 'BTC-USDT', 'CANCELED', '10', '1', '9.9']);
    assert.deepEqual(told(2), ['p0', 'BTC-USDT', 'FILLED', '9.5', '1', '9.5']);
    assert.deepEqual(told(-1), ['open', 'BTC-USDT', 'NEW', '10', '0', '0']);
    assert.deepEqual(balances?.balances, [{ asset: 'USDT', free: '5', locked: '1' }]);
  });

  test('futures: pages, own market only, contracts x average, balances per currency', async () => {
    const instruments = new InstrumentIndex([
      {
        ...{
          exchange: 'kucoinLinear',
          symbol: 'BTCUSDT',
          venueSymbol: 'XBTUSDTM',
          base: 'BTC',
          quote: 'USDT',
        },
        contractSize: '0.001',
      },
    ]);
    const active = '/api/v1/orders?status=active&currentPage=';
    const done = { isActive: false, filledSize: 4, filledValue: '199.9' };
    serve({
      [`${active}1&pageSize=1000`]: { totalPage: 2, items: [futuresOrder('a', NOW - 10)] },
      [`${active}2&pageSize=1000`]: {
        totalPage: 2,
        items: [futuresOrder('b', NOW - 20, { symbol: 'XBTUSDM' })],
      },
      '/api/v1/recentDoneOrders': [
        futuresOrder('c', NOW - 30, done),
        futuresOrder('d', NOW - 40, { ...done, avgDealPrice: '49976', filledSize: 10 }),
        futuresOrder('e', NOW - 5_000, done),
      ],
      '/api/v1/account-overview': {
        ...{ availableBalance: 290.5, positionMargin: 93.1, orderMargin: 10.2, frozenFunds: 0 },
      },
    });
    const { orders, balances } = await rest(accountOf('kucoinLinear')).snapshot({
      sinceMs: NOW - 1_000,
      instruments,
      known: [],
    });
    assert.deepEqual(
      orders.map(({ report }) => [
        report.orderId,
        report.orderStatus,
        report.price,
        report.totalQuoteTradeQuantity,
      ]),
      [
        ['d', 'FILLED', '49976', '499760'],
        ['c', 'CANCELED', '49975', '199900'],
        ['a', 'NEW', '50000', '0'],
      ],
    );
    assert.equal(orders[0]?.report.symbol, 'BTCUSDT');
    const locked = '103.3';
    assert.deepEqual(balances?.balances, [
      { asset: 'USDT', free: '290.5', locked },
      { asset: 'USDC', free: '290.5', locked },
    ]);
  });
});

describe('kucoin account REST: balances that cannot be read are left out, and said', () => {
  const query = { sinceMs: NOW - 1_000, instruments: NONE, known: [] };
  const leftOut = 'the balances are left out, as 1 of them cannot be read';

  test('spot: a row without amounts', async () => {
    serve({
      '/api/v1/hf/orders/active/symbols': { symbols: ['BTC-USDT'] },
      '/api/v1/hf/orders/active?symbol=BTC-USDT': [spotOrder('open', NOW - 50)],
      '/api/v1/hf/orders/done': { lastId: 0, items: [] },
      '/api/v1/hf/orders/done?symbol=BTC-USDT&limit=100': { lastId: 0, items: [] },
      '/api/v1/accounts': [
        { currency: 'USDT', available: '1', holds: '0' },
        { currency: 'XYZ', available: null, holds: null },
      ],
    });
    const { orders, balances, incomplete } = await rest().snapshot(query);
    assert.deepEqual([orders.length, balances, incomplete], [1, undefined, leftOut]);
  });

  test('futures: an overview without one of its parts', async () => {
    const whole = { availableBalance: 290.5, positionMargin: 93.1, orderMargin: 10.2 };
    serve({
      '/api/v1/recentDoneOrders': [futuresOrder('c', NOW - 30, { isActive: false })],
      '/api/v1/account-overview?currency=USDT': whole,
      '/api/v1/account-overview?currency=USDC': { ...whole, frozenFunds: 0 },
    });
    const { orders, balances, incomplete } = await rest(accountOf('kucoinLinear')).snapshot(query);
    assert.deepEqual([orders.length, balances, incomplete], [1, undefined, leftOut]);
  });
});

describe('kucoin account REST: failures', () => {
  const refusals: [code: string, retry: unknown, cause: string | undefined][] = [
    ['400001', 'never', 'credentials'],
    ['400002', 'backoff', 'clock'],
    ['400003', 'never', 'credentials'],
    ['400004', 'never', 'credentials'],
    ['400005', 'never', 'credentials'],
    ['400006', 'never', 'ip'],
    ['400007', 'never', 'permission'],
    ['400008', 'never', 'credentials'],
    ['400100', 'backoff', undefined],
    ['900001', 'backoff', undefined],
  ];
  for (const [code, retry, cause] of refusals) {
    test(`${code}, whose words repeat the key`, async () => {
      reply = raw({ code, msg: `No ${KEY} here.` });
      await assert.rejects(rest().privateToken(), (thrown: ConnectorError) => {
        assert.equal((thrown.cause as { cause?: string } | undefined)?.cause, cause);
        return failsWith('REST_FAILED', retry)(thrown);
      });
    });
  }

  const failures: [name: string, reply: Reply, code: string, retry: unknown][] = [
    ['limit', raw({ code: '429000', msg: 'slow' }, 429), 'REST_LIMITED', { afterMs: 30_000 }],
    ['no list', raw({ code: '200000', data: { symbols: 7 } }), 'REST_BAD_ANSWER', 'backoff'],
    ['page', raw('<html>maintenance</html>'), 'REST_BAD_ANSWER', 'backoff'],
    ['missing page', raw('gone', 404), 'REST_FAILED', 'backoff'],
    ['hang-up', (_url, response) => response.destroy(), 'REST_FAILED', 'backoff'],
  ];
  for (const [name, given, code, retry] of failures) {
    test(name, async () => {
      reply = given;
      await assert.rejects(
        rest().snapshot({ sinceMs: 0, instruments: NONE, known: [] }),
        failsWith(code, retry),
      );
    });
  }

  test('silence', async () => {
    reply = () => undefined;
    await assert.rejects(rest(accountOf('kucoin'), 50).privateToken(), failsWith('REST_TIMEOUT', 'backoff'));
  });

  test('unusable credentials never leave', async () => {
    for (const account of [accountOf('kucoin', ''), accountOf('kucoin', PASSPHRASE, 'sandbox')]) {
      await assert.rejects(rest(account).privateToken(), failsWith('REST_FAILED', 'never'));
    }
    assert.equal(asked.length, 0);
  });
});
