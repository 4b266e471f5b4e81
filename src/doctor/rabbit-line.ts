import type { Channel, ChannelModel } from 'amqplib';
import { connect } from 'amqplib';
import type { RabbitConfig } from '../config';
import { errorText } from '../domain/errors';

const HANDSHAKE_MS = 5_000;

/** A short-lived connection, without retries: the first failure is the finding. */
export async function onRabbit<T>(
  { host, port, user, password, vhost, tls }: RabbitConfig,
  ask: (model: ChannelModel) => Promise<T>,
): Promise<T> {
  const model = await connect(
    {
      protocol: tls ? 'amqps' : 'amqp',
      hostname: host,
      port,
      username: user,
      password,
      // The library unescapes it.
      vhost: encodeURIComponent(vhost),
    },
    { ...tls, timeout: HANDSHAKE_MS, clientProperties: { connection_name: 'websocket-connector doctor' } },
  );
  // Without a listener an error of the connection would end the process; what is asked rejects anyway.
  let lost: unknown;
  model.on('error', (error) => (lost = error));
  try {
    return await ask(model);
  } catch (error) {
    throw lost ?? error;
  } finally {
    // A connection that broke meanwhile refuses to be closed, and needs not to be.
    if (lost === undefined) await model.close().catch((error: unknown) => (lost = error));
  }
}

/** The broker's no: an AMQP reply code (403, 404, 406) and its words. */
export interface BrokerRefusal {
  readonly code: number;
  readonly text: string;
}

/** Asks on a channel of its own, because a refusal closes the channel. Undefined: the broker said yes. */
export async function refusalOf(
  model: ChannelModel,
  ask: (channel: Channel) => Promise<unknown>,
): Promise<BrokerRefusal | undefined> {
  const channel = await model.createChannel();
  let refusal: BrokerRefusal | undefined;
  channel.on('error', (error) => (refusal ??= toRefusal(error)));
  try {
    await ask(channel);
    await channel.close();
  } catch (error) {
    refusal ??= toRefusal(error);
    if (!refusal) throw error;
  }
  return refusal;
}

function toRefusal(error: unknown): BrokerRefusal | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') return undefined;
  const text = /with message "(.*)"$/s.exec(errorText(error))?.[1] ?? errorText(error);
  return { code: error.code, text: text.replace(/^[A-Z_]+ - /, '') };
}
