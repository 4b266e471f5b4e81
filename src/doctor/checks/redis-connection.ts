import type { RedisConfig } from '../../config';
import { errorText } from '../../domain/errors';
import type { Clock } from '../../domain/time';
import { failureAdvice, failureText } from '../../probe/advice';
import { reach } from '../../probe/reach';
import type { Check, Finding } from '../check';
import { fail, ok } from '../check';
import { onRedis } from '../redis-line';

export const REDIS_CONNECTION = 'redis connection';

const REACH_MS = 5_000;
/** Answers of the server by how they begin, and what to do about them. */
const ANSWERS: readonly (readonly [RegExp, string])[] = [
  [
    /WRONGPASS|invalid password/i,
    'correct REDIS_PASSWORD (and REDIS_USERNAME): the server knows another one',
  ],
  [/NOAUTH/, 'set REDIS_PASSWORD: the server asks for one'],
  [/without any password configured/, 'take REDIS_PASSWORD out, or give the server one (requirepass)'],
  [/NOPERM/, 'give this user the right: ACL SETUSER <user> +@all ~* &*'],
  [/DB index|SELECT/i, 'correct REDIS_DB'],
  [/LOADING/, 'wait: the server reads its data from disk'],
];

export function redisConnection(redis: RedisConfig, clock: Clock): Check {
  return { name: REDIS_CONNECTION, run: () => look(redis, clock) };
}

async function look(redis: RedisConfig, clock: Clock): Promise<Finding> {
  const { host, port, tls } = redis;
  const target = { host, port, isTls: tls !== undefined, ...(tls?.ca !== undefined && { ca: tls.ca }) };
  const reached = await reach(target, clock, REACH_MS);
  if (!reached.isReached) return fail(failureText(target, reached), adviceFor(failureAdvice(reached)));
  try {
    await onRedis(redis, (client) => client.ping());
  } catch (error) {
    const text = errorText(error);
    const [, todo] = ANSWERS.find(([words]) => words.test(text)) ?? [];
    return fail(
      `${host}:${port} answers, but does not let us in: ${text}`,
      todo ?? adviceFor('correct the port, or set REDIS_TLS=true where the server speaks TLS only'),
    );
  }
  return ok(`${host}:${port} lets us in${redis.password === undefined ? ' without a password' : ''}`);
}

function adviceFor(what: string): string {
  return `${what}; see REDIS_HOST, REDIS_PORT, REDIS_TLS`;
}
