import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { LastingLink } from './lasting-link';

export interface Command {
  readonly queue: 'usersStreamAction' | 'candlesRequests';
  readonly payload: object;
}

/**
 * What the backend asks for, in order, until the broker has confirmed it: the broker may be away just then. On a
 * connection of its own: a broker in alarm does not read from those who publish.
 */
export class Commands {
  private readonly link: LastingLink;
  private channel: ConfirmChannel | undefined;
  private waiting: Command[] = [];
  private isSending = false;

  constructor(
    env: Readonly<Record<string, string>>,
    private readonly note: (text: string) => void,
  ) {
    this.link = new LastingLink(env, {
      up: (model) => this.up(model),
      down: () => (this.channel = undefined),
      note: (text) => note(`commands: ${text}`),
    });
  }

  open(): Promise<void> {
    return this.link.open();
  }

  close(): Promise<void> {
    return this.link.close();
  }

  send(commands: readonly Command[]): void {
    this.waiting.push(...commands);
    void this.flush();
  }

  private async up(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    channel.on('error', (error: Error) => this.note(`commands: ${error.message}`));
    await channel.assertExchange('gainium', 'direct', { durable: true });
    this.channel = channel;
    void this.flush();
  }

  private async flush(): Promise<void> {
    const { channel } = this;
    if (!channel || this.isSending || this.waiting.length === 0) return;
    this.isSending = true;
    const sent = this.waiting.splice(0);
    try {
      for (const { queue, payload } of sent) {
        channel.publish('gainium', queue, Buffer.from(JSON.stringify({ payload })), { persistent: true });
      }
      await channel.waitForConfirms();
    } catch (error) {
      this.waiting.unshift(...sent);
      this.note(`asks again: ${error instanceof Error ? error.message : 'no confirm'}`);
    }
    this.isSending = false;
    // What came meanwhile, on the channel that is there by now.
    void this.flush();
  }
}
