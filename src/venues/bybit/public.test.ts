import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isDecimal, isPositive } from '../../domain/decimal';
import type { MarketEvent } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import type { DecodeContext, Decoded, MarketDescriptor } from '../contract';
import { bybit } from './index';
import type { PublicState } from './public';

interface Fixture {
  readonly id: string;
  readonly exchange: string;
  readonly stream: string;
  readonly source: string;
  readonly frames: readonly unknown[];
  readonly expected: Readonly<Record<string, readonly Record<string, unknown>[]>>;
}

const FOLDER = join(__dirname, '__fixtures__');
const SYMBOLS = ['BTCUSDT', 'NKNUSDT', 'BTCUSD', 'BTC-26DEC25', 'ETHUSDT'];
const fixtures = readdirSync(FOLDER).map(
  (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Fixture,
);
const { codec } = bybit.publicFeed;

function marketOf(exchange: string): MarketDescriptor {
  return bybit.descriptor.markets.find((market) => market.exchange === exchange)!;
}

function begin(exchange: string): DecodeContext<PublicState> {
  const market = marketOf(exchange);
  const instruments = new InstrumentIndex(
    SYMBOLS.map((symbol) => ({ exchange, symbol, venueSymbol: symbol, base: 'B', quote: 'Q' })),
  );
  return { state: codec.begin(market), market, receivedAt: 1, instruments };
}

const textOf = (frame: unknown): string => (typeof frame === 'string' ? frame : JSON.stringify(frame));

function eventsOf(decoded: Decoded<MarketEvent>): readonly MarketEvent[] {
  assert.equal(decoded.kind, 'events');
  return decoded.kind === 'events' ? decoded.events : [];
}

function pick(from: object, like: object): object {
  return Object.fromEntries(Object.keys(like).map((key) => [key, from[key as keyof typeof from]]));
}

// ---------------------------------------------------------------------------- fixtures

for (const { id, exchange, stream, frames, expected } of fixtures) {
  if (stream === 'control') continue;
  test(`decodes ${id}`, () => {
    const context = begin(exchange);
    const events = frames.flatMap((frame) => eventsOf(codec.decode(textOf(frame), context)));
    const wanted = [...(expected.tickers ?? []), ...(expected.candles ?? [])].map((event) =>
      event.interval === undefined
        ? event
        : { ...event, interval: bybit.descriptor.intervalNames[event.interval as string] },
    );
    assert.ok(wanted.length > 0);
    assert.equal(events.length, wanted.length);
    wanted.forEach((event, at) => assert.deepEqual(pick(events[at]!, event), event));
    for (const event of events) assert.equal(event.exchange, exchange);
  });
}

function frameOf(id: string, at = 0): Record<string, unknown> {
  const frame = fixtures.find((fixture) => fixture.id === id)!.frames[at];
  return structuredClone(frame) as Record<string, unknown>;
}

test('names the topic that showed life, also where nothing is published', () => {
  const context = begin('bybitLinear');
  const decoded = [0, 1, 2].map((at) =>
    codec.decode(textOf(frameOf('bybitLinear.ticker.snapshot-and-deltas', at)), context),
  );
  for (const one of decoded) {
    assert.ok(one.kind === 'events');
    assert.deepEqual(one.topics, ['tickers.NKNUSDT']);
  }
  assert.deepEqual(eventsOf(decoded[2]!), []);
  const candle = codec.decode(textOf(frameOf('bybitLinear.candle.open-and-closed', 2)), context);
  assert.ok(candle.kind === 'events');
  assert.deepEqual(candle.topics, ['kline.D.BTC-26DEC25']);
  assert.equal(candle.events[0]!.time, 1766707200002);
});

// ---------------------------------------------------------------------------- answers

interface ExpectedControl {
  readonly kind: 'auth' | 'subscribe' | 'pong';
  readonly ok?: boolean;
  readonly reqId?: string;
  readonly reason?: string;
  readonly topic?: string;
  readonly benign?: boolean;
}

function checkAnswer(decoded: Decoded<MarketEvent>, wanted: ExpectedControl): void {
  if (wanted.kind === 'pong') return assert.deepEqual(decoded, { kind: 'pong' });
  // Nobody logs in on a public connection.
  if (wanted.kind === 'auth') return assert.deepEqual(decoded, { kind: 'ignored' });
  assert.ok(decoded.kind === 'ack' || decoded.kind === 'refused');
  assert.equal(decoded.kind, wanted.ok ? 'ack' : 'refused');
  assert.equal(decoded.id, wanted.reqId);
  if (decoded.kind === 'ack') return;
  assert.deepEqual(decoded.topics, wanted.topic === undefined ? undefined : [wanted.topic]);
  assert.equal(decoded.reason.text, wanted.reason);
  assert.equal(decoded.reason.alreadyLive ?? false, wanted.benign);
  // Without a name the guilty topic has to be searched for.
  assert.equal(decoded.reason.split ?? false, wanted.topic === undefined);
}

for (const { id, exchange, stream, frames, expected } of fixtures) {
  if (stream !== 'control') continue;
  test(`understands ${id}`, () => {
    const wanted = expected.control as unknown as readonly ExpectedControl[];
    assert.equal(wanted.length, frames.length);
    frames.forEach((frame, at) => checkAnswer(codec.decode(textOf(frame), begin(exchange)), wanted[at]!));
  });
}

const ANSWERS: readonly (readonly [string, object, object])[] = [
  [
    'spot words an unknown symbol in its own way',
    { op: 'subscribe', success: false, ret_msg: 'Invalid symbol :[tickers.NOPEUSDT]', req_id: '7' },
    { kind: 'refused', id: '7', topics: ['tickers.NOPEUSDT'] },
  ],
  [
    'several named topics',
    { op: 'subscribe', success: false, ret_msg: 'Invalid symbol :[tickers.A,kline.1.B]', req_id: '7' },
    { kind: 'refused', id: '7', topics: ['tickers.A', 'kline.1.B'] },
  ],
  ['camel-case names', { op: 'subscribe', retCode: 0, retMsg: 'OK', req_id: '8' }, { kind: 'ack', id: '8' }],
  [
    'a refusal without any text',
    { op: 'unsubscribe', success: false, req_id: '9' },
    { kind: 'refused', id: '9' },
  ],
  [
    'text that is no JSON',
    { success: false, ret_msg: 'Failed to decode incoming data:x', op: '' },
    { kind: 'unknown' },
  ],
  ['an answer without op', { success: true }, { kind: 'unknown' }],
];

for (const [title, frame, wanted] of ANSWERS) {
  test(`answers: ${title}`, () => {
    const decoded = codec.decode(JSON.stringify(frame), begin('bybit'));
    assert.deepEqual(pick(decoded, wanted), wanted);
  });
}

test('an unknown topic is asked for again in a minute, then ever more rarely', () => {
  const [frame] = fixtures.find(({ id }) => id === 'bybitLinear.control.subscribe-failed')!.frames;
  const decoded = codec.decode(textOf(frame), begin('bybitLinear'));
  assert.ok(decoded.kind === 'refused');
  assert.equal(decoded.reason.code, 'UNKNOWN_TOPIC');
  assert.deepEqual(decoded.reason.retry, { afterMs: 60_000 });
  assert.equal(decoded.reason.retryUpToMs, 1_800_000);
});

// ---------------------------------------------------------------------------- tickers

function ticker(exchange: string, data: object, type = 'snapshot'): string {
  const symbol = exchange === 'bybitInverse' ? 'BTCUSD' : 'BTCUSDT';
  return JSON.stringify({ topic: `tickers.${symbol}`, type, ts: 1_700_000_000_000, cs: 1, data });
}

const BOOK = { bid1Price: '9.9', bid1Size: '5', ask1Price: '10.1', ask1Size: '6' };
const DAY = {
  lastPrice: '10',
  prevPrice24h: '8',
  highPrice24h: '12',
  lowPrice24h: '7',
  volume24h: '100',
  turnover24h: '1000',
};

const TICKERS: readonly (readonly [string, string, object, object])[] = [
  [
    'a book is a book',
    'bybitLinear',
    { ...DAY, ...BOOK },
    { bestBid: '9.9', bestAskQnt: '6', hasBook: true },
  ],
  [
    'a missing side is the last price with nothing behind it',
    'bybitLinear',
    { ...DAY, ...BOOK, ask1Price: '', ask1Size: '' },
    { bestBid: '9.9', bestBidQnt: '5', bestAsk: '10', bestAskQnt: '0', hasBook: false },
  ],
  [
    'an ask of zero is no ask',
    'bybitLinear',
    { ...DAY, ...BOOK, ask1Price: '0' },
    { bestAsk: '10', bestAskQnt: '0', hasBook: false },
  ],
  [
    'a price without a size is no book',
    'bybitLinear',
    { ...DAY, ...BOOK, bid1Size: '' },
    { bestBid: '9.9', bestBidQnt: '0', hasBook: false },
  ],
  [
    'missing day fields fall back to the last price',
    'bybitLinear',
    { lastPrice: '10', highPrice24h: '', lowPrice24h: null, prevPrice24h: 7 },
    { open: '10', high: '10', low: '10', volume: '0', volumeQuote: '0', hasBook: false },
  ],
  ['spot knows no book', 'bybit', { ...DAY, ...BOOK }, { bestBid: '10', bestBidQnt: '100', hasBook: false }],
  ['inverse swaps the volumes', 'bybitInverse', DAY, { volume: '1000', volumeQuote: '100' }],
];

for (const [title, exchange, data, wanted] of TICKERS) {
  test(`tickers: ${title}`, () => {
    const [event] = eventsOf(codec.decode(ticker(exchange, data), begin(exchange)));
    assert.deepEqual(pick(event!, wanted), wanted);
  });
}

for (const lastPrice of ['', '0', '0.00', '-1', 'NaN', '1e5', 5, null, undefined, {}, '__proto__']) {
  test(`no ticker for the last price ${JSON.stringify(lastPrice)}`, () => {
    const context = begin('bybitLinear');
    const decoded = codec.decode(ticker('bybitLinear', { ...DAY, ...BOOK, lastPrice }), context);
    assert.deepEqual(eventsOf(decoded), []);
  });
}

describe('merging', () => {
  test('a delta without its snapshot publishes nothing', () => {
    const decoded = codec.decode(ticker('bybitLinear', DAY, 'delta'), begin('bybitLinear'));
    assert.deepEqual(decoded, { kind: 'unknown', note: 'delta without its snapshot' });
  });

  test('a snapshot replaces everything', () => {
    const context = begin('bybitLinear');
    codec.decode(ticker('bybitLinear', { ...DAY, ...BOOK }), context);
    const [event] = eventsOf(codec.decode(ticker('bybitLinear', { lastPrice: '11' }), context));
    assert.deepEqual(pick(event!, { bestBid: 0, high: 0, volume: 0, hasBook: 0 }), {
      bestBid: '11',
      high: '11',
      volume: '0',
      hasBook: false,
    });
  });

  for (const field of [...Object.keys(DAY), ...Object.keys(BOOK)]) {
    test(`a delta of ${field} alone is published`, () => {
      const context = begin('bybitLinear');
      codec.decode(ticker('bybitLinear', { ...DAY, ...BOOK }), context);
      const decoded = codec.decode(
        ticker('bybitLinear', { symbol: 'BTCUSDT', [field]: '9' }, 'delta'),
        context,
      );
      const [event] = eventsOf(decoded);
      assert.ok(Object.values(event!).includes('9'));
    });
  }

  test('symbols and connections keep apart', () => {
    const context = begin('bybitLinear');
    codec.decode(ticker('bybitLinear', DAY), context);
    const other = ticker('bybitLinear', DAY, 'delta').replace('tickers.BTCUSDT', 'tickers.ETHUSDT');
    assert.equal(codec.decode(other, context).kind, 'unknown');
    assert.equal(codec.decode(ticker('bybitLinear', DAY, 'delta'), begin('bybitLinear')).kind, 'unknown');
  });

  test('a published ticker does not change when the next delta comes', () => {
    const context = begin('bybitLinear');
    const [first] = eventsOf(codec.decode(ticker('bybitLinear', { ...DAY, ...BOOK }), context));
    const before = JSON.stringify(first);
    codec.decode(ticker('bybitLinear', { lastPrice: '99' }, 'delta'), context);
    assert.equal(JSON.stringify(first), before);
  });
});

// ---------------------------------------------------------------------------- candles

const ROW = {
  start: 1_700_000_040_000,
  open: '1',
  high: '2',
  low: '0.5',
  close: '1.5',
  volume: '0',
  confirm: false,
};

function kline(rows: unknown, topic = 'kline.1.BTCUSDT'): string {
  return JSON.stringify({ topic, ts: 1_700_000_060_000, type: 'snapshot', data: rows });
}

test('the close is told per row', () => {
  const rows = [
    { ...ROW, confirm: true },
    { ...ROW, start: 1_700_000_100_000 },
  ];
  const events = eventsOf(codec.decode(kline(rows), begin('bybit')));
  assert.deepEqual(
    events.map((event) => event.eventType === 'candle' && [event.start, event.closed]),
    [
      [1_700_000_040_000, true],
      [1_700_000_100_000, false],
    ],
  );
});

const KLINES: readonly (readonly [string, string, string | number])[] = [
  ['no rows', kline({}), 'kline without rows'],
  ['a malformed row', kline([{ ...ROW, close: 'x' }]), 'malformed kline'],
  ['a row without confirm', kline([{ ...ROW, confirm: undefined }]), 'malformed kline'],
  ['a negative volume', kline([{ ...ROW, volume: '-1' }]), 'malformed kline'],
  ['a malformed row beside a good one', kline([{ ...ROW, start: '1' }, ROW]), 1],
  ['a bar before the first trade', kline([{ ...ROW, open: '0', high: '0', low: '0', close: '0' }]), 0],
  ['an unknown interval', kline([ROW], 'kline.7.BTCUSDT'), 'kline of an unknown interval'],
  ['a hostile interval', kline([ROW], 'kline.constructor.BTCUSDT'), 'kline of an unknown interval'],
  ['a topic without symbol', kline([ROW], 'kline.1'), 'kline of an unknown interval'],
  ['an unlisted symbol', kline([ROW], 'kline.1.__proto__'), 'kline of an unlisted symbol'],
];

for (const [title, frame, wanted] of KLINES) {
  test(`klines: ${title}`, () => {
    const decoded = codec.decode(frame, begin('bybit'));
    if (typeof wanted === 'string') assert.deepEqual(decoded, { kind: 'unknown', note: wanted });
    else assert.equal(eventsOf(decoded).length, wanted);
  });
}

// ---------------------------------------------------------------------------- whatever may come

const KINDS = ['events', 'ack', 'refused', 'pong', 'ignored', 'unknown'];
const TICKER_PRICES = ['price', 'open', 'high', 'low', 'bestBid', 'bestAsk'];
const TICKER_AMOUNTS = ['volume', 'volumeQuote', 'bestBidQnt', 'bestAskQnt'];
const CANDLE_PRICES = ['open', 'high', 'low', 'close'];

function checkSane(decoded: Decoded<MarketEvent>): void {
  assert.ok(KINDS.includes(decoded.kind));
  if (decoded.kind !== 'events') return;
  for (const event of decoded.events) {
    const isTicker = event.eventType === 'ticker';
    const value = (key: string): unknown => event[key as keyof typeof event];
    for (const key of isTicker ? TICKER_PRICES : CANDLE_PRICES) assert.ok(isPositive(value(key)), key);
    for (const key of isTicker ? TICKER_AMOUNTS : ['volume']) {
      const amount = value(key);
      assert.ok(isDecimal(amount) && !amount.startsWith('-'), key);
    }
    assert.ok(Number.isSafeInteger(event.time) && event.time > 0);
    assert.ok(SYMBOLS.includes(event.symbol));
  }
}

/** Frames of one market in order, so that a damaged delta meets a filled state. */
function survives(exchange: string, texts: readonly string[]): void {
  const context = begin(exchange);
  for (const text of texts) checkSane(codec.decode(text, context));
}

const anyFrame = fc
  .constantFrom(...fixtures.flatMap(({ exchange, frames }) => frames.map((frame) => ({ exchange, frame }))))
  .map(({ exchange, frame }) => ({ exchange, frame, text: textOf(frame) }));

const hostile = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-0',
    '-5',
    '1e400',
    'NaN',
    'Infinity',
    '__proto__',
    'constructor',
    ' 1',
    '1.',
    '00',
  ),
  fc.constantFrom<unknown>(null, true, -1, 1e308, Number.MAX_VALUE, [], {}, [[]]),
  fc.jsonValue(),
);

/** Replaces the value at a random path. */
function damaged(value: unknown, path: readonly number[], by: unknown): unknown {
  if (path.length === 0 || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[path[0]! % Math.max(1, keys.length)];
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
  copy[key] = damaged(copy[key], path.slice(1), by);
  return copy;
}

describe('never throws and never publishes nonsense', () => {
  const market = fc.constantFrom('bybit', 'bybitLinear', 'bybitInverse');

  test('on any text', () => {
    fc.assert(
      fc.property(market, fc.string({ unit: 'binary' }), (exchange, text) => survives(exchange, [text])),
    );
  });

  test('on any JSON', () => {
    fc.assert(fc.property(market, fc.json(), (exchange, text) => survives(exchange, [text])));
  });

  test('on any truncation', () => {
    for (const { exchange, frames } of fixtures) {
      for (const frame of frames) {
        const text = textOf(frame);
        for (let length = 0; length <= text.length; length += 1) survives(exchange, [text.slice(0, length)]);
      }
    }
  });

  test('on any changed value, from snapshot to delta', () => {
    const path = fc.array(fc.nat(30), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyFrame, path, hostile, market, ({ frame, text }, at, by, exchange) => {
        survives(exchange, [text, textOf(damaged(frame, at, by)), text]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('on any changed character', () => {
    fc.assert(
      fc.property(
        anyFrame,
        fc.nat(),
        fc.string({ unit: 'binary', maxLength: 3 }),
        ({ exchange, text }, at, by) => {
          const cut = at % text.length;
          survives(exchange, [text, text.slice(0, cut) + by + text.slice(cut + 1)]);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

test('hostile keys reach no prototype', () => {
  const frame = `{"topic":"tickers.BTCUSDT","type":"snapshot","ts":1700000000000,"data":{"__proto__":{"lastPrice":"6"},"constructor":1}}`;
  assert.deepEqual(eventsOf(codec.decode(frame, begin('bybitLinear'))), []);
  assert.equal(
    codec.decode('{"topic":"tickers.__proto__","type":"delta","ts":1,"data":{}}', begin('bybit')).kind,
    'unknown',
  );
  assert.equal(({} as Record<string, unknown>).lastPrice, undefined);
});
