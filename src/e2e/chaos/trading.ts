import type { Simulator } from '../../simulator';
import type { SimAccount } from '../../simulator/kit';
import type { AccountMarket } from '../market-table';
import { PRICE, specOf } from '../market-table';
import type { Chance } from './random';

export interface Trader {
  readonly market: AccountMarket;
  readonly account: SimAccount;
  readonly room: string;
}

interface Working {
  readonly orderId: string;
  /** Parts that are filled. */
  done: number;
}

const MOST_OPEN = 6;

export function openTrader(
  simulator: Simulator,
  market: AccountMarket,
  room: string,
  keys: Parameters<typeof specOf>[1],
): Trader {
  const account = simulator.accounts.addAccount(specOf(market, keys));
  if (market.assets) account.setBalance(market.assets.quote, '100000000');
  return { market, account, room };
}

/** Orders come, are filled in parts and cancelled, whether anybody hears of it or not. */
export class Trading {
  private readonly working = new Map<Trader, Working[]>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  constructor(
    private readonly traders: readonly Trader[],
    private readonly chance: Chance,
  ) {}

  start(everyMs: number): void {
    this.timer = setInterval(() => this.act(this.chance.of(this.traders)), everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private act(trader: Trader): void {
    const orders = this.working.get(trader) ?? [];
    this.working.set(trader, orders);
    const dice = this.chance.next();
    if (orders.length === 0 || (dice < 0.3 && orders.length < MOST_OPEN)) return this.place(trader, orders);
    const order = this.chance.of(orders);
    if (dice < 0.85) this.fill(trader, orders, order);
    else if (dice < 0.95) this.cancel(trader, orders, order);
    else if (trader.market.assets) trader.account.transfer(trader.market.assets.quote, '1.5');
  }

  private place({ account, market }: Trader, orders: Working[]): void {
    const { symbol, quantity, assets } = market;
    this.count += 1;
    const clientOrderId = `D-RO-${this.count}`;
    const { orderId } = account.place({
      ...{ symbol, side: 'BUY', type: 'LIMIT', price: PRICE, quantity, clientOrderId },
      ...(assets && { assets }),
    });
    orders.push({ orderId, done: 0 });
  }

  private fill({ account, market }: Trader, orders: Working[], order: Working): void {
    const part = market.parts[order.done];
    if (part === undefined) return;
    account.fill(order.orderId, part, { price: PRICE });
    order.done += 1;
    if (order.done === market.parts.length) orders.splice(orders.indexOf(order), 1);
  }

  private cancel({ account }: Trader, orders: Working[], order: Working): void {
    account.cancel(order.orderId);
    orders.splice(orders.indexOf(order), 1);
  }
}
