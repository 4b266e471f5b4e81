import type { Heartbeat, LinkRules, Topic } from '../venues/contract';

/** Whether the link answers at all. Decides nothing: the driver acts on the verdict. */
export class LinkLiveness {
  private lastPing: number;
  private isAwaiting = false;
  /** By then the peer wants to have spoken of its own accord. */
  private promisedBy = Infinity;

  constructor(
    private readonly heartbeat: Heartbeat,
    now: number,
  ) {
    this.lastPing = now;
  }

  /** Any inbound byte proves the link: data, pong, or the venue's own ping. */
  inbound(): void {
    this.isAwaiting = false;
  }

  /** The peer itself announced its next ping: pongs of the socket below it prove nothing once it is overdue. */
  promised(withinMs: number, now: number): void {
    this.promisedBy = now + withinMs;
  }

  check(now: number): 'ok' | 'ping' | 'dead' {
    const { everyMs, timeoutMs } = this.heartbeat;
    if (now >= this.promisedBy) return 'dead';
    if (this.isAwaiting) return now - this.lastPing >= timeoutMs ? 'dead' : 'ok';
    if (now - this.lastPing < everyMs) return 'ok';
    this.lastPing = now;
    this.isAwaiting = true;
    return 'ping';
  }

  /** We slept, not the venue: what it sent meanwhile is still unread. */
  pardon(sleptMs: number, now: number): void {
    if (this.isAwaiting) this.lastPing = Math.min(now, this.lastPing + sleptMs);
    this.promisedBy += sleptMs;
  }
}

const PAUSES_TOLERATED = 4;
/** Share of the longest pause that a second with data keeps: half of it after a quarter of an hour. */
const MEMORY = 0.5 ** (1 / 900);
/** A feed that has proven to be quiet may stay silent for this many times the venue's cap. */
const QUIET_FACTOR = 8;

/**
 * Whether data still flows on a link that answers. The deadline is learned from the feed's own rhythm:
 * a busy feed is found deaf within the venue's bounds, and a quiet one (a candle of a thin symbol)
 * raises fewer and fewer alarms. Outlives sessions, so that a reconnect does not forget the rhythm.
 */
export class DataLiveness {
  private lastData: number;
  /** First data since the wait began. Venues answer a subscribe with a burst: that is no rhythm yet. */
  private flowingSince: number | undefined;
  private isRhythmKnown = false;
  private longestPause = 0;
  private silencesInARow = 0;
  private isFresh = false;

  constructor(
    private readonly bounds: LinkRules['silence'],
    now: number,
  ) {
    this.lastData = now;
  }

  /** A session begins: the wait for data starts anew. */
  begin(now: number): void {
    this.lastData = now;
    this.flowingSince = undefined;
    this.isFresh = false;
  }

  /** Hot path. Where one topic carries the flow, the others say nothing of it. */
  data(now: number, topics?: readonly Topic[]): void {
    const { pulse } = this.bounds;
    if (pulse !== undefined && topics?.includes(pulse) === false) return;
    const pause = now - this.lastData;
    if (pause > this.longestPause) this.longestPause = pause;
    this.lastData = now;
    this.isFresh = true;
    if (this.flowingSince === undefined) this.flowingSince = now;
    else if (now - this.flowingSince >= this.bounds.floorMs) {
      this.isRhythmKnown = true;
      this.silencesInARow = 0;
    }
  }

  /** Once a second. `flowing`: data came since the last check. */
  check(now: number): 'flowing' | 'waiting' | 'silent' {
    if (this.isFresh) {
      this.isFresh = false;
      this.longestPause *= MEMORY;
      return 'flowing';
    }
    return this.silentForMs(now) >= this.deadlineMs ? 'silent' : 'waiting';
  }

  /** The silence is acted upon: the wait starts anew, with more patience for the next one. */
  forgive(now: number): void {
    this.silencesInARow += 1;
    this.begin(now);
  }

  /** We slept: that time is no silence. */
  pardon(sleptMs: number, now: number): void {
    this.lastData = Math.min(now, this.lastData + sleptMs);
  }

  silentForMs(now: number): number {
    return now - this.lastData;
  }

  /** Silence (ms) after which the connection counts as deaf. */
  get deadlineMs(): number {
    const { floorMs, capMs } = this.bounds;
    const expected = this.isRhythmKnown ? Math.max(floorMs, this.longestPause * PAUSES_TOLERATED) : capMs;
    const ceiling = expected < capMs ? capMs : capMs * QUIET_FACTOR;
    return Math.min(ceiling, expected * 2 ** Math.min(this.silencesInARow, 10));
  }
}
