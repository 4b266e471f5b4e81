import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import { ConnectorError, errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import { Signal } from './signal';

export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: { readonly ca?: string; readonly servername?: string };
  /** Shown in `CLIENT LIST`. */
  readonly connectionName?: string;
  readonly connectTimeoutMs?: number;
  /** Round-trip check of an idle link. */
  readonly pingPeriodMs?: number;
  /** A link that owes an answer for this long is dead, whatever TCP believes. */
  readonly answerTimeoutMs?: number;
}

export interface StoreDeps {
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly random: Random;
}

const RECONNECT: BackoffPolicy = { floorMs: 50, baseMs: 200, capMs: 1_500, factor: 2 };
const KEEP_ALIVE_MS = 10_000;
const GOODBYE_MS = 1_000;

/**
 * One connection to Redis that comes back for ever. No command waits for it: what is in flight when
 * the link breaks is rejected at once, so the caller decides what is worth repeating.
 */
export class RedisLink {
  readonly client: Redis;
  readonly changed = new Signal();
  isReady = false;
  private isClosed = false;
  /** One log line per outage; the metric counts every failure. */
  private isOutageLogged = false;
  private readonly pinging: Timer;
  private redial: Timer | undefined;

  constructor(
    settings: RedisSettings,
    private readonly target: 'redis' | 'redis_subscriber',
    private readonly deps: StoreDeps,
  ) {
    this.client = new Redis(clientOptions(settings, deps.random));
    this.client.on('ready', () => this.becameReady());
    this.client.on('error', (error) => this.failed(error));
    this.client.on('close', () => this.lost());
    this.client.on('end', () => this.ended());
    this.pinging = deps.clock.every(settings.pingPeriodMs ?? 5_000, () => this.check());
    this.dial();
  }

  /** Ends the link: in-flight commands get a moment to be answered. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const { clock } = this.deps;
    clock.cancel(this.pinging);
    clock.cancel(this.redial);
    if (!this.isReady) {
      // Nothing to say goodbye to; between two dials the library would not even tell that it ended.
      this.abandon();
      return;
    }
    await new Promise<void>((resolve) => {
      const deadline = clock.after(GOODBYE_MS, () => {
        this.abandon();
        resolve();
      });
      this.client.once('end', () => {
        clock.cancel(deadline);
        resolve();
      });
      this.client.quit().catch((error: unknown) => this.noted(error));
    });
  }

  private abandon(): void {
    this.client.disconnect();
    // Of a half-open link no answer to our FIN will come.
    this.client.stream?.destroy();
  }

  private dial(): void {
    this.client.connect().catch((error: unknown) => this.noted(error));
  }

  private check(): void {
    if (!this.isReady) return;
    // Unanswered, it breaks the link (`socketTimeout`) and so ends as `error` and `close`.
    this.client.ping().catch((error: unknown) => this.noted(error));
  }

  private becameReady(): void {
    const { log, meter } = this.deps.telemetry;
    this.isReady = true;
    this.isOutageLogged = false;
    meter.gauge('connector_broker_connected', 1, { target: this.target });
    log.info({ target: this.target }, 'Redis connected');
    this.changed.emit();
  }

  private lost(): void {
    if (!this.isReady) return;
    this.isReady = false;
    this.deps.telemetry.meter.gauge('connector_broker_connected', 0, { target: this.target });
    this.failed(new Error('connection lost'));
    this.changed.emit();
  }

  private failed(error: unknown): void {
    if (this.isClosed) return;
    const { log, meter } = this.deps.telemetry;
    // While the link still counts as ready, `close` follows and is counted.
    if (!this.isReady) meter.count('connector_broker_failures_total', { target: this.target });
    if (this.isOutageLogged) return;
    this.isOutageLogged = true;
    log.warn({ target: this.target, error: errorText(error) }, 'Redis unavailable; reconnecting');
  }

  /** What also comes as `error` or `close`, which is where it is handled. */
  private noted(error: unknown): void {
    this.deps.telemetry.log.debug({ target: this.target, error: errorText(error) }, 'Redis did not answer');
  }

  /** The client gives up by itself only where it could not even create a socket (bad TLS material). */
  private ended(): void {
    if (this.isClosed) return;
    this.redial = this.deps.clock.after(RECONNECT.capMs, () => this.dial());
  }
}

/** The library's errors carry the command with its arguments (AUTH: the password): only their text is kept. */
export function storeError(error: unknown): ConnectorError {
  const text = errorText(error);
  return new ConnectorError('STORE_UNAVAILABLE', `Redis: ${text}`, { cause: new Error(text) });
}

function clientOptions(settings: RedisSettings, random: Random) {
  const { host, port, username, password, tls } = settings;
  return {
    host,
    port,
    db: settings.db ?? 0,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: { ...tls } }),
    ...(settings.connectionName === undefined ? {} : { connectionName: settings.connectionName }),
    lazyConnect: true,
    connectTimeout: settings.connectTimeoutMs ?? 5_000,
    socketTimeout: settings.answerTimeoutMs ?? 4_000,
    keepAlive: KEEP_ALIVE_MS,
    disconnectTimeout: GOODBYE_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // With 0 the client rejects what is in flight as soon as the link is gone.
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => nextDelay(RECONNECT, attempt - 1, random),
  } satisfies RedisOptions;
}
