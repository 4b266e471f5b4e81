import { Socket } from 'node:net';
import type { ChannelModel } from 'amqplib';
import { connect } from 'amqplib';
import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random } from '../domain/time';

export interface RabbitAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  readonly tls?: { readonly ca?: string; readonly servername?: string };
  /** Seconds; the broker is taken for dead after two silent ones. Default 10. */
  readonly heartbeatS?: number;
  /** For the dial and the handshake, and again for the channels and the topology. Default 5,000. */
  readonly handshakeTimeoutMs?: number;
}

export interface BrokerDeps {
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly random: Random;
}

/** The cap keeps us within two seconds of a broker that is back. */
export const RECONNECT: BackoffPolicy = { floorMs: 50, baseMs: 200, capMs: 1_500, factor: 2 };

const LAST_WORDS_MS = 1_000;
/** What one turn may publish before the library waits for the socket: some hundred events. */
const SOCKET_BUFFER_BYTES = 256 * 1_024;

/** What the owner does with a connection. Both are called by the one loop, never twice for one connection. */
export interface LinkOwner {
  readonly target: 'rabbitmq' | 'rabbitmq_consumers';
  /** Shown in RabbitMQ's list of connections. */
  readonly name: string;
  /** Opens channels; a rejection drops the connection and is followed by a new dial. */
  up(model: ChannelModel): Promise<void>;
  down(): void;
}

/**
 * One connection to RabbitMQ that comes back for ever. A single loop dials, waits for the end and
 * dials again: whatever mixture of `error` and `close` a broken connection emits, there is one
 * reconnect.
 */
export class RabbitLink {
  private model: ChannelModel | undefined;
  private isClosed = false;
  private readonly ending = new AbortController();
  private readonly loop: Promise<void>;
  private isOutageLogged = false;

  constructor(
    private readonly address: RabbitAddress,
    private readonly owner: LinkOwner,
    private readonly deps: BrokerDeps,
  ) {
    this.loop = this.run();
  }

  /** Drops the present connection, e.g. because a channel that everything needs was lost; a new one follows. */
  restart(model: ChannelModel): void {
    if (this.model === model) breakSocket(model, 'a channel that everything needs was lost');
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.ending.abort();
    const { model } = this;
    if (model) this.sayGoodbye(model);
    await this.loop;
  }

  /** Its end is what the loop waits for: the library's own promise is never settled when the socket dies first. */
  private sayGoodbye(model: ChannelModel): void {
    const { clock } = this.deps;
    const deadline = clock.after(this.timeoutMs, () => breakSocket(model, 'closing took too long'));
    model.on('close', () => clock.cancel(deadline));
    // Already broken connections refuse to be closed.
    model.close().catch((error: unknown) => this.noted(error));
  }

  private get timeoutMs(): number {
    return this.address.handshakeTimeoutMs ?? 5_000;
  }

  private async run(): Promise<void> {
    for (let attempt = 0; !this.isClosed; attempt += 1) {
      const startedAt = this.deps.clock.monotonic();
      try {
        await this.live();
      } catch (error) {
        this.failed(error);
      }
      // A connection that stood for a while was a success: its end begins a new count.
      if (this.deps.clock.monotonic() - startedAt > 10 * RECONNECT.capMs) attempt = 0;
      if (!this.isClosed) await this.pause(nextDelay(RECONNECT, attempt, this.deps.random));
    }
  }

  /** One connection from dial to end. Rejects unless it was closed on purpose. */
  private async live(): Promise<void> {
    const model = await this.dial();
    const ended = endOf(model);
    this.model = model;
    try {
      if (this.isClosed) breakSocket(model, 'no longer wanted');
      else await this.open(model, ended);
      const reason = await ended;
      if (reason) throw reason;
    } finally {
      this.model = undefined;
      this.owner.down();
      this.gauge(0);
      bury(model);
    }
  }

  private async open(model: ChannelModel, ended: Promise<unknown>): Promise<void> {
    const { clock, telemetry } = this.deps;
    const deadline = clock.after(this.timeoutMs, () => breakSocket(model, 'opening channels took too long'));
    try {
      // Where the connection ends first, its end tells why; the channels only say that they are gone.
      const isUp = await Promise.race([this.owner.up(model).then(() => true), ended.then(() => false)]);
      if (!isUp) return;
    } catch (error) {
      breakSocket(model, 'channels could not be opened');
      throw error;
    } finally {
      clock.cancel(deadline);
    }
    this.isOutageLogged = false;
    this.gauge(1);
    telemetry.log.info({ target: this.owner.target }, 'RabbitMQ connected');
  }

  private dial(): Promise<ChannelModel> {
    const { host, port, user, password, vhost, tls, heartbeatS } = this.address;
    // Node's own option of the socket, which the library passes on without naming it in its types.
    const socketOptions = {
      ...tls,
      noDelay: true,
      keepAlive: true,
      timeout: this.timeoutMs,
      highWaterMark: SOCKET_BUFFER_BYTES,
      clientProperties: { connection_name: this.owner.name },
    };
    return connect(
      {
        protocol: tls ? 'amqps' : 'amqp',
        hostname: host,
        port,
        username: user,
        password,
        // The library unescapes it.
        vhost: encodeURIComponent(vhost),
        heartbeat: heartbeatS ?? 10,
      },
      socketOptions,
    );
  }

  private pause(delayMs: number): Promise<void> {
    const { clock } = this.deps;
    const { signal } = this.ending;
    return new Promise((resolve) => {
      const timer = clock.after(delayMs, done);
      signal.addEventListener('abort', done);
      function done(): void {
        clock.cancel(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  private failed(error: unknown): void {
    if (this.isClosed) return;
    const { log, meter } = this.deps.telemetry;
    const { target } = this.owner;
    meter.count('connector_broker_failures_total', { target });
    if (this.isOutageLogged) return;
    this.isOutageLogged = true;
    log.warn({ target, error: errorText(error) }, 'RabbitMQ unavailable; reconnecting');
  }

  private noted(error: unknown): void {
    const { target } = this.owner;
    this.deps.telemetry.log.debug({ target, error: errorText(error) }, 'RabbitMQ connection was gone');
  }

  private gauge(value: 0 | 1): void {
    this.deps.telemetry.meter.gauge('connector_broker_connected', value, { target: this.owner.target });
  }
}

/** The reason of a connection's end; undefined where it was closed on purpose. */
function endOf(model: ChannelModel): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let cause: Error | undefined;
    model.on('error', (error) => (cause ??= error));
    model.on('close', (error) => resolve(cause ?? error));
  });
}

/** The socket below the library's connection, which it does not show in its types. */
export function socketOf({ connection }: ChannelModel): Socket | undefined {
  return 'stream' in connection && connection.stream instanceof Socket ? connection.stream : undefined;
}

/** Ends a connection without a farewell; the library then reports it as lost. */
function breakSocket(model: ChannelModel, reason: string): void {
  socketOf(model)?.destroy(new Error(reason));
}

/**
 * The library only half-closes the socket of a connection that it gave up: towards a peer that is
 * gone, that socket would stay for as long as the system's TCP is patient.
 */
function bury(model: ChannelModel): void {
  const socket = socketOf(model);
  socket?.setTimeout(LAST_WORDS_MS, () => socket.destroy());
}
