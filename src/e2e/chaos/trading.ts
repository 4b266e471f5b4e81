import { compare, difference, isOpen, sum } from '../../simulator/kit';
import { PRICE } from '../market-table';
import type { Chance } from './random';
import type { Tradable, Actor } from './trader';

const MOST_OPEN = 6;
/** Accounts that trade something new at each surprise. */
const SURPRISED = 4;

/** Orders come, change, are filled in parts and cancelled, whether anybody hears of it or not. */
export class Trading {
  private readonly working = new Map<Actor, string[]>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  constructor(
    private readonly traders: readonly Actor[],
    private readonly chance: Chance,
    /** Of its own, so that the moments of surprises do not change what is traded otherwise. */
    private readonly surprises: Chance,
  ) {}

  start(everyMs: number): void {
    this.timer = setInterval(() => this.act(this.chance.of(this.traders)), everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Some buy and sell what nobody has held before: when it is over, no balance tells of it. */
  surprise(): void {
    for (let at = 0; at < SURPRISED; at += 1) {
      const trader = this.surprises.of(this.traders);
      const tradable = trader.fresh.shift() ?? this.surprises.of(trader.usual);
      this.atMarket(trader, tradable, 'BUY', trader.market.parts);
      if (this.surprises.next() < 0.7) this.sellAll(trader, tradable);
    }
  }

  private act(trader: Actor): void {
    const orders = (this.working.get(trader) ?? []).filter((id) => this.isWorking(trader, id));
    this.working.set(trader, orders);
    const dice = this.chance.next();
    if (orders.length === 0 || (dice < 0.25 && orders.length < MOST_OPEN)) return this.place(trader, orders);
    const order = this.chance.of(orders);
    if (dice < 0.65) this.fill(trader, order);
    else if (dice < 0.75) trader.account.cancel(order);
    else if (dice < 0.88) this.amend(trader, order);
    else if (dice < 0.96) this.trade(trader);
    else this.transfer(trader);
  }

  private isWorking({ account }: Actor, orderId: string): boolean {
    const order = account.order(orderId);
    return order !== undefined && isOpen(order);
  }

  private place(trader: Actor, orders: string[]): void {
    const { account, market, usual } = trader;
    const { quantity } = market;
    const request = { ...this.chance.of(usual), quantity, clientOrderId: this.newId() };
    orders.push(account.place({ ...request, side: 'BUY', type: 'LIMIT', price: PRICE }).orderId);
  }

  /** The next part of it, or what is left. */
  private fill({ account, market }: Actor, orderId: string): void {
    const order = account.order(orderId);
    if (!order) return;
    const rest = difference(order.quantity, order.filled);
    const part = market.parts[order.fills.length] ?? rest;
    account.fill(orderId, compare(part, rest) > 0 ? rest : part, { price: PRICE });
  }

  /** Never back to what it was before: every state of an order is told apart from all others. */
  private amend({ account, market, amends }: Actor, orderId: string): void {
    const order = account.order(orderId);
    if (!order || amends === 'nothing') return;
    const [, step] = market.parts;
    const less = difference(order.quantity, step);
    const canShrink = compare(less, order.filled) > 0;
    if (amends === 'less') {
      if (canShrink) account.amend(orderId, { quantity: less });
      return;
    }
    this.count += 1;
    const quantity = canShrink && this.chance.next() < 0.5 ? less : sum(order.quantity, step);
    const price = sum(PRICE, String(this.count));
    account.amend(orderId, this.chance.next() < 0.5 ? { price, quantity } : { price });
  }

  private trade(trader: Actor): void {
    const tradable = this.chance.of(trader.usual);
    if (this.chance.next() < 0.5) this.sellAll(trader, tradable);
    else this.atMarket(trader, tradable, 'BUY', trader.market.parts);
  }

  /** Empties the coin, where that is not what others are paid with. */
  private sellAll(trader: Actor, tradable: Tradable): void {
    const { account, market, money } = trader;
    const { assets } = tradable;
    if (!assets) return this.atMarket(trader, tradable, 'SELL', [market.quantity]);
    const held = account.balances().find(({ asset }) => asset === assets.base)?.free ?? '0';
    if (money.has(assets.base) || compare(held, '0') <= 0) return;
    this.atMarket(trader, tradable, 'SELL', [held]);
    trader.soldOut.set(assets.base, Date.now());
  }

  /** All its fills happen in the same moment. */
  private atMarket(
    { account }: Actor,
    tradable: Tradable,
    side: 'BUY' | 'SELL',
    parts: readonly string[],
  ): void {
    const quantity = parts.reduce(sum);
    const request = { ...tradable, side, quantity, clientOrderId: this.newId() };
    const { orderId } = account.place({ ...request, type: 'MARKET', price: '0' });
    for (const part of parts) account.fill(orderId, part, { price: PRICE });
  }

  /** No two move the same amount, so that each is told apart. */
  private transfer({ account, market }: Actor): void {
    this.count += 1;
    if (market.assets) account.transfer(market.assets.quote, `1.${String(this.count).padStart(6, '0')}1`);
  }

  private newId(): string {
    this.count += 1;
    return `D-RO-${this.count}`;
  }
}
