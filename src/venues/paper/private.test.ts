import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccountEvent } from '../../domain/account';
import { isDecimal } from '../../domain/decimal';
import { InstrumentIndex } from '../../domain/instrument';
import type { Decoded } from '../contract';
import { accountMarkets } from '../registry';
import { privateCodec } from './private';

interface Fixture {
  readonly id: string;
  readonly exchange: string;
  readonly frames: readonly (readonly [string, object])[];
  readonly expected: {
    readonly control?: readonly { readonly kind: 'auth' | 'subscribe'; readonly reason?: string }[];
    readonly executionReports: readonly object[];
    readonly balances: readonly object[];
  };
}

const FOLDER = join(__dirname, '__fixtures__');
const FIXTURES = readdirSync(FOLDER).map(
  (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Fixture,
);
const OPEN = '0{"sid":"a","upgrades":[],"pingInterval":60000,"pingTimeout":120000,"maxPayload":1000000}';
const markets = accountMarkets('ws://paper');

/** One connection: the state goes from frame to frame. */
function connection(exchange: string): (frame: string, receivedAt?: number) => Decoded<AccountEvent> {
  const { market } = markets(exchange)!;
  const state = privateCodec.begin(market);
  const instruments = new InstrumentIndex();
  return (frame, receivedAt = 1_700_000_000_000) =>
    privateCodec.decode(frame, { state, market, receivedAt, instruments });
}

const packet = (name: string, body: unknown): string => `42${JSON.stringify([name, body])}`;
const SUBSCRIBED = { type: 'info', info: 'subscribed' };
const eventsOf = (decoded: Decoded<AccountEvent>): readonly AccountEvent[] =>
  decoded.kind === 'events' ? decoded.events : [];
const ordersOf = (decoded: Decoded<AccountEvent>) =>
  eventsOf(decoded).flatMap((one) => (one.kind === 'order' ? [one.report] : []));
const balancesOf = (decoded: Decoded<AccountEvent>) =>
  eventsOf(decoded).flatMap((one) => (one.kind === 'balances' ? [one.position] : []));

const ORDER = {
  ...{ _id: '66a1', id: '66a1', amount: 0.3, filledAmount: 0.1, filledQuoteAmount: 6000, quoteAmount: 18000 },
  ...{ price: 60000, avgFilledPrice: 60000, fee: 0.0001, symbol: 'BTCUSDT', user: '65', exchange: 'binance' },
  ...{ status: 'PARTIALLY_FILLED', type: 'LIMIT', side: 'BUY', externalId: 'D-TP-a1' },
  ...{ createdAt: '2025-06-30T10:00:00.000Z', updatedAt: '2025-06-30T10:00:01.000Z' },
};
const order = (change: object): string => packet('order', { type: 'update', data: { ...ORDER, ...change } });
const balances = (rows: unknown): string =>
  packet('outboundAccountInfo', { type: 'update', data: { balance: rows } });

describe('paper: fixtures', () => {
  for (const { id, exchange, frames, expected } of FIXTURES) {
    test(id, () => {
      const decode = connection(exchange);
      const decoded = frames.map(([name, body]) => decode(packet(name, body)));
      const reports = decoded.flatMap(ordersOf);
      assert.equal(reports.length, expected.executionReports.length);
      reports.forEach((report, at) =>
        assert.deepEqual({ ...report, ...expected.executionReports[at] }, report),
      );
      const positions = decoded.flatMap(balancesOf);
      assert.equal(positions.length, expected.balances.length);
      positions.forEach((one, at) => assert.deepEqual({ ...one, ...expected.balances[at] }, one));
      if (!expected.control) return;
      const reasons = decoded.flatMap((one) => (one.kind === 'loginRefused' ? [one.reason] : []));
      assert.deepEqual(
        reasons.map(({ text, cause, retry }) => [text, cause, retry]),
        expected.control
          .filter(({ kind }) => kind === 'auth')
          .map(({ reason }) => [reason, 'credentials', 'never']),
      );
      // Both subscriptions stand for one topic: acknowledged when the second one is.
      const acks = decoded.filter(({ kind }) => kind === 'ack');
      assert.deepEqual(acks, [{ kind: 'ack', topics: ['account'] }]);
    });
  }

  test('there are five', () => assert.equal(FIXTURES.length, 5));
});

describe('paper: packets', () => {
  test('handshake and pings are answered, with the time until the next one', () => {
    const decode = connection('paperBinance');
    assert.deepEqual(decode(OPEN), { kind: 'asked', answer: '40', againWithinMs: 180_000 });
    assert.deepEqual(decode('40{"sid":"b"}'), { kind: 'loggedIn' });
    assert.deepEqual(decode('2'), { kind: 'asked', answer: '3', againWithinMs: 180_000 });
    assert.deepEqual(connection('paperBinance')('2'), { kind: 'asked', answer: '3' });
  });

  for (const [text, expected] of [
    ['1', { kind: 'ended', reason: 'closed_by_server' }],
    ['41', { kind: 'ended', reason: 'namespace_left' }],
    ['44{"message":"not now"}', { kind: 'ended', reason: 'namespace_refused' }],
    ['6', { kind: 'ignored' }],
  ] as const) {
    test(`${text} is understood`, () => assert.deepEqual(connection('paperBinance')(text), expected));
  }

  for (const text of [
    '',
    '0',
    '0{"sid":"a"}',
    '0{"pingInterval":-1,"pingTimeout":1}',
    '0{"pingInterval":1e400,"pingTimeout":1}',
    '42',
    '42{}',
    '42[]',
    '42["order"]',
    '42["order",{"type":"update"}]',
    '42["order",{"type":"info","info":"busy"}]',
    '42["exception",{"status":"error","message":"Internal server error"}]',
    '42/other,["order",{}]',
    '430[]',
    '451-["order",{"_placeholder":true,"num":0}]',
    '{"event":"order"}',
  ]) {
    test(`${text || 'an empty frame'} is unknown, and told without its content`, () => {
      const decoded = connection('paperBinance')(text);
      assert.equal(decoded.kind, 'unknown');
    });
  }

  test('an ack that the server may want does not hide the event', () => {
    assert.equal(ordersOf(connection('paperBinance')(order({}).replace('42', '4217'))).length, 1);
  });
});

describe('paper: subscriptions', () => {
  test('data of a half confirmed subscription confirms nothing', () => {
    const decode = connection('paperBinance');
    const topics = (decoded: Decoded<AccountEvent>) => decoded.kind === 'events' && decoded.topics;
    assert.deepEqual(decode(packet('order', SUBSCRIBED)), { kind: 'ignored' });
    assert.deepEqual(topics(decode(order({}))), []);
    assert.deepEqual(decode(packet('order', SUBSCRIBED)), { kind: 'ignored' });
    assert.equal(decode(packet('outboundAccountInfo', SUBSCRIBED)).kind, 'ack');
    assert.deepEqual(topics(decode(order({}))), ['account']);
    // Asked for again on the same connection.
    assert.equal(decode(packet('order', SUBSCRIBED)).kind, 'ack');
  });

  test('only words about the key refuse the key', () => {
    const say = (error: unknown) => connection('paperBinance')(packet('order', { type: 'error', error }));
    for (const words of ['User not found', 'Unauthorized', 'Forbidden resource', 'Invalid credentials']) {
      assert.equal(say(words).kind, 'loginRefused', words);
    }
    for (const words of [
      'Operation `users.findOne()` buffering timed out after 10000ms',
      'connect ECONNREFUSED 127.0.0.1:27017',
      'Cast to string failed for value "{ a: 1 }" (type Object) at path "key"',
      "Cannot read properties of undefined (reading 'key')",
      {},
      undefined,
    ]) {
      assert.deepEqual(say(words), { kind: 'ended', reason: 'subscription_failed' });
    }
  });

  test('what the server quotes of the question goes nowhere', () => {
    const decode = connection('paperBinance');
    const decoded = decode(packet('order', { type: 'error', error: 'User not found: key k-sEcReT' }));
    assert.ok(!JSON.stringify(decoded).includes('sEcReT'));
  });
});

describe('paper: orders', () => {
  test('the whole report', () => {
    assert.deepEqual(ordersOf(connection('paperBinance')(order({}))), [
      {
        eventType: 'executionReport',
        eventTime: 1751277601000,
        creationTime: 1751277601000,
        orderTime: 1751277601000,
        symbol: 'BTCUSDT',
        orderId: '66a1',
        side: 'BUY',
        orderType: 'LIMIT',
        newClientOrderId: 'D-TP-a1',
        originalClientOrderId: 'D-TP-a1',
        orderStatus: 'PARTIALLY_FILLED',
        price: '60000',
        quantity: '0.3',
        totalTradeQuantity: '0.1',
        totalQuoteTradeQuantity: '6000',
        liquidation: false,
      },
    ]);
  });

  for (const [spelled, printed] of [
    ['0.30000000000000004', '0.3'],
    ['0.29969999999999997', '0.2997'],
    ['0.123456789012345', '0.123456789012345'],
    ['9007199254740991', '9007199254740991'],
    ['1.2000000000000002e-7', '0.00000012'],
    ['1e-7', '0.0000001'],
    ['1.5e-10', '0.00000000015'],
    ['1e21', '1000000000000000000000'],
    ['12824.689999999999', '12824.69'],
    ['-0', '0'],
    ['"0.10"', '0.10'],
  ] as const) {
    test(`${spelled} is printed as ${printed}`, () => {
      const text = order({}).replace('"filledAmount":0.1', `"filledAmount":${spelled}`);
      assert.equal(ordersOf(connection('paperBinance')(text))[0]?.totalTradeQuantity, printed);
      const [position] = balancesOf(
        connection('paperBinance')(
          balances([]).replace('[]', `[{"asset":"A","free":${spelled},"locked":0}]`),
        ),
      );
      assert.equal(position?.balances[0]?.free, printed);
    });
  }

  test('a market order without a price has the average', () => {
    const [report] = ordersOf(connection('paperBinance')(order({ price: 0, avgFilledPrice: 61.5 })));
    assert.equal(report?.price, '61.5');
    const [unfilled] = ordersOf(connection('paperBinance')(order({ price: 0, avgFilledPrice: 0 })));
    assert.equal(unfilled?.price, '0');
  });

  for (const [room, exchange, isOurs] of [
    ['paperBinance', 'binance', true],
    ['paperBinance', 'binanceUsdm', false],
    ['paperBinanceUsdm', 'binance', false],
    ['paperBinanceUsdm', 'binanceUsdm', true],
    ['paperBybitInverse', 'bybitInverse', true],
    ['paperBybitInverse', 'bybitLinear', false],
    ['paperOkxLinear', 'okxInverse', false],
    ['paperBinance', 'paperBinance', false],
  ] as const) {
    test(`${room}: an order of ${exchange} is ${isOurs ? 'ours' : "somebody else's"}`, () => {
      const decoded = connection(room)(order({ exchange }));
      assert.equal(decoded.kind, 'events');
      assert.equal(ordersOf(decoded).length, isOurs ? 1 : 0);
    });
  }

  for (const change of [
    { status: 'PENDING' },
    { status: 'canceled' },
    { status: undefined },
    { exchange: undefined },
    { _id: undefined },
    { side: 'LONG' },
    { symbol: '' },
    { externalId: 5 },
    { updatedAt: 'yesterday' },
    { updatedAt: '+275760-09-13T00:00:00.000Z' },
    { amount: null },
    { price: 'NaN' },
    { filledAmount: [] },
    { filledQuoteAmount: undefined },
  ]) {
    test(`${JSON.stringify(change)} is counted and publishes nothing`, () => {
      assert.equal(connection('paperBinance')(order(change)).kind, 'unknown');
    });
  }
});

describe('paper: balances', () => {
  const ROW = { asset: 'USDT', free: 90.5, locked: 9.5 };

  test('told at our time, which never goes back', () => {
    const decode = connection('paperBinance');
    const told = [1_000, 900, 1_100].map((at) => balancesOf(decode(balances([ROW]), at))[0]!);
    assert.deepEqual(
      told.map(({ eventTime }) => eventTime),
      [1_000, 1_000, 1_100],
    );
    assert.deepEqual(told[0], {
      eventType: 'outboundAccountPosition',
      eventTime: 1_000,
      lastAccountUpdate: 0,
      balances: [{ asset: 'USDT', free: '90.5', locked: '9.5' }],
    });
  });

  test('no key of the server beside the three that bots store', () => {
    const [position] = balancesOf(connection('paperBinance')(balances([{ ...ROW, user: '65' }])));
    assert.deepEqual(Object.keys(position!.balances[0]!), ['asset', 'free', 'locked']);
  });

  test('a bad row beside a good one is counted; bad rows alone tell nothing', () => {
    const bad = { asset: 'BTC', free: null, locked: 0 };
    const decoded = connection('paperBinance')(balances([ROW, bad]));
    assert.equal(balancesOf(decoded)[0]?.balances.length, 1);
    assert.deepEqual(decoded.kind === 'events' && decoded.faults, ['malformed balance']);
    assert.equal(connection('paperBinance')(balances([bad])).kind, 'unknown');
    assert.equal(connection('paperBinance')(balances({})).kind, 'unknown');
    assert.deepEqual(eventsOf(connection('paperBinance')(balances([]))), []);
  });
});

test('paper: no list of orders, and it says so; no clock to measure', async () => {
  const { adapter, market } = markets('paperOkx')!;
  const credentials = { key: 'k', secret: 's', passphrase: '', options: {} };
  const rest = adapter.connectAccount!(
    { market, credentials, environment: 'live' },
    {
      rewrite: () => assert.fail('no URL is asked for'),
      inTurn: () => assert.fail('no call is made'),
      timeoutMs: 1,
      venueNow: () => 1_234,
    },
  );
  const known = [{ symbol: 'BTC-USDT', orderId: '66a1', clientOrderId: 'D-TP-a1' }];
  const snapshot = await rest.snapshot({ sinceMs: 0, instruments: new InstrumentIndex(), known });
  assert.deepEqual(snapshot, { orders: [], incomplete: 'the paper trading server lists no orders for us' });
  assert.equal(await rest.serverTime(), 1_234);
});

test('paper: no frame whatever throws, or publishes what is no decimal', () => {
  const value = fc.oneof(fc.jsonValue(), fc.double(), fc.constantFrom('NEW', 'binance', 'BUY', '1e9', '-'));
  const frame = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom('0', '40', '41', '42', '43', '44'), fc.json()).map((parts) => parts.join('')),
    fc.dictionary(fc.constantFrom(...Object.keys(ORDER)), value).map(order),
    fc.array(fc.dictionary(fc.constantFrom('asset', 'free', 'locked'), value)).map(balances),
  );
  const decode = connection('paperBinance');
  fc.assert(
    fc.property(frame, (text) => {
      for (const event of eventsOf(decode(text))) {
        if (event.kind === 'order') {
          const { price, quantity, totalTradeQuantity, totalQuoteTradeQuantity, orderTime } = event.report;
          assert.ok([price, quantity, totalTradeQuantity, totalQuoteTradeQuantity].every(isDecimal));
          assert.ok(Number.isSafeInteger(orderTime));
        } else if (event.kind === 'balances') {
          for (const { free, locked } of event.position.balances)
            assert.ok(isDecimal(free) && isDecimal(locked));
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
