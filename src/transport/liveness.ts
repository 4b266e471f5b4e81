import type { Heartbeat } from '../venues/contract';

/** Whether the link answers at all. Decides nothing: the driver acts on the verdict. */
export class LinkLiveness {
  private lastInbound: number;
  private lastPing: number;
  private awaiting = false;

  constructor(
    private readonly heartbeat: Heartbeat,
    now: number,
  ) {
    this.lastInbound = now;
    this.lastPing = now;
  }

  /** Any inbound byte proves the link: data, pong, or the venue's own ping. */
  inbound(now: number): void {
    this.lastInbound = now;
    this.awaiting = false;
  }

  check(now: number): 'ok' | 'ping' | 'dead' {
    if (this.awaiting && now - this.lastPing >= this.heartbeat.timeoutMs) return 'dead';
    if (now - this.lastPing < this.heartbeat.everyMs) return 'ok';
    this.lastPing = now;
    this.awaiting = true;
    return 'ping';
  }

  get lastInboundAt(): number {
    return this.lastInbound;
  }
}

const GAPS_TOLERATED = 4;
const MEMORY = 0.98;

/**
 * Whether data still flows on a link that answers. The deadline is learned from the connection's own
 * rhythm, within bounds of the venue's descriptor: a busy feed is found deaf within seconds, a quiet
 * one raises no alarm.
 */
export class DataLiveness {
  private lastData: number;
  private longestPause = 0;
  private hasData = false;

  constructor(
    private readonly bounds: { readonly floorMs: number; readonly capMs: number },
    now: number,
  ) {
    this.lastData = now;
  }

  data(now: number): void {
    if (this.hasData) this.longestPause = Math.max(now - this.lastData, this.longestPause * MEMORY);
    this.hasData = true;
    this.lastData = now;
  }

  /** Starts the wait anew, e.g. after a resubscribe. */
  restart(now: number): void {
    this.lastData = now;
  }

  /** Silence (ms) after which the connection counts as deaf. */
  get deadlineMs(): number {
    const { floorMs, capMs } = this.bounds;
    if (!this.hasData) return capMs;
    return Math.min(capMs, Math.max(floorMs, this.longestPause * GAPS_TOLERATED));
  }

  isSilent(now: number): boolean {
    return now - this.lastData >= this.deadlineMs;
  }

  silentForMs(now: number): number {
    return now - this.lastData;
  }
}
