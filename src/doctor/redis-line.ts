import { Redis } from 'ioredis';
import type { RedisConfig } from '../config';

const CONNECT_MS = 5_000;
const ANSWER_MS = 4_000;

/** A short-lived connection, without retries: the first failure is the finding. */
export async function onRedis<T>(
  { host, port, username, password, db, tls }: RedisConfig,
  ask: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = new Redis({
    host,
    port,
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: { ...tls } }),
    connectionName: 'connector-doctor',
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    socketTimeout: ANSWER_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    // A user without the right to INFO is still a user who can connect.
    enableReadyCheck: false,
  });
  let cause: unknown;
  redis.on('error', (error) => (cause ??= error));
  try {
    await redis.connect();
    const answer = await ask(redis);
    // A refused SELECT is an event only: the library goes on with another database.
    if (cause !== undefined) throw cause;
    return answer;
  } catch (error) {
    // The library then only says that the connection is closed; why comes as an event.
    throw cause ?? error;
  } finally {
    redis.disconnect();
  }
}

/** Of `INFO`: `redis_version:7.0.15` and the like. */
export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
}
