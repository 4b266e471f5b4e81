import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import type { MarketEvent } from '../domain/events';
import type { ExchangeId } from '../domain/exchange';
import type { VenueStatus, WorkerStatus } from '../domain/status';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import type { FromWorker, ToWorker, WorkerReport } from './messages';
import type { CandleRequest } from './requests';
import type { Stall } from './stall-watch';
import { ThreadMetrics, type Snapshot } from './thread-metrics';
import { ThreadQuestions } from './thread-questions';
import { Wishes } from './wishes';

/** A running thread, as the supervisor sees it. */
export interface WorkerHandle {
  post(message: ToWorker): void;
  terminate(): void;
}

export interface WorkerListener {
  onMessage(message: FromWorker): void;
  onExit(reason: string): void;
}

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  spawn(venue: string, listener: WorkerListener): WorkerHandle;
  onEvents(events: readonly MarketEvent[]): void;
  onStall(stall: Stall): void;
}

type FamilyState = 'off' | 'running' | 'waiting' | 'stopping';

interface Family {
  readonly venue: string;
  state: FamilyState;
  handle: WorkerHandle | undefined;
  /** Number of the current thread: late messages of an older one are dropped. */
  generation: number;
  attempt: number;
  restarts: number;
  startedAt: number;
  lastAlive: number;
  timer: Timer | undefined;
  enabled: readonly ExchangeId[];
  /** The wishes live here, not in the thread: they survive its death. */
  readonly wishes: Wishes;
  onStopped: ((drained: boolean) => void) | undefined;
}

const BACKOFF: BackoffPolicy = { floorMs: 100, baseMs: 500, capMs: 30_000, factor: 2 };
const SETTLED_AFTER_MS = 60_000;
const CHECK_MS = 5_000;
const HUNG_AFTER_MS = 30_000;
const REPORT_TIMEOUT_MS = 2_000;
/** Files of hundreds of frames, on a disk that may be slow. */
const RECORD_TIMEOUT_MS = 10_000;

/** One worker thread per venue: restarted with backoff, its subscriptions replayed. */
export class Supervisor {
  private readonly families = new Map<string, Family>();
  private readonly reports: ThreadQuestions<WorkerReport>;
  private readonly statuses: ThreadQuestions<WorkerStatus>;
  private readonly recordings: ThreadQuestions<readonly string[]>;
  private readonly metrics = new ThreadMetrics();
  private mirror = false;
  private isStopped = false;
  private readonly watch: Timer;

  constructor(
    venues: readonly string[],
    private readonly deps: SupervisorDeps,
  ) {
    this.reports = new ThreadQuestions(deps.clock, REPORT_TIMEOUT_MS);
    this.statuses = new ThreadQuestions(deps.clock, REPORT_TIMEOUT_MS);
    this.recordings = new ThreadQuestions(deps.clock, RECORD_TIMEOUT_MS);
    for (const venue of venues) {
      this.families.set(venue, {
        venue,
        state: 'off',
        handle: undefined,
        generation: 0,
        attempt: 0,
        restarts: 0,
        startedAt: 0,
        lastAlive: 0,
        timer: undefined,
        enabled: [],
        wishes: new Wishes(),
        onStopped: undefined,
      });
    }
    this.watch = deps.clock.every(CHECK_MS, () => this.checkAlive());
  }

  /** The exchanges that shall run, per venue; a venue without any has no thread. */
  setExchanges(venue: string, enabled: readonly ExchangeId[]): void {
    const family = this.families.get(venue);
    if (!family || this.isStopped) return;
    family.enabled = enabled;
    if (enabled.length === 0) return this.switchOff(family);
    if (family.state === 'off') this.spawn(family);
    else family.handle?.post({ do: 'exchanges', enabled });
  }

  subscribe(request: CandleRequest): void {
    const family = this.families.get(request.venue);
    // One that no list knows yet is told again: the thread may have had to forget it.
    if (!family || family.wishes.isKept(request)) return;
    const evicted = family.wishes.doubt(request);
    if (evicted) family.handle?.post({ do: 'unsubscribeCandle', requests: [evicted] });
    family.handle?.post({ do: 'subscribeCandle', requests: [request] });
  }

  unsubscribe(request: CandleRequest): void {
    const family = this.families.get(request.venue);
    if (!family?.wishes.delete(request)) return;
    family.handle?.post({ do: 'unsubscribeCandle', requests: [request] });
  }

  /** Events cross the threads only while somebody listens. */
  setMirror(on: boolean): void {
    this.mirror = on;
    for (const { handle } of this.families.values()) handle?.post({ do: 'mirror', on });
  }

  states(): Readonly<Record<string, FamilyState>> {
    return Object.fromEntries([...this.families.values()].map(({ venue, state }) => [venue, state]));
  }

  /** Every running thread's report; a thread that does not answer in time is left out. */
  async collect(): Promise<ReadonlyMap<string, WorkerReport>> {
    return new Map(await this.askAll('report', this.reports));
  }

  /** Every running thread writes down its last frames. The files of those that answer in time. */
  async record(): Promise<readonly string[]> {
    return (await this.askAll('record', this.recordings)).flatMap(([, files]) => files);
  }

  /** Every venue; a thread that does not answer in time has no facts. */
  venueStatus(): Promise<readonly VenueStatus[]> {
    return Promise.all([...this.families.values()].map((family) => this.statusOf(family)));
  }

  /** The metrics of all threads, dead ones' counts included. */
  async metricSnapshots(): Promise<readonly Snapshot[]> {
    await this.collect();
    return this.metrics.snapshots();
  }

  /** Stops every thread; true when all drained their outbox in time. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.isStopped = true;
    this.deps.clock.cancel(this.watch);
    const results = await Promise.all(
      [...this.families.values()].map((family) => this.shutDown(family, deadlineMs)),
    );
    return results.every((drained) => drained);
  }

  // ---------------------------------------------------------------- threads

  private spawn(family: Family): void {
    const { clock } = this.deps;
    family.generation += 1;
    const { generation } = family;
    const isCurrent = (): boolean => family.generation === generation;
    family.state = 'running';
    family.startedAt = clock.monotonic();
    family.lastAlive = family.startedAt;
    family.handle = this.deps.spawn(family.venue, {
      onMessage: (message) => isCurrent() && this.received(family, message),
      onExit: (reason) => isCurrent() && this.exited(family, reason),
    });
    family.handle.post({ do: 'mirror', on: this.mirror });
    family.handle.post({ do: 'exchanges', enabled: family.enabled });
    if (family.wishes.size > 0) {
      family.handle.post({ do: 'subscribeCandle', requests: [...family.wishes.values()] });
    }
    this.gauge(family);
  }

  private received(family: Family, message: FromWorker): void {
    family.lastAlive = this.deps.clock.monotonic();
    switch (message.is) {
      case 'events':
        return this.deps.onEvents(message.events);
      case 'stall':
        return this.deps.onStall(message.stall);
      case 'listed':
        // Given up meanwhile: nothing to keep.
        if (family.wishes.has(message.request)) family.wishes.keep(message.request);
        return;
      case 'report':
        this.metrics.report(family.venue, family.generation, message.report.metrics);
        return this.reports.answered(message.id, message.report);
      case 'status':
        return this.statuses.answered(message.id, message.status);
      case 'recorded':
        return this.recordings.answered(message.id, message.files);
      case 'stopped':
        family.onStopped?.(message.drained);
        return;
      case 'ready':
      case 'alive':
        return;
    }
  }

  private exited(family: Family, reason: string): void {
    family.handle = undefined;
    family.generation += 1;
    if (family.state === 'stopping' || this.isStopped) {
      family.state = 'off';
      family.onStopped?.(false);
      this.gauge(family);
      if (!this.isStopped && family.enabled.length > 0) this.spawn(family);
      return;
    }
    const { clock, random, telemetry } = this.deps;
    if (clock.monotonic() - family.startedAt >= SETTLED_AFTER_MS) family.attempt = 0;
    const delayMs = nextDelay(BACKOFF, family.attempt, random);
    family.attempt += 1;
    family.restarts += 1;
    family.state = 'waiting';
    telemetry.meter.count('connector_worker_restarts_total', { venue: family.venue, reason });
    telemetry.log.error({ venue: family.venue, reason, delayMs, attempt: family.attempt }, 'worker died');
    family.timer = clock.after(delayMs, () => {
      if (family.enabled.length > 0 && !this.isStopped) this.spawn(family);
      else family.state = 'off';
    });
    this.gauge(family);
  }

  private switchOff(family: Family): void {
    this.deps.clock.cancel(family.timer);
    if (family.state === 'waiting') family.state = 'off';
    if (family.state !== 'running') return;
    family.state = 'stopping';
    family.handle?.post({ do: 'stop', deadlineMs: SWITCH_OFF_MS });
  }

  private async shutDown(family: Family, deadlineMs: number): Promise<boolean> {
    const { clock } = this.deps;
    clock.cancel(family.timer);
    const { handle } = family;
    if (!handle) return true;
    family.state = 'stopping';
    let timer: Timer | undefined;
    const drained = await new Promise<boolean>((resolve) => {
      timer = clock.after(deadlineMs + STOP_MARGIN_MS, () => resolve(false));
      family.onStopped = resolve;
      handle.post({ do: 'stop', deadlineMs });
    });
    clock.cancel(timer);
    family.generation += 1;
    family.handle = undefined;
    family.state = 'off';
    handle.terminate();
    return drained;
  }

  private checkAlive(): void {
    const now = this.deps.clock.monotonic();
    for (const family of this.families.values()) {
      if (!family.handle || now - family.lastAlive < HUNG_AFTER_MS) continue;
      const { handle } = family;
      this.exited(family, 'hung');
      handle.terminate();
    }
  }

  private async askAll<T>(what: 'report' | 'record', questions: ThreadQuestions<T>): Promise<[string, T][]> {
    const answers = await Promise.all(
      [...this.families.values()].map(async ({ venue, handle }): Promise<[string, T][]> => {
        const answer = handle && (await questions.ask((id) => handle.post({ do: what, id })));
        return answer ? [[venue, answer]] : [];
      }),
    );
    return answers.flat();
  }

  private async statusOf({ venue, handle, state, restarts }: Family): Promise<VenueStatus> {
    const worker = handle && (await this.statuses.ask((id) => handle.post({ do: 'status', id })));
    return { venue, thread: state, restarts, ...(worker && { worker }) };
  }

  private gauge({ venue, state }: Family): void {
    for (const one of ['off', 'running', 'waiting', 'stopping'] as const) {
      this.deps.telemetry.meter.gauge('connector_workers', one === state ? 1 : 0, { venue, state: one });
    }
  }
}

const SWITCH_OFF_MS = 5_000;
const STOP_MARGIN_MS = 500;
