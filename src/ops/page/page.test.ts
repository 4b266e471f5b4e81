import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { StreamStatus } from '../../domain/status';
import { FakeClock } from '../../testing/fake-clock';
import { RecordedTelemetry } from '../../testing/recorded-telemetry';
import { until } from '../../testing/services';
import { NOW, priceStatus, streamDetail, userStatus } from '../../testing/status';
import type { HealthServer } from '../health';
import { startHealthServer } from '../health';
import { Access } from './access';
import { Board, scrubbed } from './board';
import { Viewers } from './viewers';

const TOKEN = 'correct-horse-battery';
const LOOK_MS = 2_000;

let clock: FakeClock;
let telemetry: RecordedTelemetry;
let server: HealthServer;
let reports: number;
let origin: string;

async function start(token?: string, hasPage = true): Promise<void> {
  server = await startHealthServer({
    port: 0,
    host: '127.0.0.1',
    log: telemetry.log,
    clock,
    meter: telemetry.meter,
    status: () => ({ isReady: true, reasons: [], detail: {} }),
    metrics: () => Promise.resolve('m 1\n'),
    ...(token !== undefined && { token }),
    ...(hasPage && {
      page: {
        report: () => {
          reports += 1;
          return Promise.resolve(userStatus({ at: clock.now() }));
        },
        stream: (room: string) => (room === 'room/1' ? streamDetail({ room }) : undefined),
      },
    }),
  });
  origin = `http://127.0.0.1:${server.port}`;
}

beforeEach(() => {
  clock = new FakeClock(NOW);
  telemetry = new RecordedTelemetry();
  reports = 0;
});

afterEach(() => server?.close());

const GUARDED = ['/ready', '/metrics', '/api/status', '/api/events', '/api/streams/room%2F1', '/nothing'];

describe('who may read', () => {
  test('without a token everything is open', async () => {
    await start();
    for (const path of ['/', '/streams/x', '/ready', '/metrics', '/api/status', '/api/streams/room%2F1']) {
      assert.equal((await fetch(origin + path)).status, 200, path);
    }
  });

  test('with a token only /health is; a wrong one opens nothing', async () => {
    await start(TOKEN);
    assert.equal((await fetch(`${origin}/health`)).status, 200);
    const wrong = [
      undefined,
      'Bearer wrong',
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      'Bearer ',
      TOKEN,
    ];
    for (const authorization of wrong) {
      for (const path of [...GUARDED, '/', '/streams/x']) {
        const response = await fetch(origin + path, {
          headers: authorization === undefined ? {} : { authorization },
        });
        assert.equal(response.status, 401, `${path} ${authorization}`);
        assert.equal(response.headers.get('www-authenticate'), 'Bearer');
        assert.doesNotMatch(await response.text(), /room-1|user-1/);
      }
    }
    const refused = telemetry.counted('connector_status_requests_total', { outcome: 'unauthorized' });
    assert.equal(refused, wrong.length * (GUARDED.length + 2));
  });

  test('the right token opens everything, in any spelling of the scheme', async () => {
    await start(TOKEN);
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      const headers = { authorization: `${scheme} ${TOKEN}` };
      for (const path of ['/', '/ready', '/metrics', '/api/status', '/api/streams/room%2F1']) {
        assert.equal((await fetch(origin + path, { headers })).status, 200, path);
      }
      assert.equal((await fetch(`${origin}/nothing`, { headers })).status, 404);
    }
  });

  test('never by the URL: those end up in logs', async () => {
    await start(TOKEN);
    for (const query of [`token=${TOKEN}`, `access_token=${TOKEN}`, `authorization=Bearer%20${TOKEN}`]) {
      for (const path of GUARDED) assert.equal((await fetch(`${origin}${path}?${query}`)).status, 401);
    }
  });

  test('the page’s own files are open, so that it can ask for the token', async () => {
    await start(TOKEN);
    const response = await fetch(`${origin}/assets/main.mjs`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.match(await (await fetch(origin)).text(), /assets\/main\.mjs/);
  });

  test('an absent header costs the same comparison', () => {
    const access = new Access(TOKEN);
    assert.equal(access.allows({ headers: {} }), false);
    assert.equal(access.allows({ headers: { authorization: `Bearer ${TOKEN}` } }), true);
    assert.equal(new Access(undefined).allows({ headers: {} }), true);
  });
});

describe('what is served', () => {
  test('STATUS_PAGE=off: neither page nor API', async () => {
    await start(undefined, false);
    for (const path of [
      '/',
      '/assets/main.mjs',
      '/api/status',
      '/api/events',
      '/api/streams/x',
      '/streams/x',
    ]) {
      assert.equal((await fetch(origin + path)).status, 404, path);
    }
    clock.advance(60_000);
    assert.equal(reports, 0, 'nobody looks at what nobody can see');
  });

  test('nothing from elsewhere, nothing inline', async () => {
    await start();
    for (const path of ['/', '/api/status', '/assets/page.css']) {
      const { headers } = await fetch(origin + path);
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /unsafe|\*|http/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(headers.get('access-control-allow-origin'), null);
    }
    const folder = join(__dirname, 'client');
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), 'utf8').replaceAll('http://www.w3.org/2000/svg', '');
      assert.doesNotMatch(text, /https?:\/\//, name);
      assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/, name);
      if (name.endsWith('.html'))
        assert.doesNotMatch(text, /\son\w+=|<style|style=|<script(?![^>]*src=)/, name);
    }
  });

  test('only the listed files: no way out of the folder', async () => {
    await start();
    for (const path of [
      '/assets/../page.ts',
      '/assets/%2e%2e/page.ts',
      '/assets/index.html',
      '/assets/',
      '/streams/%zz',
    ]) {
      const status = await new Promise((resolve) =>
        get({ host: '127.0.0.1', port: server.port, path }, (response) =>
          resolve(response.resume().statusCode),
        ),
      );
      assert.equal(status, 404, path);
    }
  });

  test('a stream by its room; unknown ones are told as such', async () => {
    await start();
    const found = (await (await fetch(`${origin}/api/streams/room%2F1`)).json()) as Record<string, unknown>;
    assert.equal((found['stream'] as { room: string }).room, 'room/1');
    assert.ok((found['findings'] as unknown[]).length > 0);
    const missing = await fetch(`${origin}/api/streams/other`);
    assert.equal(missing.status, 404);
    assert.match(await missing.text(), /no such stream/);
  });

  test('should a secret ever get in, it does not get out', () => {
    const status = scrubbed(
      priceStatus(
        {},
        {
          instance:
            'wss://stream.example/ws/pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1',
        },
      ),
    );
    assert.equal(status.instance, 'wss://stream.example/ws/[redacted]');
    assert.equal(
      scrubbed({ text: 'apiKey=abc&signature=def' }).text,
      'apiKey=[redacted]&signature=[redacted]',
    );
  });
});

describe('followers', () => {
  interface Follower {
    readonly response: IncomingMessage;
    readonly events: { event: string; data: Record<string, unknown> }[];
  }

  function follow(): Promise<Follower> {
    return new Promise((resolve) => {
      get(`${origin}/api/events`, (response) => {
        const events: Follower['events'] = [];
        let rest = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          const blocks = (rest + part).split('\n\n');
          rest = blocks.pop() ?? '';
          for (const block of blocks) {
            const [event = '', data = ''] = block
              .split('\n')
              .map((line) => line.slice(line.indexOf(':') + 2));
            events.push({ event, data: JSON.parse(data) as Record<string, unknown> });
          }
        });
        response.on('error', () => undefined);
        resolve({ response, events });
      });
    });
  }

  test('the history first, then every look', async () => {
    await start();
    await clock.advanceAsync(LOOK_MS);
    const { response, events } = await follow();
    assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
    await until('hello', () => events.length === 1);
    assert.equal(events[0]?.event, 'hello');
    assert.deepEqual(Object.keys(events[0]?.data ?? {}).sort(), ['history', 'look']);
    await clock.advanceAsync(LOOK_MS);
    await until('a look', () => events.length === 2);
    assert.equal(events[1]?.event, 'look');
    assert.equal(telemetry.gauged('connector_status_clients'), 1);
    response.destroy();
    await until('gone', () => telemetry.gauged('connector_status_clients') === 0);
  });

  test('bounded in number; who leaves makes room', async () => {
    await start();
    const followers = await Promise.all(Array.from({ length: 32 }, follow));
    assert.ok(followers.every(({ response }) => response.statusCode === 200));
    assert.equal((await fetch(`${origin}/api/events`)).status, 503);
    followers[0]?.response.destroy();
    await until('room', () => telemetry.gauged('connector_status_clients') === 31);
    const late = await follow();
    assert.equal(late.response.statusCode, 200);
    for (const { response } of [...followers, late]) response.destroy();
  });

  test('who does not read is cut', async () => {
    const board = new Board({
      clock,
      log: telemetry.log,
      report: () => Promise.resolve(userStatus({ instance: 'x'.repeat(8_000) })),
    });
    const viewers = new Viewers(board, telemetry.meter, { most: 2, unreadBytes: 100_000 });
    await start();
    let isCut = false;
    const { createServer } = await import('node:http');
    const plain = createServer((request, response) => {
      viewers.add(request, response, {});
      response.on('close', () => (isCut = true));
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as { port: number };
    const response = await new Promise<IncomingMessage>((resolve) =>
      get({ host: '127.0.0.1', port }, resolve),
    );
    response.on('error', () => undefined);
    response.pause();
    for (let look = 0; look < 5_000 && !isCut; look += 1) {
      await board.look();
      if (look % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('cut', () => isCut);
    const cut = telemetry.counted('connector_status_requests_total', { outcome: 'slow viewer cut' });
    assert.equal(cut, 1);
    viewers.close();
    board.close();
    plain.closeAllConnections();
    await new Promise((resolve) => plain.close(resolve));
  });

  test('closing the server ends them at once', async () => {
    await start();
    const { response } = await follow();
    const ended = new Promise((resolve) => response.on('end', resolve).resume());
    await Promise.all([server.close(), ended]);
  });
});

describe('the board', () => {
  test('remembers five minutes, forgets markets that are gone', async () => {
    let status = priceStatus();
    const board = new Board({
      clock,
      log: telemetry.log,
      report: () => Promise.resolve({ ...status, at: clock.now() }),
    });
    await clock.advanceAsync(200 * LOOK_MS);
    assert.deepEqual(Object.keys(board.history()), ['', 'tiny']);
    assert.equal(board.history()['tiny']?.length, 150);
    status = priceStatus({ markets: [] });
    await clock.advanceAsync(LOOK_MS);
    assert.deepEqual(Object.keys(board.history()), ['']);
    board.close();
    assert.equal(clock.pendingCount, 0);
  });

  test('what is shown is rid of secrets, and told of to those who watch', async () => {
    let instance = 'at apiKey=abc';
    const report = () => Promise.resolve(priceStatus({}, { instance }));
    const board = new Board({ clock, log: telemetry.log, report });
    const seen: unknown[] = [];
    await board.look();
    assert.equal(board.newest?.overview.instance, 'at apiKey=[redacted]');
    board.watch(() => seen.push(board.newest?.overview.instance));
    instance = 'another';
    await board.look();
    assert.deepEqual(seen, ['another']);
    board.close();
  });

  test('account streams are asked for only while somebody looks', async () => {
    let asked = 0;
    const streams = (): readonly StreamStatus[] => {
      asked += 1;
      return [streamDetail()];
    };
    const report = () => Promise.resolve(userStatus({ at: clock.now(), streamEvents: clock.now() - NOW }));
    const board = new Board({ clock, log: telemetry.log, report, streams });
    await clock.advanceAsync(5 * LOOK_MS);
    assert.equal(asked, 0);
    assert.equal(board.history()['']?.at(-1)?.[1], 1_000);
    assert.equal(board.newest?.overview.streams?.rows[0]?.room, 'room-1');
    assert.equal(board.newest?.overview.rate, 1_000);
    assert.equal(asked, 1);
    board.watch(() => board.newest);
    await board.look();
    assert.equal(asked, 2);
    board.close();
  });

  test('a report that hangs or fails delays a look, never piles them up', async () => {
    let asked = 0;
    let release = (): void => undefined;
    const board = new Board({
      clock,
      log: telemetry.log,
      report: () => {
        asked += 1;
        return new Promise((_, reject) => (release = () => reject(new Error('thread gone'))));
      },
    });
    await clock.advanceAsync(10 * LOOK_MS);
    assert.equal(asked, 1);
    release();
    await clock.advanceAsync(LOOK_MS);
    assert.equal(asked, 2);
    assert.deepEqual(telemetry.logged('warn'), ['the status could not be read']);
    release();
    board.close();
  });
});
