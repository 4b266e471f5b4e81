import type { ConnectorError } from '../domain/errors';

export interface ChannelMessage {
  readonly channel: string;
  readonly payload: string;
}

/** What becomes of one hash: fields go, others are set, and then the whole has that time to live. */
export interface HashChange {
  readonly key: string;
  readonly remove: readonly string[];
  readonly set: readonly (readonly [field: string, value: string])[];
  readonly ttlMs: number;
}

/**
 * The cache, reconnecting by itself for ever. Commands fail at once (STORE_UNAVAILABLE) while it is
 * away: callers keep what must not be lost. Implementations: Redis (`redis.ts`) and an in-process
 * one for the demo and unit tests (`memory.ts`).
 */
export interface Store {
  readonly ready: boolean;
  /** Called on every change to ready (also at once when already ready). Returns the unsubscriber. */
  onReady(listener: () => void): () => void;
  /** One pipeline of PUBLISH commands, in order. Rejects: nothing of it left, or, with `PublishDoubt`, a part may have. */
  publishAll(messages: readonly ChannelMessage[]): Promise<void>;
  /** Publishes one message; resolves with the number of listeners that it reached. */
  announce(message: ChannelMessage): Promise<number>;
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs?: number): Promise<void>;
  /** Sets the fields and, where given, the TTL of the whole hash. Where it fails, a part may have been done. */
  hashSet(key: string, fields: ReadonlyMap<string, string>, ttlMs?: number): Promise<void>;
  /**
   * Many hashes with one write, in order; one that is refused stops no other. Resolves with the keys whose change
   * failed (a part of it may have been done), and why.
   */
  hashChangeAll(changes: readonly HashChange[]): Promise<ReadonlyMap<string, ConnectorError>>;
  hashGet(key: string, fields: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Every field of the hash; empty where there is none. */
  hashAll(key: string): Promise<ReadonlyMap<string, string>>;
  hashRemove(key: string, fields: readonly string[]): Promise<void>;
  /** Writes one field that expires by itself. `now`: epoch ms, for servers that cannot expire fields. */
  hashSetExpiring(
    entry: { readonly key: string; readonly field: string; readonly value: string },
    ttlMs: number,
    now: number,
  ): Promise<void>;
  /** Removes fields whose time is over, where the server does not. Call it now and then. */
  hashSweep(key: string, now: number): Promise<void>;
  /** Sets the members' scores, never lowering one (ZADD GT). */
  raise(key: string, scores: ReadonlyMap<string, number>): Promise<void>;
  /** Removes the member. */
  withdraw(key: string, member: string): Promise<void>;
  delete(key: string): Promise<void>;
  /** Subscribes for ever, across reconnects. Resolves when the first subscription stands. */
  subscribe(channel: string, listener: (payload: string) => void): Promise<void>;
  /** Round-trip check. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
