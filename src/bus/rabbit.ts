import type { Channel, ChannelModel, ConfirmChannel, Options } from 'amqplib';
import { IllegalOperationError } from 'amqplib';
import { ConnectorError, errorText } from '../domain/errors';
import { guarded, Signal } from '../store/signal';
import { QueueConsumer } from './consumer';
import { OneWrite } from './one-write';
import type { Broker, ConsumeSpec, OutgoingMessage } from './ports';
import { QueueWatch } from './queue-watch';
import type { BrokerDeps, RabbitAddress } from './rabbit-link';
import { RabbitLink, socketOf } from './rabbit-link';
import { amqpProperties } from './rabbit-message';
import { Returns } from './returns';
import { topicMatches } from './topic';
import type { RabbitNames, UserEventsQueue } from './topology';
import { DEFAULT_NAMES, Topology } from './topology';

export interface RabbitOptions extends RabbitAddress {
  readonly instanceId: string;
  /** Absent: the queue of user events is neither declared nor looked at. */
  readonly userEvents?: UserEventsQueue;
  readonly names?: Partial<RabbitNames>;
}

/** Frames the transient channel holds before it asks the caller to wait: a ticker batch is one or a few. */
const TRANSIENT_BUFFER_FRAMES = 128;

interface Publishing {
  readonly model: ChannelModel;
  readonly confirmed: ConfirmChannel;
  readonly transient: Channel;
  /** Absent: nobody promised that events find a queue. */
  readonly returns: Returns | undefined;
  readonly oneWrite: OneWrite | undefined;
}

/**
 * `Broker` on RabbitMQ (3.8 or newer). Publishing and consuming have a connection each: a broker in
 * alarm stops reading from connections that publish, and would not read our acknowledgements either
 * (https://www.rabbitmq.com/docs/alarms). Connects by itself from construction.
 */
export class RabbitBroker implements Broker {
  private readonly topology: Topology;
  private readonly publishingLink: RabbitLink;
  private consumingLink: RabbitLink | undefined;
  private consumingModel: ChannelModel | undefined;
  private readonly consumers = new Set<QueueConsumer>();
  private readonly userEventsWatch: QueueWatch | undefined;
  private publishing: Publishing | undefined;
  private isBlocked = false;
  private isWritable = true;
  private isClosed = false;
  private readonly changed = new Signal();
  private readonly writable = new Signal();
  private readonly queueLost = new Signal();

  constructor(
    private readonly options: RabbitOptions,
    private readonly deps: BrokerDeps,
  ) {
    const names = { ...DEFAULT_NAMES, ...options.names };
    const { userEvents } = options;
    this.topology = new Topology(names, userEvents, deps.telemetry.log);
    const missed = (): void => this.publishing?.returns?.declareAgain();
    this.userEventsWatch =
      userEvents && new QueueWatch(names.userEventsQueue, userEvents.maxLength, deps, missed);
    this.publishingLink = new RabbitLink(
      options,
      {
        target: 'rabbitmq',
        name: `websocket-connector ${options.instanceId} publishing`,
        up: (model) => this.openPublishing(model),
        down: () => this.closePublishing(),
      },
      deps,
    );
  }

  get ready(): boolean {
    return this.publishing !== undefined && !this.isBlocked;
  }

  onReady(listener: () => void): () => void {
    const unsubscribe = this.changed.add(listener);
    if (this.ready) listener();
    return unsubscribe;
  }

  onWritable(listener: () => void): () => void {
    return this.writable.add(listener);
  }

  onQueueLost(listener: () => void): () => void {
    return this.queueLost.add(listener);
  }

  publish(message: OutgoingMessage): boolean {
    const { eventExchange } = this.topology.names;
    const properties = amqpProperties(message, this.options.instanceId);
    return this.sendTransient(eventExchange, message.routingKey, message.body, properties);
  }

  publishConfirmed(message: OutgoingMessage, settled: (failure?: ConnectorError) => void): boolean {
    const { publishing } = this;
    if (!publishing || !this.ready) return false;
    const { eventExchange, userEventsBinding } = this.topology.names;
    const mustRoute = publishing.returns && topicMatches(userEventsBinding, message.routingKey);
    let isReturned: (() => boolean) | undefined;
    try {
      publishing.confirmed.publish(
        eventExchange,
        message.routingKey,
        Buffer.from(message.body),
        amqpProperties(message, this.options.instanceId, mustRoute),
        (error: unknown) => {
          const handedBack = isReturned?.()
            ? unpublished('handed the message back: no queue takes it')
            : undefined;
          guarded(() => settled(error ? unpublished('did not confirm the message', error) : handedBack));
        },
      );
      if (mustRoute) isReturned = publishing.returns?.expect(message.properties.messageId);
      publishing.oneWrite?.published();
      return true;
    } catch (error) {
      return this.unsendable(publishing, error, settled);
    }
  }

  async consume(spec: ConsumeSpec): Promise<void> {
    if (this.isClosed) throw stopped();
    const consumer = new QueueConsumer(spec, this.topology, (...post) => this.post(...post), this.deps);
    this.consumers.add(consumer);
    this.consumingLink ??= this.linkConsumers();
    if (this.consumingModel) consumer.attach(this.consumingModel);
    await consumer.started;
  }

  async stopConsuming(): Promise<void> {
    const consumers = [...this.consumers];
    this.consumers.clear();
    await Promise.all(consumers.map((consumer) => consumer.stop(stopped())));
    const link = this.consumingLink;
    this.consumingLink = undefined;
    await link?.close();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.stopConsuming();
    await this.publishingLink.close();
    this.changed.clear();
    this.writable.clear();
    this.queueLost.clear();
  }

  private linkConsumers(): RabbitLink {
    let current: ChannelModel | undefined;
    return new RabbitLink(
      this.options,
      {
        target: 'rabbitmq_consumers',
        name: `websocket-connector ${this.options.instanceId} consuming`,
        up: (model) => {
          current = this.consumingModel = model;
          for (const consumer of this.consumers) consumer.attach(model);
          // Here, as a broker in alarm does not read the questions of those who publish.
          this.userEventsWatch?.attach(model);
          return Promise.resolve();
        },
        down: () => {
          if (current === undefined || this.consumingModel !== current) return;
          this.consumingModel = undefined;
          for (const consumer of this.consumers) consumer.detach();
          this.userEventsWatch?.detach();
        },
      },
      this.deps,
    );
  }

  private async openPublishing(model: ChannelModel): Promise<void> {
    let isBlocked = false;
    model.on('blocked', (reason) => {
      isBlocked = true;
      this.setBlocked(model, true, reason);
    });
    model.on('unblocked', () => {
      isBlocked = false;
      this.setBlocked(model, false);
    });
    await this.declare(model);
    const confirmed = await model.createConfirmChannel();
    this.watch(model, confirmed);
    const transient = await model.createChannel({ highWaterMark: TRANSIENT_BUFFER_FRAMES });
    this.watch(model, transient);
    transient.on('drain', () => this.drained(model));
    const socket = socketOf(model);
    const oneWrite = socket && new OneWrite(socket);
    const returns =
      this.options.userEvents && new Returns(confirmed, this.queueLost, () => this.declare(model), this.deps);
    this.publishing = { model, confirmed, transient, returns, oneWrite };
    this.isBlocked = isBlocked;
    this.isWritable = true;
    this.changed.emit();
    this.writable.emit();
  }

  private async declare(model: ChannelModel): Promise<void> {
    if (await this.topology.declarePublishing(model)) this.queueLost.emit();
  }

  /** Without either channel the connection is of no use: a new one also declares anew what may be missing. */
  private watch(model: ChannelModel, channel: Channel): void {
    channel.on('error', (error) => {
      this.deps.telemetry.log.warn({ error: errorText(error) }, 'RabbitMQ closed a publishing channel');
    });
    // First of all listeners, so that whoever hears of a lost confirm finds us not ready.
    channel.prependListener('close', () => {
      if (this.publishing?.model === model) this.closePublishing();
      this.publishingLink.restart(model);
    });
  }

  private closePublishing(): void {
    if (!this.publishing) return;
    const wasReady = this.ready;
    this.publishing = undefined;
    this.isBlocked = false;
    if (wasReady) this.changed.emit();
  }

  private setBlocked(model: ChannelModel, isBlocked: boolean, reason?: string): void {
    const { log } = this.deps.telemetry;
    if (isBlocked) log.warn({ reason }, 'RabbitMQ blocks publishers (resource alarm); waiting');
    else log.info({}, 'RabbitMQ takes messages again');
    if (this.publishing?.model !== model || this.isBlocked === isBlocked) return;
    this.isBlocked = isBlocked;
    this.changed.emit();
    if (!isBlocked && this.isWritable) this.writable.emit();
  }

  private drained(model: ChannelModel): void {
    if (this.publishing?.model !== model || this.isWritable) return;
    this.isWritable = true;
    if (this.ready) this.writable.emit();
  }

  private sendTransient(exchange: string, key: string, body: string, properties: Options.Publish): boolean {
    const { publishing } = this;
    if (!publishing || !this.ready || !this.isWritable) return false;
    try {
      this.isWritable = publishing.transient.publish(exchange, key, Buffer.from(body), properties);
      publishing.oneWrite?.published();
      return true;
    } catch (error) {
      this.deps.telemetry.log.error({ key, error: errorText(error) }, 'message could not be sent');
      return false;
    }
  }

  private post(
    queue: string,
    body: string,
    { correlationId, persistent }: { readonly correlationId?: string; readonly persistent: boolean },
  ): boolean {
    return this.sendTransient('', queue, body, {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      appId: 'websocket-connector',
      persistent,
      ...(correlationId === undefined ? {} : { correlationId }),
    });
  }

  /** A closing channel refuses everything and its end follows; a message that cannot be encoded never can. */
  private unsendable(
    publishing: Publishing,
    error: unknown,
    settled: (failure: ConnectorError) => void,
  ): boolean {
    if (this.publishing !== publishing || error instanceof IllegalOperationError) return false;
    const failure = new ConnectorError('BROKER_UNAVAILABLE', 'the message cannot be encoded for AMQP', {
      retry: 'never',
      cause: error,
    });
    queueMicrotask(() => settled(failure));
    return true;
  }
}

function unpublished(reason: string, cause?: unknown): ConnectorError {
  return new ConnectorError('BROKER_UNAVAILABLE', `RabbitMQ ${reason}`, { cause });
}

function stopped(): ConnectorError {
  return new ConnectorError('STOPPED', 'the broker is closed', { retry: 'never' });
}
