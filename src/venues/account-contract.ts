/** The account side of a venue folder: private sessions and signed REST. Part of `contract.ts`. */
import type { AccountEvent, ExecutionReport, OutboundAccountPosition } from '../domain/account';
import type { InstrumentIndex } from '../domain/instrument';
import type { Codec, MarketDescriptor, Request, RestDeps, Topic } from './contract';

/** Secrets: never in a log, an error, a metric, a topic or a key of Redis. */
export interface Credentials {
  readonly key: string;
  readonly secret: string;
  /** Empty where the venue knows none. */
  readonly passphrase: string;
  /** Further fields of the open command by their names there: keysType, okxSource, bybitHost. */
  readonly options: Readonly<Record<string, string>>;
}

export interface Account {
  readonly market: MarketDescriptor;
  readonly credentials: Credentials;
  readonly environment: 'live' | 'sandbox';
}

export interface AccountFeed<S = unknown> {
  readonly session: AccountSession;
  readonly codec: Codec<AccountEvent, S>;
  /** Orders name their symbols as they are published: no list of instruments is waited for. */
  readonly needsNoInstruments?: true;
  /**
   * Why the venue can have no such account, whatever its key: the field of the open command at fault and what is
   * wrong with it, without its value. Undefined: it may have. Pure.
   */
  readonly misplaced?: (account: Account) => string | undefined;
  /** The venue pushes no balances: they are asked for so often, and this long after an order changed (ms). */
  readonly polledBalances?: { readonly everyMs: number; readonly afterOrderMs: number };
}

/** What a private session says, never when. Pure, but for `endpoint` and `keepAlive`. */
export interface AccountSession {
  /** The production URL of the next dial: host by account and environment, with its token where the URL holds one. */
  endpoint(account: Account, rest: AccountRest): Promise<string>;
  /**
   * Requests that log in, `now` being the venue's time. Absent: the URL itself authenticates. An empty list
   * waits for the venue to speak first: `loggedIn` is then the codec's reading of its welcome.
   */
  login?(account: Account, now: number, nextId: () => number): readonly Request[];
  /** Asked for once logged in; empty: the session is live without. */
  topics(account: Account): readonly Topic[];
  subscribe(
    topics: readonly Topic[],
    nextId: () => number,
    account: Account,
    now: number,
  ): readonly Request[];
  unsubscribe(
    topics: readonly Topic[],
    nextId: () => number,
    account: Account,
    now: number,
  ): readonly Request[];
  ping?(nextId: () => number): string;
  /**
   * Keeps the token of the URL alive. A rejection is repeated; after the third in a row the session is renewed.
   * `gone`: the venue knows the token no more, so that the session hears nothing; it is renewed at once.
   */
  readonly keepAlive?: {
    readonly everyMs: number;
    run(account: Account, rest: AccountRest): Promise<'kept' | 'gone'>;
  };
}

export interface AccountRestDeps extends RestDeps {
  /** The venue's time by our estimate, epoch ms: what is signed. */
  readonly venueNow: () => number;
  readonly inTurn: InTurn;
}

/**
 * Around every call, signed or not, with its weight in the venue's count (default 1): runs it when the budgets
 * of `accountRest` allow it, and few enough others are on their way. Sign inside: a turn may take minutes. The
 * call must end by itself, and must not wait for a turn of another.
 */
export type InTurn = <Answer>(call: () => Promise<Answer>, weight?: number) => Promise<Answer>;

/**
 * Signed REST of one account. Fails with ConnectorError; `retry: 'never'`, and the `Refusal` as its cause, where the
 * credentials are refused or can sign nothing.
 */
export interface AccountRest {
  /** The venue's clock, epoch ms; unsigned. */
  serverTime(): Promise<number>;
  /**
   * Every open order, every order changed since `sinceMs`, and what became of the `known` ones, oldest
   * change first, and all balances. Of one order the newest state is enough, and it may be told twice.
   */
  snapshot(query: SnapshotQuery): Promise<AccountSnapshot>;
  /** Balances alone; present where the feed has `polledBalances`. */
  balances?(): Promise<OutboundAccountPosition | undefined>;
}

/** An order that was open when last heard of. */
export interface KnownOrder {
  readonly symbol: string;
  readonly orderId: string | number;
  readonly clientOrderId: string;
  /** What was heard of it last; absent where that was not kept. */
  readonly last?: LastHeard;
}

export interface LastHeard extends Pick<ExecutionReport, 'side' | 'orderType' | 'price' | 'quantity'> {
  readonly filled: string;
  /** Venue's time of that change, epoch ms. */
  readonly at: number;
}

export interface SnapshotQuery {
  /** Epoch ms, venue time. */
  readonly sinceMs: number;
  readonly instruments: InstrumentIndex;
  /**
   * What the caller holds for open. Each is looked for by its id where the lists do not name it: lists
   * forget (unfilled cancels within hours), and an order that is in none is not cancelled for that.
   */
  readonly known: readonly KnownOrder[];
  /** Assets of which something was held when the caller last heard of them; absent where nobody remembers. */
  readonly heldBefore?: readonly string[];
  /** Symbols of orders that ended lately, the latest first: what traded there may have traded again. */
  readonly traded?: readonly string[];
  /** Nothing points to a gap: what is merely possible is worth no further look. */
  readonly isAudit?: true;
  /**
   * The snapshot before said `askAgain`, and the stream missed nothing since: only what that one left out is
   * wanted. `known` is empty then, as those were answered for.
   */
  readonly again?: true;
}

export interface AccountSnapshot {
  readonly orders: readonly Extract<AccountEvent, { readonly kind: 'order' }>[];
  /** All assets that are held; what is missing is empty. */
  readonly balances?: OutboundAccountPosition;
  /**
   * What could not be looked at, in words for an operator, e.g. `the venue keeps 7 days`; a known order
   * that the venue has forgotten is named by its symbol only.
   */
  readonly incomplete?: string;
  /**
   * More has to be read than one look may cost: the gap stays open, and the caller asks for the rest at once,
   * with the same `sinceMs`.
   */
  readonly askAgain?: true;
  /** Known orders of which the venue said that it knows them no more, for good: asking again is in vain. */
  readonly forgotten?: readonly KnownOrder[];
}
