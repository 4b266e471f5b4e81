import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerOrder, SimAccount } from '../../simulator/kit';
import { ACCOUNT_MARKETS } from '../market-table';
import type { Heard } from './backend';
import { storyOf } from './order-story';

const SEEN = { isSymbolHeard: true, isSymbolKnown: true, isForgotten: false };

function entry(status: string, filled = '0'): LedgerOrder {
  const about = { exchange: 'binance', account: 'one', symbol: 'BTCUSDT', orderId: '1', clientOrderId: 'a' };
  return { kind: 'order', ...about, status, filled, quantity: '2', price: '50000', quote: '0', time: 0 };
}

function heard(orderStatus: string, totalTradeQuantity = '0'): Heard {
  return { body: { orderStatus, totalTradeQuantity, quantity: '2', price: '50000' }, isReconciled: false };
}

function actorAt(exchange: string, soldOut: readonly [string, number][] = []) {
  const market = ACCOUNT_MARKETS.find((one) => one.exchange === exchange);
  if (!market) throw new Error(exchange);
  const account = { balances: () => [] } as unknown as SimAccount;
  return { market, amends: 'nothing' as const, account, soldOut: new Map(soldOut) };
}

const CANCELED = [entry('NEW'), entry('CANCELED')];

test('the end of an order that was told of must be told', () => {
  const story = storyOf(actorAt('binance'), CANCELED, [heard('NEW')], SEEN);
  assert.deepEqual(story, { isLost: true, isUnseen: false, disorder: [] });
});

test('told: neither lost nor unseen, whatever was forgotten meanwhile', () => {
  const told = [heard('NEW'), heard('CANCELED')];
  const story = storyOf(actorAt('binance'), CANCELED, told, { ...SEEN, isForgotten: true });
  assert.deepEqual(story, { isLost: false, isUnseen: false, disorder: [] });
});

test('an unfilled cancel that everybody forgot is unseen where only the symbol tells its orders', () => {
  const forgotten = { ...SEEN, isForgotten: true };
  assert.equal(storyOf(actorAt('binance'), CANCELED, [heard('NEW')], forgotten).isUnseen, true);
  assert.equal(storyOf(actorAt('okx'), CANCELED, [heard('NEW')], forgotten).isLost, true);
  const filled = [entry('NEW'), entry('FILLED', '2')];
  assert.equal(storyOf(actorAt('binance'), filled, [heard('NEW')], forgotten).isLost, true, 'it is held');
  const seller = actorAt('binance', [['BTC', 0]]);
  assert.equal(storyOf(seller, filled, [heard('NEW')], forgotten).isUnseen, true, 'it was sold whole');
  const buyer = actorAt('binance', [['BTC', -1]]);
  assert.equal(storyOf(buyer, filled, [heard('NEW')], forgotten).isLost, true, 'bought after the sale');
  assert.equal(storyOf(seller, filled, [], SEEN).isLost, true, 'nothing was forgotten');
});

test('an unfilled order that nobody was told of is unseen only in a symbol of which nothing was told before', () => {
  assert.equal(storyOf(actorAt('binance'), CANCELED, [], SEEN).isLost, true);
  assert.equal(storyOf(actorAt('binance'), CANCELED, [], { ...SEEN, isSymbolKnown: false }).isUnseen, true);
});
