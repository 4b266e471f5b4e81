import type { Address } from './address';
import type { RabbitConfig, RedisConfig, TlsConfig } from './config';
import type { Problems } from './environment';
import type { Values } from './variables';

type Named<T> = readonly [name: string, value: T | undefined];

/** What the URL and a variable of its own say must not differ: nobody could tell which one counts. */
function either<T>(url: Named<T>, own: Named<T>, problems: Problems): T | undefined {
  const [urlName, fromUrl] = url;
  const [ownName, value] = own;
  if (fromUrl !== undefined && value !== undefined && fromUrl !== value) {
    problems.push(`${ownName}: differs from what the URL in ${urlName} says; give it once`);
  }
  return value ?? fromUrl;
}

interface Own {
  readonly port: number | undefined;
  readonly user: string;
  readonly password: string;
  readonly path: string | undefined;
  readonly isTls: boolean | undefined;
  readonly ca: string;
}

interface Names {
  readonly prefix: 'REDIS' | 'RABBIT';
  readonly user: string;
  readonly path: string;
}

interface Server {
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly path: string | undefined;
  readonly tls: TlsConfig | undefined;
}

function server({ prefix, user, path }: Names, url: Address, own: Own, problems: Problems): Server {
  const merge = <T>(suffix: string, fromUrl: T | undefined, value: T | undefined): T | undefined =>
    either([`${prefix}_HOST`, fromUrl], [`${prefix}_${suffix}`, value], problems);
  const isTls = merge('TLS', url.isTls === true ? true : undefined, own.isTls) ?? false;
  if (!isTls && own.ca !== '') problems.push(`${prefix}_CA_FILE: has no effect unless ${prefix}_TLS=true`);
  return {
    host: url.host,
    port: merge('PORT', url.port, own.port),
    user: merge(user, url.username, own.user || undefined),
    password: merge('PASSWORD', url.password, own.password || undefined),
    path: merge(path, url.path, own.path),
    tls: isTls ? (own.ca === '' ? {} : { ca: own.ca }) : undefined,
  };
}

export function redisConfig(values: Values, problems: Problems): RedisConfig {
  const { host, port, user, password, path, tls } = server(
    { prefix: 'REDIS', user: 'USERNAME', path: 'DB' },
    values.REDIS_HOST,
    {
      port: values.REDIS_PORT,
      user: values.REDIS_USERNAME,
      password: values.REDIS_PASSWORD,
      path: values.REDIS_DB?.toString(),
      isTls: values.REDIS_TLS,
      ca: values.REDIS_CA_FILE,
    },
    problems,
  );
  if (path !== undefined && !/^\d{1,5}$/.test(path)) {
    problems.push('REDIS_HOST: the path of the URL is a database number, e.g. redis://localhost/0');
  }
  return {
    host,
    port: port ?? 6_379,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    db: Number(path ?? 0),
    ...(tls && { tls }),
  };
}

export function rabbitConfig(values: Values, isNeeded: boolean, problems: Problems): RabbitConfig {
  const known = problems.length;
  const { host, port, user, password, path, tls } = server(
    { prefix: 'RABBIT', user: 'USER', path: 'VHOST' },
    values.RABBIT_HOST,
    {
      port: values.RABBIT_PORT,
      user: values.RABBIT_USER,
      password: values.RABBIT_PASSWORD,
      path: values.RABBIT_VHOST || undefined,
      isTls: values.RABBIT_TLS,
      ca: values.RABBIT_CA_FILE,
    },
    problems,
  );
  if (isNeeded && password === undefined) askForPassword(problems.slice(0, known), problems);
  return {
    host,
    port: port ?? (tls ? 5_671 : 5_672),
    user: user ?? 'gainium',
    password: password ?? '',
    vhost: path ?? '/',
    ...(tls && { tls }),
  };
}

function askForPassword(known: Problems, problems: Problems): void {
  if (known.some((problem) => problem.startsWith('RABBIT_PASSWORD'))) return;
  problems.push('RABBIT_PASSWORD: required (or RABBIT_PASSWORD_FILE), e.g. a long random word');
}
