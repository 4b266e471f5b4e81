import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccountEvent } from '../../domain/account';
import { isDecimal } from '../../domain/decimal';
import { InstrumentIndex } from '../../domain/instrument';
import type { Decoded } from '../contract';
import { binance } from './index';
import { privateCodec as codec } from './private';

type Json = Readonly<Record<string, unknown>>;

interface Fixture {
  readonly id: string;
  readonly exchange: string;
  readonly stream: string;
  readonly frames: readonly unknown[];
  readonly expected: Readonly<Record<string, readonly Json[] | undefined>>;
}

const folder = join(__dirname, '__account_fixtures__');
const fixtures = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture,
);
const RECEIVED_AT = 1_659_142_900_000;

function decode(frame: unknown, exchange = 'binance'): Decoded<AccountEvent> {
  const market = binance.descriptor.markets.find((one) => one.exchange === exchange)!;
  const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
  const context = { market, receivedAt: RECEIVED_AT, instruments: new InstrumentIndex() };
  return codec.decode(text, { ...context, state: codec.begin(market) });
}

function eventsOf(decoded: Decoded<AccountEvent>): readonly AccountEvent[] {
  if (decoded.kind !== 'events') return [];
  assert.deepEqual(decoded.topics, ['userDataStream']);
  return decoded.events;
}

function eventOf(frame: unknown, exchange?: string): AccountEvent {
  const [event] = eventsOf(decode(frame, exchange));
  assert.ok(event, JSON.stringify(decode(frame, exchange)));
  return event;
}

function reportOf(frame: unknown, exchange?: string) {
  const event = eventOf(frame, exchange);
  assert.equal(event.kind, 'order');
  return event.kind === 'order' ? event : assert.fail();
}

/** Listed keys are exact; a key that the fixture gives as null may be absent. */
function assertSubset(actual: readonly unknown[], expected: readonly Json[] = []): void {
  assert.equal(actual.length, expected.length);
  for (const [index, wanted] of expected.entries()) {
    for (const [key, value] of Object.entries(wanted)) {
      assert.deepEqual((actual[index] as Json)[key] ?? null, value, `${index} ${key}`);
    }
  }
}

const spot = (over: object = {}) => ({
  ...{ e: 'executionReport', E: 1_608_545_107_403, s: 'BNBUSDT', c: 'mine', S: 'BUY', o: 'LIMIT', f: 'GTC' },
  ...{ q: '0.50000000', p: '30.00000000', C: '', x: 'NEW', X: 'NEW', i: 1_147_335_332, z: '0.00000000' },
  ...{ n: '0', N: null, T: 1_608_545_107_401, t: -1, O: 1_608_545_107_000, Z: '0.00000000' },
  ...over,
});

const futures = (order: object = {}, over: object = {}) => ({
  e: 'ORDER_TRADE_UPDATE',
  T: 1_568_879_465_651,
  E: 1_568_879_465_652,
  o: {
    ...{ s: 'BTCUSDT', c: 'mine', S: 'SELL', o: 'LIMIT', f: 'GTC', q: '0.014', p: '9910.00', ap: '0' },
    ...{ x: 'NEW', X: 'NEW', i: 8_886_999, z: '0', T: 1_568_879_465_651, t: 0 },
    ...order,
  },
  ...over,
});

describe('recorded and documented frames', () => {
  for (const { id, exchange, frames, expected } of fixtures.filter((one) => one.stream !== 'control')) {
    test(id, () => {
      const events = frames.flatMap((frame) => eventsOf(decode(frame, exchange)));
      const orders = events.flatMap((event) => (event.kind === 'order' ? [event] : []));
      const balances = events.flatMap((event) => (event.kind === 'balances' ? [event] : []));
      const deltas = events.flatMap((event) => (event.kind === 'balanceDelta' ? [event.update] : []));
      const reports = orders.map(({ report }) => report);
      if (expected.executionReports) assertSubset(reports, expected.executionReports);
      assertSubset(
        orders.flatMap(({ wire }) => (wire ? [wire] : [])),
        expected.orderTradeUpdates,
      );
      if (expected.balances) {
        assertSubset(
          balances.map(({ position }) => position),
          expected.balances,
        );
      }
      assertSubset(
        balances.flatMap(({ wire }) => (wire ? [wire] : [])),
        expected.accountUpdates,
      );
      assertSubset(deltas, expected.balanceUpdates);
      assert.ok(events.length > 0);
    });
  }

  test('answers and notices of the WebSocket API', () => {
    const { frames } = fixtures.find(({ id }) => id === 'binance.control.wsapi-login-and-errors')!;
    assert.deepEqual(
      frames.map((frame) => decode(frame)),
      [
        { kind: 'ack', id: 'c174a2b1-3f51-4580-b200-8528bd237cb7' },
        { kind: 'ack', id: 'd3df8a22-98ea-4fe0-9f4e-0fcea5d418b7' },
        refused('-1022', 'Signature for this request is not valid.', 'never', 'credentials'),
        refused('-1021', 'Timestamp for this request is outside of the recvWindow.', 'backoff', 'clock'),
        refused('-2015', 'Invalid API-key, IP, or permissions for action.', 'never', 'credentials'),
        refused(
          '-1003',
          'Way too much request weight used; IP banned until 1659146400000. Please use WebSocket Streams for live updates to avoid bans.',
          { afterMs: 1_659_146_400_000 - 1_659_142_907_531 },
          'limit',
        ),
        { kind: 'ended', reason: 'event stream terminated' },
        { kind: 'moveAway', afterMs: 0 },
      ],
    );
  });

  test('an expired listen key ends the session, whatever its envelope', () => {
    const { frames } = fixtures.find(({ id }) => id === 'binanceUsdm.control.listen-key-expired')!;
    for (const frame of frames) {
      assert.deepEqual(decode(frame, 'binanceUsdm'), { kind: 'ended', reason: 'listen key expired' });
    }
  });
});

function refused(code: string, text: string, retry: unknown, cause: string): unknown {
  return { kind: 'loginRefused', reason: { code, text, retry, cause } };
}

describe('refusals', () => {
  const answer = (status: number, error: object) => ({ id: 1, status, error });
  const cases: readonly [name: string, frame: object, retry: unknown, cause: string][] = [
    ['bad key format', answer(401, { code: -2014, msg: 'x' }), 'never', 'credentials'],
    ['unknown key id', answer(400, { code: -2008, msg: 'x' }), 'never', 'credentials'],
    ['missing right', answer(403, { code: -1002, msg: 'x' }), 'never', 'permission'],
    ['not authenticated', answer(401, { code: -9999, msg: 'x' }), 'never', 'credentials'],
    ['limit without a time', answer(429, { code: -1003, msg: 'x' }), { afterMs: 60_000 }, 'limit'],
    ['ban without a time', answer(418, { code: -1003, msg: 'x' }), { afterMs: 120_000 }, 'limit'],
    [
      'limit without server time',
      answer(429, { code: -1003, msg: 'x', data: { retryAfter: RECEIVED_AT + 1_234 } }),
      { afterMs: 1_234 },
      'limit',
    ],
    ['firewall', answer(403, {}), { afterMs: 300_000 }, 'venue'],
    ['venue trouble', answer(500, { code: -1000, msg: 'x' }), 'backoff', 'venue'],
  ];
  for (const [name, frame, retry, cause] of cases) {
    test(name, () => {
      const decoded = decode(frame);
      assert.equal(decoded.kind, 'loginRefused');
      if (decoded.kind !== 'loginRefused') return;
      assert.deepEqual([decoded.reason.retry, decoded.reason.cause], [retry, cause]);
    });
  }
});

describe('order status', () => {
  const documented: readonly [word: string, ours: string][] = [
    ['NEW', 'NEW'],
    ['PARTIALLY_FILLED', 'PARTIALLY_FILLED'],
    ['FILLED', 'FILLED'],
    ['CANCELED', 'CANCELED'],
    ['EXPIRED', 'EXPIRED'],
    ['REJECTED', 'REJECTED'],
    ['PENDING_CANCEL', 'PENDING_CANCEL'],
    ['EXPIRED_IN_MATCH', 'EXPIRED'],
    ['PENDING_NEW', 'NEW'],
    ['NEW_INSURANCE', 'NEW'],
    ['NEW_ADL', 'NEW'],
  ];
  for (const [word, ours] of documented) {
    test(`${word} -> ${ours}`, () => {
      assert.equal(reportOf(spot({ X: word })).report.orderStatus, ours);
      const { report, wire } = reportOf(futures({ X: word }), 'binanceUsdm');
      assert.deepEqual([report.orderStatus, wire?.orderStatus], [ours, ours]);
    });
  }

  test('orders taken over whole are filled', () => {
    for (const X of ['NEW_INSURANCE', 'NEW_ADL']) {
      const { report } = reportOf(futures({ X, z: '0.0140', ap: '9910' }), 'binanceUsdm');
      assert.equal(report.orderStatus, 'FILLED');
    }
  });

  for (const [X, note] of [
    ['SUSPENDED', 'unknown order status SUSPENDED'],
    ['constructor', 'unknown order status constructor'],
    ['a b <key>', 'unknown order status'],
    [7, 'unknown order status'],
  ] as const) {
    test(`${X} publishes nothing`, () => {
      assert.deepEqual(decode(spot({ X })), { kind: 'unknown', note });
      assert.deepEqual(decode(futures({ X }), 'binanceUsdm'), { kind: 'unknown', note });
    });
  }
});

describe('spot orders', () => {
  test('a cancel is told by the own id of the order', () => {
    const ids = (over: object) => {
      const { report } = reportOf(spot(over));
      return [report.newClientOrderId, report.originalClientOrderId];
    };
    assert.deepEqual(ids({ X: 'CANCELED', c: 'web_1', C: 'D-TP-1' }), ['D-TP-1', 'D-TP-1']);
    for (const C of ['', null, undefined]) assert.deepEqual(ids({ X: 'CANCELED', C }), ['mine', 'mine']);
    assert.deepEqual(ids({ x: 'REPLACED', c: 'new', C: 'old' }), ['new', 'old']);
  });

  test('ids beyond 2^53 keep all digits', () => {
    const text = JSON.stringify(spot()).replace('1147335332', '8389765739703625592');
    assert.equal(reportOf(text).report.orderId, '8389765739703625592');
    const most = JSON.stringify(spot()).replace('1147335332', '9007199254740991');
    assert.equal(reportOf(most).report.orderId, Number.MAX_SAFE_INTEGER);
    const inText = spot({ c: '{"i":8389765739703625592}' });
    assert.equal(reportOf(inText).report.newClientOrderId, '{"i":8389765739703625592}');
  });

  test('market orders cost their average, exact or rounded half-even', () => {
    const price = (z: string, Z: string) => reportOf(spot({ p: '0.00000000', z, Z })).report.price;
    assert.equal(price('0.50000000', '16.92855000'), '33.8571');
    assert.equal(price('3.00000000', '1.00000000'), '0.33333333');
    assert.equal(price('1000000.00', '0.00000001'), '0.00000000000001');
    assert.equal(price('0.00000000', '0.00000000'), '0.00000000');
  });

  test('unknown totals and creation times of old frames', () => {
    const { report } = reportOf(spot({ Z: '-0.00000001', z: '0.1', p: '0.00', O: -1 }));
    assert.deepEqual(
      [report.totalQuoteTradeQuantity, report.price, report.creationTime],
      ['0', '0.00', report.orderTime],
    );
  });

  test('commission and trade of one fill, or nothing', () => {
    const { report: fill } = reportOf(spot({ n: '0.0004', N: 'BNB', t: 1_001 }));
    assert.deepEqual([fill.commission, fill.commissionAsset, fill.tradeId], ['0.0004', 'BNB', 1_001]);
    const { report: none } = reportOf(spot());
    for (const key of ['commission', 'commissionAsset', 'tradeId', 'liquidation']) assert.ok(!(key in none));
  });

  for (const key of ['E', 'T', 's', 'c', 'S', 'o', 'q', 'p', 'z', 'i']) {
    test(`without ${key} it is malformed`, () => {
      assert.deepEqual(decode(spot({ [key]: null })), { kind: 'unknown', note: 'malformed order' });
    });
  }
});

describe('futures orders', () => {
  test('only ids that begin with autoclose- are liquidations', () => {
    const flags = (c: string) => {
      const { report, wire } = reportOf(futures({ c, x: 'CALCULATED' }), 'binanceUsdm');
      return [report.liquidation, wire?.liquidation];
    };
    assert.deepEqual(flags('autoclose-1'), [true, true]);
    for (const c of ['adl_autoclose', 'settlement_autoclose-1', 'delivery_autoclose-1', 'autoclose', 'x']) {
      assert.deepEqual(flags(c), [undefined, false]);
    }
  });

  test('a market keeps the orders of its own product', () => {
    const coin = futures({ s: 'BTCUSD_PERP' });
    assert.equal(decode(coin, 'binanceUsdm').kind, 'ignored');
    assert.equal(decode(coin, 'binanceCoinm').kind, 'events');
    assert.equal(decode(futures(), 'binanceCoinm').kind, 'ignored');
    assert.equal(decode(futures({ s: 'ETHUSDT_261225' }), 'binanceUsdm').kind, 'events');
  });

  test('the quote total is the average times the quantity, without noise', () => {
    const total = (order: object) => reportOf(futures(order), 'binanceUsdm').report.totalQuoteTradeQuantity;
    assert.equal(total({ ap: '0.1', z: '0.2' }), '0.02');
    assert.equal(total({ ap: '0.00000', z: '0' }), '0');
    assert.equal(total({ ap: undefined, z: '2', p: '9910.00' }), '19820');
    assert.equal(total({ q: '0', z: '0', X: 'FILLED', p: '0' }), '0');
  });

  test('absent and null keys are left out of the converted form', () => {
    const { wire } = reportOf(futures({ sp: null, rp: '', n: undefined }), 'binanceUsdm');
    for (const key of ['stopPrice', 'realizedProfit', 'commission']) assert.ok(!(key in wire!), key);
  });

  test('long ids in the converted form', () => {
    const text = JSON.stringify(futures()).replace('8886999', '8389765739703625592');
    assert.equal(reportOf(text, 'binanceUsdm').wire?.orderId, '8389765739703625592');
  });
});

describe('balances', () => {
  const update = (a: object) => ({ e: 'ACCOUNT_UPDATE', T: 1_564_745_798_939, E: 1_564_745_798_939, a });

  test('assets without amounts are left out of both forms', () => {
    const B = [
      { a: 'BNFCR', wb: '', cw: '', bc: '' },
      { a: 'USDT', wb: '1', cw: '1.5', bc: '' },
    ];
    const event = eventOf(update({ m: 'ORDER', B, P: [{ s: 'BTCUSDT', iw: '' }] }), 'binanceUsdm');
    assert.ok(event.kind === 'balances');
    assert.deepEqual(event.position.balances, [{ asset: 'USDT', free: '1.5', locked: '0' }]);
    const wallet = { asset: 'USDT', walletBalance: '1', crossWalletBalance: '1.5' };
    assert.deepEqual(event.wire?.balances, [wallet]);
    assert.deepEqual(event.wire?.positions, [{ symbol: 'BTCUSDT' }]);
  });

  test('a change of margin alone has no balance', () => {
    const event = eventOf(update({ m: 'MARGIN_TYPE_CHANGE', B: [], P: [] }), 'binanceUsdm');
    assert.ok(event.kind === 'balances' && event.position.balances.length === 0);
  });

  test('an odd asset beside good ones is a fault, and hides none', () => {
    const [good, odd] = [
      { a: 'BTC', f: '1', l: '0' },
      { a: 'ETH', f: 'x', l: '0' },
    ];
    const decoded = decode({ e: 'outboundAccountPosition', E: 1, u: 1, B: [odd, good, 7] });
    assert.ok(decoded.kind === 'events');
    assert.deepEqual(decoded.faults, ['malformed balance', 'malformed balance']);
    const [event] = decoded.events;
    assert.ok(event?.kind === 'balances');
    assert.deepEqual(
      event.position.balances.map(({ asset }) => asset),
      ['BTC'],
    );
  });

  test('items of a list that cannot be read are faults beside those that can', () => {
    const delta = { e: 'balanceUpdate', E: 1, a: 'BTC', d: '1', T: 1 };
    const frozen = { e: 'executionReport' };
    const decoded = decode([delta, frozen, 7, { e: 'listStatus' }, { e: 'brandNew' }]);
    assert.ok(decoded.kind === 'events' && decoded.events.length === 1);
    assert.deepEqual(decoded.faults, ['malformed order', 'not an object', 'unrecognised event type']);
  });

  test('nothing readable is unknown', () => {
    const note = { kind: 'unknown', note: 'malformed balance' };
    const position = { e: 'outboundAccountPosition', E: 1, u: 1, B: [{ a: 'BTC', f: 'x', l: '0' }] };
    assert.deepEqual(decode(position), note);
    assert.deepEqual(decode({ e: 'balanceUpdate', E: 1, a: 'BTC', d: 'NaN', T: 1 }), note);
    assert.deepEqual(decode(update({ B: [] }), 'binanceUsdm'), note);
  });
});

describe('anything else', () => {
  test('known events of no interest', () => {
    for (const e of ['outboundAccountInfo', 'listStatus', 'TRADE_LITE', 'ALGO_UPDATE', 'MARGIN_CALL']) {
      assert.deepEqual(decode({ e, E: 1 }), { kind: 'ignored' });
    }
  });

  test('unknown events and shapes are notes without payload', () => {
    for (const frame of ['', 'x', '7', 'null', '[]', '{}', { e: 'NEWS', secret: 's' }, { stream: 'k' }]) {
      const decoded = decode(frame);
      assert.equal(decoded.kind, 'unknown');
      assert.doesNotMatch(JSON.stringify(decoded), /secret|NEWS/);
    }
  });

  test('a list keeps the order of its events', () => {
    const ids = eventsOf(decode([spot({ i: 1 }), { e: 'x' }, { event: spot({ i: 2 }) }])).map((event) =>
      event.kind === 'order' ? event.report.orderId : 0,
    );
    assert.deepEqual(ids, [1, 2]);
  });
});

// ---------------------------------------------------------------------------- properties

const NUMERIC = new Set(
  ['price', 'quantity', 'totalTradeQuantity', 'totalQuoteTradeQuantity', 'commission', 'averagePrice'].concat(
    ['free', 'locked', 'walletBalance', 'crossWalletBalance', 'balanceDelta', 'stopPrice', 'entryPrice'],
  ),
);

function assertSane(decoded: Decoded<AccountEvent>): void {
  JSON.stringify(eventsOf(decoded), (key, value: unknown) => {
    if (NUMERIC.has(key)) assert.ok(isDecimal(value), `${key} ${String(value)}`);
    if (typeof value === 'number') assert.ok(Number.isFinite(value), key);
    return value;
  });
}

const texts = fixtures.flatMap(({ exchange, frames }) =>
  frames.map((frame) => [exchange, typeof frame === 'string' ? frame : JSON.stringify(frame)] as const),
);

test('any JSON, any truncation, any damage: never a throw, never a bad amount', () => {
  const exchanges = fc.constantFrom('binance', 'binanceUsdm', 'binanceCoinm', 'binanceUS');
  fc.assert(
    fc.property(exchanges, fc.json(), (exchange, text) => assertSane(decode(text, exchange))),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.nat(), ([exchange, text], at) =>
      assertSane(decode(text.slice(0, at % text.length), exchange)),
    ),
    { numRuns: 300 },
  );
  const odd = fc.oneof(
    fc.constantFrom('1e-7', 'NaN', '', '-0', '.5', null, -1, 2 ** 60, [], {}, true, '0.1'),
    fc.string(),
    fc.double(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.nat(), odd, ([exchange, text], at, value) => {
      let seen = 0;
      const damaged = JSON.stringify(JSON.parse(text), (_key, inner: unknown) => {
        const isLeaf = typeof inner !== 'object' || inner === null;
        return isLeaf && (seen += 1) % 40 === at % 40 ? value : inner;
      });
      assertSane(decode(damaged, exchange));
    }),
    { numRuns: 1_000 },
  );
});
