import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccountEvent, ExecutionReport, OutboundAccountPosition } from '../../domain/account';
import { isDecimal } from '../../domain/decimal';
import { InstrumentIndex } from '../../domain/instrument';
import type { Account, Decoded } from '../contract';
import { kucoin } from './index';
import { privateCodec } from './private';
import { privateSession } from './private-session';
import { sign, signedHeaders } from './signing';

interface Fixture {
  id: string;
  exchange: string;
  stream: 'order' | 'balance';
  frames: Frame[];
  expected: { executionReports?: Partial<ExecutionReport>[]; balances?: OutboundAccountPosition[] };
}

interface Frame {
  topic: string;
  subject?: string;
  data: Record<string, unknown>;
}

const FIXTURES = readdirSync(join(__dirname, '__private_fixtures__')).map(
  (name) => JSON.parse(readFileSync(join(__dirname, '__private_fixtures__', name), 'utf8')) as Fixture,
);

const framesOf = (id: string): Frame[] => FIXTURES.find((one) => one.id === id)!.frames;
const marketOf = (exchange: string) => kucoin.descriptor.markets.find((one) => one.exchange === exchange)!;

type Decode = (frame: unknown, receivedAt?: number) => Decoded<AccountEvent>;

/** One connection: the state goes from frame to frame. */
function connection(exchange = 'kucoin'): Decode {
  const market = marketOf(exchange);
  const context = { state: privateCodec.begin(market), market, instruments: new InstrumentIndex() };
  return (frame, receivedAt = 1) =>
    privateCodec.decode(typeof frame === 'string' ? frame : JSON.stringify(frame), {
      ...context,
      receivedAt,
    });
}

function reportsOf(decode: Decode, frames: readonly unknown[]): ExecutionReport[] {
  return frames.flatMap((frame) => {
    const decoded = decode(frame);
    assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
    const events = decoded.kind === 'events' ? decoded.events : [];
    return events.flatMap((one) => (one.kind === 'order' ? [one.report] : []));
  });
}

const changed = (frame: Frame, data: object, more: object = {}): Frame => ({
  ...frame,
  ...more,
  data: { ...frame.data, ...data },
});

const LINEAR = 'kucoinLinear.order.two-matches';
const SPOT = 'kucoin.order.maker-lifecycle';

describe('kucoin private codec: fixtures', () => {
  assert.equal(FIXTURES.length, 8);
  for (const { id, exchange, stream, frames, expected } of FIXTURES) {
    test(id, () => {
      const decode = connection(exchange);
      const topics = privateSession.topics({ market: marketOf(exchange) } as Account);
      const told = frames.flatMap((frame) => {
        const decoded = decode(frame);
        assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
        if (decoded.kind !== 'events') return [];
        assert.deepEqual(decoded.topics, [topics.at(stream === 'order' ? 0 : -1)]);
        return decoded.events;
      });
      const wanted: object[] = [...(expected.executionReports ?? []), ...(expected.balances ?? [])];
      assert.equal(told.length, wanted.length);
      for (const [at, event] of told.entries()) {
        const published = event.kind === 'order' ? event.report : event.kind === 'balances' && event.position;
        assert.deepEqual({ ...published, ...wanted[at] }, published);
      }
    });
  }

  test('contracts of the other market are nothing', () => {
    const [linear] = framesOf(LINEAR);
    const [inverse] = framesOf('kucoinInverse.order.partial-then-canceled');
    assert.deepEqual(reportsOf(connection('kucoinInverse'), [linear]), []);
    assert.deepEqual(reportsOf(connection('kucoinLinear'), [inverse]), []);
    const [wallet] = framesOf('kucoinLinear.balance.wallet');
    const decoded = connection('kucoinInverse')(wallet);
    assert.deepEqual(decoded, { kind: 'events', topics: ['/contractAccount/wallet'], events: [] });
    const bitcoin = connection('kucoinInverse')(changed(wallet!, { currency: 'XBT' }));
    assert.ok(bitcoin.kind === 'events' && bitcoin.events[0]?.kind === 'balances');
    assert.equal(bitcoin.events[0].position.balances[0]?.asset, 'BTC');
  });
});

describe('kucoin private codec: states', () => {
  const limit = { orderType: 'limit', size: '2', price: '10', filledSize: '0', remainSize: '2' };
  const some = { filledSize: '1', remainSize: '1' };
  const match = { matchPrice: '10', matchSize: '1', tradeId: 't' };
  const rows: [type: string, status: string, data: object, wanted: string][] = [
    ['received', 'new', {}, 'NEW'],
    ['open', 'open', {}, 'NEW'],
    ['open', 'open', some, 'PARTIALLY_FILLED'],
    ['match', 'open', { ...some, ...match }, 'PARTIALLY_FILLED'],
    ['match', 'match', { ...match, filledSize: '2', remainSize: '0' }, 'FILLED'],
    ['match', 'done', { ...match, filledSize: '2', remainSize: '0' }, 'FILLED'],
    ['match', 'match', { ...match, orderType: 'market', size: '', remainSize: '0' }, 'PARTIALLY_FILLED'],
    ['update', 'open', {}, 'NEW'],
    ['update', 'open', some, 'PARTIALLY_FILLED'],
    ['update', 'done', { canceledSize: '1', ...some }, 'CANCELED'],
    ['update', 'done', { canceledSize: '0', filledSize: '2' }, 'FILLED'],
    ['filled', 'done', { filledSize: '2', remainSize: '0' }, 'FILLED'],
    ['done', 'done', { filledSize: '2', remainSize: '0' }, 'FILLED'],
    ['canceled', 'done', some, 'CANCELED'],
    ['canceled', 'done', { ...some, orderType: 'market' }, 'FILLED'],
    ['canceled', 'done', { orderType: 'market' }, 'CANCELED'],
  ];
  for (const [type, status, data, wanted] of rows) {
    test(`${type} (${status}) ${JSON.stringify(data)} is ${wanted}`, () => {
      const frame = changed(framesOf(SPOT)[0]!, { ...limit, ...data, type, status });
      // What was filled before the frame was seen as well.
      const before = String(Number(frame.data['filledSize']) - (type === 'match' ? 1 : 0));
      const fill = { type: 'match', status: 'match', matchPrice: '10', matchSize: before, tradeId: 'before' };
      const seen = changed(frame, { ...fill, filledSize: before, remainSize: '1' });
      const frames = Number(before) > 0 ? [seen, frame] : [frame];
      assert.equal(reportsOf(connection(), frames).at(-1)?.orderStatus, wanted);
    });
  }

  test('unknown words are named, and no event', () => {
    const unread = (note: string): unknown => ({
      ...{ kind: 'events', topics: ['/spotMarket/tradeOrdersV2'], events: [], faults: [note] },
    });
    for (const word of ['rejected', 'CANCELED', 'constructor', '__proto__']) {
      const note = `unknown order status ${word}`;
      const [frame] = framesOf(SPOT);
      assert.deepEqual(connection()(changed(frame!, { type: word })), unread(note));
      assert.deepEqual(connection()(changed(frame!, { status: word })), unread(note));
    }
    const odd = changed(framesOf(SPOT)[0]!, { type: 'two words' });
    assert.deepEqual(connection()(odd), unread('unknown order status'));
  });

  test('a trade told twice counts once; an end is final', () => {
    const [open, first, last, filled] = framesOf(LINEAR);
    const decode = connection('kucoinLinear');
    const told = reportsOf(decode, [open, first, first, last, first, open, filled]);
    assert.deepEqual(
      told.map((one) => [one.orderStatus, one.totalQuoteTradeQuantity]),
      [
        ['NEW', '0'],
        ['PARTIALLY_FILLED', '1499.8'],
        ['PARTIALLY_FILLED', '1499.8'],
        ['FILLED', '4499.6'],
        ['FILLED', '4499.6'],
      ],
    );
  });

  describe('fills of before this connection', () => {
    const unseen: Decoded<AccountEvent> = {
      ...{ kind: 'events', topics: ['/contractMarket/tradeOrders'], events: [] },
      faults: ['order: its average price is unknown, as not all of its fills were seen'],
    };

    test('are not guessed at: a limit order of 10 at 100, half of it at 90 on the connection before', () => {
      const [open] = framesOf(LINEAR);
      const order = { size: '10', price: '100', matchPrice: '100', matchSize: '5' };
      const last = { type: 'match', status: 'match', filledSize: '10', remainSize: '0', tradeId: 'second' };
      const second = changed(open!, { ...order, ...last });
      const end = changed(second, { type: 'filled', status: 'done' });
      const decode = connection('kucoinLinear');
      assert.deepEqual([decode(second), decode(end)], [unseen, unseen]);
      const first = changed(second, { matchPrice: '90', tradeId: 'first', filledSize: '5', remainSize: '5' });
      const told = reportsOf(connection('kucoinLinear'), [open, first, second]).at(-1);
      assert.deepEqual([told?.orderStatus, told?.totalQuoteTradeQuantity], ['FILLED', '950']);
    });

    test('of a market order of which only the end is heard, and of a spot order that is cancelled', () => {
      const [, , , filled] = framesOf(LINEAR);
      const market = changed(filled!, { orderType: 'market', price: '' });
      assert.deepEqual(connection('kucoinLinear')(market), unseen);
      const gone = { type: 'canceled', status: 'done', filledSize: '1', remainSize: '0' };
      const decoded = connection()(changed(framesOf(SPOT)[0]!, gone));
      assert.ok(decoded.kind === 'events' && decoded.events.length === 0 && decoded.faults?.length === 1);
    });

    test('frames of one moment in any order: the end is told with the match that completes the sum', () => {
      const [, first, last, filled] = framesOf(LINEAR);
      for (const frames of [
        [last, first],
        [filled, last, first],
        [filled, first, last],
      ]) {
        const told = reportsOf(connection('kucoinLinear'), [...frames, filled]);
        assert.deepEqual(
          told.map((one) => [one.orderStatus, one.totalQuoteTradeQuantity]),
          [
            ['FILLED', '4499.6'],
            ['FILLED', '4499.6'],
          ],
        );
      }
    });

    test('a liquidation under way is told by an estimate, REST is asked; its end is not guessed', () => {
      const [liquid] = framesOf('kucoinLinear.order.liquidation');
      const decode = connection('kucoinLinear');
      const under = decode(liquid);
      assert.ok(under.kind === 'events' && under.events.length === 1 && under.faults?.length === 1);
      const end = decode(
        changed(liquid!, { type: 'filled', status: 'done', filledSize: '3840', remainSize: '0' }),
      );
      assert.ok(end.kind === 'events' && end.events.length === 0 && end.faults?.length === 1);
    });
  });

  test('liquid is flagged, adl and settlement are not', () => {
    const flags = ['trade', 'liquid', 'adl', 'settlement', 'cancel'].map(
      (tradeType) =>
        reportsOf(connection('kucoinLinear'), [changed(framesOf(LINEAR)[0]!, { tradeType })])[0]?.liquidation,
    );
    assert.deepEqual(flags, [false, true, false, false, false]);
  });
});

describe('kucoin private codec: positions', () => {
  const position = (symbol: unknown, changeReason = 'liquidation', subject = 'position.change') => ({
    ...{ type: 'message', topic: '/contract/positionAll', subject, data: { symbol, changeReason } },
  });
  const told = (...faults: string[]): Decoded<AccountEvent> => ({
    ...{
      kind: 'events',
      topics: ['/contract/positionAll'],
      events: [],
      ...(faults.length > 0 && { faults }),
    },
  });

  test('a liquidation whose order was not heard is looked at', () => {
    const decode = connection('kucoinLinear');
    assert.deepEqual(decode(position('XBTUSDTM')), told('liquidation without its order'));
    assert.deepEqual(decode(position(7)), told('malformed liquidation'));
    reportsOf(decode, framesOf('kucoinLinear.order.liquidation'));
    assert.deepEqual(decode(position('XBTUSDTM'), 10_001), told());
    assert.deepEqual(decode(position('ETHUSDTM'), 10_001), told('liquidation without its order'));
    assert.deepEqual(decode(position('XBTUSDTM'), 10_002), told('liquidation without its order'));
    const one = { ...position('XBTUSDTM'), topic: '/contract/position:XBTUSDTM' };
    assert.deepEqual(decode(one, 10_002), told('liquidation without its order'));
  });

  test('the other market, other reasons, other subjects are nothing', () => {
    const decode = connection('kucoinLinear');
    assert.deepEqual(decode(position('XBTUSDM')), told());
    assert.deepEqual(decode(position('XBTUSDTM', 'positionChange')), told());
    assert.deepEqual(decode(position('XBTUSDTM', 'liquidation', 'position.settlement')), told());
  });
});

describe('kucoin private codec: balances', () => {
  const [spot] = framesOf('kucoin.balance.trade-hold');
  const [wallet] = framesOf('kucoinLinear.balance.wallet');
  const count = (decode: Decode, frame: unknown): number => {
    const decoded = decode(frame);
    return decoded.kind === 'events' ? decoded.events.length : -1;
  };

  test('only the trade account', () => {
    const told = [
      'trade.setted',
      'trade_hf.hold',
      'main.deposit',
      'margin.hold',
      'isolated_BTC-USDT.x',
      'other',
    ];
    const counts = told.map((relationEvent) => count(connection(), changed(spot!, { relationEvent })));
    assert.deepEqual(counts, [1, 1, 0, 0, 0, 0]);
  });

  test('an older version is dropped; the deprecated subject serves until the current one is seen', () => {
    const decode = connection('kucoinLinear');
    const old = changed(
      wallet!,
      { availableBalance: 5923, holdBalance: 2312 },
      { subject: 'availableBalance.change' },
    );
    assert.equal(count(decode, old), 1);
    assert.equal(count(decode, wallet), 1);
    assert.equal(count(decode, changed(wallet!, { version: '2117' })), 0);
    assert.equal(count(decode, changed(wallet!, { version: '10000' })), 1);
    assert.equal(count(decode, old), 0);
  });
});

describe('kucoin private session', () => {
  test('control frames', () => {
    const decode = connection();
    assert.deepEqual(decode({ id: 'a', type: 'welcome' }), { kind: 'loggedIn' });
    assert.deepEqual(decode({ id: '1', type: 'pong' }), { kind: 'pong' });
    assert.deepEqual(decode({ id: '1', type: 'ack' }), { kind: 'ack', id: '1' });
    assert.deepEqual(decode({ id: '1', type: 'error', code: 401, data: 'token is invalid' }), {
      kind: 'loginRefused',
      reason: { code: '401', text: 'token is invalid', retry: 'backoff', cause: 'venue' },
    });
    const refused = decode({ id: '1', type: 'error', code: 403, data: 'login required' });
    assert.ok(refused.kind === 'refused' && refused.reason.cause === 'permission');
  });

  test('one private request per topic', () => {
    let id = 0;
    const account = { market: marketOf('kucoinLinear') } as Account;
    const requests = privateSession.subscribe(privateSession.topics(account), () => (id += 1), account, 1);
    assert.deepEqual(
      requests.map(({ frame }) => JSON.parse(frame) as unknown),
      ['/contractMarket/tradeOrders', '/contract/positionAll', '/contractAccount/wallet'].map(
        (topic, at) => ({
          ...{ id: String(at + 1), type: 'subscribe', topic, privateChannel: true, response: true },
        }),
      ),
    );
  });

  test('golden vectors', () => {
    const vectors: [text: string, signature: string][] = [
      ['1700000000000POST/api/v1/bullet-private', 'mD6n0bQPyyMAKRD7ButfhkEKxpN8V/MkBAwZ7pR5/cE='],
      ['1700000000000GET/api/v1/orders?status=active', 'VJDjrFVwA5db8/CGvzllaQT97j7gdtcI2hJAfbpT0l4='],
      ['testPassphrase', 'CQ3jeNqSiveMCiZYufnQSc8+ymb+iDMemp8d6lklIBY='],
    ];
    for (const [text, signature] of vectors) assert.equal(sign('testSecret', text), signature);
    const credentials = { key: 'k', secret: 'testSecret', passphrase: 'testPassphrase', options: {} };
    const request = { method: 'POST', path: '/api/v1/bullet-private', now: 1_700_000_000_000 } as const;
    const headers = signedHeaders(credentials, { ...request, keyVersion: '3' });
    assert.equal(headers['KC-API-SIGN'], vectors[0]![1]);
    assert.equal(headers['KC-API-PASSPHRASE'], vectors[2]![1]);
  });
});

describe('kucoin private codec: whatever comes', () => {
  const exchanges = kucoin.descriptor.markets.map(({ exchange }) => exchange);
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom('NaN', '1e5', '-1', '0', '', '9'.repeat(40), 1e-9),
  );
  const frames = FIXTURES.flatMap((one) => one.frames);

  function check(decoded: Decoded<AccountEvent>): void {
    if (decoded.kind !== 'events') return;
    for (const event of decoded.events) {
      const amounts =
        event.kind === 'order'
          ? [
              event.report.price,
              event.report.quantity,
              event.report.totalTradeQuantity,
              event.report.totalQuoteTradeQuantity,
            ]
          : event.kind === 'balances'
            ? event.position.balances.flatMap(({ free, locked }) => [free, locked])
            : [];
      assert.ok(amounts.length > 0 && amounts.every(isDecimal), JSON.stringify(event));
      assert.ok(!JSON.stringify(event).includes('null'));
    }
  }

  test('any JSON, any field of a known frame, any truncation', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...exchanges),
        fc.constantFrom(...frames),
        fc.nat(),
        value,
        fc.jsonValue(),
        (exchange, frame, at, odd, json) => {
          const decode = connection(exchange);
          const names = Object.keys(frame.data);
          check(decode(changed(frame, { [names[at % names.length]!]: odd })));
          check(decode(frame));
          const text = JSON.stringify(frame);
          check(decode(text.slice(0, at % text.length)));
          check(decode(JSON.stringify(json)));
          check(decode({ ...frame, data: json }));
        },
      ),
      { numRuns: 400 },
    );
  });
});
