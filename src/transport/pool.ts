import type { Timer } from '../domain/time';
import type { Topic } from '../venues/contract';
import type { TransportDeps } from './dialer';
import type { FeedListener } from './feed';
import { FeedConnection } from './feed';
import type { StateName } from './machine';
import type { FeedSpec } from './session';
import type { TopicState } from './subscriptions';

export type PoolListener<E> = Omit<FeedListener<E>, 'onRotate' | 'onLive' | 'onBlocked'> & {
  /** A connection came (back): events of these topics may have been missed since `missedSince`. */
  onLive(topics: readonly Topic[], missedSince: number | undefined): void;
};

interface Member<E, S> {
  readonly connection: FeedConnection<E, S>;
  readonly topics: Set<Topic>;
  topicBytes: number;
  /** The connection that will take over, while a rotation runs. */
  successor: Member<E, S> | undefined;
  isRetiring: boolean;
  /** Gap left by a predecessor that died before this connection was live. */
  inheritedGap: number | undefined;
}

const ROTATION_CHECK_MS = 250;
/** A live successor whose last topics stay unanswered takes over after this time all the same. */
const ROTATION_PATIENCE_MS = 60_000;

/**
 * Spreads the topics of one market and channel over connections within the venue's limits: fills one
 * before dialling the next, never rebuilds one because another topic came. Planned rotation opens and
 * confirms the new connection before the old one closes.
 */
export class Pool<E, S> {
  private members: Member<E, S>[] = [];
  private readonly placed = new Map<Topic, Member<E, S>>();
  private readonly rotations = new Map<Member<E, S>, Timer>();
  private readonly gauges: Timer;
  private isStopped = false;

  constructor(
    private readonly spec: FeedSpec<E, S>,
    private readonly deps: TransportDeps,
    private readonly listener: PoolListener<E>,
  ) {
    this.gauges = deps.clock.every(1_000, () => this.report());
  }

  /** Idempotent per topic. */
  want(topics: readonly Topic[]): void {
    if (this.isStopped) return;
    const additions = new Map<Member<E, S>, Topic[]>();
    for (const topic of topics) {
      if (this.placed.has(topic)) continue;
      const member = this.place(topic);
      const list = additions.get(member);
      if (list) list.push(topic);
      else additions.set(member, [topic]);
    }
    for (const [member, added] of additions) {
      member.connection.add(added);
      member.successor?.connection.add(added);
    }
  }

  unwant(topics: readonly Topic[]): void {
    for (const topic of topics) {
      const member = this.placed.get(topic);
      if (!member) continue;
      this.placed.delete(topic);
      for (const one of [member, member.successor]) {
        if (!one) continue;
        one.topics.delete(topic);
        one.topicBytes -= Buffer.byteLength(topic);
        one.connection.remove([topic]);
      }
      if (member.topics.size === 0) this.retire(member);
    }
  }

  has(topic: Topic): boolean {
    return this.placed.has(topic);
  }

  get size(): number {
    return this.placed.size;
  }

  get connectionCount(): number {
    return this.members.length;
  }

  /** Epoch ms of the newest data frame of any connection. */
  get lastDataTime(): number | undefined {
    const times = this.members.map(({ connection }) => connection.lastDataTime ?? 0);
    return Math.max(0, ...times) || undefined;
  }

  tally(): { readonly states: Record<StateName, number>; readonly topics: Record<TopicState, number> } {
    const states = {
      idle: 0,
      dialing: 0,
      loggingIn: 0,
      subscribing: 0,
      live: 0,
      waiting: 0,
      blocked: 0,
      closed: 0,
    };
    const topics = { wanted: 0, pending: 0, acked: 0, confirmed: 0, refused: 0 };
    for (const { connection, isRetiring } of this.members) {
      states[connection.status.name] += 1;
      if (isRetiring) continue;
      const counts = connection.subscriptions.tally();
      for (const state of Object.keys(topics) as TopicState[]) topics[state] += counts[state];
    }
    return { states, topics };
  }

  /** Replaces the connection that carries the topic, e.g. because the topic alone is deaf. */
  restartTopic(topic: Topic, reason: string): void {
    this.placed.get(topic)?.connection.restart(reason);
  }

  stop(): void {
    this.isStopped = true;
    this.deps.clock.cancel(this.gauges);
    for (const timer of this.rotations.values()) this.deps.clock.cancel(timer);
    this.rotations.clear();
    for (const { connection } of this.members) connection.stop();
    this.members = [];
    this.placed.clear();
    this.report();
  }

  // ---------------------------------------------------------------- placing

  private place(topic: Topic): Member<E, S> {
    const bytes = Buffer.byteLength(topic);
    const { topicsPerConnection, topicBytesPerConnection = Infinity } = this.spec.rules;
    const roomy = this.members.find(
      (member) =>
        !member.isRetiring &&
        !this.isSuccessor(member) &&
        member.topics.size < topicsPerConnection &&
        member.topicBytes + bytes <= topicBytesPerConnection,
    );
    const member = roomy ?? this.open();
    for (const one of [member, member.successor]) {
      one?.topics.add(topic);
      if (one) one.topicBytes += bytes;
    }
    this.placed.set(topic, member);
    return member;
  }

  private isSuccessor(member: Member<E, S>): boolean {
    return this.members.some(({ successor }) => successor === member);
  }

  private open(): Member<E, S> {
    const member: Member<E, S> = {
      connection: new FeedConnection(this.spec, this.deps, {
        onEvents: (events, receivedAt) => this.listener.onEvents(events, receivedAt),
        onRefused: (refused) => this.listener.onRefused(refused),
        onSilent: (silentForMs) => this.listener.onSilent(silentForMs),
        onBlocked: () => undefined,
        onRotate: (reason) => this.rotate(member, reason),
        onLive: (missedSince) => this.cameLive(member, missedSince),
        onLost: (reason) => this.wasLost(member, reason),
      }),
      topics: new Set(),
      topicBytes: 0,
      successor: undefined,
      isRetiring: false,
      inheritedGap: undefined,
    };
    this.members.push(member);
    return member;
  }

  private retire(member: Member<E, S>): void {
    member.isRetiring = true;
    this.deps.clock.cancel(this.rotations.get(member));
    this.rotations.delete(member);
    if (member.successor && member.successor.topics.size === 0) this.retire(member.successor);
    this.members = this.members.filter((one) => one !== member);
    member.connection.stop();
  }

  // ---------------------------------------------------------------- rotation

  private rotate(member: Member<E, S>, reason: 'age' | 'moveAway'): void {
    if (this.isStopped || member.isRetiring || member.successor || this.isSuccessor(member)) return;
    const successor = this.open();
    member.successor = successor;
    for (const topic of member.topics) successor.topics.add(topic);
    successor.topicBytes = member.topicBytes;
    successor.connection.add([...member.topics]);
    const deadline = this.deps.clock.monotonic() + ROTATION_PATIENCE_MS;
    const timer = this.deps.clock.every(ROTATION_CHECK_MS, () => {
      const isLate = this.deps.clock.monotonic() >= deadline;
      const { isSettled, status } = successor.connection;
      if (isSettled || (isLate && status.name === 'live')) this.handOver(member, reason);
    });
    this.rotations.set(member, timer);
  }

  private handOver(member: Member<E, S>, reason: string): void {
    const { successor } = member;
    if (!successor) return;
    member.successor = undefined;
    for (const topic of member.topics) this.placed.set(topic, successor);
    this.retire(member);
    const { exchange } = this.spec.market;
    this.deps.telemetry.meter.count('connector_rotations_total', {
      exchange,
      channel: this.spec.channel,
      reason,
    });
  }

  private cameLive(member: Member<E, S>, missedSince: number | undefined): void {
    // A successor misses nothing: its predecessor still delivers.
    if (this.isSuccessor(member)) return;
    this.listener.onLive([...member.topics], member.inheritedGap ?? missedSince);
    member.inheritedGap = undefined;
  }

  /** The old connection of a rotation died early: its successor carries on, and the gap is told. */
  private wasLost(member: Member<E, S>, reason: string): void {
    this.listener.onLost(reason);
    const { successor } = member;
    if (!successor) return;
    const missedSince = member.connection.lastDataTime;
    this.handOver(member, 'lost');
    successor.inheritedGap = missedSince;
    if (successor.connection.status.name === 'live') this.cameLive(successor, undefined);
  }

  private report(): void {
    const { exchange } = this.spec.market;
    const { channel } = this.spec;
    const { states, topics } = this.tally();
    for (const [state, count] of Object.entries(states)) {
      this.deps.telemetry.meter.gauge('connector_connections', count, { exchange, channel, state });
    }
    for (const [state, count] of Object.entries(topics)) {
      this.deps.telemetry.meter.gauge('connector_topics', count, { exchange, channel, state });
    }
  }
}
