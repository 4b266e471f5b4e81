import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExecutionReport } from '../domain/account';
import { orderEvent } from '../testing/account-venue';
import { OrderLedger } from './order-ledger';

type Change = Partial<ExecutionReport>;
const report = (change: Change): ExecutionReport => orderEvent({ orderTime: 10, ...change }).report;
const partial = (filled: string, orderTime = 10): Change => ({
  orderStatus: 'PARTIALLY_FILLED',
  totalTradeQuantity: filled,
  orderTime,
});
const filled: Change = { orderStatus: 'FILLED', totalTradeQuantity: '0.3', orderTime: 20 };
const canceled: Change = { orderStatus: 'CANCELED', orderTime: 20 };

test('what is news, step by step', () => {
  const cases: readonly (readonly [string, readonly (readonly [Change, boolean])[]])[] = [
    [
      'a life',
      [
        [{}, true],
        [partial('0.1', 11), true],
        [partial('0.2', 12), true],
        [filled, true],
      ],
    ],
    [
      'repeats',
      [
        [{}, true],
        [{}, false],
        [filled, true],
        [filled, false],
      ],
    ],
    [
      'two fills in one ms',
      [
        [partial('0.1'), true],
        [partial('0.2'), true],
        [partial('0.2'), false],
      ],
    ],
    [
      'a final fill in the millisecond of the partial one before it, of the same amount',
      [
        [partial('0.3', 10), true],
        [{ orderStatus: 'FILLED', totalTradeQuantity: '0.3', orderTime: 10 }, true],
      ],
    ],
    [
      'a later time alone',
      [
        [partial('0.1', 11), true],
        [partial('0.1', 12), false],
      ],
    ],
    [
      'amended',
      [
        [{}, true],
        [{ price: '61000', orderTime: 11 }, true],
        [{ price: '61000', quantity: '0.2', orderTime: 12 }, true],
      ],
    ],
    [
      'same amount in other words',
      [
        [partial('0.10'), true],
        [partial('0.1'), false],
        [partial('0.05'), false],
      ],
    ],
    [
      'cumulative never goes back',
      [
        [partial('0.2', 11), true],
        [partial('0.1', 12), false],
      ],
    ],
    [
      'nor the status',
      [
        [partial('0.1', 11), true],
        [{ totalTradeQuantity: '0.1', orderTime: 12 }, false],
      ],
    ],
    [
      'final is final',
      [
        [canceled, true],
        [{ orderTime: 30 }, false],
        [partial('0.1', 30), false],
      ],
    ],
    [
      'a fill that crossed its cancel',
      [
        [canceled, true],
        [{ ...filled, orderTime: 19 }, true],
      ],
    ],
    [
      'a cancel after the fill',
      [
        [filled, true],
        [{ ...canceled, totalTradeQuantity: '0.3' }, false],
      ],
    ],
    [
      'an amendment',
      [
        [{}, true],
        [{ price: '59000', orderTime: 11 }, true],
        [{ quantity: '1', orderTime: 12 }, true],
      ],
    ],
    [
      'the state before it, late',
      [
        [{ price: '59000', orderTime: 11 }, true],
        [{}, false],
      ],
    ],
    [
      'a cancel with the time of an earlier change',
      [
        [{ orderTime: 11 }, true],
        [{ ...canceled, orderTime: 10 }, true],
      ],
    ],
    [
      'refused to cancel',
      [
        [{ orderStatus: 'PENDING_CANCEL' }, true],
        [{ orderTime: 11 }, true],
      ],
    ],
    [
      'orders of their own',
      [
        [{ orderId: 1 }, true],
        [{ orderId: 2 }, true],
        [{ orderId: 1, symbol: 'X' }, true],
      ],
    ],
    [
      'ids as number and text',
      [
        [{ orderId: 7 }, true],
        [{ orderId: '7' }, false],
      ],
    ],
    [
      'liquidations without an order',
      [
        [{ ...filled, orderId: -1, orderTime: 20 }, true],
        [{ ...filled, orderId: '-1', orderTime: 20 }, false],
        [{ ...filled, orderId: '-1', orderTime: 21, totalTradeQuantity: '0.1' }, true],
      ],
    ],
  ];
  for (const [name, steps] of cases) {
    const ledger = new OrderLedger();
    for (const [at, [change, isNews]] of steps.entries()) {
      assert.equal(ledger.accept(report(change)), isNews, `${name}, step ${at}`);
    }
  }
});

test('bounded: finished orders go first, the one silent longest before the others', () => {
  const ledger = new OrderLedger();
  for (let id = 0; id < 20_000; id += 1) ledger.accept(report({ ...filled, orderId: id }));
  assert.equal(ledger.size, 5_000);
  for (let id = 0; id < 20_000; id += 1) ledger.accept(report({ orderId: `open ${id}` }));
  assert.equal(ledger.size, 10_000);
  assert.equal(ledger.accept(report({ orderId: 'open 19999' })), false);
  assert.equal(ledger.accept(report({ ...filled, orderId: 19_999 })), false);
  assert.equal(ledger.accept(report({ orderId: 'open 0' })), true, 'forgotten');
});

test('what is over is known for as long as a look may tell it again, then only the last 200 of it', () => {
  const ledger = new OrderLedger();
  const ended = (id: number): ExecutionReport => report({ ...filled, orderId: id, orderTime: id * 1_000 });
  for (let id = 0; id < 2_000; id += 1) ledger.accept(ended(id));
  assert.equal(ledger.size, 2_000);
  ledger.settledUntil(1_099_999);
  ledger.accept(ended(2_000));
  assert.equal(ledger.size, 901);
  assert.equal(ledger.acceptReconciled(ended(1_100), { sinceMs: 0, askedAt: Infinity }), false);
  ledger.settledUntil(Infinity);
  ledger.accept(ended(2_001));
  assert.equal(ledger.size, 200);
});

test('what is forgotten is said, and is not kept over a restart', () => {
  const gone: string[] = [];
  const ledger = new OrderLedger((key) => gone.push(key));
  const ended = (id: number): ExecutionReport => report({ ...filled, orderId: id, orderTime: id });
  ledger.settledUntil(Infinity);
  for (let id = 0; id < 202; id += 1) ledger.accept(ended(id));
  assert.deepEqual(gone, ['BTCUSDT|0', 'BTCUSDT|1']);
  assert.deepEqual(ledger.keep(ended(1)), { key: 'BTCUSDT|1', text: undefined });
  assert.ok(ledger.keep(ended(2)).text);
});

test('what was forgotten for want of room is no proof that a stream was deaf', () => {
  const ledger = new OrderLedger();
  for (let id = 0; id < 5_010; id += 1) ledger.accept(report({ ...filled, orderId: id, orderTime: id }));
  assert.deepEqual(
    [9, 10].map((orderTime) => ledger.mayHaveForgotten(report({ orderTime }))),
    [true, false],
  );
});

describe('a report that was refused by the outbox', () => {
  const asked = { sinceMs: 1_000, askedAt: 2_000 };

  test('stays asked for by its id, though it ended, and is news however old it is', () => {
    const ledger = new OrderLedger();
    ledger.accept(report({ orderId: 'old', orderTime: 10 }));
    const canceled = report({ orderId: 'old', orderStatus: 'CANCELED', orderTime: 20 });
    assert.equal(ledger.accept(canceled), true);
    ledger.retract(canceled);
    assert.deepEqual(
      ledger.openOrders().map(({ orderId }) => orderId),
      ['old'],
    );
    assert.equal(ledger.acceptReconciled(report({ orderId: 'old', orderTime: 10 }), asked), false, 'stale');
    assert.equal(ledger.acceptReconciled(canceled, asked), true);
    assert.deepEqual(ledger.openOrders(), []);
    assert.equal(ledger.acceptReconciled(canceled, asked), false, 'told');
  });

  test('is remembered as such over a restart', () => {
    const earlier = new OrderLedger();
    const canceled = report({ orderId: 'old', orderStatus: 'CANCELED', orderTime: 20 });
    earlier.accept(canceled);
    earlier.retract(canceled);
    const ledger = new OrderLedger();
    ledger.restore(new Map(earlier.kept().map(({ key, text }) => [key, text])));
    assert.equal(ledger.openOrders().length, 1);
    assert.equal(ledger.acceptReconciled(canceled, asked), true);
  });
});

test('an answer that is older than what the stream told meanwhile tells nothing', () => {
  const ledger = new OrderLedger();
  const asked = { sinceMs: 0, askedAt: 100_000 };
  ledger.accept(report({ price: '1', orderTime: 50_000 }));
  ledger.accept(report({ price: '2', orderTime: 100_500 }));
  const stale = report({ price: '1', orderTime: 50_000 });
  assert.equal(ledger.acceptReconciled(stale, asked), false, 'the amend came while the answer was under way');
  assert.equal(ledger.acceptReconciled(stale, { ...asked, askedAt: 200_000 }), true, 'amended back');
  const pending = report({ price: '1', orderStatus: 'PENDING_CANCEL', orderTime: 300_000 });
  ledger.accept(pending);
  assert.equal(ledger.acceptReconciled(stale, { ...asked, askedAt: 300_000 }), false);
  const cancelled = report({ price: '1', orderStatus: 'CANCELED', orderTime: 300_000 });
  assert.equal(ledger.acceptReconciled(cancelled, { ...asked, askedAt: 300_000 }), true, 'an end is news');
});

test('what the venue has forgotten is not asked for any more', () => {
  const ledger = new OrderLedger();
  ledger.accept(report({ orderId: 'gone' }));
  ledger.drop(ledger.openOrders()[0]!);
  assert.deepEqual(ledger.openOrders(), []);
});

test('an open order is asked for with what was heard of it last, also after a restart', () => {
  const ledger = new OrderLedger();
  const open = report({ ...partial('0.1', 12), side: 'SELL', orderType: 'LIMIT', price: '7', quantity: '3' });
  ledger.accept(open);
  const last = { side: 'SELL', orderType: 'LIMIT', price: '7', quantity: '3', filled: '0.1', at: 12 };
  const { symbol, orderId, newClientOrderId: clientOrderId } = open;
  const asked = [{ symbol, orderId, clientOrderId, last }];
  assert.deepEqual(ledger.openOrders(), asked);
  const { key, text = '' } = ledger.keep(open);
  const later = new OrderLedger();
  later.restore(new Map([[key, text]]));
  assert.deepEqual(later.openOrders(), asked);
  // Kept by a version that did not know of sides.
  const old = new OrderLedger();
  old.restore(new Map([[key, text.replace(/,"side".*}/, '}')]]));
  assert.deepEqual(old.openOrders(), [{ symbol, orderId, clientOrderId }]);
});

test('symbols that traded lately, the latest first', () => {
  const ledger = new OrderLedger();
  const end = (symbol: string, orderTime: number): void => {
    ledger.accept(report({ ...filled, orderId: `${symbol} ${orderTime}`, symbol, orderTime }));
  };
  end('OLD', 10);
  end('A', 20);
  end('B', 30);
  end('A', 40);
  ledger.accept(report({ symbol: 'OPEN', orderTime: 50 }));
  assert.deepEqual(ledger.traded(20), ['A', 'B']);
});

test('an amended limit is news, though the report tells the average of fills that stays the same', () => {
  const ledger = new OrderLedger();
  const partly = (orderTime: number) => report({ ...partial('0.1', orderTime), price: '99.5' });
  assert.equal(ledger.accept(partly(11), '100'), true);
  assert.equal(ledger.accept(partly(12), '100'), false);
  assert.equal(ledger.accept(partly(12), '101'), true);
  assert.equal(ledger.acceptReconciled(partly(12), { sinceMs: 0, askedAt: 90_000 }, '101.0'), false);
});
