// A Redis server for one test run, and the check that a Redis server answers.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePorts, launch, untilReady, withFreshPorts } from './process.mjs';

const READY_LIMIT_MS = 30_000;
const ANSWER_LIMIT_MS = 5000;

/** Rejects unless the server at `url` lets us in and answers. */
export async function pingRedis(url) {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, connectTimeout: ANSWER_LIMIT_MS });
  let cause;
  client.on('error', (error) => (cause = error));
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    // The client rejects with "Connection is closed"; why it is closed comes as an event.
    throw cause ?? error;
  } finally {
    client.disconnect();
  }
}

export function redisEnv(url) {
  const { hostname, port, username, password } = new URL(url);
  return {
    REDIS_HOST: hostname,
    REDIS_PORT: port || '6379',
    REDIS_USERNAME: decodeURIComponent(username),
    REDIS_PASSWORD: decodeURIComponent(password),
  };
}

export function startRedis({ guard, program, directory }) {
  return withFreshPorts(async (attempt) => {
    const cwd = join(directory, `redis-${attempt}`);
    await mkdir(cwd, { recursive: true });
    const [port] = await freePorts(1);
    const settings = { port, bind: '127.0.0.1', dir: cwd, save: '', appendonly: 'no', daemonize: 'no' };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const server = launch({ guard, program, args, env: process.env, cwd, logFile: join(cwd, 'redis.log') });
    const url = `redis://127.0.0.1:${port}`;
    const ready = () => untilReady(server, () => pingRedis(url), READY_LIMIT_MS);
    await ready();
    return { server, ready, env: redisEnv(url) };
  });
}
