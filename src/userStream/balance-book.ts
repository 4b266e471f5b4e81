import type { AccountEvent, Balance } from '../domain/account';
import { isSameAmount } from '../domain/decimal';

type Balances = Extract<AccountEvent, { readonly kind: 'balances' }>;

interface Known {
  /** Venue's time of the event, epoch ms. */
  readonly at: number;
  readonly free: string;
  readonly locked: string;
  /** Its publication failed: whatever a full list says of it is news. */
  readonly isUntold?: true;
}

const MAX_ASSETS = 5_000;

/**
 * Last balance of each asset of a room. Two sessions of one account overlap while one replaces the
 * other, and the reader checks no order: what is older than what was told is dropped, and so is its
 * repetition. Bounded: the asset that was silent longest is forgotten first.
 */
export class BalanceBook {
  /** Made with the first balance: an idle account tells none. */
  private assets: Map<string, Known> | undefined;

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

  /**
   * The differences to a full list, told by REST and asked for at `askedAt` (venue time): an event of the
   * stream from then on is newer. What is held and not listed is empty. Undefined where nothing differs.
   */
  acceptSnapshot(event: Balances, askedAt: number): Balances | undefined {
    const { position } = event;
    const listed = new Set(position.balances.map(({ asset }) => asset));
    const gone = [...(this.assets ?? [])]
      .filter(([asset, known]) => !listed.has(asset) && (known.isUntold || !isEmpty(known)))
      .map(([asset]) => ({ asset, free: '0', locked: '0' }));
    const news = [...position.balances, ...gone].filter((one) => this.differs(one, askedAt));
    for (const balance of news) this.remember(balance, askedAt);
    return news.length === 0 ? undefined : { kind: 'balances', position: { ...position, balances: news } };
  }

  /** The publication failed. */
  retract({ position }: Balances): void {
    for (const { asset } of position.balances) {
      const known = this.assets?.get(asset);
      if (known) this.assets?.set(asset, { ...known, isUntold: true });
    }
  }

  private differs({ asset, free, locked }: Balance, askedAt: number): boolean {
    const known = this.assets?.get(asset);
    if (!known) return !isEmpty({ free, locked });
    if (known.isUntold) return true;
    return known.at <= askedAt && !(isSameAmount(known.free, free) && isSameAmount(known.locked, locked));
  }

  private isNews({ asset, free, locked }: Balance, at: number): boolean {
    const known = this.assets?.get(asset);
    if (known && known.at > at) return false;
    const isRepeated = known?.at === at && known.free === free && known.locked === locked;
    this.remember({ asset, free, locked }, at);
    return !isRepeated;
  }

  private remember({ asset, free, locked }: Balance, at: number): void {
    const assets = (this.assets ??= new Map());
    assets.delete(asset);
    assets.set(asset, { at, free, locked });
    const oldest = assets.size > MAX_ASSETS ? assets.keys().next().value : undefined;
    if (oldest !== undefined) assets.delete(oldest);
  }
}

function isEmpty({ free, locked }: Pick<Known, 'free' | 'locked'>): boolean {
  return !/[1-9]/.test(free + locked);
}
