import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isDecimal, isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent, Ticker } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import type { Decoded, MarketDescriptor } from '../contract';
import { okx } from './index';
import { INTERVAL_NAMES } from './intervals';
import { publicCodec } from './public';

interface Fixture {
  id: string;
  exchange: string;
  stream: 'ticker' | 'candle' | 'control';
  frames: unknown[];
  expected: { tickers?: Partial<Ticker>[]; candles?: (Partial<Candle> & { interval: string })[] };
}

const RECEIVED_AT = 1_757_076_061_000;
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
  const market = okx.descriptor.markets.find((one) => one.exchange === exchange);
  assert.ok(market);
  return market;
}

const VENUE_SYMBOLS: Record<string, Record<string, string>> = {
  okx: { 'BTC-USDT': 'BTC-USDT', 'BTC-USD': 'BTC-USD' },
  okxLinear: { 'BTC-USDT-SWAP': 'BTC-USDT', 'BTC-USD_UM_XPERP-310404': 'BTC-USD_UM_XPERP' },
  okxInverse: { 'BTC-USD-SWAP': 'BTC-USD' },
};

function indexOf(exchange: string): InstrumentIndex {
  return new InstrumentIndex(
    Object.entries(VENUE_SYMBOLS[exchange]!).map(([venueSymbol, symbol]) => ({
      exchange,
      symbol,
      venueSymbol,
      base: 'BTC',
      quote: 'USD',
    })),
  );
}

const INDEXES = new Map(Object.keys(VENUE_SYMBOLS).map((exchange) => [exchange, indexOf(exchange)]));

function decode(frame: unknown, exchange = 'okx'): Decoded<MarketEvent> {
  const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
  const market = marketOf(exchange);
  const instruments = INDEXES.get(exchange)!;
  return publicCodec.decode(text, { state: null, market, receivedAt: RECEIVED_AT, instruments });
}

function eventsOf(frame: unknown, exchange?: string): readonly MarketEvent[] {
  const decoded = decode(frame, exchange);
  assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
  return decoded.kind === 'events' ? decoded.events : [];
}

/** The spot ticker fixture with some fields replaced. */
function ticker(changes: object): object {
  const frame = fixture('okx.ticker.spot').frames[0] as { arg: object; data: object[] };
  return { ...frame, data: [{ ...frame.data[0], ...changes }] };
}

function candle(row: unknown, channel = 'candle1m'): object {
  return { arg: { channel, instId: 'BTC-USDT' }, data: [row] };
}

const BAR = ['1757076060000', '1', '4', '0.5', '2', '10', '20', '20', '0'];

describe('okx public codec', () => {
  for (const { id, exchange, stream, frames, expected } of FIXTURES.filter(
    (one) => one.stream !== 'control',
  )) {
    test(`fixture ${id}`, () => {
      const events = frames.flatMap((frame) => eventsOf(frame, exchange));
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

  test('fixture okx.control.notice: pong, then a notice 30 s ahead at least', () => {
    const [pong, notice] = fixture('okx.control.notice').frames.map((frame) => decode(frame));
    assert.deepEqual(pong, { kind: 'pong' });
    assert.deepEqual(notice, { kind: 'moveAway', afterMs: 30_000 });
  });

  test('fixture okx.control.subscribe-ack: acks and counters of private channels disturb nobody', () => {
    for (const frame of fixture('okx.control.subscribe-ack').frames) {
      assert.deepEqual(decode(frame), { kind: 'ignored' });
    }
  });

  test('fixture okx.control.subscribe-error: the topic is found in the prose', () => {
    const [error] = fixture('okx.control.subscribe-error').frames.map((frame) => decode(frame));
    assert.equal(error?.kind, 'refused');
    assert.deepEqual(error.kind === 'refused' && error.topics, ['index-tickers:NEAR-USDT-SWAP']);
    assert.equal(error.kind === 'refused' && error.reason.code, '60018');
  });

  test('a topic names its frames: tickers and candles', () => {
    const topics = [ticker({}), candle(BAR), candle(BAR, 'candle1Dutc')].map((frame) => {
      const decoded = decode(frame);
      return decoded.kind === 'events' ? decoded.topics : decoded;
    });
    assert.deepEqual(topics, [['tickers:BTC-USDT'], ['candle1m:BTC-USDT'], ['candle1Dutc:BTC-USDT']]);
  });

  test('every ticker row counts, and a bad one does not hide its neighbours', () => {
    const frame = ticker({}) as { data: object[] };
    const rows = [frame.data[0], { instId: 'BTC-USDT' }, { ...frame.data[0], last: '7' }];
    const prices = eventsOf({ ...frame, data: rows }).map((one) => one.eventType === 'ticker' && one.price);
    assert.deepEqual(prices, ['29934', '7']);
  });

  test('X-Perp: the dated id becomes the family', () => {
    const instId = 'BTC-USD_UM_XPERP-310404';
    const frame = { ...ticker({ instType: 'FUTURES', instId }), arg: { channel: 'tickers', instId } };
    assert.equal(eventsOf(frame, 'okxLinear')[0]?.symbol, 'BTC-USD_UM_XPERP');
  });

  test('swaps of the other kind are not ours, though they share SWAP', () => {
    const [frame] = fixture('okxInverse.ticker.swap').frames;
    assert.deepEqual(decode(frame, 'okxLinear'), { kind: 'unknown', note: 'ticker: unlisted' });
    assert.deepEqual(decode(candle(BAR), 'okxInverse'), { kind: 'unknown', note: 'candle: unlisted' });
  });

  const BOOK = { bestBid: '29934', bestBidQnt: '0.05181315', bestAsk: '29934.1', bestAskQnt: '0.30918743' };
  const LAST_SIZE = '0.00001468';
  const books: [string, object, Partial<Ticker>][] = [
    ['complete', {}, { ...BOOK, hasBook: true }],
    [
      'no bids',
      { bidPx: '', bidSz: '' },
      { ...BOOK, bestBid: '29934', bestBidQnt: LAST_SIZE, hasBook: false },
    ],
    [
      'no asks',
      { askPx: '', askSz: '' },
      { ...BOOK, bestAsk: '29934', bestAskQnt: LAST_SIZE, hasBook: false },
    ],
    [
      'zeros',
      { askPx: '0', askSz: '0', bidPx: '0', bidSz: '0', lastSz: '' },
      { bestBid: '29934', bestBidQnt: '1', bestAsk: '29934', bestAskQnt: '1', hasBook: false },
    ],
    ['bid above ask is normal', { bidPx: '30000' }, { ...BOOK, bestBid: '30000', hasBook: true }],
  ];
  for (const [name, changes, expected] of books) {
    test(`book: ${name}`, () => {
      const [event] = eventsOf(ticker(changes));
      assert.deepEqual({ ...event, ...expected }, event);
    });
  }

  test('missing numbers are 0', () => {
    const [event] = eventsOf(ticker({ open24h: '', high24h: '', low24h: '', vol24h: '', volCcy24h: '' }));
    const zeros = { open: '0', high: '0', low: '0', volume: '0', volumeQuote: '0' };
    assert.deepEqual({ ...event, ...zeros }, event);
  });

  for (const [name, changes, statistic] of [
    ['volume missing', { vol24h: undefined }, 'volume'],
    ['volume negative', { vol24h: '-1' }, 'volume'],
    ['quote volume null', { volCcy24h: null }, 'volumeQuote'],
    ['high Infinity', { high24h: 'Infinity' }, 'high'],
    ['open a number', { open24h: 1 }, 'open'],
  ] as const) {
    test(`an unreadable statistic does not lose the price: ${name}`, () => {
      const [good] = eventsOf(ticker({}));
      assert.deepEqual(eventsOf(ticker(changes)), [{ ...good, [statistic]: '0' }]);
    });
  }

  for (const last of ['', '0', '0.000']) {
    test(`a ticker without a price ('${last}') is life, but no event`, () => {
      assert.deepEqual(decode(ticker({ last })), {
        kind: 'events',
        topics: ['tickers:BTC-USDT'],
        events: [],
      });
    });
  }

  const badTickers: [string, object][] = [
    ['price NaN', { last: 'NaN' }],
    ['price with exponent', { last: '1e5' }],
    ['price negative', { last: '-1' }],
    ['price as number', { last: 1 }],
    ['time missing', { ts: undefined }],
    ['time in seconds', { ts: '1654166073' }],
    ['time with exponent', { ts: '1654166073e10' }],
    ['symbol missing', { instId: undefined }],
    ['symbol of a prototype', { instId: '__proto__' }],
    ['symbol constructor', { instId: 'constructor' }],
  ];
  for (const [name, changes] of badTickers) {
    test(`malformed ticker: ${name}`, () => {
      const decoded = decode(ticker(changes));
      assert.equal(decoded.kind, 'unknown');
    });
  }

  test('a candle frame has no event time: the receipt, held within the bar', () => {
    const timeOf = (ts: string, confirm: string): unknown => {
      const [event] = eventsOf(candle([ts, ...BAR.slice(1, 8), confirm]));
      return event?.time;
    };
    assert.equal(timeOf('1757076060000', '0'), RECEIVED_AT);
    assert.equal(timeOf('1757076060000', '1'), 1_757_076_120_000);
    assert.equal(timeOf('1757076000000', '0'), 1_757_076_060_000);
    assert.equal(timeOf('1757076120000', '0'), 1_757_076_120_000);
  });

  test('seven columns (old frames): not closed', () => {
    const [event] = eventsOf(candle(BAR.slice(0, 7)));
    assert.equal(event?.eventType === 'candle' && event.closed, false);
  });

  test('closed bar and next bar in one frame', () => {
    const next = ['1757076120000', ...BAR.slice(1)];
    const both = { ...candle(BAR), data: [[...BAR.slice(0, 8), '1'], next] };
    const starts = eventsOf(both).map((one) => one.eventType === 'candle' && [one.start, one.closed]);
    assert.deepEqual(starts, [
      [1_757_076_060_000, true],
      [1_757_076_120_000, false],
    ]);
  });

  const badCandles: [string, unknown][] = [
    ['no row', 'x'],
    ['empty row', []],
    ['time missing', ['', ...BAR.slice(1)]],
    ['open zero', [BAR[0], '0', ...BAR.slice(2)]],
    ['close as number', [...BAR.slice(0, 4), 2, ...BAR.slice(5)]],
    ['volume empty', [...BAR.slice(0, 5), '', ...BAR.slice(6)]],
  ];
  for (const [name, row] of badCandles) {
    test(`malformed candle: ${name}`, () => {
      assert.deepEqual(decode(candle(row)), { kind: 'unknown', note: 'candle: malformed' });
    });
  }

  const strangers: [string, unknown][] = [
    ['text', 'hello'],
    ['empty', ''],
    ['truncated', '{"arg":{"channel":"tick'],
    ['null', null],
    ['number', 7],
    ['array', []],
    ['data without arg', { data: [] }],
    ['arg without channel', { arg: { instId: 'BTC-USDT' }, data: [] }],
    ['arg without instId', { arg: { channel: 'tickers' }, data: [] }],
    ['Hong Kong day bar', candle(BAR, 'candle1D')],
    ['channel of a prototype', candle(BAR, 'constructor')],
    ['hostile keys', '{"__proto__":{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[]}}'],
    ['unknown event', { event: 'constructor' }],
    ['unknown notice', { event: 'notice', code: '1', msg: 'hi' }],
    ['error without code', { event: 'error', msg: 'hi' }],
    ['ack without arg', { event: 'subscribe' }],
    ['channel-conn-count-error', { event: 'channel-conn-count-error', channel: 'orders', connCount: '31' }],
  ];
  for (const [name, frame] of strangers) {
    test(`unknown: ${name}`, () => {
      assert.equal(decode(frame).kind, 'unknown');
    });
  }
});

describe('okx answers', () => {
  test('an ack names its own topic and nothing of the rest of its request', () => {
    const arg = { channel: 'tickers', instId: 'BTC-USDT' };
    assert.deepEqual(decode({ id: '17', event: 'subscribe', arg, connId: 'a' }), {
      kind: 'ack',
      topics: ['tickers:BTC-USDT'],
    });
    assert.deepEqual(decode({ id: '18', event: 'unsubscribe', arg, connId: 'a' }), { kind: 'ack', id: '18' });
    assert.deepEqual(decode({ event: 'unsubscribe', arg }), { kind: 'ignored' });
  });

  const missing = "Wrong URL or channel:tickers,instId:XXX-USDT doesn't exist. Please use the correct URL.";
  const HOUR = { afterMs: 3_600_000 };
  const SOON = { retry: { afterMs: 60_000 }, retryUpToMs: 3_600_000 };
  const errors: [string, string, object][] = [
    ['60018', missing, { kind: 'refused', topics: ['tickers:XXX-USDT'], ...SOON }],
    ['60018', 'Wrong URL', { kind: 'refused', id: '9', retry: HOUR, split: true }],
    ['64001', 'This channel has been migrated', { kind: 'refused', id: '9', retry: 'never', split: true }],
    ['60028', missing, { kind: 'refused', topics: ['tickers:XXX-USDT'], retry: 'never' }],
    ['60012', 'Invalid request: {"op":"sub"}', { kind: 'refused', id: '9', retry: 'never', split: true }],
    ['63999', 'Internal system error.', { kind: 'refused', id: '9', retry: 'backoff' }],
    ['12345', 'News', { kind: 'refused', id: '9', retry: 'backoff' }],
    ['60014', 'Requests too frequent.', { kind: 'throttled', retry: { afterMs: 60_000 } }],
  ];
  for (const [code, msg, expected] of errors) {
    test(`error ${code}: ${msg}`, () => {
      const decoded = decode({ id: '9', event: 'error', code, msg, connId: 'a4d3ae55' });
      assert.ok(decoded.kind === 'refused' || decoded.kind === 'throttled');
      const { reason, ...answer } = decoded;
      const { text, code: given, ...consequence } = reason;
      assert.deepEqual({ ...answer, ...consequence }, expected);
      assert.equal(given, code);
      assert.equal(text, msg);
    });
  }

  test('the words of an error are cut to one short line', () => {
    const decoded = decode({ event: 'error', code: '1', msg: `${'x'.repeat(500)}\nsecond` });
    assert.equal(decoded.kind === 'refused' && decoded.reason.text, 'x'.repeat(160));
    const lines = decode({ event: 'error', code: '1', msg: 'one\ntwo' });
    assert.equal(lines.kind === 'refused' && lines.reason.text, 'one');
  });
});

describe('okx public codec: hostile input', () => {
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
      const amounts = [event.open, event.high, event.low, event.volume];
      for (const amount of amounts) assert.ok(isDecimal(amount), amount);
      assert.ok(Number.isSafeInteger(event.time) && event.time > 0);
    }
  }

  test('any text', () => {
    fc.assert(fc.property(fc.string(), (text) => assertSound(decode(text))));
  });

  test('any JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => assertSound(decode(text))));
  });

  test('any truncation', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), ({ exchange, text }, cut) =>
        assertSound(decode(text.slice(0, cut % text.length), exchange)),
      ),
    );
  });

  test('any replaced value, any replaced piece of text', () => {
    const replacement = fc.oneof(
      fc.json(),
      fc.constantFrom('"NaN"', '"Infinity"', '"-1"', '"1e9"', '""', 'null', '{"__proto__":1}'),
    );
    fc.assert(
      fc.property(anyFrame, fc.nat(), replacement, ({ exchange, text }, at, piece) => {
        const values = [...text.matchAll(/"[^"]*"(?=[,\]}])/g)];
        const value = values[at % Math.max(1, values.length)];
        if (value === undefined) return;
        const mutated = text.slice(0, value.index) + piece + text.slice(value.index + value[0].length);
        assertSound(decode(mutated, exchange));
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.string({ maxLength: 4 }), ({ exchange, text }, at, piece) => {
        const from = at % text.length;
        assertSound(decode(text.slice(0, from) + piece + text.slice(from + piece.length), exchange));
      }),
      { numRuns: 1_000 },
    );
  });
});
