import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../ops/clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { RabbitProbe, rabbitService, until } from '../testing/services';
import { TcpProxy } from '../testing/tcp-proxy';
import { Outbox } from './outbox';
import { RabbitBroker } from './rabbit';

const KEYS = 5;
const PER_KEY = 300;
const CUTS = 6;

/** Mulberry32: the same cuts in every run of one seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function setUp(t: { after(run: () => Promise<void>): void }, maxLength?: number) {
  const probe = await RabbitProbe.open();
  const proxy = await TcpProxy.start(rabbitService);
  const telemetry = new RecordedTelemetry();
  const names = {
    eventExchange: probe.exchangeName('events'),
    deadLetterQueue: probe.queueName('rejected'),
  };
  const deps = { telemetry, clock: systemClock, random: Math.random };
  const broker = new RabbitBroker(
    { ...rabbitService, host: proxy.host, port: proxy.port, instanceId: 'i', names },
    deps,
  );
  const outbox = new Outbox({ maxMessages: 10_000, maxBytes: 10_000_000 }, { broker, ...deps });
  t.after(async () => {
    outbox.close();
    await broker.close();
    await proxy.close();
    await probe.close();
  });
  await until('ready', () => broker.ready);
  const queue = probe.queueName('received');
  await probe.channel.assertQueue(queue, {
    durable: false,
    ...(maxLength === undefined ? {} : { maxLength, overflow: 'reject-publish' as const }),
  });
  await probe.channel.bindQueue(queue, names.eventExchange, '#');
  return { probe, proxy, telemetry, broker, outbox, queue };
}

const message = (key: string, at: number) => ({
  routingKey: key,
  body: JSON.stringify({ key, at, padding: 'x'.repeat(at % 97) }),
  properties: { type: 't', timestamp: 0, persistent: false, messageId: `${key}-${at}`, headers: {} },
});

for (const seed of [1, 2, 3]) {
  test(`cuts at random points lose nothing and leave every key in order (seed ${seed})`, async (t) => {
    const { probe, proxy, telemetry, broker, outbox, queue } = await setUp(t);
    const random = seeded(seed);
    const received = new Map<string, number[]>();
    await probe.channel.consume(
      queue,
      (delivery) => {
        if (!delivery) return;
        const { key, at } = JSON.parse(delivery.content.toString()) as { key: string; at: number };
        received.set(key, [...(received.get(key) ?? []), at]);
      },
      { noAck: true },
    );
    let cuts = 0;
    broker.onReady(() => {
      if (!broker.ready || cuts >= CUTS) return;
      cuts += 1;
      proxy.cutAfter(1 + Math.floor(random() * 20_000));
    });
    const done: string[] = [];
    for (let at = 0; at < PER_KEY; at += 1) {
      for (let key = 0; key < KEYS; key += 1) {
        const name = `k.${key}`;
        assert.ok(outbox.offer(name, message(name, at), () => done.push(`${name} ${at}`)));
      }
      if (random() < 0.2) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('everything is confirmed', () => outbox.depth === 0);
    const order = Array.from({ length: PER_KEY }, (_, at) => at);
    const last = (all: readonly number[]): number[] => [...new Set([...all].reverse())].reverse();
    for (let key = 0; key < KEYS; key += 1) {
      const name = `k.${key}`;
      await until('everything has arrived', () => received.get(name)?.at(-1) === PER_KEY - 1);
      assert.deepEqual(last(received.get(name) ?? []), order);
      assert.deepEqual(
        done.filter((one) => one.startsWith(`${name} `)),
        order.map((at) => `${name} ${at}`),
      );
    }
    assert.ok(cuts > 1);
    assert.ok(telemetry.counted('connector_outbox_republished_total', { reason: 'lost' }) > 0);
  });
}

test('a full queue is waited for, in order', async (t) => {
  const { probe, telemetry, outbox, queue } = await setUp(t, 1);
  for (let at = 0; at < 5; at += 1) outbox.offer('k', message('k', at));
  const taken: number[] = [];
  await until('all taken, one after the other', async () => {
    const delivery = await probe.channel.get(queue, { noAck: true });
    if (delivery) taken.push((JSON.parse(delivery.content.toString()) as { at: number }).at);
    return outbox.depth === 0 && taken.includes(4);
  });
  assert.deepEqual([...new Set([...taken].reverse())].reverse(), [0, 1, 2, 3, 4]);
  assert.ok(telemetry.counted('connector_outbox_republished_total', { reason: 'refused' }) > 0);
});
