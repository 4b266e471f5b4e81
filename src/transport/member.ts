import type { LinkRules, Topic } from '../venues/contract';
import type { FeedConnection } from './feed';

/** One connection of a pool and the topics that it carries. */
export interface Member<E, S> {
  readonly connection: FeedConnection<E, S>;
  /** Monotonic ms. */
  readonly openedAt: number;
  readonly topics: Set<Topic>;
  topicBytes: number;
  /** The connection that will take over, while a rotation runs. */
  successor: Member<E, S> | undefined;
  /** Being prepared to take over from another one. */
  isSuccessor: boolean;
  /** Asked to be replaced while it was a successor: done once it has taken over. */
  nextRotation: string | undefined;
  /** Gap left by a predecessor that died before this connection was live. */
  inheritedGap: number | undefined;
  /** Topics that were asked for anew because they alone were deaf. */
  readonly refreshed: Set<Topic>;
}

export function newMember<E, S>(connection: FeedConnection<E, S>, openedAt: number): Member<E, S> {
  return {
    connection,
    openedAt,
    topics: new Set(),
    topicBytes: 0,
    successor: undefined,
    isSuccessor: false,
    nextRotation: undefined,
    inheritedGap: undefined,
    refreshed: new Set(),
  };
}

/** The member and, while it is being replaced, its successor: whatever one carries the other must. */
export function withSuccessor<E, S>(member: Member<E, S>): readonly Member<E, S>[] {
  return member.successor ? [member, member.successor] : [member];
}

export function carry<E, S>(member: Member<E, S>, topic: Topic): void {
  member.topics.add(topic);
  member.topicBytes += Buffer.byteLength(topic);
}

export function drop<E, S>(member: Member<E, S>, topic: Topic): void {
  member.topics.delete(topic);
  member.refreshed.delete(topic);
  member.topicBytes -= Buffer.byteLength(topic);
}

export function hasRoomFor<E, S>(member: Member<E, S>, topic: Topic, rules: LinkRules): boolean {
  const { topicsPerConnection, topicBytesPerConnection = Infinity } = rules;
  return (
    !member.isSuccessor &&
    member.topics.size < topicsPerConnection &&
    member.topicBytes + Buffer.byteLength(topic) <= topicBytesPerConnection
  );
}

/**
 * Topics that would fall silent if the successor took over now. An ack that proves nothing is enough
 * only when the wait for data has been long: a quiet topic may have none.
 */
export function uncovered<E, S>(
  member: Member<E, S>,
  successor: Member<E, S>,
  isLate: boolean,
): readonly Topic[] {
  const before = member.connection.subscriptions;
  const after = successor.connection.subscriptions;
  return [...member.topics].filter((topic) => {
    if (!before.isLive(topic)) return false;
    const isProven = after.stateOf(topic) === 'confirmed';
    const isEnough = isLate || before.stateOf(topic) === 'acked';
    return !isProven && !(isEnough && after.isLive(topic));
  });
}
