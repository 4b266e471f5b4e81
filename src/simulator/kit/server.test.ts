import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, test } from 'node:test';
import { WebSocket } from 'ws';
import { FakeClock } from '../../testing/fake-clock';
import { SimServer, type OriginSpec, type SimConnection, type SimOrigin } from './index';

const STREAM = 'wss://stream.example.com:9443';
const REST = 'https://api.example.com';

let clock: FakeClock;
let server: SimServer;
let origin: SimOrigin;
let clients: WebSocket[] = [];

/** A tiny venue: `sub a b`, `unsub a`, `beat`; `ack` answers. */
async function start(spec: Partial<OriginSpec> = {}): Promise<void> {
  clock = new FakeClock();
  server = new SimServer(clock);
  origin = server.add({
    url: STREAM,
    ws: [{ path: '/ws*', open: (connection) => ({ onText: (text) => obey(connection, text) }) }],
    notice: () => 'we close soon',
    ...spec,
  });
  server.add({
    url: REST,
    http: [
      {
        method: 'POST',
        path: '/echo',
        handle: ({ query, rawQuery, body }) => ({ body: { q: query.get('q'), rawQuery, body } }),
      },
    ],
  });
  await server.listen();
}

function obey(connection: SimConnection, text: string): void {
  const [verb = '', ...topics] = text.split(' ');
  if (verb === 'beat') {
    connection.touch();
    return;
  }
  const broken = connection.request(topics.length);
  if (broken) connection.answer(`no ${broken.rule}`);
  else if (verb === 'sub') connection.answer(topics.map((topic) => connection.subscribe(topic)).join(' '));
  else connection.answer(topics.map((topic) => String(connection.unsubscribe(topic))).join(' '));
}

interface Client {
  readonly socket: WebSocket;
  /** Frames not yet taken. */
  next(): Promise<string>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

async function dial(path = '/ws', options: { autoPong?: boolean } = {}): Promise<Client> {
  const socket = new WebSocket(server.urlOf(`${STREAM}${path}`), options);
  clients.push(socket);
  const inbox: string[] = [];
  let wake = (): void => undefined;
  socket.on('message', (data: Buffer) => {
    inbox.push(data.toString());
    wake();
  });
  const closed = once(socket, 'close').then(([code, reason]: unknown[]) => ({
    code: code as number,
    reason: String(reason),
  }));
  await once(socket, 'open');
  const next = async (): Promise<string> => {
    while (inbox.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return inbox.shift()!;
  };
  return { socket, next, closed };
}

/** The answer to a refused handshake. */
async function refused(): Promise<{ status: number; retryAfter: string | undefined; body: string }> {
  const socket = new WebSocket(server.urlOf(`${STREAM}/ws`));
  clients.push(socket);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode!, retryAfter: response.headers['retry-after'], body };
}

async function ask(client: Client, text: string): Promise<string> {
  client.socket.send(text);
  return client.next();
}

/** Everything that the client sent before is handled by now. */
async function roundTrip(client: Client): Promise<void> {
  client.socket.ping();
  await once(client.socket, 'pong');
}

beforeEach(() => {
  clients = [];
});
afterEach(async () => {
  for (const client of clients) {
    client.on('error', () => undefined);
    client.terminate();
  }
  await server.close();
  assert.equal(clock.pendingCount, 0, 'the server left timers behind');
});

test('origins become path prefixes; overrides and HTTP routes follow them', async () => {
  await start();
  const { port } = server;
  assert.equal(
    server.overrides(),
    `${STREAM}=ws://127.0.0.1:${port}/stream.example.com,${REST}=http://127.0.0.1:${port}/api.example.com`,
  );
  const answer = await fetch(server.urlOf(`${REST}/echo?q=a%20b&signature=xyz`), {
    method: 'POST',
    body: '{"x":1}',
  });
  assert.deepEqual(await answer.json(), {
    q: 'a b',
    rawQuery: 'q=a%20b&signature=xyz',
    body: '{"x":1}',
  });
  assert.equal((await fetch(server.urlOf(`${REST}/other`))).status, 404);
  assert.throws(() => server.add({ url: STREAM, ws: [] }) && server.add({ url: STREAM }), /twice/);
});

test('topics: data for listeners only, limits recorded', async () => {
  await start({ limits: { topicsPerConnection: 2, topicsPerRequest: 3 } });
  const client = await dial();
  assert.equal(await ask(client, 'sub a'), 'ok');
  assert.equal(await ask(client, 'sub a b c'), 'duplicate ok full');
  assert.equal(await ask(client, 'sub d e f g'), 'no topicsPerRequest');
  assert.deepEqual([origin.publish('a', 'A1'), origin.publish('c', 'C1')], [1, 0]);
  assert.equal(await client.next(), 'A1');
  assert.equal(await ask(client, 'unsub a z'), 'true false');
  assert.equal(origin.publish('a', 'A2'), 0);
  assert.deepEqual(
    server.violations.list().map(({ rule, detail }) => [rule, detail]),
    [
      ['duplicateTopic', 'a'],
      ['topicsPerConnection', 'c'],
      ['topicsPerRequest', '4 of at most 3'],
    ],
  );
});

test('incoming frames beyond the rate: recorded, closed 1008; pings count, windows slide', async () => {
  await start({ limits: { messages: [{ count: 3, perMs: 1_000 }] } });
  const client = await dial();
  await roundTrip(client);
  assert.equal(await ask(client, 'sub a'), 'ok');
  clock.advance(1_001);
  for (const topic of ['b', 'c', 'd']) assert.equal(await ask(client, `sub ${topic}`), 'ok');
  assert.equal(server.violations.total, 0);
  client.socket.ping();
  assert.equal((await client.closed).code, 1008);
  assert.deepEqual(
    server.violations.list().map(({ rule, origin, connection }) => [rule, origin, connection]),
    [['messages', STREAM, 1]],
  );
});

test('requests, frame size and dials are limited', async () => {
  await start({
    limits: {
      requests: [{ count: 1, perMs: 60_000 }],
      requestBytes: 20,
      dials: [{ count: 2, perMs: 300_000 }],
    },
    onViolation: ({ rule }, connection) => connection.close(4000, rule),
  });
  const one = await dial();
  assert.equal(await ask(one, 'sub a'), 'ok');
  assert.equal(await ask(one, 'sub b'), 'no requests');
  one.socket.send('x'.repeat(21));
  assert.deepEqual(await one.closed, { code: 4000, reason: 'requestBytes' });
  clock.advance(100_000);
  await dial();
  assert.deepEqual(await refused(), { status: 429, retryAfter: '200', body: '' });
  clock.advance(200_001);
  await dial();
  assert.deepEqual(
    server.violations.list().map(({ rule }) => rule),
    ['requests', 'requestBytes', 'dials'],
  );
  assert.equal(server.stats()[STREAM]!.refusedDials, 1);
});

test('a client that answers pings lives, one that does not is hung up on', async () => {
  await start({ heartbeat: { kind: 'serverPing', everyMs: 20_000, deadlineMs: 60_000 } });
  const good = await dial();
  const bad = await dial('/ws', { autoPong: false });
  for (let round = 0; round < 5; round += 1) {
    const pinged = once(good.socket, 'ping');
    clock.advance(20_000);
    await pinged;
    await roundTrip(good);
  }
  assert.equal((await bad.closed).code, 1008);
  assert.equal(good.socket.readyState, WebSocket.OPEN);
  assert.deepEqual(
    server.violations.list().map(({ rule, connection }) => [rule, connection]),
    [['heartbeat', 2]],
  );
});

for (const by of ['any', 'session'] as const) {
  test(`a client must speak up (${by})`, async () => {
    await start({ heartbeat: { kind: 'clientPing', idleMs: 30_000, by } });
    const talker = await dial();
    const mute = await dial();
    for (let round = 0; round < 3; round += 1) {
      clock.advance(20_000);
      talker.socket.send('beat');
      await roundTrip(talker);
      // A protocol ping is a frame, but not what this venue's session wants to hear.
      if (by === 'session' && mute.socket.readyState === WebSocket.OPEN) mute.socket.ping();
    }
    assert.equal((await mute.closed).code, 1008);
    assert.equal(talker.socket.readyState, WebSocket.OPEN);
  });
}

test('connections end at their age', async () => {
  await start({ lifeMs: 86_400_000 });
  const client = await dial();
  clock.advance(86_399_999);
  await roundTrip(client);
  clock.advance(1);
  assert.equal((await client.closed).code, 1001);
  const another = await dial();
  assert.equal(server.expire({ origin: STREAM }), 1);
  assert.equal((await another.closed).code, 1001);
});

test('dropping: by close code, by connection, without a word', async () => {
  await start();
  const [one, two, three] = [await dial(), await dial(), await dial()];
  assert.equal(server.drop({ connection: 2, code: 1013, reason: 'try again later' }), 1);
  assert.deepEqual(await two.closed, { code: 1013, reason: 'try again later' });
  assert.equal(server.drop({ origin: 'wss://elsewhere.example.com' }), 0);
  assert.equal(server.drop(), 2);
  assert.deepEqual([(await one.closed).code, (await three.closed).code], [1006, 1006]);
});

test('refused dials: status, silence, reset; healed by clear', async () => {
  await start();
  server.faults.set({ dial: { status: 401, body: 'denied' } }, { origin: STREAM });
  assert.deepEqual(await refused(), { status: 401, retryAfter: undefined, body: 'denied' });
  server.faults.set({ dial: { status: 429, retryAfterS: 7 } });
  assert.equal((await refused()).status, 401, 'the narrower target wins');
  server.faults.clear({ origin: STREAM });
  assert.deepEqual(await refused(), { status: 429, retryAfter: '7', body: '' });

  server.faults.set({ dial: 'reset' });
  const reset = new WebSocket(server.urlOf(`${STREAM}/ws`));
  clients.push(reset);
  await once(reset, 'error');

  server.faults.set({ dial: 'hang' });
  const hung = new WebSocket(server.urlOf(`${STREAM}/ws`), { handshakeTimeout: 100 });
  clients.push(hung);
  const [error] = (await once(hung, 'error')) as [Error];
  assert.match(error.message, /timed out/);

  server.faults.clear();
  await dial();
});

test('stall: acks and pongs go on, data does not', async () => {
  await start();
  const [sick, well] = [await dial(), await dial()];
  for (const client of [sick, well]) await ask(client, 'sub a');
  server.faults.set({ stall: true }, { connection: 1 });
  assert.equal(origin.publish('a', 'lost'), 1);
  await roundTrip(sick);
  assert.equal(await ask(sick, 'sub b'), 'ok');
  server.faults.clear();
  assert.equal(origin.publish('a', 'heard'), 2);
  assert.equal(await sick.next(), 'heard');
  assert.equal(await well.next(), 'lost');
});

test('half-open: nothing is read or answered until it heals', async () => {
  await start();
  const client = await dial();
  await ask(client, 'sub a');
  server.faults.set({ halfOpen: true });
  client.socket.ping();
  client.socket.send('sub b');
  assert.equal(origin.publish('a', 'lost'), 0);
  const pong = once(client.socket, 'pong');
  // A second connection is served meanwhile: proof that time has passed for the server.
  server.faults.set({ halfOpen: false }, { connection: 2 });
  await roundTrip(await dial());
  assert.equal(server.stats()[STREAM]!.framesIn, 2);
  server.faults.clear();
  await pong;
  assert.equal(await client.next(), 'ok');
});

test('garbled data, by kind and period', async () => {
  await start();
  const client = await dial();
  await ask(client, 'sub a');
  const frame = '{"price":"1.00"}';
  server.faults.set({ garble: { kind: 'truncated', every: 2 } });
  for (let at = 0; at < 2; at += 1) origin.publish('a', frame);
  assert.deepEqual([await client.next(), await client.next()], [frame, frame.slice(0, 8)]);
  server.faults.set({ garble: { kind: 'oversized', every: 1, bytes: 100_000 } });
  origin.publish('a', frame);
  assert.equal((await client.next()).length, 100_002);
  server.faults.set({ garble: { kind: 'garbage', every: 1 } });
  origin.publish('a', frame);
  assert.throws(() => JSON.parse(frame.slice(0, 8)));
  const garbage = await client.next();
  assert.throws(() => JSON.parse(garbage));
});

test('refused topics, late and missing acks, notices', async () => {
  await start();
  const client = await dial();
  server.faults.set({ refuseTopics: ['b'] });
  assert.equal(await ask(client, 'sub a b'), 'ok refused');
  assert.equal(origin.publish('b', 'B'), 0);

  server.faults.set({ ackDelayMs: 5_000 });
  client.socket.send('sub c');
  await roundTrip(client);
  assert.equal(server.notice(), 1);
  clock.advance(5_000);
  assert.deepEqual([await client.next(), await client.next()], ['we close soon', 'ok']);

  server.faults.set({ withholdAcks: true });
  client.socket.send('sub d');
  await roundTrip(client);
  assert.equal(origin.publish('d', 'D'), 1);
  assert.equal(await client.next(), 'D');
});

test('REST faults: status, hang, reset', async () => {
  await start();
  const url = server.urlOf(`${REST}/echo`);
  server.faults.set({ rest: { status: 503, retryAfterS: 3, body: 'down' } }, { origin: REST });
  const answer = await fetch(url, { method: 'POST' });
  assert.deepEqual(
    [answer.status, answer.headers.get('retry-after'), await answer.text()],
    [503, '3', 'down'],
  );
  server.faults.set({ rest: 'hang' }, { origin: REST });
  await assert.rejects(fetch(url, { method: 'POST', signal: AbortSignal.timeout(50) }), /timeout/i);
  server.faults.set({ rest: 'reset' }, { origin: REST });
  await assert.rejects(fetch(url, { method: 'POST' }));
});

test('the switchboard over HTTP', async () => {
  await start();
  const base = `http://127.0.0.1:${server.port}/__sim`;
  const post = async (path: string, body: object): Promise<{ status: number; answer: unknown }> => {
    const response = await fetch(`${base}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, answer: await response.json() };
  };
  const get = async (path: string): Promise<Record<string, unknown>> =>
    (await (await fetch(`${base}${path}`)).json()) as Record<string, unknown>;

  const client = await dial();
  await ask(client, 'sub a a');
  assert.equal((await get('/violations'))['total'], 1);
  assert.equal((await post('/faults', { target: { origin: STREAM }, faults: { stall: true } })).status, 200);
  assert.equal(origin.publish('a', 'lost'), 0);
  await post('/faults', { clear: true });
  assert.equal(origin.publish('a', 'heard'), 1);
  assert.equal((await post('/faults', { faults: { stahl: true } })).status, 400);
  assert.equal((await post('/drop', { code: 7 })).status, 400);
  assert.deepEqual(await get('/overrides'), { VENUE_ENDPOINTS: server.overrides() });
  assert.deepEqual(await get('/ledger'), { dropped: 0, entries: [] });
  assert.deepEqual((await post('/drop', { origin: STREAM, code: 1001 })).answer, { dropped: 1 });
  assert.equal((await client.closed).code, 1001);
  assert.equal((await fetch(`${base}/nothing`)).status, 404);
});
