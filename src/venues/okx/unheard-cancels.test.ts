/** Known orders that the venue does not know any more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InstrumentIndex } from '../../domain/instrument';
import type { KnownOrder } from '../contract';
import { findOrders, type FoundOrders } from './account-orders';
import { okx } from './index';
import type { Call } from './signed-call';

const HOUR = 3_600_000;
const NOW = Date.UTC(2025, 8, 5, 12);

/** What becomes of them where every list is empty, and the venue answers `code` to whoever asks by id. */
async function lookFor(code: string, ...known: readonly KnownOrder[]): Promise<FoundOrders> {
  const [market] = okx.descriptor.markets;
  const thrown = { response: { status: 200, data: { code, msg: 'no', data: [] } } };
  const getOrderDetails = () =>
    code === '0' ? Promise.resolve([]) : Promise.reject(thrown as unknown as Error);
  const list = () => Promise.resolve([]);
  const client = { getOrderDetails, getOrderList: list, getOrderHistory: list, getOrderHistoryArchive: list };
  const call: Call = (_, ask) => ask(client as never);
  const credentials = { key: 'k', secret: 's', passphrase: 'p', options: {} };
  const account = { market: market!, environment: 'live', credentials } as const;
  const query = { sinceMs: NOW - HOUR, instruments: new InstrumentIndex(), known };
  return findOrders({ account, call, now: () => NOW + 0.5 }, query);
}

const heardOf = (id: string, at: number, filled = '0'): KnownOrder => ({
  ...{ symbol: 'BTC-USDT', orderId: id, clientOrderId: `D-${id}` },
  last: { side: 'SELL', orderType: 'LIMIT', price: '10', quantity: '2', filled, at },
});
const UNTOLD = ['known orders that the venue does not tell of: BTC-USDT'];

test('51603 of an order without a fill, heard of more than 2 hours ago: it was cancelled', async () => {
  const found = await lookFor('51603', heardOf('6', NOW - 3 * HOUR));
  const endedBy = NOW - 2 * HOUR;
  const report = {
    eventType: 'executionReport',
    ...{ eventTime: endedBy, creationTime: endedBy, orderTime: endedBy },
    ...{ symbol: 'BTC-USDT', orderId: '6', newClientOrderId: 'D-6', originalClientOrderId: 'D-6' },
    ...{ side: 'SELL', orderType: 'LIMIT', orderStatus: 'CANCELED', price: '10', quantity: '2' },
    ...{ totalTradeQuantity: '0', totalQuoteTradeQuantity: '0', liquidation: false },
  };
  assert.deepEqual(found, { orders: [{ kind: 'order', report }], gaps: [], forgotten: [] });
});

test('51603 that proves no cancel: said by the symbol, and not asked for again', async () => {
  // What was filled in part is kept for 3 months, and so is a fill.
  const known = [
    heardOf('7', NOW - 3 * HOUR, '0.5'),
    heardOf('8', NOW - 91 * 24 * HOUR),
    { symbol: 'BTC-USDT', orderId: '9', clientOrderId: '' },
  ];
  assert.deepEqual(await lookFor('51603', ...known), { orders: [], gaps: UNTOLD, forgotten: known });
});

test('51603 of an order whose cancel would still be known: the venue is late, and asked again', async () => {
  const known = heardOf('6', NOW - 2 * HOUR + 1_000);
  assert.deepEqual(await lookFor('51603', known), { orders: [], gaps: UNTOLD, forgotten: [] });
});

test('an instrument that is gone proves no cancel', async () => {
  const known = heardOf('6', NOW - 3 * HOUR);
  assert.deepEqual(await lookFor('51001', known), { orders: [], gaps: UNTOLD, forgotten: [known] });
});

test('an empty answer proves nothing', async () => {
  const known = heardOf('6', NOW - 3 * HOUR);
  assert.deepEqual(await lookFor('0', known), { orders: [], gaps: UNTOLD, forgotten: [] });
});
