import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import type { Refusal } from '../venues/contract';
import { StreamHistory } from './stream-history';

const REFUSAL: Refusal = { code: '-2015', text: 'Invalid API-key, IP', retry: 'never', cause: 'ip' };
let clock: FakeClock;
let history: StreamHistory;

beforeEach(() => {
  clock = new FakeClock(1_000);
  history = new StreamHistory(clock);
});

const told = (): readonly object[] => history.detail().history;

test('the life of a stream, in order and with times', () => {
  history.dialling();
  clock.advance(300);
  history.live();
  history.lost('close_1006');
  history.gap(1_200);
  history.rotated();
  assert.deepEqual(told(), [
    { at: 1_000, what: 'opened' },
    { at: 1_000, what: 'dial' },
    { at: 1_300, what: 'live', tookMs: 300 },
    { at: 1_300, what: 'lost', reason: 'close_1006' },
    { at: 1_300, what: 'gap', fromAt: 1_200, toAt: 1_300 },
    { at: 1_300, what: 'rotated' },
  ]);
});

test('a refusal stands until the stream is live, or gets a new key', () => {
  history.refused(REFUSAL, 5_000);
  const { code, text } = REFUSAL;
  assert.deepEqual(history.summary().refusal, { code, text, cause: 'ip' });
  assert.deepEqual(told().slice(1), [
    { at: 1_000, what: 'refused', code, text, cause: 'ip' },
    { at: 1_000, what: 'paused', untilAt: 6_000, cause: 'ip' },
  ]);
  history.swapped();
  assert.equal(history.summary().refusal, undefined);
  history.refused({ ...REFUSAL, retry: 'backoff' });
  history.live();
  assert.equal(history.summary().refusal, undefined);
});

test('a refusal without a cause is the venue’s', () => {
  history.refused({ code: '1', text: 'no', retry: 'backoff' });
  assert.equal(history.summary().refusal?.cause, 'venue');
});

test('gaps, and what a snapshot of the account found', () => {
  history.gap(1);
  history.gap(2);
  history.reconciled({ from: 1, to: 9, found: 0, failed: 'timeout' });
  history.reconciled({ from: 1, to: 9, found: 3 });
  const found = { orders: 0, balances: 0, overdue: 0 };
  history.closed({ gap: { fromMs: 1, reason: 'audit' }, toMs: 9, found, attempts: 1 });
  assert.deepEqual(told().slice(-2), [
    { at: 1_000, what: 'reconciled', fromAt: 1, toAt: 9, found: 0, failed: 'timeout' },
    { at: 1_000, what: 'reconciled', fromAt: 1, toAt: 9, found: 3 },
  ]);
});

test('frames and confirms are counted, with times', () => {
  history.topicsRefused([{ topic: 'orders', refusal: REFUSAL }]);
  assert.equal(history.detail().refusedTopics.length, 1);
  history.heard(['orders', 'wallet']);
  clock.advance(10);
  history.heard(['orders']);
  assert.deepEqual(history.detail().topics, [
    { topic: 'orders', frames: 2, lastAt: 1_010 },
    { topic: 'wallet', frames: 1, lastAt: 1_000 },
  ]);
  assert.deepEqual(history.detail().refusedTopics, [], 'it speaks: it is refused no more');
  assert.deepEqual(history.detail().confirm, { count: 0 });
  const confirmed = [history.published(), history.published()];
  clock.advance(40);
  confirmed[0]?.();
  clock.advance(-30);
  confirmed[1]?.();
  assert.deepEqual(history.detail().confirm, { count: 2, lastMs: 10, slowestMs: 40 });
  assert.equal(history.summary().published, 2);
});

test('bounded, however long it lives', () => {
  for (let round = 0; round < 1_000; round += 1) {
    history.lost(`reason ${round}`);
    history.heard([`topic ${round}`]);
    history.topicsRefused([{ topic: `no ${round}`, refusal: REFUSAL }]);
  }
  const { topics, refusedTopics, history: entries } = history.detail();
  assert.deepEqual([topics.length, refusedTopics.length, entries.length], [50, 50, 50]);
});
