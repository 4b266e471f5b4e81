import type { InstrumentIndex } from '../domain/instrument';
import type { Timer } from '../domain/time';
import type { Channel, Decoded, Feed, LinkRules, MarketDescriptor, Topic } from '../venues/contract';
import type { FeedCounters } from './counters';
import type { TransportDeps } from './dialer';
import { Dialer } from './dialer';
import { DataLiveness, LinkLiveness } from './liveness';
import { Outgoing } from './outgoing';
import type { SocketEnd } from './socket';

export interface FeedSpec<E, S> {
  readonly market: MarketDescriptor;
  readonly channel: Channel;
  readonly rules: LinkRules;
  readonly feed: Feed<E, S>;
  readonly instruments: InstrumentIndex;
  /** The production URL of the next dial; may ask the venue for a token first. */
  endpoint(): Promise<string>;
  /** Frames that log in; absent on public feeds. */
  login?(): readonly string[];
}

export type Control<E> = Exclude<Decoded<E>, { readonly kind: 'events' }>;

export interface SessionEvents<E> {
  onOpen(): void;
  onData(topics: readonly Topic[], events: readonly E[], receivedAt: number): void;
  onControl(control: Control<E>): void;
  /** Once a second while open. */
  onTick(): void;
  /** The random age within the venue's limit is reached. */
  onAged(): void;
  onEnd(end: SocketEnd): void;
}

const TICK_MS = 1_000;

/**
 * One life of a connection, from the dial to its end: socket, codec state, heartbeat, outgoing queue.
 * Ends once; after `end()` no event follows, so that nothing of an older dial can disturb a newer one.
 */
export class Session<E, S> {
  private readonly dialer: Dialer;
  private readonly outgoing: Outgoing;
  private readonly context: {
    state: S;
    market: MarketDescriptor;
    receivedAt: number;
    instruments: InstrumentIndex;
  };
  private link: LinkLiveness;
  private dataFlow: DataLiveness;
  private ticker: Timer | undefined;
  private rotateAt = Infinity;
  private requestId = 0;

  constructor(
    private readonly spec: FeedSpec<E, S>,
    private readonly deps: TransportDeps,
    private readonly counters: FeedCounters,
    private readonly events: SessionEvents<E>,
  ) {
    const now = deps.clock.monotonic();
    const { rules, feed, market, instruments } = spec;
    this.outgoing = new Outgoing(deps.clock, rules);
    this.link = new LinkLiveness(rules.heartbeat, now);
    this.dataFlow = new DataLiveness(rules.silence, now);
    this.context = { state: feed.codec.begin(market), market, receivedAt: 0, instruments };
    this.dialer = new Dialer(deps, rules, {
      onBudget: (waitMs) => counters.dialWait(waitMs),
      onOpen: () => this.opened(),
      onFrame: (frame) => this.received(frame),
      onSignal: () => this.link.inbound(deps.clock.monotonic()),
      onEnd: (end) => this.over(end),
    });
    this.dialer.start(() => spec.endpoint());
  }

  /** Queues a frame within the venue's rates; `onSent` runs when it leaves. */
  request(frame: string, onSent?: () => void): void {
    this.outgoing.request(() => {
      onSent?.();
      this.dialer.send(frame);
    });
  }

  /** Frames still waiting to be sent. */
  get backlog(): number {
    return this.outgoing.length;
  }

  readonly nextId = (): number => (this.requestId += 1);

  pauseRequests(delayMs: number): void {
    this.outgoing.pauseFor(delayMs);
  }

  /** How long (ms) the session has been without data, where that is longer than its rhythm allows. */
  get silence(): number | undefined {
    const now = this.deps.clock.monotonic();
    return this.dataFlow.isSilent(now) ? Math.round(this.dataFlow.silentForMs(now)) : undefined;
  }

  /** Starts the wait for data anew. */
  forgiveSilence(): void {
    this.dataFlow.restart(this.deps.clock.monotonic());
  }

  end(): void {
    this.deps.clock.cancel(this.ticker);
    this.outgoing.clear();
    this.dialer.cancel();
  }

  private over(end: SocketEnd): void {
    this.end();
    this.events.onEnd(end);
  }

  private opened(): void {
    const now = this.deps.clock.monotonic();
    const { heartbeat, silence, rotateAfterMs } = this.spec.rules;
    this.link = new LinkLiveness(heartbeat, now);
    this.dataFlow = new DataLiveness(silence, now);
    if (rotateAfterMs) {
      const [from, to] = rotateAfterMs;
      this.rotateAt = now + from + (to - from) * this.deps.random();
    }
    this.ticker = this.deps.clock.every(TICK_MS, () => this.tick());
    this.events.onOpen();
  }

  private received(frame: string): void {
    const now = this.deps.clock.monotonic();
    const receivedAt = this.deps.clock.now();
    this.link.inbound(now);
    this.counters.frame(frame.length);
    this.context.receivedAt = receivedAt;
    const decoded = this.spec.feed.codec.decode(frame, this.context);
    if (decoded.kind !== 'events') return this.events.onControl(decoded);
    this.dataFlow.data(now);
    this.counters.events(decoded.events.length);
    this.events.onData(decoded.topics, decoded.events, receivedAt);
  }

  private tick(): void {
    const now = this.deps.clock.monotonic();
    const verdict = this.link.check(now);
    if (verdict === 'dead') {
      return this.over({ reason: 'no_pong', detail: 'the link is silent', wasOpen: true });
    }
    if (verdict === 'ping') this.sendPing();
    if (now >= this.rotateAt) {
      this.rotateAt = Infinity;
      this.events.onAged();
    }
    this.events.onTick();
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
