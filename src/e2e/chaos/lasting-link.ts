import type { ChannelModel } from 'amqplib';
import { connect } from 'amqplib';

const RETRY_MS = 200;

/** A connection to the broker that comes back for ever, as the broker is killed on purpose. */
export class LastingLink {
  private model: ChannelModel | undefined;
  private isClosed = false;

  constructor(
    private readonly env: Readonly<Record<string, string>>,
    private readonly deps: {
      /** Every new connection. */
      up(model: ChannelModel): Promise<void>;
      down(): void;
      note(text: string): void;
    },
  ) {}

  async open(): Promise<void> {
    const { RABBIT_HOST: hostname = '', RABBIT_PORT: port = '' } = this.env;
    const model = await connect({ hostname, port: Number(port), username: 'guest', password: 'guest' });
    model.on('error', (error: Error) => this.deps.note(error.message));
    model.on('close', () => void this.again());
    this.model = model;
    await this.deps.up(model);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.model?.close();
  }

  private async again(): Promise<void> {
    this.model = undefined;
    this.deps.down();
    while (!this.isClosed) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      try {
        return await this.open();
      } catch (error) {
        this.deps.note(error instanceof Error ? error.message : 'no broker');
      }
    }
  }
}
