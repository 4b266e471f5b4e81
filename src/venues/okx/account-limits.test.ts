import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WEIGHT } from './account-limits';
import { okx } from './index';

test('weights and rates: never above half of what is documented, whatever is asked', () => {
  const { perIp, perAccount } = okx.descriptor.markets[0]!.accountRest!;
  const documented: [weight: number, per2s: number][] = [
    [WEIGHT.openOrders, 60],
    [WEIGHT.order, 60],
    [WEIGHT.endedOrders, 40],
    [WEIGHT.archivedOrders, 20],
    [WEIGHT.balances, 10],
  ];
  for (const [weight, limit] of documented) {
    assert.ok(perAccount.some(({ count, perMs }) => perMs === 2_000 && count / weight <= limit / 2));
  }
  assert.ok(perIp.some(({ count, perMs }) => perMs === 2_000 && count / WEIGHT.time <= 10 / 2));
});
