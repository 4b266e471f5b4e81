import { compare, difference, product, sum } from './exact';
import type { SimFill, SimOrder } from './order';

/** Absolute amounts of one asset, decimal texts. */
export interface SimBalance {
  readonly asset: string;
  readonly free: string;
  readonly locked: string;
}

/** Balances of one account. Spot orders lock and move them; every method answers what changed. */
export class Wallet {
  private readonly held = new Map<string, SimBalance>();

  list(): readonly SimBalance[] {
    return [...this.held.values()];
  }

  balance(asset: string): SimBalance {
    return this.held.get(asset) ?? { asset, free: '0', locked: '0' };
  }

  set(asset: string, free: string, locked: string): readonly SimBalance[] {
    this.held.set(asset, { asset, free, locked });
    return [this.balance(asset)];
  }

  /** A deposit, or a withdrawal where `delta` is negative. */
  transfer(asset: string, delta: string): readonly SimBalance[] {
    return [this.move(asset, delta, '0')];
  }

  /** Locks what an open limit order may cost. */
  lock(order: SimOrder): readonly SimBalance[] {
    const cost = costOf(order, order.quantity);
    return cost ? [this.move(cost.asset, negative(cost.amount), cost.amount)] : [];
  }

  /** Frees what an order locks no longer: the part that will not be filled. */
  unlock(order: SimOrder): readonly SimBalance[] {
    const cost = costOf(order, difference(order.quantity, order.filled));
    return cost ? [this.move(cost.asset, cost.amount, negative(cost.amount))] : [];
  }

  /** What is locked for the rest of an order, after it was amended. */
  relock(before: SimOrder, after: SimOrder): readonly SimBalance[] {
    this.unlock(before);
    const cost = costOf(after, difference(after.quantity, after.filled));
    return cost ? [this.move(cost.asset, negative(cost.amount), cost.amount)] : [];
  }

  /** Moves what one fill pays and gets, and its commission. */
  settle(order: SimOrder, fill: SimFill): readonly SimBalance[] {
    const { assets, side } = order;
    if (!assets) return [];
    const turnover = product(fill.price, fill.quantity);
    const paid =
      side === 'BUY'
        ? { asset: assets.quote, amount: turnover }
        : { asset: assets.base, amount: fill.quantity };
    const got =
      side === 'BUY'
        ? { asset: assets.base, amount: fill.quantity }
        : { asset: assets.quote, amount: turnover };
    const unlocked = costOf(order, fill.quantity)?.amount ?? '0';
    this.move(paid.asset, difference(unlocked, paid.amount), negative(unlocked));
    this.move(got.asset, got.amount, '0');
    this.move(fill.commissionAsset, negative(fill.commission), '0');
    const concerned = new Set([paid.asset, got.asset]);
    if (compare(fill.commission, '0') !== 0) concerned.add(fill.commissionAsset);
    return [...concerned].map((asset) => this.balance(asset));
  }

  private move(asset: string, free: string, locked: string): SimBalance {
    const before = this.balance(asset);
    const after = { asset, free: sum(before.free, free), locked: sum(before.locked, locked) };
    if (compare(after.free, '0') < 0) throw new Error(`not enough ${asset}`);
    if (asset !== '') this.held.set(asset, after);
    return after;
  }
}

/** What `quantity` of a limit order locks; nothing for market orders and derivatives. */
function costOf(order: SimOrder, quantity: string): { asset: string; amount: string } | undefined {
  if (!order.assets || order.type === 'MARKET') return undefined;
  return order.side === 'BUY'
    ? { asset: order.assets.quote, amount: product(order.price, quantity) }
    : { asset: order.assets.base, amount: quantity };
}

function negative(amount: string): string {
  return difference('0', amount);
}
