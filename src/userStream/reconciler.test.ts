/** One gap of one account: how long the answer took, counted from the need and not from the last try. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { AccountSnapshot } from '../venues/contract';
import type { Closed, Gap, Look } from './reconciler';
import { Reconciler } from './reconciler';

const FOUND = { orders: 1, balances: 0, overdue: 0 };

function setUp() {
  const clock = new FakeClock();
  const telemetry = new RecordedTelemetry();
  const answers: {
    readonly gap: Gap;
    readonly answer: (more?: Partial<AccountSnapshot>) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const closed: Closed[] = [];
  const deps = { clock, telemetry, random: () => 0.5 };
  const reconciler = new Reconciler(deps, {
    exchange: 'x',
    room: 'r',
    look: (gap: Gap) =>
      new Promise<Look>((resolve, reject) => {
        const look = { gap, known: [], sinceMs: 0, askedAt: 0, liveSince: 0 };
        const answer = (more = {}): void => resolve({ ...look, snapshot: { orders: [], ...more } });
        answers.push({ gap, answer, fail: reject });
      }),
    merge: () => FOUND,
    onClosed: (one) => closed.push(one),
    onFailed: () => undefined,
  });
  const tookMs = (): unknown[] =>
    telemetry.lines.filter(({ level }) => level === 'info').map(({ context }) => context['tookMs']);
  return { clock, telemetry, answers, reconciler, tookMs, closed };
}

test('a look that succeeds at the second try took both, and the wait between them', async () => {
  const { clock, telemetry, answers, reconciler, tookMs } = setUp();
  reconciler.need({ fromMs: 0, reason: 'reconnect' });
  await clock.advanceAsync(400);
  answers.shift()!.fail(new ConnectorError('REST_FAILED', 'away'));
  while (answers.length === 0) await clock.advanceAsync(100);
  const waited = clock.monotonic();
  await clock.advanceAsync(200);
  answers.shift()!.answer();
  await clock.advanceAsync(0);
  assert.ok(waited > 400);
  assert.deepEqual(tookMs(), [waited + 200]);
  assert.equal(telemetry.counted('connector_reconcile_seconds', { exchange: 'x', reason: 'reconnect' }), 1);
});

test('a gap that opens while the venue is asked is measured on its own', async () => {
  const { clock, answers, reconciler, tookMs } = setUp();
  reconciler.need({ fromMs: 0, reason: 'reconnect' });
  await clock.advanceAsync(100);
  reconciler.need({ fromMs: 50, reason: 'unreadable' });
  await clock.advanceAsync(200);
  answers.shift()!.answer();
  await clock.advanceAsync(50);
  answers.shift()!.answer();
  await clock.advanceAsync(1_000);
  reconciler.need({ fromMs: 1_000, reason: 'reconnect' });
  await clock.advanceAsync(70);
  answers.shift()!.answer();
  await clock.advanceAsync(0);
  assert.deepEqual(tookMs(), [300, 50, 70]);
});

test('an answer in parts: the rest is asked for at once, and the gap is open until all of it is there', async () => {
  const { clock, answers, reconciler, closed } = setUp();
  const firstAskedAt = clock.now();
  reconciler.need({ fromMs: 7, reason: 'reconnect' });
  await clock.advanceAsync(100);
  answers.shift()!.answer({ askAgain: true, incomplete: 'a; b' });
  await clock.advanceAsync(100);
  assert.deepEqual(answers[0]?.gap, { fromMs: 7, reason: 'reconnect', again: true });
  assert.equal(reconciler.open?.fromMs, 7);
  answers.shift()!.fail(new ConnectorError('REST_FAILED', 'away'));
  while (answers.length === 0) await clock.advanceAsync(100);
  assert.equal(answers[0]?.gap.again, true, 'what failed was the rest only');
  assert.equal(closed.length, 0);
  answers.shift()!.answer({ incomplete: 'b; c' });
  await clock.advanceAsync(0);
  const found = { orders: 2, balances: 0, overdue: 0 };
  assert.equal(closed.length, 1);
  assert.deepEqual(
    [closed[0]?.toMs, closed[0]?.found, closed[0]?.attempts, closed[0]?.incomplete],
    [firstAskedAt, found, 3, 'a; b; c'],
  );
  assert.equal(reconciler.open, undefined);
});

test('what is missed between two parts is no part: all is asked for anew', async () => {
  const { clock, answers, reconciler, closed } = setUp();
  reconciler.need({ fromMs: 7, reason: 'reconnect' });
  await clock.advanceAsync(100);
  reconciler.need({ fromMs: 90, reason: 'reconnect' });
  answers.shift()!.answer({ askAgain: true });
  const askedAnewAt = clock.now();
  await clock.advanceAsync(100);
  assert.deepEqual(answers[0]?.gap, { fromMs: 7, reason: 'reconnect' });
  answers.shift()!.answer();
  await clock.advanceAsync(0);
  assert.deepEqual(
    closed.map(({ toMs }) => toMs),
    [askedAnewAt],
  );
});

test('a gap does not wait for an audit that waits: it is asked for at once, and the late answer is not heard', async () => {
  const { clock, answers, reconciler, closed } = setUp();
  reconciler.need({ fromMs: 5, reason: 'audit' });
  await clock.advanceAsync(1_000);
  reconciler.need({ fromMs: 900, reason: 'reconnect' });
  await clock.advanceAsync(0);
  assert.deepEqual(
    answers.map(({ gap }) => gap),
    [
      { fromMs: 5, reason: 'audit' },
      { fromMs: 5, reason: 'reconnect' },
    ],
  );
  const [audit, gap] = answers;
  audit!.answer();
  await clock.advanceAsync(0);
  assert.equal(closed.length, 0);
  gap!.answer();
  await clock.advanceAsync(0);
  assert.deepEqual(
    closed.map(({ gap: { reason } }) => reason),
    ['reconnect'],
  );
  assert.equal(reconciler.open, undefined);
});
