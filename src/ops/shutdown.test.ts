import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { Shutdown } from './shutdown';
import { createShutdown } from './shutdown';

const TIMEOUT_MS = 9_000;
const never = (): Promise<void> => new Promise(() => {});

let clock: FakeClock;
let telemetry: RecordedTelemetry;
let events: EventEmitter;
let exits: number[];
let done: string[];
let shutdown: Shutdown;

beforeEach(() => {
  clock = new FakeClock();
  telemetry = new RecordedTelemetry();
  events = new EventEmitter();
  exits = [];
  done = [];
  shutdown = createShutdown({
    log: telemetry.log,
    clock,
    timeoutMs: TIMEOUT_MS,
    exit: (code) => void exits.push(code),
    events,
  });
});

/** A step that takes its time and notes its end. */
function taking(ms: number, name: string): () => Promise<void> {
  return () =>
    new Promise((resolve) => {
      clock.after(ms, () => {
        done.push(name);
        resolve();
      });
    });
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal}: steps run by order, those of one order together, then exit 0`, async () => {
    shutdown.listen();
    shutdown.register('last', 3, taking(10, 'last'));
    shutdown.register('slow', 1, taking(200, 'slow'));
    shutdown.register('quick', 1, taking(100, 'quick'));
    shutdown.register('middle', 2, () => done.push('middle'));
    events.emit(signal);
    await clock.advanceAsync(200);
    assert.deepEqual(done, ['quick', 'slow', 'middle']);
    assert.deepEqual(exits, []);
    await clock.advanceAsync(10);
    assert.deepEqual(done, ['quick', 'slow', 'middle', 'last']);
    assert.deepEqual(exits, [0]);
    assert.equal(clock.pendingCount, 0);
    assert.deepEqual(telemetry.logged('error'), []);
  });
}

test('without steps it ends at once', async () => {
  await shutdown.run('done');
  assert.deepEqual(exits, [0]);
});

test('a second signal ends at once, non-zero; one key press that arrives twice does not', async () => {
  shutdown.listen();
  shutdown.register('hangs', 1, never);
  events.emit('SIGINT');
  events.emit('SIGINT');
  assert.deepEqual(exits, []);
  await clock.advanceAsync(1_000);
  events.emit('SIGINT');
  assert.deepEqual(exits, [130]);
  events.emit('SIGTERM');
  assert.deepEqual(exits, [130, 143]);
});

test('a step that hangs is named and abandoned in time for those after it; exit 1 within the limit', async () => {
  shutdown.listen();
  shutdown.register('stuck feeds', 1, never);
  shutdown.register('outbox', 2, taking(300, 'outbox'));
  shutdown.register('stuck socket', 3, never);
  events.emit('SIGTERM');
  await clock.advanceAsync(TIMEOUT_MS);
  assert.deepEqual(done, ['outbox']);
  assert.deepEqual(exits, [1]);
  const hanging = telemetry.lines.filter(({ message }) => message === 'shutdown step hangs: abandoned');
  assert.deepEqual(
    hanging.map(({ context }) => context['step']),
    ['stuck feeds', 'stuck socket'],
  );
});

for (const [what, step] of [
  ['rejects', () => Promise.reject(new Error('broken'))],
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['left something behind', () => Promise.resolve(false)],
] as const) {
  test(`a step that ${what}: the others still run, exit 1`, async () => {
    shutdown.register('bad', 1, step);
    shutdown.register('good', 2, () => done.push('good'));
    await shutdown.run('SIGTERM');
    assert.deepEqual(done, ['good']);
    assert.deepEqual(exits, [1]);
    const told = telemetry.lines.find(({ context }) => context['step'] === 'bad');
    assert.ok(told);
  });
}

for (const event of ['uncaughtException', 'unhandledRejection']) {
  test(`${event}: logged, drained, exit 1`, async () => {
    shutdown.listen();
    shutdown.register('outbox', 1, taking(50, 'outbox'));
    const error = new Error('surprise');
    events.emit(event, error);
    await clock.advanceAsync(50);
    assert.deepEqual(done, ['outbox']);
    assert.deepEqual(exits, [1]);
    assert.equal(telemetry.lines.find(({ level }) => level === 'error')?.context['error'], error);
  });
}

test('a fatal error while draining is logged and makes the end unclean, once', async () => {
  shutdown.listen();
  shutdown.register('outbox', 1, taking(50, 'outbox'));
  events.emit('SIGTERM');
  events.emit('unhandledRejection', new Error('surprise'));
  await clock.advanceAsync(50);
  assert.deepEqual(done, ['outbox']);
  assert.deepEqual(exits, [1]);
});

test('only the first call counts', async () => {
  shutdown.register('step', 1, taking(10, 'step'));
  const ends = [shutdown.run('a'), shutdown.run('b', 5)];
  await clock.advanceAsync(10);
  await Promise.all(ends);
  assert.deepEqual([done, exits], [['step'], [0]]);
});

test('listening can be ended', () => {
  const stop = shutdown.listen();
  assert.equal(events.eventNames().length, 4);
  stop();
  assert.equal(events.eventNames().length, 0);
});
