import type { Config, TlsConfig } from './config';

/** What the start-up log says of the settings: no secret, only whether there is one. */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  const { status, redis, rabbit, ...open } = config;
  return {
    ...open,
    status: { hasPage: status.hasPage, hasToken: status.token !== undefined },
    redis: {
      address: `${scheme('redis', redis.tls)}${redis.host}:${redis.port}/${redis.db}`,
      user: redis.username ?? 'default',
      hasPassword: redis.password !== undefined,
      hasOwnAuthority: redis.tls?.ca !== undefined,
    },
    rabbit: {
      address: `${scheme('amqp', rabbit.tls)}${rabbit.host}:${rabbit.port}`,
      vhost: rabbit.vhost,
      user: rabbit.user,
      hasOwnAuthority: rabbit.tls?.ca !== undefined,
    },
  };
}

function scheme(name: string, tls: TlsConfig | undefined): string {
  return tls ? `${name}s://` : `${name}://`;
}
