import { mkdir, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../domain/errors';
import type { Labels, Recorder, Tape, Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import { scrubText } from './scrub';

export interface FlightRecorderOptions {
  /** Where dumps go; created when the first one is written. */
  readonly directory: string;
  /** Frames that each connection keeps. */
  readonly frames: number;
}

interface Deps extends Pick<Telemetry, 'log' | 'meter'> {
  readonly clock: Clock;
}

/** What the configuration asks for; undefined: nothing is recorded. */
export function flightRecorder(
  options: FlightRecorderOptions | undefined,
  deps: Deps,
): FlightRecorder | undefined {
  return options && new FlightRecorder(options, deps);
}

interface Frame {
  readonly text: string;
  readonly at: number;
}

/** A frame that is longer is cut: an array of all symbols would crowd out everything else. */
const LONGEST_FRAME = 16_384;
const DUMP_EVERY_MS = 60_000;
const MOST_FILES = 200;
const HIDDEN = '[redacted]';

/**
 * The last raw frames of every connection, in memory, written to a file when a frame cannot be read, a
 * topic or login is refused, a feed falls silent, or somebody asks. Files hold one JSON line for the feed and
 * one for each frame, without secrets; `npm run replay` reads them. The oldest files go first.
 */
export class FlightRecorder implements Recorder {
  private readonly tapes = new Set<WeakRef<RingTape>>();
  private readonly dumped = new Map<string, number>();
  private count = 0;
  /** One file after the other: a storm of dumps must not open hundreds at once. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: FlightRecorderOptions,
    private readonly deps: Deps,
  ) {}

  tape(labels: Labels, secrets: readonly string[], about: (frames: string) => object): Tape {
    const tape = new RingTape(this.options.frames, (frames, reason) => {
      const name = [labels['exchange'], labels['channel']].join('-');
      if (this.isDue(`${name} ${reason}`)) this.keep({ name, labels, reason, frames, secrets, about });
    });
    for (const one of this.tapes) if (!one.deref()) this.tapes.delete(one);
    this.tapes.add(new WeakRef(tape));
    return tape;
  }

  /** Every tape, now. */
  dumpAll(reason: string): void {
    for (const one of this.tapes) one.deref()?.dump(reason);
  }

  /** Resolves when what was dumped is on the disk. */
  settled(): Promise<void> {
    return this.writing;
  }

  private isDue(what: string): boolean {
    const now = this.deps.clock.monotonic();
    if (now - (this.dumped.get(what) ?? -Infinity) < DUMP_EVERY_MS) return false;
    this.dumped.set(what, now);
    return true;
  }

  private keep(dump: Dump): void {
    this.count += 1;
    const stamp = new Date(this.deps.clock.now()).toISOString().replace(/[:.]/g, '-');
    const file = `${dump.name}-${stamp}-${this.count}.jsonl`;
    const text = textOf(dump);
    this.writing = this.writing.then(() => this.write(file, text, dump));
  }

  private async write(file: string, text: string, { labels, reason }: Dump): Promise<void> {
    const { directory } = this.options;
    const { log, meter } = this.deps;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(join(directory, file), text, { mode: 0o600 });
      log.info({ ...labels, reason, file }, 'last frames written');
      meter.count('connector_flight_dumps_total', { outcome: 'written' });
      const files = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort(byAge);
      for (const old of files.slice(0, -MOST_FILES)) await unlink(join(directory, old));
    } catch (error) {
      log.warn({ ...labels, reason, error: errorText(error) }, 'last frames not written');
      meter.count('connector_flight_dumps_total', { outcome: 'failed' });
    }
  }
}

interface Dump {
  readonly name: string;
  readonly labels: Labels;
  readonly reason: string;
  readonly frames: readonly Frame[];
  readonly secrets: readonly string[];
  readonly about: (frames: string) => object;
}

function textOf({ labels, reason, frames, secrets, about }: Dump): string {
  const clean = (text: string): string =>
    secrets.reduce((words, secret) => words.replaceAll(secret, HIDDEN), scrubText(text));
  const told = frames.map(({ text, at }) => ({ at, frame: clean(text) }));
  const header = { ...labels, reason, ...about(told.map(({ frame }) => frame).join('\n')) };
  return [header, ...told].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Names end with the time and a count. */
function byAge(a: string, b: string): number {
  const timeOf = (name: string): string => /\d{4}-\d\d-\d\dT.*$/.exec(name)?.[0] ?? '';
  return timeOf(a) < timeOf(b) ? -1 : 1;
}

class RingTape implements Tape {
  private readonly ring: Frame[] = [];
  private next = 0;

  constructor(
    private readonly size: number,
    private readonly onDump: (frames: readonly Frame[], reason: string) => void,
  ) {}

  frame(text: string, at: number): void {
    // Copied, or the part would keep the whole alive.
    const kept = text.length <= LONGEST_FRAME ? text : Buffer.from(text.slice(0, LONGEST_FRAME)).toString();
    this.ring[this.next] = { text: kept, at };
    this.next = (this.next + 1) % this.size;
  }

  dump(reason: string): void {
    const frames = [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
    if (frames.length > 0) this.onDump(frames, reason);
  }
}
