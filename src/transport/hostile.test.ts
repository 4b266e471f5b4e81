/** One connection against a venue that misbehaves in every way that venues are known for. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { FakeClock } from '../testing/fake-clock';
import { HostileServer } from '../testing/hostile-server';
import type { TinyDeps, TinyEvent } from '../testing/tiny-venue';
import {
  drive,
  driveUntil,
  letTalk,
  mostWithin,
  tinyDeps,
  tinyLabels,
  tinySpec,
} from '../testing/tiny-venue';
import type { LinkRules, Refusal } from '../venues/contract';
import { FeedConnection } from './feed';
import type { FeedSpec } from './session';

const MINUTE = 60_000;

let server: HostileServer;
let clock: FakeClock;
let deps: TinyDeps;
let feeds: FeedConnection<TinyEvent, object>[];

beforeEach(async () => {
  clock = new FakeClock();
  server = await HostileServer.start();
  deps = tinyDeps(clock, server.url);
  feeds = [];
});

afterEach(async () => {
  for (const feed of feeds) feed.stop();
  await server.close();
});

interface Told {
  readonly feed: FeedConnection<TinyEvent, object>;
  readonly events: TinyEvent[];
  readonly gaps: (number | undefined)[];
  readonly lost: string[];
  readonly refused: string[];
  readonly silent: number[];
  readonly rotate: string[];
  readonly blocked: Refusal[];
}

function feedOf(spec: FeedSpec<TinyEvent, object>): Told {
  const told = { events: [], gaps: [], lost: [], refused: [], silent: [], rotate: [], blocked: [] } as Omit<
    Told,
    'feed'
  >;
  const feed = new FeedConnection(spec, deps, {
    onEvents: (events) => void told.events.push(...events),
    onLive: (missedSince) => void told.gaps.push(missedSince),
    onLost: (reason) => void told.lost.push(reason),
    onRefused: (refused) => void told.refused.push(...refused.map(({ topic }) => topic)),
    onRotate: (reason) => void told.rotate.push(reason),
    onSilent: (silentForMs) => void told.silent.push(silentForMs),
    onBlocked: (reason) => void told.blocked.push(reason),
  });
  feeds.push(feed);
  return { feed, ...told };
}

/** A feed with these topics, until it is live. */
async function liveFeed(topics: readonly string[], rules: Partial<LinkRules> = {}): Promise<Told> {
  const told = feedOf(tinySpec(rules));
  told.feed.add(topics);
  await driveUntil(clock, 'live', () => isConfirmed(told));
  return told;
}

const isLive = ({ feed }: Told): boolean => feed.status.name === 'live';
const isConfirmed = (told: Told): boolean =>
  isLive(told) && told.feed.subscriptions.isSettled && told.events.length > 0;

// ---------------------------------------------------------------- handshakes

for (const [name, behaviour, outcome] of [
  ['closes with 1013 at once', { closeWith: 1013 }, 'close_1013'],
  ['closes with 1000 at once', { closeWith: 1000 }, 'close_1000'],
  ['answers 401', { handshake: { status: 401 } }, 'http_401'],
  ['never upgrades', { handshake: 'hang' }, 'timeout'],
] as const) {
  test(`a venue that ${name} is dialled ever more rarely, and is taken back when it recovers`, async () => {
    server.behave = () => behaviour;
    const told = feedOf(tinySpec());
    told.feed.add(['a']);
    await drive(clock, 10 * MINUTE, 500);
    assert.ok(told.lost.length > 5);
    assert.ok(told.lost.every((reason) => reason === outcome));
    assert.ok(mostWithin(deps.dialledAt, 1_000) <= 1);
    // Mean backoff at the cap is 30 s: a vendor's client would have dialled 1200 times.
    assert.ok(server.dials <= 30, `${server.dials} dials`);
    server.behave = () => ({});
    await driveUntil(clock, 'live', () => isLive(told));
  });
}

test('429 with Retry-After silences every feed of the host, and they return one by one', async () => {
  server.behave = (dial) =>
    dial < 2 ? { handshake: { status: 429, headers: { 'Retry-After': '120' } } } : {};
  const all = Array.from({ length: 8 }, () => feedOf(tinySpec()));
  for (const { feed } of all) feed.add(['a']);
  await driveUntil(clock, 'the first 429', () => all.some(({ lost }) => lost.length > 0));
  const silentFrom = clock.monotonic();
  const before = deps.dialledAt.length;
  await driveUntil(clock, 'all live', () => all.every(isLive), 250);
  // The second dial may have been under way when the first was refused.
  const later = deps.dialledAt.slice(before).filter((at) => at > silentFrom + 1_000);
  assert.ok(later[0]! - silentFrom >= 119_000, `dialled after ${later[0]! - silentFrom} ms`);
  assert.ok(mostWithin(deps.dialledAt, 1_000) <= 1);
});

test('a dropped network of fifty feeds is dialled within the budget of the host', async () => {
  const all = Array.from({ length: 50 }, () => feedOf(tinySpec({ dials: [{ count: 2, perMs: 1_000 }] })));
  for (const { feed } of all) feed.add(['a']);
  await driveUntil(clock, 'all live', () => all.every(isLive), 250);
  for (const connection of server.connections) connection.cut();
  await driveUntil(clock, 'all noticed', () => all.every(({ lost }) => lost.length === 1), 250);
  await driveUntil(clock, 'all live again', () => all.every(isLive), 250);
  assert.ok(mostWithin(deps.dialledAt, 1_000) <= 2);
  assert.equal(server.dials, 100);
});

test('an endpoint that cannot be told is a failed dial, and its own Retry-After is kept', async () => {
  const failures = [
    (): Promise<string> =>
      Promise.reject(new ConnectorError('REST_LIMITED', 'slow down', { retry: { afterMs: 90_000 } })),
    (): Promise<string> => {
      throw new Error('in the very call');
    },
    (): Promise<string> => new Promise(() => undefined),
  ];
  const spec = tinySpec();
  let asked = 0;
  const told = feedOf({ ...spec, endpoint: () => (failures[asked++] ?? spec.endpoint)() });
  told.feed.add(['a']);
  await letTalk();
  assert.equal(told.lost.length, 1);
  await drive(clock, 89_000, 1_000);
  assert.equal(asked, 1);
  await driveUntil(clock, 'live', () => isLive(told), 1_000);
  assert.deepEqual(told.lost, ['no_endpoint', 'no_endpoint', 'no_endpoint']);
});

// ---------------------------------------------------------------- frames

test('garbage is counted and logged once; the connection stays', async () => {
  const told = await liveFeed(['a']);
  for (let count = 0; count < 100; count += 1) server.latest?.say('garbage');
  server.latest?.say('{"crash":true}');
  server.latest?.push('a', 'after');
  await driveUntil(clock, 'the frame behind the garbage', () => told.events.at(-1)?.value === 'after');
  assert.equal(deps.telemetry.counted('connector_unknown_frames_total', tinyLabels), 101);
  assert.equal(deps.telemetry.logged('warn').length, 2);
  assert.equal(server.dials, 1);
});

test('an oversized frame costs the connection, and the gap is told', async () => {
  const told = await liveFeed(['a']);
  const before = told.feed.lastDataTime;
  server.latest?.say('x'.repeat(20_000));
  await driveUntil(clock, 'live again', () => told.gaps.length === 2);
  assert.deepEqual(told.lost, ['frame_too_large']);
  assert.deepEqual(told.gaps, [undefined, before]);
});

test('close 1000 is not the end, and the gap begins at the last data before it, not at the first after it', async () => {
  const told = await liveFeed(['a']);
  const before = told.feed.lastDataTime;
  await drive(clock, 5_000);
  server.behave = () => ({ isMute: true });
  server.latest?.close(1000);
  await driveUntil(clock, 'the second request', () => server.connections[1]?.subscribed().length === 1);
  // No ack: the data themselves make the session live.
  server.latest?.push('a');
  await driveUntil(clock, 'live again', () => told.gaps.length === 2);
  assert.deepEqual(told.gaps, [undefined, before]);
  assert.deepEqual(told.lost, ['close_1000']);
});

test('a refused topic is refused alone; the others live, on the same connection', async () => {
  for (const refuses of ['named', 'whole'] as const) {
    server.behave = () => ({ refused: ['bad'], refuses });
    const told = await liveFeed(['a', 'bad', 'c', 'd']);
    await driveUntil(clock, 'settled', () => told.feed.subscriptions.isSettled);
    assert.deepEqual(told.refused, ['bad']);
    assert.equal(told.feed.subscriptions.tally().confirmed, 3);
    assert.deepEqual(told.lost, []);
  }
});

test('a refusal that names nothing is logged, and its topics are repeated, then refused for a while', async () => {
  server.behave = () => ({ refused: ['bad'], refuses: 'nameless' });
  const told = await liveFeed(['a']);
  told.feed.add(['bad']);
  await driveUntil(clock, 'given up', () => told.refused.length > 0, 500);
  assert.deepEqual(told.refused, ['bad']);
  assert.equal(server.latest?.subscribed().filter((topic) => topic === 'bad').length, 3);
  assert.ok(deps.telemetry.counted('connector_unknown_frames_total', tinyLabels) >= 3);
  assert.ok(deps.telemetry.logged('warn').some((line) => line.startsWith('frame not understood')));
  assert.equal(server.dials, 1);
});

test('a venue that upgrades and then answers nothing never counts as live', async () => {
  server.behave = () => ({ isMute: true });
  const told = feedOf(tinySpec());
  told.feed.add(['a']);
  await driveUntil(clock, 'given up', () => told.lost.length > 0, 500);
  assert.deepEqual(told.lost, ['unanswered']);
  assert.deepEqual(told.gaps, []);
});

test('a venue that asks for silence is asked nothing meanwhile, with and without a time', async () => {
  const told = await liveFeed(['a']);
  for (const [throttled, pauseMs] of [
    [5_000, 5_000],
    [0, 60_000],
  ] as const) {
    server.latest?.say(JSON.stringify({ throttled }));
    await letTalk();
    const heard = server.latest!.requests.length;
    told.feed.add([`b${throttled}`]);
    await drive(clock, pauseMs - 1_000, 500);
    assert.equal(server.latest!.requests.length, heard);
    await driveUntil(clock, 'the request', () => server.latest!.requests.length > heard);
  }
  assert.equal(server.dials, 1);
});

test('wishes that change faster than we may speak cost a connection, not memory', async () => {
  const told = await liveFeed(['a'], { requests: { count: 3, perMs: 60 * MINUTE } });
  for (let count = 0; count < 600 && told.lost.length === 0; count += 1) {
    told.feed.add(['b']);
    await letTalk(1);
    clock.advance(1);
    told.feed.remove(['b']);
  }
  assert.deepEqual(told.lost, ['request_backlog']);
  await driveUntil(clock, 'live again', () => told.gaps.length === 2);
  assert.deepEqual(server.latest?.subscribed(), ['a']);
});

// ---------------------------------------------------------------- silence

test('pings answered but no data: one resubscribe, then a new connection', async () => {
  const told = await liveFeed(['a', 'b'], { silence: { floorMs: 20_000, capMs: 60_000 } });
  for (let second = 0; second < 60; second += 1) {
    server.latest?.pushAll();
    await drive(clock, 1_000, 500);
  }
  const first = server.latest!;
  await driveUntil(clock, 'the silence', () => told.silent.length === 1, 500);
  assert.ok(told.silent[0]! >= 20_000 && told.silent[0]! <= 22_000);
  await driveUntil(clock, 'the resubscribe', () => first.requests.length === 3);
  assert.deepEqual(
    first.requests.map(({ op }) => op),
    ['subscribe', 'unsubscribe', 'subscribe'],
  );
  assert.deepEqual(told.lost, []);
  // The burst after the resubscribe is not taken for a recovery.
  await driveUntil(clock, 'the new connection', () => server.connections.length === 2, 500);
  assert.deepEqual(told.lost, []);
  assert.equal(told.silent.length, 2);
});

test('a codec hears which topics are asked for, and again once they are given', async () => {
  const asked: string[] = [];
  const spec = tinySpec();
  const codec = {
    ...spec.feed.codec,
    interrupted: (topics: readonly string[]) => void asked.push(...topics),
  };
  const told = feedOf({ ...spec, feed: { ...spec.feed, codec } });
  told.feed.add(['a']);
  await driveUntil(clock, 'live', () => isConfirmed(told));
  assert.deepEqual(asked, ['a', 'a']);
  told.feed.refresh(['a']);
  await driveUntil(clock, 'the second request', () => asked.length === 4);
  assert.deepEqual(
    server.latest?.requests.map(({ op }) => op),
    ['subscribe', 'unsubscribe', 'subscribe'],
  );
});

test('the topic that carries the flow is silent among busy ones: found, though data come', async () => {
  const told = await liveFeed(['a', 'b'], { silence: { floorMs: 20_000, capMs: 60_000, pulse: 'a' } });
  const first = server.latest!;
  const pushAlone = async (topic: string): Promise<void> => {
    first.push(topic);
    await drive(clock, 1_000, 500);
  };
  for (let second = 0; second < 90; second += 1) await pushAlone('a');
  assert.deepEqual(told.silent, [], 'the other one may be quiet');
  for (let second = 0; second < 22; second += 1) await pushAlone('b');
  assert.equal(told.silent.length, 1);
  await driveUntil(clock, 'the resubscribe', () => first.requests.length === 3);
  for (let second = 0; second < 90 && server.connections.length === 1; second += 1) await pushAlone('b');
  await driveUntil(clock, 'the new connection', () => server.connections.length === 2, 500);
});

test('deaf even to a resubscribe: a mute link is replaced too', async () => {
  let isMute = false;
  server.behave = () => ({
    get isMute() {
      return isMute;
    },
  });
  const told = await liveFeed(['a'], { silence: { floorMs: 20_000, capMs: 60_000 } });
  isMute = true;
  await driveUntil(clock, 'the second connection', () => server.connections.length === 2, 1_000);
  assert.equal(told.silent.length, 2);
});

test('a connection whose every topic was refused is left in peace', async () => {
  server.behave = () => ({ refused: ['bad'], refuses: 'named' });
  const told = feedOf(tinySpec());
  told.feed.add(['bad']);
  await drive(clock, 120 * MINUTE, 5_000);
  assert.deepEqual(told.silent, []);
  assert.equal(server.dials, 1);
});

for (const via of ['protocol', 'frame'] as const) {
  test(`a half-open connection is found by the ${via} heartbeat`, async () => {
    const heartbeat = { via, everyMs: 20_000, timeoutMs: 10_000 };
    const told = await liveFeed(['a'], { heartbeat });
    await drive(clock, MINUTE);
    assert.deepEqual(told.lost, []);
    assert.equal(server.latest?.pings, 3);
    const since = clock.monotonic();
    server.latest?.freeze();
    await driveUntil(clock, 'the loss', () => told.lost.length > 0);
    assert.deepEqual(told.lost, ['no_pong']);
    assert.ok(clock.monotonic() - since <= 32_000);
    await driveUntil(clock, 'live again', () => told.gaps.length === 2);
  });
}

test('our own sleep ends no connection: what the venue sent meanwhile is still unread', async () => {
  let sleptMs = 0;
  deps = {
    ...deps,
    clock: {
      now: () => clock.now() + sleptMs,
      monotonic: () => clock.monotonic() + sleptMs,
      after: (delayMs, run) => clock.after(delayMs, run),
      every: (periodMs, run) => clock.every(periodMs, run),
      cancel: (timer) => clock.cancel(timer),
    },
  };
  const told = await liveFeed(['a'], { silence: { floorMs: 20_000, capMs: 60_000 } });
  // No turn for the sockets between the ping and the look at its pong.
  clock.advance(31_000);
  sleptMs = 10 * MINUTE;
  clock.advance(2_000);
  await letTalk();
  assert.equal(server.latest?.pings, 1);
  await drive(clock, 20_000);
  assert.deepEqual(told.lost, []);
  assert.deepEqual(told.silent, []);
});

// ---------------------------------------------------------------- login

test('a refused login blocks until new credentials come, or waits as the venue says', async () => {
  const spec = { ...tinySpec(), login: (): string[] => ['{"op":"login","id":"0","topics":[]}'] };
  server.behave = () => ({ isMute: true });
  const told = feedOf(spec);
  told.feed.add(['a']);
  await driveUntil(clock, 'the login', () => server.latest?.requests.length === 1);
  server.latest?.say('{"loginRefused":"never"}');
  await driveUntil(clock, 'the block', () => told.blocked.length === 1);
  await drive(clock, 30 * MINUTE, 5_000);
  assert.equal(server.dials, 1);
  server.behave = () => ({});
  told.feed.unblock();
  await driveUntil(clock, 'the second login', () => server.connections.length === 2);
  assert.deepEqual(server.latest?.subscribed(), []);
  server.latest?.say('{"loggedIn":true}');
  await driveUntil(clock, 'live', () => isLive(told));
});

test('a login that is never answered is given up', async () => {
  const spec = { ...tinySpec(), login: (): string[] => ['{"op":"login","id":"0","topics":[]}'] };
  server.behave = () => ({ isMute: true });
  const told = feedOf(spec);
  told.feed.add(['a']);
  await driveUntil(clock, 'given up', () => told.lost.length === 1, 500);
  assert.deepEqual(told.lost, ['unanswered']);
});

// ---------------------------------------------------------------- ends

test('nothing is told after stop, wherever it comes', async () => {
  for (const moment of ['endpoint', 'budget', 'handshake', 'live', 'waiting'] as const) {
    const told = feedOf(tinySpec());
    if (moment === 'handshake') server.behave = () => ({ handshake: 'hang' });
    if (moment === 'waiting') server.behave = () => ({ handshake: { status: 503 } });
    if (moment === 'budget')
      deps.dials.enter('wss://stream.tiny.example', tinySpec().rules.dials, () => undefined);
    told.feed.add(['a']);
    if (moment !== 'endpoint') await letTalk();
    if (moment === 'live') await driveUntil(clock, 'live', () => isConfirmed(told));
    if (moment === 'waiting') await driveUntil(clock, 'waiting', () => told.lost.length === 1);
    const before = JSON.stringify(told, (key, value: unknown) => (key === 'feed' ? undefined : value));
    told.feed.stop();
    told.feed.add(['late']);
    told.feed.restart('late');
    told.feed.unblock();
    server.behave = () => ({});
    await drive(clock, 5 * MINUTE, 5_000);
    const after = JSON.stringify(told, (key, value: unknown) => (key === 'feed' ? undefined : value));
    assert.equal(after, before, moment);
    assert.equal(told.feed.status.name, 'closed');
    assert.equal(server.open.length, 0, moment);
    assert.equal(clock.pendingCount, 0, moment);
  }
});

test('three hundred forced reconnects leave no socket, timer or listener behind', async () => {
  deps = tinyDeps(clock, server.url, () => 0);
  const told = await liveFeed(['a', 'b'], { dials: [{ count: 10, perMs: 1_000 }] });
  const resources = (): unknown => ({
    timers: clock.pendingCount,
    sockets: server.openSockets,
    listeners: process.eventNames().map((name) => process.listenerCount(name)),
    handles: process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length,
  });
  const before = resources();
  for (let count = 1; count <= 300; count += 1) {
    if (count % 3 === 0) told.feed.restart('test');
    else if (count % 3 === 1) server.latest?.cut();
    else server.latest?.close(1013);
    await driveUntil(clock, `return ${count}`, () => told.gaps.length === count + 1);
    await driveUntil(clock, `confirmation ${count}`, () => told.feed.subscriptions.isSettled, 10);
  }
  await driveUntil(clock, 'old sockets to be gone', () => server.openSockets === 1, 1_000);
  await letTalk();
  assert.deepEqual(resources(), before);
  assert.equal(told.feed.status.epoch, 301);
  assert.ok(told.gaps.slice(1).every((gap) => gap !== undefined));
});
