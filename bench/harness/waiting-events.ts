/** The durable queue of user events while no consumer is up. */
import { USER_EVENTS_QUEUE } from '../../src/bus/routes';
import type { Env } from './child';
import { connectRabbit } from './rabbit';

export async function forgetWaiting(env: Env): Promise<void> {
  const { channel, model } = await opened(env);
  await channel.purgeQueue(USER_EVENTS_QUEUE);
  await model.close();
}

/** The consumer comes at last: takes all that waits. */
export async function takeWaiting(env: Env, take: (body: Buffer) => void): Promise<number> {
  const { channel, model } = await opened(env);
  const { messageCount } = await channel.checkQueue(USER_EVENTS_QUEUE);
  let left = messageCount;
  await new Promise<void>((resolve, reject) => {
    if (left === 0) return resolve();
    const taken = (body: Buffer): void => {
      take(body);
      left -= 1;
      if (left === 0) resolve();
    };
    channel
      .consume(USER_EVENTS_QUEUE, (message) => message && taken(message.content), { noAck: true })
      .catch(reject);
  });
  await model.close();
  return messageCount;
}

async function opened(env: Env) {
  const model = await connectRabbit(env);
  return { model, channel: await model.createChannel() };
}
