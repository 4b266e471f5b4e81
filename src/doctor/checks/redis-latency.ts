import type { RedisConfig } from '../../config';
import type { Clock } from '../../domain/time';
import type { Check } from '../check';
import { ok, warn } from '../check';
import { onRedis } from '../redis-line';
import { REDIS_CONNECTION } from './redis-connection';

const ROUND_TRIPS = 21;
/** Above it every published event is late by as much. */
const SLOW_MS = 20;

export function redisLatency(redis: RedisConfig, clock: Clock): Check {
  return {
    name: 'redis latency',
    needs: REDIS_CONNECTION,
    run: () =>
      onRedis(redis, async (client) => {
        const times: number[] = [];
        for (let i = 0; i < ROUND_TRIPS; i += 1) {
          const sentAt = clock.monotonic();
          await client.ping();
          times.push(clock.monotonic() - sentAt);
        }
        times.sort((a, b) => a - b);
        const median = times[Math.floor(ROUND_TRIPS / 2)] ?? 0;
        const saw = `round trip ${median.toFixed(1)} ms (median of ${ROUND_TRIPS}), longest ${(times.at(-1) ?? 0).toFixed(1)} ms`;
        return median <= SLOW_MS
          ? ok(saw)
          : warn(saw, 'run Redis nearer to the connector, or find out what loads it');
      }),
  };
}
