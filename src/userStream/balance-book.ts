import type { AccountEvent, Balance } from '../domain/account';
import { isSameAmount } from '../domain/decimal';

type Balances = Extract<AccountEvent, { readonly kind: 'balances' }>;

interface Known {
  /** Venue's time of the event, epoch ms. */
  readonly at: number;
  readonly free: string;
  readonly locked: string;
  /** Its publication failed, or an earlier life told it: whatever a full list says of it is news. */
  readonly isUntold?: true;
}

const MAX_ASSETS = 5_000;
/** Of which nothing is known but that readers may believe something. */
const UNTOLD: Known = { at: 0, free: '0', locked: '0', isUntold: true };
/** No venue has it in a name. */
const BETWEEN = ',';

/**
 * Last balance of each asset of a room. Two sessions of one account overlap while one replaces the
 * other, and the reader checks no order: what is older than what was told is dropped, and so is its
 * repetition. Bounded: the asset that was silent longest is forgotten first.
 */
export class BalanceBook {
  /** Made with the first balance: an idle account tells none. */
  private assets: Map<string, Known> | undefined;
  /** As one text: an idle account need not hold its names twice. */
  private heldText = '';

  /** The assets that were last told as held, and confirmed, for `restore`; empty where there are none. */
  get held(): string {
    return this.heldText;
  }

  heldNames(): readonly string[] {
    return namesIn(this.heldText);
  }

  /**
   * Takes what an earlier life kept: of what is not known by now a full list tells whether it is still there.
   * Venues leave out what is empty, so that nothing else would ever tell it.
   */
  restore(held: string): void {
    const names = namesIn(held);
    for (const asset of names) {
      if (!this.assets?.has(asset)) this.keep(asset, UNTOLD);
    }
    this.heldText = textOf(new Set([...names, ...namesIn(this.heldText)]));
  }

  /** The broker has the event. Returns the assets that are held where that is a change. */
  confirmed({ position: { balances } }: Balances): string | undefined {
    const names = new Set(namesIn(this.heldText));
    for (const balance of balances) {
      if (isEmpty(balance)) names.delete(balance.asset);
      else names.add(balance.asset);
    }
    const text = textOf(names);
    if (text === this.heldText) return undefined;
    this.heldText = text;
    return text;
  }

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

  /** What readers hold of the asset is unknown. */
  doubt(asset: string): void {
    this.keep(asset, { ...(this.assets?.get(asset) ?? UNTOLD), isUntold: true });
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
    this.keep(asset, { at, free, locked });
  }

  private keep(asset: string, known: Known): void {
    const assets = (this.assets ??= new Map());
    assets.delete(asset);
    assets.set(asset, known);
    const oldest = assets.size > MAX_ASSETS ? assets.keys().next().value : undefined;
    if (oldest !== undefined) assets.delete(oldest);
  }
}

function isEmpty({ free, locked }: Pick<Known, 'free' | 'locked'>): boolean {
  return !/[1-9]/.test(free + locked);
}

function namesIn(text: string): readonly string[] {
  return text === '' ? [] : text.split(BETWEEN);
}

function textOf(names: ReadonlySet<string>): string {
  return [...names].slice(-MAX_ASSETS).join(BETWEEN);
}
