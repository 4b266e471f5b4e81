import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { FakeClock } from './fake-clock';

let clock: FakeClock;
let ran: string[];
const note = (name: string) => (): void => void ran.push(`${name}@${clock.monotonic()}`);

beforeEach(() => {
  clock = new FakeClock(1_000_000);
  ran = [];
});

test('timers run in order of time, then of setting, at their time', () => {
  clock.after(20, note('late'));
  clock.after(10, note('first'));
  clock.after(10, note('second'));
  clock.advance(9);
  assert.deepEqual(ran, []);
  clock.advance(20);
  assert.deepEqual(ran, ['first@10', 'second@10', 'late@20']);
  assert.deepEqual([clock.monotonic(), clock.now(), clock.pendingCount], [29, 1_000_029, 0]);
});

test('a period repeats until it is cancelled, also by itself', () => {
  const timer = clock.every(10, () => {
    note('tick')();
    if (ran.length === 3) clock.cancel(timer);
  });
  clock.advance(100);
  assert.deepEqual(ran, ['tick@10', 'tick@20', 'tick@30']);
});

test('what a timer sets falls due in the same advance', () => {
  clock.after(10, () => clock.after(5, note('inner')));
  clock.advance(15);
  assert.deepEqual(ran, ['inner@15']);
});

test('a cancelled timer does not run; cancelling nothing is allowed', () => {
  clock.cancel(clock.after(1, note('never')));
  clock.cancel(undefined);
  clock.advance(10);
  assert.deepEqual(ran, []);
});

test('between timers promises settle', async () => {
  clock.after(10, () => void Promise.resolve().then(() => clock.after(10, note('after a promise'))));
  await clock.advanceAsync(20);
  assert.deepEqual(ran, ['after a promise@20']);
});

test('the wall clock may jump; monotonic time and timers do not', () => {
  clock.after(10, note('timer'));
  clock.advance(5);
  clock.setNow(77);
  assert.deepEqual([clock.now(), clock.monotonic(), ran], [77, 5, []]);
  clock.jump(-7);
  clock.advance(5);
  assert.deepEqual([clock.now(), ran], [75, ['timer@10']]);
});

test('a period of nothing does not stop time', () => {
  clock.every(0, note('tick'));
  clock.advance(3);
  assert.deepEqual(ran, ['tick@1', 'tick@2', 'tick@3']);
});
