import type { Channel, ChannelModel } from 'amqplib';
import { errorText } from '../domain/errors';
import type { Log } from '../domain/telemetry';
import {
  COMMAND_EXCHANGE,
  DEAD_LETTER_QUEUE,
  EVENT_EXCHANGE,
  USER_EVENTS_BINDING,
  USER_EVENTS_QUEUE,
} from './routes';

/** Names on the broker. The defaults are the contract's; tests use names of their own. */
export interface RabbitNames {
  readonly commandExchange: string;
  readonly eventExchange: string;
  readonly userEventsQueue: string;
  readonly userEventsBinding: string;
  readonly deadLetterQueue: string;
}

export const DEFAULT_NAMES: RabbitNames = {
  commandExchange: COMMAND_EXCHANGE,
  eventExchange: EVENT_EXCHANGE,
  userEventsQueue: USER_EVENTS_QUEUE,
  userEventsBinding: USER_EVENTS_BINDING,
  deadLetterQueue: DEAD_LETTER_QUEUE,
};

/** Bounds of the durable queue of user events. A full queue refuses, so that the outbox keeps what it cannot take. */
export interface UserEventsQueue {
  readonly maxLength: number;
  readonly maxBytes: number;
  readonly ttlMs: number;
}

const MAX_DEAD_LETTERS = 1_000;

/** How a thing on the broker is declared, and how it is used where others have declared it differently. */
export interface Declaration {
  readonly what: string;
  readonly isEssential: boolean;
  declare(channel: Channel): Promise<unknown>;
  check(channel: Channel): Promise<unknown>;
  /** After either. */
  bind?(channel: Channel): Promise<unknown>;
}

/** Declares what we publish to, on every connection anew: a broker may come back empty. */
export class Topology {
  /** What was found declared differently: said once, not at every reconnect. */
  private readonly differing = new Set<string>();
  /** Until the queue of user events is made and bound: a connection may break in between, and the next finds it there. */
  private wasMissing = false;

  constructor(
    readonly names: RabbitNames,
    private readonly userEvents: UserEventsQueue | undefined,
    private readonly log: Log,
  ) {}

  /** Resolves true where the queue of user events had to be made: what one of that name held before is lost. */
  async declarePublishing(model: ChannelModel): Promise<boolean> {
    for (const thing of publishingThings(this.names, undefined)) await this.ensure(model, thing);
    if (!this.userEvents) return false;
    const queue = userEventsQueue(this.names, this.userEvents);
    if (!(await isThere(model, queue))) this.wasMissing = true;
    if (!(await this.ensure(model, queue)) || !this.wasMissing) return false;
    this.wasMissing = false;
    return true;
  }

  async declareConsuming(model: ChannelModel, queue: string): Promise<void> {
    for (const thing of consumingThings(this.names, queue)) await this.ensure(model, thing);
  }

  /**
   * Declares, or takes what is there: the broker's owner may have chosen other arguments, or may not
   * let us declare. Each try has a channel of its own, because a refusal closes the channel. Resolves
   * false where it is neither there nor needed.
   */
  private async ensure(model: ChannelModel, thing: Declaration): Promise<boolean> {
    const { what } = thing;
    try {
      await this.declareOrCheck(model, thing);
      const { bind } = thing;
      if (bind) await onChannel(model, bind);
      return true;
    } catch (error) {
      if (thing.isEssential || !isRefusal(error)) throw error;
      this.warnOnce(what, error, 'cannot be used; publishing goes on without it');
      return false;
    }
  }

  private async declareOrCheck(model: ChannelModel, thing: Declaration): Promise<void> {
    try {
      await onChannel(model, thing.declare);
      this.differing.delete(thing.what);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await onChannel(model, thing.check);
      this.warnOnce(thing.what, error, 'exists with other settings, which are respected');
    }
  }

  private warnOnce(what: string, error: unknown, consequence: string): void {
    if (this.differing.has(what)) return;
    this.differing.add(what);
    this.log.warn({ what, error: errorText(error) }, `RabbitMQ: ${what} ${consequence}`);
  }
}

/** The broker said no (an AMQP reply code); anything else is a broken connection. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}

async function isThere(model: ChannelModel, thing: Declaration): Promise<boolean> {
  try {
    await onChannel(model, thing.check);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

async function onChannel(model: ChannelModel, run: (channel: Channel) => Promise<unknown>): Promise<void> {
  const channel = await model.createChannel();
  let refusal: Error | undefined;
  // A refusal also rejects the pending call; without a listener it would end the process.
  channel.on('error', (error) => (refusal = error));
  await run(channel);
  if (refusal) throw refusal;
  await channel.close();
}

/** What events are published to, in the order of declaration. */
export function publishingThings(
  names: RabbitNames,
  userEvents: UserEventsQueue | undefined,
): readonly Declaration[] {
  return [
    exchange(names.eventExchange, 'topic'),
    deadLetters(names),
    ...(userEvents ? [userEventsQueue(names, userEvents)] : []),
  ];
}

/** Contract 1.1: durable, not exclusive, no arguments, bound to the direct exchange under its own name. */
export function consumingThings({ commandExchange }: RabbitNames, queue: string): readonly Declaration[] {
  return [
    exchange(commandExchange, 'direct'),
    {
      what: `queue ${queue}`,
      isEssential: true,
      declare: (channel) => channel.assertQueue(queue, { durable: true }),
      check: (channel) => channel.checkQueue(queue),
      bind: (channel) => channel.bindQueue(queue, commandExchange, queue),
    },
  ];
}

function exchange(name: string, type: 'direct' | 'topic'): Declaration {
  return {
    what: `exchange ${name}`,
    isEssential: true,
    declare: (channel) => channel.assertExchange(name, type, { durable: true }),
    check: (channel) => channel.checkExchange(name),
  };
}

function deadLetters({ deadLetterQueue }: RabbitNames): Declaration {
  return {
    what: `queue ${deadLetterQueue}`,
    isEssential: false,
    declare: (channel) =>
      channel.assertQueue(deadLetterQueue, {
        durable: true,
        maxLength: MAX_DEAD_LETTERS,
        overflow: 'drop-head',
      }),
    check: (channel) => channel.checkQueue(deadLetterQueue),
  };
}

function userEventsQueue(names: RabbitNames, { maxLength, maxBytes, ttlMs }: UserEventsQueue): Declaration {
  const { userEventsQueue: queue, eventExchange, userEventsBinding } = names;
  return {
    what: `queue ${queue}`,
    isEssential: false,
    declare: (channel) =>
      channel.assertQueue(queue, {
        durable: true,
        maxLength,
        messageTtl: ttlMs,
        overflow: 'reject-publish',
        arguments: { 'x-max-length-bytes': maxBytes },
      }),
    check: (channel) => channel.checkQueue(queue),
    bind: (channel) => channel.bindQueue(queue, eventExchange, userEventsBinding),
  };
}
