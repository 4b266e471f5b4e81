import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import { becameReadyOrLate } from './becoming-ready';
import type { Store } from './ports';

export interface StreamRecordKeys {
  facts(room: string): string;
  orders(room: string): string;
  /** Stands as long as Redis has lost nothing; tells when it was found empty, epoch ms. */
  readonly marker: string;
}

export interface StreamRecord {
  readonly facts: ReadonlyMap<string, string>;
  /** By order, in the owner's own words. */
  readonly orders: ReadonlyMap<string, string>;
  /** Redis was emptied: that nothing is recorded means nothing. */
  readonly isDoubtful: boolean;
}

interface Pending {
  readonly facts: Map<string, string>;
  /** Undefined: to be removed. */
  readonly orders: Map<string, string | undefined>;
}

const WRITE_MS = 250;
const TTL_MS = 7 * 24 * 3_600_000;
const MOST_CLOSED = 10_000;
const RECALL_PATIENCE_MS = 5_000;
/** How long after Redis was emptied a missing record may be a lost one. */
const DOUBT_MS = 600_000;

/**
 * What a stream must know again after a restart, and what operators see of it: per room a hash of facts and
 * one of its open orders. Never a credential. Newest per field while Redis is away: bounded by the number
 * of rooms and of their open orders. What nobody writes for a week expires.
 */
export class StreamRecords {
  private readonly pending = new Map<string, Pending>();
  private readonly forgotten = new Set<string>();
  /** Rooms that are closed: confirms of their last events still come, and must not bring them back. */
  private readonly closed = new Set<string>();
  private readonly timer: Timer;
  private readonly unsubscribe: () => void;
  private writing: Promise<void> | undefined;
  private checking: Promise<void> | undefined;
  private hasChecked = false;
  private emptiedAt: number | undefined;

  constructor(
    private readonly store: Store,
    private readonly keys: StreamRecordKeys,
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
    /** Redis came back empty: everything must be noted anew. */
    private readonly onEmptied: () => void,
  ) {
    this.timer = deps.clock.every(WRITE_MS, () => void this.write());
    this.unsubscribe = store.onReady(() => {
      if (store.ready) this.checking = this.check();
    });
  }

  note(room: string, facts: Readonly<Record<string, string | number | undefined>>): void {
    if (this.closed.has(room)) return;
    const { facts: noted } = this.pendingOf(room);
    for (const [field, value] of Object.entries(facts)) {
      if (value !== undefined) noted.set(field, String(value));
    }
  }

  /** `text` undefined: the order is over. */
  order(room: string, order: string, text: string | undefined): void {
    if (!this.closed.has(room)) this.pendingOf(room).orders.set(order, text);
  }

  /**
   * What an earlier life of the room left, this one's notes not included. A life begins with this question.
   * @throws ConnectorError STORE_UNAVAILABLE: what was is unknown
   */
  async recall(room: string): Promise<StreamRecord> {
    this.closed.delete(room);
    if (this.forgotten.has(room)) return { facts: new Map(), orders: new Map(), isDoubtful: false };
    await becameReadyOrLate(this.store, this.deps.clock, RECALL_PATIENCE_MS);
    await this.checking;
    const [facts, orders] = await Promise.all([
      this.store.hashAll(this.keys.facts(room)),
      this.store.hashAll(this.keys.orders(room)),
    ]);
    const { emptiedAt = -Infinity } = this;
    return { facts, orders, isDoubtful: this.deps.clock.monotonic() - emptiedAt < DOUBT_MS };
  }

  /** The room is closed for good. */
  forget(room: string): void {
    this.pending.delete(room);
    this.forgotten.add(room);
    this.closed.add(room);
    const oldest = this.closed.size > MOST_CLOSED ? this.closed.values().next().value : undefined;
    if (oldest !== undefined) this.closed.delete(oldest);
  }

  /** Everything that is pending now; what Redis does not take stays pending. */
  async flush(): Promise<void> {
    await this.writing;
    await this.write();
  }

  close(): void {
    this.deps.clock.cancel(this.timer);
    this.unsubscribe();
  }

  private async check(): Promise<void> {
    const { store, keys, deps, hasChecked } = this;
    try {
      const emptied = await store.get(keys.marker);
      const isIntact = emptied !== undefined;
      if (isIntact) this.heed(Number(emptied));
      else {
        this.emptiedAt = deps.clock.monotonic();
        await store.set(keys.marker, String(deps.clock.now()));
        deps.telemetry.log.info({}, 'Redis holds no records of streams: it is new, or was emptied');
      }
      this.hasChecked = true;
      // At the start there is nothing yet that could be noted anew.
      if (!isIntact && hasChecked) this.onEmptied();
    } catch (error) {
      deps.telemetry.log.debug({ error: errorText(error) }, 'Redis went away while it was looked at');
    }
  }

  /** Another life of the process may have found Redis empty, and have ended before all was noted anew. */
  private heed(emptiedMs: number): void {
    const { clock } = this.deps;
    const agoMs = clock.now() - emptiedMs;
    if (agoMs >= 0) this.emptiedAt ??= clock.monotonic() - agoMs;
  }

  private pendingOf(room: string): Pending {
    let pending = this.pending.get(room);
    if (!pending) {
      pending = { facts: new Map(), orders: new Map() };
      this.pending.set(room, pending);
    }
    return pending;
  }

  private write(): Promise<void> {
    this.writing ??= this.writePending().finally(() => (this.writing = undefined));
    return this.writing;
  }

  private async writePending(): Promise<void> {
    if (!this.store.ready) return;
    try {
      await Promise.all([...this.forgotten].map((room) => this.remove(room)));
      await Promise.all([...this.pending].map(([room, pending]) => this.writeRoom(room, pending)));
    } catch (error) {
      const { telemetry } = this.deps;
      telemetry.log.debug({ error: errorText(error) }, 'stream records not written; they stay pending');
    }
  }

  private async remove(room: string): Promise<void> {
    await this.store.delete(this.keys.facts(room));
    await this.store.delete(this.keys.orders(room));
    this.forgotten.delete(room);
  }

  /** Orders first: facts hold the cursor, which must not run ahead of them. */
  private async writeRoom(room: string, pending: Pending): Promise<void> {
    const orders = [...pending.orders];
    const facts = [...pending.facts];
    const kept = orders.filter((entry): entry is [string, string] => entry[1] !== undefined);
    const over = orders.filter(([, text]) => text === undefined).map(([order]) => order);
    if (over.length > 0) await this.store.hashRemove(this.keys.orders(room), over);
    if (kept.length > 0) await this.store.hashSet(this.keys.orders(room), new Map(kept), TTL_MS);
    settle(pending.orders, orders);
    if (facts.length > 0) await this.store.hashSet(this.keys.facts(room), new Map(facts), TTL_MS);
    settle(pending.facts, facts);
    const isWritten = pending.orders.size === 0 && pending.facts.size === 0;
    if (isWritten && this.pending.get(room) === pending) this.pending.delete(room);
  }
}

/** What was noted anew meanwhile stays. */
function settle<T>(noted: Map<string, T>, written: readonly (readonly [string, T])[]): void {
  for (const [field, value] of written) if (noted.get(field) === value) noted.delete(field);
}
