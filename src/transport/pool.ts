import type { PoolStatus } from '../domain/status';
import type { Timer } from '../domain/time';
import type { Topic } from '../venues/contract';
import type { TransportDeps } from './dialer';
import { FeedConnection } from './feed';
import type { FeedListener } from './feed-listener';
import type { StateName } from './machine';
import type { Member } from './member';
import { carry, drop, hasRoomFor, newMember, uncovered, withSuccessor } from './member';
import { poolStatus } from './pool-status';
import type { FeedSpec } from './session';
import type { TopicState } from './subscriptions';

export type PoolListener<E> = Omit<FeedListener<E>, 'onRotate' | 'onLive' | 'onBlocked'> & {
  /** A connection came (back): events of these topics may have been missed since `missedSince`. */
  onLive(topics: readonly Topic[], missedSince: number | undefined): void;
};

const ROTATION_CHECK_MS = 250;
/** After this time a successor need not have seen data of every topic. */
const ROTATION_PATIENCE_MS = 60_000;
/** One connection is replaced for the sake of a single topic at most this often. */
const DEAF_ROTATION_EVERY_MS = 900_000;

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
  /** Newest data of connections that are gone. */
  private formerDataTime = 0;

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
      if (!this.placed.has(topic)) gather(additions, this.place(topic), topic);
    }
    for (const [member, added] of additions) {
      for (const one of withSuccessor(member)) one.connection.add(added);
    }
  }

  unwant(topics: readonly Topic[]): void {
    const removals = new Map<Member<E, S>, Topic[]>();
    for (const topic of topics) {
      const member = this.placed.get(topic);
      if (!member) continue;
      this.placed.delete(topic);
      for (const one of withSuccessor(member)) drop(one, topic);
      gather(removals, member, topic);
    }
    for (const [member, removed] of removals) {
      if (member.topics.size === 0) this.retire(member);
      else for (const one of withSuccessor(member)) one.connection.remove(removed);
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
    return Math.max(this.formerDataTime, ...times) || undefined;
  }

  get isLive(): boolean {
    return this.members.some(({ connection }) => connection.status.name === 'live');
  }

  /** Silence of all connections (ms) that the busiest of them would not keep, as far as its rhythm is known. */
  get patienceMs(): number {
    return Math.min(...this.members.map(({ connection }) => connection.flow.deadlineMs));
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
    for (const { connection, isSuccessor } of this.members) {
      states[connection.status.name] += 1;
      if (isSuccessor) continue;
      const counts = connection.subscriptions.tally();
      for (const state of Object.keys(topics) as TopicState[]) topics[state] += counts[state];
    }
    return { states, topics };
  }

  status(): PoolStatus {
    const { topics } = this.tally();
    return poolStatus(this.members, this.deps.clock.monotonic(), { topics, lastDataAt: this.lastDataTime });
  }

  /**
   * Revives a topic that alone is deaf: it is asked for anew; where that was in vain its connection is
   * replaced, new before old, as the other topics are well.
   */
  restartTopic(topic: Topic, reason: string): void {
    const member = this.placed.get(topic);
    if (!member) return;
    const mayRotate = this.deps.clock.monotonic() - member.openedAt >= DEAF_ROTATION_EVERY_MS;
    if (mayRotate && member.refreshed.delete(topic)) return this.rotate(member, reason);
    member.refreshed.add(topic);
    member.connection.refresh([topic]);
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
    const member = this.members.find((one) => hasRoomFor(one, topic, this.spec.rules)) ?? this.open();
    for (const one of withSuccessor(member)) carry(one, topic);
    this.placed.set(topic, member);
    return member;
  }

  private open(): Member<E, S> {
    const connection = new FeedConnection(this.spec, this.deps, {
      onEvents: (events, receivedAt) => this.listener.onEvents(events, receivedAt),
      onRefused: (refused) => this.listener.onRefused(refused),
      onBlocked: () => undefined,
      onSilent: (silentForMs) => {
        if (!member.isSuccessor) this.listener.onSilent(silentForMs);
      },
      onRotate: (reason) => this.rotate(member, reason),
      onLive: (missedSince) => this.cameLive(member, missedSince),
      onLost: (reason) => this.wasLost(member, reason),
    });
    const member: Member<E, S> = newMember(connection, this.deps.clock.monotonic());
    this.members.push(member);
    return member;
  }

  private retire(member: Member<E, S>): void {
    this.deps.clock.cancel(this.rotations.get(member));
    this.rotations.delete(member);
    const leaving = withSuccessor(member);
    this.members = this.members.filter((one) => !leaving.includes(one));
    for (const { connection } of leaving) {
      this.formerDataTime = Math.max(this.formerDataTime, connection.lastDataTime ?? 0);
      connection.stop();
    }
  }

  // ---------------------------------------------------------------- rotation

  private rotate(member: Member<E, S>, reason: string): void {
    if (member.isSuccessor) member.nextRotation = reason;
    if (this.isStopped || member.isSuccessor || member.successor || member.topics.size === 0) return;
    const successor = this.open();
    successor.isSuccessor = true;
    member.successor = successor;
    for (const topic of member.topics) carry(successor, topic);
    successor.connection.add([...member.topics]);
    const lateAt = this.deps.clock.monotonic() + ROTATION_PATIENCE_MS;
    this.rotations.set(
      member,
      this.deps.clock.every(ROTATION_CHECK_MS, () => this.checkRotation(member, successor, lateAt, reason)),
    );
  }

  private checkRotation(member: Member<E, S>, successor: Member<E, S>, lateAt: number, reason: string): void {
    const { status, subscriptions } = successor.connection;
    if (status.name !== 'live' || !subscriptions.isSettled) return;
    const isLate = this.deps.clock.monotonic() >= lateAt;
    const lacking = uncovered(member, successor, isLate);
    if (lacking.length > 0 && !isLate) return;
    const { completeTime } = member.connection;
    this.handOver(member, successor, reason);
    if (lacking.length > 0) this.listener.onLive(lacking, completeTime);
  }

  private handOver(member: Member<E, S>, successor: Member<E, S>, reason: string): void {
    member.successor = undefined;
    successor.isSuccessor = false;
    for (const topic of member.topics) this.placed.set(topic, successor);
    this.retire(member);
    const { exchange } = this.spec.market;
    const labels = { exchange, channel: this.spec.channel, reason };
    this.deps.telemetry.meter.count('connector_rotations_total', labels);
    if (successor.nextRotation !== undefined) this.rotate(successor, successor.nextRotation);
  }

  private cameLive(member: Member<E, S>, missedSince: number | undefined): void {
    // A successor misses nothing: its predecessor still delivers.
    if (member.isSuccessor) return;
    const gap = member.inheritedGap ?? missedSince;
    member.inheritedGap = undefined;
    this.listener.onLive([...member.topics], gap);
  }

  /** The old connection of a rotation died early: its successor carries on, and the gap is told. */
  private wasLost(member: Member<E, S>, reason: string): void {
    if (member.isSuccessor) return;
    this.listener.onLost(reason);
    const { successor } = member;
    if (!successor) return;
    successor.inheritedGap = member.inheritedGap ?? member.connection.completeTime;
    this.handOver(member, successor, 'lost');
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
    const { lastDataTime } = this;
    if (lastDataTime === undefined) return;
    const labels = { exchange, channel };
    this.deps.telemetry.meter.gauge('connector_last_data_timestamp_seconds', lastDataTime / 1_000, labels);
  }
}

function gather<K>(groups: Map<K, Topic[]>, key: K, topic: Topic): void {
  const group = groups.get(key);
  if (group) group.push(topic);
  else groups.set(key, [topic]);
}
