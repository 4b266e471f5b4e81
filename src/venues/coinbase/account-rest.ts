import type { OutboundAccountPosition } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountRestDeps, AccountSnapshot, SnapshotQuery } from '../contract';
import type { AccountCalls } from './account-client';
import { accountCalls } from './account-client';
import { ordersSince } from './account-orders';
import { allPages } from './account-pages';
import { readBalances } from './balances';
import { MAY_NOT_VIEW, refused } from './refusals';

const ACCOUNTS_PER_PAGE = '250';

/** Signed REST of one account: needs no SDK. */
export function connectAccount(account: Account, deps: AccountRestDeps): CoinbaseAccount {
  return new CoinbaseAccount(account, deps);
}

export class CoinbaseAccount implements AccountRest {
  private readonly calls: AccountCalls;

  constructor(
    private readonly account: Account,
    private readonly deps: AccountRestDeps,
  ) {
    this.calls = accountCalls(account, deps);
  }

  serverTime(): Promise<number> {
    return this.calls.time();
  }

  /** Orders first: their fills are in the balances then. What is not told is taken for empty: all or nothing. */
  async snapshot(query: SnapshotQuery): Promise<AccountSnapshot> {
    const found = await ordersSince(query, this.deps.venueNow(), this.calls);
    const { position, odd } = await this.holdings();
    if (odd === 0) return { ...found, balances: position };
    const note = `the balances are left out, as ${odd} of them cannot be read`;
    return { ...found, incomplete: found.incomplete === undefined ? note : `${found.incomplete}; ${note}` };
  }

  async balances(): Promise<OutboundAccountPosition> {
    const { position, odd } = await this.holdings();
    if (odd > 0) throw this.unreadable('accounts');
    return position;
  }

  private async holdings(): Promise<{ readonly position: OutboundAccountPosition; readonly odd: number }> {
    const query = { limit: ACCOUNTS_PER_PAGE };
    const accounts = await allPages('accounts', 'accounts', query, '/accounts', this.calls.ask);
    const { balances, odd } = readBalances(accounts);
    // The venue gives no time.
    const eventTime = this.deps.venueNow();
    const position = {
      eventType: 'outboundAccountPosition',
      eventTime,
      lastAccountUpdate: eventTime,
    } as const;
    return { position: { ...position, balances }, odd };
  }

  /**
   * {"can_view":true,"can_trade":false,"can_transfer":false,"portfolio_uuid":"..","portfolio_type":"DEFAULT"}
   * Fails with the refusal as its cause, so that a wrong key, a missing right and a wrong clock are told apart:
   * the stream answers all of them with the same words.
   */
  async checkKey(): Promise<void> {
    const answer = (await this.calls.ask('key', '/key_permissions')) as { can_view?: unknown };
    if (answer.can_view !== false) return;
    throw refused(new ConnectorError('REST_FAILED', `${this.account.market.exchange} key`), MAY_NOT_VIEW);
  }

  private unreadable(what: string): ConnectorError {
    return new ConnectorError('REST_BAD_ANSWER', `${this.account.market.exchange} ${what}: not readable`);
  }
}
