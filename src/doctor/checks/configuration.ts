import type { Config } from '../../config';
import { errorText } from '../../domain/errors';
import type { Check, Finding } from '../check';
import { fail, ok, warn } from '../check';

/** What `loadConfig` gave or threw. */
export type Loaded = { readonly config: Config } | { readonly error: unknown };

export function configuration(loaded: Loaded): Check {
  return { name: 'configuration', run: () => Promise.resolve(findingOf(loaded)) };
}

function findingOf(loaded: Loaded): Finding {
  if ('error' in loaded) {
    return fail(errorText(loaded.error), 'correct these variables (docs/configuration.md, .env.sample)');
  }
  const { redis, rabbit, warnings } = loaded.config;
  const saw = `Redis ${redis.host}:${redis.port}, RabbitMQ ${rabbit.host}:${rabbit.port} as ${rabbit.user}`;
  if (warnings.length === 0) return ok(saw);
  return warn(warnings.join('; '), 'take out of the environment what has no effect');
}
