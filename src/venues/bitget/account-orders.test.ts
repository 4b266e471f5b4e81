import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { MarketKind } from '../../domain/exchange';
import { InstrumentIndex } from '../../domain/instrument';
import type { SnapshotQuery } from '../contract';
import { findOrders, type FoundOrders } from './account-orders';
import type { AccountMode } from './account-mode';
import { AveragePrices } from './average-prices';
import { readStreamOrder } from './orders';
import type { Question, VenueAnswer } from './signed-http';

const NOW = 1_757_030_400_123;
const SINCE = NOW - 60_000;
const DAY = 86_400_000;
const CLASSIC: AccountMode = { generation: 'classic' };

type Query = Record<string, string>;
type Told = Pick<VenueAnswer, 'status' | 'code' | 'data'>;
type Table = Record<string, (query: Query) => Told>;

let asked: { path: string; query: Query; weight: number }[] = [];

beforeEach(() => {
  asked = [];
});

const success = (data: unknown): Told => ({ status: 200, code: '00000', data });
const failure = (code: string, status = 400): Told => ({ status, code, data: null });

/** The venue by a table of its paths; the rest is empty lists. */
function found(
  kind: MarketKind,
  table: Table,
  changes: Partial<SnapshotQuery> = {},
  mode = CLASSIC,
): Promise<FoundOrders> {
  const ask = ({ path, query = {}, weight, what }: Question): Promise<VenueAnswer> => {
    asked.push({ path, query, weight });
    const empty = (): Told => success(path.includes('/spot/') ? [] : { entrustedList: null, list: [] });
    const told = (table[path] ?? empty)(query);
    return Promise.resolve({ what, words: '', time: NOW, retryAfterMs: undefined, ...told });
  };
  const instruments = changes.instruments ?? new InstrumentIndex();
  return findOrders(
    { ask, kind, mode, instruments },
    { sinceMs: SINCE, known: [], ...changes, instruments },
    NOW,
  );
}

const SPOT_OPEN = {
  userId: '1',
  symbol: 'BTCUSDT',
  orderId: '1144801703390253056',
  clientOid: 'GRID-1',
  priceAvg: '34829.12',
  size: '2',
  orderType: 'limit',
  side: 'buy',
  status: 'partially_filled',
  basePrice: '34829.1',
  baseVolume: '0.5',
  quoteVolume: '17414.55',
  cTime: String(NOW - 90_000),
  uTime: String(NOW - 80_000),
};
const SPOT_ENDED = {
  ...SPOT_OPEN,
  orderId: '1144801703390253057',
  clientOid: 'D-TP-1',
  basePrice: undefined,
  price: '34000',
  priceAvg: '33999.5',
  size: '0.5',
  status: 'filled',
  quoteVolume: '16999.75',
  uTime: String(SINCE),
};
const FUTURES_ENDED = {
  symbol: 'ETHUSDT',
  size: '3',
  orderId: '123',
  clientOid: 'x-1',
  baseVolume: '1.5',
  price: '1900',
  priceAvg: '1899.5',
  status: 'canceled',
  side: 'buy',
  posSide: 'long',
  tradeSide: 'close',
  posMode: 'hedge_mode',
  quoteVolume: '2849.25',
  orderType: 'limit',
  orderSource: 'normal',
  cTime: String(NOW - 90_000),
  uTime: String(NOW - 1_000),
};

describe('lists', () => {
  test('ended orders are read back to 3 days before the gap', async () => {
    const page = (from: number, createdAt: number): object[] =>
      Array.from({ length: 100 }, (_, at) => ({
        ...SPOT_ENDED,
        orderId: String(from - at),
        cTime: String(createdAt),
        uTime: String(at === 0 ? NOW : createdAt),
      }));
    let pages = 0;
    const table: Table = {
      '/api/v2/spot/trade/history-orders': () =>
        success(page(9_000 - 100 * pages, SINCE - DAY * (pages += 1))),
    };
    const { orders, gaps } = await found('spot', table);
    assert.equal(pages, 4);
    assert.equal(orders.length, 4, 'old orders that ended just now');
    assert.deepEqual(gaps, []);
  });

  test('open contract orders: those with fills are another question', async () => {
    const row = (orderId: string, status: string): object => ({ ...FUTURES_ENDED, orderId, status });
    const table: Table = {
      '/api/v2/mix/order/orders-pending': ({ status = 'live' }) =>
        success({ entrustedList: [row(status === 'live' ? '1' : '2', status)], endId: '1' }),
    };
    const { orders } = await found('inverse', table);
    assert.deepEqual(
      orders.map(({ report }) => [report.orderId, report.orderStatus]),
      [
        ['1', 'NEW'],
        ['2', 'PARTIALLY_FILLED'],
      ],
    );
  });

  test('an open spot order with fills and without the time of its change is asked for', async () => {
    const table: Table = {
      '/api/v2/spot/trade/unfilled-orders': () => success([{ ...SPOT_OPEN, uTime: undefined }]),
      '/api/v2/spot/trade/orderInfo': ({ orderId }) =>
        success([{ ...SPOT_OPEN, orderId, basePrice: undefined, price: '34829.12', priceAvg: '34829.1' }]),
    };
    const [open] = (await found('spot', table)).orders;
    assert.equal(open?.report.orderTime, NOW - 80_000);
    assert.equal(open?.report.price, '34829.1');
  });

  test('amounts that REST pads read as on the stream', async () => {
    const padded = {
      ...SPOT_ENDED,
      size: '0.5000000000000000',
      baseVolume: '0.5000000000000000',
      priceAvg: '33999.5000000000000000',
      quoteVolume: '16999.7500000000000000',
    };
    const table: Table = { '/api/v2/spot/trade/history-orders': () => success([padded]) };
    const [{ report } = assert.fail()] = (await found('spot', table)).orders;
    assert.deepEqual(
      [report.quantity, report.totalTradeQuantity, report.price, report.totalQuoteTradeQuantity],
      ['0.5', '0.5', '33999.5', '16999.75'],
    );
  });

  test('an order that cannot be read is left out, and said so', async () => {
    const table: Table = {
      '/api/v2/spot/trade/unfilled-orders': () => success([SPOT_OPEN, { ...SPOT_OPEN, status: 'halted' }]),
    };
    const { orders, gaps } = await found('spot', table);
    assert.equal(orders.length, 1);
    assert.deepEqual(gaps, ['unreadable orders: 1 (unknown order status halted)']);
  });

  const takeovers: [tradeSide: string, side: string, liquidation: true | undefined][] = [
    ['burst_close_long', 'SELL', true],
    ['burst_buy_single', 'BUY', true],
    ['reduce_close_short', 'BUY', true],
    ['reduce_sell_single', 'SELL', true],
    ['dte_sys_adl_close_long', 'SELL', undefined],
    ['dte_sys_adl_buy_in_single_side_mode', 'BUY', undefined],
    ['delivery_close_short', 'BUY', undefined],
    ['offset_close_long', 'SELL', undefined],
    ['close', 'SELL', undefined],
  ];
  for (const [tradeSide, side, liquidation] of takeovers) {
    test(`${tradeSide}: liquidation ${liquidation === true}, as on the stream`, async () => {
      const { symbol, baseVolume, ...facts } = { ...FUTURES_ENDED, side: side.toLowerCase(), tradeSide };
      const row = { ...facts, status: 'filled' };
      const table: Table = {
        '/api/v2/mix/order/orders-history': () =>
          success({ entrustedList: [{ ...row, symbol, baseVolume }], endId: '1' }),
      };
      const { orders } = await found('inverse', table);
      const streamed = { ...row, instId: symbol, accBaseVolume: baseVolume, baseVolume: '0.1' };
      assert.deepEqual(orders, [readStreamOrder(streamed, false, new AveragePrices())]);
      assert.deepEqual([orders[0]?.report.side, orders[0]?.report.liquidation], [side, liquidation]);
    });
  }

  test('a gap that is longer than the lists', async () => {
    const sinceMs = NOW - 91 * DAY;
    assert.deepEqual((await found('spot', {}, { sinceMs })).gaps, [
      'the venue lists ended orders of 90 days',
    ]);
    const unified = await found('spot', {}, { sinceMs }, { generation: 'unified' });
    assert.deepEqual(unified.gaps, ['the venue lists ended orders of 30 days']);
  });
});

describe('known orders', () => {
  const known = (symbol: string, orderId: string, clientOrderId = '') => ({ symbol, orderId, clientOrderId });

  test('spot: in a list, by id, by client id, and forgotten', async () => {
    const old = { ...SPOT_ENDED, orderId: '10', uTime: String(SINCE - 1) };
    const table: Table = {
      '/api/v2/spot/trade/history-orders': () => success([old]),
      '/api/v2/spot/trade/orderInfo': ({ orderId, clientOid }) => {
        if (orderId === '11') return success([{ ...SPOT_ENDED, orderId, status: 'cancelled' }]);
        if (clientOid === 'GRID-9')
          return success([{ ...SPOT_ENDED, orderId: '12', clientOid, status: 'live' }]);
        return orderId === '13' ? success([]) : failure('43001');
      },
    };
    const { orders, gaps, forgotten } = await found('spot', table, {
      known: [
        known('BTCUSDT', '10'),
        known('BTCUSDT', '11'),
        known('BTCUSDT', '', 'GRID-9'),
        known('ETHUSDT', '13'),
        known('LTCUSDT', '14'),
        known('LTCUSDT', '15'),
        known('XRPUSDT', '1 OR 1'),
      ],
    });
    assert.deepEqual(orders.map(({ report }) => [report.orderId, report.orderStatus]).sort(), [
      ['10', 'FILLED'],
      ['11', 'CANCELED'],
      ['12', 'NEW'],
    ]);
    assert.deepEqual(gaps, ['known orders that the venue does not tell of: ETHUSDT, LTCUSDT, XRPUSDT']);
    // What cannot be asked for is not forgotten, but costs no call either.
    const ids = ['13', '14', '15'];
    assert.deepEqual(
      forgotten.map(({ orderId }) => orderId),
      ids,
    );
    const singles = asked.filter(({ path }) => path.endsWith('orderInfo')).map(({ query }) => query);
    assert.deepEqual(singles, [
      { orderId: '11' },
      { clientOid: 'GRID-9' },
      { orderId: '13' },
      { orderId: '14' },
      { orderId: '15' },
    ]);
    assert.ok(asked.every(({ weight }) => weight === 1));
  });

  test('an order that is listed as open is not forgotten, whatever is said of its id', async () => {
    const listed = { ...SPOT_ENDED, orderId: '16', status: 'partially_filled', uTime: '' };
    const table: Table = {
      '/api/v2/spot/trade/unfilled-orders': () => success([listed]),
      '/api/v2/spot/trade/orderInfo': () => failure('43001'),
    };
    const { forgotten } = await found('spot', table, { known: [known('BTCUSDT', '16')] });
    assert.ok(asked.some(({ query }) => query.orderId === '16'));
    assert.deepEqual(forgotten, []);
  });

  test('contracts: each in its product line; the status is called state', async () => {
    const detail = ({ symbol, orderId }: Query): Told =>
      success({
        ...FUTURES_ENDED,
        symbol: symbol!.toLowerCase(),
        orderId,
        status: undefined,
        state: 'canceled',
      });
    const table: Table = { '/api/v2/mix/order/detail': detail };
    const usdc = { exchange: 'bitgetUsdm', symbol: 'ETHUSDC', base: 'ETH', quote: 'USDC' } as const;
    const { orders } = await found('linear', table, {
      instruments: new InstrumentIndex([{ ...usdc, venueSymbol: usdc.symbol }]),
      known: [known('ETHUSDT', '1'), known('BTCPERP', '2'), known('ETHUSDC', '3')],
    });
    assert.deepEqual(
      orders.map(({ report }) => [report.symbol, report.orderId, report.orderStatus]),
      [
        ['ETHUSDT', '1', 'CANCELED'],
        ['BTCPERP', '2', 'CANCELED'],
        ['ETHUSDC', '3', 'CANCELED'],
      ],
    );
    const lines = asked.filter(({ path }) => path.endsWith('detail')).map(({ query }) => query.productType);
    assert.deepEqual(lines, ['USDT-FUTURES', 'USDC-FUTURES', 'USDC-FUTURES']);
  });

  test('unified: an order of another product is not ours', async () => {
    const row = { category: 'SPOT', symbol: 'BTCUSDT', side: 'buy', qty: '1', orderStatus: 'filled' };
    const info = (query: Query): Told => {
      if (query.orderId === '3') return failure('25204');
      const category = query.orderId === '1' ? 'SPOT' : 'USDT-FUTURES';
      return success({ ...row, ...query, category, createdTime: String(NOW) });
    };
    const all = [known('BTCUSDT', '1'), known('ETHUSDT', '2'), known('XRPUSDT', '3')];
    const table: Table = { '/api/v3/trade/order-info': info };
    const mode: AccountMode = { generation: 'unified' };
    const { orders, gaps, forgotten } = await found('linear', table, { known: all }, mode);
    assert.deepEqual(forgotten, [all[2]], 'the other is only not ours');
    assert.deepEqual(
      orders.map(({ report }) => report.orderId),
      ['2'],
    );
    assert.deepEqual(gaps, ['known orders that the venue does not tell of: BTCUSDT, XRPUSDT']);
  });

  test('trouble is no answer: nothing is taken for forgotten', async () => {
    const table: Table = { '/api/v2/spot/trade/orderInfo': () => failure('45001', 500) };
    await assert.rejects(found('spot', table, { known: [known('BTCUSDT', '1')] }), { code: 'REST_FAILED' });
  });
});
