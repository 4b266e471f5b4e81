import type { WorkerStatus } from '../domain/status';
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { ToWorker, WorkerReport } from './messages';
import type { CandleRequest } from './requests';
import type { WorkerHandle, WorkerListener } from './supervisor';
import { Supervisor } from './supervisor';

class FakeWorker implements WorkerHandle {
  readonly heard: ToWorker[] = [];
  isTerminated = false;

  constructor(
    readonly venue: string,
    readonly listener: WorkerListener,
  ) {}

  post(message: ToWorker): void {
    this.heard.push(message);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  said(kind: ToWorker['do']): ToWorker[] {
    return this.heard.filter((message) => message.do === kind);
  }
}

const request = (symbol: string): CandleRequest => ({
  venue: 'a',
  exchange: 'aSpot',
  symbol,
  interval: '1m',
  alias: '1m',
});

describe('Supervisor', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let workers: FakeWorker[];
  let supervisor: Supervisor;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    workers = [];
    supervisor = new Supervisor(['a', 'b'], {
      clock,
      telemetry,
      random: () => 1,
      spawn: (venue, listener) => {
        const worker = new FakeWorker(venue, listener);
        workers.push(worker);
        return worker;
      },
      onEvents: () => undefined,
      onStall: () => undefined,
    });
  });

  test('one thread per venue that has something to run', () => {
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.setExchanges('b', []);
    supervisor.setExchanges('unknown', ['x']);
    assert.deepEqual(
      workers.map(({ venue }) => venue),
      ['a'],
    );
    assert.deepEqual(workers[0]?.said('exchanges'), [{ do: 'exchanges', enabled: ['aSpot'] }]);
    assert.deepEqual(supervisor.states(), { a: 'running', b: 'off' });
  });

  test('subscriptions live outside of the thread: a new one gets them all', () => {
    supervisor.subscribe(request('EARLY'));
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.subscribe(request('LATE'));
    workers[0]?.listener.onMessage({ is: 'listed', request: request('LATE') });
    supervisor.subscribe(request('LATE'));
    workers[0]?.listener.onExit('error');
    clock.advance(500);
    assert.deepEqual(workers[1]?.said('subscribeCandle'), [
      { do: 'subscribeCandle', requests: [request('LATE'), request('EARLY')] },
    ]);
    assert.equal(workers[0]?.said('subscribeCandle').length, 2, 'the repeated wish was told once');
    assert.equal(telemetry.counted('connector_worker_restarts_total', { venue: 'a', reason: 'error' }), 1);
  });

  test('wishes that no list knows are bounded; the evicted are told, and may be asked for again', () => {
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.subscribe(request('LISTED'));
    workers[0]?.listener.onMessage({ is: 'listed', request: request('LISTED') });
    for (let i = 0; i < 10_002; i += 1) supervisor.subscribe(request(`NOPE${i}`));
    assert.deepEqual(workers[0]?.said('unsubscribeCandle'), [
      { do: 'unsubscribeCandle', requests: [request('NOPE0')] },
      { do: 'unsubscribeCandle', requests: [request('NOPE1')] },
    ]);
    supervisor.subscribe(request('NOPE0'));
    assert.deepEqual(workers[0]?.said('subscribeCandle').at(-1), {
      do: 'subscribeCandle',
      requests: [request('NOPE0')],
    });
    workers[0]?.listener.onExit('error');
    clock.advance(500);
    const [replayed] = workers[1]?.said('subscribeCandle') ?? [];
    const told = replayed?.do === 'subscribeCandle' ? replayed.requests.map(({ symbol }) => symbol) : [];
    assert.deepEqual([told.length, told[0], told.at(-1)], [10_001, 'LISTED', 'NOPE0']);
  });

  test('a wish that no list knows yet is told again: the thread may have forgotten it', () => {
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.subscribe(request('NOPE'));
    supervisor.subscribe(request('NOPE'));
    assert.equal(workers[0]?.said('subscribeCandle').length, 2);
  });

  test('a listing told after the wish was given up keeps nothing', () => {
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.subscribe(request('GONE'));
    supervisor.unsubscribe(request('GONE'));
    workers[0]?.listener.onMessage({ is: 'listed', request: request('GONE') });
    workers[0]?.listener.onExit('error');
    clock.advance(500);
    assert.deepEqual(workers[1]?.said('subscribeCandle'), []);
  });

  test('a thread that keeps dying is restarted with growing delays, and calmly again after a good minute', () => {
    supervisor.setExchanges('a', ['aSpot']);
    const delays: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      const before = clock.monotonic();
      const count = workers.length;
      workers.at(-1)?.listener.onExit('error');
      while (workers.length === count) clock.advance(100);
      delays.push(clock.monotonic() - before);
    }
    assert.deepEqual(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    alive(61_000);
    workers.at(-1)?.listener.onExit('error');
    clock.advance(500);
    assert.equal(workers.length, 11);
  });

  /** Time passes while the newest thread says that it lives. */
  function alive(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1_000) {
      workers.at(-1)?.listener.onMessage({ is: 'alive' });
      clock.advance(1_000);
    }
  }

  test('a thread whose event loop hangs is replaced; the late words of the old one are ignored', () => {
    supervisor.setExchanges('a', ['aSpot']);
    alive(60_000);
    assert.equal(workers.length, 1);
    clock.advance(36_000);
    assert.equal(workers.length, 2);
    assert.ok(workers[0]?.isTerminated);
    workers[0]?.listener.onExit('error');
    alive(60_000);
    assert.equal(workers.length, 2);
    assert.equal(telemetry.counted('connector_worker_restarts_total', { venue: 'a', reason: 'hung' }), 1);
  });

  test('switched off by the operator: the thread stops and is not restarted; on again: it returns', () => {
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.setExchanges('a', []);
    assert.equal(workers[0]?.said('stop').length, 1);
    workers[0]?.listener.onExit('exit');
    clock.advance(120_000);
    assert.equal(workers.length, 1);
    supervisor.setExchanges('a', ['aSpot']);
    assert.equal(workers.length, 2);
  });

  test('stop waits for every thread’s drain and tells the truth about it', async () => {
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.setExchanges('b', ['bSpot']);
    const stopped = supervisor.stop(5_000);
    workers[0]?.listener.onMessage({ is: 'stopped', drained: true });
    await clock.advanceAsync(6_000);
    assert.equal(await stopped, false, 'the second one never answered');
    assert.ok(workers.every(({ isTerminated }) => isTerminated));
    clock.advance(120_000);
    assert.equal(workers.length, 2, 'nobody comes back after stop');
    assert.equal(clock.pendingCount, 0);
  });

  test('reports of the threads that answer in time', async () => {
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.setExchanges('b', ['bSpot']);
    const collected = supervisor.collect();
    const asked = workers[0]?.said('report')[0];
    const report: WorkerReport = { metrics: [], brokerReady: true, storeReady: true };
    if (asked?.do === 'report') workers[0]?.listener.onMessage({ is: 'report', id: asked.id, report });
    await clock.advanceAsync(2_000);
    assert.deepEqual([...(await collected).keys()], ['a']);
  });

  test('recordings: of every running thread, the files of those that answer in time', async () => {
    supervisor.setExchanges('a', ['aSpot']);
    assert.equal(workers.length, 1);
    const first = supervisor.record();
    const asked = workers[0]?.said('record')[0];
    const files = ['/flight/a.jsonl', '/flight/b.jsonl'];
    if (asked?.do === 'record') workers[0]?.listener.onMessage({ is: 'recorded', id: asked.id, files });
    assert.deepEqual(await first, files);
    const second = supervisor.record();
    await clock.advanceAsync(10_000);
    assert.deepEqual(await second, []);
  });

  test('status: every venue, with the facts of the threads that answer in time', async () => {
    supervisor.setExchanges('a', ['aSpot']);
    const told = supervisor.venueStatus();
    const asked = workers[0]?.said('status')[0];
    const door = { isReady: true, failures: 0 };
    const status: WorkerStatus = {
      broker: door,
      store: door,
      outbox: { messages: 0, bytes: 0, refused: 0, republished: 0 },
      markets: [],
      hosts: [],
      backfillFailures: 0,
    };
    if (asked?.do === 'status') workers[0]?.listener.onMessage({ is: 'status', id: asked.id, status });
    assert.deepEqual(await told, [
      { venue: 'a', thread: 'running', restarts: 0, worker: status },
      { venue: 'b', thread: 'off', restarts: 0 },
    ]);
    const silent = supervisor.venueStatus();
    await clock.advanceAsync(2_000);
    assert.deepEqual((await silent)[0], { venue: 'a', thread: 'running', restarts: 0 });
    workers[0]?.listener.onExit('error');
    assert.deepEqual((await supervisor.venueStatus())[0], { venue: 'a', thread: 'waiting', restarts: 1 });
  });

  test('the mirror switch reaches running and later threads', () => {
    supervisor.setExchanges('a', ['aSpot']);
    supervisor.setMirror(true);
    supervisor.setExchanges('b', ['bSpot']);
    assert.deepEqual(workers[0]?.said('mirror').at(-1), { do: 'mirror', on: true });
    assert.deepEqual(workers[1]?.said('mirror').at(-1), { do: 'mirror', on: true });
  });
});
