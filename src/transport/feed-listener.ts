import type { Refusal } from '../venues/contract';
import type { RefusedTopic } from './subscriptions';

/** What one connection of a feed reports to its owner. */
export interface FeedListener<E> {
  onEvents(events: readonly E[], receivedAt: number): void;
  /** `missedSince` (epoch ms): events from then on may have been missed; absent on the first session. */
  onLive(missedSince: number | undefined): void;
  /** The connection ended, or a dial failed. */
  onLost(reason: string): void;
  onRefused(refused: readonly RefusedTopic[]): void;
  /** The connection should be replaced: near its age limit, or the venue asked us to leave. */
  onRotate(reason: 'age' | 'moveAway'): void;
  /** Open, answering, but without data for longer than its rhythm allows. */
  onSilent(silentForMs: number): void;
  /** Something that the codec could not read; the note holds no payload. */
  onUnread?(note: string): void;
  /** Credentials refused for good: no further dial until `unblock`. */
  onBlocked(reason: Refusal): void;
}
