/** The smallest possible venue adapter: speaks the dialect of `hostile-server.ts`. */
import { InstrumentIndex } from '../domain/instrument';
import type { TransportDeps } from '../transport/dialer';
import { DialBudget } from '../transport/limits';
import type { FeedSpec } from '../transport/session';
import type { Decoded, Feed, LinkRules, MarketDescriptor, Refusal, Request, Topic } from '../venues/contract';
import type { FakeClock } from './fake-clock';
import { RecordedTelemetry } from './recorded-telemetry';

export interface TinyEvent {
  readonly topic: Topic;
  readonly value: string;
}

interface Answer {
  readonly topic?: Topic;
  readonly value?: string;
  readonly ack?: string;
  readonly refused?: true;
  readonly id?: string;
  readonly topics?: readonly Topic[];
  readonly moveAway?: number;
  readonly throttled?: number;
  readonly loggedIn?: true;
  readonly loginRefused?: Refusal['retry'];
  readonly crash?: true;
}

const request = (op: string, topics: readonly Topic[], nextId: () => number): readonly Request[] => {
  const id = String(nextId());
  return [{ frame: JSON.stringify({ op, id, topics }), topics, id }];
};

export const tinyFeed: Feed<TinyEvent, object> = {
  session: {
    topicOf: (_market, want, { venueSymbol }) => `${venueSymbol}.${want.kind}`,
    subscribe: (topics, nextId) => request('subscribe', topics, nextId),
    unsubscribe: (topics, nextId) => request('unsubscribe', topics, nextId),
    ping: () => 'ping',
  },
  codec: {
    begin: () => ({}),
    decode: (frame) => decode(frame),
  },
};

function decode(frame: string): Decoded<TinyEvent> {
  if (frame === 'pong') return { kind: 'pong' };
  if (!frame.startsWith('{')) return { kind: 'unknown', note: 'not an object' };
  return decodeAnswer(JSON.parse(frame) as Answer);
}

function decodeAnswer(answer: Answer): Decoded<TinyEvent> {
  const { topic, value, ack, refused, id, topics, moveAway } = answer;
  if (topic !== undefined && value !== undefined) {
    return { kind: 'events', topics: [topic], events: [{ topic, value }] };
  }
  if (ack !== undefined) return { kind: 'ack', id: ack };
  if (moveAway !== undefined) return { kind: 'moveAway', afterMs: moveAway };
  if (!refused) return decodeRare(answer);
  const reason: Refusal = {
    code: 'NO_SUCH_TOPIC',
    text: 'no such topic',
    retry: 'never',
    split: topics === undefined,
  };
  return { kind: 'refused', reason, ...(id !== undefined && { id }), ...(topics && { topics }) };
}

function decodeRare({ throttled, loggedIn, loginRefused, crash }: Answer): Decoded<TinyEvent> {
  if (crash) throw new TypeError('a bug in the codec');
  if (loggedIn) return { kind: 'loggedIn' };
  if (loginRefused !== undefined) {
    return { kind: 'loginRefused', reason: { code: 'NO', text: 'no', retry: loginRefused } };
  }
  if (throttled === undefined) return { kind: 'unknown', note: 'unknown object' };
  const retry: Refusal['retry'] = throttled > 0 ? { afterMs: throttled } : 'backoff';
  return { kind: 'throttled', reason: { code: 'SLOWER', text: 'slower', retry } };
}

export const tinyRules: LinkRules = {
  topicsPerConnection: 4,
  topicsPerRequest: 4,
  requestBytes: 1_000,
  outgoing: { count: 5, perMs: 1_000 },
  dials: [{ count: 1, perMs: 1_000 }],
  heartbeat: { via: 'protocol', everyMs: 30_000, timeoutMs: 15_000 },
  silence: { floorMs: 60_000, capMs: 600_000 },
  ackConfirms: true,
  ackTimeoutMs: 10_000,
  frameBytes: 10_000,
};

/** Where the tests pretend to dial; the deps rewrite it to the loopback. */
export const TINY_URL = 'wss://stream.tiny.example/ws';

export function tinySpec(rules: Partial<LinkRules> = {}): FeedSpec<TinyEvent, object> {
  const links = { ...tinyRules, ...rules };
  const market: MarketDescriptor = {
    exchange: 'binance',
    kind: 'spot',
    selector: 'tiny',
    endpoints: { ticker: TINY_URL, candle: TINY_URL, rest: 'https://api.tiny.example' },
    intervals: [],
    links: { ticker: links, candle: links },
  };
  return {
    market,
    channel: 'ticker',
    rules: links,
    feed: tinyFeed,
    instruments: new InstrumentIndex(),
    endpoint: () => Promise.resolve(TINY_URL),
  };
}

export const tinyLabels = { exchange: 'binance', channel: 'ticker' };

export interface TinyDeps extends TransportDeps {
  readonly telemetry: RecordedTelemetry;
  /** Monotonic times of all dials. */
  readonly dialledAt: readonly number[];
}

export function tinyDeps(clock: FakeClock, url: string, random = (): number => 0.5): TinyDeps {
  const dialledAt: number[] = [];
  return {
    clock,
    random,
    dials: new DialBudget(clock),
    telemetry: new RecordedTelemetry(),
    dialledAt,
    rewrite: () => {
      dialledAt.push(clock.monotonic());
      return url;
    },
  };
}

/** Most of these times that fall into any window of this length. */
export function mostWithin(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));
}

const STEP_MS = 100;
const REAL_LIMIT_MS = 60_000;

/** Lets sockets of this process talk: some turns of the event loop, no time of the clock. */
export async function letTalk(turns = 4): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/**
 * Moves the clock in small steps, with room for the sockets between, until `condition` holds. The
 * machine's speed decides how long the test takes, never how it ends.
 */
export async function driveUntil(
  clock: FakeClock,
  what: string,
  condition: () => boolean,
  stepMs = STEP_MS,
): Promise<void> {
  const deadline = performance.now() + REAL_LIMIT_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    clock.advance(stepMs);
    await letTalk(1);
  }
}

/** Moves the clock by `ms` in steps, with room for the sockets between. */
export async function drive(clock: FakeClock, ms: number, stepMs = STEP_MS): Promise<void> {
  const end = clock.monotonic() + ms;
  await driveUntil(clock, `${ms} ms`, () => clock.monotonic() >= end, stepMs);
  await letTalk();
}
