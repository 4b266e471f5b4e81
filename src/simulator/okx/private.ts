import type { BalanceChange, OrderChange, SimAccount, SimConnection, VenueHost, WsRoute } from '../kit';
import { WS_REALMS, type Realm } from './private-hosts';
import { admitLogin } from './private-keys';
import { accountRow, instTypeOf, isHeld, orderRow } from './private-rows';
import { PrivateSession } from './private-session';
import type { TimerSet } from './timers';

/** Currencies per frame of a snapshot; the venue's own number is not documented. */
const SNAPSHOT_PAGE = 20;

/** 19 digits, as the venue's: beyond what a number can hold. */
export function okxOrderIds(count: number): string {
  return `24979569${String(count).padStart(11, '0')}`;
}

/** Private connections of every host, and what they hear of the accounts. */
export class PrivateSide {
  private readonly sessions = new Set<PrivateSession>();
  private readonly unlisten: readonly (() => void)[];

  constructor(
    private readonly host: VenueHost,
    private readonly timers: TimerSet,
    private readonly idleMs: number,
  ) {
    const { accounts } = host;
    this.unlisten = [
      accounts.onOrder((change) => this.tellOrder(change)),
      accounts.onBalance((change) => this.tellBalances(change)),
      accounts.onRevoked((account) => this.closeAll(account)),
    ];
  }

  /** `/ws/v5/private` of one host. */
  route(url: string): WsRoute {
    const realm = WS_REALMS[url];
    if (!realm) throw new Error(`not a host of OKX: ${url}`);
    return { path: '/ws/v5/private', open: (connection) => this.open(connection, realm) };
  }

  stop(): void {
    for (const end of this.unlisten) end();
  }

  private open(connection: SimConnection, realm: Realm): PrivateSession {
    const session: PrivateSession = new PrivateSession(connection, {
      admit: (login) => admitLogin(this.host, realm, login),
      listenersOf: (channel, account) => this.of(account).filter((one) => one.isOn(channel)).length,
      first: (topic, accounts) => (topic === 'account' ? this.snapshot(accounts) : []),
      onEnd: () => {
        this.timers.cancel(deadline);
        this.sessions.delete(session);
      },
    });
    const deadline = this.timers.after(this.idleMs, () => {
      if (session.topicCount > 0) return;
      connection.violation('heartbeat', 'no subscription');
      connection.close(4004, 'No data received in 30s.');
    });
    this.sessions.add(session);
    return session;
  }

  /** Sessions of whoever owns the account. */
  private of({ key }: SimAccount): readonly PrivateSession[] {
    return [...this.sessions].filter(({ accounts }) => accounts.some((one) => one.key === key));
  }

  /** Orders that were never accepted are told in the answer to the request only. */
  private tellOrder({ account, order, execution, fill }: OrderChange): void {
    if (execution === 'REJECTED' || !isOurs(account)) return;
    const row = { ...orderRow(order, fill), ...(execution === 'AMENDED' && { amendResult: '0' }) };
    for (const instType of [instTypeOf(order), 'ANY']) {
      const frame = JSON.stringify({ arg: { channel: 'orders', instType, uid: account.id }, data: [row] });
      this.push(account, `orders:${instType}`, frame);
    }
  }

  private tellBalances({ account, balances, time }: BalanceChange): void {
    if (!isOurs(account)) return;
    const arg = { channel: 'account', uid: account.id };
    const data = [accountRow(balances, time)];
    this.push(account, 'account', JSON.stringify({ arg, eventType: 'event_update', data }));
  }

  private push(account: SimAccount, topic: string, frame: string): void {
    for (const session of this.of(account)) if (session.hears(topic)) session.connection.push(frame);
  }

  /** In pages; an empty account is told as well. */
  private snapshot(accounts: readonly SimAccount[]): readonly string[] {
    const held = accounts.flatMap((one) => one.balances()).filter(isHeld);
    const count = Math.max(1, Math.ceil(held.length / SNAPSHOT_PAGE));
    const time = this.host.venueClock.now();
    return Array.from({ length: count }, (_, page) => {
      const from = page * SNAPSHOT_PAGE;
      return JSON.stringify({
        arg: { channel: 'account', uid: accounts[0]?.id },
        eventType: 'snapshot',
        curPage: page + 1,
        lastPage: page + 1 === count,
        data: [accountRow(held.slice(from, from + SNAPSHOT_PAGE), time)],
      });
    });
  }

  private closeAll(account: SimAccount): void {
    if (!isOurs(account)) return;
    for (const { connection } of this.of(account))
      connection.close(4007, 'API key has been updated or deleted.');
  }
}

function isOurs({ exchange }: SimAccount): boolean {
  return exchange === 'okx' || exchange === 'okxLinear' || exchange === 'okxInverse';
}
