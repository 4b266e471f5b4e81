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
    /** `unifiedMarginStatus` of a key; undefined: UTA 2.0. */
    statusOf: (key: string) => number | undefined,
  ) {
    this.leave = [
      accounts.onOrder(({ account, order }) => {
        for (const session of this.sessions) {
          if (session.holds(account)) session.tellOrder(order, streamOrder(order));
        }
      }),
      accounts.onBalance(({ account, balances }) => {
        for (const session of this.sessions) {
          if (!session.holds(account)) continue;
          const wallet = walletNameOf(statusOf(account.key), account.exchange);
          session.tellWallet(walletRow(balances, account.exchange, wallet));
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

/** Classic accounts trade from wallets of their own, UTA 1.0 keeps inverse contracts apart. */
function walletNameOf(status: number | undefined, exchange: string): string {
  if (status === 1) return exchange === 'bybit' ? 'SPOT' : 'CONTRACT';
  const isApart = exchange === 'bybitInverse' && (status === 3 || status === 4);
  return isApart ? 'CONTRACT' : 'UNIFIED';
}
