import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isDecimal, isPositive } from '../../domain/decimal';
import type { MarketEvent } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import { isInterval } from '../../domain/interval';
import type { Decoded } from '../contract';
import { binance } from './index';

const { markets } = binance.descriptor;
const { codec } = binance.publicFeed;

interface Fixture {
  readonly id: string;
  readonly exchange: string;
  readonly stream: string;
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

function decode(frame: unknown, exchange = 'binance'): Decoded<MarketEvent> {
  const market = marketOf(exchange);
  const context = { state: codec.begin(market), market, receivedAt: 0, instruments: new InstrumentIndex() };
  return codec.decode(textOf(frame), context);
}

function eventsOf(decoded: Decoded<MarketEvent>): readonly MarketEvent[] {
  assert.equal(decoded.kind, 'events');
  return decoded.kind === 'events' ? decoded.events : [];
}

function assertSubset(actual: object | undefined, expected: Readonly<Record<string, unknown>>): void {
  assert.ok(actual, `missing ${JSON.stringify(expected)}`);
  for (const [key, value] of Object.entries(expected)) {
    assert.deepEqual((actual as Record<string, unknown>)[key], value, key);
  }
}

const ticker = (over: object = {}) => ({
  ...{ e: '24hrMiniTicker', E: 1627994306672, s: 'ETHBTC', c: '0.06501800', o: '0.06576700' },
  ...{ h: '0.06705000', l: '0.06382900', v: '156839.07700000', q: '10299.90420965' },
  ...over,
});

const kline = (bar: object = {}, over: object = {}) => ({
  e: 'kline',
  E: 1627993846810,
  s: 'BTCUSDT',
  k: {
    ...{ t: 1627993800000, T: 1627993859999, s: 'BTCUSDT', i: '1m', o: '38231.29', c: '38183.30' },
    ...{ h: '38289.46', l: '38173.86', v: '33.118', x: false },
    ...bar,
  },
  ...over,
});

describe('recorded and documented frames', () => {
  for (const { id, exchange, stream, frames, expected } of fixtures.filter(
    (one) => one.stream !== 'control',
  )) {
    test(id, () => {
      const wanted = expected[`${stream}s`] ?? [];
      const events = frames.flatMap((frame) => eventsOf(decode(frame, exchange)));
      assert.equal(events.length, wanted.length);
      wanted.forEach((one, index) => assertSubset(events[index], { exchange, eventType: stream, ...one }));
    });
  }

  test('binance.control.subscribe-acks-and-errors', () => {
    const control = fixtures.find(({ id }) => id === 'binance.control.subscribe-acks-and-errors')!;
    const refused = (code: string, text: string, follow: object) => ({ reason: { code, text, ...follow } });
    const badRequest = 'Invalid request: missing field `method` at line 1 column 73';
    assert.deepEqual(
      control.frames.map((frame) => decode(frame)),
      [
        { kind: 'ack', id: '1' },
        { kind: 'ack', id: 'sub-42' },
        { kind: 'ack', id: '3', topics: ['btcusdt@kline_1m', '!miniTicker@arr'] },
        { kind: 'refused', id: '4', ...refused('2', badRequest, { retry: 'never', split: true }) },
        { kind: 'refused', id: '19', ...refused('4', 'Too many subscriptions', { retry: 'backoff' }) },
        {
          kind: 'refused',
          ...refused('3', 'Invalid JSON: expected value at line 1 column 2', { retry: 'backoff' }),
        },
        { kind: 'moveAway', afterMs: 0 },
        { kind: 'moveAway', afterMs: 0 },
      ],
    );
  });

  test('there are fixtures of every public stream', () => {
    const seen = new Set(fixtures.map(({ exchange, stream }) => `${exchange} ${stream}`));
    for (const { exchange } of markets) assert.ok(seen.has(`${exchange} ticker`), exchange);
    for (const exchange of ['binance', 'binanceUsdm', 'binanceCoinm'])
      assert.ok(seen.has(`${exchange} candle`));
  });
});

describe('topics', () => {
  const cases: readonly [string, unknown, string][] = [
    ['the envelope names the topic', { stream: '!miniTicker@arr', data: [ticker()] }, '!miniTicker@arr'],
    ['an empty array is life too', { stream: '!miniTicker@arr', data: [] }, '!miniTicker@arr'],
    ['a bare mini array', [ticker()], '!miniTicker@arr'],
    ['a bare full array', [ticker({ e: '24hrTicker' })], '!ticker@arr'],
    ['a bare mini ticker', ticker(), 'ethbtc@miniTicker'],
    ['a bare full ticker', ticker({ e: '24hrTicker' }), 'ethbtc@ticker'],
    ['an enveloped candle', { stream: 'btcusdt@kline_1m', data: kline() }, 'btcusdt@kline_1m'],
    ['a bare candle', kline(), 'btcusdt@kline_1m'],
    ['a month is no minute', kline({ i: '1M' }), 'btcusdt@kline_1M'],
    ['a symbol beyond ASCII', kline({ s: '币安人生USDT' }), '币安人生usdt@kline_1m'],
  ];
  for (const [name, frame, topic] of cases) {
    test(name, () => {
      const decoded = decode(frame);
      assert.deepEqual(decoded.kind === 'events' && decoded.topics, [topic]);
    });
  }
});

describe('tickers', () => {
  test('a mini ticker has no book', () => {
    const [event] = eventsOf(decode([ticker()]));
    assertSubset(event, { hasBook: false, bestBid: '0.06501800', bestAsk: '0.06501800' });
  });

  test('a full book is marked as such; each missing side gets its stand-in', () => {
    const book = { e: '24hrTicker', b: '0.0650', B: '2', a: '0.0651', A: '3' };
    assertSubset(eventsOf(decode([ticker(book)]))[0], {
      ...{ hasBook: true, bestBid: '0.0650', bestBidQnt: '2', bestAsk: '0.0651', bestAskQnt: '3' },
    });
    assertSubset(eventsOf(decode([ticker({ ...book, b: '0.00000000' })]))[0], {
      ...{ hasBook: false, bestBid: '0.06501800', bestBidQnt: '2', bestAsk: '0.0651' },
    });
    assertSubset(eventsOf(decode([ticker({ ...book, A: 'NaN' })]))[0], {
      ...{ hasBook: false, bestAskQnt: '10299.90420965' },
    });
  });

  test('a bad row leaves its neighbours alone', () => {
    for (const bad of [
      null,
      7,
      'x',
      [],
      {},
      ticker({ c: 1 }),
      ticker({ E: '1' }),
      ticker({ s: '' }),
      ticker({ c: '' }),
    ]) {
      assert.equal(eventsOf(decode([ticker(), bad, ticker()])).length, 2, JSON.stringify(bad));
    }
  });

  for (const [name, over, standIn] of [
    ['open empty', { o: '' }, { open: '0' }],
    ['high missing', { h: undefined }, { high: '0' }],
    ['low NaN', { l: 'NaN' }, { low: '0' }],
    ['volume negative', { v: '-1' }, { volume: '0' }],
    ['quote volume null', { q: null }, { volumeQuote: '0', bestBidQnt: '1', bestAskQnt: '1' }],
  ] as const) {
    test(`an unreadable statistic does not lose the price: ${name}`, () => {
      const [good] = eventsOf(decode([ticker()]));
      assert.deepEqual(eventsOf(decode([ticker(over)])), [{ ...good, ...standIn }]);
    });
  }

  const nothing: readonly [string, object, Decoded<MarketEvent>['kind']][] = [
    ['never traded', { c: '0.00000000' }, 'events'],
    ['price missing', { c: undefined }, 'unknown'],
    ['price a number', { c: 1.5 }, 'unknown'],
    ['price with an exponent', { c: '1e-7' }, 'unknown'],
    ['price NaN', { c: 'NaN' }, 'unknown'],
    ['price Infinity', { c: 'Infinity' }, 'unknown'],
    ['time fractional', { E: 1.5 }, 'unknown'],
    ['time in text', { E: '1627994306672' }, 'unknown'],
    ['symbol endless', { s: 'A'.repeat(65) }, 'unknown'],
  ];
  for (const [name, over, kind] of nothing) {
    test(`no event: ${name}`, () => {
      const decoded = decode([ticker(over)]);
      assert.equal(decoded.kind, kind);
      if (decoded.kind === 'events') assert.deepEqual(decoded.events, []);
    });
  }

  const owners: readonly [symbol: string, st: unknown, owner: string | undefined][] = [
    ['BTCUSDT', 1, 'binanceUsdm'],
    ['BTCUSD_PERP', 2, 'binanceCoinm'],
    ['BTCUSDT', undefined, 'binanceUsdm'],
    ['BTCUSDT_261225', undefined, 'binanceUsdm'],
    ['BTCUSD_PERP', undefined, 'binanceCoinm'],
    ['BTCUSD_261225', undefined, 'binanceCoinm'],
    ['BTCUSD_26122X', undefined, 'binanceUsdm'],
    ['BTCUSDT', 3, undefined],
    ['BTCUSDT', '1', undefined],
  ];
  for (const [s, st, owner] of owners) {
    test(`${s} with st ${JSON.stringify(st)} belongs to ${owner ?? 'nobody'}`, () => {
      for (const exchange of ['binanceUsdm', 'binanceCoinm']) {
        const events = eventsOf(decode([ticker({ e: '24hrTicker', s, st })], exchange));
        assert.equal(events.length, exchange === owner ? 1 : 0, exchange);
      }
    });
  }
});

describe('candles', () => {
  test('time is the event time of the frame', () => {
    assertSubset(eventsOf(decode(kline()))[0], { time: 1627993846810, start: 1627993800000, closed: false });
  });

  test('a bar without prices is life, but no event', () => {
    assert.deepEqual(eventsOf(decode(kline({ o: '0', h: '0', l: '0', c: '0', v: '0' }))), []);
  });

  const bad: readonly object[] = [
    ...[{ i: '7m' }, { i: 'constructor' }, { i: '__proto__' }, { t: null }, { t: -1 }],
    ...[{ x: 'true' }, { x: undefined }, { o: '' }, { c: 'NaN' }, { v: -1 }, { s: 5 }],
  ];
  for (const bar of bad) {
    test(`malformed: ${JSON.stringify(bar)}`, () => {
      assert.deepEqual(decode(kline(bar)), { kind: 'unknown', note: 'malformed candle' });
    });
  }
});

describe('other frames', () => {
  const cases: readonly [string, unknown, Decoded<MarketEvent>['kind']][] = [
    ['empty text', '', 'unknown'],
    ['no JSON', '<html>', 'unknown'],
    ['null', 'null', 'unknown'],
    ['a number', '1e999', 'unknown'],
    ['an empty array', '[]', 'unknown'],
    ['an empty object', '{}', 'unknown'],
    ['an unknown event', '{"e":"somethingNew"}', 'unknown'],
    ['an enveloped unknown event', '{"stream":"x","data":{"e":"somethingNew"}}', 'unknown'],
    ['an envelope around nothing', '{"stream":"x","data":null}', 'unknown'],
    ['shutdown inside an event', '{"event":{"e":"serverShutdown","E":1}}', 'moveAway'],
    ['an answer to nobody', '{"result":null,"id":null}', 'ignored'],
    ['hostile keys', '{"__proto__":{"e":"kline"},"constructor":{"e":"kline"}}', 'unknown'],
    ['a hostile type', '{"e":"__proto__"}', 'unknown'],
    ['a flood of brackets', '['.repeat(100_000), 'unknown'],
  ];
  for (const [name, frame, kind] of cases) {
    test(name, () => assert.equal(decode(frame).kind, kind));
  }

  test('a venue text is cut to a line', () => {
    const decoded = decode({ code: 2, msg: `first\n${'x'.repeat(500)}`, id: 1 });
    assert.equal(decoded.kind === 'refused' && decoded.reason.text, 'first');
  });
});

// ---------------------------------------------------------------------------- properties

const KINDS = ['events', 'ack', 'refused', 'moveAway', 'ignored', 'unknown'];

function assertSound(frame: string): void {
  for (const { exchange } of markets) {
    const decoded = decode(frame, exchange);
    assert.ok(KINDS.includes(decoded.kind));
    if (decoded.kind === 'events') for (const event of decoded.events) assertSoundEvent(event, exchange);
  }
}

function assertSoundEvent(event: MarketEvent, exchange: string): void {
  assert.equal(event.exchange, exchange);
  assert.ok(event.symbol.length > 0 && Number.isSafeInteger(event.time));
  for (const amount of [event.open, event.high, event.low, event.volume]) assert.ok(isDecimal(amount));
  if (event.eventType === 'ticker') {
    for (const price of [event.price, event.bestBid, event.bestAsk]) assert.ok(isPositive(price));
    for (const amount of [event.volumeQuote, event.bestBidQnt, event.bestAskQnt])
      assert.ok(isDecimal(amount));
    if (event.hasBook) assert.ok(isPositive(event.bestBidQnt) && isPositive(event.bestAskQnt));
    return;
  }
  for (const price of [event.open, event.high, event.low, event.close]) assert.ok(isPositive(price));
  assert.ok(isInterval(event.interval) && Number.isSafeInteger(event.start));
}

describe('properties: no frame throws, no event is unsound', () => {
  const recorded = fixtures.flatMap(({ frames }) => frames.map(textOf));
  const anyFrame = fc.constantFrom(...recorded);
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('', '0', '-1', '1e5', 'NaN', 'Infinity', '__proto__', 'constructor', '0.00000000', 1e308),
  );

  test('any text', () => fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), assertSound)));

  test('any JSON value', () => fc.assert(fc.property(fc.json(), assertSound)));

  test('any truncation of a real frame', () => {
    fc.assert(fc.property(anyFrame, fc.nat(), (frame, at) => assertSound(frame.slice(0, at % frame.length))));
  });

  test('any single character changed', () => {
    const character = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
    const changed = fc.tuple(anyFrame, fc.nat(), character);
    fc.assert(
      fc.property(changed, ([frame, seed, by]) => {
        const at = seed % frame.length;
        assertSound(frame.slice(0, at) + by + frame.slice(at + 1));
      }),
    );
  });

  test('any field replaced by anything', () => {
    const field = fc.constantFrom(
      ...'eEscohlvqbBaAktixT',
      'st',
      'data',
      'stream',
      'id',
      'code',
      'error',
      'result',
    );
    fc.assert(
      fc.property(anyFrame, field, odd, (frame, name, value) => {
        // Read with a reviver: it walks upwards and never into what it has put in.
        const replaced: unknown = JSON.parse(frame, (key, old: unknown) => (key === name ? value : old));
        assertSound(JSON.stringify(replaced));
      }),
      { numRuns: 500 },
    );
  });
});
