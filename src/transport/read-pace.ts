import type { Clock, Timer } from '../domain/time';

/** What is read in gulps: `WebSocket` of ws. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/** From so many frames a second on, waking up for each costs more than to decode it. */
const BUSY_PER_SECOND = 2_000;
/** The rate is looked at once in so many frames. */
const RATE_FRAMES = 200;
/** A turn of the event loop that brought so many is worth its wake-up: the socket is not held back then. */
const FULL_TURN_FRAMES = 64;
/** The shortest time that a timer knows. */
const REST_MS = 1;

/**
 * Reads a busy socket once a millisecond instead of at every segment that arrives, as network cards moderate
 * their interrupts: what waits meanwhile is read with one call. It helps where several threads share few cores.
 * A quiet socket is read at once, and so is one that brings many frames at a time; the kernel's buffer holds
 * what comes in between. A socket that was busy counts as quiet from its next `RATE_FRAMES` on.
 */
export class ReadPace {
  private isBusy = false;
  private ofRate = 0;
  private ratedAt: number;
  private ofTurn = 0;
  private rest: Timer | undefined;

  constructor(
    private readonly socket: Pausable,
    private readonly clock: Clock,
  ) {
    this.ratedAt = clock.monotonic();
  }

  /** Call for each frame, whatever it brings. */
  frame(): void {
    this.ofRate += 1;
    if (this.ofRate >= RATE_FRAMES) this.rate();
    if (!this.isBusy) return;
    this.ofTurn += 1;
    if (this.ofTurn === 1) setImmediate(() => this.turnEnded());
  }

  /** Reads on, so that a polite close is heard. */
  stop(): void {
    this.isBusy = false;
    this.clock.cancel(this.rest);
    if (this.rest !== undefined) this.goOn();
  }

  private rate(): void {
    const now = this.clock.monotonic();
    this.isBusy = (now - this.ratedAt) * BUSY_PER_SECOND < this.ofRate * 1_000;
    this.ofRate = 0;
    this.ratedAt = now;
  }

  private turnEnded(): void {
    const frames = this.ofTurn;
    this.ofTurn = 0;
    if (!this.isBusy || this.rest !== undefined || frames >= FULL_TURN_FRAMES) return;
    this.socket.pause();
    this.rest = this.clock.after(REST_MS, () => this.goOn());
  }

  private goOn(): void {
    this.rest = undefined;
    this.socket.resume();
  }
}
