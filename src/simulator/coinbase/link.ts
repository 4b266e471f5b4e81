import type { Clock, Timer } from '../../domain/time';
import type { SimConnection } from '../kit';
import { WindowLimit } from '../kit';
import type { Numbered } from './frames';
import { ackFrame, errorFrame } from './frames';

/** Documented: 8 unauthenticated messages per second and IP. All clients of a simulator share one IP. */
const MESSAGES = { count: 8, perMs: 1_000 };
const ECHO = 100;

export interface SessionRules {
  /** Real ms from the open to the first subscribe. Documented: 5 s. */
  readonly firstSubscribeMs: number;
  /** Real ms without any update after which a connection is closed. Documented: 60 to 90 s. */
  readonly quietMs: number;
}

/** What all connections have in common. */
export interface LinkDeps {
  readonly clock: Clock;
  readonly rules: SessionRules;
  readonly messages: WindowLimit;
}

export function sharedMessages(): WindowLimit {
  return new WindowLimit([MESSAGES]);
}

/** What is the same on every socket of the venue: numbered frames, bare errors, and who is hung up on. */
export class NumberedLink {
  /** Something was subscribed. */
  hasSubscribed = false;
  hearsHeartbeats = false;
  /** One counter for all frames of the connection, acks and heartbeats included. */
  private sequence = 0;
  private pushedAt: number;
  private readonly timers: readonly Timer[];

  constructor(
    readonly connection: SimConnection,
    private readonly deps: LinkDeps,
  ) {
    const { clock, rules } = deps;
    this.pushedAt = clock.monotonic();
    this.timers = [
      clock.after(rules.firstSubscribeMs, () => this.checkFirstSubscribe()),
      clock.every(rules.quietMs / 4, () => this.checkQuiet()),
    ];
  }

  end(): void {
    for (const timer of this.timers) this.deps.clock.cancel(timer);
  }

  /** A frame that cannot be sent takes no number: the venue would not have made it. */
  send(frame: Numbered): void {
    if (!this.connection.push(frame(this.sequence))) return;
    this.sequence += 1;
    this.pushedAt = this.deps.clock.monotonic();
  }

  /** Loses frames on the way. */
  skip(count: number): void {
    this.sequence += count;
  }

  /** The whole current set of the connection. */
  acknowledge(listed: Readonly<Record<string, readonly string[]>>, now: number): void {
    this.connection.answer(ackFrame(listed, now)(this.sequence));
    this.sequence += 1;
  }

  fail(message: string): void {
    this.connection.answer(errorFrame(message));
  }

  failMalformed(detail: string): void {
    this.connection.violation('badFrame', detail);
    this.fail('failure to subscribe');
  }

  /** Counts a message of nobody's; true: one too many, which has been answered. */
  isOverLimit(text: string): boolean {
    const { clock, messages } = this.deps;
    if (messages.take(clock.monotonic()) === 0) return false;
    this.connection.violation('messages', text.slice(0, ECHO));
    this.fail('rate limit exceeded');
    return true;
  }

  private checkFirstSubscribe(): void {
    if (this.hasSubscribed) return;
    this.connection.violation('venue:noSubscribe', 'nothing was subscribed in time');
    this.connection.close(1008, 'no subscription');
  }

  private checkQuiet(): void {
    const quietMs = this.deps.clock.monotonic() - this.pushedAt;
    if (quietMs < this.deps.rules.quietMs || this.hearsHeartbeats) return;
    this.connection.violation('heartbeat', `quiet for ${Math.round(quietMs)} ms, without heartbeats`);
    this.connection.close(1000, '');
  }
}
