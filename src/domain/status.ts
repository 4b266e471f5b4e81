/**
 * What a process tells of itself to those who run it: plain data, which crosses threads and becomes JSON.
 * Holds no credential, no listen key, no token: what could is not in it. Times are epoch ms by our clock
 * where the name ends in `At`, else durations in ms.
 */
import type { ExchangeId } from './exchange';
import type { MetricName } from './metric-names';
import type { Labels } from './telemetry';

/** Seconds; over about the last minute. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  /** Observations that they stand on. */
  readonly count: number;
}

/** The metrics of a thread, read back: what the page shows is what Prometheus gets. */
export interface Tally {
  /** Sum of a counter, or the last value of a gauge, over all series that have these labels. */
  total(name: MetricName, match?: Labels): number;
  /** Of a histogram, over all series that have these labels; undefined: nothing was observed of late. */
  quantiles(name: MetricName, match?: Labels): Quantiles | undefined;
}

export interface ConnectionStatus {
  readonly state: string;
  /** How long it has been in this state. */
  readonly forMs: number;
  /** Failed dials in a row. */
  readonly attempt: number;
  readonly topics: number;
  readonly lastDataAt?: number;
  /** Being prepared to replace another one. */
  readonly isSuccessor: boolean;
}

export interface RefusedTopicStatus {
  readonly topic: string;
  readonly code: string;
  /** The venue's own words. */
  readonly text: string;
}

/** The connections of one market and channel. */
export interface PoolStatus {
  readonly connections: readonly ConnectionStatus[];
  readonly topics: Readonly<Record<'wanted' | 'pending' | 'acked' | 'confirmed' | 'refused', number>>;
  readonly lastDataAt?: number;
  /** Some of the topics that are refused now. */
  readonly refused: readonly RefusedTopicStatus[];
}

/** Counts since the start of the thread. */
export interface ChannelTotals {
  readonly frames: number;
  readonly events: number;
  readonly unknownFrames: number;
  readonly failedDials: number;
  readonly disconnects: number;
  readonly rotations: number;
  readonly stalls: number;
  readonly refusedTopics: number;
}

export interface ChannelStatus extends PoolStatus {
  readonly channel: 'ticker' | 'candle';
  readonly totals: ChannelTotals;
  /** Why the newest connection that was lost, or could not be made, ended. */
  readonly lastEnd?: { readonly reason: string; readonly at: number };
  /** From the venue's event time, its clock's offset removed, to the receipt. */
  readonly venueLatency?: Quantiles;
}

/** A time in which events may have been missed, and what became of it. */
export interface GapStatus {
  readonly channel: 'ticker' | 'candle';
  readonly fromAt: number;
  readonly toAt: number;
  /** Why the connection was lost. */
  readonly reason: string;
  readonly topics: number;
  /** `newest`: the next value replaces what was missed. `history`: the venue's REST API tells the bars. */
  readonly closedBy: 'newest' | 'history';
  /** Absent while it is being filled. */
  readonly closedAt?: number;
  /** Bars that the venue's history told for it. */
  readonly filled: number;
}

export interface MarketStatus {
  readonly exchange: ExchangeId;
  readonly instruments: number;
  readonly channels: readonly ChannelStatus[];
  /** Candle subscriptions, and how many of them wait for the venue's history; absent where none are served. */
  readonly series?: { readonly count: number; readonly filling: number };
  /** Newest last, bounded. */
  readonly gaps: readonly GapStatus[];
  /** All of them since the start. */
  readonly gapCount: number;
  readonly published: number;
  readonly backfilled: number;
  /** From the receipt of a frame to its hand-over to Redis. */
  readonly publishLatency?: Quantiles;
}

/** What is left of the budget of new connections to a host. */
export interface HostStatus {
  readonly host: string;
  /** Dials that wait for their turn. */
  readonly waiting: number;
  /** The host asked for silence for so long. */
  readonly pausedMs: number;
  readonly limits: readonly { readonly count: number; readonly perMs: number; readonly left: number }[];
}

export interface OutboxStatus {
  readonly messages: number;
  readonly bytes: number;
  readonly refused: number;
  readonly republished: number;
  readonly confirmLatency?: Quantiles;
}

/** A connection to RabbitMQ or Redis. */
export interface DoorStatus {
  readonly isReady: boolean;
  readonly failures: number;
}

/** The durable queue of account events, as it was when last looked at. */
export interface UserEventsStatus {
  readonly waiting: number;
  readonly consumers: number;
  readonly limit: number;
}

export interface DoorsStatus {
  readonly broker: DoorStatus;
  readonly store: DoorStatus;
  readonly outbox: OutboxStatus;
}

/** What a worker thread tells of its venue. */
export interface WorkerStatus extends DoorsStatus {
  readonly markets: readonly MarketStatus[];
  readonly hosts: readonly HostStatus[];
  /** The venue's clock minus ours, seconds; absent until it was measured. */
  readonly clockOffset?: number;
  readonly backfillFailures: number;
}

export interface VenueStatus {
  readonly venue: string;
  readonly thread: 'off' | 'running' | 'waiting' | 'stopping';
  /** Times that the thread was started again. */
  readonly restarts: number;
  /** Absent: the thread does not run, or did not answer in time. */
  readonly worker?: WorkerStatus;
}

export interface ProcessStatus {
  readonly role: 'price' | 'user';
  readonly instance: string;
  readonly at: number;
  /** Of the main thread; absent parts are the threads' own. */
  readonly broker: DoorStatus;
  readonly store: DoorStatus;
  readonly outbox?: OutboxStatus;
  readonly venues: readonly VenueStatus[];
  /** Absent: of no concern to the process, or it cannot be looked at. */
  readonly userEvents?: UserEventsStatus;
  /** Of all account streams, published since the start; absent: the process has none to do with them. */
  readonly streamEvents?: number;
}

// ---------------------------------------------------------------------------- account streams

/** Why an account stream does not work, in the terms of what an operator can do. */
export type StreamCause = 'credentials' | 'ip' | 'permission' | 'clock' | 'limit' | 'venue';

/** One thing that happened to a stream. */
export type StreamEntry = { readonly at: number } & (
  | { readonly what: 'opened' | 'dial' | 'swapped' | 'rotated' }
  | { readonly what: 'live'; readonly tookMs?: number }
  | { readonly what: 'lost'; readonly reason: string }
  | {
      readonly what: 'refused';
      readonly code: string;
      /** The venue's own words. */
      readonly text: string;
      readonly cause: StreamCause;
    }
  | { readonly what: 'paused'; readonly untilAt: number; readonly cause: StreamCause }
  | { readonly what: 'topicRefused'; readonly topic: string; readonly code: string; readonly text: string }
  | { readonly what: 'gap'; readonly fromAt: number; readonly toAt: number }
  | {
      readonly what: 'reconciled';
      readonly fromAt: number;
      readonly toAt: number;
      readonly found: number;
      /** Present: it failed for this reason, and will be tried again. */
      readonly failed?: string;
    }
);

export interface TopicStatus {
  readonly topic: string;
  readonly frames: number;
  readonly lastAt: number;
}

/** What a stream knows of itself. */
export interface StreamFacts {
  readonly room: string;
  readonly exchange: ExchangeId;
  readonly state: string;
  readonly subscribers: number;
  readonly reconnects: number;
  readonly openedAt: number;
  readonly lastEventAt?: number;
  readonly published: number;
  /** The newest refusal since it was last live. */
  readonly refusal?: { readonly code: string; readonly text: string; readonly cause: StreamCause };
  /** How long no login is tried, as the credentials were refused; 0: none pauses. */
  readonly pausedMs: number;
  /** Gaps that no snapshot has closed yet. */
  readonly openGaps: number;
}

export interface StreamStatus extends StreamFacts {
  /** Its events that the broker has not confirmed. */
  readonly outbox: { readonly messages: number; readonly oldestMs: number };
}

export interface StreamDetail extends StreamStatus {
  readonly topics: readonly TopicStatus[];
  readonly refusedTopics: readonly RefusedTopicStatus[];
  readonly confirm: { readonly count: number; readonly lastMs?: number; readonly slowestMs?: number };
  /** Newest last, bounded. */
  readonly history: readonly StreamEntry[];
}
