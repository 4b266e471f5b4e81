import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Candle, Ticker } from '../domain/events';
import { Board } from './board';
import { summary, table } from './screen';

const ticker = (over: Partial<Ticker> = {}): Ticker => ({
  eventType: 'ticker',
  exchange: 'binance',
  symbol: 'BTCUSDT',
  time: 1,
  price: '60000.1',
  open: '1',
  high: '1',
  low: '1',
  volume: '1',
  volumeQuote: '1',
  bestBid: '59999.9',
  bestBidQnt: '1',
  bestAsk: '60000.3',
  bestAskQnt: '1',
  hasBook: true,
  ...over,
});

describe('the demo’s screen', () => {
  let board: Board;

  beforeEach(() => {
    board = new Board(() => undefined);
  });

  const rowOf = (exchange: string, seconds = 10): string =>
    table(board, ['binance', 'okx'], seconds)
      .split('\n')
      .find((line) => line.startsWith(exchange)) ?? '';

  test('an exchange without data is seen, not left out', () => {
    assert.match(rowOf('okx'), /^okx +connecting \.\.\. *$/);
  });

  test('a row: price, book, rate and candle of the symbol that stands for the market', () => {
    for (let i = 0; i < 50; i += 1) board.ticker(ticker());
    board.candle({ exchange: 'binance', interval: '1m', open: '1', close: '2', closed: true } as Candle);
    const cells = rowOf('binance').split(/ {2,}|(?<=\S) (?=\S)/);
    for (const cell of ['binance', 'BTCUSDT', '60000.1', '59999.9', '60000.3', '5']) {
      assert.ok(cells.includes(cell), `${cell} in ${cells.join('|')}`);
    }
    assert.match(rowOf('binance'), /1m 1 > 2 +1 *$/);
  });

  test('stand-ins for a book are not shown as one', () => {
    board.ticker(ticker({ hasBook: false }));
    assert.doesNotMatch(rowOf('binance'), /59999\.9|60000\.3/);
  });

  test('columns stay in place, whatever the length of a price', () => {
    board.ticker(ticker({ price: '0.000000000000000000000123', symbol: 'A'.repeat(40) }));
    board.ticker(ticker({ exchange: 'okx' }));
    const lines = table(board, ['binance', 'okx'], 1).split('\n');
    assert.equal(new Set(lines.map((line) => line.length)).size, 1, lines.join('\n'));
  });

  test('the first second does not exaggerate the rate', () => {
    for (let i = 0; i < 7; i += 1) board.ticker(ticker());
    assert.match(rowOf('binance', 0.01), / 7 /);
  });

  test('the summary: every exchange, its counts, and the latency', () => {
    for (let i = 0; i < 30; i += 1) board.ticker(ticker({ symbol: `S${i % 3}` }));
    board.candle({ exchange: 'binance', closed: false } as Candle);
    const text = summary(board, ['binance', 'okx'], 15, [0.4, undefined]);
    assert.match(text, /^Summary of 15 s$/m);
    assert.match(text, /binance +30 updates +2\/s +3 symbols +1 open and 0 closed candles/);
    assert.match(text, /okx +0 updates +0\/s +0 symbols/);
    assert.match(text, /p50 0\.40 ms, p99 unknown/);
  });
});
