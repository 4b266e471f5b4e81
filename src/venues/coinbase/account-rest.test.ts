import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import type { AccountRest } from '../contract';
import { connectAccount } from './account-rest';
import { coinbase } from './index';

const NOW = Date.UTC(2026, 3, 8, 12);
const NAME = 'organizations/o/apiKeys/k';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const SECRET = privateKey.export({ type: 'sec1', format: 'pem' }) as string;
const BASE = '/api.coinbase.com/api/v3/brokerage';
const NONE = new InstrumentIndex();

type Answer = (path: string, search: URLSearchParams) => readonly [number, unknown];

let server: Server;
let base = '';
let asked: { url: URL; request: IncomingMessage }[] = [];
let answer: Answer;
let pauses = 0;

before(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', base);
    asked.push({ url, request });
    const [status, body] = answer(url.pathname.slice(BASE.length), url.searchParams);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
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
  pauses = 0;
});

function rest(key = NAME, secret = SECRET, timeoutMs = 5_000): AccountRest {
  const credentials = { key, secret, passphrase: '', options: {} };
  const rewrite = (url: string): string => url.replace('https://', `${base}/`);
  const account = { market: coinbase.descriptor.markets[0]!, credentials, environment: 'live' as const };
  return connectAccount(
    account,
    { rewrite, timeoutMs, venueNow: () => NOW, turn: () => Promise.resolve() },
    () => {
      pauses += 1;
      return Promise.resolve();
    },
  );
}

function order(id: string, changes: object = {}): object {
  return {
    ...{ order_id: id, client_order_id: `c-${id}`, product_id: 'BTC-USD', product_type: 'SPOT' },
    ...{ side: 'BUY', status: 'OPEN', order_type: 'LIMIT', created_time: '2026-04-08T11:00:00Z' },
    ...{ filled_size: '0', average_filled_price: '0', filled_value: '0', last_fill_time: null },
    order_configuration: { limit_limit_gtc: { base_size: '0.3', limit_price: '60000' } },
    ...changes,
  };
}

const FILLED = {
  ...{ status: 'FILLED', filled_size: '0.3', average_filled_price: '59999.5', filled_value: '17999.85' },
  last_fill_time: '2026-04-08T11:30:00.5Z',
};

interface Venue {
  open?: object[];
  created?: object[];
  fills?: object[];
  single?: Record<string, object>;
  accounts?: unknown;
}

function serve({ open = [], created = [], fills = [], single = {}, accounts = [] }: Venue): void {
  answer = (path, search) => {
    if (path === '/accounts') return [200, { accounts, has_next: false, cursor: '' }];
    if (path === '/orders/historical/fills') return [200, { fills, cursor: '' }];
    if (path === '/orders/historical/batch') {
      const orders = search.get('order_status') === 'OPEN' ? open : created;
      // Two to a page.
      const from = Number(search.get('cursor') ?? '0');
      const hasNext = from + 2 < orders.length;
      return [
        200,
        {
          orders: orders.slice(from, from + 2),
          has_next: hasNext,
          cursor: hasNext ? String(from + 2) : '',
        },
      ];
    }
    const found = single[path.split('/').at(-1) ?? ''];
    return found ? [200, { order: found }] : [404, { error: 'NOT_FOUND' }];
  };
}

async function failureOf(promise: Promise<unknown>): Promise<ConnectorError> {
  const thrown: unknown = await promise.then(
    () => assert.fail('no failure'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ConnectorError, String(thrown));
  const told = [thrown.message, thrown.stack, String(thrown.cause)].join();
  for (const secret of [NAME, SECRET, 'the-legacy-secret', 'Bearer', 'historical/']) {
    assert.ok(!told.includes(secret), told);
  }
  return thrown;
}

async function told(from: AccountRest, sinceMs = NOW - 3_600_000): Promise<string[]> {
  const { orders } = await from.snapshot({ sinceMs, instruments: NONE, known: [] });
  return orders.map(({ report }) => `${report.orderId} ${report.orderStatus}`);
}

describe('coinbase account REST: what is sent', () => {
  test('a token for each call, of method, host and path', async () => {
    serve({});
    await rest().snapshot({ sinceMs: NOW - 3_600_000, instruments: NONE, known: [] });
    assert.equal(asked.length, 4);
    for (const { url, request } of asked) {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      const [header = '', payload = '', signature = ''] = token.split('.');
      const key = { key: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })) };
      const signed = Buffer.from(`${header}.${payload}`);
      const bytes = Buffer.from(signature, 'base64url');
      assert.ok(verify('sha256', signed, { ...key, dsaEncoding: 'ieee-p1363' }, bytes));
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      const nbf = NOW / 1_000 - 5;
      const uri = `GET ${url.pathname.slice(1)}`;
      assert.deepEqual(claims, { sub: NAME, iss: 'cdp', nbf, exp: nbf + 120, uri });
    }
  });

  test('legacy keys', async () => {
    serve({});
    await rest('the-key', 'the-legacy-secret').snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    for (const { url, request } of asked) {
      const path = url.pathname.replace('/api.coinbase.com', '');
      const text = `${NOW / 1_000}GET${path}`;
      const signature = createHmac('sha256', 'the-legacy-secret').update(text).digest('hex');
      assert.equal(request.headers['cb-access-key'], 'the-key');
      assert.equal(request.headers['cb-access-sign'], signature);
      assert.equal(request.headers['cb-access-timestamp'], String(NOW / 1_000));
    }
  });

  test('the clock, unsigned', async () => {
    answer = () => [200, { iso: '', epochSeconds: '1688993198', epochMillis: '1688993198221' }];
    assert.equal(await rest().serverTime(), 1_688_993_198_221);
    assert.equal(asked[0]?.url.pathname, `${BASE}/time`);
    assert.equal(asked[0]?.request.headers.authorization, undefined);
    answer = () => [200, { epochMillis: 'soon' }];
    assert.equal((await failureOf(rest().serverTime())).code, 'REST_BAD_ANSWER');
  });
});

describe('coinbase account REST: orders', () => {
  test('the report of an order', async () => {
    serve({ created: [order('a', FILLED)] });
    const { orders } = await rest().snapshot({ sinceMs: NOW - 3_600_000, instruments: NONE, known: [] });
    const at = Date.UTC(2026, 3, 8, 11, 30, 0, 500);
    assert.deepEqual(orders, [
      {
        kind: 'order',
        report: {
          ...{ eventType: 'executionReport', eventTime: at, orderTime: at },
          ...{ creationTime: Date.UTC(2026, 3, 8, 11), symbol: 'BTC-USD', orderId: 'a' },
          ...{ newClientOrderId: 'c-a', originalClientOrderId: 'c-a', side: 'BUY', orderType: 'LIMIT' },
          ...{ orderStatus: 'FILLED', price: '59999.5', quantity: '0.3', totalTradeQuantity: '0.3' },
          totalQuoteTradeQuantity: '17999.85',
        },
      },
    ]);
  });

  test('all pages, oldest change first, each order once and in its later state', async () => {
    const later = { created_time: '2026-04-08T11:10:00Z' };
    serve({
      open: [order('a', later), order('b'), order('c', { created_time: '2026-04-08T10:00:00Z' })],
      created: [order('a', FILLED), order('b'), order('p', { status: 'PENDING' })],
    });
    assert.deepEqual(await told(rest()), ['c NEW', 'b NEW', 'a FILLED']);
    const queries = asked.map(({ url }) => url.searchParams.get('start_date'));
    assert.ok(queries.includes('2026-04-08T10:59:00.000Z'));
  });

  test('old orders with a fill since, the first time', async () => {
    const single = { old: order('old', FILLED), f: order('f', { product_type: 'FUTURE' }) };
    serve({ fills: [{ order_id: 'old' }, { order_id: 'old' }, { order_id: 'f' }], single });
    assert.deepEqual(await told(rest()), ['old FILLED']);
  });

  test('orders that ended while nobody looked, and those that the venue forgot', async () => {
    const account = rest();
    serve({ open: [order('a'), order('b'), order('c')] });
    await told(account);
    serve({ open: [order('c')], single: { a: order('a', { status: 'CANCELLED' }) } });
    assert.deepEqual(await told(account), ['c NEW', 'a CANCELED']);
    asked = [];
    assert.deepEqual(await told(account), ['c NEW']);
    assert.equal(asked.length, 3);
  });

  test('single looks are paced', async () => {
    const ids = Array.from({ length: 25 }, (_, at) => `o${at}`);
    serve({ fills: ids.map((order_id) => ({ order_id })) });
    await told(rest());
    assert.equal(pauses, 5);
  });

  test('an odd order is left out, strangers are refused', async () => {
    serve({ open: [order('a'), order('b', { status: 'NEWS' })] });
    assert.deepEqual(await told(rest()), ['a NEW']);
    serve({ open: [order('a', { filled_size: 'x' })] });
    assert.equal((await failureOf(told(rest()))).code, 'REST_BAD_ANSWER');
  });
});

describe('coinbase account REST: balances', () => {
  test('both pages of the fixture, in one position', async () => {
    const file = join(__dirname, '__private_fixtures__', 'coinbase.balance.accounts-two-pages.json');
    const { frames, expected } = JSON.parse(readFileSync(file, 'utf8')) as {
      frames: unknown[];
      expected: { balances: { balances: object[] }[] };
    };
    serve({});
    const others = answer;
    answer = (path, search) =>
      path === '/accounts' ? [200, frames[search.get('cursor') === '789100' ? 1 : 0]] : others(path, search);
    const { balances } = await rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    assert.deepEqual(balances?.balances, expected.balances[0]?.balances);
    assert.equal(balances?.eventTime, NOW);
  });

  test('wallets of one currency add up; one that cannot be read spoils the answer', async () => {
    const wallet = (value: unknown): object => ({ currency: 'BTC', available_balance: { value } });
    serve({ accounts: [wallet('0.1'), wallet('0.2')] });
    const { balances } = await rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    assert.deepEqual(balances?.balances, [{ asset: 'BTC', free: '0.3', locked: '0' }]);
    serve({ accounts: [wallet('0.1'), wallet('NaN')] });
    assert.equal(
      (await failureOf(rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).code,
      'REST_BAD_ANSWER',
    );
  });
});

describe('coinbase account REST: refusals', () => {
  const CASES: [string, number, unknown, string, unknown][] = [
    ['a refused key', 401, 'Unauthorized\n', 'REST_FAILED', 'never'],
    ['a key that may not view', 403, { message: 'Missing required scopes' }, 'REST_FAILED', 'never'],
    ['a blocked address', 403, '<html>firewall</html>', 'REST_FAILED', { afterMs: 300_000 }],
    ['a limit', 429, { errors: [{ id: 'rate_limit_exceeded' }] }, 'REST_LIMITED', { afterMs: 1_000 }],
    ['our fault, but not of the key', 400, { error: 'INVALID_ARGUMENT' }, 'REST_FAILED', 'backoff'],
    ['a broken venue', 520, 'oops', 'REST_FAILED', 'backoff'],
    ['garbage', 200, '{"orders":', 'REST_BAD_ANSWER', 'backoff'],
    ['another shape', 200, { orders: {} }, 'REST_BAD_ANSWER', 'backoff'],
    ['pages without end', 200, { orders: [], has_next: true, cursor: 'x' }, 'REST_BAD_ANSWER', 'backoff'],
  ];
  for (const [name, status, body, code, retry] of CASES) {
    test(name, async () => {
      answer = () => [status, body];
      const error = await failureOf(rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] }));
      assert.deepEqual([error.code, error.retry], [code, retry]);
    });
  }

  test('the kind of a refused key is named', async () => {
    answer = () => [401, ''];
    assert.match(
      (await failureOf(rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).message,
      /cloud key/,
    );
    const legacy = rest('the-key', 'the-legacy-secret');
    assert.match(
      (await failureOf(legacy.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).message,
      /legacy key/,
    );
  });

  test('a secret that cannot sign sends nothing', async () => {
    const error = await failureOf(
      rest(NAME, 'no key').snapshot({ sinceMs: NOW, instruments: NONE, known: [] }),
    );
    assert.equal(error.retry, 'never');
    assert.equal(asked.length, 0);
  });
});
