import type { EndpointOverride } from './endpoints';
import type { PriceVenue } from './parsers';

export interface TlsConfig {
  /** PEM; absent: the public authorities. */
  readonly ca?: string;
}

export interface RedisConfig {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls?: TlsConfig;
}

export interface RabbitConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  readonly tls?: TlsConfig;
}

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Modules that also write debug lines. */
  readonly debug: readonly string[];
  /** For the eyes of a person at a terminal, instead of JSON lines. */
  readonly pretty: boolean;
}

/** Limits of one account's stream; contract section 7. */
export interface UserStreamConfig {
  readonly flapWindowMs: number;
  readonly flapThreshold: number;
  /** 0: never. */
  readonly auditMs: number;
  readonly authWindowMs: number;
  readonly authFailThreshold: number;
  readonly authCooldownMs: number;
  readonly authCooldownMaxMs: number;
}

/** Settings of a process: frozen plain data, which may travel to worker threads. Holds secrets. */
export interface Config {
  readonly instanceId: string;
  readonly log: LogConfig;
  readonly health: { readonly host: string; readonly port: number };
  /** The live page beside it; `token` guards everything but `/health`. */
  readonly status: { readonly hasPage: boolean; readonly token?: string };
  readonly redis: RedisConfig;
  readonly rabbit: RabbitConfig;
  /** `ws://` or `wss://` base URL without trailing slash. */
  readonly paperUrl: string;
  /** Without trailing slash; empty: none, the venues' own lists are used. */
  readonly exchangeServiceUrl: string;
  readonly admin: { readonly enabled: boolean; readonly refreshMs: number };
  readonly priceRole: 'all' | 'candle' | 'ticker';
  /** Empty: all. */
  readonly priceExchanges: readonly PriceVenue[];
  readonly candleMode: 'auto' | 'closed' | 'live';
  readonly tickerBook: 'last' | 'book';
  readonly tickerBatchMs: number;
  readonly tickerCacheMs: number;
  /** Silence of market data that is reported; the role's default is filled in. */
  readonly stallMs: number;
  readonly instrumentRefreshMs: number;
  readonly outbox: { readonly maxMessages: number; readonly maxBytes: number };
  /** Absent: the durable queue of account events is not ours to keep. */
  readonly userEvents?: { readonly maxLength: number; readonly maxBytes: number; readonly ttlMs: number };
  readonly userStream: UserStreamConfig;
  /** Venues whose accounts are demo accounts where a command does not say. */
  readonly sandboxVenues: readonly string[];
  readonly endpoints: readonly EndpointOverride[];
  readonly shutdownTimeoutMs: number;
  /** Absent: nothing is recorded. */
  readonly flightRecorder?: { readonly directory: string; readonly frames: number };
  /** What was accepted but has no effect; for the start-up log. */
  readonly warnings: readonly string[];
}
