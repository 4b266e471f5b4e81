import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isDecimal, isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent, Ticker } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import type { Decoded, MarketDescriptor } from '../contract';
import { bitget } from './index';
import { INTERVAL_NAMES } from './intervals';
import type { PublicState } from './public';
import { publicCodec } from './public';

interface Fixture {
  id: string;
  exchange: string;
  stream: 'ticker' | 'candle' | 'control';
  frames: unknown[];
  expected: { tickers?: Partial<Ticker>[]; candles?: (Partial<Candle> & { interval: string })[] };
}

const RECEIVED_AT = 1_701_871_685_100;
const FOLDER = join(__dirname, '__fixtures__');
const FIXTURES = readdirSync(FOLDER).map(
  (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Fixture,
);

function fixture(id: string): Fixture {
  const found = FIXTURES.find((one) => one.id === id);
  assert.ok(found, `no fixture ${id}`);
  return found;
}

function marketOf(exchange: string): MarketDescriptor {
  const market = bitget.descriptor.markets.find((one) => one.exchange === exchange);
  assert.ok(market);
  return market;
}

const SYMBOLS: Record<string, string[]> = {
  bitget: ['BTCUSDT', 'ETHUSDT'],
  bitgetUsdm: ['STORJUSDT', 'BTCPERP'],
  bitgetCoinm: ['BTCUSD', 'BTCUSDZ24'],
};

const INDEXES = new Map(
  Object.entries(SYMBOLS).map(([exchange, symbols]) => [
    exchange,
    new InstrumentIndex(
      symbols.map((symbol) => ({ exchange, symbol, venueSymbol: symbol, base: 'B', quote: 'Q' })),
    ),
  ]),
);

/** One connection: its state lives from frame to frame. */
function connection(exchange = 'bitget'): (frame: unknown) => Decoded<MarketEvent> {
  const market = marketOf(exchange);
  const state = publicCodec.begin(market);
  const instruments = INDEXES.get(exchange)!;
  return (frame) => {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    return publicCodec.decode(text, { state, market, receivedAt: RECEIVED_AT, instruments });
  };
}

function decode(frame: unknown, exchange?: string): Decoded<MarketEvent> {
  return connection(exchange)(frame);
}

function eventsOf(decoded: Decoded<MarketEvent>): readonly MarketEvent[] {
  assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
  return decoded.kind === 'events' ? decoded.events : [];
}

const [TICKER_FRAME] = fixture('bitget.ticker.spot').frames as [{ arg: object; data: [object]; ts: number }];

/** The spot ticker fixture with some fields replaced. */
function ticker(changes: object): object {
  return { ...TICKER_FRAME, data: [{ ...TICKER_FRAME.data[0], ...changes }] };
}

// ---------------------------------------------------------------------------- fixtures

describe('bitget public codec: fixtures', () => {
  for (const { id, exchange, stream, frames, expected } of FIXTURES) {
    if (stream === 'control') continue;
    test(id, () => {
      const read = connection(exchange);
      const events = frames.flatMap((frame) => eventsOf(read(frame)));
      const wanted = [
        ...(expected.tickers ?? []),
        ...(expected.candles ?? []).map((one) => ({ ...one, interval: INTERVAL_NAMES[one.interval] })),
      ];
      assert.ok(wanted.length > 0);
      assert.equal(events.length, wanted.length);
      for (const [at, event] of events.entries()) {
        assert.equal(event.eventType, stream);
        assert.equal(event.exchange, exchange);
        assert.deepEqual({ ...event, ...wanted[at] }, event);
      }
    });
  }

  test('bitget.control.connection-ok', () => {
    assert.deepEqual(
      fixture('bitget.control.connection-ok').frames.map((frame) => decode(frame)),
      [
        { kind: 'loggedIn' },
        { kind: 'loggedIn' },
        { kind: 'ack', topics: ['orders:SPOT:default'] },
        { kind: 'ignored' },
        { kind: 'pong' },
      ],
    );
  });

  test('bitget.control.errors: a topic, a topic, the whole login', () => {
    const [unknownTopic, tooEarly, login] = fixture('bitget.control.errors').frames.map((one) => decode(one));
    assert.deepEqual(unknownTopic, {
      kind: 'refused',
      topics: ['books5:sp:BTCUSDT-'],
      reason: {
        code: '30001',
        text: "instType:sp,channel:books5,instId:BTCUSDT- doesn't exist",
        retry: { afterMs: 60_000 },
        retryUpToMs: 3_600_000,
      },
    });
    assert.equal(tooEarly?.kind === 'refused' && tooEarly.reason.retry, 'backoff');
    assert.deepEqual(login, {
      kind: 'loginRefused',
      reason: { code: '30005', text: 'login failed', retry: 'never' },
    });
  });
});

// ---------------------------------------------------------------------------- tickers

describe('bitget tickers', () => {
  const topics: [string, string, string, string][] = [
    ['bitget', 'SPOT', 'BTCUSDT', 'ticker:SPOT:BTCUSDT'],
    ['bitgetUsdm', 'USDT-FUTURES', 'STORJUSDT', 'ticker:USDT-FUTURES:STORJUSDT'],
    ['bitgetUsdm', 'USDC-FUTURES', 'BTCPERP', 'ticker:USDC-FUTURES:BTCPERP'],
    ['bitgetCoinm', 'COIN-FUTURES', 'BTCUSDZ24', 'ticker:COIN-FUTURES:BTCUSDZ24'],
  ];
  for (const [exchange, instType, instId, topic] of topics) {
    test(`${topic} shows life, symbol verbatim`, () => {
      const frame = { ...ticker({ instId }), arg: { instType, channel: 'ticker', instId } };
      const decoded = decode(frame, exchange);
      assert.deepEqual(decoded.kind === 'events' && decoded.topics, [topic]);
      assert.equal(eventsOf(decoded)[0]?.symbol, instId);
    });
  }

  test('a product line of another market is not ours', () => {
    for (const exchange of ['bitgetUsdm', 'bitgetCoinm']) {
      assert.deepEqual(decode(TICKER_FRAME, exchange), { kind: 'unknown', note: 'data of another market' });
    }
  });

  test('every row counts, and a bad one does not hide its neighbours', () => {
    const [row] = TICKER_FRAME.data;
    const rows = [row, { instId: 'BTCUSDT' }, null, { ...row, instId: 'ETHUSDT', lastPr: '7' }];
    const events = eventsOf(decode({ ...TICKER_FRAME, data: rows })) as Ticker[];
    assert.deepEqual(
      events.map(({ symbol, price }) => [symbol, price]),
      [
        ['BTCUSDT', '43528.19'],
        ['ETHUSDT', '7'],
      ],
    );
  });

  test('the time of the row counts, else that of the frame', () => {
    assert.equal(eventsOf(decode(TICKER_FRAME))[0]?.time, 1_701_842_994_338);
    assert.equal(eventsOf(decode(ticker({ ts: undefined })))[0]?.time, 1_701_842_994_341);
  });

  const BOOK = { bestBid: '43528', bestBidQnt: '0.0334', bestAsk: '43528.01', bestAskQnt: '0.1917' };
  const VOLUME = '15002.4216';
  const PRICE = '43528.19';
  const books: [string, object, Partial<Ticker>][] = [
    ['complete', {}, { ...BOOK, hasBook: true }],
    [
      'no bids',
      { bidPr: '0.00', bidSz: '0' },
      { ...BOOK, bestBid: PRICE, bestBidQnt: VOLUME, hasBook: false },
    ],
    ['no size is no side', { askSz: '0' }, { ...BOOK, bestAsk: PRICE, bestAskQnt: VOLUME, hasBook: false }],
    [
      'nothing, and no volume either',
      { bidPr: '', askPr: null, bidSz: undefined, baseVolume: '0' },
      { bestBid: PRICE, bestBidQnt: '1', bestAsk: PRICE, bestAskQnt: '1', hasBook: false },
    ],
    ['bid above ask is the venue’s word', { bidPr: '50000' }, { ...BOOK, bestBid: '50000', hasBook: true }],
  ];
  for (const [name, changes, expected] of books) {
    test(`book: ${name}`, () => {
      const [event] = eventsOf(decode(ticker(changes)));
      assert.deepEqual({ ...event, ...expected }, event);
    });
  }

  test('what the venue leaves out: the price for prices, 0 for volumes', () => {
    const blank = { open24h: '', high24h: null, low24h: undefined, baseVolume: '', quoteVolume: undefined };
    const [event] = eventsOf(decode(ticker(blank)));
    const standIns = { open: PRICE, high: PRICE, low: PRICE, volume: '0', volumeQuote: '0' };
    assert.deepEqual({ ...event, ...standIns }, event);
  });

  test('an unreadable statistic does not lose the price', () => {
    const nonsense = { open24h: 1, high24h: 'Infinity', baseVolume: '-1', quoteVolume: 'NaN' };
    const [event] = eventsOf(decode(ticker(nonsense)));
    const standIns = { price: PRICE, open: PRICE, high: PRICE, volume: '0', volumeQuote: '0' };
    assert.deepEqual({ ...event, ...standIns }, event);
  });

  for (const lastPr of ['', '0', '0.000', null]) {
    test(`no price (${JSON.stringify(lastPr)}) is life, but no event`, () => {
      const expected = { kind: 'events', topics: ['ticker:SPOT:BTCUSDT'], events: [] };
      assert.deepEqual(decode(ticker({ lastPr })), expected);
    });
  }

  const bad: [string, object][] = [
    ['price NaN', { lastPr: 'NaN' }],
    ['price with exponent', { lastPr: '1e5' }],
    ['price negative', { lastPr: '-1' }],
    ['price as number', { lastPr: 1 }],
    ['symbol missing', { instId: undefined }],
    ['symbol unlisted', { instId: 'XYZUSDT' }],
    ['symbol of a prototype', { instId: '__proto__' }],
    ['symbol constructor', { instId: 'constructor' }],
  ];
  for (const [name, changes] of bad) {
    test(`malformed: ${name}`, () => assert.equal(decode(ticker(changes)).kind, 'unknown'));
  }

  for (const ts of ['1701842994', '1701842994e10', '0000000000001', -1, 1.5, null]) {
    test(`malformed: time ${ts}, on row and frame`, () => {
      assert.equal(decode({ ...ticker({ ts }), ts }).kind, 'unknown');
    });
  }
});

// ---------------------------------------------------------------------------- candles

const START = 1_701_871_620_000;
const MINUTE = 60_000;
const TOPIC = 'candle1m:SPOT:BTCUSDT';

type Action = 'snapshot' | 'update';

function row(minute: number, close: string): string[] {
  return [String(START + minute * MINUTE), '2', '9', '1', close, '10', '20', '30'];
}

/** Rows as [minute, close]; the frame is sent in the middle of the last one. */
function candles(action: Action, ...bars: [number, string][]): object {
  const last = bars.at(-1)?.[0] ?? 0;
  return {
    action,
    arg: { instType: 'SPOT', channel: 'candle1m', instId: 'BTCUSDT' },
    data: bars.map(([minute, close]) => row(minute, close)),
    ts: START + last * MINUTE + 30_000,
  };
}

type Told = [minute: number, close: string, closed: boolean];

function told(decoded: Decoded<MarketEvent>): Told[] {
  return (eventsOf(decoded) as Candle[]).map(({ start, close, closed }) => [
    (start - START) / MINUTE,
    close,
    closed,
  ]);
}

describe('bitget candles: when a bar is closed', () => {
  const stories: [string, [Action, [number, string][], Told[]][]][] = [
    [
      'the first snapshot is history',
      [['snapshot', [[0, '3'], [1, '4']], []], ['update', [[1, '5']], [[1, '5', false]]]], // prettier-ignore
    ],
    [
      'a newer row closes the open bar with the values last seen',
      [
        ['snapshot', [[0, '3']], []],
        ['update', [[0, '4']], [[0, '4', false]]],
        ['update', [[1, '5']], [[0, '4', true], [1, '5', false]]], // prettier-ignore
      ],
    ],
    [
      'both bars in one frame: its last word on the old bar counts',
      [
        ['snapshot', [[0, '3']], []],
        ['update', [[0, '4'], [1, '5']], [[0, '4', true], [1, '5', false]]], // prettier-ignore
      ],
    ],
    [
      'rows of closed bars are dropped',
      [
        ['snapshot', [[0, '3'], [1, '4']], []], // prettier-ignore
        ['update', [[0, '8']], []],
        ['update', [[0, '8'], [2, '5']], [[1, '4', true], [2, '5', false]]], // prettier-ignore
      ],
    ],
    ['an update without a snapshot', [['update', [[0, '3']], [[0, '3', false]]]]],
    [
      'a snapshot on a running topic: what closed meanwhile, with its values',
      [
        ['snapshot', [[0, '3']], []],
        ['update', [[1, '4']], [[0, '3', true], [1, '4', false]]], // prettier-ignore
        [
          'snapshot',
          [[0, '7'], [1, '6'], [2, '5'], [3, '4']], // prettier-ignore
          [[1, '6', true], [2, '5', true], [3, '4', false]], // prettier-ignore
        ],
      ],
    ],
    [
      'a snapshot that does not reach back: nobody knows how the open bar ended',
      [
        ['snapshot', [[0, '3']], []],
        ['snapshot', [[5, '4'], [6, '5']], [[5, '4', true], [6, '5', false]]], // prettier-ignore
      ],
    ],
    [
      'an empty frame is life only',
      [
        ['snapshot', [], []],
        ['update', [], []],
      ],
    ],
  ];
  for (const [name, frames] of stories) {
    test(name, () => {
      const read = connection();
      for (const [action, bars, expected] of frames) {
        const decoded = read(candles(action, ...bars));
        assert.deepEqual(decoded.kind === 'events' && decoded.topics, [TOPIC]);
        assert.deepEqual(told(decoded), expected);
      }
    });
  }

  test('all fields, volume in base coin, time of the frame', () => {
    const read = connection();
    read(candles('snapshot', [0, '3']));
    const [closed, open] = eventsOf(read(candles('update', [1, '4']))) as Candle[];
    const bar = { eventType: 'candle', exchange: 'bitget', symbol: 'BTCUSDT', interval: '1m' } as const;
    const amounts = { open: '2', high: '9', low: '1', volume: '10', time: START + MINUTE + 30_000 };
    assert.deepEqual(closed, { ...bar, ...amounts, start: START, close: '3', closed: true });
    assert.deepEqual(open, { ...bar, ...amounts, start: START + MINUTE, close: '4', closed: false });
  });

  test('topics, intervals and connections do not disturb each other', () => {
    const read = connection();
    read(candles('snapshot', [5, '3']));
    const hour = { arg: { instType: 'SPOT', channel: 'candle1H', instId: 'BTCUSDT' } };
    assert.deepEqual(told(read({ ...candles('update', [0, '4']), ...hour })), [[0, '4', false]]);
    const ether = { arg: { instType: 'SPOT', channel: 'candle1m', instId: 'ETHUSDT' } };
    assert.deepEqual(told(read({ ...candles('update', [0, '5']), ...ether })), [[0, '5', false]]);
    assert.deepEqual(told(connection()(candles('update', [0, '6']))), [[0, '6', false]]);
  });

  describe('what could not be read may have been the last of a bar', () => {
    const lost: [string, unknown][] = [
      ['a truncated frame', JSON.stringify(candles('update', [0, '5'])).slice(0, -40)],
      ['a row of nonsense', { ...candles('update', [0, '5']), data: [row(0, 'NaN')] }],
      ['no rows', { ...candles('update', [0, '5']), data: null }],
      ['no time', { ...candles('update', [0, '5']), ts: undefined }],
      ['no topic', { ...candles('update', [0, '5']), arg: undefined }],
      ['a bar of the far future', { ...candles('update', [0, '4']), data: [row(1_000_000, '5')] }],
    ];
    for (const [name, frame] of lost) {
      test(`${name}: the bar is left to REST, the next one is closed again`, () => {
        const read = connection();
        read(candles('snapshot', [0, '3']));
        assert.equal(read(frame).kind, 'unknown');
        assert.deepEqual(told(read(candles('update', [1, '4']))), [[1, '4', false]]);
        assert.deepEqual(told(read(candles('update', [2, '5']))), [
          [1, '4', true],
          [2, '5', false],
        ]);
      });

      test(`${name}: a later row of the same bar tells all of it`, () => {
        const read = connection();
        read(candles('snapshot', [0, '3']));
        read(frame);
        read(candles('update', [0, '6']));
        assert.deepEqual(told(read(candles('update', [1, '4']))), [
          [0, '6', true],
          [1, '4', false],
        ]);
      });
    }

    test('a bad row among good ones: nothing that it may have ended is closed', () => {
      const read = connection();
      read(candles('snapshot', [0, '3']));
      const half = { ...candles('update', [0, '4'], [1, '5']), data: [row(0, 'NaN'), row(1, '5')] };
      assert.deepEqual(told(read(half)), [[1, '5', false]]);
      assert.deepEqual(told(read(candles('update', [2, '6']))), [[2, '6', false]]);
      assert.equal(told(read(candles('update', [3, '7']))).length, 2);
    });

    test('another topic keeps its trust, and answers to requests are no rows', () => {
      const read = connection();
      read(candles('snapshot', [0, '3']));
      const ether = { arg: { instType: 'SPOT', channel: 'candle1m', instId: 'ETHUSDT' } };
      read({ ...candles('update'), ...ether, data: ['x'] });
      read({ event: 'error', code: '30099', msg: 'of no topic' });
      assert.equal(told(read(candles('update', [1, '4']))).length, 2);
    });
  });

  const BAR = row(0, '3');
  const bad: [string, unknown][] = [
    ['no row', 'x'],
    ['empty row', []],
    ['time missing', ['', ...BAR.slice(1)]],
    ['open zero', [BAR[0], '0', ...BAR.slice(2)]],
    ['close as number', [...BAR.slice(0, 4), 2, ...BAR.slice(5)]],
    ['volume empty', [...BAR.slice(0, 5), '', ...BAR.slice(6)]],
  ];
  for (const [name, value] of bad) {
    for (const action of ['snapshot', 'update'] as const) {
      test(`malformed ${action}: ${name}`, () => {
        const frame = { ...candles(action), data: [value] };
        assert.deepEqual(decode(frame), { kind: 'unknown', note: 'candle: malformed' });
      });
    }
  }
});

// ---------------------------------------------------------------------------- everything else

describe('bitget answers and strangers', () => {
  const arg = { instType: 'SPOT', channel: 'ticker', instId: 'BTCUSDT' };
  const topics = ['ticker:SPOT:BTCUSDT'];

  test('an ack names its topic, of the account channel as well', () => {
    assert.deepEqual(decode({ event: 'subscribe', arg }), { kind: 'ack', topics });
    const account = { instType: 'SPOT', channel: 'account', coin: 'default' };
    assert.deepEqual(decode({ event: 'subscribe', arg: account }), {
      kind: 'ack',
      topics: ['account:SPOT:default'],
    });
  });

  const errors: [unknown, object | undefined, object][] = [
    [30001, arg, { kind: 'refused', topics, retry: { afterMs: 60_000 } }],
    ['30001', arg, { kind: 'refused', topics, retry: { afterMs: 60_000 } }],
    [30002, arg, { kind: 'refused', topics, retry: 'never' }],
    [30003, arg, { kind: 'refused', topics, retry: 'never' }],
    [30016, arg, { kind: 'refused', topics, retry: 'never' }],
    [30004, arg, { kind: 'refused', topics, retry: 'backoff' }],
    [12345, arg, { kind: 'refused', topics, retry: 'backoff' }],
    [30006, undefined, { kind: 'throttled', retry: { afterMs: 30_000 } }],
    [30007, undefined, { kind: 'throttled', retry: { afterMs: 30_000 } }],
    [30011, undefined, { kind: 'loginRefused', retry: 'never' }],
    [30012, undefined, { kind: 'loginRefused', retry: 'never' }],
    [30014, undefined, { kind: 'loginRefused', retry: 'backoff' }],
    [30015, undefined, { kind: 'loginRefused', retry: 'never' }],
  ];
  for (const [code, subject, expected] of errors) {
    test(`error ${JSON.stringify(code)}`, () => {
      const decoded = decode({ event: 'error', arg: subject, code, msg: 'why', op: 'subscribe' });
      assert.ok(
        decoded.kind === 'refused' || decoded.kind === 'throttled' || decoded.kind === 'loginRefused',
      );
      const { reason, ...answer } = decoded;
      assert.deepEqual({ ...answer, retry: reason.retry }, expected);
      assert.equal(reason.code, String(code));
      assert.equal(reason.text, 'why');
    });
  }

  test('a login that failed', () => {
    const decoded = decode({ event: 'login', code: 30005, msg: 'no' });
    assert.equal(decoded.kind, 'loginRefused');
  });

  test('the words of an error are cut to one short line', () => {
    const text = (msg: string): unknown => {
      const decoded = decode({ event: 'error', arg, code: 1, msg });
      return decoded.kind === 'refused' && decoded.reason.text;
    };
    assert.equal(text(`${'x'.repeat(500)}\nsecond`), 'x'.repeat(160));
    assert.equal(text('one\ntwo'), 'one');
  });

  const strangers: [string, unknown][] = [
    ['text', 'hello'],
    ['empty', ''],
    ['pong as JSON', '"pong"'],
    ['truncated', '{"action":"snapshot","arg":{"instTy'],
    ['null', null],
    ['number', 7],
    ['array', []],
    ['data without arg', { data: [] }],
    ['arg without channel', { arg: { instType: 'SPOT', instId: 'BTCUSDT' }, data: [] }],
    ['arg without instId', { arg: { instType: 'SPOT', channel: 'ticker' }, data: [] }],
    ['bars that open at UTC+8', { ...candles('update', [0, '1']), arg: { ...arg, channel: 'candle1D' } }],
    ['channel of a prototype', { ...candles('update', [0, '1']), arg: { ...arg, channel: 'constructor' } }],
    ['unlisted candle', { ...candles('update'), arg: { ...arg, channel: 'candle1m', instId: 'X' } }],
    ['candle without a time', { ...candles('update', [0, '1']), ts: undefined }],
    ['hostile keys', '{"__proto__":{"arg":{"instType":"SPOT"},"data":[]}}'],
    ['unknown event', { event: 'constructor' }],
    ['error without code', { event: 'error', arg, msg: 'hi' }],
    ['error without topic', { event: 'error', code: 30001, msg: 'hi' }],
    ['login without code', { event: 'login' }],
    ['ack without arg', { event: 'subscribe' }],
  ];
  for (const [name, frame] of strangers) {
    test(`unknown: ${name}`, () => assert.equal(decode(frame).kind, 'unknown'));
  }
});

describe('bitget public codec: hostile input', () => {
  const frames = FIXTURES.flatMap(({ exchange, frames: all }) =>
    all.map((frame) => ({ exchange, text: typeof frame === 'string' ? frame : JSON.stringify(frame) })),
  );
  const anyFrame = fc.constantFrom(...frames);

  function assertSound(decoded: Decoded<MarketEvent>): void {
    if (decoded.kind === 'unknown') assert.ok(decoded.note.length < 60);
    if (decoded.kind !== 'events') return;
    for (const event of decoded.events) {
      const { price, bestBid, bestAsk, bestBidQnt, bestAskQnt } = event as Ticker;
      const positive =
        event.eventType === 'ticker'
          ? [price, bestBid, bestAsk, bestBidQnt, bestAskQnt]
          : [event.open, event.high, event.low, event.close];
      for (const amount of positive) assert.ok(isPositive(amount), amount);
      for (const amount of [event.open, event.high, event.low, event.volume])
        assert.ok(isDecimal(amount), amount);
      assert.ok(Number.isSafeInteger(event.time) && event.time > 0);
    }
  }

  /** On a connection that has seen a bar already, so that both ways through the state are met. */
  function check(text: string, exchange = 'bitget'): void {
    const read = connection(exchange);
    read(candles('snapshot', [0, '3']));
    assertSound(read(text));
    assertSound(read(candles('update', [1, '4'])));
    assertSound(decode(text, exchange));
  }

  test('any text', () => fc.assert(fc.property(fc.string(), (text) => check(text))));

  test('any JSON', () => fc.assert(fc.property(fc.json(), (text) => check(text))));

  test('any truncation', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), ({ exchange, text }, cut) =>
        check(text.slice(0, cut % text.length), exchange),
      ),
    );
  });

  test('any replaced value, any replaced piece of text', () => {
    const replacement = fc.oneof(
      fc.json(),
      fc.constantFrom('"NaN"', '"Infinity"', '"-1"', '"1e9"', '""', 'null', '{"__proto__":1}', '[]'),
    );
    fc.assert(
      fc.property(anyFrame, fc.nat(), replacement, ({ exchange, text }, at, piece) => {
        const values = [...text.matchAll(/"[^"]*"(?=[,\]}])/g)];
        const value = values[at % Math.max(1, values.length)];
        if (value === undefined) return;
        check(text.slice(0, value.index) + piece + text.slice(value.index + value[0].length), exchange);
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.string({ maxLength: 4 }), ({ exchange, text }, at, piece) => {
        const from = at % text.length;
        check(text.slice(0, from) + piece + text.slice(from + piece.length), exchange);
      }),
      { numRuns: 1_000 },
    );
  });

  test('same frames and same state, same answer; the prototype stays clean', () => {
    const run = (): unknown => {
      const read = connection();
      return [candles('snapshot', [0, '3']), candles('update', [1, '4'])].map((frame) => read(frame));
    };
    assert.deepEqual(run(), run());
    decode('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    const state: PublicState = publicCodec.begin(marketOf('bitget'));
    assert.equal(state.size, 0);
  });
});
