import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import { turnsAfter } from '../../testing/turns';
import type { Account, AccountRest } from '../contract';
import { bybit } from './index';

const KEY = 'testKeyThatIsLong';
const SECRET = 'testSecretThatIsLong';
/** The venue's time, far from ours: what is signed must be the venue's. */
const NOW = 1_900_000_000_000;
const DAY = 86_400_000;
const NONE = new InstrumentIndex();

interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The answer's body; undefined: the response was written already. */
type Answer = (asked: Asked) => unknown;

interface Venue {
  readonly rest: AccountRest;
  readonly asked: string[];
  readonly hosts: string[];
  /** Requests asked at the moment of each turn. */
  readonly turns: number[];
}

interface Options {
  readonly exchange?: string;
  readonly environment?: Account['environment'];
  readonly bybitHost?: string;
  readonly timeoutMs?: number;
}

/** A venue on loopback that checks every signature by itself. */
async function venue(t: TestContext, answer: Answer, options: Options = {}): Promise<Venue> {
  const { exchange = 'bybit', environment = 'live', bybitHost = '', timeoutMs = 5_000 } = options;
  const asked: string[] = [];
  const hosts: string[] = [];
  const turns: number[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    asked.push(url.pathname.replace('/bybit', '') + url.search);
    if (url.pathname !== '/bybit/v5/market/time') checkSignature(request);
    const path = url.pathname.replace('/bybit', '');
    const body = answer({ path, query: url.searchParams, request, response });
    if (body !== undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const rewrite = (url: string): string => {
    hosts.push(url);
    return `http://127.0.0.1:${port}/bybit`;
  };
  const market = bybit.descriptor.markets.find((one) => one.exchange === exchange)!;
  const account: Account = {
    market,
    credentials: { key: KEY, secret: SECRET, passphrase: '', options: { bybitHost } },
    environment,
  };
  const rest = bybit.connectAccount!(account, {
    rewrite,
    timeoutMs,
    venueNow: () => NOW,
    inTurn: turnsAfter((weight) => (assert.equal(weight, 1), turns.push(asked.length))),
  });
  return { rest, asked, hosts, turns };
}

function checkSignature(request: IncomingMessage): void {
  const header = (name: string): string => String(request.headers[`x-bapi-${name}`]);
  const sent = Number(header('timestamp'));
  assert.ok(Math.abs(sent - NOW) < 1_000, `signed at ${sent}`);
  const query = request.url!.split('?')[1] ?? '';
  const text = `${header('timestamp')}${header('api-key')}${header('recv-window')}${query}`;
  assert.equal(header('api-key'), KEY);
  assert.equal(header('sign'), createHmac('sha256', SECRET).update(text).digest('hex'));
}

function ok(result: object, time = NOW): object {
  return { retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time };
}

const INFO = '/v5/account/info';
const WALLET = '/v5/account/wallet-balance';
const CURRENT = '/v5/order/realtime';
const HISTORY = '/v5/order/history';
const FILLS = '/v5/execution/list';

/** An account without orders, by path; `more` overrides. */
function account(more: Readonly<Record<string, Answer>> = {}, status = 5): Answer {
  const usual: Readonly<Record<string, Answer>> = {
    [INFO]: () => ok({ unifiedMarginStatus: status }),
    [WALLET]: ({ query }) =>
      ok({
        list: [
          {
            accountType: query.get('accountType'),
            coin: [{ coin: 'USDT', walletBalance: '100.5', locked: '0.5', totalOrderIM: '', free: '' }],
          },
        ],
      }),
  };
  const empty: Answer = () => ok({ list: [], nextPageCursor: '' });
  return (asked) => (more[asked.path] ?? usual[asked.path] ?? empty)(asked);
}

let rowCount = 0;

function row(orderId: string, more: Readonly<Record<string, string>> = {}): Record<string, unknown> {
  rowCount += 1;
  return {
    symbol: 'BTCUSDT',
    orderId,
    orderLinkId: `link-${orderId}`,
    side: 'Buy',
    orderType: 'Limit',
    orderStatus: 'New',
    price: '30000',
    qty: '1',
    avgPrice: '',
    cumExecQty: '0',
    cumExecValue: '0',
    createdTime: '1700000000000',
    updatedTime: String(NOW - rowCount),
    ...more,
  };
}

async function failure(run: Promise<unknown>): Promise<ConnectorError> {
  const thrown: unknown = await run.then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ConnectorError, String(thrown));
  const told = JSON.stringify([thrown.message, thrown.stack, thrown.cause]);
  assert.equal(thrown.cause, undefined);
  for (const secret of [KEY, SECRET, 'sign=', '127.0.0.1']) assert.ok(!told.includes(secret), told);
  return thrown;
}

async function told(venueOf: Promise<Venue>, since = NOW - DAY): Promise<string[]> {
  const { orders } = await (await venueOf).rest.snapshot({ sinceMs: since, instruments: NONE, known: [] });
  return orders.map(({ report: { orderId, orderStatus } }) => `${orderId} ${orderStatus}`);
}

// ---------------------------------------------------------------------------- snapshot

test('open orders, orders closed since and balances, by signed requests', async (t) => {
  const { rest, asked, hosts } = await venue(
    t,
    account({
      [CURRENT]: ({ query }) =>
        ok({
          category: 'spot',
          list:
            query.get('openOnly') === '0'
              ? [row('open', { updatedTime: '1700000000005' })]
              : [
                  row('closed', {
                    orderStatus: 'Filled',
                    updatedTime: String(NOW - 5),
                    cumExecQty: '1',
                    cumExecValue: '29999.5',
                  }),
                  row('stale', { orderStatus: 'Filled', updatedTime: String(NOW - 2 * DAY) }),
                ],
          nextPageCursor: '',
        }),
      [HISTORY]: () =>
        ok({
          list: [row('older', { orderStatus: 'Cancelled', updatedTime: String(NOW - DAY) })],
          nextPageCursor: '',
        }),
    }),
  );
  const { orders, balances } = await rest.snapshot({ sinceMs: NOW - DAY, instruments: NONE, known: [] });
  assert.deepEqual(
    orders.map(({ report }) => [report.orderId, report.orderStatus, report.orderTime]),
    [
      ['open', 'NEW', 1_700_000_000_005],
      ['older', 'CANCELED', NOW - DAY],
      ['closed', 'FILLED', NOW - 5],
    ],
  );
  assert.equal(orders[2]!.report.totalQuoteTradeQuantity, '29999.5');
  assert.deepEqual(balances, {
    eventType: 'outboundAccountPosition',
    eventTime: NOW,
    lastAccountUpdate: NOW,
    balances: [{ asset: 'USDT', free: '100', locked: '0.5' }],
  });
  assert.deepEqual(asked, [
    '/v5/account/info',
    '/v5/account/wallet-balance?accountType=UNIFIED',
    '/v5/order/realtime?category=spot&openOnly=0&limit=50',
    '/v5/order/realtime?category=spot&openOnly=1&limit=50',
    `/v5/order/history?category=spot&startTime=${NOW - DAY}&endTime=${NOW}&limit=50`,
    `/v5/execution/list?category=spot&startTime=${NOW - DAY}&endTime=${NOW}&limit=100`,
  ]);
  assert.deepEqual([...new Set(hosts)], ['https://api.bybit.com']);
});

test('every page, its cursor sent back as it came', async (t) => {
  const cursor = 'page_args%3Dfd43%26symbol%3D6%26';
  const orders = told(
    venue(
      t,
      account({
        [CURRENT]: ({ query }) => {
          if (query.get('openOnly') !== '0') return ok({ list: [], nextPageCursor: '' });
          if (query.get('cursor') === cursor) return ok({ list: [row('b'), row('a')], nextPageCursor: '' });
          assert.equal(query.get('cursor'), null);
          return ok({ list: [row('c')], nextPageCursor: cursor });
        },
      }),
    ),
  );
  assert.deepEqual((await orders).sort(), ['a NEW', 'b NEW', 'c NEW']);
});

test('pages without end are refused', async (t) => {
  const { rest } = await venue(t, account({ [HISTORY]: () => ok({ list: [], nextPageCursor: 'again' }) }));
  const { code, message } = await failure(rest.snapshot({ sinceMs: NOW - 1, instruments: NONE, known: [] }));
  assert.deepEqual([code, message], ['REST_BAD_ANSWER', 'Bybit answered with pages without end']);
});

test('linear orders are asked for per settlement coin', async (t) => {
  const { rest, asked } = await venue(t, account(), { exchange: 'bybitLinear' });
  await rest.snapshot({ sinceMs: NOW - 1, instruments: NONE, known: [] });
  assert.deepEqual(
    asked.filter((path) => path.startsWith(CURRENT)),
    ['0', '1'].flatMap((openOnly) =>
      ['USDT', 'USDC'].map(
        (coin) => `${CURRENT}?category=linear&settleCoin=${coin}&openOnly=${openOnly}&limit=50`,
      ),
    ),
  );
});

test('an order that changes while it is read is told in its last state', async (t) => {
  const states = [
    { orderStatus: 'New', updatedTime: String(NOW - 9) },
    { orderStatus: 'Filled', updatedTime: String(NOW - 3) },
    { orderStatus: 'PartiallyFilled', updatedTime: String(NOW - 7) },
  ];
  const next = (): object => ok({ list: [row('x', states.shift())], nextPageCursor: '' });
  assert.deepEqual(await told(venue(t, account({ [CURRENT]: next, [HISTORY]: next }))), ['x FILLED']);
});

test('what was filled but stands in no list is asked for by its id', async (t) => {
  const fill = (orderId: string, execType: string): object => ({
    orderId,
    execType,
    symbol: 'BTCUSDT',
    execTime: '1',
  });
  const byId =
    (found: string): Answer =>
    ({ query }) =>
      ok({
        list: query.get('orderId') === found ? [row(found, { orderStatus: 'Filled' })] : [],
        nextPageCursor: '',
      });
  const venueOf = venue(
    t,
    account({
      [FILLS]: () =>
        ok({
          list: [
            fill('m', 'Trade'),
            fill('m', 'Trade'),
            fill('h', 'BustTrade'),
            fill('f', 'Funding'),
            fill('u', 'Trade'),
            7,
          ],
          nextPageCursor: '',
        }),
      [CURRENT]: byId('m'),
      [HISTORY]: byId('h'),
    }),
  );
  assert.deepEqual((await told(venueOf)).sort(), ['h FILLED', 'm FILLED']);
  const { asked } = await venueOf;
  assert.ok(asked.includes('/v5/order/realtime?category=spot&symbol=BTCUSDT&orderId=m'));
  assert.ok(asked.includes('/v5/order/history?category=spot&symbol=BTCUSDT&orderId=h'));
  assert.equal(asked.filter((path) => path.includes('orderId=m')).length, 1);
  assert.ok(!asked.some((path) => path.includes('orderId=f')));
});

test('a long gap is asked for in weeks, and not without end', async (t) => {
  const { rest, asked } = await venue(t, account());
  await rest.snapshot({ sinceMs: 0, instruments: NONE, known: [] });
  const spans = asked
    .filter((path) => path.startsWith(HISTORY))
    .map((path) => new URLSearchParams(path.split('?')[1]))
    .map((query) => [Number(query.get('startTime')), Number(query.get('endTime'))] as const);
  assert.deepEqual([spans[0]![0], spans.at(-1)![1]], [NOW - 30 * DAY, NOW]);
  spans.forEach(([from, to], at) => {
    assert.ok(to - from < 7 * DAY && to >= from);
    if (at > 0) assert.equal(from, spans[at - 1]![1] + 1);
  });
});

test('an unknown status is skipped, orders that are none are refused', async (t) => {
  const list = [row('x', { orderStatus: 'Frozen' })];
  assert.deepEqual(await told(venue(t, account({ [CURRENT]: () => ok({ list, nextPageCursor: '' }) }))), []);
  const { rest } = await venue(t, account({ [CURRENT]: () => ok({ list: [{}, 5], nextPageCursor: '' }) }));
  assert.equal(
    (await failure(rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).code,
    'REST_BAD_ANSWER',
  );
});

test('one odd row beside good ones is told to the operator', async (t) => {
  const list = [row('x', { orderStatus: 'Frozen' }), row('y'), {}];
  const { rest } = await venue(t, account({ [CURRENT]: () => ok({ list, nextPageCursor: '' }) }));
  const { orders, incomplete } = await rest.snapshot({ sinceMs: NOW - 1, instruments: NONE, known: [] });
  assert.deepEqual(
    orders.map(({ report }) => report.orderId),
    ['y'],
  );
  assert.deepEqual(incomplete, 'unknown order status Frozen; malformed order');
});

test('a balance that cannot be read is never taken for zero', async (t) => {
  const coin = [
    { coin: 'USDT', walletBalance: '1' },
    { coin: 'BTC', walletBalance: 'x' },
  ];
  const list = [{ accountType: 'UNIFIED', coin }];
  const { rest } = await venue(t, account({ [WALLET]: () => ok({ list }) }));
  const { balances, incomplete } = await rest.snapshot({ sinceMs: NOW - 1, instruments: NONE, known: [] });
  assert.equal(balances, undefined);
  assert.equal(incomplete, 'the balances are left out, as 1 of them cannot be read');
});

test('a wallet of which nothing can be read keeps no order from being told', async (t) => {
  const coin = [{ coin: 'BTC', walletBalance: 'x' }];
  const list = [{ accountType: 'UNIFIED', coin }];
  const orders: Answer = () => ok({ list: [row('y')], nextPageCursor: '' });
  const { rest } = await venue(t, account({ [WALLET]: () => ok({ list }), [CURRENT]: orders }));
  const found = await rest.snapshot({ sinceMs: NOW - 1, instruments: NONE, known: [] });
  assert.deepEqual(
    [found.orders.length, found.balances, found.incomplete],
    [1, undefined, 'the balances are left out, as 1 of them cannot be read'],
  );
});

test('what the venue does not keep is said', async (t) => {
  const { rest } = await venue(t, account());
  const said = async (gapMs: number) =>
    (await rest.snapshot({ sinceMs: NOW - gapMs, instruments: NONE, known: [] })).incomplete;
  const unfilled = 'the venue keeps orders that ended without a fill for 24 hours';
  assert.equal(await said(DAY), undefined);
  assert.equal(await said(DAY + 1), unfilled);
  assert.equal(await said(31 * DAY), `${unfilled}; only the last 30 days were looked at`);
});

test('a known order is asked for by its id, or its client id, in the memory and in the history', async (t) => {
  const answer =
    (name: string, value: string): Answer =>
    ({ query }) =>
      ok({
        list: query.get(name) === value ? [row(value, { orderStatus: 'Cancelled', updatedTime: '5' })] : [],
        nextPageCursor: '',
      });
  const { rest, asked, turns } = await venue(
    t,
    account({ [CURRENT]: answer('orderId', 'm'), [HISTORY]: answer('orderLinkId', 'link-h') }),
  );
  const known = (orderId: string, clientOrderId: string) => ({ symbol: 'BTCUSDT', orderId, clientOrderId });
  const { orders, incomplete, forgotten } = await rest.snapshot({
    ...{ sinceMs: NOW - 1, instruments: NONE },
    known: [known('m', 'link-m'), known('', 'link-h'), known('u', '')],
  });
  assert.deepEqual(forgotten, [known('u', '')]);
  assert.deepEqual(
    orders.map(({ report: { orderId, orderStatus } }) => [orderId, orderStatus]),
    [
      ['m', 'CANCELED'],
      ['link-h', 'CANCELED'],
    ],
  );
  assert.equal(incomplete, 'the venue does not tell of an order of BTCUSDT that was open');
  assert.deepEqual(asked.slice(-5), [
    `${CURRENT}?category=spot&symbol=BTCUSDT&orderId=m`,
    `${CURRENT}?category=spot&symbol=BTCUSDT&orderLinkId=link-h`,
    `${HISTORY}?category=spot&symbol=BTCUSDT&orderLinkId=link-h`,
    `${CURRENT}?category=spot&symbol=BTCUSDT&orderId=u`,
    `${HISTORY}?category=spot&symbol=BTCUSDT&orderId=u`,
  ]);
  assert.deepEqual(
    turns,
    asked.map((_, at) => at),
    'a turn before every call',
  );
});

// ---------------------------------------------------------------------------- generations of accounts

const GENERATIONS: readonly (readonly [number, string, string, string | undefined])[] = [
  [6, 'bybitInverse', 'UNIFIED', '1'],
  [42, 'bybitInverse', 'UNIFIED', '1'],
  [3, 'bybit', 'UNIFIED', '1'],
  [4, 'bybitLinear', 'UNIFIED', '1'],
  [4, 'bybitInverse', 'CONTRACT', '2'],
  [1, 'bybitLinear', 'CONTRACT', '2'],
  [1, 'bybit', 'SPOT', undefined],
];

for (const [status, exchange, wallet, closed] of GENERATIONS) {
  test(`account status ${status}: ${exchange} trades from ${wallet}`, async (t) => {
    const { rest, asked } = await venue(t, account({}, status), { exchange });
    const { balances } = await rest.snapshot({ sinceMs: NOW - 1, instruments: NONE, known: [] });
    assert.ok(balances);
    assert.ok(asked.includes(`${WALLET}?accountType=${wallet}`));
    const kinds = asked.map((path) => /openOnly=(\d)/.exec(path)?.[1]).filter((one) => one !== undefined);
    assert.deepEqual([...new Set(kinds)], closed === undefined ? ['0'] : ['0', closed]);
  });
}

test('the generation is asked for once, and again after a failure', async (t) => {
  let status = 4;
  const refuse: Answer = ({ query }) =>
    status === 5 && query.get('accountType') === 'CONTRACT'
      ? { retCode: 10001, retMsg: 'accountType only support UNIFIED.', result: {}, time: NOW }
      : ok({ list: [], nextPageCursor: '' });
  const answer: Answer = (asked) => account({ [WALLET]: refuse }, status)(asked);
  const { rest, asked } = await venue(t, answer, { exchange: 'bybitInverse' });
  await rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
  assert.equal((await rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] })).balances, undefined);
  assert.equal(asked.filter((path) => path === INFO).length, 1);
  status = 5;
  assert.equal(
    (await failure(rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).retry,
    'backoff',
  );
  await rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
  assert.equal(asked.filter((path) => path === INFO).length, 2);
  assert.ok(asked.includes(`${WALLET}?accountType=UNIFIED`));
});

// ---------------------------------------------------------------------------- hosts and time

const HOSTS: readonly (readonly [Options, string])[] = [
  [{ bybitHost: 'eu' }, 'https://api.bybit.eu'],
  [{ bybitHost: 'nl' }, 'https://api.bybit.nl'],
  [{ bybitHost: 'tr' }, 'https://api.bybit.tr'],
  [{ bybitHost: 'kz' }, 'https://api.bybit.kz'],
  [{ bybitHost: 'ge' }, 'https://api.bybitgeorgia.ge'],
  [{ bybitHost: 'demo' }, 'https://api-demo.bybit.com'],
  [{ environment: 'sandbox' }, 'https://api-testnet.bybit.com'],
];

for (const [options, host] of HOSTS) {
  test(`${JSON.stringify(options)} is asked at ${host}`, async (t) => {
    const { rest, hosts } = await venue(t, account(), options);
    await rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] });
    assert.deepEqual([...new Set(hosts)], [host]);
  });
}

test("tells the venue's clock without a signature", async (t) => {
  const { rest, asked, turns } = await venue(t, ({ request }) => {
    assert.equal(request.headers['x-bapi-sign'], undefined);
    return ok({ timeSecond: '1688639403', timeNano: '1688639403423213947' }, 1_688_639_403_423);
  });
  assert.equal(await rest.serverTime(), 1_688_639_403_423);
  assert.deepEqual(turns, [0]);
  assert.deepEqual(asked, ['/v5/market/time']);
});

// ---------------------------------------------------------------------------- refusals

const CODES: readonly (readonly [number, string, unknown])[] = [
  [10002, 'REST_FAILED', 'backoff'],
  [10003, 'REST_FAILED', 'never'],
  [10004, 'REST_FAILED', 'never'],
  [10005, 'REST_FAILED', 'never'],
  [10007, 'REST_FAILED', 'never'],
  [10010, 'REST_FAILED', 'never'],
  [33004, 'REST_FAILED', 'never'],
  [10006, 'REST_LIMITED', { afterMs: 1_000 }],
  [10018, 'REST_LIMITED', { afterMs: 5_000 }],
  [10001, 'REST_FAILED', 'backoff'],
  [10016, 'REST_FAILED', 'backoff'],
  [10028, 'REST_FAILED', 'backoff'],
];

for (const [retCode, code, retry] of CODES) {
  test(`code ${retCode} is ${code}`, async (t) => {
    const retMsg = `error sign! origin_string[1${KEY}5000]`;
    const { rest } = await venue(t, () => ({ retCode, retMsg, result: {}, time: NOW }));
    const error = await failure(rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }));
    assert.deepEqual([error.code, error.retry], [code, retry]);
  });
}

const HTTP: readonly (readonly [number, string, unknown])[] = [
  [401, 'REST_FAILED', 'never'],
  [404, 'REST_FAILED', 'backoff'],
  [500, 'REST_FAILED', 'backoff'],
  [429, 'REST_LIMITED', { afterMs: 5_000 }],
  [403, 'REST_LIMITED', { afterMs: 600_000 }],
];

for (const [status, code, retry] of HTTP) {
  test(`HTTP ${status} is ${code}`, async (t) => {
    const { rest } = await venue(t, ({ response }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ key: KEY }));
      return undefined;
    });
    const error = await failure(rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }));
    assert.deepEqual([error.code, error.retry], [code, retry]);
  });
}

test('garbage is refused', async (t) => {
  const bodies = [[], {}, 7, { retCode: '0' }, { retCode: 0 }, { retCode: 0, result: {} }, ok({})];
  for (const body of bodies) {
    const { rest } = await venue(t, () => body);
    assert.equal(
      (await failure(rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).code,
      'REST_BAD_ANSWER',
      JSON.stringify(body),
    );
  }
  const { rest } = await venue(t, ({ response }) => void response.end('<html>502</html>'));
  assert.equal(
    (await failure(rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).code,
    'REST_BAD_ANSWER',
  );
  const odd = await venue(
    t,
    account({ [WALLET]: () => ok({ list: [{ accountType: 'UNIFIED', coin: 5 }] }) }),
  );
  assert.equal(
    (await failure(odd.rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).code,
    'REST_BAD_ANSWER',
  );
});

test('an answer that never comes, and a line that breaks', async (t) => {
  const hung = await venue(t, () => undefined, { timeoutMs: 30 });
  assert.equal(
    (await failure(hung.rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).code,
    'REST_TIMEOUT',
  );
  const broken = await venue(t, ({ response }) => void response.destroy());
  assert.equal(
    (await failure(broken.rest.snapshot({ sinceMs: NOW, instruments: NONE, known: [] }))).code,
    'REST_FAILED',
  );
});
