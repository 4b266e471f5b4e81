import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket as TcpSocket } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { HostileServer } from '../testing/hostile-server';
import { until } from '../testing/services';
import type { Socket, SocketEnd } from './socket';
import { dial, retryAfter } from './socket';

const NOW = Date.parse('2026-01-01T00:00:00Z');

for (const [header, expected] of [
  ['60', 60_000],
  [' 5 ', 5_000],
  ['0', undefined],
  ['-5', undefined],
  ['soon', undefined],
  ['', undefined],
  ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
  ['Wed, 31 Dec 2025 23:59:00 GMT', undefined],
  ['999999999999', 72 * 3_600_000],
  [undefined, undefined],
] as const) {
  test(`Retry-After ${JSON.stringify(header)} -> ${expected} ms`, () => {
    const headers = header === undefined ? {} : { 'retry-after': header };
    assert.equal(retryAfter({ headers }, NOW), expected);
  });
}

let server: HostileServer;
let clock: FakeClock;

beforeEach(async () => {
  server = await HostileServer.start();
  clock = new FakeClock();
});

afterEach(async () => {
  await server.close();
  assert.equal(clock.pendingCount, 0, 'a timer was left behind');
});

function open(
  url: string,
  options: { frameBytes?: number; maxBufferedBytes?: number } = {},
): { socket: Socket; ends: SocketEnd[]; frames: string[]; opened: () => boolean } {
  const ends: SocketEnd[] = [];
  const frames: string[] = [];
  let isOpened = false;
  const socket = dial(
    { url, handshakeTimeoutMs: 10_000, frameBytes: 1_000, maxBufferedBytes: 1_000, ...options },
    {
      onOpen: () => (isOpened = true),
      onFrame: (frame) => void frames.push(frame),
      onSignal: () => undefined,
      onEnd: (end) => void ends.push(end),
    },
    clock,
  );
  return { socket, ends, frames, opened: () => isOpened };
}

async function endOf(one: { ends: SocketEnd[] }): Promise<SocketEnd> {
  await until('the end of the socket', () => one.ends.length > 0);
  return one.ends[0]!;
}

for (const [status, headers, reason, retryAfterMs] of [
  [401, {}, 'http_401', undefined],
  [429, { 'Retry-After': '7' }, 'http_429', 7_000],
  [429, {}, 'http_429', 60_000],
  [418, {}, 'http_418', 60_000],
  [503, { 'Retry-After': '30' }, 'http_503', 30_000],
  [301, { Location: 'wss://elsewhere.example' }, 'http_301', undefined],
] as const) {
  test(`HTTP ${status} ${JSON.stringify(headers)} ends the dial as ${reason}`, async () => {
    server.behave = () => ({ handshake: { status, headers } });
    const end = await endOf(open(server.url));
    assert.equal(end.reason, reason);
    assert.equal(end.retryAfterMs, retryAfterMs);
    assert.equal(end.wasOpen, false);
  });
}

test('an upgrade that never comes is cut at the deadline', async () => {
  server.behave = () => ({ handshake: 'hang' });
  const one = open(server.url);
  await until('the dial', () => server.dials === 1);
  clock.advance(9_999);
  assert.deepEqual(one.ends, []);
  clock.advance(1);
  assert.equal((await endOf(one)).reason, 'timeout');
  await until('the connection to be gone', () => server.openSockets === 0);
});

test('a server that trickles its answer does not stretch the deadline', async () => {
  const clients: TcpSocket[] = [];
  const trickler = createServer((client) => {
    clients.push(client);
    client.on('data', () => client.write('HTTP/1.1 101 Switching Protocols\r\nX-Slow: 1'));
    client.on('error', () => client.destroy());
  });
  trickler.listen(0, '127.0.0.1');
  await once(trickler, 'listening');
  const one = open(`ws://127.0.0.1:${(trickler.address() as AddressInfo).port}`);
  await until('the trickle', () => clients.length === 1);
  for (let second = 0; second < 10; second += 1) {
    clients[0]!.write('1');
    clock.advance(1_000);
  }
  assert.equal((await endOf(one)).reason, 'timeout');
  trickler.close();
});

test('nobody listens: told as the system says it', async () => {
  const dead = server.url;
  await server.close();
  server = await HostileServer.start();
  assert.equal((await endOf(open(dead))).reason, 'econnrefused');
});

test('a bad URL is told without its text: there may be a token in it', async () => {
  const end = await endOf(open('htp://venue.example/?token=SECRET'));
  assert.equal(end.reason, 'bad_url');
  assert.ok(!JSON.stringify(end).includes('SECRET'));
});

test('an oversized frame ends the connection', async () => {
  const one = open(server.url);
  await until('the upgrade', one.opened);
  server.latest?.say('x'.repeat(1_000));
  await until('the first frame', () => one.frames.length === 1);
  server.latest?.say('x'.repeat(1_001));
  const end = await endOf(one);
  assert.equal(end.reason, 'frame_too_large');
  assert.equal(end.wasOpen, true);
});

test('a peer that does not read is given up before our memory is', async () => {
  const one = open(server.url);
  await until('the upgrade', one.opened);
  server.latest?.freeze();
  let sent = 0;
  while (one.socket.send('x'.repeat(100_000))) {
    sent += 1;
    assert.ok(sent < 1_000);
  }
  assert.equal((await endOf(one)).reason, 'send_buffer_full');
});

test('after hanging up no event comes, whatever was under way', async () => {
  for (const moment of ['dialing', 'open'] as const) {
    const one = open(server.url);
    if (moment === 'open') await until('the upgrade', one.opened);
    one.socket.hangUp();
    one.socket.hangUp();
    assert.equal(one.socket.send('x'), false);
    await until('the connection to be gone', () => server.openSockets === 0);
    assert.deepEqual(one.ends, []);
    await until('the last timer', () => clock.pendingCount === 0);
  }
});

test('a peer that does not answer the farewell is cut after a grace', async () => {
  const one = open(server.url);
  await until('the upgrade', one.opened);
  server.latest?.freeze();
  one.socket.hangUp();
  assert.equal(server.openSockets, 1);
  clock.advance(2_000);
  await until('the connection to be gone', () => {
    // A frozen server notices only when it writes or reads again.
    server.latest?.cut();
    return server.openSockets === 0;
  });
});
