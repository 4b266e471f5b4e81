/**
 * A consumer that loses nothing and counts nothing twice. Run it from the project's folder:
 *
 *   AMQP_URL=amqp://user:password@localhost npx tsx examples/consumer-typescript/main.ts
 *
 * QUEUE, BINDING and JOURNAL may be set; EVENT_EXCHANGE is the connector's `gainium.events`.
 */
import { once } from 'node:events';
import { env, exit } from 'node:process';
import type { Channel, ConsumeMessage } from 'amqplib';
import { connect } from 'amqplib';
import type { Entry } from './journal';
import { Journal } from './journal';
import type { OrderState } from './orders';
import { isForward, orderStateOf } from './orders';

const {
  AMQP_URL = 'amqp://localhost',
  EVENT_EXCHANGE = 'gainium.events',
  QUEUE = 'example-orders',
  BINDING = 'user.#',
  JOURNAL = 'example-orders.jsonl',
} = env;

/** So many unacknowledged messages are on their way to us at a time. */
const PREFETCH = 100;
/** A consumer that stays away so long loses the oldest ones, and never disturbs the others. */
const MAX_WAITING = 1_000_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

const stopping = new AbortController();

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Newest state of every order that was heard of. */
const orders = new Map<string, OrderState>();

async function work(message: ConsumeMessage, journal: Journal): Promise<void> {
  const { messageId, headers } = message.properties as {
    readonly messageId?: string;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
  if (messageId === undefined) throw new Error('not a message of the connector');
  const { routingKey } = message.fields;
  const body: unknown = JSON.parse(message.content.toString());
  const isReconciled = headers?.['x-reconciled'] === true;
  const isNew = await journal.storeOnce({ messageId, routingKey, isReconciled, body });
  // A repetition: the connector died, or lost a confirm, and told it again under the same id.
  if (!isNew) return say({ repeated: messageId });
  say({ stored: messageId, isReconciled, ...applied({ messageId, routingKey, isReconciled, body }) });
}

/** What the event does to an order. */
function applied({ routingKey, body }: Entry): { readonly order?: OrderState; readonly isForward?: boolean } {
  const order = orderStateOf(body);
  if (!order) return {};
  const [, exchange, , ...room] = routingKey.split('.');
  const key = [exchange, room.join('.'), order.orderId].join(' ');
  if (!isForward(orders.get(key), order)) return { order, isForward: false };
  orders.set(key, order);
  return { order, isForward: true };
}

/** Work first, ack afterwards, one after the other: what is not acknowledged comes again. */
async function consume(channel: Channel, journal: Journal): Promise<void> {
  await channel.assertExchange(EVENT_EXCHANGE, 'topic', { durable: true });
  await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-max-length': MAX_WAITING } });
  await channel.bindQueue(QUEUE, EVENT_EXCHANGE, BINDING);
  await channel.prefetch(PREFETCH);
  let row = Promise.resolve();
  const closed = new Promise<never>((_, reject) => {
    channel.on('error', reject);
    channel.on('close', () => reject(new Error('the channel was closed')));
  });
  const failed = new Promise<never>((_, reject) => {
    void channel.consume(QUEUE, (message) => {
      if (!message) return reject(new Error('the queue was deleted'));
      row = row
        .then(async () => {
          if (stopping.signal.aborted) return;
          await work(message, journal);
          channel.ack(message);
        })
        .catch(reject);
    });
  });
  say({ consuming: QUEUE });
  const stopped = stopping.signal.aborted ? Promise.resolve() : once(stopping.signal, 'abort');
  await Promise.race([stopped, closed, failed]);
  await row;
}

async function session(journal: Journal): Promise<void> {
  const connection = await connect(AMQP_URL);
  // The channel's end tells it; without a listener it would end the process.
  connection.on('error', () => undefined);
  try {
    await consume(await connection.createChannel(), journal);
  } finally {
    await connection.close().catch(() => undefined); // it may be what has failed
  }
}

async function main(): Promise<void> {
  const journal = await Journal.open(JOURNAL, applied);
  for (let waitMs = FIRST_WAIT_MS; !stopping.signal.aborted; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    const startedAt = Date.now();
    try {
      await session(journal);
    } catch (error) {
      say({ failed: error instanceof Error ? error.message : 'unknown failure', waitMs });
      if (Date.now() - startedAt > LONGEST_WAIT_MS) waitMs = FIRST_WAIT_MS;
      await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random() / 2)));
    }
  }
  await journal.close();
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
main().catch((error: unknown) => {
  say({ failed: error instanceof Error ? error.message : 'unknown failure' });
  exit(1);
});
