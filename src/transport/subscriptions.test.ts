import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Refusal, Topic } from '../venues/contract';
import { Subscriptions } from './subscriptions';

const RULES = { ackConfirms: true, ackTimeoutMs: 10_000 };
const NEVER: Refusal = { code: 'GONE', text: 'gone', retry: 'never' };
const BACKOFF: Refusal = { code: 'BUSY', text: 'busy', retry: 'backoff' };
const IN_AN_HOUR: Refusal = { code: 'LATER', text: 'later', retry: { afterMs: 3_600_000 } };
const HIDDEN: Refusal = { ...NEVER, split: true };

function wanting(topics: readonly Topic[], rules = RULES): Subscriptions {
  const one = new Subscriptions(rules);
  for (const topic of topics) one.want(topic, 0);
  return one;
}

let lastId = 0;

/** Asks for everything that is due; returns the ids with their topics. */
function ask(
  one: Subscriptions,
  now = 0,
  topicsPerRequest = 10,
): readonly { id: string; topics: readonly Topic[] }[] {
  return one.due(now, topicsPerRequest).map((topics) => {
    const id = String((lastId += 1));
    one.asked({ id, topics, frame: '' }, 'subscribe', now);
    return { id, topics };
  });
}

/** As `ask`, for a venue that has two requests for the same topics. */
function askTwice(one: Subscriptions, now = 0): readonly string[] {
  return one.due(now, 10).flatMap((topics) =>
    ['first', 'second'].map((frame) => {
      const id = String((lastId += 1));
      const request = { id, topics, frame };
      one.asked(request, 'subscribe', Infinity);
      one.asked(request, 'subscribe', now);
      return id;
    }),
  );
}

const states = (one: Subscriptions): Record<Topic, string | undefined> =>
  Object.fromEntries(one.topics.map((topic) => [topic, one.stateOf(topic)]));

test('an ack by id confirms the topics of its request and no others', () => {
  const one = wanting(['a', 'b', 'c']);
  const [first] = ask(one, 0, 2);
  one.acknowledge({ id: first!.id }, 1);
  assert.deepEqual(states(one), { a: 'confirmed', b: 'confirmed', c: 'pending' });
  assert.equal(one.isSettled, false);
});

test('an ack by topics confirms these', () => {
  const one = wanting(['a', 'b']);
  ask(one);
  one.acknowledge({ topics: ['b', 'stranger'] }, 1);
  assert.deepEqual(states(one), { a: 'pending', b: 'confirmed' });
});

test('where an ack proves nothing only data confirm', () => {
  const one = wanting(['a', 'b'], { ...RULES, ackConfirms: false });
  const [request] = ask(one);
  one.acknowledge({ id: request!.id }, 1);
  assert.deepEqual(states(one), { a: 'acked', b: 'acked' });
  one.data(['b', 'stranger'], 2);
  assert.deepEqual(states(one), { a: 'acked', b: 'confirmed' });
  assert.deepEqual(one.tally(), { wanted: 0, pending: 0, acked: 1, confirmed: 1, refused: 0 });
});

test('a named topic is refused alone; the others of its request are asked for again', () => {
  const one = wanting(['a', 'bad', 'c']);
  const [request] = ask(one);
  const refused = one.refuse({ id: request!.id, topics: ['bad'] }, NEVER, 1);
  assert.deepEqual(refused, [{ topic: 'bad', refusal: NEVER }]);
  assert.deepEqual(one.due(1, 10), [['a', 'c']]);
});

test('a topic refused by name, without an id, leaves its neighbours to their own answers', () => {
  const one = wanting(['a', 'bad']);
  ask(one);
  one.refuse({ topics: ['bad'] }, NEVER, 1);
  assert.deepEqual(states(one), { a: 'pending', bad: 'refused' });
});

test('a refused request without a culprit is refused as a whole', () => {
  const one = wanting(['a', 'b']);
  const [request] = ask(one);
  assert.equal(one.refuse({ id: request!.id }, BACKOFF, 1)?.length, 2);
  assert.equal(one.isSettled, true);
});

for (const guilty of [['t0'], ['t13'], ['t3', 't4'], ['t0', 't7', 't8', 't15']]) {
  test(`halving finds exactly ${guilty.join(', ')} among sixteen`, () => {
    const topics = Array.from({ length: 16 }, (_, index) => `t${index}`);
    const one = wanting(topics);
    const refused: Topic[] = [];
    let requests = 0;
    for (let asked = ask(one, 0, 16); asked.length > 0; asked = ask(one, 0, 16)) {
      requests += asked.length;
      assert.ok(requests < 100);
      for (const request of asked) {
        const isBad = request.topics.some((topic) => guilty.includes(topic));
        if (!isBad) one.acknowledge({ id: request.id }, 0);
        else refused.push(...one.refuse({ id: request.id }, HIDDEN, 0)!.map(({ topic }) => topic));
      }
    }
    assert.deepEqual(refused.sort(), [...guilty].sort());
    assert.equal(one.tally().confirmed, 16 - guilty.length);
  });
}

test('already live counts as an ack, and the rest of the request is asked for again', () => {
  const one = wanting(['a', 'b']);
  const [request] = ask(one);
  const refused = one.refuse({ id: request!.id, topics: ['a'] }, { ...BACKOFF, alreadyLive: true }, 1);
  assert.deepEqual(refused, []);
  assert.deepEqual(states(one), { a: 'confirmed', b: 'wanted' });
});

test('a refusal that speaks of nothing of ours is told apart', () => {
  const one = wanting(['a']);
  ask(one);
  assert.equal(one.refuse({}, BACKOFF, 1), undefined);
  assert.equal(one.refuse({ id: 'unheard of' }, BACKOFF, 1), undefined);
  assert.equal(one.refuse({ topics: ['stranger'] }, BACKOFF, 1), undefined);
  assert.deepEqual(states(one), { a: 'pending' });
});

test('unanswered: repeated, refused for a while, tried again', () => {
  const one = wanting(['a', 'b']);
  const outcome: number[] = [];
  for (const now of [0, 10_000, 20_000]) {
    assert.equal(ask(one, now).length, 1);
    assert.deepEqual(one.expire(now + 9_999), []);
    outcome.push(one.expire(now + 10_000).length);
  }
  assert.deepEqual(outcome, [0, 0, 2]);
  assert.equal(one.stateOf('a'), 'refused');
  assert.equal(one.isHopeless, false);
  assert.deepEqual(one.due(59_999, 10), []);
  assert.deepEqual(one.due(60_000, 10), [['a', 'b']]);
});

test('a request that still waits in the queue has no deadline', () => {
  const one = wanting(['a']);
  one.asked({ id: 'queued', topics: ['a'], frame: '' }, 'subscribe', Infinity);
  assert.deepEqual(one.expire(1e12), []);
  assert.equal(one.stateOf('a'), 'pending');
  one.acknowledge({ id: 'queued' }, 1e12);
  assert.equal(one.stateOf('a'), 'confirmed');
});

test('refusals that come again wait longer, up to ten minutes, and start anew after an ack', () => {
  const one = wanting(['a']);
  const waits: number[] = [];
  let now = 0;
  for (let round = 0; round < 7; round += 1) {
    const [request] = ask(one, now);
    one.refuse({ id: request!.id }, BACKOFF, now);
    let wait = 0;
    while (one.due(now + wait, 10).length === 0) wait += 1_000;
    waits.push(wait / 1_000);
    now += wait;
  }
  assert.deepEqual(waits, [30, 60, 120, 240, 480, 600, 600]);
  const [request] = ask(one, now);
  one.acknowledge({ id: request!.id }, now);
  one.repeat(['a'], now);
  const [again] = ask(one, now);
  one.refuse({ id: again!.id }, BACKOFF, now);
  assert.equal(one.due(now + 30_000, 10).length, 1);
});

test('unanswered tries long ago are not held against a topic that has worked since', () => {
  const one = wanting(['a']);
  let now = 0;
  for (let round = 0; round < 10; round += 1) {
    ask(one, now);
    assert.deepEqual(one.expire(now + 10_000), []);
    const [request] = ask(one, now + 10_000);
    one.acknowledge({ id: request!.id }, now + 11_000);
    now += 3_600_000;
    one.repeat(['a'], now);
  }
});

test('the venue’s own time for a retry is kept', () => {
  const one = wanting(['a']);
  const [request] = ask(one);
  one.refuse({ id: request!.id }, IN_AN_HOUR, 0);
  assert.deepEqual(one.due(3_599_999, 10), []);
  assert.deepEqual(one.due(3_600_000, 10), [['a']]);
});

test('a topic ahead of its stream is asked for soon, then ever more rarely, in few requests', () => {
  const ahead: Refusal = { ...IN_AN_HOUR, retry: { afterMs: 60_000 }, retryUpToMs: 3_600_000 };
  const one = wanting(Array.from({ length: 500 }, (_, at) => `t${at}`));
  const askedAt: number[] = [];
  let requests = 0;
  for (let minute = 0; minute <= 187; minute += 1) {
    const groups = ask(one, minute * 60_000, 100);
    if (groups.length > 0) askedAt.push(minute);
    requests += groups.length;
    for (const { topics } of groups)
      for (const topic of topics) one.refuse({ topics: [topic] }, ahead, minute * 60_000);
  }
  assert.deepEqual(askedAt, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
  assert.equal(requests, 9 * 5);
});

test('answers to an unsubscribe touch no subscription', () => {
  const one = wanting(['a']);
  const [request] = ask(one);
  one.acknowledge({ id: request!.id }, 0);
  assert.equal(one.unwant('a'), true);
  one.asked({ id: 'bye', topics: ['a'], frame: '' }, 'unsubscribe', 1);
  one.want('a', 2);
  ask(one, 2);
  one.acknowledge({ id: 'bye' }, 3);
  assert.equal(one.stateOf('a'), 'pending');
  one.asked({ id: 'bye again', topics: ['a'], frame: '' }, 'unsubscribe', 4);
  assert.deepEqual(one.refuse({ id: 'bye again' }, NEVER, 5), []);
  assert.equal(one.stateOf('a'), 'pending');
});

test('the venue is told of a farewell only where it knows the topic', () => {
  const one = wanting(['wanted', 'pending', 'confirmed', 'refused']);
  one.asked({ topics: ['pending', 'confirmed', 'refused'], frame: '' }, 'subscribe', 0);
  one.acknowledge({ topics: ['confirmed'] }, 0);
  one.refuse({ topics: ['refused'] }, NEVER, 0);
  assert.deepEqual(
    ['wanted', 'pending', 'confirmed', 'refused', 'stranger'].map((topic) => one.unwant(topic)),
    [false, true, true, false, false],
  );
  assert.equal(one.size, 0);
  assert.deepEqual(one.tally(), { wanted: 0, pending: 0, acked: 0, confirmed: 0, refused: 0 });
});

test('a new session asks for everything again, but what the venue refused for good or until later', () => {
  const one = wanting(['live', 'pending', 'gone', 'later', 'busy']);
  one.asked({ topics: [...one.topics], frame: '' }, 'subscribe', 0);
  one.acknowledge({ topics: ['live'] }, 0);
  one.refuse({ topics: ['gone'] }, NEVER, 0);
  one.refuse({ topics: ['later'] }, IN_AN_HOUR, 0);
  one.refuse({ topics: ['busy'] }, BACKOFF, 0);
  one.reset(1_000);
  assert.deepEqual(one.due(1_000, 10), [['live', 'pending', 'busy']]);
  assert.deepEqual(one.due(3_600_000, 10), [['live', 'pending', 'later', 'busy']]);
});

test('an answer to an older session’s request means nothing', () => {
  const one = wanting(['a']);
  const [old] = ask(one);
  one.reset(1);
  one.acknowledge({ id: old!.id }, 2);
  assert.equal(one.stateOf('a'), 'wanted');
});

test('hopeless is only what the venue itself refused', () => {
  const one = wanting(['a', 'b']);
  ask(one);
  one.refuse({ topics: ['a'] }, NEVER, 0);
  assert.equal(one.isHopeless, false);
  one.refuse({ topics: ['b'] }, NEVER, 0);
  assert.equal(one.isHopeless, true);
});

test('a venue that answers by topic leaves no requests behind', () => {
  const one = wanting(['a']);
  for (let now = 0; now < 10_000_000; now += 10_000) {
    ask(one, now);
    one.acknowledge({ topics: ['a'] }, now);
    one.repeat(['a'], now);
    one.expire(now);
    assert.ok(one.openRequests <= 7);
  }
});

const TWO_PARTS = { ...RULES, ackConfirms: false };

test('a topic of two requests is acked by both answers, in any order', () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const one = wanting(['a', 'b'], TWO_PARTS);
    const ids = askTwice(one);
    one.acknowledge({ id: ids[order[0]!]! }, 1);
    assert.deepEqual(states(one), { a: 'pending', b: 'pending' });
    one.acknowledge({ id: ids[order[1]!]! }, 2);
    assert.deepEqual(states(one), { a: 'acked', b: 'acked' });
    one.data(['a'], 3);
    assert.equal(one.stateOf('a'), 'confirmed');
  }
});

for (const isFlowing of [false, true]) {
  const flow = isFlowing ? 'though data flow' : 'in silence';

  test(`two requests, the second one refused: both are repeated, ${flow}`, () => {
    const one = wanting(['a'], TWO_PARTS);
    const [first, second] = askTwice(one);
    one.acknowledge({ id: first! }, 1);
    if (isFlowing) one.data(['a'], 2);
    assert.deepEqual(one.refuse({ id: second! }, BACKOFF, 3), [{ topic: 'a', refusal: BACKOFF }]);
    if (isFlowing) one.data(['a'], 4);
    assert.equal(one.stateOf('a'), 'refused');
    assert.deepEqual(one.due(30_002, 10), []);
    assert.deepEqual(one.due(30_003, 10), [['a']]);
  });

  test(`two requests, the second one split: its topics are asked for in halves, ${flow}`, () => {
    const one = wanting(['a', 'b'], TWO_PARTS);
    const [first, second] = askTwice(one);
    one.acknowledge({ id: first! }, 1);
    if (isFlowing) one.data(['a', 'b'], 2);
    one.refuse({ id: second! }, { ...BACKOFF, split: true }, 3);
    assert.deepEqual(one.due(3, 10), [['a'], ['b']]);
  });

  test(`two requests, the second one unanswered: both are repeated, ${flow}`, () => {
    const one = wanting(['a'], TWO_PARTS);
    const [first] = askTwice(one);
    one.acknowledge({ id: first! }, 1);
    if (isFlowing) one.data(['a'], 2);
    one.expire(10_000);
    assert.deepEqual(one.due(10_000, 10), [['a']]);
    for (const id of askTwice(one, 10_000)) one.acknowledge({ id }, 10_001);
    assert.equal(one.stateOf('a'), 'acked');
  });
}

test('two requests: an answer to the try before says nothing of the new one', () => {
  const one = wanting(['a', 'b'], TWO_PARTS);
  const [first, second] = askTwice(one);
  one.refuse({ id: first! }, { ...BACKOFF, split: true }, 1);
  const again = askTwice(one, 1);
  assert.equal(again.length, 4);
  one.acknowledge({ id: second! }, 2);
  one.acknowledge({ id: again[0]! }, 3);
  assert.equal(one.stateOf('a'), 'pending');
  one.refuse({ id: first! }, { ...BACKOFF, split: true }, 4);
  assert.deepEqual(one.due(4, 10), []);
  one.acknowledge({ id: again[1]! }, 5);
  assert.deepEqual(states(one), { a: 'acked', b: 'pending' });
});

test('two requests: one that leaves the queue after its try was given up is no part of the next', () => {
  const one = wanting(['a', 'b'], TWO_PARTS);
  const requests = ['first', 'second'].map((frame) => ({ id: frame, topics: ['a', 'b'], frame }));
  for (const request of requests) one.asked(request, 'subscribe', Infinity);
  one.asked(requests[0]!, 'subscribe', 0);
  one.refuse({ id: 'first' }, { ...BACKOFF, split: true }, 1);
  const again = askTwice(one, 1);
  one.asked(requests[1]!, 'subscribe', 2);
  one.refuse({ id: 'second' }, { ...BACKOFF, split: true }, 3);
  assert.deepEqual(one.due(3, 10), []);
  for (const id of again) one.acknowledge({ id }, 4);
  assert.deepEqual(states(one), { a: 'acked', b: 'acked' });
});

test('two requests, one refused for good: the data of the other are better than none', () => {
  const one = wanting(['a'], TWO_PARTS);
  const [first, second] = askTwice(one);
  one.acknowledge({ id: first! }, 1);
  one.refuse({ id: second! }, NEVER, 2);
  one.data(['a'], 3);
  assert.equal(one.stateOf('a'), 'confirmed');
  one.reset(4);
  assert.deepEqual(one.due(4, 10), [['a']]);
});

test('two requests, one refused: the venue is told of a farewell, as it may know the other', () => {
  const one = wanting(['a'], TWO_PARTS);
  const [, second] = askTwice(one);
  one.refuse({ id: second! }, BACKOFF, 1);
  assert.equal(one.unwant('a'), true);
});

test('an ack that is late, of the try before, counts for a topic of one request', () => {
  const one = wanting(['a']);
  const [late] = ask(one);
  one.expire(10_000);
  ask(one, 10_000);
  one.acknowledge({ id: late!.id }, 10_001);
  assert.equal(one.stateOf('a'), 'confirmed');
});
