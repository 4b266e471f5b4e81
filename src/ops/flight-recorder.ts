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
    const name = [labels['exchange'], labels['channel']].join('-');
    const tape = new RingTape(
      this.options.frames,
      (reason) => this.isDue(`${name} ${reason}`),
      (frames, reason) => this.keep({ name, labels, reason, frames, secrets, about }),
    );
    for (const one of this.tapes) if (!one.deref()) this.tapes.delete(one);
    this.tapes.add(new WeakRef(tape));
    return tape;
  }

  /** Every tape, now: whoever asks wants each connection, also two of one exchange. Resolves with the files written. */
  async dumpAll(reason: string): Promise<readonly string[]> {
    const tapes = [...this.tapes].flatMap((one) => one.deref() ?? []);
    const files = await Promise.all(tapes.slice(-MOST_FILES).map((tape) => tape.keep(reason)));
    return files.flatMap((file) => file ?? []);
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

  /** Resolves with the file's path; undefined: it could not be written. */
  private keep(dump: Dump): Promise<string | undefined> {
    this.count += 1;
    const stamp = new Date(this.deps.clock.now()).toISOString().replace(/[:.]/g, '-');
    const file = `${dump.name}-${stamp}-${this.count}.jsonl`;
    const text = textOf(dump);
    const written = this.writing.then(() => this.write(file, text, dump));
    this.writing = written.then(() => undefined);
    return written;
  }

  private async write(file: string, text: string, { labels, reason }: Dump): Promise<string | undefined> {
    const { directory } = this.options;
    const { log, meter } = this.deps;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = join(directory, file);
      await writeFile(path, text, { mode: 0o600 });
      log.info({ ...labels, reason, file }, 'last frames written');
      meter.count('connector_flight_dumps_total', { outcome: 'written' });
      const files = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort(byAge);
      for (const old of files.slice(0, -MOST_FILES)) await unlink(join(directory, old));
      return path;
    } catch (error) {
      log.warn({ ...labels, reason, error: errorText(error) }, 'last frames not written');
      meter.count('connector_flight_dumps_total', { outcome: 'failed' });
      return undefined;
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
    private readonly isDue: (reason: string) => boolean,
    private readonly onDump: (frames: readonly Frame[], reason: string) => Promise<string | undefined>,
  ) {}

  frame(text: string, at: number): void {
    // Copied, or the part would keep the whole alive.
    const kept = text.length <= LONGEST_FRAME ? text : Buffer.from(text.slice(0, LONGEST_FRAME)).toString();
    this.ring[this.next] = { text: kept, at };
    this.next = (this.next + 1) % this.size;
  }

  dump(reason: string): void {
    if (this.ring.length > 0 && this.isDue(reason)) void this.keep(reason);
  }

  /** As `dump`, however lately it was done. Resolves with the file; undefined: nothing was there or it failed. */
  async keep(reason: string): Promise<string | undefined> {
    const frames = [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
    return frames.length > 0 ? this.onDump(frames, reason) : undefined;
  }
}
