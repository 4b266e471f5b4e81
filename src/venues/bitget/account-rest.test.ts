import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { isDecimal } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import { turnsAfter } from '../../testing/turns';
import { atOnce } from '../at-once';
import type { Account, AccountSnapshot, MarketDescriptor } from '../contract';
import { WEIGHT } from './account-limits';
import { connectAccount, type BitgetAccountRest } from './account-rest';
import { bitget } from './index';

interface Asked {
  path: string;
  query: Record<string, string>;
  isDemo: boolean;
}
type Answer = (asked: Asked) => unknown;

const NOW = 1_757_030_400_123;
const SINCE = NOW - 60_000;
const SECRETS = { key: 'bg_key_of_the_user', secret: 'secret_of_the_user', passphrase: 'pass_of_the_user' };
const RAW = Symbol('raw');

let server: Server;
let base = '';
let asked: Asked[] = [];
let answer: Answer = () => undefined;
let turns: (number | undefined)[] = [];

/** Independent of the code under test. */
function assertSigned({ headers, url, method }: IncomingMessage): void {
  const stamp = headers['access-timestamp'];
  const text = `${String(stamp)}${String(method)}${String(url)}`;
  assert.equal(stamp, String(NOW), 'the venue’s time, in ms');
  assert.equal(headers['access-key'], SECRETS.key);
  assert.equal(headers['access-passphrase'], SECRETS.passphrase);
  const expected = createHmac('sha256', SECRETS.secret).update(text).digest('base64');
  assert.equal(headers['access-sign'], expected, text);
}

function respond(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', base);
  if (url.pathname !== '/api/v2/public/time') assertSigned(request);
  const one = {
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    isDemo: request.headers.paptrading === '1',
  };
  asked.push(one);
  const told = answer(one) as { [RAW]?: string; status?: number; headers?: object; code?: string };
  if (told === undefined) return;
  response.writeHead(told.status ?? (told.code === '00000' ? 200 : 400), { ...told.headers });
  response.end(told[RAW] ?? JSON.stringify(told));
}

before(async () => {
  server = createServer((request, response) => {
    try {
      respond(request, response);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
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
});

const success = (data: unknown): object => ({ code: '00000', msg: 'success', requestTime: NOW, data });
const failure = (code: string, msg = 'no', more: object = {}): object => ({
  code,
  msg,
  requestTime: NOW,
  data: null,
  ...more,
});
const raw = (text: string, status = 200): object => ({ [RAW]: text, status });

function rest(
  exchange = 'bitget',
  environment: Account['environment'] = 'live',
  timeoutMs = 5_000,
): BitgetAccountRest {
  const market = bitget.descriptor.markets.find((one) => one.exchange === exchange) as MarketDescriptor;
  return connectAccount(
    { market, credentials: { ...SECRETS, options: {} }, environment },
    {
      rewrite: (url) => url.replace('https://api.bitget.com', base),
      timeoutMs,
      venueNow: () => NOW,
      inTurn: turnsAfter((weight) => turns.push(weight)),
    },
  );
}

function snapshot(of: BitgetAccountRest = rest()): Promise<AccountSnapshot> {
  return of.snapshot({ sinceMs: SINCE, instruments: new InstrumentIndex(), known: [] });
}

const ASSETS = '/api/v3/account/assets';

/** Answers by path; the rest is empty lists of a classic account. */
function classic(table: Record<string, (query: Record<string, string>) => unknown> = {}): Answer {
  return ({ path, query }) => {
    const found = table[path];
    if (found) return found(query);
    if (path === ASSETS) return failure('40084', 'You are in Classic Account mode');
    return success(path.includes('/mix/order/') ? { entrustedList: null, endId: null } : []);
  };
}

const SPOT_OPEN = {
  userId: '1',
  symbol: 'BTCUSDT',
  orderId: '1144801703390253056',
  clientOid: 'GRID-1',
  priceAvg: '34829.12',
  size: '2',
  orderType: 'limit',
  side: 'buy',
  status: 'partially_filled',
  basePrice: '34829.1',
  baseVolume: '0.5',
  quoteVolume: '17414.55',
  cTime: String(NOW - 90_000),
  uTime: String(NOW - 80_000),
};
const SPOT_ENDED = {
  ...SPOT_OPEN,
  orderId: '1144801703390253057',
  clientOid: 'D-TP-1',
  basePrice: undefined,
  price: '34000',
  priceAvg: '33999.5',
  size: '0.5',
  status: 'filled',
  quoteVolume: '16999.75',
  uTime: String(SINCE),
};
const FUTURES_ENDED = {
  symbol: 'ETHUSDT',
  size: '3',
  orderId: '123',
  clientOid: 'x-1',
  baseVolume: '1.5',
  price: '1900',
  priceAvg: '1899.5',
  status: 'canceled',
  side: 'buy',
  posSide: 'long',
  tradeSide: 'close',
  posMode: 'hedge_mode',
  quoteVolume: '2849.25',
  orderType: 'limit',
  orderSource: 'normal',
  cTime: String(NOW - 90_000),
  uTime: String(NOW - 1_000),
};

describe('classic accounts', () => {
  test('spot: open orders, what ended since, balances', async () => {
    const tooOld = { ...SPOT_ENDED, orderId: '7', uTime: String(SINCE - 1) };
    answer = classic({
      '/api/v2/spot/trade/unfilled-orders': () => success([SPOT_OPEN]),
      '/api/v2/spot/trade/history-orders': () => success([SPOT_ENDED, tooOld]),
      '/api/v2/spot/account/assets': () =>
        success([{ coin: 'USDT', available: '1.10', frozen: '0.1', locked: '0.2', uTime: '1' }]),
    });
    const { orders, balances } = await snapshot();
    const [open, ended] = orders.map(({ report }) => report);
    assert.equal(orders.length, 2);
    assert.deepEqual(open, {
      eventType: 'executionReport',
      eventTime: NOW - 80_000,
      creationTime: NOW - 90_000,
      orderTime: NOW - 80_000,
      symbol: 'BTCUSDT',
      orderId: '1144801703390253056',
      newClientOrderId: 'GRID-1',
      originalClientOrderId: 'GRID-1',
      side: 'BUY',
      orderType: 'LIMIT',
      orderStatus: 'PARTIALLY_FILLED',
      price: '34829.1',
      quantity: '2',
      totalTradeQuantity: '0.5',
      totalQuoteTradeQuantity: '17414.55',
    });
    assert.equal(ended?.orderStatus, 'FILLED');
    assert.equal(ended?.price, '33999.5');
    assert.equal(ended?.totalQuoteTradeQuantity, '16999.75');
    assert.deepEqual(balances, {
      eventType: 'outboundAccountPosition',
      eventTime: NOW,
      lastAccountUpdate: 0,
      balances: [{ asset: 'USDT', free: '1.10', locked: '0.3' }],
    });
  });

  test('an untouched open spot order: the limit price is where the average should be', async () => {
    const untouched = { ...SPOT_OPEN, status: 'live', basePrice: '0', baseVolume: '0', uTime: undefined };
    answer = classic({ '/api/v2/spot/trade/unfilled-orders': () => success([untouched]) });
    const [open] = (await snapshot()).orders;
    assert.equal(open?.report.price, '34829.12');
    assert.equal(open?.report.totalQuoteTradeQuantity, '0');
    assert.equal(open?.report.orderTime, NOW - 90_000);
  });

  test('linear: both product lines, oldest change first', async () => {
    const isUsdt = ({ productType }: Record<string, string>): boolean => productType === 'USDT-FUTURES';
    const usdc = {
      ...FUTURES_ENDED,
      symbol: 'BTCPERP',
      orderSource: 'liquidation',
      uTime: String(NOW - 2_000),
    };
    const list = (row: object): object => success({ entrustedList: [row], endId: '1' });
    answer = classic({
      '/api/v2/mix/order/orders-history': (query) => list(isUsdt(query) ? FUTURES_ENDED : usdc),
      '/api/v2/mix/account/accounts': (query) =>
        success([
          {
            marginCoin: isUsdt(query) ? 'USDT' : 'USDC',
            available: '5',
            accountEquity: '10.5',
            unrealizedPL: '-0.5',
          },
        ]),
    });
    const { orders, balances } = await snapshot(rest('bitgetUsdm'));
    assert.deepEqual(
      orders.map(({ report }) => [report.symbol, report.side, report.liquidation]),
      [
        ['BTCPERP', 'SELL', true],
        ['ETHUSDT', 'SELL', undefined],
      ],
    );
    assert.equal(orders[1]?.report.totalQuoteTradeQuantity, '2849.25');
    assert.deepEqual(balances?.balances, [
      { asset: 'USDT', free: '5', locked: '6' },
      { asset: 'USDC', free: '5', locked: '6' },
    ]);
  });

  test('pages: until a short one; a list without an end is cut, and said so', async () => {
    const page = (from: number, count: number): object[] =>
      Array.from({ length: count }, (_, at) => ({ ...SPOT_OPEN, orderId: String(from - at) }));
    const cursors: unknown[] = [];
    answer = classic({
      '/api/v2/spot/trade/unfilled-orders': ({ idLessThan, limit }) => {
        cursors.push(idLessThan);
        assert.equal(limit, '100');
        return success(idLessThan === undefined ? page(1_000, 100) : page(900, 3));
      },
    });
    assert.equal((await snapshot()).orders.length, 103);
    assert.deepEqual(cursors, [undefined, '901']);

    let from = 1_000_000;
    const endless = (): object => success(page((from -= 100), 100));
    answer = classic({ '/api/v2/spot/trade/unfilled-orders': endless });
    asked = [];
    turns = [];
    const { orders, incomplete } = await snapshot();
    assert.equal(orders.length, 100 * 100);
    assert.equal(incomplete, 'there are more open orders SPOT than are read');
    assert.equal(turns.length, asked.length);
    // The same cursor again is no next page.
    answer = classic({ '/api/v2/spot/trade/unfilled-orders': () => success(page(1_000, 100)) });
    assert.equal((await snapshot()).orders.length, 200);
  });

  test('a coin that cannot be read does not pass for an empty one', async () => {
    const good = { coin: 'USDT', available: '1', frozen: '0', locked: '0' };
    answer = classic({
      '/api/v2/spot/account/assets': () => success([good, { coin: 'BTC', available: 'much' }]),
    });
    const { balances, incomplete } = await snapshot();
    assert.equal(balances, undefined);
    assert.equal(incomplete, 'unreadable balances: 1');
  });

  test('the venue’s time needs no key', async () => {
    answer = () => success({ serverTime: String(NOW + 5) });
    assert.equal(await rest().serverTime(), NOW + 5);
  });
});

describe('turns', () => {
  test('signed after the turn, with its time', async () => {
    answer = classic();
    let venueNow = NOW - 60_000;
    const market = bitget.descriptor.markets[0] as MarketDescriptor;
    const of = connectAccount(
      { market, credentials: { ...SECRETS, options: {} }, environment: 'live' },
      {
        rewrite: (url) => url.replace('https://api.bitget.com', base),
        timeoutMs: 5_000,
        venueNow: () => venueNow,
        inTurn: turnsAfter(() => (venueNow = NOW)), // what the server checks
      },
    );
    assert.deepEqual(await of.mode(), { generation: 'classic' });
  });

  test('weights and rates: never above half of what is documented, whatever is asked', () => {
    const { perIp, perAccount } = bitget.descriptor.markets[0]!.accountRest!;
    const perSecond = (rates: typeof perIp, weight: number): number =>
      Math.min(...rates.map(({ count, perMs }) => (count / weight / perMs) * 1_000));
    assert.ok(perSecond(perAccount, WEIGHT.light) <= 20 / 2);
    assert.ok(perSecond(perAccount, WEIGHT.heavy) <= 10 / 2);
    assert.ok(perSecond(perIp, WEIGHT.time) <= 20 / 2);
    assert.ok(perSecond(perIp, 1) * 60 <= 6_000 / 2);
  });
});

describe('unified accounts', () => {
  const ORDER = {
    orderId: '1',
    clientOid: 'c',
    category: 'USDT-FUTURES',
    symbol: 'BTCUSDT',
    orderType: 'limit',
    side: 'sell',
    price: '49534.4',
    qty: '0.429',
    cumExecQty: '0.429',
    cumExecValue: '21250.2576',
    avgPrice: '49534.4',
    orderStatus: 'filled',
    posSide: 'long',
    holdMode: 'hedge_mode',
    execType: 'liquidation',
    createdTime: String(NOW - 9_000),
    updatedTime: String(NOW - 8_000),
  };
  const coin = { coin: 'USDT', equity: '7', balance: '6.5', available: '6', debt: '0', locked: '0' };

  test('orders and balances', async () => {
    answer = ({ path, query }) => {
      if (path === ASSETS) return success({ accountEquity: '7', assets: [coin] });
      const isWanted = path.endsWith('history-orders') && query.category === 'USDT-FUTURES';
      return success({ list: isWanted ? [ORDER] : null, cursor: '' });
    };
    const of = rest('bitgetUsdm');
    assert.deepEqual(await of.mode(), { generation: 'unified' });
    const { orders, balances } = await snapshot(of);
    const [{ report } = assert.fail()] = orders;
    assert.equal(report.side, 'SELL');
    assert.equal(report.liquidation, true);
    assert.equal(report.totalQuoteTradeQuantity, '21250.2576');
    assert.deepEqual(balances?.balances, [{ asset: 'USDT', free: '6', locked: '0.5' }]);
    assert.ok(asked.every(({ path, isDemo }) => path.startsWith('/api/v3/') && !isDemo));
  });

  test('an upgrade while we run: the snapshot changes doors once', async () => {
    let isUpgraded = false;
    answer = ({ path }) => {
      if (path === ASSETS) return isUpgraded ? success({ assets: [coin] }) : failure('40084');
      if (path.startsWith('/api/v3/')) return success({ list: [], cursor: null });
      return isUpgraded ? failure('40085', 'You are in Unified Account mode') : success([]);
    };
    const of = rest();
    assert.deepEqual((await snapshot(of)).balances?.balances, []);
    isUpgraded = true;
    assert.equal((await snapshot(of)).balances?.balances.length, 1);
    assert.deepEqual(await of.mode(), { generation: 'unified' });
  });

  test('neither door (an elite trader’s account): told, not tried for ever', async () => {
    answer = ({ path }) => (path === ASSETS ? failure('40084') : failure('40731'));
    await assert.rejects(snapshot(), { code: 'REST_FAILED', retry: 'never' });
    assert.ok(asked.length <= 4);
  });
});

describe('demo', () => {
  test('keys of the demo environment', async () => {
    answer = (one) => {
      assert.ok(one.isDemo);
      return classic()(one);
    };
    const of = rest('bitgetUsdm', 'sandbox');
    assert.deepEqual(await of.mode(), { generation: 'classic', demo: 'environment' });
    await snapshot(of);
    assert.deepEqual(asked[1]?.query.productType, 'USDT-FUTURES');
  });

  test('ordinary keys: demo products', async () => {
    answer = (one) => (one.isDemo ? failure('40099', 'exchange environment is incorrect') : classic()(one));
    const of = rest('bitgetCoinm', 'sandbox');
    assert.deepEqual(await of.mode(), { generation: 'classic', demo: 'products' });
    await snapshot(of);
    assert.equal(asked.at(-1)?.query.productType, 'SCOIN-FUTURES');
  });

  test('ordinary keys have no demo spot, unified ones no demo products: live orders never stand in', async () => {
    answer = (one) => (one.isDemo ? failure('40099') : classic()(one));
    const told = { code: '40099', text: 'no demo products for this key', retry: 'never', cause: 'venue' };
    await assert.rejects(rest('bitget', 'sandbox').mode(), { retry: 'never', cause: told });
    answer = (one) => (one.isDemo ? failure('40099') : success({ assets: [] }));
    await assert.rejects(rest('bitgetUsdm', 'sandbox').mode(), { retry: 'never' });
  });

  test('a demo key at the live door', async () => {
    answer = () => failure('40099');
    await assert.rejects(rest().mode(), { retry: 'never' });
  });
});

describe('failures', () => {
  const CASES: [string, object, string, unknown][] = [
    ['no such key', failure('40037'), 'REST_FAILED', 'never'],
    ['bad signature', failure('40009'), 'REST_FAILED', 'never'],
    ['bad passphrase', failure('40012'), 'REST_FAILED', 'never'],
    ['address', failure('40018'), 'REST_FAILED', 'never'],
    ['permission', failure('40014', 'no', { status: 403 }), 'REST_FAILED', 'never'],
    ['clock', failure('40008'), 'REST_FAILED', 'backoff'],
    ['busy', failure('45001', 'busy', { status: 500 }), 'REST_FAILED', 'backoff'],
    ['too many', failure('429', 'slow', { status: 429 }), 'REST_LIMITED', { afterMs: 2_000 }],
    [
      'too many, with a time',
      failure('429', 'slow', { status: 429, headers: { 'retry-after': '7' } }),
      'REST_LIMITED',
      { afterMs: 7_000 },
    ],
    ['firewall', raw('<html>', 403), 'REST_FAILED', { afterMs: 300_000 }],
    ['a page with 200', raw('<html>'), 'REST_BAD_ANSWER', 'backoff'],
    ['half an answer', raw('{"code":"00000","requ'), 'REST_BAD_ANSWER', 'backoff'],
    ['no time', { code: '00000', data: {} }, 'REST_BAD_ANSWER', 'backoff'],
  ];
  for (const [name, told, code, retry] of CASES) {
    test(name, async () => {
      answer = () => told;
      await assert.rejects(rest().mode(), { code, retry });
    });
  }

  test('the cause tells a clock from a key, and both from a wrong door', async () => {
    const causes: [string, string][] = [
      ['40008', 'clock'],
      ['40037', 'credentials'],
      ['40018', 'ip'],
      ['40014', 'permission'],
      ['40099', 'venue'],
    ];
    for (const [code, cause] of causes) {
      answer = () => failure(code);
      await assert.rejects(rest().mode(), (thrown) => {
        assert.equal(((thrown as ConnectorError).cause as { cause: string }).cause, cause, code);
        return true;
      });
    }
  });

  test('no secret in any error, even where the venue repeats one', async () => {
    const { key, secret, passphrase } = SECRETS;
    answer = () => failure('40006', `Invalid ACCESS_KEY ${key}xxxxxxxx`);
    await assert.rejects(rest().mode(), (thrown) => {
      assert.ok(thrown instanceof ConnectorError);
      const all = `${thrown.stack} ${JSON.stringify(thrown)} ${JSON.stringify(thrown.cause)}`;
      for (const word of [key, secret, passphrase]) assert.ok(!all.includes(word), word);
      assert.deepEqual(thrown.cause, {
        code: '40006',
        text: 'Invalid ACCESS_KEY …',
        retry: 'never',
        cause: 'credentials',
      });
      return true;
    });
  });

  test('no answer in time, no server', async () => {
    answer = () => undefined;
    await assert.rejects(rest('bitget', 'live', 30).mode(), { code: 'REST_TIMEOUT' });
    const market = bitget.descriptor.markets[0] as MarketDescriptor;
    const nowhere = connectAccount(
      { market, credentials: { ...SECRETS, options: {} }, environment: 'live' },
      {
        rewrite: () => 'http://127.0.0.1:1',
        timeoutMs: 2_000,
        venueNow: () => NOW,
        inTurn: atOnce,
      },
    );
    await assert.rejects(nowhere.mode(), { code: 'REST_FAILED' });
  });

  test('REST in trouble does not keep a known account off its stream; a refused key does', async () => {
    answer = classic();
    const of = rest();
    await of.mode();
    answer = () => raw('', 502);
    assert.deepEqual(await of.mode(), { generation: 'classic' });
    answer = () => failure('40037');
    await assert.rejects(of.mode(), { retry: 'never' });
  });

  test('any data: a snapshot of sound amounts or a ConnectorError', async () => {
    const of = rest();
    answer = classic();
    await of.mode();
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.constantFrom('status', 'size', 'priceAvg', 'uTime'),
        async (value, key) => {
          answer = classic({
            '/api/v2/spot/trade/unfilled-orders': () => success([{ ...SPOT_OPEN, [key]: value }, value]),
            '/api/v2/spot/account/assets': () => success(value),
          });
          try {
            const { orders } = await snapshot(of);
            for (const { report } of orders) assert.ok(isDecimal(report.quantity) && isDecimal(report.price));
          } catch (thrown) {
            assert.ok(thrown instanceof ConnectorError, String(thrown));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
