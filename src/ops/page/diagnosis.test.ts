import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamDetail } from '../../domain/status';
import { NOW, silentStream, streamDetail, userStatus } from '../../testing/status';
import { diagnosis } from './diagnosis';

const away = { isReady: false, failures: 1 };

function told(over: Partial<StreamDetail>, process = userStatus()): string {
  return diagnosis(streamDetail(over), process)
    .map(({ health, words, advice }) => `${health}: ${words} ${advice ?? ''}`)
    .join('\n');
}

test('all well: what was published and confirmed', () => {
  const text = told({});
  assert.match(text, /^ok: The connection is live/);
  assert.match(text, /ok: 3 events were published, 3 confirmed by RabbitMQ, the last one after 2 ms/);
  assert.doesNotMatch(text, /warn|bad/);
});

test('all well, and still nothing: where to look', () => {
  assert.match(told({ lastEventAt: NOW - 7_200_000 }), /told no event for 2 h.*trade on the account/);
  const silent = silentStream();
  assert.match(
    diagnosis(silent, userStatus()).at(-1)?.words ?? '',
    /no event since the stream was opened 60 s ago/,
  );
});

for (const [cause, words, advice] of [
  ['credentials', /revoked, expired or mistyped/, /new key/],
  ['ip', /not on the key's list/, /address/],
  ['permission', /lacks a permission/, /Allow/],
  ['clock', /clock/, /time synchronisation/],
  ['limit', /limits how often/, /waits/],
  ['venue', /venue itself/, /by itself/],
] as const) {
  test(`refused for ${cause}: what it means, the venue's words, the pause, what to do`, () => {
    const refusal = { code: '-2015', text: 'Invalid API-key', cause };
    const text = told({ state: 'blocked', refusal, pausedMs: 1_800_000 });
    assert.match(text, words);
    assert.match(text, advice);
    assert.match(text, /“-2015 Invalid API-key”/);
    assert.match(text, /No login is tried for 30 min/);
  });
}

test('paused for another stream of the same key', () => {
  assert.match(
    told({ state: 'waiting', pausedMs: 60_000 }),
    /refused for another stream.*No login is tried for 60 s/,
  );
});

for (const [reason, words] of [
  ['http_503', /venue is in trouble/],
  ['close_1012', /venue is in trouble/],
  ['http_429', /limits new connections/],
  ['http_451', /blocks this address or region/],
  ['enotfound', /cannot be reached.*network of this host/],
  ['timeout', /cannot be reached/],
  ['no_pong', /fell silent/],
  ['no_endpoint', /API did not let us in/],
  ['close_4001', /the last one ended \(close_4001\)/],
] as const) {
  test(`not connected because of ${reason}`, () => {
    const history = [{ at: NOW, what: 'lost', reason } as const];
    assert.match(told({ state: 'waiting', history }), words);
  });
}

test('never connected yet', () => {
  assert.match(told({ state: 'dialing' }), /not connected yet/);
});

test('refused topics', () => {
  const refusedTopics = [{ topic: 'wallet', code: '403', text: 'no permission' }];
  assert.match(told({ refusedTopics }), /bad: The venue refuses the topic wallet: “403 no permission”/);
});

test('gaps: open, failed, closed with what was found', () => {
  const done = { at: NOW, what: 'reconciled', fromAt: NOW - 9_000, toAt: NOW, found: 0 } as const;
  assert.match(told({ openGaps: 1 }), /warn: 1 gaps wait for a snapshot/);
  assert.match(
    told({ openGaps: 1, history: [{ ...done, failed: 'REST timeout' }] }),
    /last try failed: REST timeout/,
  );
  assert.match(told({ history: [done] }), /ok: .*nothing was missed/);
  assert.match(told({ history: [{ ...done, found: 2 }] }), /2 events were missed and published/);
});

test('the way out: broker, cache, slow confirms', () => {
  const outbox = { messages: 4, oldestMs: 9_000 };
  assert.match(told({ outbox }, userStatus({ broker: away })), /RabbitMQ is not connected: 4 events/);
  assert.match(told({}, userStatus({ store: away })), /Redis is not connected/);
  assert.match(told({ outbox }), /confirms slowly: the oldest of 4 events waits for 9 s/);
});
