/** The account process on real parts, with a venue simulator before it and a witness behind each door. */
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { Redis } from 'ioredis';
import { DEAD_LETTER_QUEUE } from '../bus/routes';
import { loadConfig } from '../config';
import { systemClock } from '../ops/clock';
import type { HealthServer } from '../ops/health';
import { startHealthServer } from '../ops/health';
import { MeterTally } from '../ops/meter-tally';
import { createMeter } from '../ops/metrics';
import type { Simulator } from '../simulator';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { openRedisProbe, RabbitProbe, rabbitService, redisService } from '../testing/services';
import Connector from '../userStream';
import type { Keys } from './market-table';
import { Proofs } from './proofs';

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
  readonly proofs = new Proofs();
  connector: Connector | undefined;
  private readonly log = new RecordedTelemetry();
  private readonly exporter = createMeter();
  private readonly tally = new MeterTally(this.exporter, systemClock);
  private health: HealthServer | undefined;
  /** Of every channel of Redis. */
  private readonly messages: string[] = [];
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
    simulator.overhear((heard) => stage.proofs.hear(heard));
    await stage.listen();
    return stage;
  }

  /** Starts the process under test; environment variables may be added. */
  async start(environment: Record<string, string> = {}): Promise<Connector> {
    const connector = new Connector({
      telemetry: { log: this.log.log, meter: this.tally },
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
    const { tally, exporter } = this;
    this.health = await startHealthServer({
      ...{ port: 0, host: '127.0.0.1', log: this.log.log, clock: systemClock, meter: tally },
      page: {
        report: () => Promise.resolve(connector.report(tally)),
        streams: () => connector.streams(),
        stream: (room) => connector.stream(room),
      },
      status: () => ({ isReady: true, reasons: [], detail: { ...connector.status() } }),
      metrics: () => exporter.text(),
    });
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
    this.sendText(JSON.stringify({ payload }));
  }

  sendText(body: string): void {
    this.probe.channel.publish('gainium', 'usersStreamAction', Buffer.from(body));
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

  /** Commands that nobody could read, as the broker keeps them; they stay there. */
  async deadLetters(): Promise<readonly string[]> {
    const { channel } = this.probe;
    const letters: string[] = [];
    for (;;) {
      const letter = await channel.get(DEAD_LETTER_QUEUE);
      if (letter === false) break;
      letters.push(letter.content.toString() + JSON.stringify(letter.properties));
    }
    channel.nackAll();
    return letters;
  }

  /** What the process tells over HTTP of itself and of these rooms. */
  async pages(rooms: readonly string[]): Promise<readonly string[]> {
    const paths = ['/health', '/ready', '/metrics', '/', '/api/status'];
    const all = [...paths, ...rooms.flatMap((room) => [`/streams/${room}`, `/api/streams/${room}`])];
    return Promise.all(
      all.map(async (path) => (await fetch(`http://127.0.0.1:${this.health?.port ?? 0}${path}`)).text()),
    );
  }

  /** Every text that left the process so far, and what Redis and RabbitMQ keep of it. */
  async everything(): Promise<string> {
    const names = await this.keys.keys('*');
    const values = await Promise.all(names.map((name) => this.valueOf(name)));
    const deep = { depth: null, maxArrayLength: null, maxStringLength: null, showHidden: true } as const;
    return [
      // As objects, before anything is scrubbed: errors with their causes.
      inspect(this.log.lines, deep),
      JSON.stringify([[...this.onRedis], this.messages, this.delivered]),
      ...[names.join('\n'), ...values],
      ...(await this.deadLetters()),
      ...(await this.pages([...this.rooms])),
      JSON.stringify(this.connector?.status()),
    ].join('\n');
  }

  async end(): Promise<void> {
    await this.connector?.stop();
    await this.health?.close();
    await this.probe.close();
    this.subscriber.disconnect();
    this.keys.disconnect();
    await this.simulator.close();
  }

  private async valueOf(name: string): Promise<string> {
    switch (await this.keys.type(name)) {
      case 'string':
        return String(await this.keys.get(name));
      case 'hash':
        return JSON.stringify(await this.keys.hgetall(name));
      case 'zset':
        return JSON.stringify(await this.keys.zrange(name, 0, '-1'));
      case 'set':
        return JSON.stringify(await this.keys.smembers(name));
      case 'list':
        return JSON.stringify(await this.keys.lrange(name, 0, -1));
      case 'none': // expired meanwhile
        return '';
      default:
        throw new Error(`a kind of key that nobody looks into: ${name}`);
    }
  }

  private async listen(): Promise<void> {
    this.subscriber.on('message', (channel: string, text: string) => {
      this.onRedis.set(channel, [...(this.onRedis.get(channel) ?? []), text]);
    });
    this.subscriber.on('pmessage', (_pattern: string, channel: string, text: string) => {
      this.messages.push(channel, text);
    });
    await this.subscriber.psubscribe('*');
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
