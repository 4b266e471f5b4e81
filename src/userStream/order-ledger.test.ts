import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.equal(ledger.size, 900);
  assert.equal(ledger.acceptReconciled(ended(1_100), 0), false, 'within a quarter of an hour');
  for (let id = 0; id < 2_000; id += 1) ledger.accept(ended(100_000 + id * 60));
  assert.equal(ledger.size, 200);
});
