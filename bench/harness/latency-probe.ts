/** Age of new orders at either door, from the venue's time of the change, which is this machine's. Speaks IPC. */
import { Redis } from 'ioredis';
import { connectRabbit, hearEvents } from './rabbit';
import type { OrderEvent } from './stream-witness';

/** Rooms are UUIDs; nothing else is worth hearing. */
const ROOMS = '????????-????-????-????-????????????';

export interface LatencyReport {
  /** Milliseconds. */
  readonly redis: readonly number[];
  readonly rabbit: readonly number[];
}

let redisMs: number[] = [];
let rabbitMs: number[] = [];

function took(times: number[], text: string): void {
  const now = Date.now();
  const { orderStatus, orderTime } = JSON.parse(text) as OrderEvent;
  if (orderStatus === 'NEW' && orderTime !== undefined) times.push(now - orderTime);
}

function report(): LatencyReport {
  const taken = { redis: redisMs, rabbit: rabbitMs };
  redisMs = [];
  rabbitMs = [];
  return taken;
}

async function main(): Promise<void> {
  const { REDIS_HOST = '127.0.0.1', REDIS_PORT = '6379' } = process.env;
  const redis = new Redis(Number(REDIS_PORT), REDIS_HOST);
  redis.on('pmessage', (_pattern, _channel, text: string) => took(redisMs, text));
  await redis.psubscribe(ROOMS);
  const rabbit = await connectRabbit(process.env);
  await hearEvents(await rabbit.createChannel(), ['user.#'], (content) => took(rabbitMs, content.toString()));
  process.on('message', (id) => process.send?.({ id, ...report() }));
  process.send?.({ id: 'ready' });
}

void main();
