import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { RabbitProbe, rabbitService, until } from '../testing/services';
import { TcpProxy } from '../testing/tcp-proxy';
import type { OutgoingMessage } from './ports';
import { RabbitBroker } from './rabbit';

const BOUNDS = { maxLength: 10, maxBytes: 100_000, ttlMs: 60_000 };
const LOOK_MS = 15_000;
const NOTHING_KNOWN = { waiting: 0, consumers: 0, limit: 0 };
const found = (waiting: number, consumers: number) => ({ waiting, consumers, limit: BOUNDS.maxLength });
const UNABLE = 'queue of user events cannot be looked at';

/** The servers' time is real, ours stands still: what falls due falls due when the test says so. */
async function setUp(t: TestContext, prepare?: (queue: string, probe: RabbitProbe) => Promise<unknown>) {
  const probe = await RabbitProbe.open();
  const proxy = await TcpProxy.start(rabbitService);
  const clock = new FakeClock();
  const telemetry = new RecordedTelemetry();
  const queue = probe.queueName('user-events');
  const names = {
    commandExchange: probe.exchangeName('commands'),
    eventExchange: probe.exchangeName('events'),
    userEventsQueue: queue,
    deadLetterQueue: probe.queueName('rejected'),
  };
  await prepare?.(queue, probe);
  const broker = new RabbitBroker(
    { ...rabbitService, host: proxy.host, port: proxy.port, instanceId: 'i', names, userEvents: BOUNDS },
    { telemetry, clock, random: () => 0.5 },
  );
  t.after(async () => {
    await broker.close();
    assert.equal(clock.pendingCount, 0, 'every timer ended');
    await proxy.close();
    await probe.close();
  });
  await until('ready', () => broker.ready);
  await broker.consume({
    queue: probe.queueName('commands'),
    prefetch: 0,
    handle: () => ({ kind: 'done' }),
  });
  const seen = () => ({
    waiting: telemetry.gauged('connector_user_events_waiting'),
    consumers: telemetry.gauged('connector_user_events_consumers'),
    limit: telemetry.gauged('connector_user_events_limit'),
  });
  /** One look, and what it must find. */
  const looks = async (expected: ReturnType<typeof seen>): Promise<void> => {
    clock.advance(LOOK_MS);
    await until(JSON.stringify(expected), () => isDeepStrictEqual(seen(), expected));
  };
  const publish = (): Promise<unknown> =>
    new Promise((resolve) =>
      assert.ok(broker.publishConfirmed(event, (failure) => resolve(failure?.code ?? 'ok'))),
    );
  const connects = (): number =>
    telemetry.logged('info').filter((line) => line === 'RabbitMQ connected').length;
  const unable = (): number => telemetry.logged('warn').filter((line) => line === UNABLE).length;
  /** Somebody else's queue: events that it takes are confirmed without ours. */
  const bindAnother = async (): Promise<void> => {
    const another = probe.queueName('another');
    await probe.channel.assertQueue(another, { durable: false });
    await probe.channel.bindQueue(another, names.eventExchange, 'user.#');
  };
  return {
    probe,
    proxy,
    clock,
    telemetry,
    broker,
    queue,
    seen,
    looks,
    publish,
    bindAnother,
    connects,
    unable,
  };
}

const event: OutgoingMessage = {
  routingKey: 'user.bybit.executionReport.u',
  body: '{}',
  properties: { type: 'executionReport', timestamp: 1, persistent: true, headers: {} },
};

test('tells how many events wait, how many consumers there are, and the bound', async (t) => {
  const { probe, queue, seen, looks, publish } = await setUp(t);
  assert.deepEqual(seen(), NOTHING_KNOWN, 'nothing is claimed before the first look');
  await looks(found(0, 0));
  for (let i = 0; i < 3; i += 1) assert.equal(await publish(), 'ok');
  await looks(found(3, 0));
  await probe.channel.consume(queue, () => undefined, { noAck: true });
  await looks(found(0, 1));
});

test('a queue that is gone disturbs neither publishing nor consuming, is told once, and declared anew', async (t) => {
  const { probe, queue, looks, publish, bindAnother, connects, unable, telemetry } = await setUp(t);
  await bindAnother();
  await looks(found(0, 0));
  const before = connects();
  for (let round = 1; round <= 2; round += 1) {
    await probe.channel.deleteQueue(queue);
    assert.equal(await publish(), 'ok', 'another queue has it');
    await looks(NOTHING_KNOWN);
    await until('declared anew', () => probe.hasQueue(queue));
    assert.equal(unable(), round, 'a new trouble is told anew');
    await looks(found(0, 0));
    assert.equal(await publish(), 'ok');
    await looks(found(1, 0));
  }
  assert.equal(connects(), before, 'no connection was lost over it');
  assert.ok(!telemetry.logged('warn').includes('consumer lost its channel; trying again'));
});

test('a queue that we may not look at costs the number, nothing else', async (t) => {
  const { looks, publish, bindAnother, unable, connects } = await setUp(t, (queue, probe) =>
    probe.channel.assertQueue(queue, { exclusive: true, durable: false }),
  );
  await bindAnother();
  await looks(NOTHING_KNOWN);
  await until('told', () => unable() === 1);
  assert.equal(await publish(), 'ok');
  assert.equal(connects(), 2, 'one connection each for publishing and consuming');
});

test('with the connection the number goes, and it comes back with it', async (t) => {
  const { proxy, clock, broker, seen, looks } = await setUp(t);
  await looks(found(0, 0));
  await proxy.refuse();
  await until('unknown', () => seen().limit === 0);
  await proxy.accept();
  await until('connected again', () => {
    clock.advance(1_000);
    return broker.ready;
  });
  await until('looked again', () => {
    clock.advance(1_000);
    return seen().limit === BOUNDS.maxLength;
  });
});
