import { ConnectorError, errorText } from '../domain/errors';
import type { Random, Timer, Clock } from '../domain/time';
import type { Telemetry } from '../domain/telemetry';
import type { LinkRules } from '../venues/contract';
import type { DialBudget } from './limits';
import type { Socket, SocketEnd, SocketEvents } from './socket';
import { dial } from './socket';

export interface TransportDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly dials: DialBudget;
  readonly telemetry: Telemetry;
  /** Applies the configured endpoint overrides. Budgets count by the production host. */
  readonly rewrite: (url: string) => string;
}

const ENDPOINT_TIMEOUT_MS = 30_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_BUFFERED_BYTES = 1 << 20;

export interface DialerEvents extends SocketEvents {
  /** The dial waited so long for the host's budget. */
  onBudget(waitMs: number): void;
}

/**
 * One attempt: ask for the endpoint, wait for the host's budget, dial. `cancel` at any point leaves
 * nothing behind and no callback comes after it.
 */
export class Dialer implements SocketEvents {
  private isCancelled = false;
  private endpointDeadline: Timer | undefined;
  private leaveQueue: (() => void) | undefined;
  private socket: Socket | undefined;
  /** The production URL, once it is known. */
  private url = '';

  constructor(
    private readonly deps: TransportDeps,
    private readonly rules: LinkRules,
    private readonly events: DialerEvents,
  ) {}

  start(endpoint: () => Promise<string>, limitMs = ENDPOINT_TIMEOUT_MS): void {
    this.endpointDeadline = this.deps.clock.after(limitMs, () =>
      this.onEnd({ reason: 'no_endpoint', detail: 'asked for the endpoint in vain', wasOpen: false }),
    );
    // Within a promise, so that a failure in the very call is one more rejection.
    Promise.resolve()
      .then(endpoint)
      .then(
        (url) => this.queue(url),
        (error: unknown) => this.onEnd(endpointFailure(error)),
      );
  }

  send(frame: string): boolean {
    return this.socket?.send(frame) ?? false;
  }

  ping(): void {
    this.socket?.ping();
  }

  // What the socket tells. Passed on by methods: closures for it would stay as long as the connection.

  onOpen(): void {
    this.events.onOpen();
  }

  onFrame(frame: string): void {
    this.events.onFrame(frame);
  }

  onSignal(): void {
    this.events.onSignal();
  }

  onEnd(end: SocketEnd): void {
    const { url } = this;
    if (url !== '' && end.retryAfterMs !== undefined) {
      this.deps.dials.pause(url, this.rules.dials, end.retryAfterMs);
    }
    if (!this.isCancelled) this.events.onEnd(end);
  }

  cancel(): void {
    this.isCancelled = true;
    this.hasEndpoint();
    this.leaveQueue?.();
    this.socket?.hangUp();
  }

  private queue(url: string): void {
    if (this.isCancelled) return;
    this.hasEndpoint();
    const { clock, dials } = this.deps;
    const since = clock.monotonic();
    let isDialled = false;
    const leave = dials.enter(url, this.rules.dials, () => {
      isDialled = true;
      this.leaveQueue = undefined;
      this.events.onBudget(clock.monotonic() - since);
      this.open(url);
    });
    // The turn may have come at once; the way out of a queue is not kept for the life of the socket.
    if (!isDialled) this.leaveQueue = leave;
  }

  /** An ended timer is not held on to: it would stay as long as the connection. */
  private hasEndpoint(): void {
    this.deps.clock.cancel(this.endpointDeadline);
    this.endpointDeadline = undefined;
  }

  private open(url: string): void {
    this.url = url;
    this.socket = dial(
      {
        url: this.deps.rewrite(url),
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        frameBytes: this.rules.frameBytes,
        maxBufferedBytes: MAX_BUFFERED_BYTES,
      },
      this,
      this.deps.clock,
    );
  }
}

function endpointFailure(error: unknown): SocketEnd {
  const retry = error instanceof ConnectorError ? error.retry : 'backoff';
  return {
    reason: 'no_endpoint',
    detail: errorText(error),
    wasOpen: false,
    ...(typeof retry === 'object' && { retryAfterMs: retry.afterMs }),
  };
}
