import type { ProcessStatus, StreamStatus } from '../../domain/status';
import { errorText } from '../../domain/errors';
import type { Log } from '../../domain/telemetry';
import type { Clock, Timer } from '../../domain/time';
import { scrubText } from '../scrub';
import type { Overview } from './overview';
import { overview } from './overview';

/** One look: at (epoch ms), events per second, p99 in ms or null, outbox. */
export type Point = readonly [at: number, rate: number, p99: number | null, outbox: number];

export interface Look {
  readonly overview: Overview;
  /** By exchange; '' is the whole process. */
  readonly points: Readonly<Record<string, Point>>;
}

export interface BoardDeps {
  readonly clock: Clock;
  readonly log: Log;
  report(): Promise<ProcessStatus>;
  streams?(): readonly StreamStatus[];
}

const LOOK_EVERY_MS = 2_000;
/** Five minutes. */
const POINTS_KEPT = 150;

/** Looks at the process every other second and remembers the last minutes, whether somebody watches or not. */
export class Board {
  private readonly series = new Map<string, Point[]>();
  private readonly watchers = new Set<() => void>();
  private readonly timer: Timer;
  private last: ProcessStatus | undefined;
  /** Makes the last look as it may leave the process; what it made is `shown`. */
  private show: (() => Look) | undefined;
  private shown: Look | undefined;
  private isLooking = false;

  constructor(private readonly deps: BoardDeps) {
    this.timer = deps.clock.every(LOOK_EVERY_MS, () => void this.look());
  }

  /** Made once it is asked for: with a thousand streams that takes longer than an order may be late. */
  get newest(): Look | undefined {
    this.shown ??= this.show?.();
    return this.shown;
  }

  history(): Readonly<Record<string, readonly Point[]>> {
    return Object.fromEntries(this.series);
  }

  /** Called after every look from now on; `newest` has it. Returns the unsubscriber. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  close(): void {
    this.deps.clock.cancel(this.timer);
    this.watchers.clear();
  }

  /** Never rejects. A thread that hangs may delay one look, never pile them up. */
  async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const status = await this.deps.report();
      const { last: before } = this;
      const unwatched = lookAt(status, before);
      this.last = status;
      this.show = () => {
        const { streams } = this.deps;
        return scrubbed(streams ? lookAt(status, before, streams()) : unwatched);
      };
      this.shown = undefined;
      this.remember(unwatched);
      for (const watcher of this.watchers) watcher();
    } catch (error) {
      this.deps.log.warn({ error: errorText(error) }, 'the status could not be read');
    } finally {
      this.isLooking = false;
    }
  }

  private remember({ points }: Look): void {
    for (const [name, point] of Object.entries(points)) {
      const known = this.series.get(name) ?? [];
      known.push(point);
      if (known.length > POINTS_KEPT) known.shift();
      this.series.set(name, known);
    }
    for (const name of this.series.keys()) if (!(name in points)) this.series.delete(name);
  }
}

function lookAt(
  status: ProcessStatus,
  before: ProcessStatus | undefined,
  streams?: readonly StreamStatus[],
): Look {
  const shown = overview(status, before, streams);
  const { at, rate, p99, doors, venues } = shown;
  const outbox = doors.find(({ messages }) => messages !== undefined)?.messages ?? 0;
  const points: Record<string, Point> = { '': [at, rounded(rate), inMs(p99), outbox] };
  for (const { markets } of venues) {
    for (const market of markets) {
      points[market.exchange] = [at, rounded(market.rate), inMs(market.publishLatency?.p99), 0];
    }
  }
  return { overview: shown, points };
}

/** No secret is in it; should one ever get there, it does not get out. */
export function scrubbed<T>(status: T): T {
  const text = JSON.stringify(status, (_name, value: unknown) =>
    typeof value === 'string' ? scrubText(value) : value,
  );
  return JSON.parse(text) as T;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function inMs(seconds: number | undefined): number | null {
  return seconds === undefined ? null : rounded(seconds * 1_000);
}
