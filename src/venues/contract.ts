/**
 * What a venue folder must provide (architecture 4.2). A venue says *what* to send and what a frame
 * means; `transport` decides when to send, retry, rotate or give up.
 */
import type { Candle, MarketEvent } from '../domain/events';
import type { ExchangeId, MarketKind } from '../domain/exchange';
import type { Instrument, InstrumentIndex } from '../domain/instrument';
import type { Interval } from '../domain/interval';
import type { Retry } from '../domain/errors';
import type { Account, AccountFeed, AccountRest, AccountRestDeps, InTurn } from './account-contract';

export type * from './account-contract';

/** One subscribable channel key of a venue, e.g. `btcusdt@kline_1m`. Opaque outside its folder. */
export type Topic = string;

/** What a connection carries. Tickers and candles never share a socket. */
export type Channel = 'ticker' | 'candle' | 'account';

/** Something a consumer may want of an instrument. */
export type Want = { readonly kind: 'ticker' } | { readonly kind: 'candle'; readonly interval: Interval };

export interface VenueAdapter<S = unknown> {
  readonly descriptor: VenueDescriptor;
  /** Tickers and candles. */
  readonly publicFeed: Feed<MarketEvent, S>;
  /** Orders and balances of one account; absent where the venue is not served yet. */
  readonly accountFeed?: AccountFeed;
  /** The only I/O an adapter owns. */
  connectRest(deps: RestDeps): VenueRest;
  connectAccount?(account: Account, deps: AccountRestDeps): AccountRest;
}

export interface Feed<E, S> {
  readonly session: SessionFrames;
  readonly codec: Codec<E, S>;
}

// ---------------------------------------------------------------------------- descriptor (data)

export interface VenueDescriptor {
  /** Folder name; also the name of the family's worker thread. */
  readonly venue: string;
  readonly markets: readonly MarketDescriptor[];
  /** The backend takes every candle on the Redis door for final: it gets closed ones only (CANDLE_MODE=auto). */
  readonly closedCandlesOnly?: true;
  /** Spellings of intervals that the backend uses for this venue -> canonical interval. */
  readonly intervalNames: Readonly<Record<string, Interval>>;
}

export interface MarketDescriptor {
  readonly exchange: ExchangeId;
  readonly kind: MarketKind;
  /** Token of PRICE_CONNECTOR_EXCHANGES that switches this market on. */
  readonly selector: string;
  /** Production URL per channel, complete; `rest` is the base of the REST API. */
  readonly endpoints: {
    readonly ticker: string;
    readonly candle: string;
    readonly rest: string;
    /** Private stream of a live account; other hosts and environments are the session's business. */
    readonly account?: string;
  };
  /**
   * The venue's own list holds what the backend's pairs lack (contract sizes, dated ids): it is read along
   * with them at every refresh.
   */
  readonly needsVenueList?: true;
  /** Topics that carry every ticker of the market; absent where each instrument has its own. */
  readonly allTickers?: readonly Topic[];
  /** Intervals that the venue streams. Others are built from these, or refused. */
  readonly intervals: readonly Interval[];
  /** Intervals that only the REST API has: closed bars are fetched shortly after their end. */
  readonly polledIntervals?: readonly Interval[];
  readonly links: { readonly ticker: LinkRules; readonly candle: LinkRules; readonly account?: LinkRules };
  /** Unsigned REST; absent: its calls are not counted one by one, and back-fill keeps its distance. */
  readonly publicRest?: PublicRestRules;
  /** Signed REST of accounts; present wherever `links.account` is. */
  readonly accountRest?: AccountRestRules;
}

/** What the venue allows unsigned REST calls by IP, in its own weights, with our margins. */
export interface PublicRestRules {
  /** Markets of the same name are counted together by the venue, whatever their hosts. */
  readonly countedAs: string;
  /** Every rate must hold. Where account streams may live behind the same address, their part is left to them. */
  readonly rates: readonly Rate[];
}

/** What the venue allows signed REST calls, in its own weights, with our margins. Every rate must hold. */
export interface AccountRestRules {
  /** Hosts of the same name are counted together by the venue; absent: each host for itself. */
  readonly countedAs?: string;
  /** Of all accounts of this process together: venues count by IP. */
  readonly perIp: readonly Rate[];
  /** Of one account: venues count by user as well. */
  readonly perAccount: readonly Rate[];
  /**
   * Whom the venue means when it refuses a call for its rate: every account of the address, at once. Absent: the
   * one user, until another of the process is told the same meanwhile.
   */
  readonly limitedBy?: 'address';
}

/** The venue's documented limits for one kind of connection, with our margins. */
export interface LinkRules {
  readonly topicsPerConnection: number;
  readonly topicsPerRequest: number;
  /** Longest subscribe frame in bytes. */
  readonly requestBytes: number;
  /** Longest sum of topic texts on one connection, in bytes; absent: unlimited. */
  readonly topicBytesPerConnection?: number;
  /** Outgoing frames (requests and app-level pings together). */
  readonly outgoing: Rate;
  /** Further bound on subscribe/unsubscribe requests of one connection. */
  readonly requests?: Rate;
  /** New connections per host. Every rate must hold. */
  readonly dials: readonly Rate[];
  readonly heartbeat: Heartbeat;
  /** Planned rotation at a random age in this range (ms); absent: the venue sets no limit. */
  readonly rotateAfterMs?: readonly [number, number];
  /**
   * Silence of the whole connection (ms) after which it counts as deaf. `capMs` holds until the rhythm of
   * the feed is known; a feed proven quiet gets up to eight times that. Infinity: silence proves nothing.
   * `pulse`: the topic whose silence alone counts, on links where it carries the prices and its neighbours
   * would hide its end; every connection of the link must carry it. Absent: any data do.
   */
  readonly silence: { readonly floorMs: number; readonly capMs: number; readonly pulse?: Topic };
  /** False: an ack proves nothing, only the first data frame confirms a topic. */
  readonly ackConfirms: boolean;
  /** How long a request may stay unanswered before it is repeated (ms). */
  readonly ackTimeoutMs: number;
  /** Largest incoming frame (bytes). */
  readonly frameBytes: number;
}

/** At most `count` in any window of `perMs`. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

export interface Heartbeat {
  /** `protocol`: WebSocket ping frame; `frame`: the venue's own text (`SessionFrames.ping`). */
  readonly via: 'protocol' | 'frame';
  readonly everyMs: number;
  /** Nothing at all received for this long after a ping: the link is dead. */
  readonly timeoutMs: number;
}

// ---------------------------------------------------------------------------- session (what to say)

/** A frame to send and the topics that its answer speaks of. */
export interface Request {
  readonly frame: string;
  readonly topics: readonly Topic[];
  /** As the venue echoes it, in text form; absent where the answer names the topics instead. */
  readonly id?: string;
}

/** What to say, never when. Pure, but for `endpoint`. */
export interface SessionFrames {
  /** The venue speaks first: nothing may be sent before its welcome, which the codec reads as `loggedIn`. */
  readonly awaitsWelcome?: true;
  /** Only where a dial needs something first (a token). Default: the descriptor's URL. */
  endpoint?(market: MarketDescriptor, channel: Channel, rest: VenueRest): Promise<string>;
  topicOf(market: MarketDescriptor, want: Want, instrument: Instrument): Topic;
  /** `nextId` counts from 1 on each connection. May group topics into several requests. */
  subscribe(topics: readonly Topic[], nextId: () => number): readonly Request[];
  unsubscribe(topics: readonly Topic[], nextId: () => number): readonly Request[];
  ping?(nextId: () => number): string;
}

// ---------------------------------------------------------------------------- codec (what it means)

/** Same frame + same state = same answer. No I/O, no clock, no logger; never throws. */
export interface Codec<E, S> {
  /** Fresh state of one connection; dropped on every reconnect. */
  begin(market: MarketDescriptor): S;
  decode(frame: string, context: DecodeContext<S>): Decoded<E>;
  /**
   * The topics are asked for, perhaps once more on the same connection: what they said before may lack its last
   * word. Told with the request and with its answer, as frames of before may come in between. Needed where the
   * venue does not begin anew with a snapshot.
   */
  interrupted?(topics: readonly Topic[], state: S): void;
}

export interface DecodeContext<S> {
  readonly state: S;
  readonly market: MarketDescriptor;
  /** Epoch ms at which the frame was read. */
  readonly receivedAt: number;
  readonly instruments: InstrumentIndex;
}

export type Decoded<E> =
  /**
   * `topics`: which topics showed life, even where no event came of it. `faults`: notes on rows that could
   * not be read beside those that could; counted like `unknown`, without payload.
   */
  | {
      readonly kind: 'events';
      readonly topics: readonly Topic[];
      readonly events: readonly E[];
      readonly faults?: readonly string[];
    }
  /** Answer to a request, told by id or by topics. */
  | { readonly kind: 'ack'; readonly id?: string; readonly topics?: readonly Topic[] }
  | {
      readonly kind: 'refused';
      readonly id?: string;
      readonly topics?: readonly Topic[];
      readonly reason: Refusal;
    }
  | { readonly kind: 'loggedIn' }
  | { readonly kind: 'loginRefused'; readonly reason: Refusal }
  | { readonly kind: 'pong' }
  /**
   * The venue wants to hear this text at once, e.g. as the answer to its own ping. `againWithinMs`: so soon
   * it will ask again; a venue that does not is dead, whatever its socket still answers.
   */
  | { readonly kind: 'asked'; readonly answer: string; readonly againWithinMs?: number }
  /** The venue will close this connection: open a new one first. */
  | { readonly kind: 'moveAway'; readonly afterMs: number }
  /** The venue ended our session, though the socket may stay open: dial again. */
  | { readonly kind: 'ended'; readonly reason: string }
  /** The venue asks for silence; new requests wait. */
  | { readonly kind: 'throttled'; readonly reason: Refusal }
  /** Understood and of no interest. */
  | { readonly kind: 'ignored' }
  /** Counted and sampled, never thrown. `note` holds no payload. */
  | { readonly kind: 'unknown'; readonly note: string };

export interface Refusal {
  readonly code: string;
  /** The venue's own words, at most a line, free of secrets. */
  readonly text: string;
  readonly retry: Retry;
  /** Where `retry` is a time: refused again in a row, the topic waits twice as long, up to this (ms). */
  readonly retryUpToMs?: number;
  /**
   * The venue refused a whole request without naming the guilty topic: the request is split in halves
   * and asked for again until the guilty one stands alone. Default: the named topics (or, where none
   * is named, all of the request) are refused and the others of the request asked for again.
   */
  readonly split?: boolean;
  /** The topic is already live: treat as an ack. */
  readonly alreadyLive?: boolean;
  /** Of a refused login or signed request: what the operator must look at. */
  readonly cause?: RefusalCause;
}

/** `clock`: our timestamp was off, measure the venue's clock and try again; not a refused key. */
export type RefusalCause = 'credentials' | 'ip' | 'permission' | 'clock' | 'limit' | 'venue';

// ---------------------------------------------------------------------------- REST

export interface RestDeps {
  /** Applies the configured endpoint overrides to a production URL. */
  readonly rewrite: (url: string) => string;
  readonly timeoutMs: number;
  /** Around every unsigned call, with its weight: runs it when `publicRest` of the market allows. Absent: at once. */
  readonly turns?: (market: MarketDescriptor) => InTurn;
}

/** Fails with ConnectorError REST_FAILED / REST_TIMEOUT / REST_LIMITED / REST_BAD_ANSWER. */
export interface VenueRest {
  /** Every tradable instrument of the market, all pages. */
  instruments(market: MarketDescriptor): Promise<readonly Instrument[]>;
  /** The instrument behind a pair id of the backend's exchange service. */
  instrumentOfPair(
    market: MarketDescriptor,
    pair: { pair: string; base: string; quote: string },
  ): Instrument | undefined;
  /** Closed bars with `fromMs <= start < toMs`, oldest first, the forming bar left out. */
  candles(market: MarketDescriptor, query: CandleQuery): Promise<readonly Candle[]>;
}

export interface CandleQuery {
  readonly instrument: Instrument;
  readonly interval: Interval;
  readonly fromMs: number;
  readonly toMs: number;
}
