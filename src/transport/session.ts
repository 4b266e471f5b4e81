import type { InstrumentIndex } from '../domain/instrument';
import type { LogContext } from '../domain/telemetry';
import type { Timer } from '../domain/time';
import type { Channel, Decoded, Feed, LinkRules, MarketDescriptor, Topic } from '../venues/contract';
import type { FeedCounters } from './counters';
import type { DialerEvents, TransportDeps } from './dialer';
import { Dialer } from './dialer';
import { LinkLiveness } from './liveness';
import { Outgoing } from './outgoing';
import type { SocketEnd } from './socket';

export interface FeedSpec<E, S> {
  readonly market: MarketDescriptor;
  readonly channel: Channel;
  readonly rules: LinkRules;
  readonly feed: Feed<E, S>;
  readonly instruments: InstrumentIndex;
  /** What log lines name beside exchange and channel, e.g. the room. */
  readonly about?: LogContext;
  /** Texts that no record of the feed may hold. */
  readonly secrets?: readonly string[];
  /** The production URL of the next dial; may ask the venue for a token first. */
  endpoint(): Promise<string>;
  /** How long that may take; default 30 s. More where the question waits its turn among many. */
  readonly endpointLimitMs?: number;
  /** Frames that log in; absent on public feeds. */
  login?(): readonly string[];
}

export type Control<E> = Exclude<Decoded<E>, { readonly kind: 'events' | 'asked' }>;

/** What a frame brought, and when: `now` monotonic, `receivedAt` epoch ms. */
export interface Received<E> {
  readonly topics: readonly Topic[];
  readonly events: readonly E[];
  readonly now: number;
  readonly receivedAt: number;
}

export interface SessionEvents<E> {
  onOpen(): void;
  onData(received: Received<E>): void;
  onControl(control: Control<E>): void;
  /** Once a second while open. `sleptMs`: how long this process was too busy, or asleep, to look. */
  onTick(sleptMs: number): void;
  /** The random age within the venue's limit is reached. */
  onAged(): void;
  onEnd(end: SocketEnd): void;
}

const TICK_MS = 1_000;
/** Decoding is timed for one frame of so many: a look at the clock costs as much as a small frame. */
const TIMED_EVERY = 64;
const NO_FAULTS: readonly string[] = [];

/**
 * One life of a connection, from the dial to its end: socket, codec state, heartbeat, outgoing queue.
 * Ends once; after `end()` no event follows, so that nothing of an older dial can disturb a newer one.
 */
export class Session<E, S> implements DialerEvents {
  private readonly dialer: Dialer;
  private readonly outgoing: Outgoing;
  private readonly context: {
    state: S;
    market: MarketDescriptor;
    receivedAt: number;
    instruments: InstrumentIndex;
  };
  private link: LinkLiveness;
  private ticker: Timer | undefined;
  private tickedAt = 0;
  private rotateAt = Infinity;
  private requestId = 0;
  private untilTimed = 0;
  private isOver = false;

  constructor(
    private readonly spec: FeedSpec<E, S>,
    private readonly deps: TransportDeps,
    private readonly counters: FeedCounters,
    private readonly events: SessionEvents<E>,
  ) {
    const { rules, feed, market, instruments } = spec;
    this.outgoing = new Outgoing(deps.clock, rules, () =>
      this.onEnd({ reason: 'request_backlog', detail: 'too many requests wait to be sent', wasOpen: true }),
    );
    this.link = new LinkLiveness(rules.heartbeat, deps.clock.monotonic());
    this.context = { state: feed.codec.begin(market), market, receivedAt: 0, instruments };
    this.dialer = new Dialer(deps, rules, this);
    this.dialer.start(() => spec.endpoint(), spec.endpointLimitMs);
  }

  /** Queues a frame within the venue's rates; `onSent` runs when it leaves. */
  request(frame: string, onSent?: () => void): void {
    if (this.isOver) return;
    this.outgoing.request(() => {
      onSent?.();
      this.dialer.send(frame);
    });
  }

  interrupted(topics: readonly Topic[]): void {
    this.spec.feed.codec.interrupted?.(topics, this.context.state);
  }

  /** Says at once what the venue wants to hear; like a ping, it does not wait behind requests. */
  private answer(frame: string): void {
    if (!this.isOver) this.outgoing.ping(() => this.dialer.send(frame));
  }

  /** Frames still waiting to be sent. */
  get backlog(): number {
    return this.outgoing.length;
  }

  readonly nextId = (): number => (this.requestId += 1);

  pauseRequests(delayMs: number): void {
    this.outgoing.pauseRequests(delayMs);
  }

  end(): void {
    this.isOver = true;
    this.deps.clock.cancel(this.ticker);
    this.outgoing.clear();
    this.dialer.cancel();
  }

  // What the dialer tells.

  onBudget(waitMs: number): void {
    this.counters.dialWait(waitMs);
  }

  onSignal(): void {
    this.link.inbound();
  }

  onEnd(end: SocketEnd): void {
    if (this.isOver) return;
    this.end();
    this.events.onEnd(end);
  }

  onOpen(): void {
    const now = this.deps.clock.monotonic();
    const { heartbeat, rotateAfterMs } = this.spec.rules;
    this.link = new LinkLiveness(heartbeat, now);
    if (rotateAfterMs) {
      const [from, to] = rotateAfterMs;
      this.rotateAt = now + from + (to - from) * this.deps.random();
    }
    this.tickedAt = now;
    this.ticker = this.deps.clock.every(TICK_MS, () => this.tick());
    this.events.onOpen();
  }

  onFrame(frame: string): void {
    const now = this.deps.clock.monotonic();
    const receivedAt = this.deps.clock.now();
    this.link.inbound();
    this.counters.frame(frame, receivedAt);
    this.context.receivedAt = receivedAt;
    const decoded = this.decode(frame);
    if ((this.untilTimed -= 1) < 0) this.timed(now);
    if (decoded.kind === 'asked') {
      if (decoded.againWithinMs !== undefined) this.link.promised(decoded.againWithinMs, now);
      return this.answer(decoded.answer);
    }
    if (decoded.kind !== 'events') return this.events.onControl(decoded);
    const { topics, events, faults = NO_FAULTS } = decoded;
    this.counters.events(events.length);
    this.events.onData({ topics, events, now, receivedAt });
    for (const note of faults) this.events.onControl({ kind: 'unknown', note });
  }

  private timed(since: number): void {
    this.untilTimed = TIMED_EVERY;
    this.counters.decoded(this.deps.clock.monotonic() - since);
  }

  /** A codec never throws; if one does all the same, a single frame must not end every feed beside it. */
  private decode(frame: string): Decoded<E> {
    try {
      return this.spec.feed.codec.decode(frame, this.context);
    } catch (error) {
      // It may have told of an order: whoever listens has to know that something was not read.
      return { kind: 'unknown', note: this.counters.codecFailed(error) };
    }
  }

  private tick(): void {
    const now = this.deps.clock.monotonic();
    const sleptMs = Math.max(0, now - this.tickedAt - TICK_MS);
    this.tickedAt = now;
    this.link.pardon(sleptMs, now);
    const verdict = this.link.check(now);
    if (verdict === 'dead') {
      return this.onEnd({ reason: 'no_pong', detail: 'the link is silent', wasOpen: true });
    }
    if (verdict === 'ping') this.sendPing();
    if (now >= this.rotateAt) {
      this.rotateAt = Infinity;
      this.events.onAged();
    }
    if (!this.isOver) this.events.onTick(sleptMs);
  }

  private sendPing(): void {
    const { heartbeat } = this.spec.rules;
    const text = heartbeat.via === 'frame' ? this.spec.feed.session.ping?.(this.nextId) : undefined;
    this.outgoing.ping(() => {
      if (text === undefined) this.dialer.ping();
      else this.dialer.send(text);
    });
  }
}
