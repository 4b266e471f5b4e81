import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Candle, MarketEvent, Ticker } from '../domain/events';
import { FakeClock } from '../testing/fake-clock';
import { Mirror } from './mirror';

const ticker = (symbol: string, price: string, exchange = 'x'): Ticker =>
  ({ eventType: 'ticker', exchange, symbol, price }) as Ticker;
const candle = (start: number): Candle =>
  ({ eventType: 'candle', exchange: 'x', symbol: 'A', start }) as Candle;

describe('Mirror', () => {
  let clock: FakeClock;
  let batches: (readonly MarketEvent[])[];
  let mirror: Mirror;

  beforeEach(() => {
    clock = new FakeClock();
    batches = [];
    mirror = new Mirror(clock, (events) => batches.push(events));
  });

  const sent = (): string[] =>
    batches
      .flat()
      .map((event) =>
        event.eventType === 'ticker'
          ? `${event.symbol}@${event.exchange} ${event.price}`
          : `bar ${event.start}`,
      );

  test('nothing crosses while nobody listens', () => {
    mirror.offer(ticker('A', '1'));
    mirror.offer(candle(1));
    clock.advance(1_000);
    mirror.switch(true);
    clock.advance(1_000);
    assert.deepEqual(batches, []);
  });

  test('in batches: every candle in order, newest ticker per symbol and exchange', () => {
    mirror.switch(true);
    for (const event of [ticker('A', '1'), candle(1), ticker('A', '2'), ticker('A', '9', 'y'), candle(2)]) {
      mirror.offer(event);
    }
    clock.advance(49);
    assert.equal(batches.length, 0);
    clock.advance(1);
    assert.equal(batches.length, 1);
    assert.deepEqual(sent(), ['bar 1', 'bar 2', 'A@x 2', 'A@y 9']);
    clock.advance(1_000);
    assert.equal(batches.length, 1, 'nothing new, nothing sent');
  });

  test('bounded: a stopped main thread costs at most so many candles', () => {
    mirror.switch(true);
    for (let start = 0; start < 20_000; start += 1) mirror.offer(candle(start));
    clock.advance(50);
    assert.equal(batches[0]?.length, 10_000);
  });

  test('switched off: what was collected is forgotten', () => {
    mirror.switch(true);
    mirror.offer(ticker('A', '1'));
    mirror.offer(candle(1));
    mirror.switch(false);
    clock.advance(1_000);
    assert.deepEqual(batches, []);
  });

  test('stop hands over the rest and ends the timer', () => {
    mirror.switch(true);
    mirror.offer(candle(1));
    mirror.stop();
    assert.deepEqual(sent(), ['bar 1']);
    assert.equal(clock.pendingCount, 0);
  });
});
