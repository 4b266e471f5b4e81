import type { ConnectorError } from '../domain/errors';

export interface MessageProperties {
  readonly messageId?: string;
  readonly type: string;
  /** Epoch ms; sent as the AMQP timestamp in seconds and, exactly, in header `x-timestamp-ms`. */
  readonly timestamp: number;
  readonly persistent: boolean;
  readonly headers: Readonly<Record<string, string | number | boolean>>;
}

/** One JSON message for the topic exchange `gainium.events`. */
export interface OutgoingMessage {
  readonly routingKey: string;
  readonly body: string;
  readonly properties: MessageProperties;
}

export interface IncomingMessage {
  readonly body: Buffer;
  readonly replyTo?: string;
  readonly correlationId?: string;
  readonly redelivered: boolean;
}

/** The handler's verdict: every message is acked; `dead-letter` also keeps a copy for the operator. */
export type Verdict =
  | { readonly kind: 'done'; readonly reply?: unknown }
  | { readonly kind: 'dead-letter'; readonly reason: string };

export interface ConsumeSpec {
  readonly queue: string;
  /** 0 = unlimited. */
  readonly prefetch: number;
  handle(message: IncomingMessage): Promise<Verdict> | Verdict;
}

/**
 * The message broker, reconnecting by itself for ever. Implementations: RabbitMQ (`rabbit.ts`), and
 * an in-process one for the demo and unit tests (`memory.ts`).
 */
export interface Broker {
  /** Connected, topology declared, not blocked by a broker alarm. */
  readonly ready: boolean;
  /** Called on every change to ready (also at once when already ready). Returns the unsubscriber. */
  onReady(listener: () => void): () => void;
  /** Transient, unconfirmed. False: not accepted (not ready or the socket buffer is full); try again at `onWritable`. */
  publish(message: OutgoingMessage): boolean;
  /** Called when `publish` may succeed again after it returned false. Returns the unsubscriber. */
  onWritable(listener: () => void): () => void;
  /**
   * Publishes with a publisher confirm, in call order. False: not accepted, `settled` is never called.
   * True: `settled` is called exactly once, without error after the broker's confirm, with
   * BROKER_UNAVAILABLE after a nack, a lost channel or `close`.
   */
  publishConfirmed(message: OutgoingMessage, settled: (failure?: ConnectorError) => void): boolean;
  /**
   * Called when the queue of user events turned out to be gone: what it took lately was confirmed and is lost.
   * Returns the unsubscriber.
   */
  onQueueLost(listener: () => void): () => void;
  /** Declares and binds the queue, consumes it, and does so again after every reconnect. Resolves at the first consume-ok. */
  consume(spec: ConsumeSpec): Promise<void>;
  /** Stops consuming: in-flight messages are finished, nothing new is taken. */
  stopConsuming(): Promise<void>;
  close(): Promise<void>;
}
