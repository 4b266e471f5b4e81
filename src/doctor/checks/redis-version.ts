import type { RedisConfig } from '../../config';
import type { Check, Finding } from '../check';
import { fail, ok, warn } from '../check';
import { infoField, onRedis } from '../redis-line';
import { REDIS_CONNECTION } from './redis-connection';

/** ZADD GT and SET with PX and GET came with it. */
const LEAST = [6, 2] as const;

/** The version, and whether the server expires hash fields itself (HPEXPIRE, from 7.4 on). */
export function redisVersion(redis: RedisConfig): Check {
  return {
    name: 'redis version',
    needs: REDIS_CONNECTION,
    run: () =>
      onRedis(redis, async (client) => {
        const info = await client.info('server').catch((error: Error) => error);
        if (info instanceof Error) {
          return warn(`not told: ${info.message}`, 'let this user call INFO: ACL SETUSER <user> +info');
        }
        const version = infoField(info, 'redis_version') ?? '0';
        const [command] = (await client.call('COMMAND', 'INFO', 'HPEXPIRE')) as readonly unknown[];
        return findingOf(version, command !== null && command !== undefined);
      }),
  };
}

function findingOf(version: string, hasFieldExpiry: boolean): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  if (!isEnough)
    return fail(`${version}, the least is ${LEAST.join('.')}`, 'install a maintained Redis release');
  return ok(
    hasFieldExpiry
      ? `${version}, expires hash fields itself`
      : `${version}, without HPEXPIRE (7.4 has it): the connector sweeps expired fields itself`,
  );
}
