/** The backend's side: asks for streams and candles again whenever it is told to, and remembers what came. */
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { Redis } from 'ioredis';
import { BarBook } from '../../testing/bar-book';
import { Commands, type Command } from './commands';
import { LastingLink } from './lasting-link';

export interface Heard {
  readonly body: Readonly<Record<string, unknown>>;
  readonly isReconciled: boolean;
}

const CANDLE_QUEUE = 'chaos.candles';
/** The connector's own: it alone must hold whatever nobody has read yet. */
const USER_QUEUE = 'userStreamEvents';
const RETRY_MS = 200;
const DELETE_TRIES = 20;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Backend {
  /** By room, what RabbitMQ delivered, each message id once, in order. */
  readonly rooms = new Map<string, Heard[]>();
  /** Closed bars, by `exchange symbol interval`. */
  readonly candles = new BarBook();
  /** How often Redis brought a balance delta, by room, coin and amount: no two transfers move the same amount. */
  readonly deltas = new Map<string, number>();
  repeats = 0;
  readonly notices: string[] = [];
  private readonly seen = new Set<string>();
  private readonly redis: Redis;
  private readonly commands: Commands;
  private readonly link: LastingLink;
  private model: ChannelModel | undefined;
  private requests: (queue: Command['queue']) => readonly Command[] = () => [];
  private isPaused = false;
  private isClosed = false;
  private readonly waiting: (() => void)[] = [];

  constructor(env: Readonly<Record<string, string>>) {
    const note = (text: string): void => void this.notices.push(`witness: ${text}`);
    this.commands = new Commands(env, note);
    this.link = new LastingLink(env, { up: (model) => this.up(model), down: () => this.down(), note });
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

  /** `requests`: what it asks for whenever a process says that it has started. */
  async open(rooms: readonly string[], requests: typeof this.requests): Promise<void> {
    this.requests = requests;
    await this.redis.subscribe('serviceLog', ...rooms);
    await Promise.all([this.commands.open(), this.link.open()]);
  }

  /** A slow consumer: nothing is acknowledged until it goes on. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const go of this.waiting.splice(0)) go();
  }

  ask(queue: Command['queue']): void {
    this.send(this.requests(queue));
  }

  send(commands: readonly Command[]): void {
    this.commands.send(commands);
  }

  /** An operator deletes the queue of user events, once everything in it is read: what is deleted with it is lost. */
  async deleteUserEvents(): Promise<boolean> {
    for (let attempt = 0; attempt < DELETE_TRIES; attempt += 1) {
      const channel = await this.model?.createChannel();
      // A queue that is not empty is refused by closing the channel.
      channel?.on('error', () => undefined);
      try {
        await channel?.deleteQueue(USER_QUEUE, { ifEmpty: true });
        await channel?.close();
        return channel !== undefined;
      } catch {
        await pause(RETRY_MS);
      }
    }
    return false;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.redis.disconnect();
    await Promise.all([this.commands.close(), this.link.close()]);
  }

  private async up(model: ChannelModel): Promise<void> {
    this.model = model;
    const channel = await model.createChannel();
    channel.on('error', (error: Error) => this.notices.push(`witness: ${error.message}`));
    await channel.assertExchange('gainium.events', 'topic', { durable: true });
    await channel.assertQueue(CANDLE_QUEUE, { durable: true });
    await channel.bindQueue(CANDLE_QUEUE, 'gainium.events', 'candle.#');
    await this.consume(channel, CANDLE_QUEUE, () => undefined);
    void this.consumeUserEvents(model);
  }

  /** Unacknowledged messages are delivered anew. */
  private down(): void {
    this.model = undefined;
    this.waiting.splice(0);
  }

  /** The connector declares the queue: its consumer waits for it, also where somebody has deleted it. */
  private async consumeUserEvents(model: ChannelModel): Promise<void> {
    while (this.model === model && !this.isClosed) {
      try {
        const channel = await model.createChannel();
        channel.on('error', () => undefined);
        await channel.checkQueue(USER_QUEUE);
        return await this.consume(channel, USER_QUEUE, () => void this.consumeUserEvents(model));
      } catch {
        await pause(RETRY_MS);
      }
    }
  }

  private async consume(channel: Channel, queue: string, gone: () => void): Promise<void> {
    await channel.prefetch(200);
    await channel.consume(queue, (message) => {
      if (!message) return gone();
      const take = (): void => {
        this.delivered(message);
        channel.ack(message);
      };
      if (this.isPaused) this.waiting.push(take);
      else take();
    });
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
    const { eventType, asset, balanceDelta } = JSON.parse(text) as Record<string, unknown>;
    if (eventType !== 'balanceUpdate') return;
    const id = `${channel} ${String(asset)} ${String(balanceDelta)}`;
    this.deltas.set(id, (this.deltas.get(id) ?? 0) + 1);
  }

  private noticed(text: string): void {
    this.notices.push(text);
    const { restart } = JSON.parse(text) as { restart?: string };
    if (restart === 'userStream') this.ask('usersStreamAction');
    if (restart === 'priceConnector') this.ask('candlesRequests');
  }
}
