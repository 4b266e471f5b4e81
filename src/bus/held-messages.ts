import type { Entry } from './outbox-lane';
import { Lane } from './outbox-lane';

export interface HeldBounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** The lanes of an outbox, and how much is in all of them. */
export class HeldMessages {
  private readonly lanes = new Map<string, Lane>();
  private messages = 0;
  private heldBytes = 0;

  constructor(private readonly bounds: HeldBounds) {}

  get depth(): number {
    return this.messages;
  }

  /** Bytes of the bodies. */
  get bytes(): number {
    return this.heldBytes;
  }

  get isBelowHalf(): boolean {
    return this.messages < this.bounds.maxMessages / 2 && this.heldBytes < this.bounds.maxBytes / 2;
  }

  hasRoom(bytes: number): boolean {
    const { maxMessages, maxBytes } = this.bounds;
    // A single message may pass the bound of bytes, or it could never be sent at all.
    return this.messages < maxMessages && (this.messages === 0 || this.heldBytes + bytes <= maxBytes);
  }

  all(): Iterable<Lane> {
    return this.lanes.values();
  }

  find(key: string): Lane | undefined {
    return this.lanes.get(key);
  }

  push(key: string, entry: Entry): Lane {
    const lane = this.laneOf(key);
    lane.push(entry);
    this.messages += 1;
    this.heldBytes += entry.bytes;
    return lane;
  }

  /** Beyond the bounds: it was within them once, and nobody could offer it again. */
  recall(key: string, entries: readonly Entry[]): Lane {
    const lane = this.laneOf(key);
    lane.recall(entries);
    this.messages += entries.length;
    for (const { bytes } of entries) this.heldBytes += bytes;
    return lane;
  }

  /** Takes the confirmed messages from the front of a lane, in order. */
  takeConfirmed(lane: Lane): readonly Entry[] {
    const taken = lane.takeConfirmed();
    this.messages -= taken.length;
    for (const { bytes } of taken) this.heldBytes -= bytes;
    if (lane.length === 0 && this.lanes.get(lane.key) === lane) this.lanes.delete(lane.key);
    return taken;
  }

  private laneOf(key: string): Lane {
    const known = this.lanes.get(key);
    if (known) return known;
    const lane = new Lane(key);
    this.lanes.set(key, lane);
    return lane;
  }
}
