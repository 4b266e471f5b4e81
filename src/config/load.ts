import { hostname } from 'node:os';
import { ConnectorError } from '../domain/errors';
import type { Config, LogConfig, UserStreamConfig } from './config';
import type { Problems } from './environment';
import { readValues } from './environment';
import { rabbitConfig, redisConfig } from './servers';
import type { Values } from './variables';

/** What a process knows of itself, apart from its environment. */
export interface ProcessFacts {
  readonly hostname: string;
  readonly pid: number;
  readonly isTerminal: boolean;
}

/** What the caller will connect to. */
export interface Needs {
  /** False: RabbitMQ is not used, and its password not asked for. */
  readonly hasBroker: boolean;
}

const STALL_MS = { all: 50_000, ticker: 50_000, candle: 75_000 } as const;

/**
 * Settings from environment variables.
 * @throws ConnectorError CONFIG_INVALID; its message names every problem at once and holds no secret
 */
export function loadConfig(
  env: NodeJS.ProcessEnv,
  facts: ProcessFacts = processFacts(),
  needs: Needs = { hasBroker: true },
): Config {
  const problems: Problems = [];
  const values = readValues(env, problems);
  const config = assemble(values, facts, needs, problems);
  if (problems.length > 0) {
    const list = problems.map((problem) => `\n  - ${problem}`).join('');
    throw new ConnectorError('CONFIG_INVALID', `The configuration has problems:${list}`, { retry: 'never' });
  }
  return freeze(config);
}

function assemble(values: Values, facts: ProcessFacts, { hasBroker }: Needs, problems: Problems): Config {
  return {
    instanceId: values.INSTANCE_ID || defaultInstanceId(facts),
    log: logConfig(values, facts),
    health: { host: values.HEALTH_HOST, port: values.HEALTH_PORT },
    status: {
      hasPage: values.STATUS_PAGE ?? true,
      ...(values.STATUS_TOKEN !== '' && { token: values.STATUS_TOKEN }),
    },
    redis: redisConfig(values, problems),
    rabbit: rabbitConfig(values, hasBroker, problems),
    paperUrl: values.PAPER_WS,
    exchangeServiceUrl: values.EXCHANGE_SERVICE_API_URL,
    admin: { enabled: values.ADMIN_CONFIG_ENABLED ?? false, refreshMs: values.ADMIN_CONFIG_REFRESH_MS },
    priceRole: values.PRICEROLE,
    priceExchanges: values.PRICE_CONNECTOR_EXCHANGES.venues,
    candleMode: values.CANDLE_MODE,
    tickerBook: values.TICKER_BOOK,
    tickerBatchMs: values.TICKER_BATCH_MS,
    tickerCacheMs: values.TICKER_CACHE_MS,
    stallMs: values.TRADESTIMEOUT || STALL_MS[values.PRICEROLE],
    instrumentRefreshMs: values.INSTRUMENT_REFRESH_MS,
    outbox: { maxMessages: values.OUTBOX_MAX_MESSAGES, maxBytes: values.OUTBOX_MAX_BYTES },
    ...(values.USER_EVENTS_MAX_LENGTH > 0 && {
      userEvents: {
        maxLength: values.USER_EVENTS_MAX_LENGTH,
        maxBytes: values.USER_EVENTS_MAX_BYTES,
        ttlMs: values.USER_EVENTS_TTL_MS,
      },
    }),
    userStream: userStreamConfig(values, problems),
    sandboxVenues: [
      ...(values.ENVOKX === 'sandbox' ? ['okx'] : []),
      ...(values.BITGETENV === 'demo' ? ['bitget'] : []),
    ],
    endpoints: values.VENUE_ENDPOINTS,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
    ...(values.FLIGHT_RECORDER_DIR !== '' && {
      flightRecorder: { directory: values.FLIGHT_RECORDER_DIR, frames: values.FLIGHT_RECORDER_FRAMES },
    }),
    warnings: warningsOf(values),
  };
}

function logConfig({ LOG_LEVEL, DEBUG }: Values, { isTerminal }: ProcessFacts): LogConfig {
  const isAll = DEBUG.includes('*');
  return { level: isAll ? 'debug' : LOG_LEVEL, debug: isAll ? [] : DEBUG, pretty: isTerminal };
}

function userStreamConfig(values: Values, problems: Problems): UserStreamConfig {
  const authCooldownMs = values.USER_STREAM_AUTH_COOLDOWN_MS;
  const authCooldownMaxMs = values.USER_STREAM_AUTH_COOLDOWN_MAX_MS;
  if (authCooldownMaxMs < authCooldownMs) {
    problems.push('USER_STREAM_AUTH_COOLDOWN_MAX_MS: is less than USER_STREAM_AUTH_COOLDOWN_MS');
  }
  return {
    flapWindowMs: values.USER_STREAM_FLAP_WINDOW_MS,
    flapThreshold: values.USER_STREAM_FLAP_THRESHOLD,
    auditMs: values.USER_STREAM_AUDIT_MS,
    authWindowMs: values.USER_STREAM_AUTH_WINDOW_MS,
    authFailThreshold: values.USER_STREAM_AUTH_FAIL_THRESHOLD,
    authCooldownMs,
    authCooldownMaxMs,
  };
}

function warningsOf(values: Values): readonly string[] {
  const { ignored } = values.PRICE_CONNECTOR_EXCHANGES;
  const hasCoinbaseKey = values.COINBASE_API_KEY !== '' || values.COINBASE_API_SECRET !== '';
  return [
    ...(ignored.length > 0
      ? [`PRICE_CONNECTOR_EXCHANGES: ${ignored.join(', ')} not served by this connector`]
      : []),
    ...(hasCoinbaseKey
      ? ["COINBASE_API_KEY, COINBASE_API_SECRET: not needed, Coinbase's public data asks for no key"]
      : []),
  ];
}

function defaultInstanceId({ hostname: host, pid }: ProcessFacts): string {
  return `${host.replace(/[^\w.-]/g, '-').slice(0, 50)}-${pid}`;
}

function processFacts(): ProcessFacts {
  return { hostname: hostname(), pid: process.pid, isTerminal: process.stdout.isTTY === true };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}
