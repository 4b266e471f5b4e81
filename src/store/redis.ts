import type { Redis } from 'ioredis';
import { ConnectorError } from '../domain/errors';
import type { BatchFailure } from './command-batch';
import { FieldExpiry } from './field-expiry';
import { changeHashes } from './hash-batch';
import type { ChannelMessage, HashChange, Store } from './ports';
import { publishBatch } from './publish-batch';
import { PublishDoubt } from './publish-doubt';
import type { RedisSettings, StoreDeps } from './redis-link';
import { RedisLink, storeError } from './redis-link';
import { RedisSubscriber } from './redis-subscriber';

/** `Store` on a Redis server (6.2 or newer). Connects by itself from construction. */
export class RedisStore implements Store {
  private readonly link: RedisLink;
  private subscriber: RedisSubscriber | undefined;
  private readonly fieldExpiry: FieldExpiry;
  private isClosed = false;

  constructor(
    private readonly settings: RedisSettings,
    private readonly deps: StoreDeps,
  ) {
    this.link = new RedisLink(settings, 'redis', deps);
    this.fieldExpiry = new FieldExpiry(deps.telemetry);
  }

  get ready(): boolean {
    return this.link.isReady;
  }

  onReady(listener: () => void): () => void {
    const unsubscribe = this.link.changed.add(listener);
    if (this.ready) listener();
    return unsubscribe;
  }

  async publishAll(messages: readonly ChannelMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const redis = this.client();
    await new Promise<void>((resolve, reject) => {
      publishBatch(redis, messages, (failure) => (failure ? reject(failureOf(failure)) : resolve()));
    });
  }

  async announce({ channel, payload }: ChannelMessage): Promise<number> {
    return this.answer((redis) => redis.publish(channel, payload));
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.answer((redis) => redis.get(key))) ?? undefined;
  }

  async set(key: string, value: string, ttlMs?: number): Promise<void> {
    await this.answer((redis) =>
      ttlMs === undefined ? redis.set(key, value) : redis.set(key, value, 'PX', ttlMs),
    );
  }

  async hashSet(key: string, fields: ReadonlyMap<string, string>, ttlMs?: number): Promise<void> {
    if (fields.size === 0) return;
    await this.answer(async (redis) => {
      // No transaction, which would double the commands: what broke off in between is written again whole.
      const commands = redis.pipeline().hset(key, ...[...fields].flat());
      const results = await (ttlMs === undefined ? commands : commands.pexpire(key, ttlMs)).exec();
      for (const [error] of results ?? []) if (error) throw error;
    });
  }

  async hashChangeAll(changes: readonly HashChange[]): Promise<ReadonlyMap<string, ConnectorError>> {
    const redis = this.client();
    return new Promise((resolve) => {
      changeHashes(redis, changes, (refused, failure) => {
        const error = failure && storeError(failure.error);
        resolve(new Map(error && [...refused].map((key) => [key, error])));
      });
    });
  }

  async hashGet(key: string, fields: readonly string[]): Promise<readonly (string | undefined)[]> {
    if (fields.length === 0) return [];
    const values = await this.answer((redis) => redis.hmget(key, ...fields));
    return values.map((value) => value ?? undefined);
  }

  async hashAll(key: string): Promise<ReadonlyMap<string, string>> {
    return new Map(Object.entries(await this.answer((redis) => redis.hgetall(key))));
  }

  async hashRemove(key: string, fields: readonly string[]): Promise<void> {
    if (fields.length > 0) await this.answer((redis) => redis.hdel(key, ...fields));
  }

  async hashSetExpiring(
    entry: { readonly key: string; readonly field: string; readonly value: string },
    ttlMs: number,
    now: number,
  ): Promise<void> {
    await this.answer((redis) => this.fieldExpiry.set(redis, entry, ttlMs, now));
  }

  async hashSweep(key: string, now: number): Promise<void> {
    await this.answer((redis) => this.fieldExpiry.sweep(redis, key, now));
  }

  async raise(key: string, scores: ReadonlyMap<string, number>): Promise<void> {
    if (scores.size === 0) return;
    const pairs = [...scores].flatMap(([member, score]) => [score, member]);
    await this.answer((redis) => redis.zadd(key, 'GT', ...pairs));
  }

  async withdraw(key: string, member: string): Promise<void> {
    await this.answer((redis) => redis.zrem(key, member));
  }

  async delete(key: string): Promise<void> {
    await this.answer((redis) => redis.del(key));
  }

  async subscribe(channel: string, listener: (payload: string) => void): Promise<void> {
    if (this.isClosed) throw closed();
    // A connection of its own: on older servers a subscribed connection can do nothing else.
    this.subscriber ??= new RedisSubscriber(this.settings, this.deps);
    await this.subscriber.subscribe(channel, listener);
  }

  async ping(): Promise<void> {
    await this.answer((redis) => redis.ping());
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([this.subscriber?.close(), this.link.close()]);
    this.link.changed.clear();
  }

  private client(): Redis {
    if (this.isClosed) throw closed();
    if (!this.link.isReady) throw new ConnectorError('STORE_UNAVAILABLE', 'Redis: not connected');
    return this.link.client;
  }

  private async answer<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = this.client();
    try {
      return await ask(redis);
    } catch (error) {
      throw storeError(error);
    }
  }
}

function failureOf({ error, isSent, taken }: BatchFailure): ConnectorError {
  const failure = storeError(error);
  return isSent ? new PublishDoubt(failure, taken) : failure;
}

function closed(): ConnectorError {
  return new ConnectorError('STOPPED', 'the store is closed', { retry: 'never' });
}
