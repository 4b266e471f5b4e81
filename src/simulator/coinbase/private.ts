import type { Timer } from '../../domain/time';
import type { AccountBook, OrderChange, SimAccount, SimConnection, SimOrder, WsRoute } from '../kit';
import { isOpen } from '../kit';
import { heartbeatFrame } from './frames';
import type { OrderStates } from './order-states';
import { userRow } from './private-rows';
import type { UserVenue } from './private-session';
import { PrivateSession } from './private-session';

export interface UserStreamDeps extends Omit<UserVenue, 'openRows' | 'onClose'> {
  readonly accounts: AccountBook;
  readonly states: OrderStates;
  /** Real ms between two heartbeats. */
  readonly heartbeatMs: number;
}

const EXCHANGE = 'coinbase';

/** The user streams: turns what happens to orders into rows for whoever listens. Balances are told by REST only. */
export class UserStreams {
  private readonly sessions = new Set<PrivateSession>();
  private readonly leave: readonly (() => void)[];
  private readonly timer: Timer;
  private beats = 21_697;

  constructor(private readonly deps: UserStreamDeps) {
    const { accounts, clock, heartbeatMs } = deps;
    this.leave = [
      accounts.onOrder((change) => this.tellChange(change)),
      accounts.onRevoked((account) => this.each(account, (session) => session.cut())),
    ];
    this.timer = clock.every(heartbeatMs, () => this.beat());
  }

  route(): WsRoute {
    return { path: '/', open: (connection) => this.open(connection) };
  }

  /** Tells the order in a state that the book does not know, e.g. `CANCEL_QUEUED`. */
  mark(account: SimAccount, orderId: string, status: string): void {
    const order = account.order(orderId);
    if (!order) throw new Error(`no order ${orderId}`);
    this.deps.states.mark(orderId, status);
    this.tell(account, order);
  }

  /** Makes every client miss frames; the number of clients. */
  skip(count: number): number {
    for (const session of this.sessions) session.skip(count);
    return this.sessions.size;
  }

  stop(): void {
    for (const leave of this.leave) leave();
    this.deps.clock.cancel(this.timer);
  }

  private open(connection: SimConnection): PrivateSession {
    const session = new PrivateSession(connection, {
      ...this.deps,
      openRows: (account) => this.openRows(account),
      onClose: (closed) => void this.sessions.delete(closed),
    });
    this.sessions.add(session);
    return session;
  }

  /** Documented: the orders whose status is OPEN; what waits or is being cancelled is not among them. */
  private openRows(account: SimAccount): readonly object[] {
    const { states } = this.deps;
    return account
      .openOrders()
      .filter((order) => states.statusOf(order) === 'OPEN')
      .map((order) => userRow(order, 'OPEN', account));
  }

  private tellChange({ account, order, execution }: OrderChange): void {
    if (account.exchange !== EXCHANGE) return;
    // Accepted first, also where it is refused right after.
    if (execution === 'NEW' || execution === 'REJECTED') {
      this.tell(account, { ...order, status: 'NEW' }, 'PENDING');
    }
    if (execution === 'NEW' && order.type === 'MARKET') return;
    this.tell(account, order, undefined, order.status === 'FILLED' || isOpen(order));
    // Once more when the hold is released, and nothing else has changed.
    if (order.status === 'FILLED') this.tell(account, order);
  }

  private tell(account: SimAccount, order: SimOrder, status?: string, isHeld = isOpen(order)): void {
    const row = userRow(order, status ?? this.deps.states.statusOf(order), account, isHeld);
    this.each(account, (session) => session.tell(order.symbol, row));
  }

  private each(account: SimAccount, act: (session: PrivateSession) => void): void {
    for (const session of [...this.sessions]) if (session.holds(account)) act(session);
  }

  private beat(): void {
    this.beats += 1;
    const frame = heartbeatFrame(this.beats, this.deps.now());
    for (const session of this.sessions) session.beat(frame);
  }
}
