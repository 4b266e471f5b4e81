import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../testing/fake-clock';
import { AccountBook, type BalanceChange, type OrderChange } from './accounts';
import { Ledger } from './ledger';

const ASSETS = { base: 'BTC', quote: 'USDT' };
const BUY = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '100', quantity: '0.3' } as const;

function open() {
  const clock = new FakeClock();
  const ledger = new Ledger();
  const book = new AccountBook(clock, ledger);
  const orders: OrderChange[] = [];
  const balances: BalanceChange[] = [];
  book.onOrder((change) => orders.push(change));
  book.onBalance((change) => balances.push(change));
  const account = book.addAccount({ exchange: 'binance', key: 'a-key', secret: 'a-secret' });
  return { clock, ledger, book, orders, balances, account };
}

test('a spot order locks, moves and frees exactly what it should', () => {
  const { account, orders, balances } = open();
  account.setBalance('USDT', '100');
  const { orderId } = account.place({ ...BUY, clientOrderId: 'mine', assets: ASSETS });
  assert.deepEqual(account.balances(), [{ asset: 'USDT', free: '70', locked: '30' }]);
  account.fill(orderId, '0.1', { price: '90', commission: '0.01', commissionAsset: 'BTC' });
  assert.deepEqual(account.balances(), [
    { asset: 'USDT', free: '71', locked: '20' },
    { asset: 'BTC', free: '0.09', locked: '0' },
  ]);
  const ended = account.cancel(orderId, 'cancel-1');
  assert.deepEqual(account.balances(), [
    { asset: 'USDT', free: '91', locked: '0' },
    { asset: 'BTC', free: '0.09', locked: '0' },
  ]);
  assert.deepEqual(
    orders.map(({ execution, order }) => [execution, order.status, order.filled, order.quote]),
    [
      ['NEW', 'NEW', '0', '0'],
      ['TRADE', 'PARTIALLY_FILLED', '0.1', '9'],
      ['CANCELED', 'CANCELED', '0.1', '9'],
    ],
  );
  assert.deepEqual(
    balances.map((change) => change.reason),
    ['SET', 'ORDER', 'ORDER', 'ORDER'],
  );
  assert.equal(ended.cancelId, 'cancel-1');
  assert.equal(ended.clientOrderId, 'mine');
});

test('fills add up to the exact average, and no further than the quantity', () => {
  const { account } = open();
  const { orderId } = account.place(BUY);
  account.fill(orderId, '0.1', { price: '90' });
  assert.throws(() => account.fill(orderId, '0.3'), /overfilled/);
  const order = account.fill(orderId, '0.2');
  assert.deepEqual(
    [order.status, order.filled, order.quote, order.averagePrice, order.fills.length],
    ['FILLED', '0.3', '29', '96.66666666', 2],
  );
  assert.throws(() => account.cancel(orderId), /no open order/);
});

test('an amended order keeps its id and its fills, and holds what the rest of it costs', () => {
  const { account, orders, ledger } = open();
  account.setBalance('USDT', '100');
  const { orderId } = account.place({ ...BUY, assets: ASSETS });
  account.fill(orderId, '0.1');
  account.amend(orderId, { price: '200', quantity: '0.4' });
  assert.deepEqual(account.balances()[0], { asset: 'USDT', free: '30', locked: '60' });
  assert.throws(() => account.amend(orderId, { quantity: '0.1' }), /nothing left/);
  account.fill(orderId, '0.3', { price: '150' });
  assert.deepEqual(account.balances()[0], { asset: 'USDT', free: '45', locked: '0' });
  assert.throws(() => account.amend(orderId, { price: '1' }), /no open order/);
  assert.deepEqual(
    orders.map(({ execution }) => execution),
    ['NEW', 'TRADE', 'AMENDED', 'TRADE'],
  );
  assert.deepEqual(
    ledger
      .orders({ orderId })
      .map(({ status, filled, quantity, price }) => [status, filled, quantity, price]),
    [
      ['NEW', '0', '0.3', '100'],
      ['PARTIALLY_FILLED', '0.1', '0.3', '100'],
      ['PARTIALLY_FILLED', '0.1', '0.4', '200'],
      ['FILLED', '0.4', '0.4', '200'],
    ],
  );
});

test('new keys lead to the same account, and the old ones nowhere', () => {
  const { account, book } = open();
  const ended: string[] = [];
  book.onRevoked(({ key }) => ended.push(key));
  const { id } = account;
  book.changeKeys(account, { key: 'b-key', secret: 'b-secret', passphrase: '' });
  assert.deepEqual(ended, ['a-key'], 'sessions end by the key that they know');
  assert.deepEqual([account.id, account.secret, account.isRevoked], [id, 'b-secret', false]);
  assert.equal(book.find('binance', 'b-key'), account);
  assert.equal(book.find('binance', 'a-key'), undefined);
  const again = { key: 'b-key', secret: '', passphrase: '' };
  assert.throws(() => book.changeKeys(account, again), /already/);
});

test('orders without assets leave balances alone; liquidations and rejects say what they are', () => {
  const { account, balances } = open();
  const closed = account.liquidate({ ...BUY, side: 'SELL', type: 'MARKET' });
  assert.deepEqual([closed.isLiquidation, closed.status, closed.quote], [true, 'FILLED', '30']);
  assert.equal(account.reject(BUY).status, 'REJECTED');
  assert.equal(account.expire(account.place(BUY).orderId).status, 'EXPIRED');
  assert.deepEqual(balances, []);
  assert.throws(() => account.place({ ...BUY, assets: ASSETS }), /not enough USDT/);
  assert.equal(account.openOrders().length, 0, 'a refused order does not exist');
});

test('open orders and history are told by time of change, per market', () => {
  const { account, clock } = open();
  const first = account.place(BUY);
  clock.advance(1_000);
  const second = account.place({ ...BUY, exchange: 'binanceUsdm' });
  clock.advance(1_000);
  account.fill(first.orderId, '0.1');
  const ids = (since: number, exchange?: string): string[] =>
    account.ordersSince(since, exchange).map((order) => order.orderId);
  assert.deepEqual(ids(first.createdAt), [second.orderId, first.orderId]);
  assert.deepEqual(ids(second.createdAt + 1), [first.orderId]);
  assert.deepEqual(ids(0, 'binanceUsdm'), [second.orderId]);
  assert.deepEqual(
    account.openOrders('binance').map((order) => order.orderId),
    [first.orderId],
  );
});

test('the ledger holds every change and no key', () => {
  const { account, ledger, book } = open();
  const { orderId } = account.place({ ...BUY, clientOrderId: 'mine' });
  account.fill(orderId, '0.3');
  assert.deepEqual(
    ledger.orders({ orderId }).map((entry) => [entry.status, entry.filled, entry.quote]),
    [
      ['NEW', '0', '0'],
      ['FILLED', '0.3', '30'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(ledger.list()), /a-key|a-secret/);
  assert.deepEqual(ledger.candles(), []);
  assert.equal(ledger.orders({ account: 'other' }).length, 0);
  assert.equal(book.find('binance', 'a-key'), account);
  assert.equal(book.find('binanceUsdm', 'a-key'), undefined);
  assert.throws(() => book.addAccount({ exchange: 'binance', key: 'a-key', secret: '' }), /already/);
});

test('transfers and revocations are told; a listener can leave', () => {
  const { account, book, balances } = open();
  const revoked: string[] = [];
  const leave = book.onRevoked((one) => revoked.push(one.id));
  account.transfer('ETH', '2.5');
  account.transfer('ETH', '-1');
  assert.deepEqual(
    balances.map((change) => [change.reason, change.delta?.amount, change.balances[0]?.free]),
    [
      ['TRANSFER', '2.5', '2.5'],
      ['TRANSFER', '-1', '1.5'],
    ],
  );
  account.revoke();
  leave();
  account.revoke();
  assert.deepEqual(revoked, [account.id]);
  assert.equal(account.isRevoked, true);
});
