import type { ExecutionReport } from '../domain/account';
import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Store } from './ports';

/** Client ids of the backend's bots; matched anywhere in the id, because of broker prefixes (contract 2.7). */
const BOT_ORDERS =
  /GRID-?TP|GRID-?STAB|GRID-?BO|GRID-?RO|GA-?F|D-?ROA|D-?SR|D-?BO|D-?TP|D-?MTP|D-?MSL|D-?RO|CMB-?BO|CMB-?GR|CMB-?RO|CMB-?H/;
const OPEN_TTL_MS = 86_400_000;
const DONE_TTL_MS = 300_000;
const WRITE_MS = 20;
/** The clock of last events is read in minutes. */
const CLOCK_MS = 1_000;
const SCORES_AT_ONCE = 100;
const SWEEP_MS = 30_000;
const MAX_PENDING = 50_000;

interface Pending {
  /** Undefined: to be removed. */
  readonly text: string | undefined;
  readonly ttlMs: number;
}

/**
 * The backend's `orders` hash and `stream:lastEventTime` clock. Newest per order and room while Redis is
 * away, so that a stale NEW never outlives a fill; bounded by the number of orders.
 */
export class OrderCache {
  private readonly orders = new Map<string, Pending>();
  private readonly touched = new Map<string, number>();
  private readonly timers: readonly Timer[];
  private readonly closed = new Set<string>();
  private writing: Promise<void> | undefined;
  private clockDueAt = 0;
  private isDropping = false;

  constructor(
    private readonly store: Store,
    private readonly keys: { readonly orders: string; readonly lastEvent: string },
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
  ) {
    this.timers = [
      deps.clock.every(WRITE_MS, () => void this.write()),
      deps.clock.every(SWEEP_MS, () => void this.sweep()),
    ];
  }

  remember(report: ExecutionReport, text: string): void {
    const id = report.newClientOrderId;
    const isOurs = report.liquidation === true || BOT_ORDERS.test(id);
    if (!isOurs) return;
    const isOpen = report.orderStatus === 'NEW' || report.orderStatus === 'PARTIALLY_FILLED';
    const field = id === '' ? `liq_${report.orderId}` : id;
    this.pend(field, { text, ttlMs: isOpen ? OPEN_TTL_MS : DONE_TTL_MS });
  }

  /** Nobody can tell what became of the order: a bot had better ask than trust what is cached. */
  doubt(clientOrderId: string): void {
    if (BOT_ORDERS.test(clientOrderId)) this.pend(clientOrderId, { text: undefined, ttlMs: 0 });
  }

  touch(room: string, at: number): void {
    this.closed.delete(room);
    this.touched.set(room, at);
  }

  /** The room is closed for good. */
  forget(room: string): void {
    this.touched.delete(room);
    this.closed.add(room);
  }

  /** Everything that is pending now; what Redis does not take stays pending. */
  async flush(): Promise<void> {
    await this.writing;
    this.clockDueAt = 0;
    await this.write();
  }

  close(): void {
    for (const timer of this.timers) this.deps.clock.cancel(timer);
  }

  private write(): Promise<void> {
    this.writing ??= this.writePending().finally(() => (this.writing = undefined));
    return this.writing;
  }

  private async writePending(): Promise<void> {
    if (!this.store.ready) return;
    try {
      for (const [field, pending] of this.orders) await this.writeOrder(field, pending);
      await this.writeClock();
    } catch (error) {
      this.tell(error);
    }
  }

  private async writeOrder(field: string, pending: Pending): Promise<void> {
    const { text, ttlMs } = pending;
    const entry = { key: this.keys.orders, field };
    if (text === undefined) await this.store.hashRemove(entry.key, [field]);
    else await this.store.hashSetExpiring({ ...entry, value: text }, ttlMs, this.deps.clock.now());
    if (this.orders.get(field) === pending) this.orders.delete(field);
  }

  private async writeClock(): Promise<void> {
    const now = this.deps.clock.monotonic();
    if (now < this.clockDueAt) return;
    this.clockDueAt = now + CLOCK_MS;
    const touched = [...this.touched];
    for (let from = 0; from < touched.length; from += SCORES_AT_ONCE) {
      const some = touched.slice(from, from + SCORES_AT_ONCE);
      await this.store.raise(this.keys.lastEvent, new Map(some));
      for (const [room, at] of some) if (this.touched.get(room) === at) this.touched.delete(room);
    }
    for (const room of this.closed) {
      await this.store.withdraw(this.keys.lastEvent, room);
      this.closed.delete(room);
    }
  }

  private pend(field: string, pending: Pending): void {
    if (this.orders.size >= MAX_PENDING && !this.orders.has(field)) return this.drop();
    this.isDropping = false;
    // To the end of the row: a write in progress still reaches it.
    this.orders.delete(field);
    this.orders.set(field, pending);
  }

  private drop(): void {
    if (!this.isDropping) this.deps.telemetry.log.error({}, 'order cache full: new orders are not cached');
    this.isDropping = true;
  }

  private async sweep(): Promise<void> {
    if (!this.store.ready) return;
    try {
      await this.store.hashSweep(this.keys.orders, this.deps.clock.now());
    } catch (error) {
      this.tell(error);
    }
  }

  private tell(error: unknown): void {
    this.deps.telemetry.log.debug({ error: errorText(error) }, 'order cache not written; it stays pending');
  }
}
