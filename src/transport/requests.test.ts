import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Topic } from '../venues/contract';
import type { Wording } from './requests';
import { requestsFor, SentRequests } from './requests';

const wording: Wording = (topics, nextId) => {
  const id = String(nextId());
  return [{ id, topics, frame: JSON.stringify({ id, topics }) }];
};

function ids(): () => number {
  let last = 0;
  return () => (last += 1);
}

test('every topic is asked for once, in order, within the limits of count and bytes', () => {
  const anyTopic = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
  fc.assert(
    fc.property(
      fc.uniqueArray(anyTopic, { maxLength: 100 }),
      fc.integer({ min: 1, max: 30 }),
      (topics, topicsPerRequest) => {
        const rules = { topicsPerRequest, requestBytes: 1_000 };
        const requests = requestsFor(wording, topics, rules, ids());
        assert.deepEqual(
          requests.flatMap((request) => request.topics),
          topics,
        );
        for (const request of requests) {
          assert.ok(request.topics.length <= topicsPerRequest);
          assert.ok(Buffer.byteLength(request.frame) <= 1_000 || request.topics.length === 1);
        }
        assert.equal(new Set(requests.map(({ id }) => id)).size, requests.length);
      },
    ),
  );
});

test('a single topic that is too long is still asked for: the venue says what is wrong', () => {
  const long: Topic = 'x'.repeat(500);
  const requests = requestsFor(wording, ['a', long, 'b'], { topicsPerRequest: 10, requestBytes: 100 }, ids());
  assert.deepEqual(
    requests.map(({ topics }) => topics),
    [['a'], [long], ['b']],
  );
});

test('no topics, no request', () => {
  assert.deepEqual(requestsFor(wording, [], { topicsPerRequest: 10, requestBytes: 100 }, ids()), []);
});

test('requests are found once by their id; unanswered ones are forgotten, queued ones are not', () => {
  const sent = new SentRequests();
  const request = (id: string): { id: string; topics: Topic[]; frame: string } => ({
    id,
    topics: [],
    frame: '',
  });
  sent.note(request('1'), 'subscribe', 100);
  sent.note(request('2'), 'subscribe', 900);
  sent.note(request('3'), 'unsubscribe', Infinity);
  sent.note({ topics: [], frame: '' }, 'subscribe', 100);
  sent.forget(500);
  assert.equal(sent.size, 2);
  assert.equal(sent.take('1'), undefined);
  assert.equal(sent.take('3')?.kind, 'unsubscribe');
  assert.equal(sent.take('3'), undefined);
  assert.equal(sent.take(undefined), undefined);
});
