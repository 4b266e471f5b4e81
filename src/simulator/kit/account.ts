import { createHash } from 'node:crypto';
import type { BalanceChange, OrderChange } from './accounts';
import {
  amendedBy,
  filledBy,
  isOpen,
  type Amendment,
  type OrderRequest,
  type SimFill,
  type SimOrder,
} from './order';
import { Wallet, type SimBalance } from './wallet';

export interface AccountSpec {
  /** Published exchange id. */
  readonly exchange: string;
  readonly key: string;
  /** HMAC secret, or the public key (PEM) of an account that signs with a private one. */
  readonly secret: string;
  readonly passphrase?: string;
  /** The venue's words; default: none, and venues then ask for none. */
  readonly permissions?: readonly string[];
  /** The client's address is not on the key's list. */
  readonly isIpBlocked?: boolean;
  /** How the venue numbers orders; default: plain rising numbers. */
  readonly orderIds?: (count: number) => string;
}

/** What an account needs of its book. */
export interface AccountDeps {
  now(): number;
  /** Unique, rising. */
  count(): number;
  tellOrder(change: OrderChange): void;
  tellBalance(change: BalanceChange): void;
  tellRevoked(account: SimAccount): void;
}

export interface FillOptions {
  /** Default: the order's price. */
  readonly price?: string;
  readonly commission?: string;
  readonly commissionAsset?: string;
}

const FIRST_ID = 1_000_000;
/** Closed orders kept; a venue forgets as well. */
const MAX_CLOSED = 20_000;

/** One account at one market: credentials, orders, balances. Changes are made by the test or the demo. */
export class SimAccount {
  /** Names the account in the ledger without telling its key. */
  readonly id: string;
  readonly exchange: string;
  /** The three are changed by `AccountBook.changeKeys` only. */
  key: string;
  secret: string;
  passphrase: string;
  permissions: readonly string[];
  isIpBlocked: boolean;
  private readonly orders = new Map<string, SimOrder>();
  private readonly wallet = new Wallet();
  private revoked = false;

  constructor(
    private readonly spec: AccountSpec,
    private readonly deps: AccountDeps,
  ) {
    this.exchange = spec.exchange;
    this.key = spec.key;
    this.secret = spec.secret;
    this.passphrase = spec.passphrase ?? '';
    this.permissions = spec.permissions ?? [];
    this.isIpBlocked = spec.isIpBlocked ?? false;
    this.id = createHash('sha256').update(spec.key).digest('hex').slice(0, 12);
  }

  // ------------------------------------------------------------------ credentials

  get isRevoked(): boolean {
    return this.revoked;
  }

  revoke(): void {
    this.revoked = true;
    this.deps.tellRevoked(this);
  }

  restore(): void {
    this.revoked = false;
  }

  // ------------------------------------------------------------------ what happens

  place(request: OrderRequest): SimOrder {
    const order = this.newOrder(request);
    const balances = this.wallet.lock(order);
    this.keep({ account: this, order, execution: 'NEW' }, balances);
    return order;
  }

  /** Fails with an Error where it would overfill. */
  fill(orderId: string, quantity: string, options: FillOptions = {}): SimOrder {
    const before = this.openOrder(orderId);
    const count = this.deps.count();
    const fill: SimFill = {
      tradeId: FIRST_ID + count,
      price: options.price ?? before.price,
      quantity,
      commission: options.commission ?? '0',
      commissionAsset: options.commissionAsset ?? before.assets?.quote ?? '',
      time: this.deps.now(),
    };
    const order = filledBy(before, fill, count);
    this.keep({ account: this, order, execution: 'TRADE', fill }, this.wallet.settle(before, fill));
    return order;
  }

  /** A working order gets another price or quantity and keeps its id; how venues spell that is theirs. */
  amend(orderId: string, amendment: Amendment): SimOrder {
    const before = this.openOrder(orderId);
    const order = amendedBy(before, amendment, { updatedAt: this.deps.now(), change: this.deps.count() });
    this.keep({ account: this, order, execution: 'AMENDED' }, this.wallet.relock(before, order));
    return order;
  }

  /** `cancelId`: the client id that the cancel request itself carried. */
  cancel(orderId: string, cancelId = ''): SimOrder {
    return this.end(orderId, 'CANCELED', cancelId);
  }

  expire(orderId: string): SimOrder {
    return this.end(orderId, 'EXPIRED', '');
  }

  /** An order that the venue accepted and then refused. */
  reject(request: OrderRequest): SimOrder {
    const order: SimOrder = { ...this.newOrder(request), status: 'REJECTED' };
    this.keep({ account: this, order, execution: 'REJECTED' }, []);
    return order;
  }

  /** The venue closes a position by an order of its own, filled at once at `price`. */
  liquidate(request: OrderRequest): SimOrder {
    const placed: SimOrder = { ...this.newOrder(request), isLiquidation: true };
    this.keep({ account: this, order: placed, execution: 'NEW' }, []);
    return this.fill(placed.orderId, placed.quantity, { price: request.price });
  }

  setBalance(asset: string, free: string, locked = '0'): void {
    this.tellBalances('SET', this.wallet.set(asset, free, locked));
  }

  /** A deposit, or a withdrawal where `delta` is negative. */
  transfer(asset: string, delta: string): void {
    this.tellBalances('TRANSFER', this.wallet.transfer(asset, delta), { delta: { asset, amount: delta } });
  }

  // ------------------------------------------------------------------ what is

  order(orderId: string): SimOrder | undefined {
    return this.orders.get(orderId);
  }

  balances(): readonly SimBalance[] {
    return this.wallet.list();
  }

  /** Oldest first. `exchange` filters where one key serves several markets. */
  openOrders(exchange?: string): readonly SimOrder[] {
    return this.list((order) => isOpen(order) && order.exchange === (exchange ?? order.exchange));
  }

  /** Orders whose last change is at or after `sinceMs`, oldest change first. */
  ordersSince(sinceMs: number, exchange?: string): readonly SimOrder[] {
    return this.list(
      (order) => order.updatedAt >= sinceMs && order.exchange === (exchange ?? order.exchange),
    ).sort((a, b) => a.updatedAt - b.updatedAt || a.change - b.change);
  }

  // ------------------------------------------------------------------ inside

  private list(wanted: (order: SimOrder) => boolean): SimOrder[] {
    return [...this.orders.values()].filter(wanted);
  }

  private newOrder(request: OrderRequest): SimOrder {
    const count = this.deps.count();
    const orderId =
      request.orderId ?? (this.spec.orderIds ? this.spec.orderIds(count) : String(FIRST_ID + count));
    if (this.orders.has(orderId)) throw new Error(`order id used twice: ${orderId}`);
    const now = this.deps.now();
    return {
      exchange: request.exchange ?? this.exchange,
      symbol: request.symbol,
      orderId,
      clientOrderId: request.clientOrderId ?? `sim-${count}`,
      side: request.side,
      type: request.type,
      price: request.type === 'MARKET' ? '0' : request.price,
      quantity: request.quantity,
      status: 'NEW',
      filled: '0',
      quote: '0',
      averagePrice: '0',
      fills: [],
      cancelId: '',
      isLiquidation: false,
      ...(request.assets ? { assets: request.assets } : {}),
      createdAt: now,
      updatedAt: now,
      change: count,
    };
  }

  private openOrder(orderId: string): SimOrder {
    const order = this.orders.get(orderId);
    if (!order || !isOpen(order)) throw new Error(`no open order ${orderId}`);
    return order;
  }

  private end(orderId: string, status: 'CANCELED' | 'EXPIRED', cancelId: string): SimOrder {
    const before = this.openOrder(orderId);
    const time = { updatedAt: this.deps.now(), change: this.deps.count() };
    const order: SimOrder = { ...before, status, cancelId, ...time };
    this.keep({ account: this, order, execution: status }, this.wallet.unlock(before));
    return order;
  }

  private keep(change: OrderChange, balances: readonly SimBalance[]): void {
    this.orders.set(change.order.orderId, change.order);
    if (this.orders.size > MAX_CLOSED) this.forgetOldest();
    this.deps.tellOrder(change);
    if (balances.length > 0) this.tellBalances('ORDER', balances, { order: change.order });
  }

  private forgetOldest(): void {
    for (const [id, order] of this.orders) {
      if (isOpen(order)) continue;
      this.orders.delete(id);
      return;
    }
  }

  private tellBalances(
    reason: BalanceChange['reason'],
    balances: readonly SimBalance[],
    more: Pick<BalanceChange, 'delta' | 'order'> = {},
  ): void {
    this.deps.tellBalance({ account: this, reason, balances, time: this.deps.now(), ...more });
  }
}
