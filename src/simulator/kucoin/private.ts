import type { AccountBook, BalanceChange, OrderChange, SimAccount, SimOrder } from '../kit';
import { difference, sum } from '../kit';
import type { OrderNotes } from './order-facts';
import {
  futuresOrderFrame,
  positionFrame,
  spotBalanceFrame,
  spotOrderFrame,
  stepsOf,
  walletFrame,
  type OrderStep,
} from './private-frames';
import type { Owner } from './private-keys';

/** A connection that came with a private token. */
export interface PrivateSession {
  readonly owner: Owner;
  hears(topic: string): boolean;
  push(frame: string): void;
  /** Undocumented: the line of a revoked key just dies here. */
  cut(): void;
}

type Draw = (topic: string) => string;

/** The private streams of both hosts: turns what happens to accounts into frames for whoever listens. */
export class PrivateStreams {
  private readonly sessions = new Set<PrivateSession>();
  private readonly versions = new Map<string, number>();
  private readonly leave: readonly (() => void)[];

  constructor(
    accounts: AccountBook,
    private readonly notes: OrderNotes,
    private readonly now: () => number,
  ) {
    this.leave = [
      accounts.onOrder((change) => this.tellOrder(change)),
      accounts.onBalance((change) => this.tellBalances(change)),
      accounts.onRevoked((account) => this.each(account, (session) => session.cut())),
    ];
  }

  /** Open connections of a user. */
  count({ uid }: Owner): number {
    return [...this.sessions].filter(({ owner }) => owner.uid === uid).length;
  }

  add(session: PrivateSession): () => void {
    this.sessions.add(session);
    return () => this.sessions.delete(session);
  }

  stop(): void {
    for (const leave of this.leave) leave();
  }

  /** A part of an open order was taken back; it lives on. */
  tellUpdate(account: SimAccount, order: SimOrder): void {
    this.tellSteps(account, order, [{ type: 'update', status: 'open' }]);
  }

  private tellOrder(change: OrderChange): void {
    const { account, order, execution } = change;
    this.tellSteps(account, order, stepsOf(change, this.notes, order.exchange === 'kucoin'));
    if (order.exchange === 'kucoin' || execution !== 'TRADE') return;
    const position = { quantity: positionOf(account, order.symbol), time: this.now() };
    this.tell(account, ['/contract/positionAll', `/contract/position:${order.symbol}`], (topic) =>
      positionFrame(topic, order, position),
    );
  }

  private tellSteps(account: SimAccount, order: SimOrder, steps: readonly OrderStep[]): void {
    const { notes } = this;
    for (const step of steps) {
      if (order.exchange !== 'kucoin') {
        const topics = ['/contractMarket/tradeOrders', `/contractMarket/tradeOrders:${order.symbol}`];
        this.tell(account, topics, (topic) => futuresOrderFrame(topic, order, step, notes));
        continue;
      }
      const old = step.type === 'received' ? [] : ['/spotMarket/tradeOrders'];
      this.tell(account, [...old, '/spotMarket/tradeOrdersV2'], (topic) =>
        spotOrderFrame(topic, order, step, notes),
      );
    }
  }

  private tellBalances(change: BalanceChange): void {
    const { account, balances, time } = change;
    for (const balance of balances) {
      if (account.exchange === 'kucoin') {
        for (const event of eventsOf(change)) {
          const of = { account: event.split('.')[0] ?? '', event, time };
          // All accounts of the user share the topic: what the main one holds is no news of the trade one.
          const told = event.startsWith('main') ? { ...balance, free: '777', locked: '0' } : balance;
          this.tell(account, ['/account/balance'], () => spotBalanceFrame(told, of));
        }
        continue;
      }
      const version = (this.versions.get(`${account.id} ${balance.asset}`) ?? 0) + 1;
      this.versions.set(`${account.id} ${balance.asset}`, version);
      this.tell(account, ['/contractAccount/wallet'], () => walletFrame(balance, version, time));
    }
  }

  /** Once for each of the topics that a session asked for. */
  private tell(account: SimAccount, topics: readonly string[], draw: Draw): void {
    this.each(account, (session) => {
      for (const topic of topics) if (session.hears(topic)) session.push(draw(topic));
    });
  }

  private each(account: SimAccount, act: (session: PrivateSession) => void): void {
    for (const session of [...this.sessions]) if (session.owner.holders.includes(account)) act(session);
  }
}

/** Orders hold and settle; a transfer moves between main and trade. */
function eventsOf({ reason, order }: BalanceChange): readonly string[] {
  if (reason === 'TRANSFER') return ['main.transfer', 'trade.transfer'];
  if (reason === 'SET') return ['trade.other'];
  const isSettled = order?.status === 'FILLED' || order?.status === 'PARTIALLY_FILLED';
  return [isSettled ? 'trade.setted' : 'trade.hold'];
}

function positionOf(account: SimAccount, symbol: string): string {
  return account
    .ordersSince(0)
    .filter((order) => order.symbol === symbol)
    .reduce((net, { side, filled }) => (side === 'BUY' ? sum(net, filled) : difference(net, filled)), '0');
}
