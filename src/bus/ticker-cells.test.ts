import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ticker } from '../domain/events';
import { TickerCells } from './ticker-cells';

const ticker = (exchange: string, symbol: string, price: string): Ticker => ({
  eventType: 'ticker',
  exchange,
  symbol,
  time: 1,
  price,
  open: price,
  high: price,
  low: price,
  volume: '5',
  volumeQuote: '50',
  bestBid: price,
  bestBidQnt: '1',
  bestAsk: price,
  bestAskQnt: '2',
  hasBook: false,
});

const priceIn = (body: string): unknown => (JSON.parse(body) as { price: unknown }).price;

describe('TickerCells', () => {
  test('one cell per symbol and exchange, rendered with its newest value', () => {
    const cells = new TickerCells('last');
    const first = cells.with(ticker('x', 'A', '1'), 10);
    assert.equal(first.channel, 'trade@A@x');
    const second = cells.with(ticker('x', 'A', '2'), 20);
    assert.equal(second, first);
    assert.equal(second.receivedAt, 20);
    assert.equal(priceIn(second.render(0)), 2);
  });

  test('the same symbol elsewhere is another one', () => {
    const cells = new TickerCells('last');
    const here = cells.with(ticker('x', 'A', '1'), 0);
    const there = cells.with(ticker('y', 'A', '2'), 0);
    assert.deepEqual([here.channel, there.channel], ['trade@A@x', 'trade@A@y']);
    assert.equal(priceIn(here.render(0)), 1);
  });

  test('names that a prototype has are names', () => {
    const cells = new TickerCells('last');
    assert.equal(
      cells.with(ticker('constructor', '__proto__', '1'), 0).channel,
      'trade@__proto__@constructor',
    );
  });
});
