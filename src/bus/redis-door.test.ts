import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import type { ChannelMessage, Store } from '../store/ports';
import { PublishDoubt } from '../store/publish-doubt';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { RedisDoor } from './redis-door';

const AWAY = new ConnectorError('STORE_UNAVAILABLE', 'away');

/** A Redis whose answers come when the test says so. */
class HeldStore implements Pick<Store, 'ready' | 'onReady' | 'publishAll'> {
  ready = true;
  readonly pipelines: {
    messages: readonly ChannelMessage[];
    settle: (ok: boolean) => void;
    /** The link broke after so many answers. */
    breakAfter: (taken: number) => void;
  }[] = [];
  private listener: () => void = () => undefined;

  onReady(listener: () => void): () => void {
    this.listener = listener;
    listener();
    return () => (this.listener = () => undefined);
  }

  publishAll(messages: readonly ChannelMessage[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pipelines.push({
        messages,
        settle: (ok) => (ok ? resolve() : reject(AWAY)),
        breakAfter: (taken) => reject(new PublishDoubt(AWAY, taken)),
      });
    });
  }

  turn(ready: boolean): void {
    this.ready = ready;
    this.listener();
  }
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 8; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('RedisDoor', () => {
  let store: HeldStore;
  let telemetry: RecordedTelemetry;
  let clock: FakeClock;
  let door: RedisDoor;

  beforeEach(() => {
    store = new HeldStore();
    telemetry = new RecordedTelemetry();
    clock = new FakeClock();
    door = new RedisDoor(store as unknown as Store, telemetry, clock);
  });

  const latest = (channel: string, value: string): void =>
    door.offerLatest({ channel, exchange: 'x', kind: 'ticker', receivedAt: 0, render: () => value });
  const arriving = (channel: string, payload: string): void =>
    door.offer({ channel, payload, exchange: 'x', kind: 'candle', receivedAt: 0 });
  const sent = (): string[] =>
    store.pipelines.flatMap(({ messages }) => messages.map(({ payload }) => payload));

  test('values of one turn share a pipeline, each channel with its newest', async () => {
    latest('a', 'a1');
    latest('b', 'b1');
    latest('a', 'a2');
    await turns();
    assert.equal(store.pipelines.length, 1);
    assert.deepEqual(sent(), ['a2', 'b1']);
    assert.equal(
      telemetry.counted('connector_conflated_total', { exchange: 'x', door: 'redis', kind: 'ticker' }),
      1,
    );
  });

  test('a lone value leaves at once; those right behind it share the next pipeline', async () => {
    latest('a', 'a1');
    await turns();
    assert.deepEqual(sent(), ['a1']);
    for (const round of [1, 2]) {
      latest('b', `b${round}`);
      latest('c', `c${round}`);
      await turns();
    }
    assert.deepEqual(sent(), ['a1']);
    clock.advance(2);
    assert.equal(store.pipelines.length, 2);
    assert.deepEqual(sent(), ['a1', 'b2', 'c2']);
  });

  test('a must-arrive value waits for no company, and takes along what does', async () => {
    latest('a', 'a1');
    await turns();
    latest('b', 'b1');
    arriving('c', 'c1');
    await turns();
    assert.deepEqual(sent(), ['a1', 'c1', 'b1']);
    assert.equal(clock.pendingCount, 1);
    clock.advance(2);
    assert.equal(store.pipelines.length, 2);
  });

  test('a frame of thousands of values: the first pipelines leave while the others are still offered', () => {
    for (let i = 0; i < 600; i += 1) latest(`c${i}`, String(i));
    assert.deepEqual(
      store.pipelines.map(({ messages }) => messages.length),
      [250, 250],
    );
  });

  test('more than one pipeline holds: the rest follows in the same breath', async () => {
    for (let i = 0; i < 1_500; i += 1) latest(`s${i}`, 'v');
    await turns();
    assert.deepEqual(
      store.pipelines.map(({ messages }) => messages.length),
      Array.from({ length: 6 }, () => 250),
    );
  });

  test('while eight pipelines are unanswered, values are replaced and not queued', async () => {
    for (let i = 0; i < 50; i += 1) {
      latest('a', `a${i}`);
      clock.advance(2);
      await turns();
    }
    assert.equal(store.pipelines.length, 8);
    assert.equal(door.depth, 1);
    store.pipelines[0]?.settle(true);
    await turns();
    assert.equal(sent().at(-1), 'a49');
  });

  test('Redis away: tickers stay at one per channel, must-arrive values wait in order; then all go', async () => {
    store.turn(false);
    for (let i = 0; i < 1_000; i += 1) latest(`c${i % 10}`, `t${i}`);
    for (let i = 0; i < 100; i += 1) arriving('k', `k${i}`);
    await turns();
    assert.equal(store.pipelines.length, 0);
    assert.equal(door.depth, 110);
    store.turn(true);
    await turns();
    assert.deepEqual(
      sent().slice(0, 100),
      Array.from({ length: 100 }, (_, i) => `k${i}`),
    );
    assert.deepEqual(
      sent().slice(100).sort(),
      Array.from({ length: 10 }, (_, i) => `t${990 + i}`),
    );
  });

  test('must-arrive values do not wait for the answers to those before them; newest-wins values do', async () => {
    for (let i = 0; i < 10; i += 1) {
      arriving('k', `k${i}`);
      latest('a', `a${i}`);
      await turns();
    }
    const both = Array.from({ length: 8 }, (_, i) => [`k${i}`, `a${i}`]).flat();
    assert.deepEqual(sent(), [...both, 'k8', 'k9']);
    for (const { settle } of store.pipelines.slice(0, 3)) settle(true);
    await turns();
    clock.advance(2);
    assert.deepEqual(sent().slice(18), ['a9']);
  });

  test('must-arrive values without answers are bounded in flight', async () => {
    for (let i = 0; i < 40; i += 1) {
      arriving('k', `k${i}`);
      await turns();
    }
    assert.equal(store.pipelines.length, 16);
    assert.equal(door.depth, 24);
  });

  test('a broken link: must-arrive values are sent again in their order, tickers are not', async () => {
    arriving('k', 'k1');
    latest('a', 'a1');
    await turns();
    arriving('k', 'k2');
    await turns();
    assert.deepEqual(sent(), ['k1', 'a1', 'k2']);
    store.pipelines[0]?.settle(false);
    await turns();
    arriving('k', 'k3');
    await turns();
    assert.equal(store.pipelines.length, 2, 'nothing overtakes what came back');
    store.pipelines[1]?.settle(false);
    await turns();
    assert.deepEqual(sent().slice(3), ['k1', 'k2', 'k3']);
  });

  test('a pipeline that broke off: what was answered is not sent again, nor what would count twice', async () => {
    const doubts: string[] = [];
    const delta = (payload: string): void =>
      door.offer({
        ...{ channel: 'k', payload, exchange: 'x', kind: 'user', receivedAt: 0 },
        onDoubt: () => doubts.push(payload),
      });
    arriving('k', 'k1');
    delta('d1');
    arriving('k', 'k2');
    delta('d2');
    arriving('k', 'k3');
    latest('a', 'a1');
    await turns();
    store.pipelines[0]?.breakAfter(3);
    await turns();
    assert.deepEqual(sent().slice(6), ['k3']);
    assert.deepEqual(doubts, ['d2']);
    delta('d3');
    await turns();
    store.pipelines[1]?.settle(true);
    store.pipelines[2]?.settle(false);
    await turns();
    assert.deepEqual(sent().slice(7), ['d3', 'd3'], 'what never left waits');
    assert.deepEqual(doubts, ['d2']);
  });

  test('a closed value replaces an open one of its channel that was not sent yet', async () => {
    latest('k', 'open');
    arriving('k', 'closed');
    await turns();
    assert.deepEqual(sent(), ['closed']);
  });

  test('an open value that comes after the closed one in its channel is kept', async () => {
    const item = { channel: 'k', exchange: 'x', kind: 'candle', receivedAt: 0 } as const;
    door.offerLatest({ ...item, order: 2, render: () => 'open 2' });
    door.offer({ ...item, order: 1, payload: 'closed 1' });
    await turns();
    assert.deepEqual(sent(), ['closed 1', 'open 2']);
  });

  test('must-arrive values are bounded: the oldest goes, and is counted', async () => {
    store.turn(false);
    for (let i = 0; i < 20_005; i += 1) arriving('k', `k${i}`);
    assert.equal(door.depth, 20_000);
    assert.equal(telemetry.counted('connector_redis_door_dropped_total', { kind: 'candle' }), 5);
    store.turn(true);
    await turns();
    assert.equal(sent()[0], 'k5');
  });

  test('after close nothing is sent', async () => {
    latest('a', 'a1');
    door.close();
    await turns();
    assert.deepEqual(sent(), []);
  });
});
