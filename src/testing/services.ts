import { randomBytes } from 'node:crypto';
import type { Channel, ChannelModel } from 'amqplib';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';

const env = (name: string, fallback: string): string => process.env[name] || fallback;

/** Where the Redis of this test run stands (`scripts/test.mjs` provides the variables). */
export const redisService = {
  host: env('REDIS_HOST', '127.0.0.1'),
  port: Number(env('REDIS_PORT', '6379')),
  ...(process.env['REDIS_USERNAME'] ? { username: process.env['REDIS_USERNAME'] } : {}),
  ...(process.env['REDIS_PASSWORD'] ? { password: process.env['REDIS_PASSWORD'] } : {}),
};

/** Where the RabbitMQ of this test run stands. */
export const rabbitService = {
  host: env('RABBIT_HOST', '127.0.0.1'),
  port: Number(env('RABBIT_PORT', '5672')),
  user: env('RABBIT_USER', 'guest'),
  password: env('RABBIT_PASSWORD', 'guest'),
  vhost: env('RABBIT_VHOST', '/'),
};

/** A name that no other test, run or machine uses: the servers may be shared. */
export function uniqueName(prefix: string): string {
  return `test.${prefix}.${process.pid}.${randomBytes(6).toString('hex')}`;
}

/** Longer than any test file takes. */
const TURN_LIMIT_MS = 280_000;

/** A test's own line to RabbitMQ, beside the code under test. `close` deletes what was noted for deletion. */
export class RabbitProbe {
  private readonly queues = new Set<string>();
  private readonly exchanges = new Set<string>();

  private constructor(
    private readonly model: ChannelModel,
    readonly channel: Channel,
  ) {}

  static async open(): Promise<RabbitProbe> {
    const { host, port, user, password, vhost } = rabbitService;
    const model = await connect({
      protocol: 'amqp',
      hostname: host,
      port,
      username: user,
      password,
      vhost: encodeURIComponent(vhost),
    });
    return new RabbitProbe(model, await model.createChannel());
  }

  /** A unique queue name, deleted at the end whoever declares it. */
  queueName(prefix: string): string {
    const name = uniqueName(prefix);
    this.queues.add(name);
    return name;
  }

  exchangeName(prefix: string): string {
    const name = uniqueName(prefix);
    this.exchanges.add(name);
    return name;
  }

  /**
   * Waits until no other test file holds the turn of this name, and holds it until `close` (or death): for
   * queues whose names the contract sets, which two connectors would share.
   */
  async takeTurn(name: string): Promise<void> {
    const queue = `test.turn.${name}`;
    const take = async (): Promise<boolean> => {
      const channel = await this.model.createChannel();
      const refused = new Promise<false>((resolve) => channel.on('error', () => resolve(false)));
      const declared = channel.assertQueue(queue, { exclusive: true, durable: false });
      return Promise.race([
        refused,
        declared.then(
          () => true,
          () => refused,
        ),
      ]);
    };
    await until(`the turn at ${name}`, take, TURN_LIMIT_MS);
  }

  /** Asked on a channel of its own: a refusal closes the channel. */
  async hasQueue(queue: string): Promise<boolean> {
    const channel = await this.model.createChannel();
    const gone = new Promise<false>((resolve) => channel.on('error', () => resolve(false)));
    return Promise.race([
      gone,
      channel.checkQueue(queue).then(
        () => true,
        () => gone,
      ),
    ]);
  }

  async close(): Promise<void> {
    for (const queue of this.queues) await this.channel.deleteQueue(queue);
    for (const exchange of this.exchanges) await this.channel.deleteExchange(exchange);
    await this.model.close();
  }
}

/** A test's own line to Redis. */
export async function openRedisProbe(): Promise<Redis> {
  const redis = new Redis({ ...redisService, lazyConnect: true });
  await redis.connect();
  return redis;
}

/**
 * Waits until `condition` holds, looking again every few milliseconds; throws with `what` when it
 * never does within `limitMs`. The limit only bounds a failing test.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
