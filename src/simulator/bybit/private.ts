import type { AccountBook, SimConnection, WsRoute } from '../kit';
import type { KeyRing, Site } from './private-keys';
import { streamOrder, walletRow } from './private-rows';
import { PrivateSession } from './private-session';

/** The private streams of all sites: turns what happens to accounts into frames for whoever listens. */
export class PrivateStreams {
  private readonly sessions = new Set<PrivateSession>();
  private readonly leave: readonly (() => void)[];

  constructor(
    accounts: AccountBook,
    private readonly keys: KeyRing,
    private readonly now: () => number,
  ) {
    this.leave = [
      accounts.onOrder(({ account, order }) => {
        for (const session of this.sessions) {
          if (session.holds(account)) session.tellOrder(order, streamOrder(order));
        }
      }),
      accounts.onBalance(({ account, balances }) => {
        for (const session of this.sessions) {
          if (session.holds(account)) session.tellWallet(walletRow(balances, account.exchange));
        }
      }),
      accounts.onRevoked((account) => {
        for (const session of [...this.sessions]) if (session.holds(account)) session.cut();
      }),
    ];
  }

  route(site: Site): WsRoute {
    return { path: '/v5/private', open: (connection) => this.open(site, connection) };
  }

  stop(): void {
    for (const leave of this.leave) leave();
  }

  private open(site: Site, connection: SimConnection): PrivateSession {
    const { keys, now } = this;
    const session = new PrivateSession(connection, {
      site,
      keys,
      now,
      onClose: (closed) => void this.sessions.delete(closed),
    });
    this.sessions.add(session);
    return session;
  }
}
