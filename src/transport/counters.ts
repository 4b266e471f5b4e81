import type { Instrument, InstrumentIndex } from '../domain/instrument';
import type { Labels, Log, LogContext, Recorder, Tape, Telemetry } from '../domain/telemetry';
import type { Refusal } from '../venues/contract';
import type { SocketEnd } from './socket';
import type { RefusedTopic } from './subscriptions';

const NOTES_LOGGED = 50;
/** Of these the codec knows the sizes and names; a replay needs no others than the frames name. */
const MOST_INSTRUMENTS = 200;

/** What the recorder must know of a feed. */
export interface Recorded {
  readonly instruments: InstrumentIndex;
  readonly secrets?: readonly string[];
  readonly about?: LogContext;
}

function tapeOf(recorder: Recorder, labels: Labels, { secrets = [], instruments }: Recorded): Tape {
  return recorder.tape(labels, secrets, (frames) => ({ instruments: named(instruments, frames) }));
}

function named(instruments: InstrumentIndex, frames: string): readonly Instrument[] {
  const found = instruments.all().filter(({ venueSymbol }) => frames.includes(venueSymbol));
  return found.slice(0, MOST_INSTRUMENTS);
}

/** Counts of one connection, handed to the meter once a second: the hot path only adds numbers. */
export class FeedCounters {
  /** Of the present dial. */
  epoch = 0;
  private readonly log: Log;
  private frames = 0;
  private bytes = 0;
  private eventCount = 0;
  private failedDials = 0;
  private seenNotes: Set<string> | undefined;
  private readonly tape?: Tape;

  constructor(
    private readonly telemetry: Telemetry,
    private readonly labels: { readonly exchange: string; readonly channel: string },
    recorded: Recorded,
  ) {
    this.log = telemetry.log.child({ ...labels, ...recorded.about });
    const { recorder } = telemetry;
    if (recorder) this.tape = tapeOf(recorder, labels, recorded);
  }

  frame(text: string, at: number): void {
    this.frames += 1;
    this.bytes += text.length;
    this.tape?.frame(text, at);
  }

  live(topics: number): void {
    this.log.info({ epoch: this.epoch, topics }, 'live');
  }

  throttled(code: string, pauseMs: number): void {
    this.log.warn({ epoch: this.epoch, code, pauseMs }, 'the venue asks for silence');
  }

  silent(silentForMs: number): void {
    this.log.warn({ epoch: this.epoch, silentForMs }, 'no data');
    this.tape?.dump('silent');
  }

  loginRefused({ code }: Refusal): void {
    this.tape?.dump(`login_refused_${code}`);
  }

  decoded(tookMs: number): void {
    this.telemetry.meter.observe('connector_decode_seconds', tookMs / 1_000, this.labels);
  }

  events(count: number): void {
    this.eventCount += count;
  }

  opened(): void {
    this.failedDials = 0;
    this.dialed('opened');
  }

  /** Dials that fail in a row are told at the first, second, fourth, eighth ...: an outage must not fill the log. */
  lost({ wasOpen, reason, detail }: SocketEnd): void {
    if (wasOpen) this.telemetry.meter.count('connector_disconnects_total', { ...this.labels, reason });
    else this.dialed(reason);
    this.failedDials = wasOpen ? 0 : this.failedDials + 1;
    const isTold = Number.isInteger(Math.log2(Math.max(1, this.failedDials)));
    const { epoch } = this;
    const context = { reason, detail, epoch, ...(this.failedDials > 1 && { failedDials: this.failedDials }) };
    this.log[isTold ? 'warn' : 'debug'](context, 'connection lost');
  }

  dialWait(waitMs: number): void {
    this.telemetry.meter.observe('connector_dial_wait_seconds', waitMs / 1_000, this.labels);
  }

  gap(lengthMs: number): void {
    this.telemetry.meter.observe('connector_gap_seconds', Math.max(0, lengthMs) / 1_000, this.labels);
  }

  refused(refused: readonly RefusedTopic[]): void {
    this.telemetry.meter.count('connector_refused_topics_total', this.labels, refused.length);
    this.tape?.dump('refused');
    for (const { topic, refusal } of refused.slice(0, 5)) {
      this.log.warn(
        { epoch: this.epoch, topic, code: refusal.code, text: refusal.text, refused: refused.length },
        'topic refused',
      );
    }
  }

  /** A refusal that names nothing of ours: the requests that it may mean are repeated after their deadline. */
  strayRefusal({ code, text }: Refusal): void {
    this.meterUnknown(`refusal ${code} of no known request`, { text });
  }

  unknown(note: string): void {
    this.meterUnknown(note, {});
  }

  /** Logs the error. Returns the note of a frame that is `unknown`, as which it is still to be counted. */
  codecFailed(error: unknown): string {
    const note = `the codec failed: ${error instanceof Error ? error.name : typeof error}`;
    this.logOnce(note, { error });
    return note;
  }

  flush(): void {
    const { meter } = this.telemetry;
    add(meter, 'connector_frames_total', this.labels, this.frames);
    add(meter, 'connector_frame_bytes_total', this.labels, this.bytes);
    add(meter, 'connector_events_total', this.labels, this.eventCount);
    this.frames = 0;
    this.bytes = 0;
    this.eventCount = 0;
  }

  private dialed(outcome: string): void {
    this.telemetry.meter.count('connector_dials_total', { ...this.labels, outcome });
  }

  private meterUnknown(note: string, context: LogContext): void {
    this.telemetry.meter.count('connector_unknown_frames_total', this.labels);
    this.tape?.dump('unreadable');
    this.logOnce(note, context);
  }

  /** The first of each kind is logged, the rest counted: a storm must not fill the disk. */
  private logOnce(note: string, context: LogContext): void {
    const seen = (this.seenNotes ??= new Set());
    if (seen.has(note) || seen.size >= NOTES_LOGGED) return;
    seen.add(note);
    this.log.warn(
      { epoch: this.epoch, ...context, note },
      'frame not understood; more of this kind are only counted',
    );
  }
}

function add(
  meter: Telemetry['meter'],
  name: 'connector_frames_total' | 'connector_frame_bytes_total' | 'connector_events_total',
  labels: Labels,
  by: number,
): void {
  if (by > 0) meter.count(name, labels, by);
}
