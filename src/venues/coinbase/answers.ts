import type { Decoded, Refusal, Topic } from '../contract';
import { isObject, isProduct, lineOf } from './fields';
import { unknown } from './state';
import type { DataChannel } from './topics';
import { isDataChannel, topicsFor } from './topics';
import type { Frame, FrameEvent } from './wire';

/**
 * {"channel":"subscriptions",...,"events":[{"subscriptions":{"ticker":["BTC-USD"],"heartbeats":["heartbeats"]}}]}
 * The whole current set of the connection, whatever was asked for. Products that the venue does not
 * know are missing: their requests stay unanswered, which the transport reports as refused.
 */
export function decodeAck(events: readonly unknown[]): Decoded<never> {
  const topics: Topic[] = [];
  for (const event of events) {
    const listed = isObject(event) ? (event as FrameEvent).subscriptions : undefined;
    if (!isObject(listed)) return unknown('ack without its list');
    for (const [channel, products] of Object.entries(listed)) {
      if (isDataChannel(channel) && Array.isArray(products)) pushTopics(topics, channel, products);
    }
  }
  return { kind: 'ack', topics };
}

function pushTopics(topics: Topic[], channel: DataChannel, products: readonly unknown[]): void {
  for (const product of products) {
    if (isProduct(product)) for (const topic of topicsFor(channel, product)) topics.push(topic);
  }
}

const RATE_LIMIT = 'rate limit exceeded';
/** Messages are counted per second; the pause also lets the other connections of the IP finish. */
const RATE_LIMIT_PAUSE_MS = 5_000;

/**
 * {"type":"error","message":"failure to subscribe"}: names neither channel nor request. On a public
 * connection `authentication failure` answers an unknown channel: nobody logs in here.
 */
export function decodeError({ message }: Frame): Decoded<never> {
  const text = lineOf(message);
  if (text === RATE_LIMIT) {
    const reason: Refusal = { code: 'RATE_LIMIT', text, retry: { afterMs: RATE_LIMIT_PAUSE_MS } };
    return { kind: 'throttled', reason };
  }
  const code = text === 'authentication failure' ? 'AUTHENTICATION_FAILURE' : 'REFUSED';
  return { kind: 'refused', reason: { code, text, retry: 'backoff' } };
}
