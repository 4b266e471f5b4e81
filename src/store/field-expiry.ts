import type { Redis } from 'ioredis';
import type { Telemetry } from '../domain/telemetry';

const INDEX_PREFIX = 'connector:expiry:';
const SWEEP_LIMIT = 1_000;
/** One step, or a field that was written anew meanwhile would go with its old expiry. */
const SWEEP = `
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, field in ipairs(due) do
  redis.call('HDEL', KEYS[1], field)
  redis.call('ZREM', KEYS[2], field)
end
return #due`;

/**
 * Hash fields with a life of their own. Redis 7.4 and newer know that (HPEXPIRE); for older ones an index of
 * expiry times is kept beside the hash and swept. Found out once, logged once.
 */
export class FieldExpiry {
  private isNative: boolean | undefined;

  constructor(private readonly telemetry: Telemetry) {}

  /** Value and expiry in one transaction: HSET alone would clear the expiry. */
  async set(
    redis: Redis,
    entry: { readonly key: string; readonly field: string; readonly value: string },
    ttlMs: number,
    now: number,
  ): Promise<void> {
    const { key, field, value } = entry;
    const transaction = redis.multi().hset(key, field, value);
    if (await this.hasNative(redis)) transaction.call('HPEXPIRE', key, ttlMs, 'FIELDS', 1, field);
    else transaction.zadd(INDEX_PREFIX + key, now + ttlMs, field);
    try {
      const results = await transaction.exec();
      if (results === null) throw new Error('transaction aborted');
      for (const [error] of results) if (error) throw error;
    } catch (error) {
      // Another server may have taken over, of another version.
      this.isNative = undefined;
      throw error;
    }
  }

  /** Removes due fields where the server does not do it itself. */
  async sweep(redis: Redis, key: string, now: number): Promise<void> {
    if (await this.hasNative(redis)) return;
    let removed = SWEEP_LIMIT;
    while (removed === SWEEP_LIMIT) {
      removed = Number(await redis.eval(SWEEP, 2, key, INDEX_PREFIX + key, now, SWEEP_LIMIT));
    }
  }

  private async hasNative(redis: Redis): Promise<boolean> {
    if (this.isNative === undefined) {
      const [info] = (await redis.call('COMMAND', 'INFO', 'HPEXPIRE')) as readonly unknown[];
      this.isNative = info !== null && info !== undefined;
      this.telemetry.log.info(
        { native: this.isNative },
        this.isNative
          ? 'Redis expires hash fields'
          : 'Redis before 7.4: hash fields are expired by our own index',
      );
    }
    return this.isNative;
  }
}
