import type { AccountEvent, Balance } from '../domain/account';

type Balances = Extract<AccountEvent, { readonly kind: 'balances' }>;

interface Known {
  /** Venue's time of the event, epoch ms. */
  readonly at: number;
  readonly free: string;
  readonly locked: string;
}

const MAX_ASSETS = 5_000;

/**
 * Last balance of each asset of a room. Two sessions of one account overlap while one replaces the
 * other, and the reader checks no order: what is older than what was told is dropped, and so is its
 * repetition. Bounded: the asset that was silent longest is forgotten first.
 */
export class BalanceBook {
  private readonly assets = new Map<string, Known>();

  /** The part of the event that is news; undefined where nothing is. */
  accept(event: Balances): Balances | undefined {
    const { position, wire } = event;
    // A venue that gives no time gives no order either.
    if (!(position.eventTime > 0)) return event;
    const news = position.balances.filter((balance) => this.isNews(balance, position.eventTime));
    if (news.length === position.balances.length) return event;
    if (news.length === 0) return undefined;
    const names = new Set(news.map(({ asset }) => asset));
    return {
      ...event,
      position: { ...position, balances: news },
      ...(wire && {
        wire: {
          ...wire,
          balances: wire.balances.filter(({ asset }) => asset !== undefined && names.has(asset)),
        },
      }),
    };
  }

  private isNews({ asset, free, locked }: Balance, at: number): boolean {
    const known = this.assets.get(asset);
    if (known && known.at > at) return false;
    const isRepeated = known?.at === at && known.free === free && known.locked === locked;
    this.assets.delete(asset);
    this.assets.set(asset, { at, free, locked });
    const oldest = this.assets.size > MAX_ASSETS ? this.assets.keys().next().value : undefined;
    if (oldest !== undefined) this.assets.delete(oldest);
    return !isRepeated;
  }
}
