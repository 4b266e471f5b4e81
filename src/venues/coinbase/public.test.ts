import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Candle, MarketEvent, Ticker } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import type { DecodeContext, Decoded } from '../contract';
import { coinbase } from './index';
import type { PublicState } from './state';
import { bookOf } from './twins';

interface Fixture {
  readonly id: string;
  readonly stream: string;
  readonly context?: { readonly aliases: Readonly<Record<string, readonly string[]>> };
  readonly frames: readonly unknown[];
  readonly expected: Readonly<Record<string, readonly Record<string, unknown>[]>>;
}

const FOLDER = join(__dirname, '__fixtures__');
const fixtures = readdirSync(FOLDER).map(
  (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Fixture,
);
const { codec } = coinbase.publicFeed;
const market = coinbase.descriptor.markets[0]!;
const LISTED = ['BTC-USD', 'BTC-USDC', 'ETH-USD', 'SHIB-USD', 'EURC-USDC'];

function begin(symbols: readonly string[] = LISTED): DecodeContext<PublicState> {
  const instruments = new InstrumentIndex(
    symbols.map((symbol) => ({
      ...{ exchange: 'coinbase', symbol, venueSymbol: bookOf(symbol), base: 'B', quote: 'Q' },
    })),
  );
  return { state: codec.begin(market), market, receivedAt: 1, instruments };
}

const textOf = (frame: unknown): string => (typeof frame === 'string' ? frame : JSON.stringify(frame));

function decode(frame: unknown, context = begin()): Decoded<MarketEvent> {
  return codec.decode(textOf(frame), context);
}

function eventsOf(decoded: Decoded<MarketEvent>): readonly MarketEvent[] {
  return decoded.kind === 'events' ? decoded.events : assert.fail(JSON.stringify(decoded));
}

function pick(from: object, like: object): object {
  return Object.fromEntries(Object.keys(like).map((key) => [key, from[key as keyof typeof from]]));
}

// ---------------------------------------------------------------------------- fixtures

for (const { id, stream, frames, expected } of fixtures) {
  if (stream === 'control') continue;
  test(`decodes ${id}`, () => {
    const context = begin(['BTC-USD', 'BTC-USDC', 'ETH-USD', 'SHIB-USD', 'EURC-USDC']);
    const wanted = [...(expected.tickers ?? []), ...(expected.candles ?? [])];
    const named = new Set(wanted.map(({ symbol }) => symbol));
    const events = frames
      .map((frame) => decode(frame, context))
      .flatMap((decoded) => (decoded.kind === 'ack' ? [] : eventsOf(decoded)))
      // A copy for the twin that the fixture does not list is no error.
      .filter(({ symbol }) => named.has(symbol) || !symbol.endsWith('-USDC'));
    assert.equal(events.length, wanted.length);
    wanted.forEach((event, at) => assert.deepEqual(pick(events[at]!, event), event));
  });
}

const HEARTBEAT = fixtures.find(({ id }) => id === 'coinbase.control.user-session')!.frames[3];

describe('control frames', () => {
  const refused = (code: string, text: string): object => ({
    kind: 'refused',
    reason: { code, text, retry: 'backoff' },
  });
  const throttle = { code: 'RATE_LIMIT', text: 'rate limit exceeded', retry: { afterMs: 5_000 } };
  const answers: readonly object[] = [
    refused('AUTHENTICATION_FAILURE', 'authentication failure'),
    { kind: 'throttled', reason: throttle },
    refused('REFUSED', 'failure to subscribe'),
    { kind: 'ack', topics: ['ticker:BTC-USD', 'ticker:BTC-USDC@BTC-USD'] },
  ];
  for (const [at, wanted] of answers.entries()) {
    test(`coinbase.control.errors, frame ${at + 1}`, () => {
      const { frames } = fixtures.find(({ id }) => id === 'coinbase.control.errors')!;
      assert.deepEqual(decode(frames[at]), wanted);
    });
  }

  test('coinbase.control.user-session: other channels confirm nothing of ours, heartbeats are pongs', () => {
    const { frames } = fixtures.find(({ id }) => id === 'coinbase.control.user-session')!;
    const context = begin();
    const decoded = frames.map((frame) => decode(frame, context));
    assert.equal(decoded[0]?.kind, 'unknown');
    assert.deepEqual(decoded.slice(1), [
      { kind: 'ack', topics: [] },
      { kind: 'ack', topics: [] },
      { kind: 'pong' },
    ]);
  });

  test('an ack names every product of every channel, and nothing from a prototype', () => {
    const subscriptions =
      '{"ticker":["BTC-USD",7,"a b"],"candles":["EURC-USDC"],"__proto__":["X"],"constructor":["Y"],"level2":["Z"]}';
    const frame = `{"channel":"subscriptions","sequence_num":1,"events":[{"subscriptions":${subscriptions}}]}`;
    assert.deepEqual(decode(frame), {
      kind: 'ack',
      topics: ['ticker:BTC-USD', 'ticker:BTC-USDC@BTC-USD', 'candles:EURC-USDC'],
    });
  });
});

// ---------------------------------------------------------------------------- sequence numbers

const TIME = '2026-03-02T10:00:00Z';
const T0 = Date.parse(TIME);
const at = (ms: number): string => new Date(T0 + ms).toISOString();

function frame(channel: string, sequence_num: number, timestamp: string, event: object): object {
  return { channel, timestamp, sequence_num, events: [event] };
}

function beat(sequence: number, ms: number): object {
  return { ...(HEARTBEAT as object), sequence_num: sequence, timestamp: at(ms) };
}

describe('sequence numbers', () => {
  const numbers: readonly (readonly [string, readonly number[], boolean])[] = [
    ['a session in order', [0, 1, 2], false],
    ['a session joined late', [17, 18], false],
    ['a missing frame', [0, 2], true],
    ['a step back', [5, 4], true],
  ];
  for (const [title, sequence, isTold] of numbers) {
    test(`${title}: ${isTold ? 'told once, by the next heartbeat' : 'nothing to tell'}`, () => {
      const context = begin();
      for (const one of sequence) decode(frame('ticker', one, TIME, { tickers: [] }), context);
      const next = sequence.at(-1)! + 1;
      assert.equal(decode(beat(next, 0), context).kind, isTold ? 'unknown' : 'pong');
      assert.equal(decode(beat(next + 1, 0), context).kind, 'pong');
    });
  }

  test('error frames have no number and move nothing', () => {
    const context = begin();
    decode(beat(3, 0), context);
    decode({ type: 'error', message: 'failure to subscribe' }, context);
    assert.equal(decode(beat(4, 0), context).kind, 'pong');
  });
});

// ---------------------------------------------------------------------------- tickers

const ROW = {
  ...{ type: 'ticker', product_id: 'ETH-USD', price: '100', volume_24_h: '3', low_24_h: '90' },
  ...{ high_24_h: '110', price_percent_chg_24_h: '25', best_bid: '99.9', best_ask: '100.25' },
  ...{ best_bid_quantity: '5', best_ask_quantity: '6' },
};

function tickersOf(row: object, context = begin(['ETH-USD'])): readonly Ticker[] {
  const decoded = decode(frame('ticker', 1, TIME, { type: 'update', tickers: [row] }), context);
  return eventsOf(decoded) as readonly Ticker[];
}

const TICKERS: readonly (readonly [string, object, object])[] = [
  ['a book is a book', {}, { bestBid: '99.9', bestBidQnt: '5', bestAsk: '100.25', hasBook: true }],
  [
    'quote volume is estimated',
    { volume_24_h: '3974.98800786', price: '64281.7' },
    { volumeQuote: '255518986.624854162' },
  ],
  ['open is what the price was before its change', {}, { open: '80' }],
  ['open is rounded to the step of the prices', { price_percent_chg_24_h: '7' }, { open: '93.46' }],
  ['open of a fall', { price_percent_chg_24_h: '-50' }, { open: '200' }],
  ['open of a total loss', { price_percent_chg_24_h: '-100' }, { open: '100' }],
  [
    'open that would be rounded to zero',
    { price: '0.01', price_percent_chg_24_h: '900', best_bid: '', best_ask: '' },
    { open: '0.01' },
  ],
  ['open without a change', { price_percent_chg_24_h: 'NaN' }, { open: '100' }],
  [
    'a missing side is the last price with nothing behind it',
    { best_ask: '' },
    { bestAsk: '100', bestAskQnt: '0', hasBook: false },
  ],
  [
    'a price without a size is no book',
    { best_bid_quantity: undefined },
    { bestBid: '99.9', bestBidQnt: '0', hasBook: false },
  ],
  [
    'a frame of ticker_batch has no book',
    { best_bid: undefined, best_ask: undefined, best_bid_quantity: undefined, best_ask_quantity: undefined },
    { bestBid: '100', bestAsk: '100', bestBidQnt: '0', bestAskQnt: '0', hasBook: false },
  ],
  [
    'missing day fields fall back to the price',
    { high_24_h: '', low_24_h: null, volume_24_h: -1 },
    { high: '100', low: '100', volume: '0', volumeQuote: '0' },
  ],
];

for (const [title, fields, wanted] of TICKERS) {
  test(`tickers: ${title}`, () => {
    const [event] = tickersOf({ ...ROW, ...fields });
    assert.deepEqual(pick(event!, wanted), wanted);
  });
}

for (const price of ['', '0', '0.00', '-1', 'NaN', '1e5', 5, null, undefined, '9'.repeat(65)]) {
  test(`no ticker for the price ${JSON.stringify(price)?.slice(0, 12)}, but a sign of life`, () => {
    const decoded = decode(frame('ticker', 1, TIME, { tickers: [{ ...ROW, price }] }), begin(['ETH-USD']));
    assert.deepEqual(decoded, {
      kind: 'events',
      topics: ['ticker:ETH-USD', 'ticker:ETH-USDC@ETH-USD'],
      events: [],
    });
  });
}

describe('twins', () => {
  const symbols = (product_id: string, listed: readonly string[]): readonly string[] =>
    tickersOf({ ...ROW, product_id }, begin(listed)).map(({ symbol }) => symbol);

  test('one frame, two tickers, equal but for the symbol', () => {
    const [own, twin] = tickersOf({ ...ROW, product_id: 'BTC-USD' }, begin());
    assert.equal(twin!.symbol, 'BTC-USDC');
    assert.deepEqual({ ...twin, symbol: 'BTC-USD' }, own);
  });
  test('also where the list does not mention the twin', () => {
    assert.deepEqual(symbols('BTC-USD', ['BTC-USD']), ['BTC-USD', 'BTC-USDC']);
  });
  test('the twin alone, where only it is listed', () => {
    assert.deepEqual(symbols('BTC-USD', ['BTC-USDC']), ['BTC-USDC']);
  });
  test('a book of its own: by the rule, and by the list', () => {
    assert.deepEqual(symbols('EURC-USD', ['EURC-USD']), ['EURC-USD']);
    const context = begin(['NEW-USD']);
    const own = {
      exchange: 'coinbase',
      base: 'NEW',
      quote: 'USDC',
      symbol: 'NEW-USDC',
      venueSymbol: 'NEW-USDC',
    };
    context.instruments.replace([...context.instruments.all(), own]);
    assert.deepEqual(
      tickersOf({ ...ROW, product_id: 'NEW-USD' }, context).map(({ symbol }) => symbol),
      ['NEW-USD'],
    );
    assert.deepEqual(
      tickersOf({ ...ROW, product_id: 'NEW-USDC' }, context).map(({ symbol }) => symbol),
      ['NEW-USDC'],
    );
  });
  test('nothing, where only a twin with a book of its own is listed', () => {
    const context = begin([]);
    const own = { exchange: 'coinbase', symbol: 'NEW-USDC', venueSymbol: 'NEW-USDC', base: 'B', quote: 'Q' };
    context.instruments.replace([own]);
    const decoded = decode(
      frame('ticker', 1, TIME, { tickers: [{ ...ROW, product_id: 'NEW-USD' }] }),
      context,
    );
    assert.equal(decoded.kind, 'unknown');
  });
  test('other quotes have none', () => {
    assert.deepEqual(symbols('BTC-EUR', ['BTC-EUR']), ['BTC-EUR']);
  });
});

const TIMES: readonly (readonly [string, number | undefined])[] = [
  ['2026-03-02T10:00:00Z', T0],
  ['2026-03-02T10:00:00.2Z', T0 + 200],
  ['2026-03-02T10:00:00.999999999Z', T0 + 999],
  ['2026-03-02T10:00:00.0009Z', T0],
  ['2026-03-02T10:00:00', undefined],
  ['2026-03-02T10:00:00.Z', undefined],
  ['2026-03-02T10:00:00.1234567890Z', undefined],
  ['2026-03-02T10:00:00.12x4Z', undefined],
  ['2026-03-02T10:00:00+00:00', undefined],
  ['2026-13-02T10:00:00Z', undefined],
  ['Z', undefined],
];
for (const [text, wanted] of TIMES) {
  test(`reads the time ${text}`, () => {
    const decoded = decode(frame('ticker', 1, text, { tickers: [ROW] }));
    if (wanted === undefined) assert.deepEqual(decoded, { kind: 'unknown', note: 'frame without a time' });
    else assert.equal(eventsOf(decoded)[0]!.time, wanted);
  });
}

const UNKNOWN: readonly (readonly [string, unknown])[] = [
  ['an unlisted product', frame('ticker', 1, TIME, { tickers: [{ ...ROW, product_id: 'NOPE-USD' }] })],
  ['a hostile product', frame('ticker', 1, TIME, { tickers: [{ ...ROW, product_id: '__proto__' }] })],
  ['rows that are none', frame('ticker', 1, TIME, { tickers: [null, 7, 'x', []] })],
  ['no rows', frame('ticker', 1, TIME, {})],
  ['no events', { channel: 'ticker', timestamp: TIME, sequence_num: 1 }],
  ['a foreign channel', frame('level2', 1, TIME, {})],
  ['neither channel nor type', {}],
  ['an array', []],
  ['no JSON', '{'],
];
for (const [title, text] of UNKNOWN) {
  test(`unknown: ${title}`, () => assert.equal(decode(text).kind, 'unknown'));
}

for (const [channel, event] of [
  ['ticker', { tickers: [] }],
  ['candles', { type: 'snapshot', candles: [] }],
  ['market_trades', { type: 'snapshot', trades: [] }],
] as const) {
  test(`an empty frame of ${channel} is nothing to wonder about`, () => {
    assert.deepEqual(decode(frame(channel, 1, TIME, event)), { kind: 'ignored' });
  });
}

test('a malformed row or event does not spoil its neighbours', () => {
  const events = [{ tickers: [null, ROW] }, null, {}, { tickers: [{ ...ROW, price: '101' }] }];
  const decoded = decode({ channel: 'ticker', timestamp: TIME, sequence_num: 1, events });
  const own = (eventsOf(decoded) as readonly Ticker[]).filter(({ symbol }) => symbol === 'ETH-USD');
  assert.deepEqual(
    own.map(({ price }) => price),
    ['100', '101'],
  );
});

// ---------------------------------------------------------------------------- five-minute bars

const BUCKET = T0 / 1_000;

function row(bucket: number, close: string, product_id = 'ETH-USD'): object {
  const start = String(BUCKET + bucket * 300);
  return { start, open: '10', high: '20', low: '5', close, volume: '1', product_id };
}

type Told = readonly [number, string, 'closed' | 'open'];

function told(decoded: Decoded<MarketEvent>, start = T0, lengthMs = 300_000): readonly Told[] {
  return (eventsOf(decoded) as readonly Candle[])
    .filter(({ symbol }) => !symbol.endsWith('-USDC'))
    .map((one) => [(one.start - start) / lengthMs, one.close, one.closed ? 'closed' : 'open']);
}

describe('five-minute bars', () => {
  let sequence = 0;
  const candles = (
    context: DecodeContext<PublicState>,
    rows: readonly object[],
    type = 'update',
    skip = 0,
  ) => {
    sequence += 1 + skip;
    return told(decode(frame('candles', sequence, at(1_500_000), { type, candles: rows }), context));
  };

  test('a snapshot in any order: all but the newest are closed', () => {
    assert.deepEqual(candles(begin(), [row(1, '12'), row(2, '13'), row(0, '11')], 'snapshot'), [
      [0, '11', 'closed'],
      [1, '12', 'closed'],
      [2, '13', 'open'],
    ]);
  });

  test('the last row of a bucket may come with the first of the next', () => {
    const context = begin();
    candles(context, [row(0, '11')]);
    assert.deepEqual(candles(context, [row(1, '13'), row(0, '12')]), [
      [0, '12', 'closed'],
      [1, '13', 'open'],
    ]);
  });

  test('older rows are dropped; each product by itself', () => {
    const context = begin();
    candles(context, [row(1, '11')]);
    assert.deepEqual(candles(context, [row(0, '12')]), []);
    assert.deepEqual(candles(context, [row(0, '12', 'SHIB-USD')]), [[0, '12', 'open']]);
  });

  test('a bar that may have missed its last row is not closed', () => {
    const context = begin();
    candles(context, [row(0, '11')]);
    assert.deepEqual(candles(context, [row(1, '12')], 'update', 1), [[1, '12', 'open']]);
    assert.deepEqual(candles(context, [row(2, '13')]), [
      [1, '12', 'closed'],
      [2, '13', 'open'],
    ]);
  });

  test('a bar that was told again behind the gap is closed', () => {
    const context = begin();
    candles(context, [row(0, '11')]);
    candles(context, [row(0, '12')], 'update', 1);
    assert.deepEqual(candles(context, [row(1, '13')]), [
      [0, '12', 'closed'],
      [1, '13', 'open'],
    ]);
  });

  test('the snapshot of a renewed subscription closes only what it tells itself', () => {
    const context = begin();
    candles(context, [row(0, '11')]);
    assert.deepEqual(candles(context, [row(3, '13'), row(2, '12')], 'snapshot'), [
      [2, '12', 'closed'],
      [3, '13', 'open'],
    ]);
  });

  const MALFORMED: readonly (readonly [string, object])[] = [
    ['an odd start', { start: String(BUCKET + 1) }],
    ['a start in the future', { start: String(BUCKET + 9_000) }],
    ['a start that is no text', { start: BUCKET }],
    ['no close', { close: undefined }],
    ['a negative volume', { volume: '-1' }],
    ['an unlisted product', { product_id: 'NOPE-USD' }],
  ];
  for (const [title, fields] of MALFORMED) {
    test(`unknown: ${title}`, () => {
      const rows = [{ ...row(0, '11'), ...fields }];
      assert.equal(decode(frame('candles', 1, TIME, { type: 'update', candles: rows })).kind, 'unknown');
    });
  }

  test('a bucket before the first trade is life, but no candle', () => {
    assert.deepEqual(candles(begin(), [{ ...row(0, '0'), open: '0', high: '0', low: '0' }]), []);
  });
});
