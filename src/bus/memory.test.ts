import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { until } from '../testing/services';
import { MemoryBroker } from './memory';
import type { OutgoingMessage, Verdict } from './ports';

const setUp = (): MemoryBroker =>
  new MemoryBroker({ telemetry: new RecordedTelemetry(), clock: new FakeClock() });

const message = (routingKey: string): OutgoingMessage => ({
  routingKey,
  body: '{}',
  properties: { type: 't', timestamp: 0, persistent: false, headers: {} },
});

test('hands messages to matching bindings, then confirms', async () => {
  const broker = setUp();
  const order: string[] = [];
  broker.received('user.#', ({ routingKey }) => order.push(routingKey));
  await new Promise<void>((resolve) => {
    assert.ok(broker.publish(message('ticker.x')));
    assert.ok(broker.publish(message('user.a')));
    assert.ok(
      broker.publishConfirmed(message('user.b'), (failure) => {
        order.push(failure?.code ?? 'ok');
        resolve();
      }),
    );
    order.push('returned');
  });
  assert.deepEqual(order, ['returned', 'user.a', 'user.b', 'ok']);
});

test('is bounded, and tells when there is room', async () => {
  const broker = setUp();
  let taken = 0;
  while (broker.publish(message('k'))) taken += 1;
  assert.equal(taken, 10_000);
  await new Promise<void>((resolve) => broker.onWritable(resolve));
  assert.ok(broker.publish(message('k')));
});

test('an outage fails what is not confirmed and accepts nothing', () => {
  const broker = setUp();
  const order: string[] = [];
  broker.onReady(() => order.push(broker.ready ? 'ready' : 'not ready'));
  broker.publishConfirmed(message('k'), (failure) => order.push(failure?.code ?? 'ok'));
  broker.goAway();
  assert.equal(broker.publish(message('k')), false);
  assert.equal(
    broker.publishConfirmed(message('k'), () => assert.fail()),
    false,
  );
  broker.comeBack();
  assert.deepEqual(order, ['ready', 'not ready', 'BROKER_UNAVAILABLE', 'ready']);
});

test('consumes within the prefetch, replies, keeps dead letters, stops cleanly', async () => {
  const broker = setUp();
  const handled: string[] = [];
  const replies: string[] = [];
  const releases: (() => void)[] = [];
  broker.send('q', 'early', (body) => replies.push(body));
  await broker.consume({
    queue: 'q',
    prefetch: 1,
    handle: async ({ body }): Promise<Verdict> => {
      handled.push(body.toString());
      await new Promise<void>((resolve) => releases.push(resolve));
      if (handled.length === 2) return { kind: 'dead-letter', reason: 'bad' };
      return { kind: 'done', reply: 1 };
    },
  });
  broker.send('q', 'second', (body) => replies.push(body));
  broker.send('q', 'third');
  assert.deepEqual(handled, ['early']);
  releases.shift()!();
  await until('the second', () => handled.length === 2);
  const stopped = broker.stopConsuming();
  releases.shift()!();
  await stopped;
  assert.deepEqual(handled, ['early', 'second']);
  assert.deepEqual(replies, ['{"response":1}', '{"response":null}']);
  assert.deepEqual(
    broker.deadLetters.map(({ reason, queue, bytes }) => [reason, queue, bytes]),
    [['bad', 'q', 6]],
  );
  await broker.close();
  assert.equal(broker.publish(message('k')), false);
});
