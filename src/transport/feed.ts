import { nextDelay, type BackoffPolicy } from '../domain/backoff';
import type { Timer } from '../domain/time';
import type { Refusal, Topic } from '../venues/contract';
import { FeedCounters } from './counters';
import type { TransportDeps } from './dialer';
import type { FeedListener } from './feed-listener';
import { DataLiveness } from './liveness';
import { advance, initialLink, type LinkEffect, type LinkInput, type LinkState } from './machine';
import { requestsFor, type Wording } from './requests';
import { Session, type Control, type FeedSpec, type Received, type SessionEvents } from './session';
import type { SocketEnd } from './socket';
import { Subscriptions, type RefusedTopic } from './subscriptions';

const BACKOFF: BackoffPolicy = { floorMs: 200, baseMs: 1_000, capMs: 60_000, factor: 2 };
const SETTLED_AFTER_MS = 30_000;
/** Unanswered for this many ack deadlines: the session is deaf from birth. */
const DEADLINES = 3;

/** One connection of a venue's feed: performs the machine's effects and reports what happened (`on...`: to it). */
export class FeedConnection<E, S> implements SessionEvents<E> {
  readonly subscriptions: Subscriptions;
  private state: LinkState = initialLink;
  private session: Session<E, S> | undefined;
  private retryTimer: Timer | undefined;
  private flushTimer: Timer | undefined;
  private lastDataAt: number | undefined;
  /** Epoch ms up to which nothing was missed without being told: the newest data, or coming live. */
  private completeUntil: number | undefined;
  /** Whether the venue has answered anything in this session. */
  private isAnswered = false;
  readonly flow: DataLiveness;
  private readonly counters: FeedCounters;

  constructor(
    private readonly spec: FeedSpec<E, S>,
    private readonly deps: TransportDeps,
    private readonly listener: FeedListener<E>,
  ) {
    const { rules, market, channel } = spec;
    this.subscriptions = new Subscriptions(rules);
    this.flow = new DataLiveness(rules.silence, this.now);
    this.counters = new FeedCounters(deps.telemetry, { exchange: market.exchange, channel }, spec);
  }

  get status(): LinkState {
    return this.state;
  }

  /** Epoch ms of the newest data frame. */
  get lastDataTime(): number | undefined {
    return this.lastDataAt;
  }

  /** Epoch ms: events after it may have been missed, should the connection be lost. */
  get completeTime(): number | undefined {
    return this.completeUntil;
  }

  /** Adding or removing a topic never disturbs the others. */
  add(topics: readonly Topic[]): void {
    for (const topic of topics) this.subscriptions.want(topic, this.now);
    if (this.state.name !== 'idle') return this.flushSoon();
    this.input({ type: 'start' });
  }

  remove(topics: readonly Topic[]): void {
    const known = topics.filter((topic) => this.subscriptions.unwant(topic));
    this.say('unsubscribe', known);
  }

  /** Gives these topics up at the venue and asks for them anew, on the same connection. */
  refresh(topics: readonly Topic[]): void {
    const live = topics.filter((topic) => this.subscriptions.isLive(topic));
    this.say('unsubscribe', live);
    this.subscriptions.repeat(live, this.now);
    this.flush();
  }

  /** New credentials, or the breaker's pause is over. */
  unblock(): void {
    this.input({ type: 'credentials' });
  }

  /** Hangs up and dials again: somebody knows better than the socket that it is deaf. */
  restart(reason: string): void {
    if (this.state.name === 'live') this.onEnd({ reason, detail: 'restart on request', wasOpen: true });
  }

  stop(): void {
    this.input({ type: 'stop' });
  }

  private input(input: LinkInput): void {
    const [next, effects] = advance(this.state, input, this.now, {
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
        this.subscriptions.reset(this.now);
        this.flush();
        return this.checkReady();
      case 'resubscribe':
        return this.refresh(this.subscriptions.topics);
      case 'announceLive':
        return this.announceLive(effect.isReturn);
      case 'hangUp':
        return this.hangUp();
      case 'wait':
        this.retryTimer = this.deps.clock.after(
          effect.notBeforeMs + nextDelay(BACKOFF, effect.attempt, this.deps.random),
          () => this.input({ type: 'timer' }),
        );
        return;
      case 'block':
        return this.listener.onBlocked(effect.reason);
    }
  }

  private dial(): void {
    this.isAnswered = false;
    this.counters.epoch = this.state.epoch;
    this.session = new Session(this.spec, this.deps, this.counters, this);
  }

  onOpen(): void {
    this.counters.opened();
    this.input({ type: 'opened' });
  }

  onAged(): void {
    this.listener.onRotate('age');
  }

  onEnd(end: SocketEnd): void {
    this.counters.lost(end);
    this.input({ type: 'lost', reason: end.reason, notBeforeMs: end.retryAfterMs ?? 0 });
    this.listener.onLost(end.reason);
  }

  private hangUp(): void {
    this.deps.clock.cancel(this.retryTimer);
    this.deps.clock.cancel(this.flushTimer);
    this.flushTimer = undefined;
    this.session?.end();
    this.session = undefined;
    this.subscriptions.reset(this.now);
    this.counters.flush();
  }

  private announceLive(isReturn: boolean): void {
    this.counters.live(this.subscriptions.size);
    this.flow.begin(this.now);
    const missedSince = isReturn ? this.completeUntil : undefined;
    this.completeUntil = this.deps.clock.now();
    if (missedSince !== undefined) this.counters.gap(this.completeUntil - missedSince);
    this.listener.onLive(missedSince);
  }

  /** Several wants of one turn share their requests. */
  private flushSoon(): void {
    this.flushTimer ??= this.deps.clock.after(0, () => {
      this.flushTimer = undefined;
      this.flush();
    });
  }

  private flush(): void {
    if (!this.canSpeak) return;
    const { topicsPerRequest } = this.spec.rules;
    for (const group of this.subscriptions.due(this.now, topicsPerRequest)) this.say('subscribe', group);
  }

  private say(kind: 'subscribe' | 'unsubscribe', topics: readonly Topic[]): void {
    const { session } = this;
    if (!session || !this.canSpeak) return;
    const { rules, feed } = this.spec;
    const wording: Wording = (part, nextId) => feed.session[kind](part, nextId);
    for (const request of requestsFor(wording, topics, rules, session.nextId)) {
      this.subscriptions.asked(request, kind, Infinity);
      session.request(request.frame, () => {
        this.subscriptions.asked(request, kind, this.now);
        if (kind === 'subscribe') session.interrupted(request.topics);
      });
    }
  }

  private get canSpeak(): boolean {
    return this.state.name === 'subscribing' || this.state.name === 'live';
  }

  /** Topics that ran out of tries do not make a session live: a mute venue is no venue. */
  private checkReady(): void {
    const { isSettled, size } = this.subscriptions;
    if (this.state.name !== 'subscribing' || !isSettled) return;
    if (this.isAnswered || size === 0) this.input({ type: 'ready' });
  }

  private refused(refused: readonly RefusedTopic[]): void {
    if (refused.length === 0) return;
    this.counters.refused(refused);
    this.listener.onRefused(refused);
  }

  onData({ topics, events, now, receivedAt }: Received<E>): void {
    this.subscriptions.data(topics, now);
    if (this.state.name === 'subscribing') this.input({ type: 'ready' });
    this.flow.data(now, topics);
    this.lastDataAt = receivedAt;
    this.completeUntil = receivedAt;
    if (events.length > 0) this.listener.onEvents(events, receivedAt);
  }

  onControl(control: Control<E>): void {
    switch (control.kind) {
      case 'ack':
        this.isAnswered = true;
        this.session?.interrupted(this.subscriptions.acknowledge(control, this.now));
        return this.checkReady();
      case 'refused':
        return this.requestRefused(control);
      case 'loggedIn':
        return this.input({ type: 'loggedIn' });
      case 'loginRefused':
        this.counters.loginRefused(control.reason);
        return this.input({ type: 'loginRefused', reason: control.reason });
      case 'ended':
        return this.onEnd({ reason: control.reason, detail: 'ended by the venue', wasOpen: true });
      case 'moveAway':
        return this.listener.onRotate('moveAway');
      case 'throttled':
        return this.throttled(control.reason);
      case 'unknown':
        this.counters.unknown(control.note);
        return this.listener.onUnread?.(control.note);
      case 'pong':
      case 'ignored':
        return;
    }
  }

  private requestRefused(answer: Extract<Control<E>, { kind: 'refused' }>): void {
    const refused = this.subscriptions.refuse(answer, answer.reason, this.now);
    if (!refused) return this.counters.strayRefusal(answer.reason);
    this.isAnswered = true;
    this.refused(refused);
    this.flushSoon();
    this.checkReady();
  }

  private throttled({ code, retry }: Refusal): void {
    const pauseMs = typeof retry === 'object' ? retry.afterMs : BACKOFF.capMs;
    this.counters.throttled(code, pauseMs);
    this.session?.pauseRequests(pauseMs);
  }

  onTick(sleptMs: number): void {
    this.counters.flush();
    this.refused(this.subscriptions.expire(this.now));
    this.flush();
    this.checkReady();
    this.flow.pardon(sleptMs, this.now);
    if (this.state.name === 'live') this.checkSilence();
    else this.checkDeafFromBirth();
  }

  private checkDeafFromBirth(): void {
    const isOverdue = this.now - this.state.since >= DEADLINES * this.spec.rules.ackTimeoutMs;
    if (!isOverdue || this.isAnswered || (this.session?.backlog ?? 0) > 0) return;
    this.onEnd({ reason: 'unanswered', detail: `no answer while ${this.state.name}`, wasOpen: true });
  }

  private checkSilence(): void {
    const verdict = this.flow.check(this.now);
    // Where silence proves nothing, a link that answers has to do.
    const isProven = verdict === 'flowing' || this.spec.rules.silence.capMs === Infinity;
    if (isProven) return this.input({ type: 'data' });
    if (verdict === 'waiting') return;
    if (this.subscriptions.isHopeless) return this.flow.begin(this.now);
    const silentForMs = Math.round(this.flow.silentForMs(this.now));
    this.flow.forgive(this.now);
    this.counters.silent(silentForMs);
    this.listener.onSilent(silentForMs);
    this.input({ type: 'silent' });
  }

  private get now(): number {
    return this.deps.clock.monotonic();
  }
}
