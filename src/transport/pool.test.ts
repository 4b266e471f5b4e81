import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import type { HostileConnection } from '../testing/hostile-server';
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
import type { LinkRules } from '../venues/contract';
import { Pool } from './pool';

const HOUR = 3_600_000;

let server: HostileServer;
let clock: FakeClock;
let deps: TinyDeps;
let pool: Pool<TinyEvent, object>;
let told: {
  readonly events: TinyEvent[];
  readonly live: { readonly topics: readonly string[]; readonly missedSince: number | undefined }[];
  readonly lost: string[];
  readonly silent: number[];
};

beforeEach(async () => {
  clock = new FakeClock();
  server = await HostileServer.start();
  deps = tinyDeps(clock, server.url);
});

afterEach(async () => {
  pool.stop();
  await driveUntil(clock, 'every timer to end', () => clock.pendingCount === 0);
  await server.close();
});

function open(rules: Partial<LinkRules> = {}): void {
  told = { events: [], live: [], lost: [], silent: [] };
  pool = new Pool(tinySpec(rules), deps, {
    onEvents: (events) => void told.events.push(...events),
    onLive: (topics, missedSince) => void told.live.push({ topics, missedSince }),
    onLost: (reason) => void told.lost.push(reason),
    onRefused: () => undefined,
    onSilent: (silentForMs) => void told.silent.push(silentForMs),
  });
}

const isConfirmed = (): boolean => pool.tally().topics.confirmed === pool.size;

async function live(topics: readonly string[], rules: Partial<LinkRules> = {}): Promise<void> {
  open(rules);
  pool.want(topics);
  await driveUntil(clock, 'all confirmed', isConfirmed);
  await letTalk();
}

const carried = (): string[][] => server.open.map(({ topics }) => [...topics].sort());
const gaps = (): unknown[] => told.live.map(({ missedSince }) => missedSince);
const rotations = (reason: string): number =>
  deps.telemetry.counted('connector_rotations_total', { ...tinyLabels, reason });

// ---------------------------------------------------------------- placing

test('topics fill one connection before the next is dialled', async () => {
  await live(['a', 'b', 'c', 'd', 'e', 'f']);
  assert.deepEqual(carried(), [
    ['a', 'b', 'c', 'd'],
    ['e', 'f'],
  ]);
  assert.equal(pool.connectionCount, 2);
});

test('the sum of the topics’ bytes bounds a connection too', async () => {
  await live(['aaaa', 'bbbb', 'éé', 'c'], { topicBytesPerConnection: 9 });
  assert.deepEqual(carried(), [['aaaa', 'bbbb', 'c'], ['éé']]);
});

test('a further topic disturbs nobody: no dial, no word about the others', async () => {
  await live(['a', 'b']);
  const [connection] = server.connections;
  pool.want(['a', 'c']);
  pool.want(['c']);
  await driveUntil(clock, 'confirmed', isConfirmed);
  assert.equal(server.dials, 1);
  assert.deepEqual(connection?.subscribed(), ['a', 'b', 'c']);
  assert.equal(told.live.length, 1);
});

test('wishes of one moment share a request', async () => {
  await live(['a']);
  pool.want(['b']);
  pool.want(['c', 'd']);
  await driveUntil(clock, 'confirmed', isConfirmed);
  assert.deepEqual(
    server.latest?.requests.map(({ topics }) => topics),
    [['a'], ['b', 'c', 'd']],
  );
});

test('a topic that goes is said goodbye to in one request, and its room is used again', async () => {
  await live(['a', 'b', 'c', 'd']);
  pool.unwant(['b', 'c', 'stranger']);
  pool.want(['e']);
  await driveUntil(clock, 'the newcomer', () => server.latest?.topics.has('e') === true);
  assert.deepEqual(carried(), [['a', 'd', 'e']]);
  const goodbyes = server.latest?.requests.filter(({ op }) => op === 'unsubscribe');
  assert.deepEqual(
    goodbyes?.map(({ topics }) => topics),
    [['b', 'c']],
  );
  assert.equal(server.dials, 1);
});

test('an empty connection is closed, its neighbours stay', async () => {
  await live(['a', 'b', 'c', 'd', 'e']);
  pool.unwant(['e']);
  await driveUntil(clock, 'the end of the second', () => server.open.length === 1);
  assert.deepEqual(carried(), [['a', 'b', 'c', 'd']]);
  assert.equal(pool.connectionCount, 1);
  assert.deepEqual(told.lost, []);
});

test('the newest data time survives the connection that had it', async () => {
  await live(['a', 'b', 'c', 'd', 'e']);
  await drive(clock, 5_000);
  server.connections[1]?.push('e');
  await driveUntil(clock, 'the event', () => told.events.length === 6);
  const newest = pool.lastDataTime;
  pool.unwant(['e']);
  assert.equal(pool.lastDataTime, newest);
});

test('a lost connection tells the gap of its own topics only', async () => {
  await live(['a', 'b', 'c', 'd', 'e']);
  await drive(clock, 3_000);
  server.connections[1]?.cut();
  await driveUntil(clock, 'the return', () => told.live.length === 3);
  assert.deepEqual(told.live[2]?.topics, ['e']);
  assert.notEqual(told.live[2]?.missedSince, undefined);
  assert.equal(told.lost.length, 1);
});

// ---------------------------------------------------------------- rotation

/** The old connection keeps talking until it is closed. */
async function rotated(first: HostileConnection, stepMs = 100): Promise<void> {
  await driveUntil(
    clock,
    'the old one to be closed',
    () => {
      first.pushAll();
      return !first.isOpen;
    },
    stepMs,
  );
}

test('asked to move away: the new connection confirms every topic before the old one is closed', async () => {
  await live(['a', 'b', 'c']);
  const [first] = server.connections;
  first?.say('{"moveAway":30000}');
  await driveUntil(clock, 'the new connection', () => server.connections.length === 2);
  const second = server.connections[1]!;
  await driveUntil(clock, 'the old one to be closed', () => {
    if (first!.isOpen) return false;
    assert.equal(second.topics.size, 3);
    return true;
  });
  assert.equal(rotations('moveAway'), 1);
  assert.equal(pool.connectionCount, 1);
  assert.deepEqual(gaps(), [undefined]);
  assert.deepEqual(told.lost, []);
});

test('every connection is replaced at an age of its own, long before the venue’s limit of 24 h', async () => {
  const lucks = [0.1, 0.9, 0.5, 0.3];
  deps = tinyDeps(clock, server.url, () => lucks[server.dials % lucks.length] ?? 0.5);
  const heartbeat = { via: 'protocol', everyMs: HOUR, timeoutMs: HOUR / 2 } as const;
  const silence = { floorMs: 48 * HOUR, capMs: 48 * HOUR };
  await live(['a', 'b', 'c', 'd', 'e'], { rotateAfterMs: [22.5 * HOUR, 22.75 * HOUR], heartbeat, silence });
  await drive(clock, 22.5 * HOUR, 60_000);
  assert.equal(server.dials, 2);
  while (clock.monotonic() < 22.8 * HOUR) await drive(clock, 60_000, 1_000);
  assert.equal(server.dials, 4);
  assert.equal(rotations('age'), 2);
  // Connections that were opened together do not leave together.
  assert.ok(deps.dialledAt[3]! - deps.dialledAt[2]! > HOUR / 20);
  assert.deepEqual(carried().flat().sort(), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(gaps(), [undefined, undefined]);
  assert.deepEqual(told.lost, []);
});

test('events of both connections pass during a rotation: none may fall between them', async () => {
  await live(['a']);
  server.behave = () => ({ isDataless: true });
  const [first] = server.connections;
  first?.say('{"moveAway":30000}');
  await driveUntil(clock, 'the new connection', () => server.latest!.subscribed().length === 1);
  if (first!.isOpen) first!.push('a', 'from the old one');
  server.latest?.push('a', 'from the new one');
  await rotated(first!);
  await driveUntil(clock, 'the event', () => told.events.some(({ value }) => value === 'from the new one'));
});

test('where acks prove nothing the old one stays until data came, a quiet topic is waited for a minute', async () => {
  await live(['busy', 'quiet'], { ackConfirms: false });
  server.behave = () => ({ isDataless: true });
  const [first] = server.connections;
  first?.say('{"moveAway":30000}');
  await driveUntil(clock, 'the new connection', () => server.latest!.topics.size === 2);
  const since = clock.monotonic();
  server.latest?.push('busy');
  await rotated(first!);
  assert.ok(clock.monotonic() - since >= 55_000);
  assert.deepEqual(gaps(), [undefined]);
});

test('the old one dies during a rotation: its successor carries on, and the gap is told once', async () => {
  await live(['a', 'b']);
  const [first] = server.connections;
  server.behave = (dial) => (dial < 4 ? { handshake: { status: 503 } } : {});
  first?.say('{"moveAway":30000}');
  await driveUntil(clock, 'a failed successor', () => server.dials === 2);
  await drive(clock, 500);
  first?.push('a', 'last words');
  await driveUntil(clock, 'the last words', () => told.events.at(-1)?.value === 'last words');
  const lastData = pool.lastDataTime;
  first?.cut();
  await driveUntil(clock, 'the successor', () => told.live.length === 2, 250);
  await drive(clock, 120_000, 500);
  assert.deepEqual(gaps(), [undefined, lastData]);
  assert.deepEqual([...told.live[1]!.topics].sort(), ['a', 'b']);
  assert.equal(pool.connectionCount, 1);
  assert.equal(rotations('lost'), 1);
});

test('a successor that cannot connect leaves the old one alone', async () => {
  await live(['a', 'b']);
  const [first] = server.connections;
  server.behave = () => ({ handshake: { status: 503 } });
  first?.say('{"moveAway":30000}');
  await drive(clock, 300_000, 500);
  assert.ok(server.dials > 5);
  assert.equal(first?.isOpen, true);
  assert.deepEqual(told.lost, []);
  server.behave = () => ({});
  await rotated(first!, 500);
  assert.deepEqual(gaps(), [undefined]);
});

test('topics that come and go during a rotation are right on the new connection', async () => {
  await live(['a', 'b']);
  const [first] = server.connections;
  server.behave = (dial) => (dial < 3 ? { handshake: { status: 503 } } : {});
  first?.say('{"moveAway":30000}');
  await driveUntil(clock, 'a failed successor', () => server.dials === 2);
  pool.want(['c']);
  pool.unwant(['a']);
  await rotated(first!);
  await driveUntil(clock, 'confirmed', isConfirmed);
  assert.deepEqual(carried(), [['b', 'c']]);
  assert.ok(!server.latest?.subscribed().includes('a'));
});

test('the last topic goes during a rotation: both connections are closed', async () => {
  await live(['a']);
  server.behave = () => ({ isMute: true });
  server.latest?.say('{"moveAway":30000}');
  await driveUntil(clock, 'the successor', () => server.connections.length === 2);
  pool.unwant(['a']);
  await driveUntil(clock, 'the end of both', () => server.open.length === 0);
  assert.equal(pool.connectionCount, 0);
});

test('a successor that is itself told to leave is replaced once it has taken over', async () => {
  await live(['a']);
  const [first] = server.connections;
  server.behave = (dial) => ({ isMute: dial === 1 });
  first?.say('{"moveAway":30000}');
  await driveUntil(clock, 'the successor', () => server.connections.length === 2);
  const second = server.connections[1]!;
  second.say('{"moveAway":30000}');
  await letTalk();
  second.push('a');
  second.say('{"ack":"1"}');
  await driveUntil(clock, 'the third', () => server.connections.length === 3);
  await driveUntil(clock, 'the end of the second', () => !second.isOpen);
  assert.equal(rotations('moveAway'), 2);
  assert.deepEqual(carried(), [['a']]);
});

test('all connections told to leave at once are replaced within the dial budget', async () => {
  const topics = Array.from({ length: 40 }, (_, index) => `t${index}`);
  await live(topics);
  const old = [...server.connections];
  for (const connection of old) connection.say('{"moveAway":30000}');
  await driveUntil(clock, 'all replaced', () => old.every(({ isOpen }) => !isOpen));
  assert.equal(server.dials, 20);
  assert.ok(mostWithin(deps.dialledAt, 1_000) <= 1);
  assert.deepEqual(carried().flat().sort(), topics.sort());
  assert.ok(gaps().every((gap) => gap === undefined));
});

// ---------------------------------------------------------------- one deaf topic

test('a deaf topic is asked for anew; only if that was in vain is its connection replaced', async () => {
  await live(['deaf', 'well']);
  const [first] = server.connections;
  pool.restartTopic('deaf', 'deaf_topic');
  pool.restartTopic('stranger', 'deaf_topic');
  await driveUntil(clock, 'the second request', () => first!.requests.length === 3);
  assert.deepEqual(
    first!.requests.map(({ op, topics }) => `${op} ${topics.join()}`),
    ['subscribe deaf,well', 'unsubscribe deaf', 'subscribe deaf'],
  );
  // Too early for more: one thin symbol must not turn a connection over all day long.
  pool.restartTopic('deaf', 'deaf_topic');
  await drive(clock, 900_000, 5_000);
  assert.equal(server.dials, 1);
  pool.restartTopic('deaf', 'deaf_topic');
  await rotated(first!);
  assert.equal(rotations('deaf_topic'), 1);
  assert.deepEqual(carried(), [['deaf', 'well']]);
  assert.deepEqual(gaps(), [undefined]);
  assert.deepEqual(told.lost, []);
});

// ---------------------------------------------------------------- ends

test('the gauges tell the states, and zero after the end', async () => {
  await live(['a', 'b', 'c', 'd', 'e']);
  await drive(clock, 1_000);
  const gauge = (state: string): number | undefined =>
    deps.telemetry.gauged('connector_connections', { ...tinyLabels, state });
  assert.equal(gauge('live'), 2);
  assert.equal(deps.telemetry.gauged('connector_topics', { ...tinyLabels, state: 'confirmed' }), 5);
  pool.stop();
  assert.equal(gauge('live'), 0);
});

test('stop ends everything, a running rotation included, and nothing can be wanted any more', async () => {
  await live(['a', 'b', 'c', 'd', 'e']);
  server.behave = () => ({ isMute: true });
  server.connections[0]?.say('{"moveAway":30000}');
  await driveUntil(clock, 'the successor', () => server.connections.length === 3);
  pool.stop();
  pool.want(['f']);
  pool.unwant(['a']);
  pool.restartTopic('a', 'deaf_topic');
  await driveUntil(clock, 'the end of all', () => server.open.length === 0 && clock.pendingCount === 0);
  const { length } = told.events;
  await drive(clock, 60_000, 5_000);
  assert.equal(server.dials, 3);
  assert.equal(told.events.length, length);
  assert.deepEqual(told.lost, []);
});
