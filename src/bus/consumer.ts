import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import { errorText } from '../domain/errors';
import type { Log } from '../domain/telemetry';
import type { Timer } from '../domain/time';
import type { ConsumeSpec, IncomingMessage, Verdict } from './ports';
import type { BrokerDeps } from './rabbit-link';
import type { Topology } from './topology';
import { deadLetter, judge, replyBody } from './verdict';

const RETRY: BackoffPolicy = { floorMs: 100, baseMs: 500, capMs: 10_000, factor: 2 };

/** Publishes to a queue through the default exchange, outside of the consuming connection. False: not accepted. */
export type PostToQueue = (
  queue: string,
  body: string,
  properties: { readonly correlationId?: string; readonly persistent: boolean },
) => boolean;

/**
 * One consumed queue. It lives as long as its broker and is attached to every new connection; on a
 * connection it has one channel at a time, which is replaced with backoff when the broker closes it.
 * Every message is acknowledged after its handler: one that cannot be handled is not taken again.
 */
export class QueueConsumer {
  /** Resolves at the first consume-ok. */
  readonly started: Promise<void>;
  private reject: (error: Error) => void = () => undefined;
  private resolve: () => void = () => undefined;
  private readonly log: Log;
  private channel: Channel | undefined;
  private consumerTag: string | undefined;
  private model: ChannelModel | undefined;
  private retry: Timer | undefined;
  private attempt = 0;
  private isStopped = false;
  private readonly inFlight = new Set<Promise<void>>();

  constructor(
    private readonly spec: ConsumeSpec,
    private readonly topology: Topology,
    private readonly post: PostToQueue,
    private readonly deps: BrokerDeps,
  ) {
    this.log = deps.telemetry.log.child({ queue: spec.queue });
    this.started = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Begins on a new connection; what belonged to the former one is forgotten. */
  attach(model: ChannelModel): void {
    this.detach();
    this.model = model;
    this.attempt = 0;
    void this.open(model);
  }

  detach(): void {
    this.deps.clock.cancel(this.retry);
    this.model = undefined;
    this.channel = undefined;
    this.consumerTag = undefined;
  }

  /** Takes nothing new and waits for the messages in hand; the connection is closed after us. */
  async stop(reason: Error): Promise<void> {
    this.isStopped = true;
    this.reject(reason);
    const { channel, consumerTag } = this;
    if (channel && consumerTag !== undefined) {
      await channel.cancel(consumerTag).catch((error: unknown) => this.noted(error, 'cancel'));
    }
    await Promise.all(this.inFlight);
    this.detach();
  }

  private async open(model: ChannelModel): Promise<void> {
    const { queue, prefetch } = this.spec;
    try {
      await this.topology.declareConsuming(model, queue);
      const channel = await model.createChannel();
      channel.on('error', (error) => this.failed(model, error));
      channel.on('close', () => this.lost(model, channel));
      await channel.prefetch(prefetch);
      // Stopped or superseded meanwhile: a consumer must not appear behind its owner's back.
      if (this.isStopped || this.model !== model) return;
      this.channel = channel;
      const { consumerTag } = await channel.consume(queue, (message) => this.delivered(channel, message));
      this.consumerTag = consumerTag;
      this.attempt = 0;
      this.log.info({}, 'consuming');
      this.resolve();
    } catch (error) {
      this.failed(model, error);
      this.retryOn(model);
    }
  }

  private lost(model: ChannelModel, channel: Channel): void {
    if (this.channel !== channel) return;
    this.channel = undefined;
    this.consumerTag = undefined;
    this.retryOn(model);
  }

  /** While the connection stands; a new connection attaches anew by itself. */
  private retryOn(model: ChannelModel): void {
    const { clock, random } = this.deps;
    if (this.isStopped || this.model !== model) return;
    clock.cancel(this.retry);
    this.retry = clock.after(nextDelay(RETRY, this.attempt, random), () => void this.open(model));
    this.attempt += 1;
  }

  private delivered(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      this.log.warn({}, 'the broker cancelled the consumer; consuming again');
      // Its end (`close`) starts the next try.
      channel.close().catch((error: unknown) => this.noted(error, 'close'));
      return;
    }
    // Left unacknowledged, it goes back to the queue when the channel closes.
    if (this.isStopped) return;
    const work = this.handle(channel, message).finally(() => this.inFlight.delete(work));
    this.inFlight.add(work);
  }

  private async handle(channel: Channel, message: ConsumeMessage): Promise<void> {
    const { verdict, outcome } = await judge(this.spec, incoming(message), this.log);
    if (verdict?.kind === 'dead-letter') this.keepDeadLetter(message.content, verdict.reason);
    this.acknowledge(channel, message);
    this.reply(message, verdict);
    this.deps.telemetry.meter.count('connector_commands_total', { queue: this.spec.queue, outcome });
  }

  private keepDeadLetter(body: Buffer, reason: string): void {
    const letter = deadLetter(this.spec.queue, body, reason, this.deps.clock.now());
    this.log.warn({ letter }, 'message could not be read');
    const isKept = this.post(this.topology.names.deadLetterQueue, JSON.stringify(letter), {
      persistent: true,
    });
    if (!isKept) this.log.warn({ reason }, 'dead letter not kept: RabbitMQ takes no messages now');
  }

  private acknowledge(channel: Channel, message: ConsumeMessage): void {
    try {
      channel.ack(message);
    } catch (error) {
      // The channel is gone, and the broker delivers the message again: handlers are idempotent.
      this.noted(error, 'ack');
    }
  }

  private reply(message: ConsumeMessage, verdict: Verdict | undefined): void {
    const replyTo = textOf(message.properties.replyTo);
    if (replyTo === undefined) return;
    const correlationId = textOf(message.properties.correlationId);
    const isSent = this.post(replyTo, replyBody(verdict), {
      persistent: false,
      ...(correlationId === undefined ? {} : { correlationId }),
    });
    if (!isSent) this.log.warn({}, 'reply not sent: RabbitMQ takes no messages now');
  }

  private failed(model: ChannelModel, error: unknown): void {
    // The end of the whole connection is told by the connection.
    if (this.isStopped || this.model !== model) return;
    this.deps.telemetry.meter.count('connector_broker_failures_total', { target: 'rabbitmq_consumers' });
    this.log.warn({ error: errorText(error) }, 'consumer lost its channel; trying again');
  }

  private noted(error: unknown, doing: string): void {
    this.log.debug({ error: errorText(error), doing }, 'channel was gone');
  }
}

function incoming({ content, properties, fields }: ConsumeMessage): IncomingMessage {
  const replyTo = textOf(properties.replyTo);
  const correlationId = textOf(properties.correlationId);
  return {
    body: content,
    redelivered: fields.redelivered,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

/** Properties come from outside; the library's types promise nothing. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 0 ? value : undefined;
}
