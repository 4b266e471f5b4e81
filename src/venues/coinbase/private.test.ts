import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccountEvent, ExecutionReport } from '../../domain/account';
import { isDecimal } from '../../domain/decimal';
import { InstrumentIndex } from '../../domain/instrument';
import type { Decoded } from '../contract';
import { coinbase } from './index';
import { privateCodec } from './private';
import { meaningOf, statusOf } from './statuses';

interface Row {
  [field: string]: unknown;
}

interface Frame {
  [field: string]: unknown;
  events: { type: string; orders: Row[] }[];
}

interface Fixture {
  id: string;
  frames: Frame[];
  expected: { executionReports?: Partial<ExecutionReport>[] };
}

function fixture(folder: string, name: string): Fixture {
  return JSON.parse(readFileSync(join(__dirname, folder, name), 'utf8')) as Fixture;
}

const ORDERS = readdirSync(join(__dirname, '__private_fixtures__'))
  .filter((name) => name.startsWith('coinbase.order.'))
  .map((name) => fixture('__private_fixtures__', name));

const market = coinbase.descriptor.markets[0]!;

/** One connection: the state goes from frame to frame. */
function connection(): (frame: unknown) => Decoded<AccountEvent> {
  const state = privateCodec.begin(market);
  const context = { state, market, receivedAt: 1, instruments: new InstrumentIndex() };
  return (frame) => privateCodec.decode(typeof frame === 'string' ? frame : JSON.stringify(frame), context);
}

function reportsOf(decoded: Decoded<AccountEvent>): ExecutionReport[] {
  assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
  if (decoded.kind !== 'events') return [];
  assert.deepEqual(decoded.topics, ['user']);
  return decoded.events.flatMap((one) => (one.kind === 'order' ? [one.report] : []));
}

const ROW: Row = ORDERS.find(({ id }) => id === 'coinbase.order.limit-lifecycle')!.frames[1]!.events[0]!
  .orders[0]!;

/** A frame with these rows, each with the changes to an open order. */
function frame(changes: Row[], type = 'update', more: object = {}): object {
  const orders = changes.map((change) => ({ ...ROW, ...change }));
  return { channel: 'user', timestamp: '2026-04-07T14:30:00Z', events: [{ type, orders }], ...more };
}

/** A frame of rows that tell nothing but what is wrong with them. */
const faulty = (faults: string[]): Decoded<AccountEvent> => ({
  kind: 'events',
  topics: ['user'],
  events: [],
  faults,
});

describe('coinbase private codec: fixtures', () => {
  assert.equal(ORDERS.length, 5);
  for (const { id, frames, expected } of ORDERS) {
    test(id, () => {
      const told = frames.map(connection()).flatMap(reportsOf);
      const wanted = expected.executionReports ?? [];
      assert.equal(told.length, wanted.length);
      for (const [at, report] of told.entries()) assert.deepEqual({ ...report, ...wanted[at] }, report);
    });
  }

  test('control.user-session', () => {
    const { frames } = fixture('__fixtures__', 'coinbase.control.user-session.json');
    assert.deepEqual(frames.map(connection()), [
      { kind: 'events', topics: ['user'], events: [] },
      { kind: 'ack', topics: ['user'] },
      { kind: 'ack', topics: ['user'] },
      { kind: 'pong' },
    ]);
  });

  test('control.errors', () => {
    const { frames } = fixture('__fixtures__', 'coinbase.control.errors.json');
    const limit = { code: 'RATE_LIMIT', text: 'rate limit exceeded', retry: { afterMs: 5_000 } };
    assert.deepEqual(frames.map(connection()), [
      {
        kind: 'loginRefused',
        reason: {
          ...{ code: 'AUTHENTICATION_FAILURE', text: 'authentication failure' },
          ...{ retry: 'never', cause: 'credentials' },
        },
      },
      { kind: 'throttled', reason: limit },
      { kind: 'refused', reason: { code: 'REFUSED', text: 'failure to subscribe', retry: 'backoff' } },
      { kind: 'ack', topics: [] },
    ]);
  });
});

describe('coinbase private codec: orders', () => {
  const FILLED_PART = { cumulative_quantity: '0.001', leaves_quantity: '0.002' };
  /** Published with nothing filled, and with a part. */
  const STATUSES: [string, string | undefined, string | undefined][] = [
    ['PENDING', undefined, 'PARTIALLY_FILLED'],
    ['QUEUED', undefined, 'PARTIALLY_FILLED'],
    ['OPEN', 'NEW', 'PARTIALLY_FILLED'],
    ['FILLED', 'FILLED', 'FILLED'],
    ['CANCELLED', 'CANCELED', 'CANCELED'],
    ['EXPIRED', 'EXPIRED', 'EXPIRED'],
    ['FAILED', 'CANCELED', 'CANCELED'],
    ['CANCEL_QUEUED', undefined, 'PARTIALLY_FILLED'],
    ['EDIT_QUEUED', undefined, 'PARTIALLY_FILLED'],
  ];
  for (const [status, empty, part] of STATUSES) {
    test(`status ${status}`, () => {
      assert.deepEqual(
        reportsOf(connection()(frame([{ status }]))).map(({ orderStatus }) => orderStatus),
        empty === undefined ? [] : [empty],
      );
      const told = reportsOf(connection()(frame([{ status, ...FILLED_PART }])));
      assert.deepEqual(
        told.map(({ orderStatus }) => orderStatus),
        [part],
      );
    });
  }

  for (const status of ['UNKNOWN_ORDER_STATUS', 'CANCELED', 'constructor', '__proto__']) {
    test(`unknown status ${status} is named, and no event`, () => {
      const note = `unknown order status ${status}`;
      assert.deepEqual(connection()(frame([{ status }])), faulty([note]));
      assert.equal(meaningOf(status), undefined);
    });
  }

  test('an unknown status that is no plain word stays unsaid', () => {
    for (const status of ['', 'two words', 'x'.repeat(33), 7]) {
      const decoded = connection()(frame([{ status }]));
      assert.deepEqual(decoded, faulty(['unknown order status']));
    }
  });

  test('a request that is under way tells a fill only', () => {
    assert.equal(statusOf('asked', true, false), undefined);
    const decode = connection();
    reportsOf(decode(frame([FILLED_PART])));
    assert.deepEqual(reportsOf(decode(frame([{ ...FILLED_PART, status: 'CANCEL_QUEUED' }]))), []);
    const more = { status: 'CANCEL_QUEUED', cumulative_quantity: '0.002', leaves_quantity: '0.001' };
    assert.equal(reportsOf(decode(frame([more])))[0]?.orderStatus, 'PARTIALLY_FILLED');
  });

  test('open orders of a snapshot are remembered, not told; a filled part is told, page by page', () => {
    const decode = connection();
    assert.deepEqual(reportsOf(decode(frame([{}], 'snapshot', { sequence_num: 0 }))), []);
    const page = frame([{ ...FILLED_PART, order_id: 'b' }], 'snapshot', { sequence_num: 1 });
    assert.deepEqual(
      reportsOf(decode(page)).map(({ orderId }) => orderId),
      ['b'],
    );
    const [ended] = reportsOf(
      decode(frame([{ status: 'CANCELLED', leaves_quantity: '0', limit_price: '' }])),
    );
    assert.equal(ended?.quantity, '0.003');
    assert.equal(ended.price, '68900.5');
  });

  test('fills never shrink, and what is over stays over', () => {
    const decode = connection();
    reportsOf(decode(frame([{ ...FILLED_PART, status: 'CANCELLED', leaves_quantity: '0' }])));
    assert.deepEqual(reportsOf(decode(frame([{}, FILLED_PART]))), []);
    const late = { status: 'FILLED', cumulative_quantity: '0.003', leaves_quantity: '0' };
    assert.equal(reportsOf(decode(frame([late])))[0]?.orderStatus, 'FILLED');
  });

  test('an edit is told, its repetition is not', () => {
    const decode = connection();
    reportsOf(decode(frame([{}])));
    const edit = frame([{ leaves_quantity: '0.004', limit_price: '68000' }]);
    const [report] = reportsOf(decode(edit));
    assert.deepEqual([report?.quantity, report?.price], ['0.004', '68000']);
    assert.deepEqual(reportsOf(decode(edit)), []);
  });

  test('the average, or what the venue leaves of it', () => {
    const CASES: [Row, string, string][] = [
      [{ avg_price: '3', filled_value: '6.0' }, '3', '6.0'],
      [{ avg_price: '3', filled_value: '' }, '3', '6'],
      [{ avg_price: '0', filled_value: '5' }, '2.5', '5'],
      [{ avg_price: '', filled_value: '0' }, '68900.5', '0'],
    ];
    for (const [amounts, price, quote] of CASES) {
      const row = { ...amounts, cumulative_quantity: '2', leaves_quantity: '1' };
      const [report] = reportsOf(connection()(frame([row])));
      assert.deepEqual([report?.price, report?.totalQuoteTradeQuantity], [price, quote]);
    }
  });

  test('other markets are nothing', () => {
    const strangers = [
      { product_type: 'FUTURE' },
      { product_type: undefined, product_id: 'BIT-28JUL23-CDE' },
      { product_type: '', product_id: 'BTC-PERP-INTX' },
    ];
    assert.deepEqual(reportsOf(connection()(frame(strangers))), []);
    assert.equal(reportsOf(connection()(frame([{ product_type: undefined }]))).length, 1);
  });

  test('malformed rows', () => {
    const faults = [
      ...[{ order_id: '' }, { order_id: 7 }, { order_side: 'UNKNOWN' }, { product_id: 'a b' }],
      ...[{ client_order_id: 7 }, { cumulative_quantity: '-1' }, { leaves_quantity: 'NaN' }],
      ...[{ avg_price: '1e5' }, { filled_value: 3 }, { limit_price: 'x' }],
    ];
    for (const fault of faults) {
      assert.deepEqual(connection()(frame([fault])), faulty(['malformed order']));
      const both = connection()(frame([fault, { order_id: 'good' }, { status: 'NEWS' }]));
      assert.equal(reportsOf(both).length, 1);
      assert.deepEqual(both.kind === 'events' && both.faults, [
        'malformed order',
        'unknown order status NEWS',
      ]);
    }
  });
});

describe('coinbase private codec: the counter', () => {
  const numbered = (sequence_num: number): object => ({ channel: 'heartbeats', sequence_num, events: [] });

  test('a gap ends the session, a repeated frame is dropped', () => {
    const decode = connection();
    assert.deepEqual(
      [4, 5, 5, 6, 8].map((number) => decode(numbered(number)).kind),
      ['pong', 'pong', 'ignored', 'pong', 'ended'],
    );
  });

  test('a counter that starts over does not silence the connection', () => {
    const decode = connection();
    const kinds = [9, 0, 1, 2, 3].map((number) => decode(numbered(number)).kind);
    assert.deepEqual(kinds, ['pong', 'ignored', 'ignored', 'ignored', 'ended']);
  });
});

describe('coinbase private codec: properties', () => {
  const frames = ORDERS.flatMap((one) => one.frames).map((one) => JSON.stringify(one));
  const AMOUNTS = ['price', 'quantity', 'totalTradeQuantity', 'totalQuoteTradeQuantity'] as const;

  function assertSound(text: string): void {
    const decoded = connection()(text);
    if (decoded.kind === 'unknown') assert.ok(decoded.note.length < 60);
    if (decoded.kind !== 'events') return;
    for (const report of reportsOf(decoded)) {
      for (const name of AMOUNTS) assert.ok(isDecimal(report[name]), name);
      for (const time of [report.orderTime, report.creationTime]) assert.ok(Number.isSafeInteger(time));
    }
  }

  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('', '0', '-1', '1e5', 'NaN', 'Infinity', '__proto__', '0.0000000001', -0, 5e-324),
  );

  test('any JSON, any text, any truncation', () => {
    fc.assert(fc.property(fc.json(), assertSound));
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), assertSound));
    const cut = fc.tuple(fc.constantFrom(...frames), fc.nat(4_000));
    fc.assert(fc.property(cut, ([text, length]) => assertSound(text.slice(0, length))));
  });

  test('any value in any field of a row, and of a frame', () => {
    const change = fc.tuple(fc.constantFrom(...Object.keys(ROW)), odd);
    fc.assert(fc.property(change, ([key, value]) => assertSound(JSON.stringify(frame([{ [key]: value }])))));
    const outer = fc.tuple(fc.constantFrom('channel', 'timestamp', 'events', 'sequence_num', 'type'), odd);
    const with_ = ([key, value]: [string, unknown]): object => frame([{}], 'update', { [key]: value });
    fc.assert(fc.property(outer, (one) => assertSound(JSON.stringify(with_(one)))));
  });
});
