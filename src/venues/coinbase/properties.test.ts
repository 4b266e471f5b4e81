import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isDecimal, isPositive } from '../../domain/decimal';
import type { MarketEvent } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import type { Decoded } from '../contract';
import { priceBefore, product } from './amounts';
import { coinbase } from './index';

const market = coinbase.descriptor.markets[0]!;
const { codec } = coinbase.publicFeed;
const instruments = new InstrumentIndex(
  ['BTC-USD', 'ETH-USD', 'SHIB-USD', 'EURC-USDC'].map((symbol) => ({
    ...{ exchange: 'coinbase', symbol, venueSymbol: symbol, base: '', quote: '' },
  })),
);

const FOLDER = join(__dirname, '__fixtures__');
const TRADE = {
  ...{ trade_id: '12010808', product_id: 'ETH-USD', price: '1260.01', size: '0.3', side: 'BUY' },
  time: '2023-02-09T20:19:35.265Z',
};
const frames = readdirSync(FOLDER)
  .flatMap((name) => (JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as { frames: unknown[] }).frames)
  .concat({
    ...{
      channel: 'market_trades',
      client_id: '',
      timestamp: '2023-02-09T20:20:02.39625135Z',
      sequence_num: 0,
    },
    events: [
      { type: 'snapshot', trades: [{ ...TRADE, trade_id: '12010809', time: '2023-02-09T20:20:01Z' }, TRADE] },
    ],
  })
  .map((frame) => JSON.stringify(frame));

function connection(): (text: string) => Decoded<MarketEvent> {
  const context = { state: codec.begin(market), market, receivedAt: 0, instruments };
  return (text) => codec.decode(text, context);
}

function assertSoundEvent(event: MarketEvent): void {
  assert.ok(event.symbol.length > 0);
  assert.ok(Number.isSafeInteger(event.time) && event.time > 0);
  if (event.eventType === 'ticker') {
    const { price, open, high, low, bestBid, bestAsk, volume, volumeQuote, bestBidQnt, bestAskQnt } = event;
    for (const one of [price, open, high, low, bestBid, bestAsk]) assert.ok(isPositive(one), one);
    for (const one of [volume, volumeQuote, bestBidQnt, bestAskQnt]) assert.ok(isDecimal(one), one);
    return;
  }
  for (const one of [event.open, event.high, event.low, event.close]) assert.ok(isPositive(one), one);
  assert.ok(isDecimal(event.volume) && Number.isSafeInteger(event.start));
}

function assertSound(text: string): void {
  const decoded = connection()(text);
  if (decoded.kind === 'events') decoded.events.forEach(assertSoundEvent);
  if (decoded.kind === 'unknown') assert.ok(decoded.note.length < 60);
}

describe('properties: no frame throws, no event is unsound', () => {
  const anyFrame = fc.constantFrom(...frames);
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('', '0', '-1', '1e5', 'NaN', 'Infinity', '__proto__', 'constructor', 1e308, 5e-324, -0),
  );

  test('the frames themselves', () => {
    const decode = connection();
    for (const frame of frames) {
      const decoded = decode(frame);
      if (decoded.kind === 'events') decoded.events.forEach(assertSoundEvent);
    }
  });

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
      { numRuns: 500 },
    );
  });

  test('any field replaced by anything', () => {
    const names =
      'channel timestamp sequence_num events type tickers candles trades subscriptions product_id price ' +
      'volume_24_h low_24_h high_24_h price_percent_chg_24_h best_bid best_ask best_bid_quantity ' +
      'best_ask_quantity start open high low close volume trade_id size time message ticker';
    fc.assert(
      fc.property(anyFrame, fc.constantFrom(...names.split(' ')), odd, (frame, name, value) => {
        const marked = JSON.stringify(JSON.parse(frame), (key, old: unknown) => (key === name ? '@' : old));
        assertSound(marked.replaceAll('"@"', JSON.stringify(value)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('a frame of very many rows ends soon', () => {
    const rows = (row: object): object[] => Array.from({ length: 30_000 }, () => row);
    const row = {
      start: '1688998200',
      open: '1',
      high: '1',
      low: '1',
      close: '1',
      volume: '1',
      product_id: 'ETH-USD',
    };
    const shared = { timestamp: '2023-07-10T14:14:39Z', sequence_num: 0 };
    const ticker = {
      product_id: 'ETH-USD',
      price: '1'.repeat(64),
      price_percent_chg_24_h: '0.'.padEnd(64, '1'),
    };
    for (const [channel, event] of [
      ['candles', { candles: rows(row) }],
      ['market_trades', { trades: rows({ ...TRADE, time: '2023-07-10T14:14:38Z' }) }],
      ['ticker', { tickers: rows(ticker) }],
    ]) {
      assertSound(JSON.stringify({ ...shared, channel, events: [event] }));
    }
  });

  test('any order of buckets: bars never go backwards, none closes twice', () => {
    const START = 1_688_998_200;
    const buckets = fc.array(fc.tuple(fc.nat(5), fc.boolean(), fc.nat(1)), { maxLength: 30 });
    fc.assert(
      fc.property(buckets, (steps) => {
        const decode = connection();
        const closed: number[] = [];
        let newest = 0;
        let sequence = 0;
        for (const [bucket, isSnapshot, skipped] of steps) {
          sequence += 1 + skipped;
          const row = { open: '1', high: '1', low: '1', close: '1', volume: '1', product_id: 'BTC-USD' };
          const event = {
            type: isSnapshot ? 'snapshot' : 'update',
            candles: [{ ...row, start: String(START + bucket * 300) }],
          };
          const timestamp = '2023-07-10T20:14:39.5Z';
          const decoded = decode(
            JSON.stringify({ channel: 'candles', timestamp, sequence_num: sequence, events: [event] }),
          );
          assert.ok(decoded.kind === 'events');
          for (const one of decoded.events) {
            if (one.eventType !== 'candle' || one.symbol !== 'BTC-USD') continue;
            if (one.closed) closed.push(one.start);
            else assert.ok(one.start >= newest);
            newest = Math.max(newest, one.start);
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

describe('arithmetic', () => {
  const amount = fc.tuple(fc.nat(10 ** 9), fc.nat(8)).map(([units, decimals]) => {
    const digits = String(units).padStart(decimals + 1, '0');
    const point = digits.length - decimals;
    return decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  });

  test('products are plain decimals, near what doubles say', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const text = product(a, b);
        assert.ok(isDecimal(text), text);
        const rough = Number(a) * Number(b);
        assert.ok(Math.abs(Number(text) - rough) <= rough * 1e-12);
      }),
    );
  });

  test('prices before a change are plain, positive and near what doubles say', () => {
    fc.assert(
      fc.property(
        amount,
        fc.integer({ min: -9_999, max: 99_999 }),
        fc.nat(12),
        (price, basisPoints, decimals) => {
          const percent = (basisPoints / 100).toFixed(2);
          const text = priceBefore(price, percent, decimals);
          const rough = Number(price) / (1 + Number(percent) / 100);
          if (text === undefined)
            return assert.ok(rough <= 0.5 * 10 ** -decimals + 1e-9, `${price} ${percent}`);
          assert.ok(isPositive(text), text);
          assert.ok(
            Math.abs(Number(text) - rough) <= 0.51 * 10 ** -decimals + rough * 1e-11,
            `${text} ${rough}`,
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
