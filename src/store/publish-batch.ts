import type { Redis } from 'ioredis';
import type { BatchSettled } from './command-batch';
import { bulk, sendBatch } from './command-batch';
import type { ChannelMessage } from './ports';

/** Publishes in order. `settled` gets no failure only when Redis has taken every message. */
export function publishBatch(redis: Redis, messages: readonly ChannelMessage[], settled: BatchSettled): void {
  sendBatch(redis, { name: 'publish', text: encode(messages), count: messages.length }, settled);
}

function encode(messages: readonly ChannelMessage[]): string {
  let text = '';
  for (const { channel, payload } of messages) {
    text += `*3\r\n$7\r\nPUBLISH\r\n${bulk(channel)}${bulk(payload)}`;
  }
  return text;
}
