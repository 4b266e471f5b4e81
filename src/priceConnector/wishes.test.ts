import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CandleRequest } from './requests';
import { Wishes } from './wishes';

const wish = (symbol: string): CandleRequest => ({
  venue: 'a',
  exchange: 'aSpot',
  symbol,
  interval: '1m',
  alias: '1m',
});
const symbols = (wishes: Wishes): string[] => [...wishes.values()].map(({ symbol }) => symbol);

describe('Wishes', () => {
  test('of unknown symbols only the newest; who had to go may come again', () => {
    const wishes = new Wishes(2);
    const gone = ['A', 'B', 'C', 'D', 'A'].map((symbol) => wishes.doubt(wish(symbol))?.symbol);
    assert.deepEqual(gone, [undefined, undefined, 'A', 'B', 'C']);
    assert.deepEqual(symbols(wishes), ['D', 'A']);
  });

  test('asked for again: it is young again', () => {
    const wishes = new Wishes(2);
    for (const symbol of ['A', 'B', 'A', 'C']) wishes.doubt(wish(symbol));
    assert.deepEqual(symbols(wishes), ['A', 'C']);
  });

  test('those of listed symbols stay, whatever comes', () => {
    const wishes = new Wishes(2);
    wishes.doubt(wish('LISTED'));
    wishes.keep(wish('LISTED'));
    for (let i = 0; i < 100; i += 1) wishes.doubt(wish(`X${i}`));
    assert.deepEqual(symbols(wishes), ['LISTED', 'X98', 'X99']);
    assert.ok(wishes.isKept(wish('LISTED')) && !wishes.isKept(wish('X99')) && wishes.has(wish('X99')));
  });

  test('given up: gone from either side', () => {
    const wishes = new Wishes();
    wishes.keep(wish('A'));
    wishes.doubt(wish('B'));
    assert.deepEqual(
      ['A', 'B', 'C'].map((symbol) => wishes.delete(wish(symbol))),
      [true, true, false],
    );
    assert.equal(wishes.size, 0);
  });
});
