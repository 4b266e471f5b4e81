import type { Channel, ChannelModel } from 'amqplib';
import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';

const LOOK_MS = 15_000;
/** AMQP's reply code. */
const NOT_FOUND = 404;

/**
 * Looks now and then how many events wait in a queue, and who consumes it. Only a look: on a channel of its own,
 * since RabbitMQ answers a missing or forbidden queue by closing the channel; the next look opens another one.
 */
export class QueueWatch {
  private model: ChannelModel | undefined;
  private channel: Channel | undefined;
  private timer: Timer | undefined;
  private isLooking = false;
  private isFailureTold = false;

  constructor(
    private readonly queue: string,
    private readonly limit: number,
    private readonly deps: { readonly telemetry: Telemetry; readonly clock: Clock },
    /** Where another queue takes the events, nothing but this look tells that this one is gone. */
    private readonly onMissing: () => void,
  ) {}

  /** Begins on a new connection. The first look comes a while later: the queue may still be declared on another one. */
  attach(model: ChannelModel): void {
    this.detach();
    this.model = model;
    this.timer = this.deps.clock.every(LOOK_MS, () => void this.look(model));
  }

  detach(): void {
    this.deps.clock.cancel(this.timer);
    this.model = undefined;
    this.channel = undefined;
    this.isLooking = false;
    this.unknown();
  }

  private async look(model: ChannelModel): Promise<void> {
    // A broker that is slow to answer is not asked twice.
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const channel = (this.channel ??= await this.open(model));
      const { messageCount, consumerCount } = await channel.checkQueue(this.queue);
      if (this.model !== model) return;
      this.tell(messageCount, consumerCount, this.limit);
      this.isFailureTold = false;
    } catch (error) {
      if (this.model === model) this.failed(error);
    } finally {
      if (this.model === model) this.isLooking = false;
    }
  }

  private async open(model: ChannelModel): Promise<Channel> {
    const channel = await model.createChannel();
    // The refusal also rejects the look; without a listener it would end the process.
    channel.on('error', () => this.lost(channel));
    channel.on('close', () => this.lost(channel));
    return channel;
  }

  private lost(channel: Channel): void {
    if (this.channel === channel) this.channel = undefined;
  }

  private failed(error: unknown): void {
    this.channel = undefined;
    this.unknown();
    if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) this.onMissing();
    if (this.isFailureTold) return;
    this.isFailureTold = true;
    const { queue } = this;
    this.deps.telemetry.log.warn(
      { queue, error: errorText(error) },
      'queue of user events cannot be looked at',
    );
  }

  /** An old number would go on telling that all is well. A bound of 0 says that nothing is known. */
  private unknown(): void {
    this.tell(0, 0, 0);
  }

  private tell(waiting: number, consumers: number, limit: number): void {
    const { meter } = this.deps.telemetry;
    meter.gauge('connector_user_events_waiting', waiting);
    meter.gauge('connector_user_events_consumers', consumers);
    meter.gauge('connector_user_events_limit', limit);
  }
}
