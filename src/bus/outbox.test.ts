import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectorError } from '../domain/errors';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { Outbox } from './outbox';
import type { OutboxOptions } from './outbox';
import type { Broker, OutgoingMessage } from './ports';

interface Pending {
  readonly message: OutgoingMessage;
  readonly settled: (failure?: ConnectorError) => void;
}

/** A broker whose every confirm is in the test's hand. */
class HandBroker implements Pick<
  Broker,
  'ready' | 'onReady' | 'onWritable' | 'onQueueLost' | 'publishConfirmed'
> {
  ready = true;
  pending: Pending[] = [];
  /** Bodies in the order of their confirms: what a consumer has seen last. */
  readonly confirmed: string[] = [];
  readonly published: string[] = [];
  loseQueue: () => void = () => undefined;
  private readonly listeners = new Set<() => void>();

  onReady(listener: () => void): () => void {
    this.listeners.add(listener);
    if (this.ready) listener();
    return () => void this.listeners.delete(listener);
  }

  onWritable(): () => void {
    return () => undefined;
  }

  onQueueLost(listener: () => void): () => void {
    this.loseQueue = listener;
    return () => undefined;
  }

  publishConfirmed(message: OutgoingMessage, settled: (failure?: ConnectorError) => void): boolean {
    if (!this.ready) return false;
    this.pending.push({ message, settled });
    this.published.push(message.body);
    return true;
  }

  confirm(at = 0): void {
    const [item] = this.pending.splice(at, 1);
    this.confirmed.push(item!.message.body);
    item!.settled();
  }

  refuse(at = 0): void {
    const [item] = this.pending.splice(at, 1);
    item!.settled(new ConnectorError('BROKER_UNAVAILABLE', 'nack'));
  }

  setReady(isReady: boolean): void {
    this.ready = isReady;
    for (const listener of [...this.listeners]) listener();
  }

  /** As `RabbitBroker`: not ready first, then the failures. */
  lose(): void {
    this.setReady(false);
    while (this.pending.length > 0) this.refuse();
  }

  confirmAll(): void {
    while (this.pending.length > 0) this.confirm();
  }
}

/** What is offered is sent in the same call: these tests are about what, not about when. */
const atOnce = (send: () => void): void => send();

function setUp(options: Partial<OutboxOptions> = {}, soon = atOnce) {
  const broker = new HandBroker();
  const telemetry = new RecordedTelemetry();
  const clock = new FakeClock();
  const outbox = new Outbox(
    { maxMessages: 1_000, maxBytes: 1_000_000, ...options },
    { broker: broker as unknown as Broker, telemetry, clock, random: () => 0.5, soon },
  );
  return { broker, telemetry, clock, outbox };
}

const message = (body: string): OutgoingMessage => ({
  routingKey: 'k',
  body,
  properties: { type: 't', timestamp: 0, persistent: true, headers: {} },
});

function offerAll(outbox: Outbox, key: string, bodies: string): void {
  for (const body of bodies) assert.ok(outbox.offer(key, message(body)));
}

test('publishes at once and forgets what is confirmed', () => {
  const { broker, outbox, telemetry } = setUp();
  offerAll(outbox, 'a', 'xyz');
  assert.deepEqual(broker.published, ['x', 'y', 'z']);
  assert.deepEqual([outbox.depth, outbox.bytes], [3, 3]);
  assert.equal(telemetry.gauged('connector_outbox_depth'), 3);
  broker.confirmAll();
  assert.deepEqual([outbox.depth, outbox.bytes], [0, 0]);
  assert.equal(telemetry.counted('connector_confirm_latency_seconds'), 3);
  assert.equal(telemetry.gauged('connector_outbox_bytes'), 0);
});

test('done follows the order of the key, not of the confirms', () => {
  const { broker, outbox } = setUp();
  const done: string[] = [];
  for (const body of 'abc') outbox.offer('k', message(body), () => done.push(body));
  broker.confirm(1);
  assert.deepEqual(done, []);
  broker.confirm(0);
  assert.deepEqual(done, ['a', 'b']);
  broker.confirm(0);
  assert.deepEqual(done, ['a', 'b', 'c']);
});

test('a burst is sent a few at a time, in its order', () => {
  const turns: (() => void)[] = [];
  const { broker, outbox } = setUp({}, (send) => turns.push(send));
  const bodies = Array.from({ length: 40 }, (_, at) => String(at));
  for (const body of bodies) outbox.offer(body, message(body));
  assert.deepEqual(broker.published, [], 'not in the turn that offers');
  const sizes: number[] = [];
  for (let send = turns.shift(); send; send = turns.shift()) {
    const before = broker.published.length;
    send();
    sizes.push(broker.published.length - before);
  }
  assert.deepEqual(sizes, [16, 16, 8]);
  assert.deepEqual(broker.published, bodies);
});

test('a refused message stops its key, then everything from it on is sent again in order', () => {
  const { broker, outbox, clock, telemetry } = setUp();
  offerAll(outbox, 'a', '123');
  broker.confirm(0);
  broker.refuse(0);
  offerAll(outbox, 'a', '4');
  assert.equal(broker.pending.length, 1, 'waits for what is in flight');
  broker.confirm(0);
  assert.equal(outbox.depth, 3);
  assert.equal(broker.pending.length, 0, 'waits before it asks a refusing broker again');
  clock.advance(5_000);
  assert.deepEqual(broker.published, ['1', '2', '3', '2', '3', '4']);
  broker.confirmAll();
  assert.deepEqual(broker.confirmed.slice(-3), ['2', '3', '4']);
  assert.equal(outbox.depth, 0);
  assert.equal(clock.pendingCount, 0);
  assert.equal(telemetry.counted('connector_outbox_republished_total', { reason: 'refused' }), 2);
});

test('what is sent again is held until it is confirmed again', () => {
  const { broker, outbox, clock } = setUp();
  offerAll(outbox, 'a', '12');
  broker.refuse(0);
  broker.confirm(0);
  clock.advance(5_000);
  broker.confirm(0);
  assert.equal(outbox.depth, 1);
  broker.refuse(0);
  clock.advance(5_000);
  broker.confirm(0);
  assert.equal(outbox.depth, 0);
  assert.deepEqual(broker.published, ['1', '2', '1', '2', '2']);
});

test('a refused key neither stops others nor hammers the broker', () => {
  const { broker, outbox, clock } = setUp();
  offerAll(outbox, 'bad', 'x');
  let tries = 0;
  for (let second = 0; second < 60; second += 1) {
    while (broker.pending.length > 0) {
      tries += 1;
      broker.refuse();
    }
    offerAll(outbox, 'good', 'y');
    broker.confirm(broker.pending.findIndex((item) => item.message.body === 'y'));
    clock.advance(1_000);
  }
  assert.equal(outbox.depth, 1);
  assert.ok(tries >= 10 && tries <= 30, `${tries} tries in a minute`);
});

test('a deleted queue: what it took lately is sent again, before what is in flight, and told done once', () => {
  const { broker, outbox, clock, telemetry } = setUp();
  const done: string[] = [];
  const offer = (key: string, bodies: string): void => {
    for (const body of bodies) outbox.offer(key, message(body), () => done.push(body));
  };
  offer('a', '0');
  broker.confirmAll();
  clock.advance(40_000);
  offer('a', '123');
  offer('b', '7');
  broker.confirmAll();
  offer('a', '45');
  broker.confirm(1);
  broker.loseQueue();
  assert.equal(outbox.depth, 6);
  assert.equal(broker.pending.length, 1, 'waits for what is in flight');
  offer('a', '6');
  broker.confirmAll();
  clock.advance(5_000);
  broker.confirmAll();
  const again = broker.confirmed.slice(7);
  assert.deepEqual(again.filter((body) => body !== '7').join(''), '123456');
  assert.equal(again.filter((body) => body === '7').length, 1);
  assert.deepEqual(done.toSorted().join(''), '01234567');
  assert.deepEqual([outbox.depth, outbox.bytes, clock.pendingCount], [0, 0, 0]);
  assert.equal(telemetry.logged('warn').length, 1);
});

test('a deleted queue while the broker is away, or that refuses for a while: nothing is sent twice at once', () => {
  const { broker, outbox, clock } = setUp();
  offerAll(outbox, 'a', '12');
  broker.confirmAll();
  broker.lose();
  broker.loseQueue();
  clock.advance(5_000);
  assert.deepEqual(broker.published, ['1', '2']);
  broker.setReady(true);
  broker.refuse();
  broker.confirm();
  broker.loseQueue();
  clock.advance(5_000);
  assert.deepEqual(broker.published, ['1', '2', '1', '2', '1', '2']);
  broker.confirmAll();
  assert.deepEqual([outbox.depth, clock.pendingCount], [0, 0]);
});

test('a lost broker is waited for, and its return starts everything at once', () => {
  const { broker, outbox, clock, telemetry } = setUp();
  offerAll(outbox, 'a', '12');
  offerAll(outbox, 'b', '34');
  broker.lose();
  offerAll(outbox, 'a', '5');
  clock.advance(60_000);
  assert.equal(broker.published.length, 4);
  broker.setReady(true);
  broker.confirmAll();
  assert.deepEqual(broker.confirmed, ['1', '3', '2', '4', '5']);
  assert.equal(outbox.depth, 0);
  assert.equal(telemetry.counted('connector_outbox_republished_total', { reason: 'lost' }), 4);
});

test('windows bound what is in flight, and keys take turns', () => {
  const { broker, outbox } = setUp({ keyWindow: 2, window: 3 });
  broker.setReady(false);
  offerAll(outbox, 'a', '1234');
  offerAll(outbox, 'b', '567');
  broker.setReady(true);
  assert.deepEqual(broker.published, ['1', '5', '2']);
  broker.confirm();
  assert.deepEqual(broker.published, ['1', '5', '2', '6']);
  broker.confirmAll();
  assert.equal(outbox.depth, 0);
  assert.deepEqual(
    broker.confirmed.filter((body) => body < '5'),
    ['1', '2', '3', '4'],
  );
});

test('refuses beyond its bounds and tells when half is free', () => {
  const { broker, outbox, telemetry } = setUp({ maxMessages: 4, maxBytes: 10 });
  let told = 0;
  outbox.onDrained(() => (told += 1));
  offerAll(outbox, 'a', '1234');
  assert.equal(outbox.offer('a', message('5')), false);
  assert.equal(telemetry.counted('connector_outbox_refused_total'), 1);
  broker.confirm();
  broker.confirm();
  assert.equal(told, 0);
  broker.confirm();
  assert.equal(told, 1);
  broker.confirm();
  assert.equal(told, 1);

  assert.ok(outbox.offer('b', message('x'.repeat(9))));
  assert.equal(outbox.offer('b', message('yy')), false);
  broker.confirm();
  assert.equal(told, 2);
  assert.ok(outbox.offer('b', message('z'.repeat(50))), 'one message of any size, or it could never go');
});

test('done may offer more, and room is told once it is really there', () => {
  const { broker, outbox } = setUp({ maxMessages: 2 });
  const order: string[] = [];
  outbox.offer('a', message('1'), () => {
    order.push('done 1');
    outbox.offer('a', message('2'), () => order.push('done 2'));
  });
  broker.confirmAll();
  assert.deepEqual(order, ['done 1', 'done 2']);
  assert.equal(outbox.depth, 0);
});

test('a message that can never be sent is dropped, and the key goes on', () => {
  const { broker, outbox, telemetry } = setUp();
  offerAll(outbox, 'a', '12');
  broker.pending.shift()!.settled(new ConnectorError('BROKER_UNAVAILABLE', 'too long', { retry: 'never' }));
  broker.confirm();
  assert.equal(outbox.depth, 0);
  assert.equal(telemetry.logged('error').length, 1);
});

test('drain tells whether everything left in time', async () => {
  const { broker, outbox, clock } = setUp();
  assert.equal(await outbox.drain(1), true);
  offerAll(outbox, 'a', '1');
  const late = outbox.drain(1_000);
  clock.advance(1_000);
  assert.equal(await late, false);
  const soon = outbox.drain(1_000);
  broker.confirm();
  assert.equal(await soon, true);
  assert.equal(clock.pendingCount, 0);
});

test('close ends timers and takes nothing more', () => {
  const { broker, outbox, clock } = setUp();
  offerAll(outbox, 'a', '12');
  broker.refuse();
  broker.refuse();
  outbox.close();
  assert.equal(clock.pendingCount, 0);
  assert.equal(outbox.offer('a', message('3')), false);
  broker.setReady(true);
  assert.equal(broker.pending.length, 0);
});

type Step =
  | { readonly do: 'offer'; readonly key: number }
  | { readonly do: 'confirm' | 'refuse'; readonly at: number }
  | { readonly do: 'lose' | 'return' }
  | { readonly do: 'wait'; readonly ms: number };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('offer' as const), key: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('confirm' as const), at: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse' as const), at: fc.nat(20) }) },
  fc.record({ do: fc.constantFrom('lose' as const, 'return' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3_000) }),
);

/** Plays the steps, then lets the broker confirm everything; returns what was offered and done. */
function play(steps: readonly Step[], keyWindow: number) {
  const bench = setUp({ keyWindow, window: 8 });
  const { broker, outbox, clock } = bench;
  const offered = new Map<number, string[]>();
  const done: string[] = [];
  const settle = (how: 'confirm' | 'refuse', at: number): void => {
    if (broker.pending.length > 0) broker[how](at % broker.pending.length);
  };
  const perform = (step: Step): void => {
    switch (step.do) {
      case 'offer': {
        const bodies = offered.get(step.key) ?? [];
        const body = `${step.key}:${bodies.length}`;
        offered.set(step.key, [...bodies, body]);
        assert.ok(outbox.offer(String(step.key), message(body), () => done.push(body)));
        break;
      }
      case 'confirm':
      case 'refuse':
        settle(step.do, step.at);
        break;
      case 'lose':
        broker.lose();
        break;
      case 'return':
        broker.setReady(true);
        break;
      case 'wait':
        clock.advance(step.ms);
    }
  };
  for (const step of steps) {
    perform(step);
    assert.ok(broker.pending.length <= 8);
  }
  broker.setReady(true);
  for (let round = 0; round < 100 && outbox.depth > 0; round += 1) {
    broker.confirmAll();
    clock.advance(5_000);
  }
  return { ...bench, offered, done };
}

test('whatever happens: every message is confirmed, last deliveries are in order, nothing remains', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 120 }), fc.integer({ min: 1, max: 5 }), (steps, keyWindow) => {
      const { broker, outbox, clock, offered, done } = play(steps, keyWindow);
      assert.deepEqual([outbox.depth, outbox.bytes, clock.pendingCount], [0, 0, 0]);
      for (const [key, bodies] of offered) {
        const own = (body: string): boolean => body.startsWith(`${key}:`);
        assert.deepEqual(done.filter(own), bodies, 'done in order, once');
        const last = [...new Set(broker.published.filter(own).reverse())].reverse();
        assert.deepEqual(last, bodies, 'last publications in order');
      }
    }),
    { numRuns: 500 },
  );
});
