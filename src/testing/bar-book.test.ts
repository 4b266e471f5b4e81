import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BarBook } from './bar-book';

const KEY = 'binance BTCUSDT 1m';
const MINUTE = 60_000;
const ledger = [0, 1, 2, 3].map((minute) => ({ start: minute * MINUTE, close: '1.50', volume: '10' }));

describe('BarBook', () => {
  test('what the ledger says, in other digits: nothing missing, nothing wrong', () => {
    const book = new BarBook();
    const isNew = ledger.map(({ start }) => book.add(KEY, start, { close: '1.5', volume: '10.0' }));
    assert.deepEqual(isNew, [true, true, true, true]);
    assert.equal(book.add(KEY, 0, { close: '1.5', volume: '10' }), false);
    assert.deepEqual(book.faults(KEY, ledger), { missing: [], wrong: [] });
    assert.equal(book.size, 4);
  });

  for (const [what, bar] of [
    ['close', { close: '1.51', volume: '10' }],
    ['volume', { close: '1.5', volume: '10.000000000000000001' }],
  ] as const) {
    test(`another ${what} than the ledger's is wrong, though its start is right`, () => {
      const book = new BarBook();
      book.add(KEY, MINUTE, bar);
      const { missing, wrong } = book.faults(KEY, ledger);
      assert.deepEqual([missing.length, wrong.length], [0, 1]);
    });
  }

  test('a bar told rightly and then wrongly is wrong', () => {
    const book = new BarBook();
    book.add(KEY, 0, { close: '1.5', volume: '10' });
    book.add(KEY, 0, { close: '1.5', volume: '9' });
    assert.equal(book.faults(KEY, ledger).wrong.length, 1);
  });

  test('missing: inside of what came, nothing before and nothing behind', () => {
    const book = new BarBook();
    for (const minute of [0, 2]) book.add(KEY, minute * MINUTE, { close: '1.5', volume: '10' });
    assert.deepEqual(book.faults(KEY, ledger).missing, [MINUTE]);
    assert.deepEqual(book.faults('another', ledger), { missing: [], wrong: [] });
  });
});
