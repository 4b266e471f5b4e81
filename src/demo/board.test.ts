import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Candle, Ticker } from '../domain/events';
import { Board } from './board';

const ticker = (exchange: string, symbol: string, price: string): Ticker =>
  ({ eventType: 'ticker', exchange, symbol, price }) as Ticker;
const candle = (exchange: string, close: string, closed: boolean): Candle =>
  ({ eventType: 'candle', exchange, close, closed }) as Candle;

describe('Board', () => {
  let firsts: string[];
  let board: Board;

  beforeEach(() => {
    firsts = [];
    board = new Board(({ exchange, symbol }) => firsts.push(`${exchange} ${symbol}`));
  });

  test('the first symbol of a market stands for it, and is told once', () => {
    board.ticker(ticker('a', 'X', '1'));
    board.ticker(ticker('a', 'Y', '2'));
    board.ticker(ticker('a', 'X', '3'));
    board.ticker(ticker('b', 'Z', '4'));
    assert.deepEqual(firsts, ['a X', 'b Z']);
    const market = board.markets.get('a');
    assert.deepEqual([market?.shown?.symbol, market?.shown?.price], ['X', '3']);
    assert.deepEqual([market?.updates, market?.symbols.size], [3, 2]);
  });

  test('forming and closed candles are counted apart, the newest is shown', () => {
    board.candle(candle('a', '1', false));
    board.candle(candle('a', '2', false));
    board.candle(candle('a', '3', true));
    const market = board.markets.get('a');
    assert.deepEqual([market?.openFrames, market?.closedCandles, market?.candle?.close], [2, 1, '3']);
    assert.equal(market?.shown, undefined, 'a candle is no ticker');
  });
});
