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
  readonly orders: Map<string, string>;
  /** Orders to be removed. */
  readonly over: Set<string>;
  /** There were too many: the list is removed whole, and what is open is noted anew. */
  isOverfull: boolean;
}

const WRITE_MS = 250;
const ROOMS_AT_ONCE = 8;
const TTL_MS = 7 * 24 * 3_600_000;
const MOST_CLOSED = 10_000;
/** Removals of one room that wait for Redis. */
const MOST_OVER = 1_000;
const RECALL_PATIENCE_MS = 5_000;
/** How long after Redis was emptied a missing record may be a lost one. */
const DOUBT_MS = 600_000;

/**
 * What a stream must know again after a restart, and what operators see of it: per room a hash of facts and
 * one of its open orders. Never a credential. Newest per field while Redis is away: bounded by the number
 * of rooms, of their open orders, and of some that ended. What nobody writes for a week expires.
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
    /** Redis came back empty, or too much ended while it was away: everything must be noted anew. */
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
    if (this.closed.has(room)) return;
    const pending = this.pendingOf(room);
    const { orders, over } = pending;
    over.delete(order);
    if (text !== undefined) return void orders.set(order, text);
    orders.delete(order);
    if (!pending.isOverfull) over.add(order);
    if (over.size <= MOST_OVER) return;
    over.clear();
    pending.isOverfull = true;
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
      pending = { facts: new Map(), orders: new Map(), over: new Set(), isOverfull: false };
      this.pending.set(room, pending);
    }
    return pending;
  }

  private write(): Promise<void> {
    this.writing ??= this.writePending().finally(() => (this.writing = undefined));
    return this.writing;
  }

  private async writePending(): Promise<void> {
    await this.fewAtOnce([...this.forgotten].map((room) => () => this.remove(room)));
    await this.fewAtOnce(
      [...this.pending].map(
        ([room, pending]) =>
          () =>
            this.writeRoom(room, pending),
      ),
    );
  }

  /** Fresh events of a thousand rooms must not wait until all of these are recorded. */
  private async fewAtOnce(writes: readonly (() => Promise<void>)[]): Promise<void> {
    for (let from = 0; from < writes.length && this.store.ready; from += ROOMS_AT_ONCE) {
      const some = writes.slice(from, from + ROOMS_AT_ONCE);
      const [failed] = (await Promise.allSettled(some.map((write) => write()))).filter(
        (one) => one.status === 'rejected',
      );
      if (!failed) continue;
      const error = errorText(failed.reason);
      this.deps.telemetry.log.debug({ error }, 'stream records not written; they stay pending');
    }
  }

  private async remove(room: string): Promise<void> {
    await this.store.delete(this.keys.facts(room));
    await this.store.delete(this.keys.orders(room));
    this.forgotten.delete(room);
  }

  private async beginAnew(room: string, pending: Pending): Promise<void> {
    await this.store.delete(this.keys.orders(room));
    pending.isOverfull = false;
    this.onEmptied();
  }

  /** Orders first: facts hold the cursor, which must not run ahead of them. */
  private async writeRoom(room: string, pending: Pending): Promise<void> {
    if (pending.isOverfull) await this.beginAnew(room, pending);
    const orders = [...pending.orders];
    const over = [...pending.over];
    const facts = [...pending.facts];
    if (over.length > 0) await this.store.hashRemove(this.keys.orders(room), over);
    if (orders.length > 0) await this.store.hashSet(this.keys.orders(room), new Map(orders), TTL_MS);
    settle(pending.orders, orders);
    for (const order of over) pending.over.delete(order);
    if (facts.length > 0) await this.store.hashSet(this.keys.facts(room), new Map(facts), TTL_MS);
    settle(pending.facts, facts);
    const isWritten = pending.orders.size + pending.over.size + pending.facts.size === 0;
    if (isWritten && this.pending.get(room) === pending) this.pending.delete(room);
  }
}

/** What was noted anew meanwhile stays. */
function settle<T>(noted: Map<string, T>, written: readonly (readonly [string, T])[]): void {
  for (const [field, value] of written) if (noted.get(field) === value) noted.delete(field);
}
