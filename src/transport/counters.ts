import type { Labels, Log, LogContext, Telemetry } from '../domain/telemetry';
import type { Refusal } from '../venues/contract';
import type { RefusedTopic } from './subscriptions';

const NOTES_LOGGED = 50;

/** Counts of one connection, handed to the meter once a second: the hot path only adds numbers. */
export class FeedCounters {
  readonly log: Log;
  private frames = 0;
  private bytes = 0;
  private eventCount = 0;
  private readonly seenNotes = new Set<string>();

  constructor(
    private readonly telemetry: Telemetry,
    private readonly labels: { readonly exchange: string; readonly channel: string },
  ) {
    this.log = telemetry.log.child(labels);
  }

  frame(bytes: number): void {
    this.frames += 1;
    this.bytes += bytes;
  }

  decoded(tookMs: number): void {
    this.telemetry.meter.observe('connector_decode_seconds', tookMs / 1_000, this.labels);
  }

  events(count: number): void {
    this.eventCount += count;
  }

  dialed(outcome: string): void {
    this.telemetry.meter.count('connector_dials_total', { ...this.labels, outcome });
  }

  dialWait(waitMs: number): void {
    this.telemetry.meter.observe('connector_dial_wait_seconds', waitMs / 1_000, this.labels);
  }

  disconnected(reason: string): void {
    this.telemetry.meter.count('connector_disconnects_total', { ...this.labels, reason });
  }

  gap(lengthMs: number): void {
    this.telemetry.meter.observe('connector_gap_seconds', Math.max(0, lengthMs) / 1_000, this.labels);
  }

  refused(refused: readonly RefusedTopic[]): void {
    this.telemetry.meter.count('connector_refused_topics_total', this.labels, refused.length);
    for (const { topic, refusal } of refused.slice(0, 5)) {
      this.log.warn(
        { topic, code: refusal.code, text: refusal.text, refused: refused.length },
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

  codecFailed(error: unknown): void {
    this.meterUnknown(`the codec failed: ${error instanceof Error ? error.name : typeof error}`, { error });
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

  /** The first of each kind is logged, the rest counted: a storm must not fill the disk. */
  private meterUnknown(note: string, context: LogContext): void {
    this.telemetry.meter.count('connector_unknown_frames_total', this.labels);
    if (this.seenNotes.has(note) || this.seenNotes.size >= NOTES_LOGGED) return;
    this.seenNotes.add(note);
    this.log.warn({ ...context, note }, 'frame not understood; more of this kind are only counted');
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
