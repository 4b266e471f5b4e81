import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccountEvent, ExecutionReport } from '../../domain/account';
import { compare, isDecimal, isPositive } from '../../domain/decimal';
import { InstrumentIndex } from '../../domain/instrument';
import type { DecodeContext, Decoded, MarketDescriptor } from '../contract';
import { bybit } from './index';
import type { PrivateState } from './private';
import { privateCodec as codec } from './private';

interface Fixture {
  readonly id: string;
  readonly exchange: string;
  readonly stream: string;
  readonly frames: readonly unknown[];
  readonly expected: Readonly<Record<string, readonly Record<string, unknown>[]>>;
}

const fixtures = ['account/__fixtures__', '__fixtures__']
  .map((name) => join(__dirname, name))
  .flatMap((folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')))
  .map((text) => JSON.parse(text) as Fixture);
const recordings = fixtures.filter(({ stream }) => stream === 'order' || stream === 'balance');

function marketOf(exchange: string): MarketDescriptor {
  return bybit.descriptor.markets.find((market) => market.exchange === exchange)!;
}

function begin(exchange: string): DecodeContext<PrivateState> {
  const market = marketOf(exchange);
  return { state: codec.begin(market), market, receivedAt: 1, instruments: new InstrumentIndex() };
}

const textOf = (frame: unknown): string => (typeof frame === 'string' ? frame : JSON.stringify(frame));

function eventsOf(decoded: Decoded<AccountEvent>): readonly AccountEvent[] {
  assert.equal(decoded.kind, 'events');
  return decoded.kind === 'events' ? decoded.events : [];
}

function pick(from: object, like: object): object {
  return Object.fromEntries(Object.keys(like).map((key) => [key, from[key as keyof typeof from]]));
}

function payloadOf(event: AccountEvent): object {
  if (event.kind === 'order') return event.report;
  return event.kind === 'balances' ? event.position : event.update;
}

// ---------------------------------------------------------------------------- fixtures

for (const { id, exchange, frames, expected } of recordings) {
  test(`decodes ${id}`, () => {
    const context = begin(exchange);
    const events = frames.flatMap((frame) => eventsOf(codec.decode(textOf(frame), context)));
    const wanted = [...(expected.executionReports ?? []), ...(expected.balances ?? [])];
    assert.ok(wanted.length > 0);
    assert.equal(events.length, wanted.length);
    wanted.forEach((event, at) => {
      const payload = payloadOf(events[at]!);
      assert.deepEqual(pick(payload, event), event);
      assert.equal('liquidation' in payload, event.liquidation === true);
    });
  });
}

test('there is a recording of every kind', () => {
  assert.equal(recordings.length, 11);
});

// ---------------------------------------------------------------------------- rows

type Row = Record<string, unknown>;

const LINEAR_ROW: Row = {
  category: 'linear',
  symbol: 'BTCUSDT',
  orderId: '1474779448353054208',
  orderLinkId: 'D-BO-1',
  side: 'Buy',
  orderType: 'Limit',
  orderStatus: 'New',
  price: '30000.50',
  qty: '0.010',
  avgPrice: '',
  cumExecQty: '0',
  cumExecValue: '',
  createType: 'CreateByUser',
  createdTime: '1700000000001',
  updatedTime: '1700000000002',
};

function orderFrame(...rows: readonly Row[]): string {
  return JSON.stringify({ id: '1', topic: 'order', creationTime: 1_700_000_000_009, data: rows });
}

function reportOf(change: Row, exchange = 'bybitLinear'): ExecutionReport {
  const [event, ...more] = eventsOf(codec.decode(orderFrame({ ...LINEAR_ROW, ...change }), begin(exchange)));
  assert.deepEqual(more, []);
  assert.ok(event?.kind === 'order');
  return event.report;
}

function noteOf(text: string, exchange = 'bybitLinear'): string {
  const decoded = codec.decode(text, begin(exchange));
  assert.ok(decoded.kind === 'unknown', decoded.kind);
  return decoded.note;
}

const STATUSES: readonly (readonly [string, string, Row?])[] = [
  ['New', 'NEW'],
  ['Created', 'NEW'],
  ['Untriggered', 'NEW'],
  ['Triggered', 'NEW'],
  ['Active', 'NEW'],
  ['PartiallyFilled', 'PARTIALLY_FILLED'],
  ['Filled', 'FILLED'],
  ['PartiallyFilledCanceled', 'FILLED', { orderType: 'Market', side: 'Buy' }],
  ['PartiallyFilledCanceled', 'CANCELED', { orderType: 'Market', side: 'Sell' }],
  ['PartiallyFilledCanceled', 'CANCELED', { orderType: 'Limit', side: 'Buy' }],
  ['Cancelled', 'CANCELED'],
  ['Deactivated', 'CANCELED'],
  ['Rejected', 'CANCELED'],
];

for (const [orderStatus, wanted, more] of STATUSES) {
  test(`status ${orderStatus} ${JSON.stringify(more ?? {})} is ${wanted}`, () => {
    assert.equal(reportOf({ orderStatus, ...more }).orderStatus, wanted);
  });
}

test('a liquidation is what the engine took over, and nothing that looks like one', () => {
  const kinds = [
    'CreateByTakeOver_PassThrough',
    'CreateByLiq',
    'CreateByAdl_PassThrough',
    'CreateByMmRateClose',
  ];
  const flags = [...kinds, 'CreateByUser', undefined].map(
    (createType) => reportOf({ createType }).liquidation,
  );
  assert.deepEqual(flags, [true, undefined, undefined, undefined, undefined, undefined]);
});

test('an unknown status is told and never guessed', () => {
  assert.equal(noteOf(orderFrame({ ...LINEAR_ROW, orderStatus: 'Frozen' })), 'unknown order status Frozen');
  for (const orderStatus of ['two words', 'x'.repeat(50), '', 7, null, undefined, {}]) {
    assert.equal(noteOf(orderFrame({ ...LINEAR_ROW, orderStatus })), 'unknown order status');
  }
  // It takes nothing along.
  const frame = orderFrame({ ...LINEAR_ROW, orderStatus: 'Frozen' }, LINEAR_ROW);
  assert.equal(eventsOf(codec.decode(frame, begin('bybitLinear'))).length, 1);
});

const PRICES: readonly { what: string; row: Row; price: string; exchange?: string }[] = [
  {
    what: 'the average of a market order',
    row: { orderType: 'Market', avgPrice: '41562', price: '39484.4' },
    price: '41562',
  },
  {
    what: 'quote / base where a market order has no average',
    row: { orderType: 'Market', avgPrice: '0.00', price: '39484.4', cumExecQty: '3', cumExecValue: '10' },
    price: '3.333333333333',
  },
  {
    what: 'half up at the twelfth decimal',
    row: { orderType: 'Market', avgPrice: '', cumExecQty: '3', cumExecValue: '20' },
    price: '6.666666666667',
  },
  {
    what: 'the limit of a limit order',
    row: { avgPrice: '29999', cumExecQty: '1', cumExecValue: '29999' },
    price: '30000.50',
  },
  { what: '0 where there is nothing', row: { price: '', orderType: 'Market' }, price: '0' },
  {
    what: 'dollars / coins of an inverse order',
    row: { category: 'inverse', price: '0', cumExecQty: '300', cumExecValue: '0.006' },
    price: '50000',
    exchange: 'bybitInverse',
  },
  {
    what: 'no quotient of nothing',
    row: { orderType: 'Market', price: '39484.4', cumExecQty: '1', cumExecValue: '' },
    price: '39484.4',
  },
];

for (const { what, row, price, exchange } of PRICES) {
  test(`the price is ${what}`, () => assert.equal(reportOf(row, exchange).price, price));
}

test('each market takes its own rows, in order', () => {
  const rows = ['spot', 'linear', 'inverse', 'option', 'linear'].map((category, at) => ({
    ...LINEAR_ROW,
    category,
    orderId: `order-${at}`,
  }));
  const idsOf = (exchange: string): unknown[] =>
    eventsOf(codec.decode(orderFrame(...rows), begin(exchange))).map(
      (event) => event.kind === 'order' && event.report.orderId,
    );
  assert.deepEqual(idsOf('bybit'), ['order-0']);
  assert.deepEqual(idsOf('bybitLinear'), ['order-1', 'order-4']);
  assert.deepEqual(idsOf('bybitInverse'), ['order-2']);
});

test('a topic by category stands in for a missing one', () => {
  const row = { ...LINEAR_ROW, category: undefined };
  const frame = JSON.stringify({ topic: 'order.linear', creationTime: 1_700_000_000_009, data: [row] });
  const decoded = codec.decode(frame, begin('bybitLinear'));
  assert.equal(eventsOf(decoded).length, 1);
  assert.ok(decoded.kind === 'events');
  assert.deepEqual(decoded.topics, ['order.linear']);
  assert.deepEqual(eventsOf(codec.decode(frame, begin('bybit'))), []);
});

test('times: of the change, else of the frame', () => {
  const { eventTime, orderTime, creationTime } = reportOf({ updatedTime: '', createdTime: '' });
  assert.deepEqual([eventTime, orderTime, creationTime], Array(3).fill(1_700_000_000_009));
});

test('what cannot be an order is none', () => {
  const broken: readonly Row[] = [
    { orderId: '' },
    { orderId: 1_474_779_448_353_054_208 },
    { orderLinkId: 5 },
    { side: 'Hold' },
    { qty: '1e5' },
    { cumExecQty: '-1' },
    { avgPrice: 'NaN' },
    { symbol: '' },
  ];
  for (const change of broken) {
    assert.equal(noteOf(orderFrame({ ...LINEAR_ROW, ...change })), 'malformed order', JSON.stringify(change));
  }
  assert.equal(noteOf('{"topic":"order","creationTime":1,"data":{}}'), 'account data without rows');
  assert.equal(noteOf('{"topic":"position","data":[]}'), 'a topic that was not asked for');
});

test('a row that cannot be read is a fault beside those that can', () => {
  const rows = [{ ...LINEAR_ROW, orderStatus: 'Frozen' }, LINEAR_ROW, 7];
  const text = JSON.stringify({ topic: 'order', creationTime: 5, data: rows });
  const decoded = codec.decode(text, begin('bybitLinear'));
  assert.ok(decoded.kind === 'events' && decoded.events.length === 1);
  assert.deepEqual(decoded.faults, ['unknown order status Frozen', 'malformed order']);
});

// ---------------------------------------------------------------------------- wallets

function walletFrame(accountType: unknown, coin: Row): string {
  return JSON.stringify({
    id: '1',
    topic: 'wallet',
    creationTime: 1_700_000_000_009,
    data: [{ accountType, coin: [{ coin: 'USDT', ...coin }] }],
  });
}

const BALANCES: readonly (readonly [string, Row, string, string])[] = [
  ['all free', { walletBalance: '5', locked: '0' }, '5', '0'],
  ['empty', { walletBalance: '', locked: '', totalOrderIM: '' }, '0', '0'],
  [
    'margin',
    { walletBalance: '0.3', locked: '0.1', totalOrderIM: '0.05', totalPositionIM: '0.05' },
    '0.1',
    '0.2',
  ],
  ['more reserved than there is', { walletBalance: '10.0', totalPositionIM: '12' }, '0', '10'],
  ['borrowed', { walletBalance: '-3.5', totalPositionIM: '2' }, '-3.5', '0'],
  ['zero below zero', { walletBalance: '-0.00' }, '0', '0'],
  ['deprecated fields', { walletBalance: '9', availableToWithdraw: '1', free: '2' }, '9', '0'],
];

for (const [what, coin, free, locked] of BALANCES) {
  test(`balance: ${what}`, () => {
    const [event] = eventsOf(codec.decode(walletFrame('UNIFIED', coin), begin('bybit')));
    assert.ok(event?.kind === 'balances');
    assert.deepEqual(event.position, {
      eventType: 'outboundAccountPosition',
      eventTime: 1_700_000_000_009,
      lastAccountUpdate: 1_700_000_000_009,
      balances: [{ asset: 'USDT', free, locked }],
    });
  });
}

test('a classic spot wallet tells free and locked itself', () => {
  const coin = { walletBalance: '10', free: '7', locked: '3' };
  const [event] = eventsOf(codec.decode(walletFrame('SPOT', coin), begin('bybit')));
  assert.ok(event?.kind === 'balances');
  assert.deepEqual(event.position.balances, [{ asset: 'USDT', free: '7', locked: '3' }]);
});

test('each market takes its own wallets', () => {
  const coin = { walletBalance: '1' };
  const takes = (exchange: string, wallet: unknown): boolean =>
    eventsOf(codec.decode(walletFrame(wallet, coin), begin(exchange))).length === 1;
  const taken = ['bybit', 'bybitLinear', 'bybitInverse'].map((exchange) =>
    ['UNIFIED', undefined, 'CONTRACT', 'SPOT', 'FUND'].filter((wallet) => takes(exchange, wallet)),
  );
  assert.deepEqual(taken, [
    ['UNIFIED', undefined, 'SPOT'],
    ['UNIFIED', undefined],
    ['UNIFIED', undefined, 'CONTRACT'],
  ]);
});

test('a contract wallet, once seen, is the one of inverse contracts', () => {
  const context = begin('bybitInverse');
  const count = (wallet: string): number =>
    eventsOf(codec.decode(walletFrame(wallet, { walletBalance: '1' }), context)).length;
  assert.deepEqual([count('UNIFIED'), count('CONTRACT'), count('UNIFIED'), count('CONTRACT')], [1, 1, 0, 1]);
});

test('a bad coin takes no good one along', () => {
  const coins = [
    { coin: 'BTC', walletBalance: 'NaN' },
    { coin: 'ETH', walletBalance: '2' },
    { coin: '', walletBalance: '3' },
  ];
  const frame = (coin: readonly object[]): string =>
    JSON.stringify({ topic: 'wallet', creationTime: 5, data: [{ accountType: 'UNIFIED', coin }] });
  const decoded = codec.decode(frame(coins), begin('bybit'));
  assert.ok(decoded.kind === 'events');
  assert.deepEqual(decoded.faults, ['malformed wallet']);
  const [event] = decoded.events;
  assert.ok(event?.kind === 'balances');
  assert.deepEqual(event.position.balances, [{ asset: 'ETH', free: '2', locked: '0' }]);
  assert.equal(noteOf(frame([coins[0]!]), 'bybit'), 'malformed wallet');
  assert.deepEqual(eventsOf(codec.decode(frame([]), begin('bybit'))), []);
});

// ---------------------------------------------------------------------------- properties

/** Field values that could fool a mapping. */
const hostile = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-0',
    '-5',
    '1e400',
    'NaN',
    'Infinity',
    '__proto__',
    ' 1',
    '1.',
    '00',
    '9'.repeat(400),
  ),
  fc.constantFrom<unknown>(null, true, -1, 1e308, [], {}, [[]]),
  fc.jsonValue(),
);

/** Replaces the value at a random path. */
function damaged(value: unknown, path: readonly number[], by: unknown): unknown {
  if (path.length === 0 || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[path[0]! % Math.max(1, keys.length)];
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
  copy[key] = damaged(copy[key], path.slice(1), by);
  return copy;
}

function checkReport(report: ExecutionReport): void {
  const { price, quantity, totalTradeQuantity: base, totalQuoteTradeQuantity: quote } = report;
  for (const amount of [price, quantity, base, quote]) assert.ok(isDecimal(amount), amount);
  for (const amount of [price, quantity, base, quote]) assert.ok(compare(amount, '0') >= 0, amount);
  assert.ok(Number.isSafeInteger(report.eventTime) && Number.isSafeInteger(report.creationTime));
  assert.ok(typeof report.orderId === 'string' && report.orderId !== '');
  assert.equal(report.newClientOrderId, report.originalClientOrderId);
}

function checkEvent(event: AccountEvent): void {
  if (event.kind === 'order') return checkReport(event.report);
  assert.ok(event.kind === 'balances' && event.position.balances.length > 0);
  for (const { asset, free, locked } of event.position.balances) {
    assert.ok(asset !== '' && isDecimal(free) && isDecimal(locked) && !/^-0*(\.0*)?$/.test(free));
    assert.ok(locked === '0' || isPositive(locked) || compare(locked, '0') === 0);
  }
}

function survives(exchange: string, texts: readonly string[]): void {
  const context = begin(exchange);
  for (const text of texts) {
    const decoded = codec.decode(text, context);
    if (decoded.kind === 'events') decoded.events.forEach(checkEvent);
  }
}

describe('never throws and never publishes nonsense', () => {
  const market = fc.constantFrom('bybit', 'bybitLinear', 'bybitInverse');
  const anyFrame = fc.constantFrom(...fixtures.flatMap(({ frames }) => frames));

  test('on any text or JSON', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    fc.assert(fc.property(market, text, (exchange, one) => survives(exchange, [one])));
  });

  test('on any truncation', () => {
    for (const { exchange, frames } of fixtures) {
      for (const text of frames.map(textOf)) {
        for (let length = 0; length <= text.length; length += 1) survives(exchange, [text.slice(0, length)]);
      }
    }
  });

  test('on any changed value', () => {
    const path = fc.array(fc.nat(60), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(anyFrame, path, hostile, market, (frame, at, by, exchange) =>
        survives(exchange, [textOf(damaged(frame, at, by)), textOf(frame)]),
      ),
      { numRuns: 2_000 },
    );
  });

  test('on any amounts: the ratio of the totals is the price', () => {
    const amount = fc.tuple(fc.nat(), fc.nat(99_999_999)).map(([whole, part]) => `${whole}.${part}`);
    fc.assert(
      fc.property(amount, amount, (cumExecQty, cumExecValue) => {
        fc.pre(isPositive(cumExecQty) && isPositive(cumExecValue));
        const report = reportOf({ orderType: 'Market', price: '', cumExecQty, cumExecValue });
        const { price, totalTradeQuantity, totalQuoteTradeQuantity } = report;
        assert.deepEqual([totalTradeQuantity, totalQuoteTradeQuantity], [cumExecQty, cumExecValue]);
        const ratio = Number(cumExecValue) / Number(cumExecQty);
        assert.ok(Math.abs(Number(price) - ratio) <= ratio * 1e-9 + 1e-12);
      }),
    );
  });
});
