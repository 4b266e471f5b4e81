import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { FakeClock } from '../testing/fake-clock';
import { tinyMarket } from '../testing/market-venue';
import type { MarketDescriptor } from '../venues/contract';
import { RestTurns } from './rest-turns';

const marketOf = (countedAs: string): MarketDescriptor => ({
  ...tinyMarket,
  publicRest: { countedAs, rates: [{ count: 10, perMs: 1_000 }] },
});

describe('RestTurns', () => {
  let clock: FakeClock;
  let turns: RestTurns;
  let startedAt: number[];

  beforeEach(() => {
    clock = new FakeClock();
    turns = new RestTurns(clock);
    startedAt = [];
  });

  function ask(market: MarketDescriptor, weight?: number): Promise<void> {
    return turns.of(market)(() => {
      startedAt.push(clock.monotonic());
      return Promise.resolve();
    }, weight);
  }

  test('in no window more than the venue allows, by weight, in the order of asking', async () => {
    for (const weight of [4, 5, 2, undefined, 10]) void ask(marketOf('a'), weight);
    await clock.advanceAsync(5_000);
    assert.deepEqual(startedAt, [0, 0, 1_000, 1_000, 2_000]);
  });

  test('markets that the venue counts together share their turns, others do not', async () => {
    for (const name of ['a', 'a', 'b']) void ask({ ...marketOf(name), exchange: name }, 10);
    await clock.advanceAsync(1_500);
    assert.deepEqual(startedAt, [0, 0, 1_000]);
  });

  test('a market without rules of its own asks at once', async () => {
    for (let i = 0; i < 100; i += 1) void ask(tinyMarket, 10);
    await clock.advanceAsync(0);
    assert.equal(startedAt.length, 100);
  });

  test('a call that is refused for the limit holds all others as long as the venue says', async () => {
    const limited = new ConnectorError('REST_LIMITED', 'too many', { retry: { afterMs: 30_000 } });
    await assert.rejects(
      turns.of(marketOf('a'))(() => Promise.reject(limited)),
      limited,
    );
    void ask(marketOf('a'));
    await clock.advanceAsync(60_000);
    assert.deepEqual(startedAt, [30_000]);
  });

  test('stop: nobody is called any more, no timer is left', async () => {
    for (let i = 0; i < 3; i += 1) void ask(marketOf('a'), 10);
    await clock.advanceAsync(0);
    turns.stop();
    await clock.advanceAsync(10_000);
    assert.deepEqual([startedAt, clock.pendingCount], [[0], 0]);
  });
});
