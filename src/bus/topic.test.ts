import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topicMatches } from './topic';

const CASES: readonly (readonly [pattern: string, key: string, expected: boolean])[] = [
  ['user.#', 'user.bybit.executionReport.u', true],
  ['user.#', 'user', true],
  ['user.#', 'users.bybit', false],
  ['#', 'anything.at.all', true],
  ['candle.*.1m.*', 'candle.bybit.1m.BTCUSDT', true],
  ['candle.*.1m.*', 'candle.bybit.1h.BTCUSDT', false],
  ['candle.*', 'candle.bybit.1m', false],
  ['candle.*', 'candle', false],
  ['#.BTCUSDT', 'candle.bybit.1m.BTCUSDT', true],
  ['a.#.b.*', 'a.x.b.y.b.z', true],
  ['a.#.b', 'a.b.c', false],
  ['ticker.bybit', 'ticker.bybit', true],
  ['ticker.bybit', 'ticker.bybitLinear', false],
];

for (const [pattern, key, expected] of CASES) {
  test(`${pattern} ${expected ? 'takes' : 'leaves'} ${key}`, () => {
    assert.equal(topicMatches(pattern, key), expected);
  });
}
