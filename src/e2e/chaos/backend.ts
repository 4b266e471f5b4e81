/** The backend's side: asks for streams and candles again whenever it is told to, and remembers what came. */
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { BarBook } from '../../testing/bar-book';

export interface Heard {
  readonly body: Readonly<Record<string, unknown>>;
  readonly isReconciled: boolean;
}

const QUEUE = 'chaos.witness';
const RETRY_MS = 200;

export class Backend {
  /** By room, what RabbitMQ delivered, each message id once, in order. */
  readonly rooms = new Map<string, Heard[]>();
  /** Closed bars, by `exchange symbol interval`. */
  readonly candles = new BarBook();
  /** How often Redis brought a message of balance deltas, by id. */
  readonly deltas = new Map<string, number>();
  repeats = 0;
  readonly notices: string[] = [];
  private readonly seen = new Set<string>();
  private readonly redis: Redis;
  private model: ChannelModel | undefined;
  private requests: readonly { readonly queue: string; readonly payload: object }[] = [];
  /** Queues whose requests are to be sent, until the broker has confirmed them: it may be away just then. */
  private readonly wanted = new Set<string>();
  private channel: ConfirmChannel | undefined;
  private isPaused = false;
  private isClosed = false;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly env: Readonly<Record<string, string>>) {
    const { REDIS_HOST: host = '', REDIS_PORT: port = '' } = env;
    this.redis = new Redis({
      host,
      port: Number(port),
      maxRetriesPerRequest: null,
      retryStrategy: () => RETRY_MS,
    });
    // The server is killed on purpose; the client comes back by itself.
    this.redis.on('error', () => undefined);
    this.redis.on('message', (channel, text) => this.published(channel, text));
  }

  /** What it asks for, now and whenever a process says that it has started. */
  async open(rooms: readonly string[], requests: typeof this.requests): Promise<void> {
    this.requests = requests;
    await this.redis.subscribe('serviceLog', ...rooms);
    await this.dial();
  }

  /** A slow consumer: nothing is acknowledged until it goes on. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const go of this.waiting.splice(0)) go();
  }

  ask(queue: string): void {
    this.wanted.add(queue);
    void this.send();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.redis.disconnect();
    await this.model?.close();
  }

  private async send(): Promise<void> {
    const { channel } = this;
    if (!channel) return;
    const sent = new Set(this.wanted);
    try {
      for (const { queue, payload } of this.requests) {
        if (!sent.has(queue)) continue;
        channel.publish('gainium', queue, Buffer.from(JSON.stringify({ payload })), { persistent: true });
      }
      for (const queue of sent) this.wanted.delete(queue);
      await channel.waitForConfirms();
    } catch (error) {
      for (const queue of sent) this.wanted.add(queue);
      this.notices.push(`witness asks again: ${error instanceof Error ? error.message : 'no confirm'}`);
    }
  }

  private async dial(): Promise<void> {
    const { RABBIT_HOST: hostname = '', RABBIT_PORT: port = '' } = this.env;
    const model = await connect({ hostname, port: Number(port), username: 'guest', password: 'guest' });
    model.on('error', (error: Error) => this.notices.push(`witness: ${error.message}`));
    model.on('close', () => void this.again());
    const channel = await model.createConfirmChannel();
    channel.on('error', (error: Error) => this.notices.push(`witness: ${error.message}`));
    await channel.assertExchange('gainium', 'direct', { durable: true });
    await channel.assertExchange('gainium.events', 'topic', { durable: true });
    await channel.assertQueue(QUEUE, { durable: true });
    for (const key of ['user.#', 'candle.#']) await channel.bindQueue(QUEUE, 'gainium.events', key);
    await channel.prefetch(200);
    await channel.consume(QUEUE, (message) => {
      if (!message) return;
      const take = (): void => {
        this.delivered(message);
        channel.ack(message);
      };
      if (this.isPaused) this.waiting.push(take);
      else take();
    });
    this.model = model;
    this.channel = channel;
    await this.send();
  }

  /** For ever, as the broker is killed on purpose. Unacknowledged messages are delivered anew. */
  private async again(): Promise<void> {
    this.channel = undefined;
    this.waiting.splice(0);
    while (!this.isClosed) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      try {
        return await this.dial();
      } catch (error) {
        this.notices.push(`witness waits: ${error instanceof Error ? error.message : 'no broker'}`);
      }
    }
  }

  private delivered({ content, fields, properties }: ConsumeMessage): void {
    const { messageId, headers } = properties as { messageId?: string; headers?: Record<string, unknown> };
    const body = JSON.parse(content.toString()) as Record<string, unknown>;
    if (fields.routingKey.startsWith('candle.')) return this.candle(body);
    const room = fields.routingKey.split('.').at(-1) ?? '';
    const id = `${room} ${messageId}`;
    if (this.seen.has(id)) {
      this.repeats += 1;
      return;
    }
    this.seen.add(id);
    const heard = this.rooms.get(room) ?? [];
    heard.push({ body, isReconciled: headers?.['x-reconciled'] === true });
    this.rooms.set(room, heard);
  }

  private candle(body: Record<string, unknown>): void {
    const { exchange, symbol, interval, start, closed, close, volume } = body;
    if (closed !== true) return;
    const key = `${String(exchange)} ${String(symbol)} ${String(interval)}`;
    const bar = { close: String(close), volume: String(volume) };
    if (!this.candles.add(key, Number(start), bar)) this.repeats += 1;
  }

  private published(channel: string, text: string): void {
    if (channel === 'serviceLog') return this.noticed(text);
    const { eventType, uniqueMessageId } = JSON.parse(text) as Record<string, unknown>;
    if (eventType !== 'balanceUpdate') return;
    const id = `${channel} ${String(uniqueMessageId)}`;
    this.deltas.set(id, (this.deltas.get(id) ?? 0) + 1);
  }

  private noticed(text: string): void {
    this.notices.push(text);
    const { restart } = JSON.parse(text) as { restart?: string };
    if (restart === 'userStream') this.ask('usersStreamAction');
    if (restart === 'priceConnector') this.ask('candlesRequests');
  }
}
