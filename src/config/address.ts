/** Where a server stands, as far as REDIS_HOST or RABBIT_HOST tells it. */
export interface Address {
  readonly host: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  /** First segment of the path, decoded: Redis database or RabbitMQ virtual host. */
  readonly path?: string;
  /** The scheme asks for TLS. */
  readonly isTls?: boolean;
}

const SCHEMES: Readonly<Record<string, boolean | undefined>> = {
  'redis:': false,
  'rediss:': true,
  'amqp:': false,
  'amqps:': true,
  // The seed's default is `http://localhost`: the scheme says nothing about TLS here.
  'http:': undefined,
  'https:': undefined,
  'tcp:': undefined,
};

const HOST = /^(\[[0-9a-f:.%]+\]|[a-z0-9]([a-z0-9_.-]*[a-z0-9])?\.?)$/i;

/**
 * Reads `host`, `host:port`, an IPv6 address or a URL. The message of what it throws holds nothing of
 * the value: it may contain a password.
 */
export function parseAddress(value: string, schemes: readonly string[]): Address {
  const url = toUrl(value);
  if (!Object.hasOwn(SCHEMES, url.protocol) || !accepts(schemes, url.protocol)) {
    throw new Error(`the scheme is none of ${schemes.join(', ')}`);
  }
  if (!HOST.test(url.hostname)) throw new Error('the host name is not valid');
  const isTls = SCHEMES[url.protocol];
  const isServerUrl = isTls !== undefined;
  // Behind http:// stands a path of a web page, which means nothing to us.
  const path = isServerUrl ? decoded(url.pathname.slice(1)) : '';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(url.port !== '' && { port: Number(url.port) }),
    ...(url.username !== '' && { username: decoded(url.username) }),
    ...(url.password !== '' && { password: decoded(url.password) }),
    ...(path !== '' && { path }),
    ...(isTls !== undefined && { isTls }),
  };
}

function toUrl(value: string): URL {
  const colons = value.split(':').length - 1;
  const isBareIpv6 = colons > 1 && /^[0-9a-f:.]+$/i.test(value);
  const text = value.includes('://') ? value : `tcp://${isBareIpv6 ? `[${value}]` : value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new Error('it cannot be read (percent-encode special characters of a password)');
  return url;
}

function accepts(schemes: readonly string[], protocol: string): boolean {
  return protocol === 'tcp:' || schemes.includes(protocol.slice(0, -1));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new Error('its percent-encoding is broken', { cause: error });
  }
}
