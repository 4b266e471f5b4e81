import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import type { Timer } from '../domain/time';
import type { Refusal, Topic } from '../venues/contract';
import { FeedCounters } from './counters';
import type { TransportDeps } from './dialer';
import type { LinkEffect, LinkInput, LinkState } from './machine';
import { advance, initialLink } from './machine';
import { subscribeRequests } from './requests';
import type { Control, FeedSpec } from './session';
import { Session } from './session';
import type { SocketEnd } from './socket';
import type { RefusedTopic } from './subscriptions';
import { Subscriptions } from './subscriptions';

export interface FeedListener<E> {
  onEvents(events: readonly E[], receivedAt: number): void;
  /** `missedSince` (epoch ms): events from then on may have been missed; absent on the first session. */
  onLive(missedSince: number | undefined): void;
  onLost(reason: string): void;
  onRefused(refused: readonly RefusedTopic[]): void;
  /** The connection should be replaced: near its age limit, or the venue asked us to leave. */
  onRotate(reason: 'age' | 'moveAway'): void;
  /** Open, answering, but without data for longer than its rhythm allows. */
  onSilent(silentForMs: number): void;
  /** Credentials refused for good: no further dial until `unblock`. */
  onBlocked(reason: Refusal): void;
}

const BACKOFF: BackoffPolicy = { floorMs: 200, baseMs: 1_000, capMs: 60_000, factor: 2 };
const SETTLED_AFTER_MS = 30_000;
/** Unanswered for this many ack deadlines: the session is deaf from birth. */
const DEADLINES = 3;

/** One connection of a venue's feed: performs the machine's effects and reports what happened. */
export class FeedConnection<E, S> {
  readonly subscriptions: Subscriptions;
  private state: LinkState = initialLink;
  private session: Session<E, S> | undefined;
  private retryTimer: Timer | undefined;
  private flushTimer: Timer | undefined;
  private lastDataAt: number | undefined;
  private readonly counters: FeedCounters;

  constructor(
    private readonly spec: FeedSpec<E, S>,
    private readonly deps: TransportDeps,
    private readonly listener: FeedListener<E>,
  ) {
    this.subscriptions = new Subscriptions(spec.rules);
    this.counters = new FeedCounters(deps.telemetry, {
      exchange: spec.market.exchange,
      channel: spec.channel,
    });
  }

  get status(): LinkState {
    return this.state;
  }

  /** Epoch ms of the newest data frame. */
  get lastDataTime(): number | undefined {
    return this.lastDataAt;
  }

  /** Live, and every topic answered: it may take over from another connection. */
  get isSettled(): boolean {
    return this.state.name === 'live' && this.subscriptions.isSettled;
  }

  /** Adding or removing a topic never disturbs the others. */
  add(topics: readonly Topic[]): void {
    const now = this.deps.clock.monotonic();
    for (const topic of topics) this.subscriptions.want(topic, now);
    if (this.state.name === 'idle') this.input({ type: 'start' });
    else this.flushSoon();
  }

  remove(topics: readonly Topic[]): void {
    const known = topics.filter((topic) => this.subscriptions.unwant(topic));
    const session = this.session;
    if (known.length === 0 || !session) return;
    for (const request of this.spec.feed.session.unsubscribe(known, session.nextId)) {
      session.request(request.frame, () =>
        this.subscriptions.asked(request, 'unsubscribe', this.deps.clock.monotonic()),
      );
    }
  }

  /** New credentials, or the breaker's pause is over. */
  unblock(): void {
    this.input({ type: 'credentials' });
  }

  /** Hangs up and dials again: somebody knows better than the socket that it is deaf. */
  restart(reason: string): void {
    if (this.state.name === 'live') this.lost({ reason, detail: 'restart on request', wasOpen: true });
  }

  stop(): void {
    this.input({ type: 'stop' });
  }

  // ---------------------------------------------------------------- machine

  private input(input: LinkInput): void {
    const [next, effects] = advance(this.state, input, this.deps.clock.monotonic(), {
      needsLogin: this.spec.login !== undefined,
      settledAfterMs: SETTLED_AFTER_MS,
    });
    this.state = next;
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: LinkEffect): void {
    switch (effect.do) {
      case 'dial':
        return this.dial();
      case 'login':
        for (const frame of this.spec.login?.() ?? []) this.session?.request(frame);
        return;
      case 'subscribe':
        this.subscriptions.beginSession(this.deps.clock.monotonic());
        this.flush();
        return this.checkReady();
      case 'resubscribe':
        this.subscriptions.repeat(this.deps.clock.monotonic());
        this.session?.forgiveSilence();
        return this.flush();
      case 'announceLive':
        return this.announceLive(effect.isReturn);
      case 'hangUp':
        return this.hangUp();
      case 'wait':
        this.retryTimer = this.deps.clock.after(
          Math.max(effect.notBeforeMs, nextDelay(BACKOFF, effect.attempt, this.deps.random)),
          () => this.input({ type: 'timer' }),
        );
        return;
      case 'block':
        return this.listener.onBlocked(effect.reason);
    }
  }

  private dial(): void {
    this.session = new Session(this.spec, this.deps, this.counters, {
      onOpen: () => {
        this.counters.dialed('opened');
        this.input({ type: 'opened' });
      },
      onData: (topics, events, receivedAt) => this.received(topics, events, receivedAt),
      onControl: (control) => this.control(control),
      onTick: () => this.tick(),
      onAged: () => this.listener.onRotate('age'),
      onEnd: (end) => this.lost(end),
    });
  }

  private lost(end: SocketEnd): void {
    if (end.wasOpen) this.counters.disconnected(end.reason);
    else this.counters.dialed(end.reason);
    const { reason, detail } = end;
    this.counters.log.warn({ reason, detail, epoch: this.state.epoch }, 'connection lost');
    this.input({ type: 'lost', reason, notBeforeMs: end.retryAfterMs ?? 0 });
    this.listener.onLost(reason);
  }

  private hangUp(): void {
    this.deps.clock.cancel(this.retryTimer);
    this.deps.clock.cancel(this.flushTimer);
    this.flushTimer = undefined;
    this.session?.end();
    this.session = undefined;
    this.counters.flush(this.lastDataAt);
  }

  private announceLive(isReturn: boolean): void {
    this.counters.log.info({ epoch: this.state.epoch, topics: this.subscriptions.size }, 'live');
    const missedSince = isReturn ? this.lastDataAt : undefined;
    if (missedSince !== undefined) this.counters.gap(this.deps.clock.now() - missedSince);
    this.listener.onLive(missedSince);
  }

  // ---------------------------------------------------------------- topics

  /** Several wants of one turn share their requests. */
  private flushSoon(): void {
    this.flushTimer ??= this.deps.clock.after(0, () => {
      this.flushTimer = undefined;
      this.flush();
    });
  }

  private flush(): void {
    const { session } = this;
    if (!session || (this.state.name !== 'subscribing' && this.state.name !== 'live')) return;
    const { rules, feed } = this.spec;
    for (const group of this.subscriptions.due(this.deps.clock.monotonic(), rules.topicsPerRequest)) {
      for (const request of subscribeRequests(feed.session, group, rules.requestBytes, session.nextId)) {
        // Queued topics have no deadline yet: it runs from the sending.
        this.subscriptions.asked(request, 'subscribe', Infinity);
        session.request(request.frame, () =>
          this.subscriptions.asked(request, 'subscribe', this.deps.clock.monotonic()),
        );
      }
    }
  }

  private checkReady(): void {
    if (this.state.name === 'subscribing' && this.subscriptions.isSettled) this.input({ type: 'ready' });
  }

  private refused(refused: readonly RefusedTopic[]): void {
    if (refused.length === 0) return;
    this.counters.refused(refused);
    this.listener.onRefused(refused);
  }

  // ---------------------------------------------------------------- frames

  private received(topics: readonly Topic[], events: readonly E[], receivedAt: number): void {
    this.lastDataAt = receivedAt;
    this.subscriptions.data(topics, this.deps.clock.monotonic());
    if (this.state.name === 'subscribing') this.input({ type: 'ready' });
    if (events.length > 0) this.listener.onEvents(events, receivedAt);
  }

  private control(control: Control<E>): void {
    const now = this.deps.clock.monotonic();
    switch (control.kind) {
      case 'ack':
        this.subscriptions.acknowledge(control, now);
        return this.checkReady();
      case 'refused':
        this.refused(this.subscriptions.refuse(control, control.reason, now));
        this.flushSoon();
        return this.checkReady();
      case 'loggedIn':
        return this.input({ type: 'loggedIn' });
      case 'loginRefused':
        return this.input({ type: 'loginRefused', reason: control.reason });
      case 'moveAway':
        return this.listener.onRotate('moveAway');
      case 'throttled':
        return this.throttled(control.reason);
      case 'unknown':
        return this.counters.unknown(control.note);
      case 'pong':
      case 'ignored':
        return;
    }
  }

  private throttled({ code, retry }: Refusal): void {
    const pauseMs = typeof retry === 'object' ? retry.afterMs : BACKOFF.capMs;
    this.counters.log.warn({ code, pauseMs }, 'the venue asks for silence');
    this.session?.pauseRequests(pauseMs);
  }

  // ---------------------------------------------------------------- every second

  private tick(): void {
    const now = this.deps.clock.monotonic();
    this.counters.flush(this.lastDataAt);
    this.refused(this.subscriptions.expire(now));
    this.flush();
    this.checkReady();
    if (this.state.name === 'live') this.checkSilence();
    else this.checkDeafFromBirth(now);
  }

  private checkDeafFromBirth(now: number): void {
    const isOverdue = now - this.state.since >= DEADLINES * this.spec.rules.ackTimeoutMs;
    if (!isOverdue || (this.session?.backlog ?? 0) > 0) return;
    this.lost({ reason: 'unanswered', detail: `no answer while ${this.state.name}`, wasOpen: true });
  }

  private checkSilence(): void {
    const { acked, confirmed } = this.subscriptions.tally();
    const silentForMs = this.session?.silence;
    if (silentForMs === undefined || acked + confirmed === 0) return this.input({ type: 'data' });
    this.counters.log.warn({ silentForMs }, 'no data');
    this.listener.onSilent(silentForMs);
    this.input({ type: 'silent' });
  }
}
