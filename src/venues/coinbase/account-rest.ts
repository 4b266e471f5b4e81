import type { OutboundAccountPosition } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountRestDeps, AccountSnapshot, SnapshotQuery } from '../contract';
import type { AccountCalls } from './account-client';
import { accountCalls } from './account-client';
import { ordersSince } from './account-orders';
import { allPages } from './account-pages';
import { balancesOf } from './balances';
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

  /** Orders first: their fills are in the balances then. */
  async snapshot(query: SnapshotQuery): Promise<AccountSnapshot> {
    const found = await ordersSince(query, this.deps.venueNow(), this.calls);
    return { ...found, balances: await this.balances() };
  }

  async balances(): Promise<OutboundAccountPosition> {
    const query = { limit: ACCOUNTS_PER_PAGE };
    const balances = balancesOf(await allPages('accounts', 'accounts', query, '/accounts', this.calls.ask));
    if (balances === undefined) throw this.unreadable('accounts');
    // The venue gives no time.
    const eventTime = this.deps.venueNow();
    return { eventType: 'outboundAccountPosition', eventTime, lastAccountUpdate: eventTime, balances };
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
