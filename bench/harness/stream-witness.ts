import type { Channel, ChannelModel } from 'amqplib';
import { Redis } from 'ioredis';
import { connectRabbit, hearEvents } from './rabbit';

const NOTICE = 'userStreamInfo';

export interface OrderEvent {
  readonly orderStatus?: string;
  readonly orderTime?: number;
  readonly orderId?: string | number;
}

interface Keys {
  readonly key: string;
  readonly secret: string;
  readonly passphrase: string;
}

/** The backend's side of many streams: opens them, sees them announced, and hears how orders end. */
export class StreamWitness {
  /** By room: announcements, and when the first one came (performance.now). */
  readonly counts = new Map<string, number>();
  readonly liveAt = new Map<string, number>();
  announcements = 0;
  /** Orders whose end came, by door. */
  readonly ended = { redis: new Set<string>(), rabbit: new Set<string>() };

  private constructor(
    private readonly redis: Redis,
    private readonly model: ChannelModel,
    private readonly channel: Channel,
  ) {}

  static async open(env: Readonly<Record<string, string>>): Promise<StreamWitness> {
    const { REDIS_HOST: host = '', REDIS_PORT } = env;
    const redis = new Redis({ host, port: Number(REDIS_PORT) });
    const model = await connectRabbit(env);
    const channel = await model.createChannel();
    const witness = new StreamWitness(redis, model, channel);
    redis.on('message', (name: string, text: string) => witness.published(name, text));
    await hearEvents(channel, ['user.#'], (content) => witness.delivered(content));
    return witness;
  }

  async listen(rooms: readonly string[]): Promise<void> {
    for (const room of rooms) await this.redis.subscribe(room, NOTICE + room);
  }

  open(uuid: string, provider: string, keys: Keys): void {
    const payload = { event: 'open stream', uuid, data: { userId: 'bench', api: { ...keys, provider } } };
    this.channel.publish('gainium', 'usersStreamAction', Buffer.from(JSON.stringify({ payload })));
  }

  /** Counts announcements anew. */
  forget(): void {
    this.counts.clear();
    this.liveAt.clear();
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    await this.model.close();
  }

  private published(channel: string, text: string): void {
    if (!channel.startsWith(NOTICE)) return this.took('redis', text);
    const room = channel.slice(NOTICE.length);
    this.announcements += 1;
    this.counts.set(room, (this.counts.get(room) ?? 0) + 1);
    if (!this.liveAt.has(room)) this.liveAt.set(room, performance.now());
  }

  private delivered(content: Buffer): void {
    this.took('rabbit', content.toString());
  }

  private took(door: 'redis' | 'rabbit', text: string): void {
    const { orderStatus, orderId } = JSON.parse(text) as OrderEvent;
    if (orderStatus === 'CANCELED' && orderId !== undefined) this.ended[door].add(String(orderId));
  }
}
