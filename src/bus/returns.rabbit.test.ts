import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock } from '../ops/clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { RabbitProbe, rabbitService, until } from '../testing/services';
import { Outbox } from './outbox';
import { RabbitBroker } from './rabbit';

const userEvents = { maxLength: 1_000, maxBytes: 1_000_000, ttlMs: 60_000 };

async function setUp(t: TestContext, { hasQueue = true, isLocked = false } = {}) {
  const probe = await RabbitProbe.open();
  const telemetry = new RecordedTelemetry();
  const names = {
    eventExchange: probe.exchangeName('events'),
    userEventsQueue: probe.queueName('user-events'),
    deadLetterQueue: probe.queueName('rejected'),
  };
  // Exclusive to the test's connection: ours may neither declare nor bind it.
  if (isLocked) await probe.channel.assertQueue(names.userEventsQueue, { exclusive: true });
  const deps = { telemetry, clock: systemClock, random: Math.random };
  const options = { ...rabbitService, instanceId: 'i', names, ...(hasQueue && { userEvents }) };
  const broker = new RabbitBroker(options, deps);
  const outbox = new Outbox({ maxMessages: 10_000, maxBytes: 10_000_000 }, { broker, ...deps });
  t.after(async () => {
    outbox.close();
    await broker.close();
    await probe.close();
  });
  await until('ready', () => broker.ready);
  const done: string[] = [];
  const offer = (key: string, at: number): void =>
    void outbox.offer(key, message(key, at), () => done.push(`${key} ${at}`));
  const returned = (): number => telemetry.counted('connector_broker_returned_total');
  return { probe, telemetry, names, broker, outbox, done, offer, returned };
}

const message = (key: string, at: number) => ({
  routingKey: key,
  body: `${key} ${at}`,
  properties: { type: 't', timestamp: 0, persistent: true, messageId: `${key}-${at}`, headers: {} },
});

async function drained(probe: RabbitProbe, queue: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const delivery = await probe.channel.get(queue, { noAck: true });
    if (!delivery) return bodies;
    bodies.push(delivery.content.toString());
  }
}

/** Repeats are allowed: the last deliveries count. */
const lastOf = (all: readonly string[]): string[] => [...new Set([...all].reverse())].reverse();

test('the queue of user events is deleted under way: events are held, it is declared anew, none is missing', async (t) => {
  const { probe, telemetry, names, outbox, done, offer, returned } = await setUp(t);
  offer('user.a', 0);
  await until('confirmed', () => outbox.depth === 0);
  await probe.channel.deleteQueue(names.userEventsQueue);
  for (let at = 1; at <= 20; at += 1) for (const key of ['user.a', 'user.b']) offer(key, at);
  await until('all delivered', () => outbox.depth === 0);
  assert.ok(returned() > 0, 'counted');
  const wanted = Array.from({ length: 20 }, (_, at) => at + 1);
  const received = lastOf(await drained(probe, names.userEventsQueue));
  for (const key of ['user.a', 'user.b']) {
    const expected = wanted.map((at) => `${key} ${at}`);
    const of = (all: readonly string[]) => all.filter((one) => one.startsWith(key) && one !== 'user.a 0');
    assert.deepEqual(of(received), expected);
    assert.deepEqual(of(done), expected);
  }
  const told = telemetry.logged('warn').filter((line) => line.includes('handed account events back'));
  assert.equal(told.length, 1, 'told once, not for every message');
  assert.ok(telemetry.logged('info').some((line) => line.includes('find a queue again')));
});

test('the queue is deleted while it takes events: what RabbitMQ confirmed and lost with it is sent again', async (t) => {
  const { probe, names, outbox, offer } = await setUp(t);
  const received: string[] = [];
  let at = 0;
  for (let round = 0; round < 4; round += 1) {
    const take = (delivery: { readonly content: Buffer } | null): void =>
      void (delivery && received.push(delivery.content.toString()));
    await probe.channel.consume(names.userEventsQueue, take, { noAck: true });
    let deleted: Promise<unknown> = Promise.resolve();
    for (const end = at + 150; at < end; at += 1) {
      offer(`user.${at % 3}`, at);
      if (at % 10 === 0) await new Promise(setImmediate);
      // Its answer is not waited for: events are on their way while it is carried out.
      if (at === end - 60) deleted = probe.channel.deleteQueue(names.userEventsQueue);
    }
    await deleted;
    for (const end = at + 3; at < end; at += 1) offer(`user.${at % 3}`, at);
    await until('all confirmed', () => outbox.depth === 0);
  }
  received.push(...(await drained(probe, names.userEventsQueue)));
  const firsts = [...new Set(received)];
  for (const key of [0, 1, 2]) {
    const of = firsts.filter((one) => one.startsWith(`user.${key}`)).map((one) => Number(one.split(' ')[1]));
    const offered = Array.from({ length: at }, (_, one) => one).filter((one) => one % 3 === key);
    assert.deepEqual(of, offered);
  }
});

test('the queue was deleted while nothing was connected: what it held of late is sent again', async (t) => {
  const { probe, names, outbox, broker, offer } = await setUp(t);
  offer('user.a', 0);
  await until('confirmed', () => outbox.depth === 0);
  // The events' exchange goes as well, so that the channel breaks at the next event and all is declared anew.
  await probe.channel.deleteQueue(names.userEventsQueue);
  await probe.channel.deleteExchange(names.eventExchange);
  offer('user.a', 1);
  await until('connected anew and confirmed', () => broker.ready && outbox.depth === 0);
  assert.deepEqual(await drained(probe, names.userEventsQueue), ['user.a 0', 'user.a 1']);
});

test('the queue may not be declared: events are held until it may', async (t) => {
  const { probe, names, outbox, done, offer, returned } = await setUp(t, { isLocked: true });
  for (let at = 0; at < 5; at += 1) offer('user.a', at);
  await until('tried again and again', () => returned() >= 15);
  assert.equal(outbox.depth, 5);
  assert.deepEqual(done, []);
  await probe.channel.deleteQueue(names.userEventsQueue);
  await until('all delivered', () => outbox.depth === 0);
  assert.deepEqual(
    lastOf(await drained(probe, names.userEventsQueue)),
    [0, 1, 2, 3, 4].map((at) => `user.a ${at}`),
  );
});

test('whoever else binds a queue has the events; nobody needs candles; without the queue nothing is asked', async (t) => {
  const bound = await setUp(t);
  const queue = bound.probe.queueName('own');
  await bound.probe.channel.assertQueue(queue, { durable: false });
  await bound.probe.channel.bindQueue(queue, bound.names.eventExchange, 'user.#');
  await bound.probe.channel.deleteQueue(bound.names.userEventsQueue);
  bound.offer('user.a', 0);
  bound.offer('candle.x', 0);
  await until('confirmed', () => bound.outbox.depth === 0);
  assert.deepEqual(await drained(bound.probe, queue), ['user.a 0']);
  assert.equal(bound.returned(), 0);

  const without = await setUp(t, { hasQueue: false });
  without.offer('user.a', 0);
  await until('confirmed', () => without.outbox.depth === 0);
  assert.equal(without.returned(), 0);
});
