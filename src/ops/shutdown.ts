import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import type { Log } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';

export interface ShutdownOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** For all steps together, ms. */
  readonly timeoutMs: number;
  exit(code: number): void;
  /** Default: the process. */
  readonly events?: EventEmitter;
}

export interface Shutdown {
  /**
   * Steps run by `order`, lowest first; those of the same order together. A step that resolves to
   * `false` left something behind: the process then ends with code 1, as after a step that failed.
   */
  register(name: string, order: number, step: () => Promise<unknown> | unknown): void;
  /** Listens for SIGTERM, SIGINT and fatal errors. Returns what ends it. */
  listen(): () => void;
  /** Ends the process. Only the first call counts. */
  run(reason: string, code?: number): Promise<void>;
}

interface Step {
  readonly name: string;
  readonly order: number;
  readonly run: () => Promise<unknown> | unknown;
}

/** The share of the time that is kept for each group of steps that is still to come. */
const KEPT_SHARE = 0.1;
/** A terminal and a package manager both pass a Ctrl-C on: one key press, two signals. */
const SAME_PRESS_MS = 1_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export function createShutdown(options: ShutdownOptions): Shutdown {
  return new OrderedShutdown(options);
}

class OrderedShutdown implements Shutdown {
  private readonly steps: Step[] = [];
  private running: Promise<void> | undefined;
  private startedAt = 0;
  private isClean = true;

  constructor(private readonly options: ShutdownOptions) {}

  register(name: string, order: number, run: Step['run']): void {
    this.steps.push({ name, order, run });
  }

  listen(): () => void {
    const events: EventEmitter = this.options.events ?? process;
    const listeners: [string, (error: unknown) => void][] = [
      ...SIGNALS.map((signal): [string, () => void] => [signal, () => this.signalled(signal)]),
      ['uncaughtException', (error) => this.died(error, 'uncaught exception')],
      ['unhandledRejection', (error) => this.died(error, 'unhandled rejection')],
    ];
    for (const [event, listener] of listeners) events.on(event, listener);
    return () => listeners.forEach(([event, listener]) => events.off(event, listener));
  }

  run(reason: string, code = 0): Promise<void> {
    this.running ??= this.drain(reason, code);
    return this.running;
  }

  private signalled(signal: (typeof SIGNALS)[number]): void {
    const { log, clock, exit } = this.options;
    if (!this.running) {
      void this.run(signal);
      return;
    }
    if (clock.monotonic() - this.startedAt < SAME_PRESS_MS) return;
    log.warn({ signal }, 'second signal: ending at once');
    exit(128 + constants.signals[signal]);
  }

  /** Its state can no longer be trusted: what is held is delivered, then somebody starts us anew. */
  private died(error: unknown, what: string): void {
    this.options.log.error({ error, while: this.running ? 'draining' : 'running' }, what);
    this.isClean = false;
    void this.run(what, 1);
  }

  private async drain(reason: string, code: number): Promise<void> {
    const { log, clock, timeoutMs, exit } = this.options;
    this.startedAt = clock.monotonic();
    const elapsedMs = (): number => Math.round(clock.monotonic() - this.startedAt);
    log.info({ reason, timeoutMs, steps: this.steps.length }, 'shutting down');
    const groups = this.groups();
    for (const [index, group] of groups.entries()) {
      const keptMs = timeoutMs * KEPT_SHARE * Math.min(5, groups.length - index - 1);
      const results = await Promise.all(this.bounded(group, Math.max(0, timeoutMs - elapsedMs() - keptMs)));
      if (results.includes(false)) this.isClean = false;
    }
    log.info({ elapsedMs: elapsedMs(), clean: this.isClean }, 'shut down');
    exit(this.isClean ? code : Math.max(1, code));
  }

  private groups(): readonly (readonly Step[])[] {
    const orders = [...new Set(this.steps.map(({ order }) => order))].sort((a, b) => a - b);
    return orders.map((order) => this.steps.filter((step) => step.order === order));
  }

  private bounded(group: readonly Step[], limitMs: number): Promise<boolean>[] {
    return group.map((step) => {
      let timer: Timer | undefined;
      const deadline = new Promise<boolean>((resolve) => {
        timer = this.options.clock.after(limitMs, () => {
          this.options.log.error({ step: step.name, limitMs }, 'shutdown step hangs: abandoned');
          resolve(false);
        });
      });
      return Promise.race([this.perform(step), deadline]).finally(() => this.options.clock.cancel(timer));
    });
  }

  private async perform({ name, run }: Step): Promise<boolean> {
    const { log } = this.options;
    try {
      const isComplete = (await run()) !== false;
      if (!isComplete) log.warn({ step: name }, 'shutdown step left something behind');
      return isComplete;
    } catch (error) {
      log.error({ error, step: name }, 'shutdown step failed');
      return false;
    }
  }
}
