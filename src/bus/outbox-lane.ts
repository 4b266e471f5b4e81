import type { Timer } from '../domain/time';
import type { OutgoingMessage } from './ports';

export interface Entry {
  readonly message: OutgoingMessage;
  readonly bytes: number;
  /** Monotonic ms. */
  readonly offeredAt: number;
  readonly done: (() => void) | undefined;
  isConfirmed: boolean;
}

/** Dead slots at the front that are worth a copy of the rest. */
const COMPACT_AT = 512;

/**
 * The messages of one key, in order. `sent` of them, from the front, are with the broker or
 * confirmed behind one that is not; a failed one sends the lane back to its first unconfirmed.
 */
export class Lane {
  private entries: (Entry | undefined)[] = [];
  private first = 0;
  private sent = 0;
  inFlight = 0;
  /** A message failed: nothing is sent until all that are in flight have settled. */
  isBroken = false;
  /** Failures in a row. */
  attempt = 0;
  retry: Timer | undefined;

  constructor(readonly key: string) {}

  get length(): number {
    return this.entries.length - this.first;
  }

  /** Monotonic ms at which the first message was offered. */
  get oldestAt(): number | undefined {
    return this.entries[this.first]?.offeredAt;
  }

  push(entry: Entry): void {
    this.entries.push(entry);
  }

  /**
   * Takes what is to be sent once more before all that is here. It counts as sent and failed: it goes out after the
   * next `rewind`, and all that is here after it.
   */
  recall(entries: readonly Entry[]): void {
    this.entries = [...entries, ...this.entries.slice(this.first)];
    this.first = 0;
    this.sent += entries.length;
    this.isBroken = true;
  }

  canSend(window: number): boolean {
    return !this.isBroken && this.retry === undefined && this.inFlight < window && this.sent < this.length;
  }

  /** The next message to send; call `markSent` once the broker took it. */
  next(): Entry | undefined {
    return this.entries[this.first + this.sent];
  }

  markSent(): void {
    this.sent += 1;
    this.inFlight += 1;
  }

  /** Takes the confirmed messages from the front, in order. */
  takeConfirmed(): Entry[] {
    const taken: Entry[] = [];
    for (let entry = this.entries[this.first]; entry?.isConfirmed; entry = this.entries[this.first]) {
      taken.push(entry);
      this.entries[this.first] = undefined;
      this.first += 1;
      this.sent -= 1;
    }
    if (this.first >= COMPACT_AT && this.first * 2 >= this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
    return taken;
  }

  /**
   * Everything from the first unconfirmed message on is sent again, also what was confirmed behind
   * it: the consumer's last deliveries are then in order. Returns how many were sent before.
   */
  rewind(): number {
    const again = this.sent;
    for (let at = this.first; at < this.first + again; at += 1) {
      const entry = this.entries[at];
      if (entry) entry.isConfirmed = false;
    }
    this.sent = 0;
    this.isBroken = false;
    return again;
  }
}
