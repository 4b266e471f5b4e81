import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FakeClock } from '../../testing/fake-clock';
import { RecordedTelemetry } from '../../testing/recorded-telemetry';
import { NOW, priceStatus, streamDetail } from '../../testing/status';
import type { HealthServer } from '../health';
import { startHealthServer } from '../health';
import { inspect } from './inspect';

const TOKEN = 'correct-horse-battery';
const servers: HealthServer[] = [];
let url: string;
let pageless: string;

before(async () => {
  const telemetry = new RecordedTelemetry();
  const common = {
    port: 0,
    host: '127.0.0.1',
    log: telemetry.log,
    clock: new FakeClock(NOW),
    meter: telemetry.meter,
    status: () => ({ isReady: true, reasons: [], detail: {} }),
    metrics: () => Promise.resolve(''),
  };
  const refusal = { code: '-2015', text: 'Invalid \u001b[31mAPI-key', cause: 'ip' } as const;
  const history = [
    { at: NOW - 9_000, what: 'dial' },
    { at: NOW - 8_000, what: 'live', tookMs: 1_000 },
    { at: NOW - 7_000, what: 'lost', reason: 'close_1006' },
    { at: NOW - 6_000, what: 'refused', ...refusal },
    { at: NOW - 6_000, what: 'paused', untilAt: NOW + 60_000, cause: 'ip' },
    { at: NOW - 5_000, what: 'topicRefused', topic: 'wallet', code: '1', text: 'no' },
    { at: NOW - 4_000, what: 'gap', fromAt: NOW - 7_000, toAt: NOW - 4_000 },
    { at: NOW - 3_000, what: 'reconciled', fromAt: NOW - 7_000, toAt: NOW - 4_000, found: 2 },
  ] as const;
  servers.push(
    await startHealthServer({
      ...common,
      token: TOKEN,
      page: {
        report: () => Promise.resolve(priceStatus({ broker: { isReady: false, failures: 1 } })),
        stream: (room) =>
          room === 'a b' ? streamDetail({ room, state: 'waiting', refusal, history }) : undefined,
      },
    }),
    await startHealthServer(common),
  );
  [url = '', pageless = ''] = servers.map(({ port }) => `http://127.0.0.1:${port}`);
});

after(() => Promise.all(servers.map((server) => server.close())));

test('one stream: findings, facts, topics, history', async () => {
  const { text, isWell } = await inspect({ url, token: TOKEN, room: 'a b' });
  assert.equal(isWell, false);
  for (const words of [
    /\[BAD \] The login was refused: this server's address is not on the key's list/,
    /Add this server's address/,
    /connection {2,}waiting/,
    /orders +3 frames, the last 1 s ago/,
    /live after 1 s/,
    /lost: close_1006/,
    /refused \(ip\): -2015/,
    /no login until \d{4}-/,
    /topic wallet refused: 1 no/,
    /gap \d{4}-/,
    /reconciled .*: 2 events were missed/,
  ]) {
    assert.match(text, words);
  }
  assert.ok(!text.includes('\u001b'), 'what a venue says does not steer the terminal');
});

test('without a room: everything there is', async () => {
  const { text, isWell } = await inspect({ url, token: TOKEN, room: undefined });
  assert.equal(isWell, false);
  assert.match(text, /price price-1: 1 to look at/);
  assert.match(text, /\[look\] RabbitMQ: 1 of 2 connections/);
  assert.match(text, /tiny +1\/1 sockets, 2\/2 topics/);
});

test('an unknown room is told as such', async () => {
  const { text, isWell } = await inspect({ url, token: TOKEN, room: 'none' });
  assert.equal(isWell, false);
  assert.match(text, /no such stream/);
});

test('what went wrong is said in words', async () => {
  const room = undefined;
  await assert.rejects(inspect({ url, token: undefined, room }), /set STATUS_TOKEN/);
  await assert.rejects(inspect({ url: pageless, token: undefined, room }), /has no status page \(HTTP 404\)/);
  await assert.rejects(
    inspect({ url: 'http://127.0.0.1:1', token: undefined, room }),
    /no process answers at http:\/\/127\.0\.0\.1:1/,
  );
});
