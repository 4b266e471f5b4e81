import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import { turnsAfter } from '../../testing/turns';
import type { AccountRest, KnownOrder, Refusal } from '../contract';
import type { CoinbaseAccount } from './account-rest';
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
/** Weights of the turns that were waited for, and what was asked for when they came. */
let turns: string[] = [];
let now = NOW;

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
  turns = [];
  now = NOW;
});

function rest(key = NAME, secret = SECRET, timeoutMs = 5_000): AccountRest {
  const credentials = { key, secret, passphrase: '', options: {} };
  const rewrite = (url: string): string => url.replace('https://', `${base}/`);
  const account = { market: coinbase.descriptor.markets[0]!, credentials, environment: 'live' as const };
  return connectAccount(account, {
    ...{ rewrite, timeoutMs, venueNow: () => now },
    inTurn: turnsAfter((weight) => {
      turns.push(`${weight} before call ${asked.length + 1}`);
      // Turns may take long: what is signed must be signed behind them.
      now += 1_000;
    }),
  });
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

function known(orderId: string, symbol = 'BTC-USD'): KnownOrder {
  return { orderId, symbol, clientOrderId: `c-${orderId}` };
}

async function told(from: AccountRest, held: KnownOrder[] = []): Promise<string[]> {
  const { orders } = await from.snapshot({ sinceMs: NOW - 3_600_000, instruments: NONE, known: held });
  return orders.map(({ report }) => `${report.orderId} ${report.orderStatus}`);
}

describe('coinbase account REST: what is sent', () => {
  test('a token for each call, of method, host and path', async () => {
    serve({});
    await rest().snapshot({ sinceMs: NOW - 3_600_000, instruments: NONE, known: [] });
    assert.equal(asked.length, 4);
    assert.deepEqual(
      turns,
      [1, 2, 3, 4].map((call) => `1 before call ${call}`),
    );
    for (const [at, { url, request }] of asked.entries()) {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      const [header = '', payload = '', signature = ''] = token.split('.');
      const key = { key: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })) };
      const signed = Buffer.from(`${header}.${payload}`);
      const bytes = Buffer.from(signature, 'base64url');
      assert.ok(verify('sha256', signed, { ...key, dsaEncoding: 'ieee-p1363' }, bytes));
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      const nbf = NOW / 1_000 + at + 1 - 5;
      const uri = `GET ${url.pathname.slice(1)}`;
      assert.deepEqual(claims, { sub: NAME, iss: 'cdp', nbf, exp: nbf + 120, uri });
    }
  });

  test('legacy keys', async () => {
    serve({});
    await rest('the-key', 'the-legacy-secret').snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    for (const [at, { url, request }] of asked.entries()) {
      const path = url.pathname.replace('/api.coinbase.com', '');
      const text = `${NOW / 1_000 + at + 1}GET${path}`;
      const signature = createHmac('sha256', 'the-legacy-secret').update(text).digest('hex');
      assert.equal(request.headers['cb-access-key'], 'the-key');
      assert.equal(request.headers['cb-access-sign'], signature);
      assert.equal(request.headers['cb-access-timestamp'], String(NOW / 1_000 + at + 1));
    }
  });

  test('the clock, unsigned', async () => {
    answer = () => [200, { iso: '', epochSeconds: '1688993198', epochMillis: '1688993198221' }];
    assert.equal(await rest().serverTime(), 1_688_993_198_221);
    assert.equal(asked[0]?.url.pathname, `${BASE}/time`);
    assert.equal(asked[0]?.request.headers.authorization, undefined);
    // Half of the 10 unsigned calls per second, among all.
    assert.deepEqual(turns, ['6 before call 1']);
    assert.ok(coinbase.descriptor.markets[0]?.accountRest?.perIp.every(({ count }) => count / 6 <= 5));
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

  test('old orders with a fill since are asked for one by one', async () => {
    const single = { old: order('old', FILLED), f: order('f', { product_type: 'FUTURE' }) };
    const product_id = 'BTC-USD';
    const fills = ['old', 'old', 'f'].map((order_id) => ({ order_id, product_id }));
    // Of futures: not even asked for.
    serve({ fills: [...fills, { order_id: 'x', product_id: 'BIT-28JUL27-CDE' }], single });
    assert.deepEqual(await told(rest()), ['old FILLED']);
    assert.equal(asked.length, 3 + 2 + 1);
    serve({ fills: [{ order_id: 'gone', product_id }, { order_id: 7, product_id }, { order_id: 'x' }] });
    const { incomplete } = await rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    assert.equal(incomplete, 'malformed fill; an order of BTC-USD that the venue does not know any more');
  });

  test('known orders that no list names are asked for; those that the venue forgot are no cancels', async () => {
    const single = { a: order('a', { status: 'CANCELLED' }), p: order('p', { status: 'CANCEL_QUEUED' }) };
    serve({ open: [order('c')], single });
    const held = [known('a'), known('b', 'ETH-USD'), known('c'), known('p')];
    const { orders, incomplete, forgotten } = await rest().snapshot({
      ...{ sinceMs: NOW - 3_600_000, instruments: NONE },
      known: held,
    });
    assert.deepEqual(forgotten, [held[1]]);
    assert.deepEqual(
      orders.map(({ report }) => `${report.orderId} ${report.orderStatus}`),
      ['c NEW', 'a CANCELED'],
    );
    assert.equal(incomplete, 'an order of ETH-USD that the venue does not know any more');
    assert.deepEqual(
      asked.map(({ url }) => url.pathname.split('/').at(-1)),
      ['batch', 'batch', 'fills', 'a', 'b', 'p', 'accounts'],
    );
  });

  test('a page that is not the venue’s is not its word', async () => {
    serve({});
    const others = answer;
    answer = (path, search) =>
      path.endsWith('/a') ? [404, '<html>no such page</html>'] : others(path, search);
    assert.equal((await failureOf(told(rest(), [known('a')]))).code, 'REST_FAILED');
  });

  test('an order keeps the name of its book under which it was told first', async () => {
    const same = [order('a'), order('b', { product_id: 'USDT-USD' })];
    serve({ open: same });
    const held = [known('a', 'BTC-USDC'), known('b', 'USDT-USDC')];
    const { orders } = await rest().snapshot({ sinceMs: NOW, instruments: NONE, known: held });
    assert.deepEqual(
      orders.map(({ report }) => report.symbol),
      ['BTC-USDC', 'USDT-USD'],
    );
  });

  test('what cannot be read is said, also where that is all', async () => {
    const incompleteOf = async (sinceMs: number): Promise<string | undefined> =>
      (await rest().snapshot({ sinceMs, instruments: NONE, known: [] })).incomplete;
    const odd = [order('b', { status: 'NEWS' }), order('c', { filled_size: 'x' }), order('')];
    serve({ open: [order('a'), ...odd] });
    assert.deepEqual(await told(rest()), ['a NEW']);
    assert.equal(await incompleteOf(NOW), 'unknown order status NEWS; malformed order; malformed order');
    assert.equal(
      await incompleteOf(NOW - 8 * 24 * 3_600_000),
      'changes of more than 7 days ago; unknown order status NEWS; malformed order; malformed order',
    );
    serve({ open: [order('a'), ...Array.from({ length: 8 }, (_, at) => order(`b${at}`, { side: '' }))] });
    assert.match((await incompleteOf(NOW))!, /^malformed order(; malformed order){4}; and 3 more$/);
    serve({ open: [order('a', { status: 'NEWS' })] });
    assert.equal(await incompleteOf(NOW), 'unknown order status NEWS');
  });

  test('the type of an order that has no type is in its configuration', async () => {
    const market = { order_type: 'UNKNOWN_ORDER_TYPE', order_configuration: { market_market_ioc: {} } };
    serve({
      open: [
        order('a', { order_type: 'UNKNOWN_ORDER_TYPE' }),
        order('b', market),
        order('c', { order_type: 'STOP_LIMIT' }),
      ],
    });
    const { orders } = await rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    assert.deepEqual(
      orders.map(({ report }) => report.orderType),
      ['LIMIT', 'MARKET', 'LIMIT'],
    );
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
    assert.equal(balances?.eventTime, now);
  });

  test('wallets of one currency add up; where one cannot be read no balances are told, but all orders', async () => {
    const wallet = (value: unknown): object => ({ currency: 'BTC', available_balance: { value } });
    serve({ accounts: [wallet('0.1'), wallet('0.2')] });
    const { balances } = await rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    assert.deepEqual(balances?.balances, [{ asset: 'BTC', free: '0.3', locked: '0' }]);
    serve({ accounts: [wallet('0.1'), wallet('NaN')] });
    const odd = await rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    assert.deepEqual(odd, {
      orders: [],
      incomplete: 'the balances are left out, as 1 of them cannot be read',
    });
    assert.equal((await failureOf(rest().balances!())).code, 'REST_BAD_ANSWER');
  });
});

describe('coinbase account REST: refusals', () => {
  const CASES: [string, number, unknown, string, unknown][] = [
    ['a key that may not view', 403, { message: 'Missing required scopes' }, 'REST_FAILED', 'never'],
    ['a key without a right', 403, { error: 'PERMISSION_DENIED' }, 'REST_FAILED', 'never'],
    ['a blocked address', 403, '<html>firewall</html>', 'REST_FAILED', { afterMs: 300_000 }],
    ['a limit', 429, { errors: [{ id: 'rate_limit_exceeded' }] }, 'REST_LIMITED', { afterMs: 1_000 }],
    ['our fault, but not of the key', 400, { error: 'INVALID_ARGUMENT' }, 'REST_FAILED', 'backoff'],
    ['a broken venue', 520, 'oops', 'REST_FAILED', 'backoff'],
    ['garbage', 200, '{"orders":', 'REST_BAD_ANSWER', 'backoff'],
    ['another shape', 200, { orders: {} }, 'REST_BAD_ANSWER', 'backoff'],
    ['pages without the next', 200, { orders: [], has_next: true, cursor: '' }, 'REST_BAD_ANSWER', 'backoff'],
    ['pages without end', 200, { orders: [], has_next: true, cursor: 'x' }, 'REST_BAD_ANSWER', 'backoff'],
  ];
  for (const [name, status, body, code, retry] of CASES) {
    test(name, async () => {
      answer = () => [status, body];
      const error = await failureOf(rest().snapshot({ sinceMs: NOW, instruments: NONE, known: [] }));
      assert.deepEqual([error.code, error.retry], [code, retry]);
    });
  }

  /** A venue whose clock is `aheadMs` before ours refuses everything that is signed. */
  function refuse(aheadMs: number): void {
    answer = (path) =>
      path === '/time' ? [200, { epochMillis: String(now + aheadMs) }] : [401, 'Unauthorized\n'];
  }

  test('a refused key is named by its kind', async () => {
    refuse(0);
    for (const [account, kind] of [
      [rest(), /cloud key/],
      [rest('the-key', 'the-legacy-secret'), /legacy key/],
    ] as const) {
      const error = await failureOf(account.balances!());
      assert.match(error.message, kind);
      assert.deepEqual([error.retry, (error.cause as Refusal).cause], ['never', 'credentials']);
    }
  });

  test('a wrong clock is no refused key', async () => {
    for (const aheadMs of [120_000, -10_000]) {
      refuse(aheadMs);
      const error = await failureOf(rest().balances!());
      assert.deepEqual([error.retry, (error.cause as Refusal).cause], ['backoff', 'clock']);
    }
    // Tokens live longer than the signatures of legacy keys.
    refuse(60_000);
    const causeOf = async (of: AccountRest): Promise<unknown> =>
      ((await failureOf(of.balances!())).cause as Refusal).cause;
    assert.equal(await causeOf(rest()), 'credentials');
    assert.equal(await causeOf(rest('the-key', 'the-legacy-secret')), 'clock');
    // Without a clock to compare with, nothing is final.
    answer = () => [401, 'Unauthorized\n'];
    assert.equal((await failureOf(rest().balances!())).retry, 'backoff');
  });

  test('the check of a key', async () => {
    const check = (): Promise<void> => (rest() as CoinbaseAccount).checkKey();
    answer = () => [200, { can_view: true, can_trade: false }];
    await check();
    answer = () => [200, { can_view: false, can_trade: true }];
    const error = await failureOf(check());
    assert.deepEqual([error.retry, (error.cause as Refusal).cause], ['never', 'permission']);
  });

  test('a secret that cannot sign sends nothing', async () => {
    const error = await failureOf(
      rest(NAME, 'no key').snapshot({ sinceMs: NOW, instruments: NONE, known: [] }),
    );
    assert.equal(error.retry, 'never');
    assert.equal(asked.length, 0);
  });
});
