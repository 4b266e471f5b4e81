import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { MarketEvent } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import type { DecodeContext, Decoded } from '../contract';
import { kucoin } from './index';
import type { PublicState } from './state';

const { markets, intervalNames } = kucoin.descriptor;
const { codec } = kucoin.publicFeed;

interface Fixture {
  readonly id: string;
  readonly exchange: string;
  readonly stream: string;
  readonly context?: {
    readonly contracts: Readonly<Record<string, { readonly symbol: string; readonly multiplier: string }>>;
  };
  readonly frames: readonly unknown[];
  readonly expected: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[] | undefined>>;
}

const folder = join(__dirname, '__fixtures__');
const fixtures = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture,
);

function marketOf(exchange: string) {
  return markets.find((market) => market.exchange === exchange)!;
}

function textOf(frame: unknown): string {
  return typeof frame === 'string' ? frame : JSON.stringify(frame);
}

const FUTURES = {
  kucoinLinear: {
    exchange: 'kucoinLinear',
    symbol: 'BTCUSDT',
    venueSymbol: 'XBTUSDTM',
    contractSize: '0.001',
  },
  kucoinInverse: { exchange: 'kucoinInverse', symbol: 'BTCUSD', venueSymbol: 'XBTUSDM', contractSize: '1' },
};

const UNSIZED = {
  exchange: 'kucoinLinear',
  symbol: 'BTCUSDT',
  venueSymbol: 'XBTUSDTM',
  base: 'BTC',
  quote: 'USDT',
};

function indexOf(exchange: string): InstrumentIndex {
  if (exchange !== 'kucoinLinear' && exchange !== 'kucoinInverse') return new InstrumentIndex();
  return new InstrumentIndex([{ ...FUTURES[exchange], base: 'BTC', quote: 'USD' }]);
}

/** One connection: the state goes from frame to frame. */
function connection(
  exchange = 'kucoin',
  instruments = indexOf(exchange),
  state = codec.begin(marketOf(exchange)),
) {
  const market = marketOf(exchange);
  const context: DecodeContext<PublicState> = { state, market, receivedAt: 0, instruments };
  return (frame: unknown): Decoded<MarketEvent> => codec.decode(textOf(frame), context);
}

function eventsOf(decoded: Decoded<MarketEvent>): readonly MarketEvent[] {
  assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
  return decoded.kind === 'events' ? decoded.events : [];
}

function topicsOf(decoded: Decoded<MarketEvent>): readonly string[] {
  return decoded.kind === 'events' ? decoded.topics : [];
}

function assertSubset(actual: object | undefined, expected: Readonly<Record<string, unknown>>): void {
  assert.ok(actual, `missing ${JSON.stringify(expected)}`);
  for (const [key, value] of Object.entries(expected)) {
    assert.deepEqual((actual as Record<string, unknown>)[key], value, key);
  }
}

const T0 = 1_729_757_723_612;

const ticker = (over: object = {}, subject: unknown = 'BTC-USDT') => ({
  topic: '/market/ticker:all',
  type: 'message',
  subject,
  data: {
    ...{ bestAsk: '67218.7', bestAskSize: '1.9', bestBid: '67218.6', bestBidSize: '0.01' },
    ...{ price: '67220', sequence: '14691455768', size: '0.00004316', time: T0 },
    ...over,
  },
});

const snapshot = (over: object = {}, area = 'USDS') => ({
  topic: `/market/snapshot:${area}`,
  type: 'message',
  subject: 'trade.snapshot',
  data: {
    sequence: 1,
    data: {
      ...{ symbol: 'BTC-USDT', lastTradedPrice: 67000, changePrice: -100.5, buy: 66999, bidSize: 1 },
      ...{ sell: 67001, askSize: 2, open: 67100.5, high: 68000, low: 66000, vol: 12.5, volValue: 840000 },
      ...{ datetime: T0 + 1_000 },
      ...over,
    },
  },
});

const contract = (over: object = {}, symbol = 'XBTUSDTM', channel = 'ticker') => ({
  topic: `/contractMarket/${channel}:${symbol}`,
  type: 'message',
  subject: channel,
  data: {
    ...{ symbol, size: 2, price: '84556.5', bestBidSize: 112, bestBidPrice: '84556.4' },
    ...{ bestAskPrice: '84556.5', bestAskSize: 1578, ts: 1.790993334735e18 },
    ...over,
  },
});

const START = 1_729_839_600;
/** `over`: columns by their number. */
const candle = (
  over: Readonly<Record<number, unknown>> = {},
  data: object = {},
  topic = '/market/candles:BTC-USDT_1hour',
) => ({
  topic,
  type: 'message',
  subject: 'trade.candles.update',
  data: {
    symbol: 'BTC-USDT',
    candles: Object.assign([String(START), '10', '11', '12', '9', '100', '1000'], over),
    time: '1729842192785164840',
    ...data,
  },
});

describe('recorded and documented frames', () => {
  for (const { id, exchange, stream, context, frames, expected } of fixtures) {
    if (stream === 'control') continue;
    test(id, () => {
      const contracts = Object.entries(context?.contracts ?? {}).map(([venueSymbol, one]) => ({
        ...{ exchange, symbol: one.symbol, venueSymbol, base: '', quote: '', contractSize: one.multiplier },
      }));
      const decode = connection(exchange, new InstrumentIndex(contracts));
      const events = frames.flatMap((frame) => eventsOf(decode(frame)));
      const wanted = expected[`${stream}s`] ?? [];
      assert.equal(events.length, wanted.length);
      wanted.forEach((one, at) => {
        const interval =
          typeof one['interval'] === 'string' ? { interval: intervalNames[one['interval']] } : {};
        assertSubset(events[at], { exchange, eventType: stream, ...one, ...interval });
      });
    });
  }

  test('kucoin.control.connection-and-errors', () => {
    const { frames } = fixtures.find(({ stream }) => stream === 'control')!;
    const never = { retry: 'never', split: true };
    const longWords = 'exceed max subscription count limitation of 100 per time';
    assert.deepEqual(frames.map(connection()), [
      { kind: 'loggedIn' },
      { kind: 'ack', id: '1640198781304' },
      { kind: 'pong' },
      {
        ...{ kind: 'refused', id: '1545910660740' },
        reason: { code: '404', text: 'topic /market/nope:BTC-USDT is not found', ...never },
      },
      { kind: 'loginRefused', reason: { code: '401', text: 'token is invalid', retry: 'backoff' } },
      {
        ...{ kind: 'refused', id: '1545910660742' },
        reason: { code: '509', text: longWords, retry: 'backoff', split: true },
      },
    ]);
  });

  test('there are fixtures of every public stream', () => {
    const seen = new Set(fixtures.map(({ exchange, stream }) => `${exchange} ${stream}`));
    for (const one of ['kucoin ticker', 'kucoin candle', 'kucoinLinear ticker', 'kucoinLinear candle'])
      assert.ok(seen.has(one), one);
  });
});

describe('spot tickers', () => {
  test('no day before its snapshot, and nothing from the last trade', () => {
    assert.deepEqual(eventsOf(connection()(ticker())), [
      {
        ...{ eventType: 'ticker', exchange: 'kucoin', symbol: 'BTC-USDT', time: T0, price: '67220' },
        ...{ open: '0', high: '0', low: '0', volume: '0', volumeQuote: '0', hasBook: true },
        ...{ bestBid: '67218.6', bestBidQnt: '0.01', bestAsk: '67218.7', bestAskQnt: '1.9' },
      },
    ]);
  });

  test('an older snapshot brings the day, not the price, and time does not go back', () => {
    const decode = connection();
    decode(ticker({ time: T0 + 5_000 }));
    const [event] = eventsOf(decode(snapshot()));
    assertSubset(event, {
      price: '67220',
      bestBid: '67218.6',
      volume: '12.5',
      open: '67100.5',
      time: T0 + 5_000,
    });
  });

  test('an older ticker changes nothing', () => {
    const decode = connection();
    decode(snapshot());
    assert.deepEqual(eventsOf(decode(ticker())), []);
    assertSubset(eventsOf(decode(ticker({ time: T0 + 1_000, price: '5' })))[0], { price: '5' });
  });

  test('the same snapshot in the topic of another area is a repeat', () => {
    const decode = connection();
    assert.equal(eventsOf(decode(snapshot())).length, 1);
    const repeated = decode(snapshot({}, 'ETF'));
    assert.deepEqual(eventsOf(repeated), []);
    assert.deepEqual(topicsOf(repeated), ['/market/snapshot:ETF']);
  });

  test('the opening price is told by the change, exactly', () => {
    const decode = connection();
    assertSubset(eventsOf(decode(snapshot({ open: null, changePrice: -0.000000036 })))[0], {
      open: '67000.000000036',
    });
    assertSubset(eventsOf(connection()(snapshot({ open: undefined, changePrice: null })))[0], { open: '0' });
  });

  test('a missing side is the last price, of which nobody offers anything', () => {
    assertSubset(eventsOf(connection()(ticker({ bestAsk: null })))[0], {
      ...{ bestAsk: '67220', bestAskQnt: '0', bestBid: '67218.6', hasBook: false },
    });
    assertSubset(eventsOf(connection()(snapshot({ buy: null, bidSize: null })))[0], {
      ...{ bestBid: '67000', bestBidQnt: '0', bestAsk: '67001', hasBook: false },
    });
    assertSubset(eventsOf(connection()(ticker({ bestBidSize: '0' })))[0], { hasBook: false });
  });

  test('numbers are plain decimals at every magnitude', () => {
    const small = { lastTradedPrice: 4.484e-6, vol: 1.5e21, buy: 1e-10, bidSize: 1e-7 };
    assertSubset(eventsOf(connection()(snapshot(small)))[0], {
      ...{
        price: '0.000004484',
        volume: '1500000000000000000000',
        bestBid: '0.0000000001',
        bestBidQnt: '0.0000001',
      },
    });
  });

  test('a single symbol has its name in the topic', () => {
    const decoded = connection()({ ...ticker({}, 'trade.ticker'), topic: '/market/ticker:ETH-BTC' });
    assertSubset(eventsOf(decoded)[0], { symbol: 'ETH-BTC' });
    assert.deepEqual(topicsOf(decoded), ['/market/ticker:ETH-BTC']);
  });

  test('time as one example of the documents spells it', () => {
    assertSubset(eventsOf(connection()(ticker({ time: undefined, Time: T0 })))[0], { time: T0 });
  });

  const cases: readonly [string, unknown, Decoded<MarketEvent>['kind']][] = [
    ['never traded', ticker({ price: null }), 'events'],
    ['price zero', ticker({ price: '0' }), 'events'],
    ['price NaN', ticker({ price: 'NaN' }), 'unknown'],
    ['price with an exponent', ticker({ price: '1e5' }), 'unknown'],
    ['price negative', ticker({ price: -1 }), 'unknown'],
    ['no time', ticker({ time: null }), 'unknown'],
    ['no subject', ticker({}, null), 'unknown'],
    ['subject endless', ticker({}, 'A'.repeat(65)), 'unknown'],
    ['snapshot without a price', snapshot({ lastTradedPrice: null }), 'events'],
    ['snapshot with a time in the wrong type', snapshot({ datetime: {} }), 'unknown'],
    ['snapshot of no symbol', snapshot({ symbol: 7 }), 'unknown'],
    ['snapshot without its inner data', { ...snapshot(), data: { data: null } }, 'unknown'],
  ];
  for (const [name, frame, kind] of cases) {
    test(`no event: ${name}`, () => {
      const decoded = connection()(frame);
      assert.equal(decoded.kind, kind);
      if (decoded.kind === 'events') assert.deepEqual(decoded.events, []);
    });
  }
});

describe('spot tickers and the list', () => {
  const listed = (symbol: string) => ({
    ...{ exchange: 'kucoin', symbol, venueSymbol: symbol, base: 'B', quote: 'Q' },
  });
  const priceOf = (decoded: Decoded<MarketEvent>) =>
    eventsOf(decoded).map((event) => event.eventType === 'ticker' && [event.symbol, event.price, event.high]);

  test('symbols that the list lacks are life, but nothing is published of them', () => {
    const decode = connection('kucoin', new InstrumentIndex([listed('ETH-USDT')]));
    for (const frame of [ticker(), snapshot()]) {
      const decoded = decode(frame);
      assert.deepEqual(eventsOf(decoded), []);
      assert.equal(topicsOf(decoded).length, 1);
    }
    assert.deepEqual(priceOf(decode(ticker({}, 'ETH-USDT'))), [['ETH-USDT', '67220', '0']]);
  });

  test('before the list is there every symbol counts', () => {
    assert.equal(eventsOf(connection('kucoin', new InstrumentIndex())(ticker())).length, 1);
  });

  test('a symbol leaves with its listing, and comes back without its old day', () => {
    const index = new InstrumentIndex([listed('BTC-USDT'), listed('ETH-USDT')]);
    const decode = connection('kucoin', index);
    decode(snapshot());
    index.replace([listed('ETH-USDT')]);
    assert.deepEqual(eventsOf(decode(ticker({ time: T0 + 2_000 }))), []);
    index.replace([listed('BTC-USDT')]);
    assert.deepEqual(priceOf(decode(ticker({ time: T0 + 3_000 }))), [['BTC-USDT', '67220', '0']]);
  });

  test('a symbol that is not traded has no new price, however new its snapshot is', () => {
    const decode = connection();
    assert.deepEqual(eventsOf(decode(snapshot({ trading: false }))), []);
    assert.equal(eventsOf(decode(snapshot({ trading: true }))).length, 1);
  });
});

describe('futures tickers', () => {
  test('both topics of a contract are life of one', () => {
    const decode = connection('kucoinLinear');
    const day = { lastPrice: 84556.7, ts: '1790993335003748866' };
    for (const frame of [
      contract(),
      contract({}, 'XBTUSDTM', 'tickerV2'),
      contract(day, 'XBTUSDTM', 'snapshot'),
    ])
      assert.deepEqual(topicsOf(decode(frame)), ['/contractMarket/ticker:XBTUSDTM']);
  });

  test('inverse books stay in contracts', () => {
    const [event] = eventsOf(connection('kucoinInverse')(contract({}, 'XBTUSDM')));
    assertSubset(event, { symbol: 'BTCUSD', bestBidQnt: '112', bestAskQnt: '1578', hasBook: true });
  });

  test('a contract of unknown size has prices, but no sizes', () => {
    const [event] = eventsOf(connection('kucoinLinear', new InstrumentIndex([UNSIZED]))(contract()));
    assertSubset(event, { price: '84556.5', bestBid: '84556.4', bestBidQnt: '0', hasBook: false });
  });

  test('other contracts are not ours', () => {
    for (const channel of ['ticker', 'tickerV2', 'snapshot'])
      assert.equal(connection('kucoinLinear')(contract({}, 'XBTUSDM', channel)).kind, 'unknown');
  });

  // Each is one below the true millisecond when divided by a million at once.
  for (const ts of ['1743146786746000000', '1790993334735000000']) {
    test(`ts ${ts}: no millisecond is lost, as a number or as text`, () => {
      for (const spelling of [ts, `"${ts}"`]) {
        const text = textOf(contract({ ts: '@' })).replace('"@"', spelling);
        assertSubset(eventsOf(connection('kucoinLinear')(text))[0], { time: Number(ts.slice(0, 13)) });
      }
    });
  }

  test('each source has its own time', () => {
    const decode = connection('kucoinLinear');
    decode(contract({ price: undefined, ts: 1.790993335e18 }, 'XBTUSDTM', 'tickerV2'));
    const [event] = eventsOf(decode(contract({ lastPrice: 5, ts: 1.790993334e18 }, 'XBTUSDTM', 'snapshot')));
    assertSubset(event, { price: '5', bestBid: '84556.4', time: 1790993335000 });
  });
});

describe('candles', () => {
  const at = (bars: number) => String(START + bars * 3_600);
  const late = { time: (START + 10 * 3_600) * 1e9 };

  test('a newer bar closes the one before with its last values, an older one is dropped', () => {
    const decode = connection();
    const told = [
      candle(),
      candle({ 2: '11.5' }),
      candle({ 0: at(1) }, late),
      candle(),
      candle({ 0: at(3) }, late),
    ].flatMap((frame) =>
      eventsOf(decode(frame)).map((event) => (event.eventType === 'candle' ? event : undefined)),
    );
    assert.deepEqual(
      told.map((bar) => [(bar!.start / 1_000 - START) / 3_600, bar!.close, bar!.closed]),
      [
        ...[
          [0, '11', false],
          [0, '11.5', false],
          [0, '11.5', true],
          [1, '11', false],
        ],
        ...[
          [1, '11', true],
          [3, '11', false],
        ],
      ],
    );
    assert.equal(told[2]!.time, late.time / 1e6);
  });

  test('topics do not close each other', () => {
    const decode = connection();
    decode(candle());
    assert.equal(eventsOf(decode(candle({ 0: at(1) }, late, '/market/candles:ETH-USDT_1hour'))).length, 1);
    assert.equal(eventsOf(decode(candle({ 0: at(1) }, late, '/market/candles:BTC-USDT_1min'))).length, 1);
  });

  describe('what could not be read may have been the last of a bar', () => {
    const TOPIC = '/market/candles:BTC-USDT_1hour';
    const OTHER = '/market/candles:ETH-USDT_1hour';
    const whole = JSON.stringify(candle({ 2: '11.5', 5: '50' }));
    const lost: readonly [string, unknown][] = [
      ['a truncated frame', whole.slice(0, -40)],
      ['a row of nonsense', candle({ 2: 'NaN', 5: '50' })],
      ['a message without data', { type: 'message', topic: TOPIC }],
      ['a message without a topic', { ...candle(), topic: undefined }],
      ['an empty object', {}],
      ['an array', '[]'],
    ];
    const starts = (decoded: Decoded<MarketEvent>) =>
      eventsOf(decoded).map((event) => event.eventType === 'candle' && [event.close, event.closed]);

    for (const [name, frame] of lost) {
      test(`${name}: the bar is left to REST, the next one is closed again`, () => {
        const decode = connection();
        decode(candle({ 5: '5' }));
        assert.equal(decode(frame).kind, 'unknown');
        assert.deepEqual(starts(decode(candle({ 0: at(1), 2: '12' }, late))), [['12', false]]);
        assert.deepEqual(starts(decode(candle({ 0: at(2) }, late))), [
          ['12', true],
          ['11', false],
        ]);
      });

      test(`${name}: a later row of the same bar tells all of it`, () => {
        const decode = connection();
        decode(candle({ 5: '5' }));
        decode(frame);
        decode(candle({ 2: '11.7', 5: '51' }));
        assert.deepEqual(starts(decode(candle({ 0: at(1) }, late))), [
          ['11.7', true],
          ['11', false],
        ]);
      });
    }

    test('a topic that is asked for once more: the bar is left to REST, the next one is closed again', () => {
      const state = codec.begin(marketOf('kucoin'));
      const decode = connection('kucoin', undefined, state);
      decode(candle({ 5: '5' }));
      codec.interrupted?.([TOPIC, OTHER], state);
      assert.deepEqual(starts(decode(candle({ 0: at(1), 2: '12' }, late))), [['12', false]]);
      assert.deepEqual(starts(decode(candle({ 0: at(2) }, late))), [
        ['12', true],
        ['11', false],
      ]);
    });

    test('no rows of any topic for far longer than usual: the bar is left to REST', () => {
      const second = (seconds: number) => ({ time: (START + seconds) * 1e9 });
      const decode = connection();
      for (let i = 0; i < 30; i += 1) decode(candle({}, second(3_560 + i)));
      assert.equal(eventsOf(decode(candle({ 0: at(1) }, second(3_601)))).length, 1);
      for (let i = 0; i < 30; i += 1) decode(candle({ 0: at(1), 2: '13' }, second(7_160 + i)));
      for (let i = 0; i < 12; i += 1) decode(candle({ 0: at(1) }, second(7_190 + i), OTHER));
      assert.equal(eventsOf(decode(candle({ 0: at(2) }, second(7_201)))).length, 2);
    });

    test('a bad row of one topic says nothing of another', () => {
      const decode = connection();
      decode(candle());
      decode(candle({ 2: 'NaN' }, {}, OTHER));
      assert.equal(eventsOf(decode(candle({ 0: at(1) }, late))).length, 2);
    });

    test('an old row does not bring the trust back', () => {
      const decode = connection();
      decode(candle({ 0: at(1) }, late));
      decode('{');
      decode(candle());
      assert.deepEqual(starts(decode(candle({ 0: at(2) }, late))), [['11', false]]);
    });
  });

  test('columns: spot, linear in base coin, inverse in contracts', () => {
    const row = { 1: '1', 2: '2', 3: '3', 4: '0.5', 6: '12785' };
    const bar = { open: '1', close: '2', high: '3', low: '0.5', start: START * 1_000, interval: '1h' };
    const topic = (name: string) => `/contractMarket/limitCandle:${name}_1hour`;
    const ms = { time: START * 1_000 + 63_000 };
    assertSubset(eventsOf(connection()(candle(row)))[0], { ...bar, volume: '100' });
    assertSubset(eventsOf(connection('kucoinLinear')(candle(row, ms, topic('XBTUSDTM'))))[0], {
      ...{ ...bar, symbol: 'BTCUSDT', volume: '12.785', time: ms.time },
    });
    assertSubset(eventsOf(connection('kucoinInverse')(candle(row, ms, topic('XBTUSDM'))))[0], {
      ...{ ...bar, symbol: 'BTCUSD', volume: '12785' },
    });
  });

  test('a bar without prices is life, but no candle', () => {
    const decoded = connection()(candle({ 1: '0', 2: '0', 3: '0', 4: '0', 5: '0' }));
    assert.deepEqual(eventsOf(decoded), []);
    assert.deepEqual(topicsOf(decoded), ['/market/candles:BTC-USDT_1hour']);
  });

  const bad: readonly [string, unknown][] = [
    ['start a number', candle({ 0: START })],
    ['start a fraction', candle({ 0: '1.5' })],
    ['start of the future', candle({ 0: at(10) })],
    ['no open', candle({ 1: '' })],
    ['volume NaN', candle({ 5: 'NaN' })],
    ['a short row', candle({}, { candles: [String(START), '1', '1', '1', '1', '1'] })],
    ['no row', candle({}, { candles: null })],
    ['no time', candle({}, { time: null })],
    ['unknown interval', candle({}, {}, '/market/candles:BTC-USDT_7min')],
    ['interval from a prototype', candle({}, {}, '/market/candles:BTC-USDT_constructor')],
    ['no symbol', candle({}, {}, '/market/candles:_1min')],
    ['no interval', candle({}, {}, '/market/candles:BTC-USDT')],
    ['endless symbol', candle({}, {}, `/market/candles:${'A'.repeat(65)}_1min`)],
  ];
  for (const [name, frame] of bad) {
    test(`malformed: ${name}`, () => assert.equal(connection()(frame).kind, 'unknown'));
  }

  test('contracts that are not listed, or of unknown size', () => {
    const frame = candle({}, {}, '/contractMarket/limitCandle:XBTUSDTM_1hour');
    for (const index of [new InstrumentIndex(), new InstrumentIndex([UNSIZED])])
      assert.equal(connection('kucoinLinear', index)(frame).kind, 'unknown');
  });
});

describe('other frames', () => {
  const cases: readonly [string, unknown, Decoded<MarketEvent>['kind']][] = [
    ['empty text', '', 'unknown'],
    ['no JSON', '<html>', 'unknown'],
    ['null', 'null', 'unknown'],
    ['a number', '1e999', 'unknown'],
    ['an array', '[]', 'unknown'],
    ['an empty object', '{}', 'unknown'],
    ['a message without a topic', '{"type":"message","data":{}}', 'unknown'],
    ['a message without data', '{"type":"message","topic":"/market/ticker:all"}', 'unknown'],
    ['another topic', '{"type":"message","topic":"/market/level2:BTC-USDT","data":{}}', 'unknown'],
    ['a topic of the other product', contract(), 'unknown'],
    [
      'a topic without a colon',
      '{"type":"message","topic":"/market/tickers","subject":"x","data":{}}',
      'unknown',
    ],
    ['an ack of nothing', '{"type":"ack"}', 'unknown'],
    ['an ack of a number', '{"type":"ack","id":17}', 'ack'],
    ['an error without a code', '{"type":"error","id":"1"}', 'unknown'],
    ['an error of nobody', '{"type":"error","code":400,"data":"ping timeout"}', 'refused'],
    ['hostile keys', '{"__proto__":{"type":"message"},"constructor":{"type":"ack"}}', 'unknown'],
    ['a hostile type', '{"type":"__proto__"}', 'unknown'],
    ['a flood of brackets', '['.repeat(100_000), 'unknown'],
  ];
  for (const [name, frame, kind] of cases) {
    test(name, () => assert.equal(connection()(frame).kind, kind));
  }

  const retries: readonly [number, string, boolean?][] = [
    ...[400, 403, 404, 406].map((code): [number, string, boolean] => [code, 'never', true]),
    [415, 'never'],
    [500, 'backoff'],
    [509, 'backoff', true],
    [999, 'backoff'],
  ];
  for (const [code, retry, split] of retries) {
    test(`error ${code}: ${retry}${split ? ', in pieces' : ''}`, () => {
      const decoded = connection()({ id: '5', type: 'error', code, data: `first\n${'x'.repeat(500)}` });
      const follow = { retry, ...(split !== undefined && { split }) };
      assert.deepEqual(decoded, {
        kind: 'refused',
        id: '5',
        reason: { code: String(code), text: 'first', ...follow },
      });
    });
  }

  test('hostile symbols do not fill the memory', () => {
    const decode = connection();
    const kinds = Array.from({ length: 20_001 }, (_, at) => decode(ticker({}, `S${at}`)).kind);
    assert.deepEqual([kinds.at(-2), kinds.at(-1)], ['events', 'unknown']);
    assert.equal(decode(ticker({ time: T0 + 1 }, 'S7')).kind, 'events');
    const topics = Array.from(
      { length: 5_001 },
      (_, at) => decode(candle({}, {}, `/market/candles:S${at}_1min`)).kind,
    );
    assert.deepEqual([topics.at(-2), topics.at(-1)], ['events', 'unknown']);
  });
});
