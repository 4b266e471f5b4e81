/** One gap of one account: how long the answer took, counted from the need and not from the last try. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { Gap, Look } from './reconciler';
import { Reconciler } from './reconciler';

const FOUND = { orders: 1, balances: 0, overdue: 0 };

function setUp() {
  const clock = new FakeClock();
  const telemetry = new RecordedTelemetry();
  const answers: { readonly answer: () => void; readonly fail: (error: Error) => void }[] = [];
  const deps = { clock, telemetry, random: () => 0.5 };
  const reconciler = new Reconciler(deps, {
    exchange: 'x',
    room: 'r',
    look: (gap: Gap) =>
      new Promise<Look>((resolve, reject) => {
        const look: Look = { snapshot: { orders: [] }, gap, known: [], sinceMs: 0, askedAt: 0, liveSince: 0 };
        answers.push({ answer: () => resolve(look), fail: reject });
      }),
    merge: () => FOUND,
    onClosed: () => undefined,
    onFailed: () => undefined,
  });
  const tookMs = (): unknown[] =>
    telemetry.lines.filter(({ level }) => level === 'info').map(({ context }) => context['tookMs']);
  return { clock, telemetry, answers, reconciler, tookMs };
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
