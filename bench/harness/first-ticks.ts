import { Redis } from 'ioredis';
import type { Env } from './child';

/** Which symbols have ticked on Redis, and when each exchange's last new one did. */
export class FirstTicks {
  /** `trade@<symbol>@<exchange>` */
  private readonly channels = new Set<string>();
  private readonly newestAt = new Map<string, number>();
  private readonly counts = new Map<string, number>();

  private constructor(private readonly redis: Redis) {
    redis.on('pmessage', (_pattern: string, channel: string) => this.heard(channel));
  }

  static async open(env: Env): Promise<FirstTicks> {
    const redis = new Redis(Number(env['REDIS_PORT'] ?? 6379), env['REDIS_HOST'] ?? '127.0.0.1');
    const ticks = new FirstTicks(redis);
    await redis.psubscribe('trade@*');
    return ticks;
  }

  count(exchange: string): number {
    return this.counts.get(exchange) ?? 0;
  }

  /** `performance.now()` at which the latest symbol of the exchange ticked for the first time. */
  lastNewAt(exchange: string): number | undefined {
    return this.newestAt.get(exchange);
  }

  async close(): Promise<void> {
    await this.redis.quit();
  }

  private heard(channel: string): void {
    if (this.channels.has(channel)) return;
    this.channels.add(channel);
    const exchange = channel.slice(channel.lastIndexOf('@') + 1);
    this.counts.set(exchange, this.count(exchange) + 1);
    this.newestAt.set(exchange, performance.now());
  }
}
