import type { ConfirmChannel } from 'amqplib';
import { Redis } from 'ioredis';
import { connectRabbit } from './rabbit';

/** The two doors of a floor, plain clients of what the environment names. */
export async function openDoors(): Promise<{ readonly redis: Redis; readonly channel: ConfirmChannel }> {
  const { REDIS_HOST = '127.0.0.1', REDIS_PORT = '6379' } = process.env;
  const redis = new Redis(Number(REDIS_PORT), REDIS_HOST);
  const rabbit = await connectRabbit(process.env);
  return { redis, channel: await rabbit.createConfirmChannel() };
}
