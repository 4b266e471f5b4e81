/** The account process on real parts, with a venue simulator before it and a witness behind each door. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { loadConfig } from '../config';
import type { Simulator } from '../simulator';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { openRedisProbe, RabbitProbe, rabbitService, redisService } from '../testing/services';
import Connector from '../userStream';
import type { Keys } from './market-table';

export interface Delivered {
  readonly routingKey: string;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly deliveryMode: unknown;
  readonly messageId: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

export class AccountStage {
  readonly delivered: Delivered[] = [];
  readonly onRedis = new Map<string, string[]>();
  readonly telemetry = new RecordedTelemetry();
  connector: Connector | undefined;
  private readonly rooms = new Set<string>();

  private constructor(
    readonly simulator: Simulator,
    readonly probe: RabbitProbe,
    readonly keys: Redis,
    private readonly subscriber: Redis,
  ) {}

  static async open(simulator: Simulator): Promise<AccountStage> {
    const probe = await RabbitProbe.open();
    await probe.takeTurn('usersStreamAction');
    const stage = new AccountStage(simulator, probe, await openRedisProbe(), await openRedisProbe());
    await stage.listen();
    return stage;
  }

  /** Starts the process under test; environment variables may be added. */
  async start(environment: Record<string, string> = {}): Promise<Connector> {
    const connector = new Connector({
      telemetry: this.telemetry,
      config: loadConfig({
        REDIS_HOST: redisService.host,
        REDIS_PORT: String(redisService.port),
        RABBIT_HOST: rabbitService.host,
        RABBIT_PORT: String(rabbitService.port),
        RABBIT_USER: rabbitService.user,
        RABBIT_PASSWORD: rabbitService.password,
        EXCHANGE_SERVICE_API_URL: '',
        VENUE_ENDPOINTS: this.simulator.overrides(),
        LOG_LEVEL: 'silent',
        ...environment,
      }),
    });
    this.connector = connector;
    await connector.started;
    return connector;
  }

  /** A room of its own for each call; listened to on Redis. */
  async newRoom(): Promise<string> {
    const room = randomUUID();
    this.rooms.add(room);
    await this.subscriber.subscribe(room, `userStreamInfo${room}`);
    return room;
  }

  send(payload: object): void {
    this.probe.channel.publish('gainium', 'usersStreamAction', Buffer.from(JSON.stringify({ payload })));
  }

  open(uuid: string, provider: string, keys: Keys, more: object = {}): void {
    const api = { ...keys, provider, ...more };
    this.send({ event: 'open stream', uuid, data: { userId: 'u1', api } });
  }

  close(uuid: string): void {
    this.send({ event: 'close stream', uuid });
  }

  announcements(room: string): readonly string[] {
    return this.onRedis.get(`userStreamInfo${room}`) ?? [];
  }

  /** What Redis brought on the room's channel. */
  redisTexts(room: string): readonly string[] {
    return this.onRedis.get(room) ?? [];
  }

  ofRoom(room: string): readonly Delivered[] {
    return this.delivered.filter(({ routingKey }) => routingKey.endsWith(room));
  }

  /** Order events of a room as RabbitMQ delivered them. */
  orders(room: string): readonly Delivered[] {
    return this.ofRoom(room).filter(({ body }) => 'orderStatus' in body);
  }

  status(room: string): Readonly<Record<string, unknown>> {
    return (this.connector?.status().rooms[room] ?? {}) as Readonly<Record<string, unknown>>;
  }

  /** Every text that left the process, and what its keys of Redis hold. */
  async everything(): Promise<string> {
    const names = await this.keys.keys('*');
    const hashes = await Promise.all(
      names.map(async (name) =>
        (await this.keys.type(name)) === 'hash' ? JSON.stringify(await this.keys.hgetall(name)) : '',
      ),
    );
    const status = JSON.stringify(this.connector?.status());
    const told = JSON.stringify([
      [...this.onRedis],
      this.delivered.map(({ text, headers }) => [text, headers]),
    ]);
    return [this.telemetry.allText(), told, names.join(' '), hashes.join(' '), status].join('\n');
  }

  async end(): Promise<void> {
    await this.connector?.stop();
    await this.probe.close();
    this.subscriber.disconnect();
    this.keys.disconnect();
    await this.simulator.close();
  }

  private async listen(): Promise<void> {
    this.subscriber.on('message', (channel: string, text: string) => {
      this.onRedis.set(channel, [...(this.onRedis.get(channel) ?? []), text]);
    });
    await this.subscriber.subscribe('serviceLog');
    const { channel } = this.probe;
    await channel.assertExchange('gainium.events', 'topic', { durable: true });
    const queue = this.probe.queueName('accounts');
    await channel.assertQueue(queue, { durable: true });
    await channel.bindQueue(queue, 'gainium.events', 'user.#');
    await channel.consume(queue, (message) => message && this.received(message), { noAck: true });
  }

  private received({
    content,
    fields,
    properties,
  }: {
    readonly content: Buffer;
    readonly fields: { readonly routingKey: string };
    readonly properties: object;
  }): void {
    const { routingKey } = fields;
    // Other tests share the server.
    if (![...this.rooms].some((room) => routingKey.endsWith(room))) return;
    const { deliveryMode, messageId, headers = {} } = properties as Partial<Delivered>;
    const text = content.toString();
    const body = JSON.parse(text) as Delivered['body'];
    this.delivered.push({ routingKey, text, body, deliveryMode, messageId, headers });
  }
}
