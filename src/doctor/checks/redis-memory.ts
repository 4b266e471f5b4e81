import type { RedisConfig } from '../../config';
import type { Check } from '../check';
import { ok, skip, warn } from '../check';
import { infoField, onRedis } from '../redis-line';
import { REDIS_CONNECTION } from './redis-connection';

/** A server that evicts keys may forget orders and state at any moment. */
export function redisMemory(redis: RedisConfig): Check {
  return {
    name: 'redis memory',
    needs: REDIS_CONNECTION,
    run: () =>
      onRedis(redis, async (client) => {
        const info = await client.info('memory').catch((error: Error) => error);
        if (info instanceof Error) return skip(`not told: ${info.message}`);
        const limit = Number(infoField(info, 'maxmemory') ?? 0);
        const policy = infoField(info, 'maxmemory_policy') ?? 'unknown';
        const used = infoField(info, 'used_memory_human') ?? 'unknown';
        if (limit === 0) return ok(`${used} used, without a limit`);
        const saw = `${used} used of ${(limit / 2 ** 20).toFixed(0)} MiB, policy ${policy}`;
        if (policy === 'noeviction') return ok(saw);
        return warn(
          `${saw}: cached orders and state may vanish when memory gets scarce`,
          'set maxmemory-policy noeviction, or give it more memory',
        );
      }),
  };
}
