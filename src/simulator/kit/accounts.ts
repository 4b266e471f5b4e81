import type { Clock } from '../../domain/time';
import { SimAccount, type AccountSpec } from './account';
import type { Ledger } from './ledger';
import type { SimFill, SimOrder } from './order';
import type { SimBalance } from './wallet';

/** One order changed. */
export interface OrderChange {
  readonly account: SimAccount;
  readonly order: SimOrder;
  readonly execution: 'NEW' | 'TRADE' | 'AMENDED' | 'CANCELED' | 'EXPIRED' | 'REJECTED';
  /** Of a TRADE. */
  readonly fill?: SimFill;
}

/** Absolute balances of the assets that changed. */
export interface BalanceChange {
  readonly account: SimAccount;
  readonly reason: 'ORDER' | 'SET' | 'TRANSFER';
  readonly balances: readonly SimBalance[];
  /** Of a TRANSFER: signed amount. */
  readonly delta?: { readonly asset: string; readonly amount: string };
  /** The order behind an ORDER change. */
  readonly order?: SimOrder;
  readonly time: number;
}

type Listener<T> = (told: T) => void;

/**
 * Every account of the simulator, their orders and balances. It knows no venue and no connection:
 * things happen whether anyone listens or not, so a fill while a client is away is just a fill.
 *
 *   const account = accounts.addAccount({ exchange: 'binance', key, secret });
 *   account.setBalance('USDT', '1000');
 *   const { orderId } = account.place({ symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '30000',
 *     quantity: '0.01', clientOrderId: 'my-1', assets: { base: 'BTC', quote: 'USDT' } });
 *   account.fill(orderId, '0.004'); account.fill(orderId, '0.006', { price: '29999' });
 *
 * A venue simulator finds an account by the key that a client sent (`find`), checks the signature with
 * `account.secret`, turns `onOrder` / `onBalance` into its own frames for the sessions of that account,
 * and answers REST from `openOrders`, `ordersSince`, `order` and `balances`. Every order change is also
 * in the ledger. An order's change is told before the balances that it moved.
 */
export class AccountBook {
  private readonly accounts = new Map<string, SimAccount>();
  private readonly orderListeners = new Set<Listener<OrderChange>>();
  private readonly balanceListeners = new Set<Listener<BalanceChange>>();
  private readonly revocationListeners = new Set<Listener<SimAccount>>();
  private counter = 0;

  constructor(
    /** The venue's clock. */
    private readonly clock: Clock,
    private readonly ledger: Ledger,
  ) {}

  addAccount(spec: AccountSpec): SimAccount {
    const id = `${spec.exchange} ${spec.key}`;
    if (this.accounts.has(id)) throw new Error(`the key is already an account of ${spec.exchange}`);
    const account = new SimAccount(spec, {
      now: () => this.clock.now(),
      count: () => (this.counter += 1),
      tellOrder: (change) => this.tellOrder(change),
      tellBalance: (change) => tell(this.balanceListeners, change),
      tellRevoked: (revoked) => tell(this.revocationListeners, revoked),
    });
    this.accounts.set(id, account);
    return account;
  }

  /** Its owner made new keys and deleted the old ones: sessions on those end as after a revocation. */
  changeKeys(account: SimAccount, keys: Required<Pick<AccountSpec, 'key' | 'secret' | 'passphrase'>>): void {
    const { exchange } = account;
    const id = `${exchange} ${keys.key}`;
    if (this.accounts.has(id)) throw new Error(`the key is already an account of ${exchange}`);
    this.accounts.delete(`${exchange} ${account.key}`);
    // While it still has the keys by which sessions know it.
    tell(this.revocationListeners, account);
    Object.assign(account, keys);
    this.accounts.set(id, account);
  }

  /** The account that a key opens at a market; revoked ones too. */
  find(exchange: string, key: string): SimAccount | undefined {
    return this.accounts.get(`${exchange} ${key}`);
  }

  list(): readonly SimAccount[] {
    return [...this.accounts.values()];
  }

  /** Returns its own undoing, as the others do. */
  onOrder(listener: Listener<OrderChange>): () => void {
    return listen(this.orderListeners, listener);
  }

  onBalance(listener: Listener<BalanceChange>): () => void {
    return listen(this.balanceListeners, listener);
  }

  /** A key was revoked: sessions that live on it should hear of it as the venue tells it. */
  onRevoked(listener: Listener<SimAccount>): () => void {
    return listen(this.revocationListeners, listener);
  }

  private tellOrder(change: OrderChange): void {
    const { account, order } = change;
    this.ledger.add({
      kind: 'order',
      exchange: order.exchange,
      account: account.id,
      symbol: order.symbol,
      orderId: order.orderId,
      clientOrderId: order.clientOrderId,
      status: order.status,
      price: order.price,
      quantity: order.quantity,
      filled: order.filled,
      quote: order.quote,
      time: order.updatedAt,
    });
    tell(this.orderListeners, change);
  }
}

function listen<T>(listeners: Set<Listener<T>>, listener: Listener<T>): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell<T>(listeners: ReadonlySet<Listener<T>>, told: T): void {
  for (const listener of [...listeners]) listener(told);
}
