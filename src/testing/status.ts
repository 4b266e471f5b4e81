import type {
  ChannelStatus,
  MarketStatus,
  ProcessStatus,
  StreamDetail,
  WorkerStatus,
} from '../domain/status';

/** Statuses of well-being, to be spoilt by tests. */

export const NOW = 1_751_277_600_000;
const door = { isReady: true, failures: 0 };
const outbox = { messages: 0, bytes: 0, refused: 0, republished: 0 };

export function channelStatus(over: Partial<ChannelStatus> = {}): ChannelStatus {
  return {
    channel: 'ticker',
    connections: [
      { state: 'live', forMs: 300_000, attempt: 0, topics: 2, isSuccessor: false, lastDataAt: NOW - 100 },
    ],
    topics: { wanted: 0, pending: 0, acked: 0, confirmed: 2, refused: 0 },
    lastDataAt: NOW - 100,
    refused: [],
    totals: {
      frames: 100,
      events: 100,
      unknownFrames: 0,
      failedDials: 0,
      disconnects: 0,
      rotations: 0,
      stalls: 0,
      refusedTopics: 0,
    },
    ...over,
  };
}

export function marketStatus(over: Partial<MarketStatus> = {}): MarketStatus {
  return {
    exchange: 'tiny',
    instruments: 2,
    channels: [channelStatus()],
    series: { count: 1, filling: 0 },
    gaps: [],
    gapCount: 0,
    published: 100,
    backfilled: 0,
    ...over,
  };
}

export function workerStatus(over: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    broker: door,
    store: door,
    outbox,
    markets: [marketStatus()],
    hosts: [],
    backfillFailures: 0,
    ...over,
  };
}

export function priceStatus(
  worker: Partial<WorkerStatus> = {},
  over: Partial<ProcessStatus> = {},
): ProcessStatus {
  return {
    role: 'price',
    instance: 'price-1',
    at: NOW,
    broker: door,
    store: door,
    venues: [{ venue: 'tiny', thread: 'running', restarts: 0, worker: workerStatus(worker) }],
    ...over,
  };
}

export function streamDetail(over: Partial<StreamDetail> = {}): StreamDetail {
  return {
    room: 'room-1',
    exchange: 'tinySpot',
    state: 'live',
    subscribers: 1,
    reconnects: 0,
    openedAt: NOW - 60_000,
    lastEventAt: NOW - 1_000,
    published: 3,
    pausedMs: 0,
    openGaps: 0,
    outbox: { messages: 0, oldestMs: 0 },
    topics: [{ topic: 'orders', frames: 3, lastAt: NOW - 1_000 }],
    refusedTopics: [],
    confirm: { count: 3, lastMs: 2, slowestMs: 9 },
    history: [{ at: NOW - 60_000, what: 'opened' }],
    ...over,
  };
}

/** One that never told an event. */
export function silentStream(over: Partial<StreamDetail> = {}): StreamDetail {
  const stream: Record<string, unknown> = { ...streamDetail(over) };
  delete stream['lastEventAt'];
  return stream as unknown as StreamDetail;
}

export function userStatus(over: Partial<ProcessStatus> = {}): ProcessStatus {
  return {
    role: 'user',
    instance: 'user-1',
    at: NOW,
    broker: door,
    store: door,
    outbox,
    venues: [],
    streamEvents: 0,
    ...over,
  };
}
