import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { ReadPace } from './read-pace';

const asked: string[] = [];
let clock: FakeClock;
let pace: ReadPace;

beforeEach(() => {
  asked.length = 0;
  clock = new FakeClock();
  pace = new ReadPace({ pause: () => asked.push('pause'), resume: () => asked.push('resume') }, clock);
});

function frames(count: number): void {
  for (let frame = 0; frame < count; frame += 1) pace.frame();
}

/** 200 frames in 50 ms. */
async function busy(): Promise<void> {
  clock.advance(50);
  frames(200);
  await turn();
  clock.advance(1);
  asked.length = 0;
}

test('a quiet socket is read at once', async () => {
  clock.advance(150);
  frames(200);
  frames(1);
  await turn();
  assert.deepEqual(asked, []);
});

test('a busy socket rests for a millisecond after each turn that brought little', async () => {
  await busy();
  frames(3);
  await turn();
  assert.deepEqual(asked, ['pause']);
  clock.advance(1);
  assert.deepEqual(asked, ['pause', 'resume']);
  frames(1);
  await turn();
  assert.deepEqual(asked, ['pause', 'resume', 'pause']);
});

test('a turn that brought much is followed by the next', async () => {
  await busy();
  frames(64);
  await turn();
  assert.deepEqual(asked, []);
});

test('a socket that became quiet is read at once again', async () => {
  await busy();
  clock.advance(1_000);
  frames(200);
  frames(1);
  await turn();
  assert.deepEqual(asked, []);
});

test('once stopped it reads on, and leaves no timer', async () => {
  await busy();
  frames(1);
  await turn();
  pace.stop();
  assert.deepEqual(asked, ['pause', 'resume']);
  assert.equal(clock.pendingCount, 0);
  frames(1);
  await turn();
  assert.deepEqual(asked, ['pause', 'resume']);
});
