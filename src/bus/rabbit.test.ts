import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock } from '../ops/clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { RabbitProbe, rabbitService, uniqueName, until } from '../testing/services';
import { TcpProxy } from '../testing/tcp-proxy';
import type { ConsumeSpec, OutgoingMessage, Verdict } from './ports';
import type { RabbitOptions } from './rabbit';
import { RabbitBroker } from './rabbit';
import { RECONNECT } from './rabbit-link';

async function setUp(t: TestContext, options: Partial<RabbitOptions> = {}) {
  const probe = await RabbitProbe.open();
  const proxy = await TcpProxy.start(rabbitService);
  const telemetry = new RecordedTelemetry();
  const names = {
    commandExchange: probe.exchangeName('commands'),
    eventExchange: probe.exchangeName('events'),
    userEventsQueue: probe.queueName('user-events'),
    deadLetterQueue: probe.queueName('rejected'),
  };
  const broker = new RabbitBroker(
    { ...rabbitService, host: proxy.host, port: proxy.port, instanceId: 'i-1', names, ...options },
    { telemetry, clock: systemClock, random: Math.random },
  );
  t.after(async () => {
    await broker.close();
    await proxy.close();
    await probe.close();
  });
  return { probe, proxy, telemetry, names, broker };
}

type Bench = Awaited<ReturnType<typeof setUp>>;

const event = (routingKey: string, body = '{}'): OutgoingMessage => ({
  routingKey,
  body,
  properties: {
    type: 'executionReport',
    timestamp: 1_751_277_600_123,
    messageId: 'm-1',
    persistent: true,
    headers: { 'x-exchange': 'bybit', 'x-reconciled': false },
  },
});

/** A queue of the test's own behind the event exchange. */
async function bound({ probe, names }: Bench, pattern: string): Promise<string> {
  const queue = probe.queueName('bound');
  await probe.channel.assertQueue(queue, { durable: false });
  await probe.channel.bindQueue(queue, names.eventExchange, pattern);
  return queue;
}

async function take({ probe }: Bench, queue: string) {
  for (;;) {
    const message = await probe.channel.get(queue, { noAck: true });
    if (message) return message;
  }
}

async function depth({ probe }: Bench, queue: string): Promise<number> {
  return (await probe.channel.checkQueue(queue)).messageCount;
}

const confirmed = (broker: RabbitBroker, message: OutgoingMessage): Promise<unknown> =>
  new Promise((resolve) =>
    assert.ok(broker.publishConfirmed(message, (failure) => resolve(failure?.code ?? 'ok'))),
  );

/** A consumed queue that records bodies; the verdict is the test's. */
function consumer(
  bench: Bench,
  verdict: (body: string) => Verdict | Promise<Verdict> = () => ({ kind: 'done' }),
) {
  const bodies: string[] = [];
  const spec: ConsumeSpec = {
    queue: bench.probe.queueName('consumed'),
    prefetch: 0,
    handle: (message) => {
      bodies.push(message.body.toString());
      return verdict(message.body.toString());
    },
  };
  const send = (body: string | Buffer, properties = {}): boolean =>
    bench.probe.channel.publish(bench.names.commandExchange, spec.queue, Buffer.from(body), properties);
  return { spec, bodies, send };
}

test('publishes events with the properties of the contract', async (t) => {
  const bench = await setUp(t);
  const { broker } = bench;
  await until('ready', () => broker.ready);
  const queue = await bound(bench, 'user.#');
  assert.equal(await confirmed(broker, event('user.bybit.executionReport.u', '{"a":"€"}')), 'ok');
  const { content, properties, fields } = await take(bench, queue);
  assert.equal(content.toString(), '{"a":"€"}');
  assert.equal(fields.routingKey, 'user.bybit.executionReport.u');
  assert.deepEqual(
    { ...properties, headers: { ...properties.headers } },
    {
      ...properties,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      appId: 'websocket-connector',
      type: 'executionReport',
      messageId: 'm-1',
      timestamp: 1_751_277_600,
      headers: {
        'x-exchange': 'bybit',
        'x-reconciled': false,
        'x-instance': 'i-1',
        'x-schema': 1,
        'x-timestamp-ms': 1_751_277_600_123,
      },
    },
  );
  const transient = event('user.t');
  assert.ok(broker.publish({ ...transient, properties: { ...transient.properties, persistent: false } }));
  assert.equal((await take(bench, queue)).properties.deliveryMode, 1);
});

test('declares a bounded durable queue of user events where asked, and none where not', async (t) => {
  const bench = await setUp(t, { userEvents: { maxLength: 1, maxBytes: 10_000, ttlMs: 60_000 } });
  const { broker, names, probe } = bench;
  await until('ready', () => broker.ready);
  assert.equal(await confirmed(broker, event('user.a.b.c')), 'ok');
  assert.equal(await confirmed(broker, event('user.a.b.c')), 'BROKER_UNAVAILABLE', 'a full queue refuses');
  await probe.channel.purgeQueue(names.userEventsQueue);
  assert.equal(await confirmed(broker, event('user.a.b.c')), 'ok');
  // The same arguments are accepted, others are not: this is the declaration.
  await probe.channel.assertQueue(names.userEventsQueue, {
    durable: true,
    maxLength: 1,
    messageTtl: 60_000,
    overflow: 'reject-publish',
    arguments: { 'x-max-length-bytes': 10_000 },
  });

  const without = await setUp(t);
  await until('ready', () => without.broker.ready);
  assert.equal(await without.probe.hasQueue(without.names.userEventsQueue), false);
  assert.equal(await without.probe.hasQueue(without.names.deadLetterQueue), true);
});

test('respects what exists with other settings, says so once, and goes on', async (t) => {
  const bench = await setUp(t, { userEvents: { maxLength: 5, maxBytes: 10_000, ttlMs: 60_000 } });
  const { broker, names, probe, proxy, telemetry } = bench;
  await until('ready', () => broker.ready);
  await broker.close();
  await probe.channel.deleteQueue(names.userEventsQueue);
  await probe.channel.assertQueue(names.userEventsQueue, { durable: true, maxLength: 3 });
  const consumed = consumer(bench);
  await probe.channel.assertQueue(consumed.spec.queue, { durable: true, maxLength: 7 });

  const second = new RabbitBroker(
    {
      ...rabbitService,
      host: proxy.host,
      port: proxy.port,
      instanceId: 'i-2',
      names,
      userEvents: { maxLength: 5, maxBytes: 10_000, ttlMs: 60_000 },
    },
    { telemetry, clock: systemClock, random: Math.random },
  );
  t.after(() => second.close());
  for (let round = 0; round < 3; round += 1) {
    await until('ready', () => second.ready);
    assert.equal(await confirmed(second, event('user.x')), 'ok');
    if (round === 0) await second.consume(consumed.spec);
    consumed.send(`${round}`);
    await until('consumed', () => consumed.bodies.length > round);
    proxy.cut();
    await until('lost', () => !second.ready);
  }
  assert.equal(await depth(bench, names.userEventsQueue), 3);
  const warnings = telemetry.logged('warn').filter((line) => line.includes('other settings'));
  assert.equal(warnings.length, 2, 'one per queue');
});

test('comes back within two seconds of the broker, never with two consumers', async (t) => {
  const bench = await setUp(t);
  const { broker, proxy, telemetry, probe } = bench;
  const consumed = consumer(bench);
  await broker.consume(consumed.spec);
  await until('ready', () => broker.ready);
  const changes: boolean[] = [];
  broker.onReady(() => changes.push(broker.ready));
  const failures = (): number => telemetry.counted('connector_broker_failures_total', { target: 'rabbitmq' });

  for (let round = 0; round < 4; round += 1) {
    if (round % 2 === 0) proxy.cut();
    else {
      await proxy.refuse();
      const before = failures();
      await until('several refusals', () => failures() >= before + 3);
      await proxy.accept();
    }
    await until('lost', () => changes.length >= 2 * round + 2);
    await until('ready again', () => broker.ready);
    await until(
      'consuming again',
      async () => (await probe.channel.checkQueue(consumed.spec.queue)).consumerCount === 1,
    );
    consumed.send(`${round}`);
    await until('consumed', () => consumed.bodies.includes(`${round}`));
  }
  // The acknowledgement may be cut off with the connection: the broker then sends the message again.
  assert.deepEqual([...new Set(consumed.bodies)], ['0', '1', '2', '3']);
  assert.equal((await probe.channel.checkQueue(consumed.spec.queue)).consumerCount, 1);
  assert.equal(proxy.connections, 2);
  assert.ok(RECONNECT.capMs <= 1_500, 'the pause before a dial leaves room for the dial');
  assert.deepEqual(changes, [true, ...Array.from({ length: 4 }, () => [false, true]).flat()]);
});

test('finds a half-open connection by its heartbeat', async (t) => {
  const bench = await setUp(t, { heartbeatS: 1 });
  const { broker, proxy } = bench;
  const consumed = consumer(bench);
  await broker.consume(consumed.spec);
  await until('ready', () => broker.ready);
  const lost = new Promise((resolve) =>
    broker.publishConfirmed(event('k', 'x'), (failure) => resolve(failure?.code ?? 'ok')),
  );
  proxy.freeze();
  assert.ok(['ok', 'BROKER_UNAVAILABLE'].includes(String(await lost)));
  await until('noticed', () => !broker.ready);
  assert.equal(
    broker.publishConfirmed(event('k'), () => assert.fail('not accepted')),
    false,
  );
  assert.equal(broker.publish(event('k')), false);
  proxy.thaw();
  await until('back', () => broker.ready);
  await until('only live connections remain', () => proxy.connections === 2);
  consumed.send('x');
  await until('consumed', () => consumed.bodies.length > 0);
});

test('a lost publishing channel is replaced with what it needs', async (t) => {
  const bench = await setUp(t);
  const { broker, probe, names } = bench;
  const consumed = consumer(bench);
  await broker.consume(consumed.spec);
  await until('ready', () => broker.ready);
  const order: string[] = [];
  broker.onReady(() => order.push(broker.ready ? 'ready' : 'not ready'));
  await probe.channel.deleteExchange(names.eventExchange);
  const outcome = new Promise<string>((resolve) => {
    broker.publishConfirmed(event('k'), (failure) => {
      order.push(failure?.code ?? 'ok');
      resolve(failure?.code ?? 'ok');
    });
  });
  assert.equal(await outcome, 'BROKER_UNAVAILABLE');
  await until('ready again', () => order.length >= 4);
  assert.deepEqual(order, ['ready', 'not ready', 'BROKER_UNAVAILABLE', 'ready']);
  assert.equal(await confirmed(broker, event('k')), 'ok');
  assert.equal((await probe.channel.checkQueue(consumed.spec.queue)).consumerCount, 1);
});

test('waits while the broker blocks publishers', async (t) => {
  const bench = await setUp(t);
  const { broker } = bench;
  await until('ready', () => broker.ready);
  // The alarm itself would stop everybody on a shared broker: the library's event is raised instead.
  const { publishing } = broker as unknown as { publishing: { model: NodeJS.EventEmitter } };
  const changes: boolean[] = [];
  let writable = 0;
  broker.onReady(() => changes.push(broker.ready));
  broker.onWritable(() => (writable += 1));
  const inFlight = confirmed(broker, event('k'));
  publishing.model.emit('blocked', 'low on memory');
  publishing.model.emit('blocked', 'low on disk');
  assert.equal(broker.publish(event('k')), false);
  assert.equal(
    broker.publishConfirmed(event('k'), () => assert.fail('not accepted')),
    false,
  );
  assert.equal(await inFlight, 'ok');
  publishing.model.emit('unblocked');
  assert.deepEqual(changes, [true, false, true]);
  assert.equal(writable, 1);
  assert.equal(await confirmed(broker, event('k')), 'ok');
});

test('what is published in one turn leaves with one write', async (t) => {
  const { broker } = await setUp(t);
  await until('ready', () => broker.ready);
  const single = t.mock.method(Socket.prototype, '_write');
  const joined = t.mock.method(Socket.prototype, '_writev' as '_write');
  const results = Array.from({ length: 100 }, (_, at) => confirmed(broker, event('user.t', `{"at":${at}}`)));
  assert.deepEqual(new Set(await Promise.all(results)), new Set(['ok']));
  // Those of the proxy between us and the broker count as well.
  const writes = single.mock.callCount() + joined.mock.callCount();
  assert.ok(writes < 20, `${writes} writes`);
});

test('refuses transient messages while the socket is full, and tells when it is not', async (t) => {
  const bench = await setUp(t);
  const { broker, proxy } = bench;
  await until('ready', () => broker.ready);
  const queue = await bound(bench, 'bulk');
  proxy.freeze();
  const bulk = event('bulk', 'x'.repeat(300_000));
  let taken = 0;
  while (broker.publish(bulk)) taken += 1;
  assert.ok(taken < 500, `${taken} messages of 300 kB were taken`);
  const writable = new Promise<void>((resolve) => broker.onWritable(resolve));
  proxy.thaw();
  await writable;
  assert.ok(broker.publish(bulk));
  await until('nothing taken is lost', async () => (await depth(bench, queue)) === taken + 1);
});

test('a message that cannot be encoded fails for good and alone', async (t) => {
  const { broker } = await setUp(t);
  await until('ready', () => broker.ready);
  const failure = await new Promise<{ retry: unknown } | undefined>((resolve) =>
    broker.publishConfirmed(event('k'.repeat(300)), resolve),
  );
  assert.equal(failure?.retry, 'never');
  assert.equal(await confirmed(broker, event('k')), 'ok');
  assert.equal(broker.publish(event('k'.repeat(300))), false);
});

test('acknowledges after the handler, whatever it does', async (t) => {
  const bench = await setUp(t);
  const { broker, telemetry, probe } = bench;
  let release = (): void => undefined;
  const held = new Promise<Verdict>((resolve) => (release = () => resolve({ kind: 'done' })));
  const consumed = consumer(bench, (body) => {
    if (body === 'held') return held;
    if (body === 'throws') throw new Error('no such thing');
    return { kind: 'done' };
  });
  await broker.consume(consumed.spec);
  for (const body of ['fine', 'throws', 'held']) consumed.send(body);
  await until('all handled', () => consumed.bodies.length === 3);
  const labels = { queue: consumed.spec.queue };
  await until(
    'counted',
    () => telemetry.counted('connector_commands_total', { ...labels, outcome: 'failed' }) === 1,
  );

  const stopping = broker.stopConsuming();
  consumed.send('after');
  release();
  await stopping;
  assert.equal(telemetry.counted('connector_commands_total', { ...labels, outcome: 'done' }), 2);
  assert.deepEqual(consumed.bodies, ['fine', 'throws', 'held']);
  assert.equal((await take(bench, consumed.spec.queue)).content.toString(), 'after');
  assert.equal(await probe.channel.get(consumed.spec.queue), false, 'everything else was acknowledged');
});

test('holds unacknowledged messages to the prefetch', async (t) => {
  const bench = await setUp(t);
  const releases: (() => void)[] = [];
  const consumed = consumer(
    bench,
    () => new Promise((resolve) => releases.push(() => resolve({ kind: 'done' }))),
  );
  await bench.broker.consume({ ...consumed.spec, prefetch: 2 });
  for (const body of 'abcd') consumed.send(body);
  await until('two taken', () => consumed.bodies.length === 2);
  await until('two wait', async () => (await depth(bench, consumed.spec.queue)) === 2);
  releases.shift()!();
  await until('the third', () => consumed.bodies.length === 3);
  await until('all taken', () => {
    releases.splice(0).forEach((release) => release());
    return consumed.bodies.length === 4;
  });
  releases.splice(0).forEach((release) => release());
});

test('answers where the request asks for an answer', async (t) => {
  const bench = await setUp(t);
  const { broker, probe } = bench;
  const consumed = consumer(bench, (body) => {
    if (body === 'throw') throw new Error('x');
    return body === 'say' ? { kind: 'done', reply: { said: [1] } } : { kind: 'done' };
  });
  await broker.consume(consumed.spec);
  await until('ready', () => broker.ready);
  const replies = probe.queueName('replies');
  await probe.channel.assertQueue(replies);
  for (const [body, response] of [
    ['say', { said: [1] }],
    ['silent', null],
    ['throw', null],
  ] as const) {
    consumed.send(body, { replyTo: replies, correlationId: `c-${body}` });
    const { content, properties } = await take(bench, replies);
    assert.deepEqual(JSON.parse(content.toString()), { response });
    assert.equal(properties.correlationId, `c-${body}`);
  }
});

test('keeps a trace of what could not be read, never the text', async (t) => {
  const bench = await setUp(t);
  const { broker, telemetry, names } = bench;
  const secret = '{"payload":{"secret":"hunter2"';
  const consumed = consumer(bench, () => ({ kind: 'dead-letter', reason: 'not JSON' }));
  await broker.consume(consumed.spec);
  await until('ready', () => broker.ready);
  consumed.send(secret);
  const kept = (await take(bench, names.deadLetterQueue)).content.toString();
  const { reason, queue, bytes, sha256 } = JSON.parse(kept) as Record<string, unknown>;
  assert.deepEqual([reason, queue, bytes], ['not JSON', consumed.spec.queue, secret.length]);
  assert.match(String(sha256), /^[0-9a-f]{64}$/);
  assert.doesNotMatch(kept + telemetry.allText(), /hunter2/);

  consumed.send(Buffer.alloc(1_048_577, 'x'));
  const large = JSON.parse((await take(bench, names.deadLetterQueue)).content.toString()) as {
    reason: string;
  };
  assert.equal(large.reason, 'body too large');
  assert.equal(consumed.bodies.length, 1, 'the handler never saw it');
  consumed.send(Buffer.alloc(1_048_576, 'x'));
  await until('the limit itself is allowed', () => consumed.bodies.length === 2);
});

test('a deleted queue is declared and consumed again', async (t) => {
  const bench = await setUp(t);
  const { broker, probe } = bench;
  const consumed = consumer(bench);
  await broker.consume(consumed.spec);
  await probe.channel.deleteQueue(consumed.spec.queue);
  await until('consumed again', async () => {
    const { consumerCount } = await probe.channel.assertQueue(consumed.spec.queue, { durable: true });
    return consumerCount === 1;
  });
  consumed.send('x');
  await until('handled', () => consumed.bodies.length === 1);
});

test('a wrong password is reported without being told, and close ends the waiting', async (t) => {
  const password = 'swordfish/4711@%';
  const bench = await setUp(t, { password, user: 'nobody' });
  const { broker, telemetry } = bench;
  const waiting = assert.rejects(broker.consume(consumer(bench).spec), { code: 'STOPPED' });
  await until('refused', () => telemetry.logged('warn').length >= 2);
  await broker.close();
  await waiting;
  await assert.rejects(broker.consume(consumer(bench).spec), { code: 'STOPPED' });
  assert.equal(broker.ready, false);
  assert.doesNotMatch(telemetry.allText(), /swordfish/);
});

test('close settles what is in flight and leaves no connection', async (t) => {
  const { broker, proxy } = await setUp(t);
  await until('ready', () => broker.ready);
  proxy.freeze();
  const outcome = confirmed(broker, event(uniqueName('k')));
  const closing = broker.close();
  proxy.cut();
  assert.equal(await outcome, 'BROKER_UNAVAILABLE');
  await closing;
  assert.equal(proxy.connections, 0);
  assert.equal(
    broker.publishConfirmed(event('k'), () => assert.fail('not accepted')),
    false,
  );
});
