import type { Channel, ChannelModel } from 'amqplib';
import { connect } from 'amqplib';

/** The broker that the environment of a bench leads to. */
export function connectRabbit(env: Readonly<Record<string, string | undefined>>): Promise<ChannelModel> {
  return connect({
    hostname: env['RABBIT_HOST'] ?? '127.0.0.1',
    port: Number(env['RABBIT_PORT'] ?? 5672),
    username: env['RABBIT_USER'] ?? 'guest',
    password: env['RABBIT_PASSWORD'] ?? 'guest',
  });
}

/** Hears the connector's events under these routing keys, from now on. */
export async function hearEvents(
  channel: Channel,
  keys: readonly string[],
  heard: (content: Buffer, routingKey: string) => void,
): Promise<void> {
  await channel.assertExchange('gainium.events', 'topic', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const key of keys) await channel.bindQueue(queue, 'gainium.events', key);
  await channel.consume(queue, (message) => message && heard(message.content, message.fields.routingKey), {
    noAck: true,
  });
}
