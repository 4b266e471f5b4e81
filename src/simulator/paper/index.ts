import { randomBytes } from 'node:crypto';
import type { AccountBook, SimAccount, VenueHost, VenueSimulator } from '../kit';
import { balanceRow, isTold, orderRow } from './rows';
import type { PaperRules, PaperVenue } from './session';
import { PaperSession } from './session';

/** Where the product looks for the server by default. */
export const PAPER_URL = 'ws://localhost:7506';

const DEFAULTS: PaperRules = { pingIntervalMs: 60_000, pingTimeoutMs: 120_000, connectTimeoutMs: 45_000 };

export type PaperOptions = Partial<PaperRules>;

/**
 * The paper trading server: its socket, and no REST, which is the backend's. A user is a key; accounts of
 * paper exchanges (`paperBinance`, ..) that share one are the same user's, and every socket of his hears of
 * all of them. The fault `refuseTopics: ['order']` is a data base that is away.
 * Gainium/paper-trading-sh: src/ws/user.gateway.ts
 */
export function simulatePaper(host: VenueHost, options: PaperOptions = {}): VenueSimulator {
  const { server, clock, accounts } = host;
  const sessions = new Set<PaperSession>();
  const process = randomBytes(5).toString('hex');
  const venue: PaperVenue = {
    clock,
    rules: { ...DEFAULTS, ...options },
    users: { find: (key, secret) => userOf(accounts, key, secret) },
    onClose: (session) => sessions.delete(session),
  };
  server.add({
    url: PAPER_URL,
    ws: [
      {
        path: '/socket.io/',
        open: (connection) => {
          const session = new PaperSession(connection, venue);
          sessions.add(session);
          return session;
        },
      },
    ],
    // A server that goes down for good takes its clients out of the namespace first.
    notice: () => '41',
  });
  const unlisten = [
    accounts.onOrder(({ account, order }) => {
      if (!isPaper(account) || !isTold(order)) return;
      for (const session of sessions) session.tell('order', account.id, orderRow(order, account.id, process));
    }),
    accounts.onBalance(({ account, balances }) => {
      if (!isPaper(account)) return;
      const data = { balance: balances.map(balanceRow) };
      for (const session of sessions) session.tell('outboundAccountInfo', account.id, data);
    }),
  ];
  return {
    markets: {},
    stop: () => unlisten.forEach((end) => end()),
  };
}

/** `SimAccount.id` is made of the key: the same for all accounts of a user. */
function userOf(accounts: AccountBook, key: unknown, secret: unknown): string | undefined {
  const fits = (one: SimAccount) =>
    isPaper(one) && one.key === key && one.secret === secret && !one.isRevoked;
  return accounts.list().find(fits)?.id;
}

function isPaper({ exchange }: SimAccount): boolean {
  return exchange.startsWith('paper');
}
