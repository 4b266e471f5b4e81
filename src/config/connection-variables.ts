import { parseAddress } from './address';
import { parsePaperUrl, parseServiceUrl } from './parsers';
import type { Variable } from './variable';
import { file, flag, integer, number, parsed, secret, text } from './variable';

const PORT = { from: 1, to: 65_535 };
const DAY_MS = 86_400_000;

/** Servers and services that the connector talks to, other than venues. */
export const CONNECTION_SECTIONS = {
  'Redis (cache, state, events for the backend)': {
    REDIS_HOST: parsed(
      {
        meaning:
          'Host name, `host:port`, or a `redis://` / `rediss://` URL, which may carry user, password, port and database',
        fallback: 'http://localhost',
        shape: 'a host name, host:port or redis(s):// URL',
        example: 'redis.internal',
      },
      (value) => parseAddress(value, ['redis', 'rediss', 'http', 'https', 'tcp']),
    ),
    REDIS_PORT: integer({
      ...PORT,
      meaning: 'Port',
      fallback: '',
      fallbackNote: '6379',
      example: '6379',
    }),
    REDIS_PASSWORD: secret({ meaning: 'Password', example: 'a long random word' }),
    REDIS_USERNAME: text({ meaning: 'User name of an ACL', example: 'connector' }),
    REDIS_DB: integer({
      from: 0,
      to: 65_535,
      meaning: 'Number of the database',
      fallback: '',
      fallbackNote: '0',
    }),
    REDIS_TLS: flag({ meaning: 'Encrypt the connection', fallback: '', fallbackNote: 'by URL, else false' }),
    REDIS_CA_FILE: file({
      meaning: 'Certificate authority (PEM) that signed the server, where it is not a public one',
      example: '/run/secrets/redis-ca.pem',
    }),
  },
  'RabbitMQ (durable events, commands)': {
    RABBIT_HOST: parsed(
      {
        meaning:
          'Host name, `host:port`, or an `amqp://` / `amqps://` URL, which may carry user, password, port and virtual host',
        fallback: 'localhost',
        shape: 'a host name, host:port or amqp(s):// URL',
        example: 'rabbit.internal',
      },
      (value) => parseAddress(value, ['amqp', 'amqps', 'http', 'https', 'tcp']),
    ),
    RABBIT_PORT: integer({
      ...PORT,
      meaning: 'Port',
      fallback: '',
      fallbackNote: '5672; 5671 with TLS',
      example: '5672',
    }),
    RABBIT_USER: text({
      meaning: 'User name',
      fallbackNote: 'gainium',
      example: 'gainium',
    }),
    RABBIT_PASSWORD: secret({ meaning: 'Password', example: 'a long random word', isRequired: true }),
    RABBIT_VHOST: text({ meaning: 'Virtual host', fallbackNote: '/', example: '/' }),
    RABBIT_TLS: flag({ meaning: 'Encrypt the connection', fallback: '', fallbackNote: 'by URL, else false' }),
    RABBIT_CA_FILE: file({
      meaning: 'Certificate authority (PEM) that signed the server, where it is not a public one',
      example: '/run/secrets/rabbit-ca.pem',
    }),
  },
  'Services beside the connector': {
    PAPER_WS: parsed(
      {
        meaning: 'Paper trading service: `ws(s)://`, `http(s)://` or `host:port`',
        fallback: 'http://localhost:7506',
        shape: 'a ws(s):// or http(s):// URL or host:port',
        example: 'ws://paper-trading',
      },
      parsePaperUrl,
    ),
    EXCHANGE_SERVICE_API_URL: parsed(
      {
        meaning: 'Exchange service, source of the symbol lists',
        fallback: 'http://localhost:7507',
        emptyMeans: "no such service: the venues' own lists are used",
        shape: 'an http(s):// URL, or nothing',
        example: 'http://exchange-connector',
      },
      parseServiceUrl,
    ),
    ADMIN_CONFIG_ENABLED: flag({
      meaning: "Follow the operator's list of enabled exchanges in Redis",
      fallback: false,
    }),
    ADMIN_CONFIG_REFRESH_MS: number({
      from: 100,
      to: DAY_MS,
      unit: 'ms',
      meaning: "Period of reading the operator's list",
      fallback: 10_000,
    }),
    WATCHDOG_APP: text({
      meaning: 'Accepted for compatibility and ignored: notices of the watchdog travel on Redis',
      example: 'http://localhost:7522',
    }),
  },
} as const satisfies Record<string, Record<string, Variable<unknown>>>;
