import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, Redis } from 'ioredis';
import type { BatchFailure } from './command-batch';
import { publishBatch } from './publish-batch';

const LOST = new Error('connection lost');

/** Publishes three messages on a client that writes, or does not; the answers are the test's. */
function publishThree(isWritable: boolean) {
  const replies: Command[] = [];
  const outcomes: (BatchFailure | undefined)[] = [];
  const client = {
    stream: { write: () => true },
    sendCommand: (command: Command, sink: { write(text: string): void }) => {
      replies.push(command);
      if (isWritable) sink.write(String(command.toWritable(client.stream)));
      else command.reject(LOST);
    },
  };
  const messages = ['a', 'b', 'c'].map((payload) => ({ channel: 'k', payload }));
  publishBatch(client as unknown as Redis, messages, (failure) => outcomes.push(failure));
  return { replies, outcomes };
}

test('all answered: no failure, told once', () => {
  const { replies, outcomes } = publishThree(true);
  for (const reply of replies) reply.resolve(1);
  assert.deepEqual(outcomes, [undefined]);
});

test('broken off: how many were answered before', () => {
  const { replies, outcomes } = publishThree(true);
  replies[0]?.resolve(1);
  replies[1]?.reject(LOST);
  assert.deepEqual(outcomes, []);
  replies[2]?.reject(LOST);
  assert.deepEqual(outcomes, [{ error: LOST, isSent: true, taken: 1, failed: new Set([1, 2]) }]);
});

test('one is refused: those behind it are not counted as taken, or they would overtake it', () => {
  const { replies, outcomes } = publishThree(true);
  replies[0]?.reject(LOST);
  for (const reply of replies.slice(1)) reply.resolve(1);
  assert.deepEqual(outcomes, [{ error: LOST, isSent: true, taken: 0, failed: new Set([0]) }]);
});

test('not writable: nothing of it left', () => {
  assert.deepEqual(publishThree(false).outcomes, [
    { error: LOST, isSent: false, taken: 0, failed: new Set([0, 1, 2]) },
  ]);
});
