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
import { kucoin } from './index';

const { markets } = kucoin.descriptor;
const { codec } = kucoin.publicFeed;

const folder = join(__dirname, '__fixtures__');
const frames = readdirSync(folder).flatMap((name) =>
  (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { frames: unknown[] }).frames.map((frame) =>
    typeof frame === 'string' ? frame : JSON.stringify(frame),
  ),
);

const instruments = new InstrumentIndex(
  ['XBTUSDTM', 'XBTUSDM'].map((venueSymbol) => ({
    ...{
      exchange: '',
      symbol: venueSymbol.slice(0, -1),
      venueSymbol,
      base: '',
      quote: '',
      contractSize: '0.001',
    },
  })),
);

function connection(market = markets[0]!): (text: string) => Decoded<MarketEvent> {
  const context = { state: codec.begin(market), market, receivedAt: 0, instruments };
  return (text) => codec.decode(text, context);
}

const START = 1_729_839_600;

function minute(start: number, close: string): string {
  const data = { candles: [String(start), '10', close, '20', '9', '1', '1'], time: '1729842192785164840' };
  return JSON.stringify({ type: 'message', topic: '/market/candles:BTC-USDT_1min', data });
}

function eventsOf(decoded: Decoded<MarketEvent>): readonly MarketEvent[] {
  return decoded.kind === 'events' ? decoded.events : assert.fail(decoded.kind);
}

function assertSoundEvent(event: MarketEvent): void {
  assert.ok(event.symbol.length > 0);
  assert.ok(Number.isSafeInteger(event.time) && event.time > 0);
  if (event.eventType === 'ticker') {
    for (const price of [event.price, event.bestBid, event.bestAsk]) assert.ok(isPositive(price), price);
    const amounts = [event.open, event.high, event.low, event.volume, event.volumeQuote];
    for (const amount of [...amounts, event.bestBidQnt, event.bestAskQnt])
      assert.ok(isDecimal(amount), amount);
    return;
  }
  for (const price of [event.open, event.high, event.low, event.close]) assert.ok(isPositive(price), price);
  assert.ok(isDecimal(event.volume) && isInterval(event.interval) && Number.isSafeInteger(event.start));
}

function assertSound(text: string): void {
  for (const market of markets) {
    const decoded = connection(market)(text);
    if (decoded.kind === 'events') decoded.events.forEach(assertSoundEvent);
    if (decoded.kind === 'unknown') assert.ok(decoded.note.length < 60);
  }
}

describe('properties: no frame throws, no event is unsound', () => {
  const anyFrame = fc.constantFrom(...frames);
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('', '0', '-1', '1e5', 'NaN', 'Infinity', '__proto__', 'constructor', 1e308, 5e-324, -0),
  );

  test('any text', () => fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), assertSound)));

  test('any JSON value', () => fc.assert(fc.property(fc.json(), assertSound)));

  test('any truncation of a real frame', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), (frame, cut) => assertSound(frame.slice(0, cut % frame.length))),
    );
  });

  test('any single character changed', () => {
    const character = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
    fc.assert(
      fc.property(anyFrame, fc.nat(), character, (frame, seed, by) => {
        const at = seed % frame.length;
        assertSound(frame.slice(0, at) + by + frame.slice(at + 1));
      }),
    );
  });

  test('any field or column replaced by anything', () => {
    const names =
      'topic type subject data symbol price bestBid bestBidSize time candles lastTradedPrice open vol buy ' +
      'changePrice datetime lastPrice volume ts id code bestBidPrice price24HoursBefore 0 1 2 3 4 5 6';
    fc.assert(
      fc.property(anyFrame, fc.constantFrom(...names.split(' ')), odd, (frame, name, value) => {
        const marked = JSON.stringify(JSON.parse(frame), (key, old: unknown) => (key === name ? '@' : old));
        assertSound(marked.replaceAll('"@"', JSON.stringify(value)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('any order of frames on one connection: bars never go backwards', () => {
    const bars = fc.array(fc.tuple(fc.nat(5), fc.nat(9)), { maxLength: 30 });
    fc.assert(
      fc.property(bars, (steps) => {
        const decode = connection();
        const closed: number[] = [];
        let newest = 0;
        for (const [bar, close] of steps) {
          const frame = minute(START + bar * 60, `1${close}`);
          for (const event of eventsOf(decode(frame))) {
            if (event.eventType !== 'candle') assert.fail('no candle');
            if (event.closed) closed.push(event.start);
            else assert.ok(event.start >= newest);
            newest = Math.max(newest, event.start);
          }
        }
        assert.deepEqual(
          closed,
          [...new Set(closed)].sort((a, b) => a - b),
        );
      }),
    );
  });
});
