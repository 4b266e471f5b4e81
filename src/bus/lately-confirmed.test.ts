import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatelyConfirmed } from './lately-confirmed';

const entry = (body: string) => ({
  message: {
    routingKey: 'k',
    body,
    properties: { type: 't', timestamp: 0, persistent: true, headers: {} },
  },
  bytes: body.length,
  offeredAt: 0,
  done: () => assert.fail('told done twice'),
  isConfirmed: true,
});

const taken = (kept: LatelyConfirmed, now: number): string[] =>
  [...kept.take(now)].map(([key, entries]) => `${key} ${entries.map((one) => one.message.body).join(' ')}`);

test('what was confirmed lately is taken once, by key, as new', () => {
  const kept = new LatelyConfirmed({ ms: 1_000, messages: 10, bytes: 100 });
  kept.add('a', entry('old'), 0);
  kept.add('a', entry('1'), 600);
  kept.add('b', entry('2'), 700);
  kept.add('a', entry('3'), 800);
  const [first] = kept.take(1_500).get('a') ?? [];
  assert.deepEqual(
    { ...first, message: first?.message.body },
    {
      message: '1',
      bytes: 1,
      offeredAt: 1_500,
      done: undefined,
      isConfirmed: false,
    },
  );
  assert.deepEqual(taken(kept, 1_500), []);
});

test('a time that has passed is forgotten also where nothing new is confirmed', () => {
  const kept = new LatelyConfirmed({ ms: 1_000, messages: 10, bytes: 100 });
  kept.add('a', entry('1'), 0);
  assert.deepEqual(taken(kept, 1_001), []);
});

test('bounds of messages and of bytes: the oldest go first', () => {
  const kept = new LatelyConfirmed({ ms: 1_000, messages: 3, bytes: 6 });
  for (const body of ['1', '2', '3', '4']) kept.add('a', entry(body), 0);
  assert.deepEqual(taken(kept, 0), ['a 2 3 4']);
  for (const body of ['1', '2', 'three']) kept.add('a', entry(body), 0);
  assert.deepEqual(taken(kept, 0), ['a 2 three']);
});
