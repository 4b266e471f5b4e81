import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import { CANDLE_REQUESTS, USER_COMMANDS } from '../bus/routes';
import type { Declaration, UserEventsQueue } from '../bus/topology';
import { consumingThings, DEFAULT_NAMES, publishingThings } from '../bus/topology';

/** A right that is found out by a request that can change nothing. */
export interface Right {
  /** What the connector does with it. */
  readonly use: string;
  ask(channel: Channel): Promise<unknown>;
}

/** A thing on the broker, and what the connector must be allowed to do with it. */
export interface RabbitObject {
  readonly thing: Declaration;
  /**
   * A declaration that no broker accepts, and of which the right is looked at first: refused for lack of it, or for
   * its nonsense.
   */
  absurd(channel: Channel): Promise<unknown>;
  readonly rights: readonly Right[];
}

const { commandExchange, eventExchange, userEventsQueue, deadLetterQueue } = DEFAULT_NAMES;

/** Everything that `Topology` declares, with its own arguments. */
export function rabbitObjects(userEvents: UserEventsQueue | undefined): readonly RabbitObject[] {
  const [events, rejected, stored] = publishingThings(DEFAULT_NAMES, userEvents);
  const [commands, users] = consumingThings(DEFAULT_NAMES, USER_COMMANDS);
  const [, candles] = consumingThings(DEFAULT_NAMES, CANDLE_REQUESTS);
  return [
    { thing: commands, absurd: absurdExchange(commandExchange), rights: [] },
    { thing: users, absurd: absurdQueue(USER_COMMANDS), rights: consuming(USER_COMMANDS) },
    { thing: candles, absurd: absurdQueue(CANDLE_REQUESTS), rights: consuming(CANDLE_REQUESTS) },
    { thing: events, absurd: absurdExchange(eventExchange), rights: [publishing(eventExchange)] },
    {
      thing: stored,
      absurd: absurdQueue(userEventsQueue),
      rights: [binding(userEventsQueue, eventExchange)],
    },
    { thing: rejected, absurd: absurdQueue(deadLetterQueue), rights: [POSTING] },
  ].flatMap(({ thing, ...rest }) => (thing ? [{ thing, ...rest }] : []));
}

function consuming(queue: string): readonly Right[] {
  return [
    binding(queue, commandExchange),
    {
      use: 'consume it (read)',
      // A priority that is no number: refused before anything is consumed.
      ask: (channel) => channel.consume(queue, () => undefined, { arguments: { 'x-priority': 'none' } }),
    },
  ];
}

/** Undoing a binding that nobody made is allowed to whom making it is. */
function binding(queue: string, exchange: string): Right {
  return {
    use: `bind it to ${exchange} (write on the queue, read on the exchange)`,
    ask: (channel) => channel.unbindQueue(queue, exchange, nobodysKey()),
  };
}

/** The same between exchanges asks for the right to publish, without a message. */
function publishing(exchange: string): Right {
  return {
    use: `publish to it (write), and read ${commandExchange}`,
    ask: (channel) => channel.unbindExchange(exchange, commandExchange, nobodysKey()),
  };
}

/** Replies and rejected requests go through the default exchange; this one, to a queue that does not exist, nowhere. */
const POSTING: Right = {
  use: 'send replies through the default exchange (write on amq.default)',
  ask: async (channel) => {
    channel.publish('', nobodysKey(), Buffer.alloc(0));
    // The broker refuses without being asked: any answer after it tells that it did not.
    await channel.checkExchange('amq.direct');
  },
};

function nobodysKey(): string {
  return `connector.doctor.${randomUUID()}`;
}

function absurdQueue(queue: string): RabbitObject['absurd'] {
  // Expires after no time at all.
  return (channel) => channel.assertQueue(queue, { durable: true, arguments: { 'x-expires': 0 } });
}

function absurdExchange(exchange: string): RabbitObject['absurd'] {
  return (channel) =>
    channel.assertExchange(exchange, 'direct', { durable: true, arguments: { 'alternate-exchange': 5 } });
}
