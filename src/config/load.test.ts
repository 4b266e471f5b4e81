import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { describeConfig, loadConfig, readEnvironment } from '.';
import type { Config } from '.';
import { VARIABLES } from './variables';

const FACTS = { hostname: 'host one', pid: 42, isTerminal: false };
const REQUIRED = { RABBIT_PASSWORD: 'r' };

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
  writeFileSync(join(folder, 'password'), 'from file\r\n');
  writeFileSync(join(folder, 'ca.pem'), 'CERTIFICATE');
  writeFileSync(join(folder, 'empty'), '\n');
});
after(() => rmSync(folder, { recursive: true }));

function load(env: NodeJS.ProcessEnv): Config {
  return loadConfig({ ...REQUIRED, ...env }, FACTS);
}

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env, FACTS);
  } catch (error) {
    assert.ok(error instanceof ConnectorError);
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.equal(error.retry, 'never');
    return error.message.split('\n  - ').slice(1);
  }
  return [];
}

test("the seed's defaults hold where only the required is given", () => {
  assert.deepEqual(load({}), {
    instanceId: 'host-one-42',
    log: { level: 'info', debug: [], pretty: false },
    health: { host: '0.0.0.0', port: 3000 },
    status: { hasPage: true },
    redis: { host: 'localhost', port: 6379, db: 0 },
    rabbit: { host: 'localhost', port: 5672, user: 'gainium', password: 'r', vhost: '/' },
    paperUrl: 'ws://localhost:7506',
    exchangeServiceUrl: 'http://localhost:7507',
    admin: { enabled: false, refreshMs: 10_000 },
    priceRole: 'all',
    priceExchanges: [],
    candleMode: 'auto',
    tickerBook: 'last',
    tickerBatchMs: 100,
    tickerCacheMs: 1_000,
    stallMs: 50_000,
    instrumentRefreshMs: 300_000,
    outbox: { maxMessages: 50_000, maxBytes: 67_108_864 },
    userEvents: { maxLength: 1_000_000, maxBytes: 1_073_741_824, ttlMs: 604_800_000 },
    userStream: {
      flapWindowMs: 600_000,
      flapThreshold: 4,
      auditMs: 600_000,
      authWindowMs: 600_000,
      authFailThreshold: 3,
      authCooldownMs: 1_800_000,
      authCooldownMaxMs: 86_400_000,
    },
    sandboxVenues: [],
    endpoints: [],
    shutdownTimeoutMs: 9_000,
    warnings: [],
  } satisfies Config);
});

test('who uses no RabbitMQ needs no password of it; what is wrong beside is still told', () => {
  const without = (env: NodeJS.ProcessEnv) => loadConfig(env, undefined, { hasBroker: false });
  assert.equal(without({}).rabbit.password, '');
  assert.throws(() => without({ RABBIT_PORT: 'x' }), /RABBIT_PORT/);
  assert.throws(() => loadConfig({}), /RABBIT_PASSWORD/);
});

test('a queue of account events of length 0 is no queue', () => {
  assert.ok(!('userEvents' in load({ USER_EVENTS_MAX_LENGTH: '0' })));
});

test('every default of the table is a valid value', () => {
  for (const [name, { schema, fallback }] of VARIABLES) {
    assert.ok(schema.safeParse(fallback).success, name);
  }
});

test('an empty variable is an unset one, except the URL of the exchange service', () => {
  const empty = Object.fromEntries([...VARIABLES.keys()].map((name) => [name, '']));
  assert.deepEqual(load({ ...empty, ...REQUIRED }), { ...load({}), exchangeServiceUrl: '' });
});

for (const [env, redis] of [
  [{ REDIS_HOST: 'http://localhost' }, { host: 'localhost' }],
  [{ REDIS_HOST: 'https://cache.example/some/page' }, { host: 'cache.example' }],
  [{ REDIS_HOST: 'redis_1' }, { host: 'redis_1' }],
  [{ REDIS_HOST: '10.0.0.7:6380' }, { host: '10.0.0.7', port: 6380 }],
  [{ REDIS_HOST: '::1' }, { host: '::1' }],
  [{ REDIS_HOST: '[::1]:6380' }, { host: '::1', port: 6380 }],
  [
    { REDIS_HOST: 'redis://localhost', REDIS_PORT: '6390', REDIS_DB: '3' },
    { port: 6390, db: 3 },
  ],
  [
    { REDIS_HOST: 'rediss://us%40er:p%2Fw%3A@cache.example:6380/2' },
    { host: 'cache.example', port: 6380, username: 'us@er', password: 'p/w:', db: 2, tls: {} },
  ],
  [
    { REDIS_HOST: 'redis://:pw@h', REDIS_PASSWORD: 'pw' },
    { host: 'h', password: 'pw' },
  ],
  [{ REDIS_PASSWORD: ' blanks stay ' }, { password: ' blanks stay ' }],
  [{ REDIS_TLS: 'Yes' }, { tls: {} }],
  [{ REDIS_TLS: 'off' }, {}],
] as const) {
  test(`Redis from ${JSON.stringify(env)}`, () => {
    const defaults: object = { host: 'localhost', port: 6379, db: 0 };
    assert.deepEqual(load(env).redis, { ...defaults, ...redis });
  });
}

for (const [env, rabbit] of [
  [
    { RABBIT_HOST: 'amqp://u:p@mq:5673/my%2Fhost' },
    { host: 'mq', port: 5673, user: 'u', password: 'p', vhost: 'my/host' },
  ],
  [
    { RABBIT_HOST: 'amqps://mq/', RABBIT_PASSWORD: 'x' },
    { host: 'mq', port: 5671, password: 'x', tls: {} },
  ],
  [
    { RABBIT_HOST: 'mq', RABBIT_PASSWORD: 'x', RABBIT_TLS: '1', RABBIT_PORT: '5672' },
    { host: 'mq', password: 'x', tls: {} },
  ],
  [
    { RABBIT_PASSWORD: 'x', RABBIT_USER: 'me', RABBIT_VHOST: 'v' },
    { user: 'me', password: 'x', vhost: 'v' },
  ],
] as const) {
  test(`RabbitMQ from ${JSON.stringify(env)}`, () => {
    const defaults: object = { host: 'localhost', port: 5672, user: 'gainium', vhost: '/' };
    assert.deepEqual(loadConfig(env, FACTS).rabbit, { ...defaults, ...rabbit });
  });
}

for (const [env, pick, expected] of [
  [{ PAPER_WS: 'ws://paper-trading' }, (c: Config) => c.paperUrl, 'ws://paper-trading'],
  [{ PAPER_WS: 'localhost:7506' }, (c: Config) => c.paperUrl, 'ws://localhost:7506'],
  [{ PAPER_WS: 'https://paper.example/base/' }, (c: Config) => c.paperUrl, 'wss://paper.example/base'],
  [{ EXCHANGE_SERVICE_API_URL: 'http://ex:80/' }, (c: Config) => c.exchangeServiceUrl, 'http://ex'],
  [{ PRICEROLE: 'candle' }, (c: Config) => c.stallMs, 75_000],
  [{ PRICEROLE: 'candle', TRADESTIMEOUT: '1000' }, (c: Config) => c.stallMs, 1_000],
  [{ ADMIN_CONFIG_ENABLED: '1' }, (c: Config) => c.admin.enabled, true],
  [{ DEBUG: '*' }, (c: Config) => c.log, { level: 'debug', debug: [], pretty: false }],
  [{ DEBUG: 'bybit, transport' }, (c: Config) => c.log.debug, ['bybit', 'transport']],
  [{ PRICE_CONNECTOR_EXCHANGES: 'okx, Binance,okx' }, (c: Config) => c.priceExchanges, ['binance', 'okx']],
  [{ PRICE_CONNECTOR_EXCHANGES: 'okx,kraken' }, (c: Config) => c.priceExchanges, ['okx']],
  [
    { PRICE_CONNECTOR_EXCHANGES: 'okx,kraken' },
    (c: Config) => c.warnings,
    ['PRICE_CONNECTOR_EXCHANGES: kraken not served by this connector'],
  ],
  [{ ENVOKX: 'sandbox' }, (c: Config) => c.sandboxVenues, ['okx']],
  [{ BITGETENV: 'DEMO' }, (c: Config) => c.sandboxVenues, ['bitget']],
  [{ ENVOKX: 'live', BITGETENV: 'live' }, (c: Config) => c.sandboxVenues, []],
  [{ INSTANCE_ID: 'price-1' }, (c: Config) => c.instanceId, 'price-1'],
  [{ WATCHDOG_APP: 'whatever' }, (c: Config) => c.warnings, []],
  [
    { STATUS_PAGE: 'off', STATUS_TOKEN: 'sixteen-letters!' },
    (c: Config) => c.status,
    { hasPage: false, token: 'sixteen-letters!' },
  ],
] as const) {
  test(`${JSON.stringify(env)} -> ${JSON.stringify(expected)}`, () => {
    assert.deepEqual((pick as (config: Config) => unknown)(load(env)), expected);
  });
}

for (const [env, name] of [
  [
    { REDIS_HOST: 'amqp://h' },
    'REDIS_HOST: expected a host name, host:port or redis(s):// URL, e.g. redis.internal',
  ],
  [{ REDIS_HOST: 'a b' }, 'REDIS_HOST: expected'],
  [{ REDIS_HOST: 'redis://:%zz@h' }, 'REDIS_HOST: expected'],
  [{ REDIS_HOST: 'redis://h/first' }, 'REDIS_HOST: the path of the URL is a database number'],
  [
    { REDIS_HOST: 'redis://h:1', REDIS_PORT: '2' },
    'REDIS_PORT: differs from what the URL in REDIS_HOST says',
  ],
  [{ REDIS_HOST: 'redis://:a@h', REDIS_PASSWORD: 'b' }, 'REDIS_PASSWORD: differs'],
  [{ REDIS_HOST: 'rediss://h', REDIS_TLS: 'false' }, 'REDIS_TLS: differs'],
  [{ REDIS_PORT: '65536' }, 'REDIS_PORT: expected a whole number from 1 to 65535, e.g. 6379'],
  [{ REDIS_PORT: '1e3' }, 'REDIS_PORT: expected'],
  [{ REDIS_TLS: 'maybe' }, 'REDIS_TLS: expected true, 1, yes, on, false, 0, no, off'],
  [
    { REDIS_CA_FILE: '/nowhere/ca.pem', REDIS_TLS: '1' },
    'REDIS_CA_FILE: the file /nowhere/ca.pem cannot be read (ENOENT)',
  ],
  [{ RABBIT_HOST: 'redis://h' }, 'RABBIT_HOST: expected'],
  [{ RABBIT_HOST: 'amqp://h/a', RABBIT_VHOST: 'b' }, 'RABBIT_VHOST: differs'],
  [{ RABBIT_PASSWORD: '' }, 'RABBIT_PASSWORD: required'],
  [
    { RABBIT_PASSWORD: '', RABBIT_PASSWORD_FILE: '/nowhere' },
    'RABBIT_PASSWORD_FILE: the file /nowhere cannot be read',
  ],
  [
    { RABBIT_PASSWORD: 'a', RABBIT_PASSWORD_FILE: '/x' },
    'RABBIT_PASSWORD: set either it or RABBIT_PASSWORD_FILE, not both',
  ],
  [{ PAPER_WS: 'ftp://x' }, 'PAPER_WS: expected'],
  [{ EXCHANGE_SERVICE_API_URL: 'localhost:7507' }, 'EXCHANGE_SERVICE_API_URL: expected'],
  [{ PRICEROLE: 'both' }, 'PRICEROLE: expected one of all, candle, ticker'],
  [{ PRICE_CONNECTOR_EXCHANGES: 'binance,mtgox' }, 'PRICE_CONNECTOR_EXCHANGES: expected'],
  // Nothing but foreign venues is not the same as no list, which would mean all.
  [{ PRICE_CONNECTOR_EXCHANGES: 'kraken' }, 'PRICE_CONNECTOR_EXCHANGES: expected'],
  [{ ENVOKX: 'sandbx' }, 'ENVOKX: expected one of live, sandbox'],
  [{ VENUE_ENDPOINTS: 'x' }, 'VENUE_ENDPOINTS: expected'],
  [
    { STATUS_TOKEN: 'short' },
    'STATUS_TOKEN: expected 16 to 256 visible ASCII characters, e.g. the output of: openssl rand -hex 24',
  ],
  [{ USER_STREAM_AUTH_COOLDOWN_MAX_MS: '1000' }, 'USER_STREAM_AUTH_COOLDOWN_MAX_MS: is less'],
  [{ INSTANCE_ID: 'a b' }, 'INSTANCE_ID: expected'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: expected'],
  [{ HEALTH_PORT: '-1' }, 'HEALTH_PORT: expected'],
] as const) {
  test(`one problem: ${JSON.stringify(env)}`, () => {
    const problems = problemsOf({ ...REQUIRED, ...env });
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.ok(problems[0]!.startsWith(name), problems[0]);
  });
}

test('all problems are told at once, and none of the values', () => {
  const env = {
    REDIS_HOST: 'foo://user:hunter2@h',
    REDIS_PASSWORD: 'hunter2',
    RABBIT_HOST: 'amqp://me:hunter2@mq/%zz',
    HEALTH_PORT: 'hunter2',
    VENUE_ENDPOINTS: 'wss://hunter2:hunter2@x=ws://y',
    COINBASE_API_SECRET: 'hunter2',
  };
  const problems = problemsOf(env);
  const names = problems.map((problem) => problem.split(':', 1)[0]);
  assert.deepEqual(names.sort(), [
    'HEALTH_PORT',
    'RABBIT_HOST',
    'RABBIT_PASSWORD',
    'REDIS_HOST',
    'VENUE_ENDPOINTS',
  ]);
  assert.ok(!problems.join().includes('hunter2'), problems.join('\n'));
});

test('secrets come from files; the final line break is not part of them', () => {
  const password = join(folder, 'password');
  const env = {
    REDIS_PASSWORD_FILE: password,
    RABBIT_PASSWORD_FILE: password,
  };
  const { redis, rabbit } = loadConfig(env, FACTS);
  assert.deepEqual([redis.password, rabbit.password], ['from file', 'from file']);
  const empty = join(folder, 'empty');
  assert.deepEqual(problemsOf({ ...REQUIRED, REDIS_PASSWORD_FILE: empty }), [
    `REDIS_PASSWORD_FILE: the file ${empty} is empty`,
  ]);
});

test('certificates are read from their files, and only where they have an effect', () => {
  const ca = join(folder, 'ca.pem');
  const { redis, rabbit } = load({
    REDIS_HOST: 'rediss://h',
    REDIS_CA_FILE: ca,
    RABBIT_TLS: 'true',
    RABBIT_CA_FILE: ca,
  });
  assert.deepEqual([redis.tls, rabbit.tls], [{ ca: 'CERTIFICATE' }, { ca: 'CERTIFICATE' }]);
  assert.deepEqual(problemsOf({ ...REQUIRED, REDIS_CA_FILE: ca }), [
    'REDIS_CA_FILE: has no effect unless REDIS_TLS=true',
  ]);
});

test('the settings are frozen plain data', () => {
  const config = load({ REDIS_TLS: '1', VENUE_ENDPOINTS: 'wss://a=ws://b' });
  assert.deepEqual(structuredClone(config), config);
  assert.deepEqual(JSON.parse(JSON.stringify(config)), config);
  assert.ok(
    [config, config.redis, config.redis.tls, config.endpoints, config.endpoints[0]].every(Object.isFrozen),
  );
});

test('the description for the log holds no secret', () => {
  const secrets = {
    REDIS_HOST: 'rediss://me:hunter2@cache:1/4',
    RABBIT_PASSWORD: 'hunter2',
    COINBASE_API_KEY: 'hunter2',
    COINBASE_API_SECRET: 'hunter2',
    STATUS_TOKEN: 'hunter2-hunter2-hunter2',
  };
  const described = describeConfig(load(secrets));
  assert.ok(!JSON.stringify(described).includes('hunter2'));
  assert.deepEqual(described['redis'], {
    address: 'rediss://cache:1/4',
    user: 'me',
    hasPassword: true,
    hasOwnAuthority: false,
  });
});

test('.env fills in what the process environment does not say, and is not written into it', () => {
  const path = join(folder, 'env');
  writeFileSync(path, 'PATH=/from/file\nCONFIG_TEST_ONLY=yes # comment\nCONFIG_TEST_QUOTED="a # b"\n');
  const env = readEnvironment(path);
  assert.equal(env['PATH'], process.env['PATH']);
  assert.equal(env['CONFIG_TEST_ONLY'], 'yes');
  assert.equal(env['CONFIG_TEST_QUOTED'], 'a # b');
  assert.equal(process.env['CONFIG_TEST_ONLY'], undefined);
  assert.equal(readEnvironment(join(folder, 'absent'))['CONFIG_TEST_ONLY'], undefined);
  assert.throws(() => readEnvironment(folder), { code: 'CONFIG_INVALID' });
});

test('keys of Coinbase are not needed: they do no harm, are not kept, and a line says so', () => {
  for (const env of [
    { COINBASE_API_KEY: 'hunter2' },
    { COINBASE_API_KEY: 'hunter2', COINBASE_API_SECRET: 'hunter2' },
  ]) {
    const config = load(env);
    assert.equal(config.warnings.length, 1);
    assert.match(config.warnings[0] ?? '', /^COINBASE_API_KEY, COINBASE_API_SECRET: not needed/);
    assert.ok(!JSON.stringify(config).includes('hunter2'));
  }
  assert.deepEqual(load({ COINBASE_API_KEY: '' }).warnings, []);
});
