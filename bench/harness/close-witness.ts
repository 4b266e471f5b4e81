import { Redis } from 'ioredis';
import type { Candle } from '../../src/domain/events';
import type { Env } from './child';
import { connectRabbit, hearEvents } from './rabbit';

/** A closed candle on its way: when the venue sent it (its event time), when it came to either door's reader. */
export interface Arrival {
  sentAt?: number;
  rabbitAt?: number;
  redisAt?: number;
}

/** Reads both doors and joins what belongs to the same bar. */
export class CloseWitness {
  /** `symbol start` -> arrival. */
  readonly arrivals = new Map<string, Arrival>();
  private readonly closers: (() => Promise<unknown>)[] = [];

  static async open(env: Env): Promise<CloseWitness> {
    const witness = new CloseWitness();
    await witness.listenToRabbit(env);
    await witness.listenToRedis(env);
    return witness;
  }

  /** Sends a body to the queue of candle requests. */
  request: (body: unknown) => void = () => undefined;

  async close(): Promise<void> {
    for (const close of this.closers) await close();
  }

  private async listenToRabbit(env: Env): Promise<void> {
    const model = await connectRabbit(env);
    this.closers.push(() => model.close());
    const channel = await model.createChannel();
    const heard = (content: Buffer): void => {
      const now = Date.now();
      const candle = JSON.parse(content.toString()) as Candle;
      if (!candle.closed) return;
      Object.assign(this.arrivalOf(candle), { rabbitAt: now, sentAt: candle.time });
    };
    await hearEvents(channel, ['candle.#'], heard);
    this.request = (body) => channel.publish('gainium', 'candlesRequests', Buffer.from(JSON.stringify(body)));
  }

  private async listenToRedis(env: Env): Promise<void> {
    const redis = new Redis(Number(env['REDIS_PORT'] ?? 6379), env['REDIS_HOST'] ?? '127.0.0.1');
    this.closers.push(() => redis.quit());
    redis.on('pmessage', (_pattern, _channel, body: string) => {
      const now = Date.now();
      const candle = JSON.parse(body) as Pick<Candle, 'symbol' | 'start' | 'closed'>;
      if (candle.closed) this.arrivalOf(candle).redisAt = now;
    });
    await redis.psubscribe('*Candle');
  }

  private arrivalOf({ symbol, start }: Pick<Candle, 'symbol' | 'start'>): Arrival {
    const key = `${symbol} ${start}`;
    let arrival = this.arrivals.get(key);
    if (!arrival) this.arrivals.set(key, (arrival = {}));
    return arrival;
  }
}
