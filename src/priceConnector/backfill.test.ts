import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { FakeClock } from '../testing/fake-clock';
import { tinyAdapter, TinyRest } from '../testing/market-venue';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { BackfillJob } from './backfill';
import { BackfillQueue, spacingOf } from './backfill';

const failing = (retry?: { afterMs: number }): Promise<never> =>
  Promise.reject(new ConnectorError('REST_FAILED', 'down', retry && { retry }));

/** A job whose tries are answered by the test. */
class Job implements BackfillJob {
  readonly startedAt: number[] = [];
  failures = 0;
  surrenders = 0;
  answer: () => Promise<void> = () => Promise.resolve();

  constructor(private readonly clock: FakeClock) {}

  run(): Promise<void> {
    this.startedAt.push(this.clock.monotonic());
    return this.answer();
  }

  failed(): void {
    this.failures += 1;
  }

  givenUp(): void {
    this.surrenders += 1;
  }
}

describe('BackfillQueue', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let queue: BackfillQueue;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    queue = new BackfillQueue('x', { clock, telemetry, random: () => 1 });
  });

  const add = (count: number, answer?: Job['answer']): Job[] =>
    Array.from({ length: count }, () => {
      const job = new Job(clock);
      if (answer) job.answer = answer;
      queue.add(job);
      return job;
    });
  const starts = (jobs: readonly Job[]): number[] => jobs.flatMap(({ startedAt }) => startedAt);

  test('in order, the starts spaced: a mass reconnect does not eat the REST budget', async () => {
    const jobs = add(5);
    await clock.advanceAsync(1_000);
    assert.deepEqual(starts(jobs), [0, 125, 250, 375, 500]);
  });

  test('wider where the requests of a job are not counted one by one', async () => {
    const { descriptor } = tinyAdapter(new TinyRest());
    const publicRest = { countedAs: 'all', rates: [{ count: 1, perMs: 1_000 }] };
    const markets = descriptor.markets.map((market) => ({ ...market, publicRest }));
    assert.ok(spacingOf(descriptor) > spacingOf({ ...descriptor, markets }));
    queue = new BackfillQueue('x', { clock, telemetry, random: () => 1 }, 250);
    const jobs = add(3);
    await clock.advanceAsync(1_000);
    assert.deepEqual(starts(jobs), [0, 250, 500]);
  });

  test('three at once; the next begins when one ends', async () => {
    const ends: (() => void)[] = [];
    const jobs = add(5, () => new Promise((resolve) => ends.push(resolve)));
    await clock.advanceAsync(10_000);
    assert.deepEqual(starts(jobs), [0, 125, 250]);
    ends[1]?.();
    await clock.advanceAsync(0);
    assert.deepEqual(starts(jobs), [0, 125, 250, 10_000]);
  });

  test('a failure is repeated with growing, capped delays until it succeeds; the job is told', async () => {
    const [job] = add(1, failing);
    assert.ok(job);
    await clock.advanceAsync(100_000);
    const gaps = job.startedAt.slice(1).map((at, index) => at - (job.startedAt[index] ?? 0));
    assert.deepEqual(gaps.slice(0, 6), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    assert.equal(job.failures, job.startedAt.length);
    assert.equal(telemetry.counted('connector_backfill_failures_total', { exchange: 'x' }), job.failures);
    const tries = job.startedAt.length;
    job.answer = () => Promise.resolve();
    await clock.advanceAsync(300_000);
    assert.equal(job.startedAt.length, tries + 1);
    assert.equal(clock.pendingCount, 0);
  });

  test('a job that fails does not hold the others up', async () => {
    const [bad] = add(1, failing);
    const others = add(2);
    await clock.advanceAsync(300);
    assert.equal(bad?.startedAt.length, 1);
    assert.deepEqual(starts(others), [125, 250]);
  });

  test('a venue that limits us is left alone by every job for as long as it says', async () => {
    const [limited] = add(1, () => failing({ afterMs: 20_000 }));
    await clock.advanceAsync(50);
    const others = add(2);
    await clock.advanceAsync(19_900);
    assert.deepEqual(starts(others), []);
    if (limited) limited.answer = () => Promise.resolve();
    await clock.advanceAsync(1_000);
    assert.equal(starts(others).length, 2);
    assert.ok(starts(others).every((at) => at >= 20_000));
    assert.equal(limited?.startedAt.length, 2);
  });

  test('a request that the venue will never answer is given up, and told so', async () => {
    const [job] = add(1, () =>
      Promise.reject(new ConnectorError('REST_FAILED', 'no such interval', { retry: 'never' })),
    );
    await clock.advanceAsync(100_000);
    assert.deepEqual([job?.startedAt.length, job?.failures, job?.surrenders], [1, 0, 1]);
    assert.equal(telemetry.counted('connector_backfill_failures_total', { exchange: 'x' }), 1);
    assert.equal(clock.pendingCount, 0);
  });

  test('a job that throws at once is a failed one', async () => {
    const [job] = add(1, () => {
      throw new TypeError('a bug');
    });
    await clock.advanceAsync(0);
    assert.equal(job?.failures, 1);
  });

  describe('cancel', () => {
    test('a waiting job never starts', async () => {
      const jobs = add(3);
      if (jobs[1]) queue.cancel(jobs[1]);
      await clock.advanceAsync(1_000);
      assert.deepEqual(
        jobs.map(({ startedAt }) => startedAt.length),
        [1, 0, 1],
      );
    });

    test('a failed job is not repeated', async () => {
      const [job] = add(1, failing);
      assert.ok(job);
      await clock.advanceAsync(100);
      queue.cancel(job);
      await clock.advanceAsync(100_000);
      assert.deepEqual([job.startedAt.length, clock.pendingCount], [1, 0]);
    });

    test('a running job that fails afterwards is neither told nor repeated', async () => {
      let fail: (error: Error) => void = () => undefined;
      const [job] = add(1, () => new Promise((_, reject) => (fail = reject)));
      assert.ok(job);
      await clock.advanceAsync(0);
      queue.cancel(job);
      fail(new Error('late'));
      await clock.advanceAsync(100_000);
      assert.deepEqual([job.startedAt.length, job.failures], [1, 0]);
    });
  });

  test('stop: nothing starts any more, no timer is left', async () => {
    const [failed] = add(1, failing);
    await clock.advanceAsync(100);
    const waiting = add(5);
    queue.stop();
    const begun = starts(waiting).length;
    await clock.advanceAsync(100_000);
    assert.deepEqual([failed?.startedAt.length, starts(waiting).length - begun], [1, 0]);
    assert.equal(clock.pendingCount, 0);
  });

  test('stop while a try is running: its failure starts no timer', async () => {
    let fail: (error: Error) => void = () => undefined;
    const [job] = add(1, () => new Promise((_, reject) => (fail = reject)));
    await clock.advanceAsync(0);
    queue.stop();
    fail(new Error('late'));
    await clock.advanceAsync(100_000);
    assert.deepEqual([job?.startedAt.length, clock.pendingCount], [1, 0]);
  });
});
