import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import { becameReadyOrLate } from './becoming-ready';
import type { HashChange, Store } from './ports';

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

/** Each part is made with what comes first of it: there are some thousand a minute. */
interface Pending {
  facts: Map<string, string> | undefined;
  orders: Map<string, string> | undefined;
  /** Orders to be removed. */
  over: Set<string> | undefined;
  /** There were too many: the list is removed whole, and what is open is noted anew. */
  isOverfull: boolean;
}

const WRITE_MS = 250;
const ROOMS_AT_ONCE = 32;
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
    const pending = this.pendingOf(room);
    const noted = (pending.facts ??= new Map());
    for (const [field, value] of Object.entries(facts)) {
      if (value !== undefined) noted.set(field, String(value));
    }
  }

  /** `text` undefined: the order is over. */
  order(room: string, order: string, text: string | undefined): void {
    if (this.closed.has(room)) return;
    const pending = this.pendingOf(room);
    if (text !== undefined) {
      pending.over?.delete(order);
      (pending.orders ??= new Map()).set(order, text);
      return;
    }
    pending.orders?.delete(order);
    if (pending.isOverfull) return;
    const over = (pending.over ??= new Set());
    over.add(order);
    if (over.size <= MOST_OVER) return;
    pending.over = undefined;
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
      pending = { facts: undefined, orders: undefined, over: undefined, isOverfull: false };
      this.pending.set(room, pending);
    }
    return pending;
  }

  private write(): Promise<void> {
    this.writing ??= this.writePending().finally(() => (this.writing = undefined));
    return this.writing;
  }

  private async writePending(): Promise<void> {
    await this.fewAtOnce([...this.forgotten], async (rooms) => {
      await Promise.all(rooms.map((room) => this.remove(room)));
    });
    await this.fewAtOnce([...this.pending], (some) => this.writeRooms(some));
  }

  /** Fresh events of a thousand rooms must not wait until all of these are recorded. */
  private async fewAtOnce<T>(all: readonly T[], write: (some: readonly T[]) => Promise<void>): Promise<void> {
    for (let from = 0; from < all.length && this.store.ready; from += ROOMS_AT_ONCE) {
      try {
        await write(all.slice(from, from + ROOMS_AT_ONCE));
      } catch (error) {
        this.failed(error);
      }
    }
  }

  private failed(error: unknown): void {
    const { log } = this.deps.telemetry;
    log.debug({ error: errorText(error) }, 'stream records not written; they stay pending');
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
  private async writeRooms(some: readonly (readonly [string, Pending])[]): Promise<void> {
    for (const [room, pending] of some) if (pending.isOverfull) await this.beginAnew(room, pending);
    const noted = some.map(([room, pending]) => new Noted(room, pending));
    const withOrders = await this.change(noted, (one) => one.orderChange(this.keys));
    for (const one of withOrders) one.settleOrders();
    for (const one of await this.change(withOrders, (each) => each.factChange(this.keys))) one.settleFacts();
    for (const [room, pending] of some) {
      if (isEmpty(pending) && this.pending.get(room) === pending) this.pending.delete(room);
    }
  }

  /** Returns those of which Redis took the change, or which have none to make. */
  private async change(
    noted: readonly Noted[],
    changeOf: (one: Noted) => HashChange,
  ): Promise<readonly Noted[]> {
    const changes = noted.map(changeOf);
    const made = changes.filter(({ set, remove }) => set.length + remove.length > 0);
    if (made.length === 0) return noted;
    const refused = await this.store.hashChangeAll(made);
    const [error] = refused.values();
    if (error) this.failed(error);
    return noted.filter((_one, at) => !refused.has(changes[at]?.key ?? ''));
  }
}

/** What is pending of a room when its writing begins; what comes meanwhile waits for the next one. */
class Noted {
  private readonly orders: readonly (readonly [string, string])[];
  private readonly over: readonly string[];
  private readonly facts: readonly (readonly [string, string])[];

  constructor(
    private readonly room: string,
    private readonly pending: Pending,
  ) {
    this.orders = [...(pending.orders ?? [])];
    this.over = [...(pending.over ?? [])];
    this.facts = [...(pending.facts ?? [])];
  }

  orderChange(keys: StreamRecordKeys): HashChange {
    return { key: keys.orders(this.room), remove: this.over, set: this.orders, ttlMs: TTL_MS };
  }

  factChange(keys: StreamRecordKeys): HashChange {
    return { key: keys.facts(this.room), remove: [], set: this.facts, ttlMs: TTL_MS };
  }

  settleOrders(): void {
    settle(this.pending.orders, this.orders);
    for (const order of this.over) this.pending.over?.delete(order);
  }

  settleFacts(): void {
    settle(this.pending.facts, this.facts);
  }
}

/** Not while its list is still to be removed whole. */
function isEmpty({ orders, over, facts, isOverfull }: Pending): boolean {
  return !isOverfull && ![orders, over, facts].some((part) => part && part.size > 0);
}

/** What was noted anew meanwhile stays. */
function settle<T>(noted: Map<string, T> | undefined, written: readonly (readonly [string, T])[]): void {
  for (const [field, value] of written) if (noted?.get(field) === value) noted.delete(field);
}
