import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import { turnsAfter } from '../../testing/turns';
import type { Account, AccountRest } from '../contract';
import { connectAccount } from './account-rest';
import { okx } from './index';

const KEY = 'the-key';
const SECRET = 'the-secret';
const PASSPHRASE = 'the-passphrase';
const VENUE_NOW = Date.UTC(2025, 8, 5, 12, 50, 5, 678);
const SINCE = 1_757_076_000_000;
const HOUR = 3_600_000;
const NONE = new InstrumentIndex();

type Answer = (url: URL, response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let base = '';
let asked: { url: URL; host: string; request: IncomingMessage }[] = [];
let answer: Answer = () => undefined;
let turns: (number | undefined)[] = [];
let venueNow = VENUE_NOW;

before(async () => {
  server = createServer((request, response) => {
    const [, host = '', path = ''] = /^\/([^/]+)(.*)$/.exec(request.url ?? '') ?? [];
    const url = new URL(path, base);
    asked.push({ url, host, request });
    answer(url, response, request);
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
  venueNow = VENUE_NOW;
});

interface Wish {
  exchange?: string;
  okxSource?: string;
  environment?: Account['environment'];
  timeoutMs?: number;
  passphrase?: string;
  rewrite?: (url: string) => string;
}

function rest({
  exchange = 'okx',
  okxSource = 'com',
  environment = 'live',
  ...more
}: Wish = {}): AccountRest {
  const { timeoutMs = 5_000, passphrase = PASSPHRASE } = more;
  const market = okx.descriptor.markets.find((one) => one.exchange === exchange)!;
  const credentials = { key: KEY, secret: SECRET, passphrase, options: { okxSource } };
  // The override may hold a path, which is no part of what is signed.
  const { rewrite = (url: string) => url.replace('https://', `${base}/`) } = more;
  const inTurn = turnsAfter((weight) => turns.push(weight));
  const deps = { rewrite, timeoutMs, venueNow: () => venueNow, inTurn };
  return connectAccount({ market, credentials, environment }, deps);
}

function send(response: ServerResponse, status: number, body: unknown, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

const success = (data: unknown): object => ({ code: '0', msg: '', data });

function order(number: number, changes: object = {}): Record<string, string> {
  const time = String(1_757_076_060_000 + number);
  return {
    instType: 'SPOT',
    instId: 'BTC-USDT',
    ordId: `24979569187031200${String(number).padStart(5, '0')}`,
    clOrdId: `D-TP${number}`,
    side: 'buy',
    ordType: 'limit',
    state: 'live',
    category: 'normal',
    px: '10',
    avgPx: '',
    sz: '2',
    accFillSz: '0',
    cTime: time,
    uTime: time,
    ...changes,
  };
}

const BALANCE = {
  uTime: '1757076130010',
  details: [{ ccy: 'USDT', availBal: '5', frozenBal: '1', cashBal: '6' }],
};

interface Lists {
  pending?: object[];
  history?: object[];
  archive?: object[];
  /** Told by their ids only. */
  single?: object[];
}

/** A venue with these orders: newest first, paged by `after`, by type. */
function serve(lists: Lists, balance: object[] = [BALANCE]): void {
  answer = ({ pathname, searchParams }, response) => {
    if (pathname === '/api/v5/account/balance') return send(response, 200, success(balance));
    if (pathname === '/api/v5/trade/order') {
      const wanted = Object.fromEntries(searchParams) as Record<string, string>;
      const found = ((lists.single ?? []) as Record<string, string>[]).find((row) =>
        Object.entries(wanted).every(([name, value]) => row[name] === value),
      );
      if (found) return send(response, 200, success([found]));
      return send(response, 200, { code: '51603', msg: 'Order does not exist', data: [] });
    }
    const name = { 'orders-pending': 'pending', 'orders-history': 'history' } as const;
    const list = name[pathname.slice('/api/v5/trade/'.length) as keyof typeof name] ?? 'archive';
    const rows = lists[list] as Record<string, string>[];
    const cursor = searchParams.get('after');
    const found = (rows ?? [])
      .filter((row) => row['instType'] === searchParams.get('instType'))
      .filter((row) => cursor === null || (row['ordId'] ?? '') < cursor)
      .sort((a, b) => (a['ordId']! < b['ordId']! ? 1 : -1));
    send(response, 200, success(found.slice(0, Number(searchParams.get('limit')))));
  };
}

function failsWith(code: string, retry: unknown): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof ConnectorError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    assert.deepEqual(thrown.retry, retry);
    const told = JSON.stringify([thrown.message, thrown.stack, thrown.cause, String(thrown.cause)]);
    for (const secret of [KEY, SECRET, PASSPHRASE, 'OK-ACCESS', 'api/v5'])
      assert.ok(!told.includes(secret), told);
    return true;
  };
}

describe('okx account REST: what is sent', () => {
  test('every signed request: signature, time, key, passphrase', async () => {
    serve({ pending: [order(1)] });
    await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.deepEqual(
      asked.map(({ url }) => url.pathname + url.search),
      [
        '/api/v5/trade/orders-pending?instType=SPOT&limit=100',
        '/api/v5/trade/orders-history?instType=SPOT&limit=100',
        '/api/v5/account/balance',
      ],
    );
    for (const { url, request, host } of asked) {
      const { headers } = request;
      assert.equal(host, 'openapi.okx.com');
      assert.equal(headers['ok-access-timestamp'], '2025-09-05T12:50:05.678Z');
      const text = `2025-09-05T12:50:05.678ZGET${url.pathname}${url.search}`;
      const expected = createHmac('sha256', SECRET).update(text).digest('base64');
      assert.equal(headers['ok-access-sign'], expected);
      assert.equal(headers['ok-access-key'], KEY);
      assert.equal(headers['ok-access-passphrase'], PASSPHRASE);
      assert.equal(headers['x-simulated-trading'], undefined);
    }
  });

  test('the venue clock is asked without a signature', async () => {
    answer = (_url, response) => send(response, 200, success([{ ts: '1757076130010' }]));
    assert.equal(await rest().serverTime(), 1_757_076_130_010);
    assert.equal(asked[0]?.url.pathname, '/api/v5/public/time');
    for (const name of Object.keys(asked[0]!.request.headers)) assert.ok(!name.startsWith('ok-access'));
  });

  const hosts: [source: string, host: string][] = [
    ['com', 'openapi.okx.com'],
    ['my', 'eea.okx.com'],
    ['app', 'us.okx.com'],
  ];
  for (const [okxSource, host] of hosts) {
    test(`host of ${okxSource}; the demo differs by a header only`, async () => {
      serve({});
      for (const environment of ['live', 'sandbox'] as const) {
        asked = [];
        await rest({ okxSource, environment }).snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
        const isDemo = environment === 'sandbox' ? '1' : undefined;
        assert.ok(asked.length > 0);
        for (const one of asked) {
          assert.equal(one.host, host);
          assert.equal(one.request.headers['x-simulated-trading'], isDemo);
        }
      }
    });
  }
});

describe('okx account REST: snapshot', () => {
  test('open orders of any age, ended ones since, oldest change first, and balances', async () => {
    const old = { uTime: '1757076070000' };
    serve({
      pending: [order(5), order(2)],
      history: [
        order(1, { state: 'filled', accFillSz: '2', avgPx: '9.5', ...old }),
        order(3, { state: 'canceled', uTime: '1757076069999' }),
        order(4, { state: 'filled', uTime: '1757076068999' }),
      ],
    });
    const { orders, balances } = await rest().snapshot({
      sinceMs: 1_757_076_069_000,
      instruments: NONE,
      known: [],
    });
    assert.deepEqual(
      orders.map(({ report }) => [report.newClientOrderId, report.orderStatus]),
      [
        ['D-TP2', 'NEW'],
        ['D-TP5', 'NEW'],
        ['D-TP3', 'CANCELED'],
        ['D-TP1', 'FILLED'],
      ],
    );
    const last = orders.at(-1)!.report;
    assert.deepEqual([last.price, last.totalTradeQuantity, last.totalQuoteTradeQuantity], ['9.5', '2', '19']);
    assert.deepEqual(balances, {
      eventType: 'outboundAccountPosition',
      eventTime: 1_757_076_130_010,
      lastAccountUpdate: 0,
      balances: [{ asset: 'USDT', free: '5', locked: '1' }],
    });
  });

  test('an order that ends between the two lists is told twice, the end last', async () => {
    serve({ pending: [order(1)], history: [order(1, { state: 'filled' })] });
    const { orders } = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.deepEqual(
      orders.map(({ report }) => report.orderStatus),
      ['NEW', 'FILLED'],
    );
  });

  test('every page of both lists, each with its turn', async () => {
    const pending = Array.from({ length: 250 }, (_, at) => order(at));
    const history = Array.from({ length: 2_500 }, (_, at) => order(10_000 + at, { state: 'filled' }));
    serve({ pending, history });
    const { orders } = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.equal(new Set(orders.map(({ report }) => report.orderId)).size, 2_750);
    assert.equal(asked.length, 3 + 26 + 1);
    assert.deepEqual(turns, [1, 1, 1, ...Array<number>(26).fill(2), 6]);
  });

  test('a page that is full and the last costs one more request', async () => {
    serve({ pending: Array.from({ length: 100 }, (_, at) => order(at)) });
    const { orders } = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.equal(orders.length, 100);
    assert.equal(asked.length, 4);
  });

  test('swaps are told apart; X-Perps are asked for at the European entity', async () => {
    const swap = (number: number, instId: string, instType = 'SWAP'): object =>
      order(number, { instType, instId });
    const pending = [
      swap(1, 'BTC-USDT-SWAP'),
      swap(2, 'BTC-USD-SWAP'),
      swap(3, 'BTC-USD_UM_XPERP-310404', 'FUTURES'),
    ];
    serve({ pending });
    const symbols = async (wish: Wish): Promise<string[]> =>
      (await rest(wish).snapshot({ sinceMs: SINCE, instruments: NONE, known: [] })).orders.map(
        ({ report }) => report.symbol,
      );
    assert.deepEqual(await symbols({ exchange: 'okxLinear' }), ['BTC-USDT']);
    assert.deepEqual(await symbols({ exchange: 'okxInverse', okxSource: 'my' }), ['BTC-USD']);
    assert.deepEqual(await symbols({ exchange: 'okxLinear', okxSource: 'my' }), [
      'BTC-USDT',
      'BTC-USD_UM_XPERP',
    ]);
  });

  test('an order that cannot be read is left out, and said so', async () => {
    serve({ pending: [order(1), order(2, { state: 'odd' })] });
    const { orders, incomplete } = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.deepEqual(
      orders.map(({ report }) => report.newClientOrderId),
      ['D-TP1'],
    );
    assert.equal(incomplete, 'unreadable orders: 1 (unknown order status odd)');
  });

  test('an empty account', async () => {
    serve({}, [{ uTime: '1757076130010', details: [] }]);
    const { orders, balances } = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.deepEqual(orders, []);
    assert.deepEqual(balances?.balances, []);
    serve({}, [{ uTime: '', details: [] }]);
    const untouched = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.deepEqual([untouched.balances?.balances, untouched.balances?.eventTime], [[], VENUE_NOW]);
  });
});

describe('okx account REST: known orders', () => {
  const ids = (number: number) => ({
    symbol: 'BTC-USDT',
    orderId: order(number)['ordId']!,
    clientOrderId: `D-TP${number}`,
  });
  const ended = { state: 'canceled', accFillSz: '0.5', avgPx: '9.9' };

  test('in a list: not asked again, and told however long ago it ended', async () => {
    serve({
      pending: [order(1)],
      history: [
        order(2, { ...ended, uTime: '1757000000000' }),
        order(3, { ...ended, uTime: '1757000000000' }),
      ],
    });
    const known = [ids(1), ids(2)];
    const { orders, incomplete } = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known });
    assert.deepEqual(
      orders.map(({ report }) => [report.newClientOrderId, report.orderStatus]),
      [
        ['D-TP2', 'CANCELED'],
        ['D-TP1', 'NEW'],
      ],
    );
    assert.equal(incomplete, undefined);
    assert.equal(asked.length, 3);
  });

  test('in no list: asked by its id, or by its client id where there is none', async () => {
    serve({ single: [order(4, ended), order(5, { state: 'filled', accFillSz: '2', avgPx: '9' })] });
    const known = [ids(4), { ...ids(5), orderId: '' }];
    const { orders, incomplete } = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known });
    assert.deepEqual(
      orders.map(({ report }) => [report.newClientOrderId, report.orderStatus, report.totalTradeQuantity]),
      [
        ['D-TP4', 'CANCELED', '0.5'],
        ['D-TP5', 'FILLED', '2'],
      ],
    );
    assert.equal(incomplete, undefined);
    assert.deepEqual(
      asked.filter(({ url }) => url.pathname.endsWith('/order')).map(({ url }) => url.search),
      [`?instId=BTC-USDT&ordId=${ids(4).orderId}`, '?instId=BTC-USDT&clOrdId=D-TP5'],
    );
    assert.deepEqual(turns, [1, 2, 1, 1, 6]);
  });

  test('forgotten by the venue: not cancelled for that, said by its symbol, and named as forgotten', async () => {
    serve({});
    const known = [ids(6), ids(7)];
    const answer = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known });
    assert.deepEqual(answer.orders, []);
    assert.equal(answer.incomplete, 'known orders that the venue does not tell of: BTC-USDT');
    assert.deepEqual(answer.forgotten, known);
  });

  test('swaps by their venue id; an X-Perp needs its date', async () => {
    serve({});
    const [linear, perp] = ['BTC-USDT', 'BTC-USD_UM_XPERP'];
    const known = [linear, perp].map((symbol) => ({ symbol: symbol!, orderId: '1', clientOrderId: '' }));
    const swaps = rest({ exchange: 'okxLinear' });
    const dated = { exchange: 'okxLinear', symbol: perp!, base: 'BTC', quote: 'USD' } as const;
    const instruments = new InstrumentIndex([{ ...dated, venueSymbol: `${perp}-310404` }]);
    await swaps.snapshot({ sinceMs: SINCE, instruments, known });
    const { incomplete } = await swaps.snapshot({ sinceMs: SINCE, instruments: NONE, known });
    assert.deepEqual(
      asked
        .filter(({ url }) => url.pathname.endsWith('/order'))
        .map(({ url }) => url.searchParams.get('instId')),
      ['BTC-USDT-SWAP', 'BTC-USD_UM_XPERP-310404', 'BTC-USDT-SWAP'],
    );
    assert.equal(incomplete, 'known orders that the venue does not tell of: BTC-USDT, BTC-USD_UM_XPERP');
  });

  const retentions: [name: string, gapMs: number, lists: string[], incomplete: string | undefined][] = [
    ['an hour', HOUR, ['pending', 'history'], undefined],
    [
      '3 hours',
      3 * HOUR,
      ['pending', 'history'],
      'the venue keeps orders cancelled without a fill for 2 hours',
    ],
    [
      '8 days',
      8 * 24 * HOUR,
      ['pending', 'history', 'history-archive'],
      'the venue keeps orders cancelled without a fill for 2 hours',
    ],
    [
      '91 days',
      91 * 24 * HOUR,
      ['pending', 'history', 'history-archive'],
      'the venue keeps ended orders for 3 months',
    ],
  ];
  for (const [name, gapMs, lists, told] of retentions) {
    test(`after ${name}: ${told ?? 'complete'}`, async () => {
      serve({ archive: [order(8, { state: 'filled' })] });
      const query = { sinceMs: VENUE_NOW - gapMs, instruments: NONE, known: [] };
      const { orders, incomplete } = await rest().snapshot(query);
      assert.equal(incomplete, told);
      assert.equal(orders.length, lists.length - 2);
      const prefix = '/api/v5/trade/orders-';
      assert.deepEqual(
        asked.flatMap(({ url: { pathname } }) =>
          pathname.startsWith(prefix) ? [pathname.slice(prefix.length)] : [],
        ),
        lists,
      );
    });
  }

  test('liquidations, whole and partial, deleverage, delivery: as on the stream', async () => {
    const categories = ['full_liquidation', 'partial_liquidation', 'adl', 'delivery', 'ddh', 'normal'];
    const market = okx.descriptor.markets.find((one) => one.exchange === 'okxLinear')!;
    const changes = { instType: 'SWAP', instId: 'BTC-USDT-SWAP', ordType: 'market', px: '', clOrdId: '' };
    const rows = categories.map((category, at) =>
      order(at, { ...changes, category, state: 'filled', accFillSz: '2', avgPx: '9.5' }),
    );
    serve({ history: rows });
    const { codec } = okx.accountFeed!;
    const frame = JSON.stringify({ arg: { channel: 'orders', instType: 'SWAP' }, data: rows });
    const state = codec.begin(market);
    const streamed = codec.decode(frame, { state, market, receivedAt: 0, instruments: NONE });
    const client = rest({ exchange: 'okxLinear' });
    const { orders } = await client.snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.deepEqual(streamed.kind === 'events' && streamed.events, orders);
    assert.deepEqual(
      orders.map(({ report }) => report.liquidation),
      [true, false, false, false, false, false],
    );
  });

  test('a currency that cannot be read does not pass for an empty one', async () => {
    serve({}, [{ ...BALANCE, details: [...BALANCE.details, { ccy: 'BTC', availBal: 'much' }] }]);
    const { balances, incomplete } = await rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.equal(balances, undefined);
    assert.equal(incomplete, 'unreadable balances: 1');
  });

  test('signed after the turn, which may take long', async () => {
    serve({});
    const market = okx.descriptor.markets[0]!;
    const credentials = { key: KEY, secret: SECRET, passphrase: PASSPHRASE, options: {} };
    const client = connectAccount(
      { market, credentials, environment: 'live' },
      {
        rewrite: (url) => url.replace('https://', `${base}/`),
        timeoutMs: 5_000,
        venueNow: () => venueNow,
        inTurn: turnsAfter(() => (venueNow += HOUR / 60)),
      },
    );
    await client.snapshot({ sinceMs: SINCE, instruments: NONE, known: [] });
    assert.deepEqual(
      asked.map(({ request }) => request.headers['ok-access-timestamp']),
      ['2025-09-05T12:51:05.678Z', '2025-09-05T12:52:05.678Z', '2025-09-05T12:53:05.678Z'],
    );
  });
});

describe('okx account REST: failures', () => {
  const refusals: [code: string, status: number, retry: unknown][] = [
    ['50101', 401, 'never'],
    ['50102', 401, 'backoff'],
    ['50105', 401, 'never'],
    ['50110', 401, 'never'],
    ['50111', 401, 'never'],
    ['50112', 401, 'backoff'],
    ['50113', 401, 'never'],
    ['50119', 401, 'never'],
    ['50120', 200, 'never'],
    ['50001', 503, 'backoff'],
  ];
  for (const [code, status, retry] of refusals) {
    test(`${code} with HTTP ${status}`, async () => {
      answer = (_url, response) => send(response, status, { code, msg: 'Words.', data: [] });
      await assert.rejects(
        rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] }),
        (thrown: ConnectorError) => {
          const { cause } = thrown as { cause?: { code: string } };
          assert.equal(cause?.code, code === '50001' ? undefined : code);
          assert.equal(thrown.message, `okx open orders SPOT: HTTP ${status} ${code} Words.`);
          return failsWith('REST_FAILED', retry)(thrown);
        },
      );
    });
  }

  const failures: [name: string, answer: Answer, code: string, retry: unknown][] = [
    [
      'limit by HTTP',
      (_url, response) =>
        send(response, 429, { code: '50011', msg: 'Too Many Requests' }, { 'retry-after': '7' }),
      'REST_LIMITED',
      { afterMs: 7_000 },
    ],
    [
      'limit by code',
      (_url, response) => send(response, 200, { code: '50011', msg: '' }),
      'REST_LIMITED',
      { afterMs: 2_000 },
    ],
    ['no list', (_url, response) => send(response, 200, success({})), 'REST_BAD_ANSWER', 'backoff'],
    ['list of numbers', (_url, response) => send(response, 200, success([1])), 'REST_BAD_ANSWER', 'backoff'],
    [
      'page',
      (_url, response) => send(response, 200, '<html>maintenance</html>'),
      'REST_BAD_ANSWER',
      'backoff',
    ],
    [
      'pages in a circle',
      (_url, response) => send(response, 200, success(Array.from({ length: 100 }, () => order(1)))),
      'REST_BAD_ANSWER',
      'backoff',
    ],
    [
      'redirect: the key stays here',
      (_url, response) => send(response, 302, '', { location: `${base}/elsewhere/` }),
      'REST_FAILED',
      'backoff',
    ],
    ['hang-up', (_url, response) => response.destroy(), 'REST_FAILED', 'backoff'],
  ];
  for (const [name, given, code, retry] of failures) {
    test(name, async () => {
      answer = given;
      await assert.rejects(
        rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] }),
        failsWith(code, retry),
      );
      assert.ok(asked.every(({ host }) => host !== 'elsewhere'));
    });
  }

  test('unreadable balances and clocks', async () => {
    serve({}, [{}]);
    await assert.rejects(
      rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] }),
      failsWith('REST_BAD_ANSWER', 'backoff'),
    );
    serve({}, []);
    await assert.rejects(
      rest().snapshot({ sinceMs: SINCE, instruments: NONE, known: [] }),
      failsWith('REST_BAD_ANSWER', 'backoff'),
    );
    answer = (_url, response) => send(response, 200, success([{ ts: 'noon' }]));
    await assert.rejects(rest().serverTime(), failsWith('REST_BAD_ANSWER', 'backoff'));
  });

  test('silence', async () => {
    answer = () => undefined;
    await assert.rejects(
      rest({ timeoutMs: 50 }).snapshot({ sinceMs: SINCE, instruments: NONE, known: [] }),
      failsWith('REST_TIMEOUT', 'backoff'),
    );
  });

  test('nobody there', async () => {
    const client = rest({ rewrite: () => 'http://127.0.0.1:1' });
    await assert.rejects(
      client.snapshot({ sinceMs: SINCE, instruments: NONE, known: [] }),
      failsWith('REST_FAILED', 'backoff'),
    );
  });

  test('incomplete credentials never leave', async () => {
    await assert.rejects(
      rest({ passphrase: '' }).snapshot({ sinceMs: SINCE, instruments: NONE, known: [] }),
      failsWith('REST_FAILED', 'never'),
    );
    assert.equal(asked.length, 0);
  });
});
