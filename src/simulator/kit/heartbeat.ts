import type { Clock, Timer } from '../../domain/time';
import type { Heartbeat } from './types';

export interface HeartbeatPeer {
  ping(payload: string): void;
  /** False while a fault keeps frames from being read: the client's silence is not its fault then. */
  isReachable(): boolean;
  onMissing(detail: string): void;
}

/** A quarter of the deadline: late by at most that much. */
const CHECKS_PER_DEADLINE = 4;

/** Watches that the client keeps up the venue's heartbeat; reports once. */
export class HeartbeatWatch {
  private readonly timer: Timer | undefined;
  private heardAt: number;
  private unanswered: { readonly payload: string; readonly since: number } | undefined;
  private isOver = false;

  constructor(
    private readonly rule: Heartbeat | undefined,
    private readonly clock: Clock,
    private readonly peer: HeartbeatPeer,
  ) {
    this.heardAt = clock.monotonic();
    if (!rule) return;
    const periodMs = rule.kind === 'serverPing' ? rule.everyMs : rule.idleMs / CHECKS_PER_DEADLINE;
    this.timer = clock.every(periodMs, () => this.check(rule));
  }

  onFrame(): void {
    if (this.rule?.kind === 'clientPing' && this.rule.by === 'any') this.onClient();
  }

  onClient(): void {
    this.heardAt = this.clock.monotonic();
  }

  onPush(): void {
    if (this.rule?.kind === 'clientPing' && this.rule.pushCounts) this.onClient();
  }

  /** Unsolicited pongs, and pongs with another payload, do not count. */
  onPong(payload: string): void {
    if (this.unanswered?.payload === payload) this.unanswered = undefined;
  }

  stop(): void {
    this.isOver = true;
    this.clock.cancel(this.timer);
  }

  private check(rule: Heartbeat): void {
    const now = this.clock.monotonic();
    if (!this.peer.isReachable()) {
      this.heardAt = now;
      this.unanswered = undefined;
      return;
    }
    const silentMs = now - (rule.kind === 'serverPing' ? (this.unanswered?.since ?? now) : this.heardAt);
    const mostMs = rule.kind === 'serverPing' ? rule.deadlineMs : rule.idleMs;
    if (silentMs >= mostMs && !this.isOver) {
      this.stop();
      this.peer.onMissing(`silent for ${Math.round(silentMs)} ms`);
      return;
    }
    if (rule.kind === 'serverPing') this.ping(now);
  }

  /** The deadline runs from the oldest unanswered ping, and any ping since may be answered. */
  private ping(now: number): void {
    const payload = this.unanswered?.payload ?? String(this.clock.now());
    this.unanswered ??= { payload, since: now };
    this.peer.ping(payload);
  }
}
