import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { AccountEvent } from '../domain/account';
import { FakeClock } from '../testing/fake-clock';
import { Holding } from './holding';

let clock: FakeClock;
let released: number[];
let holding: Holding;

const events: readonly AccountEvent[] = [];

beforeEach(() => {
  clock = new FakeClock();
  released = [];
  holding = new Holding(clock, (frames) => void released.push(...frames.map(({ receivedAt }) => receivedAt)));
});

test('events wait until what happened before is told, and go in order', () => {
  holding.begin();
  holding.live();
  holding.take({ events, receivedAt: 1 });
  holding.take({ events, receivedAt: 2 });
  assert.deepEqual(released, []);
  holding.end();
  holding.take({ events, receivedAt: 3 });
  assert.deepEqual(released, [1, 2, 3]);
  assert.equal(clock.pendingCount, 0);
});

test('a look that waits in a row of many does not hold back an event that comes later', () => {
  holding.begin();
  holding.live();
  clock.advance(2_000);
  holding.take({ events, receivedAt: 1 });
  assert.deepEqual(released, [1]);
});

test('an event waits no longer than two seconds from the begin of its session', () => {
  holding.begin();
  holding.live();
  clock.advance(1_500);
  holding.take({ events, receivedAt: 1 });
  clock.advance(499);
  assert.deepEqual(released, []);
  clock.advance(1);
  assert.deepEqual(released, [1]);
});

test('of a session that is lost nothing is kept; the next one holds its own', () => {
  holding.begin();
  holding.live();
  holding.take({ events, receivedAt: 1 });
  holding.begin();
  assert.deepEqual(released, [1]);
  clock.advance(5_000);
  holding.live();
  holding.take({ events, receivedAt: 2 });
  assert.deepEqual(released, [1]);
  clock.advance(2_000);
  assert.deepEqual(released, [1, 2]);
});
