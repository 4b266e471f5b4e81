import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { HealthOptions, HealthServer, Readiness } from './health';
import { startHealthServer } from './health';

interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let clock: FakeClock;
let telemetry: RecordedTelemetry;
let readiness: Readiness;
let server: HealthServer;
let options: HealthOptions;
let metrics: () => Promise<string>;

beforeEach(async () => {
  clock = new FakeClock(1_751_277_600_000);
  telemetry = new RecordedTelemetry();
  readiness = { isReady: true, reasons: [], detail: { workers: { bybit: 'running' } } };
  metrics = () => Promise.resolve('connector_frames_total 1\n');
  options = {
    port: 0,
    host: '127.0.0.1',
    log: telemetry.log,
    clock,
    meter: telemetry.meter,
    status: () => readiness,
    metrics: () => metrics(),
  };
  server = await startHealthServer(options);
});

afterEach(() => server.close());

function ask(path: string, method = 'GET', agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: server.port, path, method, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

test('/health answers as the contract says, with details beside', async () => {
  clock.advance(12_300);
  const { code, headers, body } = await ask('/health');
  assert.equal(code, 200);
  assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  assert.deepEqual(JSON.parse(body), {
    status: 'ok',
    uptime: 12.3,
    timestamp: 1_751_277_612_300,
    ready: true,
    workers: { bybit: 'running' },
  });
  assert.equal((await ask('/health?from=probe')).code, 200);
});

test('HEAD is answered like GET, without body', async () => {
  for (const path of ['/health', '/ready', '/metrics', '/nothing']) {
    const [get, head] = [await ask(path), await ask(path, 'HEAD')];
    assert.equal(head.code, get.code, path);
    assert.equal(head.body, '');
    assert.equal(head.headers['content-length'], get.headers['content-length']);
    assert.equal(head.headers['content-type'], get.headers['content-type']);
  }
});

test('/ready tells why not; /health stays 200 meanwhile', async () => {
  assert.equal((await ask('/ready')).code, 200);
  readiness = { isReady: false, reasons: ['RabbitMQ is not connected'], detail: { workers: {} } };
  const { code, body } = await ask('/ready');
  assert.equal(code, 503);
  assert.deepEqual(JSON.parse(body), {
    status: 'not ready',
    reasons: ['RabbitMQ is not connected'],
    workers: {},
    uptime: 0,
    timestamp: 1_751_277_600_000,
  });
  const health = await ask('/health');
  assert.equal(health.code, 200);
  assert.equal((JSON.parse(health.body) as { status: string }).status, 'ok');
});

test('details cannot replace what the contract promises', async () => {
  readiness = { isReady: true, reasons: [], detail: { status: 'bad', uptime: 'x', timestamp: 0 } };
  const body = JSON.parse((await ask('/health')).body) as Record<string, unknown>;
  assert.deepEqual([body['status'], body['uptime'], body['timestamp']], ['ok', 0, 1_751_277_600_000]);
});

test('/metrics is Prometheus text; scrapes at the same time share one collection', async () => {
  let collections = 0;
  let finish = (): void => {};
  metrics = () => {
    collections += 1;
    return new Promise((resolve) => (finish = () => resolve('m 1\n')));
  };
  const answers = [ask('/metrics'), ask('/metrics')];
  // Answered after the scrapes on the same server: both have reached it.
  await ask('/health');
  await ask('/health');
  finish();
  for (const { code, headers, body } of await Promise.all(answers)) {
    assert.deepEqual([code, body], [200, 'm 1\n']);
    assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  }
  assert.equal(collections, 1);
  metrics = () => Promise.resolve('m 2\n');
  assert.equal((await ask('/metrics')).body, 'm 2\n');
});

test('everything else is 404', async () => {
  for (const [path, method] of [
    ['/', 'GET'],
    ['/healthz', 'GET'],
    ['/health/', 'GET'],
    ['/health', 'POST'],
    ['/ready', 'DELETE'],
  ] as const) {
    const { code, body } = await ask(path, method);
    assert.deepEqual([code, body], [404, '{"error":"Not Found"}'], `${method} ${path}`);
  }
});

test('a source that fails is logged; liveness does not depend on it', async () => {
  metrics = () => Promise.reject(new Error('no metrics'));
  assert.deepEqual([(await ask('/metrics')).code, (await ask('/metrics')).code], [500, 500]);
  readiness = { isReady: true, reasons: [], detail: { big: 1n } };
  const { code, body } = await ask('/health');
  assert.equal(code, 200);
  assert.deepEqual(JSON.parse(body), { status: 'ok', uptime: 0, timestamp: 1_751_277_600_000 });
  assert.equal((await ask('/ready')).code, 500);
  assert.ok(telemetry.logged('error').length >= 3);
});

test('a port that is taken is no failure', async () => {
  const second = await startHealthServer({ ...options, port: server.port });
  assert.equal(second.listening, false);
  assert.equal(second.port, 0);
  assert.deepEqual(telemetry.logged('warn'), []);
  assert.ok(telemetry.logged('info').includes('port taken; running without health server'));
  await second.close();
});

test('an address that cannot be used is warned about', async () => {
  const second = await startHealthServer({ ...options, host: '192.0.2.1' });
  assert.equal(second.listening, false);
  assert.deepEqual(telemetry.logged('warn'), ['running without health server']);
});

test('closing waits for no kept-alive or silent connection, and frees the port', async () => {
  const agent = new Agent({ keepAlive: true });
  await ask('/health', 'GET', agent);
  metrics = () => new Promise(() => {});
  const hanging = ask('/metrics').then(
    () => 'answered',
    () => 'cut',
  );
  await ask('/health');
  const closed = server.close();
  clock.advance(500);
  await closed;
  assert.equal(await hanging, 'cut');
  agent.destroy();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(server.port, '127.0.0.1', resolve));
  assert.equal((taken.address() as AddressInfo).port, server.port);
  await new Promise((resolve) => taken.close(resolve));
  server = await startHealthServer(options);
});
