import type { ConnectionStatus, PoolStatus, RefusedTopicStatus } from '../domain/status';
import type { Member } from './member';
import type { TopicState } from './subscriptions';

const CONNECTIONS_TOLD = 50;
const REFUSED_TOLD = 10;

/** The connections of a pool for an operator's eyes. Bounded, whatever the pool holds. */
export function poolStatus<E, S>(
  members: readonly Member<E, S>[],
  now: number,
  facts: { readonly topics: Record<TopicState, number>; readonly lastDataAt: number | undefined },
): PoolStatus {
  const { topics, lastDataAt } = facts;
  return {
    connections: members.slice(0, CONNECTIONS_TOLD).map((member) => connectionStatus(member, now)),
    topics,
    refused: topics.refused === 0 ? [] : refusedTopics(members),
    ...(lastDataAt !== undefined && { lastDataAt }),
  };
}

function connectionStatus<E, S>(
  { connection, topics, isSuccessor }: Member<E, S>,
  now: number,
): ConnectionStatus {
  const { name, since, attempt } = connection.status;
  const { lastDataTime } = connection;
  return {
    state: name,
    forMs: Math.max(0, Math.round(now - since)),
    attempt,
    topics: topics.size,
    isSuccessor,
    ...(lastDataTime !== undefined && { lastDataAt: lastDataTime }),
  };
}

function refusedTopics<E, S>(members: readonly Member<E, S>[]): readonly RefusedTopicStatus[] {
  const told: RefusedTopicStatus[] = [];
  for (const { connection } of members) {
    for (const { topic, refusal } of connection.subscriptions.refusals(REFUSED_TOLD - told.length)) {
      told.push({ topic, code: refusal.code, text: refusal.text });
    }
  }
  return told;
}
