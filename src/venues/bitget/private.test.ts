import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccountEvent, ExecutionReport, OutboundAccountPosition } from '../../domain/account';
import { isDecimal } from '../../domain/decimal';
import { InstrumentIndex } from '../../domain/instrument';
import type { Decoded, MarketDescriptor } from '../contract';
import { bitget } from './index';
import { privateCodec } from './private';

interface Fixture {
  id: string;
  exchange: string;
  stream: 'order' | 'balance' | 'control';
  frames: unknown[];
  expected: {
    executionReports?: Partial<ExecutionReport>[];
    balances?: OutboundAccountPosition[];
    control?: { kind: string; ok?: boolean; code?: number }[];
  };
}

function fixturesIn(folder: string, wanted: RegExp): Fixture[] {
  const path = join(__dirname, folder);
  return readdirSync(path)
    .filter((name) => wanted.test(name))
    .map((name) => JSON.parse(readFileSync(join(path, name), 'utf8')) as Fixture);
}

const FIXTURES = fixturesIn('__account_fixtures__', /json$/);
const CONTROL = fixturesIn('__fixtures__', /\.control\./);

function marketOf(exchange: string): MarketDescriptor {
  const market = bitget.descriptor.markets.find((one) => one.exchange === exchange);
  assert.ok(market);
  return market;
}

function connection(exchange = 'bitget'): (frame: unknown) => Decoded<AccountEvent> {
  const market = marketOf(exchange);
  const state = privateCodec.begin(market);
  const instruments = new InstrumentIndex();
  return (frame) =>
    privateCodec.decode(typeof frame === 'string' ? frame : JSON.stringify(frame), {
      state,
      market,
      receivedAt: 1_749_000_000_000,
      instruments,
    });
}

function eventsOf(decoded: Decoded<AccountEvent>): readonly AccountEvent[] {
  assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
  return decoded.kind === 'events' ? decoded.events : [];
}

function reportOf(decoded: Decoded<AccountEvent>): ExecutionReport {
  const [event] = eventsOf(decoded);
  assert.ok(event?.kind === 'order');
  return event.report;
}

function balanceOf(decoded: Decoded<AccountEvent>): OutboundAccountPosition {
  const [event] = eventsOf(decoded);
  assert.ok(event?.kind === 'balances');
  return event.position;
}

function rowOf(id: string, frame = 0): { frame: object; row: object } {
  const found = FIXTURES.find((one) => one.id === id);
  assert.ok(found, id);
  const wire = found.frames[frame] as { data: [object] };
  return { frame: wire, row: wire.data[0] };
}

function changed(id: string, changes: object, frame = 0): object {
  const { frame: wire, row } = rowOf(id, frame);
  return { ...wire, data: [{ ...row, ...changes }] };
}

const SPOT = 'bitget.order.limit-live';
const FUTURES = 'bitgetUsdm.order.market-filled';

describe('fixtures', () => {
  assert.equal(FIXTURES.length, 10);
  for (const { id, exchange, frames, expected } of FIXTURES) {
    test(id, () => {
      const decode = connection(exchange);
      const events = frames.flatMap((frame) => eventsOf(decode(frame)));
      const reports = events.flatMap((event) => (event.kind === 'order' ? [event.report] : []));
      const positions = events.flatMap((event) => (event.kind === 'balances' ? [event.position] : []));
      assert.equal(reports.length, expected.executionReports?.length ?? 0);
      reports.forEach((report, at) => {
        assert.deepEqual({ ...report, ...expected.executionReports![at] }, report);
        if (expected.executionReports![at]!.liquidation === undefined) assert.ok(!('liquidation' in report));
      });
      assert.deepEqual(positions, expected.balances ?? []);
    });
  }

  for (const { id, frames, expected } of CONTROL) {
    test(id, () => {
      const decode = connection();
      const told = frames.map((frame) => decode(frame));
      told.forEach((decoded, at) => assert.equal(decoded.kind, kindOf(expected.control![at]!)));
    });
  }
});

function kindOf({ kind, ok }: { kind: string; ok?: boolean }): Decoded<never>['kind'] {
  if (kind === 'auth') return ok === true ? 'loggedIn' : 'loginRefused';
  if (kind === 'subscribe') return ok === true ? 'ack' : 'refused';
  return kind === 'pong' ? 'pong' : 'ignored';
}

describe('orders', () => {
  test('every documented status, and nothing for others', () => {
    const table: Record<string, string> = {
      live: 'NEW',
      new: 'NEW',
      init: 'NEW',
      partially_filled: 'PARTIALLY_FILLED',
      partial_fill: 'PARTIALLY_FILLED',
      filled: 'FILLED',
      full_fill: 'FILLED',
      cancelled: 'CANCELED',
      canceled: 'CANCELED',
      reject: 'REJECTED',
      rejected: 'REJECTED',
    };
    for (const [status, expected] of Object.entries(table)) {
      assert.equal(reportOf(connection()(changed(SPOT, { status }))).orderStatus, expected);
    }
    const strange = connection()(changed(SPOT, { status: 'halted' }));
    assert.deepEqual(strange, { kind: 'unknown', note: 'unknown order status halted' });
    for (const status of ['constructor', '', 7, null, 'a b', 'x'.repeat(60)]) {
      assert.equal(connection()(changed(SPOT, { status })).kind, 'unknown');
    }
  });

  test('an order that cannot be read does not hold back its neighbours', () => {
    const { frame, row } = rowOf(SPOT);
    const mixed = { ...frame, data: [{ ...row, status: 'halted' }, row, 7] };
    const decoded = connection()(mixed);
    assert.ok(decoded.kind === 'events');
    assert.equal(decoded.events.length, 1);
    assert.deepEqual(decoded.faults, ['unknown order status halted', 'order: malformed']);
    assert.ok(!('faults' in connection()(frame)));
  });

  test('a coin that cannot be read does not hold back its neighbours', () => {
    const arg = { instType: 'SPOT', channel: 'account', coin: 'default' };
    const good = { coin: 'USDT', available: '1', frozen: '0', locked: '0' };
    const frame = (data: unknown[]): object => ({ action: 'snapshot', arg, data, ts: 1_742_367_838_120 });
    const decoded = connection()(frame([good, { coin: 'BTC', available: 'much' }]));
    assert.deepEqual(balanceOf(decoded)?.balances, [{ asset: 'USDT', free: '1', locked: '0' }]);
    assert.deepEqual(decoded.kind === 'events' && decoded.faults, ['balances: malformed']);
    assert.deepEqual(connection()(frame([{}])), { kind: 'unknown', note: 'balances: malformed' });
  });

  const SIDES: [string, object, string][] = [
    [
      'one way, buy',
      { side: 'buy', posMode: 'one_way_mode', posSide: 'net', tradeSide: 'buy_single' },
      'BUY',
    ],
    ['one way, sell', { side: 'sell', posMode: 'one_way_mode', tradeSide: 'reduce_sell_single' }, 'SELL'],
    ['open long', { side: 'buy', posMode: 'hedge_mode', posSide: 'long', tradeSide: 'open' }, 'BUY'],
    ['close long', { side: 'buy', posMode: 'hedge_mode', posSide: 'long', tradeSide: 'close' }, 'SELL'],
    ['open short', { side: 'sell', posMode: 'hedge_mode', posSide: 'short', tradeSide: 'open' }, 'SELL'],
    ['close short', { side: 'sell', posMode: 'hedge_mode', posSide: 'short', tradeSide: 'close' }, 'BUY'],
    [
      'netted',
      { side: 'buy', posMode: 'hedge_mode', posSide: 'long', tradeSide: 'offset_close_long' },
      'SELL',
    ],
    ['ADL', { side: 'sell', posMode: 'hedge_mode', tradeSide: 'dte_sys_adl_close_short' }, 'BUY'],
  ];
  for (const [name, words, expected] of SIDES) {
    test(`side: ${name}`, () => {
      assert.equal(reportOf(connection('bitgetUsdm')(changed(FUTURES, words))).side, expected);
    });
  }

  test('liquidation: forced ends only', () => {
    const flagged = (tradeSide: string): unknown =>
      reportOf(connection('bitgetUsdm')(changed(FUTURES, { tradeSide }))).liquidation;
    const forced = ['burst_close_short', 'reduce_close_long', 'burst_buy_single', 'reduce_sell_single'];
    const others = [
      'open',
      'close',
      'buy_single',
      'sell_single',
      'offset_close_long',
      'delivery_close_short',
      'delivery_buy_single',
      'dte_sys_adl_close_long',
      'dte_sys_adl_buy_in_single_side_mode',
      'dte_sys_adl_sell_in_single_side_mode',
    ];
    for (const tradeSide of forced) assert.equal(flagged(tradeSide), true, tradeSide);
    for (const tradeSide of others) assert.equal(flagged(tradeSide), undefined, tradeSide);
  });

  const SIZES: [string, object, string][] = [
    ['limit buy: newSize', {}, '5.6756'],
    ['limit, no newSize: notional / price', { newSize: undefined, notional: '8', price: '1.6' }, '5'],
    ['no end to the digits', { newSize: '', notional: '1', price: '3' }, '0.333333333333333333'],
    ['market sell', { orderType: 'market', side: 'sell', newSize: undefined, size: '7' }, '7'],
    ['market buy, nothing filled', { orderType: 'market', size: '6', newSize: '6' }, '0'],
    ['no price to divide by', { newSize: undefined, price: undefined }, '0'],
  ];
  for (const [name, words, expected] of SIZES) {
    test(`spot size: ${name}`, () => {
      assert.equal(reportOf(connection()(changed(SPOT, words))).quantity, expected);
    });
  }

  test('a cancel keeps the average of the fills before it', () => {
    const decode = connection('bitgetUsdm');
    const partly = { orderId: '9', status: 'partially_filled', price: '94', priceAvg: '93.5', size: '0.4' };
    decode(changed(FUTURES, partly));
    const cancel = { ...partly, status: 'canceled', priceAvg: undefined, fillFee: undefined };
    const report = reportOf(decode(changed(FUTURES, cancel)));
    assert.equal(report.orderStatus, 'CANCELED');
    assert.equal(report.totalTradeQuantity, '0.2');
    assert.equal(report.totalQuoteTradeQuantity, '18.7');
    assert.equal(report.price, '93.5');
    assert.ok(!('commission' in report));
    // Another connection has not seen the fill: REST is to tell, a report without its price would be final.
    const note = 'order: cancelled, average price unknown';
    assert.deepEqual(connection('bitgetUsdm')(changed(FUTURES, cancel)), { kind: 'unknown', note });
    const unfilled = { ...cancel, accBaseVolume: '0' };
    assert.equal(reportOf(connection('bitgetUsdm')(changed(FUTURES, unfilled))).price, '94');
  });

  test('what was paid for one fill', () => {
    const report = reportOf(connection('bitgetUsdm')(changed(FUTURES, {})));
    assert.equal(report.commission, '0.0112344');
    assert.equal(report.commissionAsset, 'USDT');
    const rebate = reportOf(connection('bitgetUsdm')(changed(FUTURES, { fillFee: '0.5' })));
    assert.equal(rebate.commission, '-0.5');
    assert.equal(reportOf(connection('bitgetUsdm')(changed(FUTURES, { fillFee: '0' }))).commission, '0');
  });

  test('ids keep all their digits, with or without quotes', () => {
    const bare = JSON.stringify(changed(SPOT, { orderId: 'ID' })).replace('"ID"', '1144801703390253057');
    assert.equal(reportOf(connection()(bare)).orderId, '1144801703390253057');
    const tricky = changed(SPOT, { clientOid: 'a"orderId":12345678901234567890,b' });
    assert.equal(reportOf(connection()(tricky)).newClientOrderId, 'a"orderId":12345678901234567890,b');
    const spelt = changed(SPOT, { clientOid: undefined, clientOId: 'other' });
    assert.equal(reportOf(connection()(spelt)).originalClientOrderId, 'other');
  });

  test('rows of another market are nobody’s', () => {
    const { frame } = rowOf(FUTURES);
    assert.equal(connection('bitget')(frame).kind, 'ignored');
    assert.equal(connection('bitgetCoinm')(frame).kind, 'ignored');
    for (const instType of ['USDC-FUTURES', 'SUSDT-FUTURES', 'SUSDC-FUTURES']) {
      const arg = { instType, channel: 'orders', instId: 'default' };
      const decoded = connection('bitgetUsdm')({ ...frame, arg });
      const topic = `orders:${instType.replace(/^SUSD/, 'USD')}:default`;
      assert.deepEqual(decoded.kind === 'events' && decoded.topics, [topic], 'our name of it');
    }
  });

  const BROKEN = [
    { orderId: '' },
    { instId: 5 },
    { side: 'up' },
    { uTime: 'x', cTime: '' },
    { accBaseVolume: '1e3' },
  ];
  for (const words of BROKEN) {
    test(`malformed: ${JSON.stringify(words)}`, () => {
      assert.deepEqual(connection()(changed(SPOT, words)), { kind: 'unknown', note: 'order: malformed' });
    });
  }
});

const UNIFIED_ORDER = {
  category: 'usdt-futures',
  symbol: 'BTCUSDT',
  orderId: '1111111111111111111',
  clientOid: 'D-TP-1',
  price: '',
  qty: '0.001',
  amount: '1000',
  holdMode: 'hedge_mode',
  holdSide: 'long',
  tradeSide: 'close',
  orderType: 'market',
  side: 'sell',
  cumExecQty: '0.001',
  cumExecValue: '83.1315',
  avgPrice: '83131.5',
  orderStatus: 'filled',
  createdTime: '1742367838101',
  updatedTime: '1742367838115',
};

function unified(topic: string, data: unknown[]): object {
  return { action: 'snapshot', arg: { instType: 'UTA', topic }, data, ts: 1_742_367_838_120 };
}

/** Frames after JKorf/Bitget.Net:Bitget.Net.UnitTests/Subscriptions/Unified (Order.txt, Account.txt). */
describe('unified accounts', () => {
  test('an order', () => {
    const decoded = connection('bitgetUsdm')(unified('order', [UNIFIED_ORDER]));
    assert.deepEqual(decoded.kind === 'events' && decoded.topics, [
      'orders:USDT-FUTURES:default',
      'orders:USDC-FUTURES:default',
    ]);
    assert.deepEqual(reportOf(decoded), {
      eventType: 'executionReport',
      eventTime: 1742367838115,
      creationTime: 1742367838101,
      orderTime: 1742367838115,
      symbol: 'BTCUSDT',
      orderId: '1111111111111111111',
      newClientOrderId: 'D-TP-1',
      originalClientOrderId: 'D-TP-1',
      side: 'SELL',
      orderType: 'MARKET',
      orderStatus: 'FILLED',
      price: '83131.5',
      quantity: '0.001',
      totalTradeQuantity: '0.001',
      totalQuoteTradeQuantity: '83.1315',
    });
  });

  test('each market takes its own orders, margin trading is nobody’s', () => {
    const categories = ['spot', 'margin', 'usdt-futures', 'usdc-futures', 'coin-futures', 'SPOT'];
    const frame = unified(
      'order',
      categories.map((category) => ({ ...UNIFIED_ORDER, category, symbol: category })),
    );
    const symbolsOf = (exchange: string): string[] =>
      eventsOf(connection(exchange)(frame)).map((one) => (one.kind === 'order' ? one.report.symbol : ''));
    assert.deepEqual(symbolsOf('bitget'), ['spot', 'SPOT']);
    assert.deepEqual(symbolsOf('bitgetUsdm'), ['usdt-futures', 'usdc-futures']);
    assert.deepEqual(symbolsOf('bitgetCoinm'), ['coin-futures']);
  });

  test('an order without its category is nobody’s', () => {
    const decoded = connection()(unified('order', [{ ...UNIFIED_ORDER, category: undefined }]));
    assert.deepEqual(decoded, { kind: 'unknown', note: 'order: malformed' });
  });

  test('a spot market buy is sized by what was filled; coin-margined value by its average', () => {
    const bought = { ...UNIFIED_ORDER, category: 'spot', side: 'buy', tradeSide: undefined, qty: '84' };
    const coin = { ...UNIFIED_ORDER, category: 'coin-futures', cumExecValue: '0.001' };
    assert.equal(reportOf(connection()(unified('order', [bought]))).quantity, '0.001');
    const { totalQuoteTradeQuantity } = reportOf(connection('bitgetCoinm')(unified('order', [coin])));
    assert.equal(totalQuoteTradeQuantity, '83.1315');
  });

  test('balances: one wallet, margin locked for contracts only', () => {
    const coin = { coin: 'USDT', balance: '100.5', available: '90', locked: '2', equity: '99', debts: '0' };
    const frame = unified('account', [{ totalEquity: '99', coin: [coin] }]);
    const expected = (locked: string): object => ({
      eventType: 'outboundAccountPosition',
      eventTime: 1_742_367_838_120,
      lastAccountUpdate: 0,
      balances: [{ asset: 'USDT', free: '90', locked }],
    });
    assert.deepEqual(balanceOf(connection('bitget')(frame)), expected('2'));
    assert.deepEqual(balanceOf(connection('bitgetUsdm')(frame)), expected('10.5'));
  });

  test('acks and refusals name the topic', () => {
    const arg = { instType: 'UTA', topic: 'order' };
    const topics = ['orders:SPOT:default'];
    assert.deepEqual(connection()({ event: 'subscribe', arg }), { kind: 'ack', topics });
    const refused = connection()({ event: 'error', arg, code: '30001', msg: 'no such topic' });
    assert.ok(refused.kind === 'refused');
    assert.deepEqual(refused.topics, topics);
  });
});

describe('balances', () => {
  const FUTURES_BALANCE = 'bitgetUsdm.balance.unrealised-pnl';
  test('never negative, never noise', () => {
    const rounded = changed(FUTURES_BALANCE, { equity: '10', unrealizedPL: '0.3', available: '9.9' });
    assert.deepEqual(balanceOf(connection('bitgetUsdm')(rounded)).balances, [
      { asset: 'USDT', free: '9.9', locked: '0' },
    ]);
    const indebted = changed(FUTURES_BALANCE, { available: '-3', unrealizedPL: undefined });
    assert.deepEqual(balanceOf(connection('bitgetUsdm')(indebted)).balances, [
      { asset: 'USDT', free: '0', locked: '1003.5' },
    ]);
  });

  test('a push without coins is a sign of life', () => {
    const arg = { instType: 'SPOT', channel: 'account', coin: 'default' };
    const decoded = connection()({ action: 'snapshot', arg, data: [], ts: 1697092295511 });
    assert.deepEqual(decoded, { kind: 'events', topics: ['account:SPOT:default'], events: [] });
  });
});

describe('answers', () => {
  const CAUSES: [string | number, unknown, unknown][] = [
    [30005, 'never', 'credentials'],
    ['30011', 'never', 'credentials'],
    [30012, 'never', 'credentials'],
    [30015, 'never', 'credentials'],
    [30013, 'backoff', 'clock'],
    [30014, 'backoff', 'clock'],
    [40018, 'never', 'ip'],
    [40014, 'never', 'permission'],
    [40085, 'never', 'venue'],
  ];
  for (const [code, retry, cause] of CAUSES) {
    test(`refused login ${code}`, () => {
      for (const event of ['error', 'login']) {
        const decoded = connection()({ event, code, msg: 'no' });
        assert.deepEqual(decoded, {
          kind: 'loginRefused',
          reason: { code: String(code), text: 'no', retry, cause },
        });
      }
    });
  }

  test('a limit at login, the venue’s own trouble, a lost session, a bad topic', () => {
    const reason = (frame: object): unknown => {
      const decoded = connection()(frame);
      return 'reason' in decoded ? [decoded.kind, decoded.reason] : decoded;
    };
    const [kind] = reason({ event: 'error', code: 30007, msg: 'over' }) as [string];
    assert.equal(kind, 'throttled');
    assert.deepEqual(reason({ event: 'login', code: '50000', msg: 'busy' }), [
      'loginRefused',
      { code: '50000', text: 'busy', retry: 'backoff', cause: 'venue' },
    ]);
    assert.deepEqual(reason({ event: 'error', code: 30004, msg: 'x' }), ['ended', '30004 not logged in']);
    assert.equal(connection()({ event: 'login' }).kind, 'unknown');
  });

  test('no secret in a refusal, even where the venue repeats one', () => {
    const decoded = connection()({ event: 'error', code: 30011, msg: `bad key bg_${'a1'.repeat(16)} here` });
    assert.ok(decoded.kind === 'loginRefused');
    assert.equal(decoded.reason.text, 'bad key … here');
  });
});

describe('properties', () => {
  const AMOUNTS = ['price', 'quantity', 'totalTradeQuantity', 'totalQuoteTradeQuantity'] as const;

  function check(exchange: string, frame: string): void {
    const decoded = connection(exchange)(frame);
    if (decoded.kind !== 'events') return;
    for (const event of decoded.events) {
      if (event.kind === 'order') {
        for (const name of AMOUNTS) assert.ok(isDecimal(event.report[name]), name);
        assert.ok(Number.isSafeInteger(event.report.orderTime));
      }
      if (event.kind === 'balances') {
        for (const { free, locked } of event.position.balances)
          assert.ok(isDecimal(free) && isDecimal(locked));
      }
    }
  }

  test('any JSON, any text', () => {
    fc.assert(fc.property(fc.json(), (frame) => check('bitget', frame)));
    fc.assert(fc.property(fc.string(), (frame) => check('bitgetUsdm', frame)));
  });

  test('any truncation, any odd value', () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('NaN', '-1', '1e-7', '', '0x1', 'Infinity', '9'.repeat(80), '1700000000000'),
    );
    for (const { exchange, frames } of FIXTURES) {
      for (const frame of frames) {
        const text = JSON.stringify(frame);
        for (let end = 0; end < text.length; end += 7) check(exchange, text.slice(0, end));
        const { data } = frame as { data: [Record<string, unknown>] };
        fc.assert(
          fc.property(fc.constantFrom(...Object.keys(data[0])), odd, (key, value) => {
            check(exchange, JSON.stringify({ ...(frame as object), data: [{ ...data[0], [key]: value }] }));
          }),
        );
      }
    }
  });
});
