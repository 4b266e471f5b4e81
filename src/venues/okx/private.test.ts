import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccountEvent, ExecutionReport, OutboundAccountPosition } from '../../domain/account';
import { isDecimal } from '../../domain/decimal';
import { InstrumentIndex } from '../../domain/instrument';
import type { Decoded, MarketDescriptor } from '../contract';
import { okx } from './index';
import { privateCodec } from './private';
import { statusOf } from './statuses';

interface Fixture {
  id: string;
  exchange: string;
  stream: 'order' | 'balance' | 'control';
  frames: unknown[];
  expected: { executionReports?: Partial<ExecutionReport>[]; balances?: OutboundAccountPosition[] };
}

const FIXTURES = ['__private_fixtures__', '__fixtures__'].flatMap((folder) =>
  readdirSync(join(__dirname, folder)).map(
    (name) => JSON.parse(readFileSync(join(__dirname, folder, name), 'utf8')) as Fixture,
  ),
);

function framesOf(id: string): unknown[] {
  const found = FIXTURES.find((one) => one.id === id);
  assert.ok(found, `no fixture ${id}`);
  return found.frames;
}

function marketOf(exchange: string): MarketDescriptor {
  const market = okx.descriptor.markets.find((one) => one.exchange === exchange);
  assert.ok(market);
  return market;
}

type Decode = (frame: unknown) => Decoded<AccountEvent>;

/** One connection: the state goes from frame to frame. */
function connection(exchange = 'okx', instruments = new InstrumentIndex()): Decode {
  const market = marketOf(exchange);
  const context = { state: privateCodec.begin(market), market, receivedAt: 1, instruments };
  return (frame) => privateCodec.decode(typeof frame === 'string' ? frame : JSON.stringify(frame), context);
}

const LOGIN_OK = { event: 'login', code: '0', msg: '', connId: '1e97cd1a' };

function loggedIn(exchange?: string): Decode {
  const decode = connection(exchange);
  assert.deepEqual(decode(LOGIN_OK), { kind: 'loggedIn' });
  return decode;
}

function eventsOf(frame: unknown, exchange?: string): readonly AccountEvent[] {
  const decoded = loggedIn(exchange)(frame);
  assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
  return decoded.kind === 'events' ? decoded.events : [];
}

function reportsOf(frame: unknown, exchange?: string): ExecutionReport[] {
  return eventsOf(frame, exchange).flatMap((one) => (one.kind === 'order' ? [one.report] : []));
}

interface Frame {
  arg: object;
  data: Record<string, unknown>[];
}

/** The first order of a fixture with some fields replaced. */
function order(changes: object, id = 'okx.order.filled'): Frame {
  const [frame] = framesOf(id) as Frame[];
  return { ...frame!, data: [{ ...frame!.data[0], ...changes }] };
}

function account(details: unknown, changes: object = {}): Frame {
  const [frame] = framesOf('okx.balance.event-update') as Frame[];
  return { ...frame!, data: [{ ...frame!.data[0], details, ...changes } as Record<string, unknown>] };
}

describe('okx private codec: fixtures', () => {
  const events = FIXTURES.filter(({ stream }) => stream === 'order' || stream === 'balance');
  assert.ok(events.length >= 10);
  for (const { id, exchange, stream, frames, expected } of events) {
    test(id, () => {
      const decode = loggedIn(exchange);
      const told = frames.flatMap((frame) => {
        const decoded = decode(frame);
        assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
        if (decoded.kind !== 'events') return [];
        const topic = stream === 'balance' ? 'account' : exchange === 'okx' ? 'orders:SPOT' : 'orders:SWAP';
        assert.deepEqual(decoded.topics, [topic]);
        return decoded.events;
      });
      const wanted: object[] = [...(expected.executionReports ?? []), ...(expected.balances ?? [])];
      assert.ok(wanted.length > 0);
      assert.equal(told.length, wanted.length);
      for (const [at, event] of told.entries()) {
        const published = event.kind === 'order' ? event.report : event.kind === 'balances' && event.position;
        assert.deepEqual({ ...published, ...wanted[at] }, published);
      }
    });
  }

  test('an inverse order is nothing on a linear stream, and the other way round', () => {
    const [inverse] = framesOf('okxInverse.order.filled');
    const [linear] = framesOf('okxLinear.order.liquidation');
    for (const [frame, exchange] of [
      [inverse, 'okxLinear'],
      [linear, 'okxInverse'],
      [linear, 'okx'],
    ] as const) {
      const decoded = loggedIn(exchange)(frame);
      assert.deepEqual(decoded, { kind: 'events', topics: ['orders:SWAP'], events: [] });
    }
  });

  test('control.login-ok, and two refused logins', () => {
    assert.deepEqual(framesOf('okx.control.login-ok').map(connection()), [{ kind: 'loggedIn' }]);
    const refused = framesOf('okx.control.login-failed').map((frame) => connection()(frame));
    assert.deepEqual(refused, [
      {
        kind: 'loginRefused',
        reason: { code: '60009', text: 'Login failed.', retry: 'never', cause: 'credentials' },
      },
      {
        kind: 'loginRefused',
        reason: { code: '60032', text: "API key doesn't exist", retry: 'never', cause: 'credentials' },
      },
    ]);
  });

  test('control.notice and control.subscribe-ack', () => {
    const decode = loggedIn();
    assert.deepEqual(framesOf('okx.control.notice').map(decode), [
      { kind: 'pong' },
      { kind: 'moveAway', afterMs: 30_000 },
    ]);
    const acks = framesOf('okx.control.subscribe-ack').map(decode);
    assert.deepEqual(acks, [
      { kind: 'ack', id: 'sub1' },
      { kind: 'ignored' },
      { kind: 'ack', id: 'sub1' },
      { kind: 'ignored' },
    ]);
  });
});

describe('okx private codec: orders', () => {
  const STATUSES: Record<string, string> = {
    live: 'NEW',
    partially_filled: 'PARTIALLY_FILLED',
    filled: 'FILLED',
    canceled: 'CANCELED',
    mmp_canceled: 'CANCELED',
  };
  for (const [state, status] of Object.entries(STATUSES)) {
    test(`state ${state} is ${status}`, () => {
      assert.equal(reportsOf(order({ state }))[0]?.orderStatus, status);
    });
  }

  for (const state of ['rejected', 'effective', 'CANCELED', 'constructor', '__proto__']) {
    test(`unknown state ${state} is named, and no event`, () => {
      const note = `unknown order status ${state}`;
      assert.deepEqual(loggedIn()(order({ state })), { kind: 'unknown', note });
      assert.equal(statusOf(state), undefined);
    });
  }

  test('an unknown state that is no plain word stays unsaid', () => {
    for (const state of ['', 'two words', 'x'.repeat(33), 7, undefined]) {
      assert.deepEqual(loggedIn()(order({ state })), { kind: 'unknown', note: 'unknown order status' });
    }
  });

  const TYPES: Record<string, string> = {
    market: 'MARKET',
    optimal_limit_ioc: 'MARKET',
    limit: 'LIMIT',
    post_only: 'LIMIT',
    fok: 'LIMIT',
    ioc: 'LIMIT',
    mmp: 'LIMIT',
    mmp_and_post_only: 'LIMIT',
    op_fok: 'LIMIT',
    elp: 'LIMIT',
    rpi: 'LIMIT',
  };
  test('order types', () => {
    for (const [ordType, type] of Object.entries(TYPES)) {
      assert.equal(reportsOf(order({ ordType }))[0]?.orderType, type, ordType);
    }
  });

  test('only a full liquidation is flagged', () => {
    const flagged = 'normal twap adl full_liquidation partial_liquidation delivery ddh auto_conversion'
      .split(' ')
      .filter((category) => reportsOf(order({ category }))[0]?.liquidation);
    assert.deepEqual(flagged, ['full_liquidation']);
  });

  const routes: [instType: string, instId: string, owner: string | undefined, symbol?: string][] = [
    ['SPOT', 'BTC-USD', 'okx', 'BTC-USD'],
    ['SWAP', 'BTC-USDT-SWAP', 'okxLinear', 'BTC-USDT'],
    ['SWAP', 'BTC-USDC-SWAP', 'okxLinear', 'BTC-USDC'],
    ['SWAP', 'BTC-USD_UM-SWAP', 'okxLinear', 'BTC-USD_UM'],
    ['SWAP', 'BTC-USD-SWAP', 'okxInverse', 'BTC-USD'],
    ['FUTURES', 'BTC-USD_UM_XPERP-310404', 'okxLinear', 'BTC-USD_UM_XPERP'],
    ['FUTURES', 'BTC-USD-310404', undefined],
    ['FUTURES', 'BTC-USDT-310404', undefined],
    ['MARGIN', 'BTC-USDT', undefined],
    ['OPTION', 'BTC-USD-310404-50000-C', undefined],
  ];
  for (const [instType, instId, owner, symbol] of routes) {
    test(`${instType} ${instId} belongs to ${owner ?? 'nobody'}`, () => {
      for (const { exchange } of okx.descriptor.markets) {
        const symbols = reportsOf(order({ instType, instId }), exchange).map((one) => one.symbol);
        assert.deepEqual(symbols, exchange === owner ? [symbol] : [], exchange);
      }
    });
  }

  test('the list of instruments knows better than the name', () => {
    const listed = {
      exchange: 'okxLinear',
      symbol: 'X-USD',
      venueSymbol: 'X-USD-SWAP',
      base: 'X',
      quote: 'USD',
    };
    const decode = connection('okxLinear', new InstrumentIndex([listed]));
    const decoded = decode(order({ instType: 'SWAP', instId: 'X-USD-SWAP' }));
    assert.equal(decoded.kind === 'events' && decoded.events.length, 1);
  });

  const amounts: [name: string, changes: object, price: string, quote: string][] = [
    ['average wins over limit', { px: '2', avgPx: '1.5', accFillSz: '0.3' }, '1.5', '0.45'],
    ['unfilled', { px: '2', avgPx: '', accFillSz: '0' }, '2', '0'],
    ['unfilled market order', { px: '', avgPx: '', accFillSz: '' }, '0', '0'],
    ['filled without an average', { px: '2', avgPx: '0', accFillSz: '0.5' }, '2', '1'],
    ['digits pass, the product is exact', { avgPx: '0.10', accFillSz: '3.00' }, '0.10', '0.3'],
    ['tiny', { avgPx: '0.0000000001', accFillSz: '0.001' }, '0.0000000001', '0.0000000000001'],
    [
      'huge',
      { avgPx: '123456789.123456789', accFillSz: '987654321.987654321' },
      '123456789.123456789',
      '121932631356500531.347203169112635269',
    ],
  ];
  for (const [name, changes, price, quote] of amounts) {
    test(`amounts: ${name}`, () => {
      const [report] = reportsOf(order(changes));
      assert.equal(report?.price, price);
      assert.equal(report?.totalQuoteTradeQuantity, quote);
    });
  }

  const fees: [name: string, changes: object, expected: unknown[]][] = [
    ['a charge', { tradeId: '7', fillSz: '1', fillFee: '-0.66', fillFeeCcy: 'EUR' }, ['0.66', 'EUR', 7]],
    ['a rebate', { tradeId: '7', fillSz: '1', fillFee: '0.1', fillFeeCcy: 'EUR' }, ['-0.1', 'EUR', 7]],
    ['nothing', { tradeId: '7', fillSz: '1', fillFee: '0', fillFeeCcy: 'EUR' }, ['0', 'EUR', 7]],
    ['no fill in this push', { tradeId: '', fillSz: '0', fillFee: '0', fillFeeCcy: '' }, [undefined]],
    ['empty fill size', { fillSz: '' }, [undefined]],
    ['REST row: the running total is no fee of a fill', { fillFee: undefined, fee: '-1' }, [undefined]],
    ['an id that a number cannot hold', { tradeId: '9'.repeat(17) }, [undefined]],
  ];
  for (const [name, changes, expected] of fees) {
    test(`commission: ${name}`, () => {
      const [report] = reportsOf(order(changes));
      const fee = [report?.commission, report?.commissionAsset, report?.tradeId];
      assert.deepEqual(fee, expected.length === 1 ? [undefined, undefined, undefined] : expected);
    });
  }

  test('a whole fill told twice with one time: both go on, in order', () => {
    const [row] = order({}).data;
    const rows = ['live', 'partially_filled', 'filled'].map((state) => ({ ...row, state }));
    const told = reportsOf({ ...order({}), data: rows }).map((one) => one.orderStatus);
    assert.deepEqual(told, ['NEW', 'PARTIALLY_FILLED', 'FILLED']);
  });

  test('ids beyond 2^53 stay whole; an id as a number has lost its digits already', () => {
    assert.equal(reportsOf(order({ ordId: '9'.repeat(19) }))[0]?.orderId, '9'.repeat(19));
    const text = JSON.stringify(order({})).replace('"452197707845865472"', '452197707845865472');
    assert.deepEqual(loggedIn()(text), { kind: 'unknown', note: 'malformed order' });
  });

  test('a bad row does not hide its neighbours', () => {
    const frame = order({});
    const decoded = loggedIn()({ ...frame, data: [{ ...frame.data[0], state: 'odd' }, {}, ...frame.data] });
    assert.ok(decoded.kind === 'events');
    assert.equal(decoded.events.length, 1);
    assert.deepEqual(decoded.faults, ['unknown order status odd', 'malformed order']);
    assert.ok(!('faults' in loggedIn()(frame)));
  });

  test('malformed orders', () => {
    const bad = [
      { ordId: '' },
      { side: 'long' },
      { sz: '' },
      { sz: '-1' },
      { px: 'NaN' },
      { avgPx: '1e3' },
      { accFillSz: 'Infinity' },
      { uTime: '' },
      { cTime: '1' },
      { clOrdId: 'x'.repeat(65) },
      { instId: undefined },
    ];
    for (const changes of bad) {
      const decoded = loggedIn()(order(changes));
      assert.deepEqual(decoded, { kind: 'unknown', note: 'malformed order' }, JSON.stringify(changes));
    }
  });
});

describe('okx private codec: balances', () => {
  test('an account that never held anything: no event, and nothing to look at', () => {
    for (const changes of [{ uTime: '' }, {}]) {
      assert.deepEqual(loggedIn()(account([], changes)), { kind: 'events', topics: ['account'], events: [] });
    }
  });

  const rows: [name: string, detail: object, free: string, locked: string][] = [
    ['spot', { availBal: '1', availEq: '', frozenBal: '2', fixedBal: '0' }, '1', '2'],
    ['older multi-currency', { availBal: '', availEq: '3.50', frozenBal: '0.5' }, '3.50', '0.5'],
    ['neither', { availBal: '', availEq: '', cashBal: '0.3', frozenBal: '0.1' }, '0.2', '0.1'],
    ['dip sniping', { availBal: '1', fixedBal: '0.1', frozenBal: '0.2' }, '1', '0.3'],
    ['nothing frozen', { availBal: '1', fixedBal: '', frozenBal: '' }, '1', '0'],
  ];
  for (const [name, detail, free, locked] of rows) {
    test(name, () => {
      const [event] = eventsOf(account([{ ccy: 'BTC', ...detail }]));
      assert.deepEqual(event?.kind === 'balances' && event.position.balances, [
        { asset: 'BTC', free, locked },
      ]);
    });
  }

  test('no currency, no event', () => {
    assert.deepEqual(eventsOf(account([])), []);
    assert.deepEqual(eventsOf({ ...account([]), data: [] }), []);
  });

  test('a bad currency does not hide its neighbours, but nothing readable is a fault', () => {
    const good = { ccy: 'BTC', availBal: '1' };
    const decoded = loggedIn()(account([{ ccy: 'X', availBal: 'NaN' }, { ccy: '' }, 7, good]));
    assert.ok(decoded.kind === 'events');
    const [event] = decoded.events;
    assert.equal(event?.kind === 'balances' && event.position.balances.length, 1);
    assert.deepEqual(decoded.faults, ['malformed balances']);
    for (const frame of [account([{}]), account(7), account([good], { uTime: '' })]) {
      assert.deepEqual(loggedIn()(frame), { kind: 'unknown', note: 'malformed balances' });
    }
  });

  test('pages of a snapshot go out one by one', () => {
    const decode = loggedIn();
    const pages = [false, true].map((lastPage, at) =>
      decode({
        ...account([{ ccy: `C${at}`, availBal: '1' }]),
        eventType: 'snapshot',
        curPage: at + 1,
        lastPage,
      }),
    );
    for (const page of pages) assert.equal(page.kind === 'events' && page.events.length, 1);
  });
});

describe('okx private codec: session', () => {
  const never = ['credentials', 'ip', 'permission'];
  const CAUSES: Record<string, string> = {
    credentials:
      '60005 60007 60009 60024 60032 50101 50103 50104 50105 50106 50108 50109 50111 50113 50114 50119',
    ip: '50110 50118 50121',
    permission: '50100 50120',
    clock: '60004 60006 50102 50112',
    venue: '63999 64007 60012 60013 60033 99999',
  };
  for (const [cause, codes] of Object.entries(CAUSES)) {
    for (const code of codes.split(' ')) {
      test(`login refused with ${code}: ${cause}`, () => {
        const decoded = connection()({ event: 'error', code, msg: 'words\nmore' });
        const retry = never.includes(cause) ? 'never' : 'backoff';
        assert.deepEqual(decoded, { kind: 'loginRefused', reason: { code, text: 'words', retry, cause } });
      });
    }
  }

  test('a key that is refused later is refused all the same', () => {
    const decoded = loggedIn()({ event: 'error', code: '50119', msg: "API key doesn't exist" });
    assert.equal(decoded.kind, 'loginRefused');
  });

  const error = (code: string, id?: string): object => ({
    ...(id ? { id } : {}),
    event: 'error',
    code,
    msg: 'm',
  });
  const limit = { code: '60014', text: 'm', retry: { afterMs: 60_000 }, cause: 'limit' };
  const refusal = (code: string, retry: string): object => ({ code, text: 'm', retry });

  test('errors after the login', () => {
    const cases: [object, object][] = [
      [error('60014'), { kind: 'throttled', reason: limit }],
      [error('60011', '4'), { kind: 'ended', reason: '60011 m' }],
      [error('60031'), { kind: 'ignored' }],
      [error('60018', '4'), { kind: 'refused', id: '4', reason: refusal('60018', 'never') }],
      [error('60013'), { kind: 'refused', reason: refusal('60013', 'never') }],
      [error('63999', '4'), { kind: 'refused', id: '4', reason: refusal('63999', 'backoff') }],
    ];
    for (const [frame, expected] of cases) assert.deepEqual(loggedIn()(frame), expected);
  });

  test('errors before the login', () => {
    assert.deepEqual(connection()(error('60014')), { kind: 'loginRefused', reason: limit });
    assert.deepEqual(connection()(error('60031')), { kind: 'ended', reason: '60031 m' });
    assert.equal(connection()({ event: 'login', code: '60009', msg: '' }).kind, 'loginRefused');
  });

  test('too many connections: the channel stays silent in spite of its ack', () => {
    const frame = { event: 'channel-conn-count-error', connCount: '30', connId: 'a4d3ae55' };
    const topics = (exchange: string, channel: string): unknown => {
      const decoded = loggedIn(exchange)({ ...frame, channel });
      if (decoded.kind !== 'refused') return decoded.kind;
      assert.equal(decoded.reason.cause, undefined, 'no fault of the key');
      assert.equal(decoded.reason.retry, 'backoff');
      return decoded.topics;
    };
    assert.deepEqual(topics('okx', 'orders'), ['orders:SPOT']);
    assert.deepEqual(topics('okxLinear', 'orders'), ['orders:SWAP', 'orders:FUTURES']);
    assert.deepEqual(topics('okxInverse', 'account'), ['account']);
    assert.equal(topics('okx', 'positions'), 'unknown');
  });

  test('acks without an id name their topic', () => {
    const arg = { channel: 'orders', instType: 'SWAP', uid: '1' };
    assert.deepEqual(loggedIn()({ event: 'subscribe', arg }), { kind: 'ack', topics: ['orders:SWAP'] });
    assert.deepEqual(loggedIn()({ event: 'subscribe', arg: { channel: 'account' } }), {
      kind: 'ack',
      topics: ['account'],
    });
    assert.equal(loggedIn()({ event: 'subscribe' }).kind, 'unknown');
  });
});

describe('okx private codec: anything', () => {
  const isSound = (decoded: Decoded<AccountEvent>): void => {
    if (decoded.kind !== 'events') return;
    for (const event of decoded.events) {
      if (event.kind === 'order') {
        const {
          price,
          quantity,
          totalTradeQuantity,
          totalQuoteTradeQuantity,
          commission = '0',
        } = event.report;
        const amounts = [price, quantity, totalTradeQuantity, totalQuoteTradeQuantity, commission];
        for (const amount of amounts) assert.ok(isDecimal(amount), amount);
        assert.ok(Number.isSafeInteger(event.report.orderTime));
      } else if (event.kind === 'balances') {
        for (const { free, locked } of event.position.balances)
          assert.ok(isDecimal(free) && isDecimal(locked));
      }
    }
  };

  test('any JSON, any text', () => {
    fc.assert(fc.property(fc.json(), (text) => isSound(connection()(text))));
    fc.assert(fc.property(fc.string(), (text) => isSound(connection()(text))));
  });

  test('any value in any field', () => {
    const frames = ['okx.order.partial-fills', 'okx.balance.snapshot'].map((id) => framesOf(id)[0] as Frame);
    const values = fc.oneof(fc.jsonValue(), fc.constantFrom('', '-0', '1e9', 'NaN', '.5', '00', '-1', ' 1'));
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.nat(), values, (frame, at, value) => {
        const [row = {}] = frame.data;
        const detail = Array.isArray(row['details']) ? (row['details'][0] as object) : undefined;
        const keys = Object.keys(detail ?? row);
        const changes = { [keys[at % keys.length]!]: value };
        const changed = detail ? { ...row, details: [{ ...detail, ...changes }] } : { ...row, ...changes };
        isSound(connection()({ ...frame, data: [changed] }));
      }),
    );
  });

  test('any truncation', () => {
    for (const { frames } of FIXTURES) {
      const text = JSON.stringify(frames[0]);
      for (let length = 0; length < text.length; length += 1) {
        assert.equal(connection()(text.slice(0, length)).kind, 'unknown');
      }
    }
  });
});
