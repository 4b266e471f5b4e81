import type { Entry } from './outbox-lane';

interface Kept extends Pick<Entry, 'message' | 'bytes'> {
  readonly key: string;
  /** Monotonic ms. */
  readonly at: number;
}

export interface KeptFor {
  readonly ms: number;
  readonly messages: number;
  readonly bytes: number;
}

/** Two looks at the queue, and what a look takes; a busy process keeps less than that. */
export const LATELY: KeptFor = { ms: 35_000, messages: 5_000, bytes: 4 * 1_024 * 1_024 };

/**
 * What was confirmed in the last half minute, for the one case in which a confirm is no proof: RabbitMQ confirms
 * what a queue had not stored yet when somebody deleted it. Bounded; the oldest is forgotten first.
 */
export class LatelyConfirmed {
  /** Oldest first. */
  private readonly kept = new Set<Kept>();
  private bytes = 0;

  constructor(private readonly bounds: KeptFor = LATELY) {}

  add(key: string, { message, bytes }: Entry, now: number): void {
    this.kept.add({ key, message, bytes, at: now });
    this.bytes += bytes;
    this.forget(now);
  }

  /** To be sent again: by key, in the order of the confirms. Nothing is kept afterwards. */
  take(now: number): ReadonlyMap<string, readonly Entry[]> {
    this.forget(now);
    const byKey = new Map<string, Entry[]>();
    for (const { key, message, bytes } of this.kept) {
      const entry = { message, bytes, offeredAt: now, done: undefined, isConfirmed: false };
      const entries = byKey.get(key);
      if (entries) entries.push(entry);
      else byKey.set(key, [entry]);
    }
    this.kept.clear();
    this.bytes = 0;
    return byKey;
  }

  private forget(now: number): void {
    for (const one of this.kept) {
      const isOver = this.kept.size > this.bounds.messages || this.bytes > this.bounds.bytes;
      if (!isOver && now - one.at <= this.bounds.ms) return;
      this.kept.delete(one);
      this.bytes -= one.bytes;
    }
  }
}
