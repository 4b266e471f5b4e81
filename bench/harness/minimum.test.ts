import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Instrument } from '../../src/domain/instrument';
import { allVenues } from '../../src/venues/registry';
import { earliest, leastOf } from './minimum';

describe('earliest', () => {
  const SECOND = 1_000;
  const cases = [
    { name: 'the first is free', rates: [{ count: 1, perMs: SECOND }], at: 0, ms: 0 },
    { name: 'a whole burst is free', rates: [{ count: 3, perMs: SECOND }], at: 2, ms: 0 },
    { name: 'the next burst waits', rates: [{ count: 3, perMs: SECOND }], at: 5, ms: SECOND },
    {
      name: 'the tighter of two rates holds',
      rates: [
        { count: 10, perMs: SECOND },
        { count: 1, perMs: 300 },
      ],
      at: 4,
      ms: 1_200,
    },
    { name: 'no rate, no wait', rates: [], at: 100, ms: 0 },
  ];
  for (const { name, rates, at, ms } of cases) {
    test(name, () => assert.equal(earliest(rates, at), ms));
  }
});

describe('leastOf', () => {
  test('a market with one topic for all needs one connection and one request', () => {
    const binance = allVenues().find(({ descriptor }) => descriptor.venue === 'binance');
    assert.ok(binance);
    const markets = binance.descriptor.markets.length;
    assert.deepEqual(leastOf(binance, new Map()), { connections: markets, requests: markets, ms: 0 });
  });

  test('markets of one host wait for the same dials', () => {
    const okx = allVenues().find(({ descriptor }) => descriptor.venue === 'okx');
    assert.ok(okx);
    const listed = (exchange: string): readonly Instrument[] =>
      Array.from({ length: 500 }, (_, at) => {
        const symbol = `C${at}-USDT`;
        return { exchange, symbol, venueSymbol: symbol, base: `C${at}`, quote: 'USDT' };
      });
    const instruments = new Map(okx.descriptor.markets.map(({ exchange }) => [exchange, listed(exchange)]));
    // 3 x 500 topics, 300 a connection, a dial every 1,050 ms.
    assert.deepEqual(leastOf(okx, instruments), { connections: 6, requests: 6, ms: 5 * 1_500 });
  });
});
