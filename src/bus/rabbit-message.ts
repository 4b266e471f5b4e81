import type { Options } from 'amqplib';
import type { OutgoingMessage } from './ports';
import { SCHEMA_VERSION } from './routes';

/** AMQP properties of one of our events. `mandatory`: the broker hands it back where no queue takes it. */
export function amqpProperties(
  { properties }: OutgoingMessage,
  instanceId: string,
  mandatory = false,
): Options.Publish {
  const { messageId, type, timestamp, persistent, headers } = properties;
  return {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    persistent,
    mandatory,
    appId: 'websocket-connector',
    type,
    // AMQP knows seconds only.
    timestamp: Math.floor(timestamp / 1_000),
    headers: {
      ...headers,
      'x-instance': instanceId,
      'x-schema': SCHEMA_VERSION,
      'x-timestamp-ms': timestamp,
    },
    ...(messageId === undefined ? {} : { messageId }),
  };
}
