import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { ADMIN_CONFIG, LAST_EVENT_KEY, ORDERS_KEY, userInfoChannel } from '../../bus/routes';
import type { RedisConfig } from '../../config';
import { errorText } from '../../domain/errors';
import type { Check, Finding } from '../check';
import { fail, ok } from '../check';
import { onRedis } from '../redis-line';
import { REDIS_CONNECTION } from './redis-connection';

type Ask = readonly [what: string, ask: (redis: Redis) => Promise<unknown>];

const LIFE_MS = 1_000;

/**
 * Everything that the connector does, done to a key of our own that lives for a second, or as a change that
 * changes nothing: a removal of what is not there, a message on a channel that nobody can know.
 */
function asks(id: string): readonly Ask[] {
  const own = `connector:doctor:${id}`;
  return [
    ['SET', (redis) => redis.set(own, '1', 'PX', LIFE_MS)],
    ['GET', (redis) => redis.get(own)],
    ['DEL', (redis) => redis.del(own)],
    ['MULTI, HSET, PEXPIRE', (redis) => transaction(redis, own)],
    ['HMGET', (redis) => redis.hmget(own, id)],
    [`HDEL ${ORDERS_KEY}`, (redis) => redis.hdel(ORDERS_KEY, id)],
    [`ZREM ${LAST_EVENT_KEY}`, (redis) => redis.zrem(LAST_EVENT_KEY, id)],
    ['ZADD GT', (redis) => redis.zadd(`${own}:z`, 'XX', 'GT', 1, id)],
    ['EVAL', (redis) => redis.eval('return 1', 0)],
    ['PUBLISH', (redis) => redis.publish(userInfoChannel(id), 'connector doctor')],
    // The last one: on older servers a subscribed connection can do nothing else.
    [`SUBSCRIBE ${ADMIN_CONFIG}`, (redis) => redis.subscribe(ADMIN_CONFIG)],
  ];
}

export function redisRights(redis: RedisConfig): Check {
  return {
    name: 'redis rights',
    needs: REDIS_CONNECTION,
    run: () =>
      onRedis(redis, async (client) => {
        const refused: string[] = [];
        const every = asks(randomUUID());
        for (const [what, ask] of every) {
          const failure = await ask(client).then(
            () => undefined,
            (error: unknown) => errorText(error),
          );
          if (failure !== undefined) refused.push(`${what}: ${failure}`);
        }
        return findingOf(refused, every.length);
      }),
  };
}

async function transaction(redis: Redis, key: string): Promise<void> {
  const results = await redis.multi().hset(key, 'doctor', '1').pexpire(key, LIFE_MS).exec();
  for (const [error] of results ?? []) if (error) throw error;
}

function findingOf(refused: readonly string[], asked: number): Finding {
  const [first] = refused;
  if (first === undefined) return ok(`all ${asked} things that the connector does are allowed`);
  const saw = `${refused.length} of ${asked} things that the connector does are refused, first ${first}`;
  return fail(saw, adviceFor(first));
}

function adviceFor(refusal: string): string {
  if (/READONLY/.test(refusal)) return 'this is a replica: name the primary in REDIS_HOST';
  if (/OOM/.test(refusal)) return 'give Redis more memory (maxmemory), or free some';
  if (/MISCONF/.test(refusal)) return 'Redis cannot save to disk: look at its log and its disk';
  return 'give this user the rights: ACL SETUSER <user> +@all ~* &* (or a user that has them: REDIS_USERNAME)';
}
