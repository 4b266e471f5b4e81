import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../ops/clock';
import { closedPort } from '../testing/closed-port';
import type { TlsServer } from '../testing/tls-server';
import { LOCAL_CERTIFICATE, startTlsServer } from '../testing/tls-server';
import { failureAdvice, failureText } from './advice';
import type { Reach } from './reach';
import { reach, targetOf } from './reach';

const LIMIT_MS = 10_000;

describe('one look at a server', () => {
  let plain: Server;
  let tls: TlsServer;
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
  const look = (port: number, isTls: boolean, ca?: string): Promise<Reach> =>
    reach({ host: '127.0.0.1', port, isTls, ...(ca !== undefined && { ca }) }, systemClock, LIMIT_MS);

  before(async () => {
    tls = await startTlsServer();
    // Whatever comes first is no TLS.
    plain = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    }).listen(0, '127.0.0.1');
    await once(plain, 'listening');
  });

  after(() => {
    plain.close();
    tls.close();
  });

  test('reached, plain and by TLS', async () => {
    const open = await look(portOf(plain), false);
    assert.ok(open.isReached && open.tls === undefined);
    const secured = await look(tls.port, true, LOCAL_CERTIFICATE);
    assert.ok(secured.isReached);
    assert.match(secured.tls?.protocol ?? '', /^TLSv1\.[23]$/);
    assert.ok((secured.tls?.validUntil ?? 0) > Date.now());
  });

  type Aim = readonly [host: string, port: number, isTls: boolean];
  const closed = async (): Promise<Aim> => ['127.0.0.1', await closedPort(), false];
  const cases: readonly (readonly [string, () => Aim | Promise<Aim>, string, RegExp, RegExp])[] = [
    ['a name that nobody has', () => ['no-such-host.invalid', 443, true], 'name', /^E/, /DNS/],
    ['a closed port', closed, 'tcp', /^ECONNREFUSED$/, /start the server/],
    ['no TLS', () => ['127.0.0.1', portOf(plain), true], 'tls', /SSL|EPROTO|ECONNRESET/, /speaks no TLS/],
    ['an unknown authority', () => ['127.0.0.1', tls.port, true], 'tls', /SELF_SIGNED/, /not trusted/],
  ];
  for (const [what, aim, step, code, advice] of cases) {
    test(`not reached: ${what}`, async () => {
      const [host, port, isTls] = await aim();
      const failure = await reach({ host, port, isTls }, systemClock, LIMIT_MS);
      assert.ok(!failure.isReached);
      assert.equal(failure.step, step);
      assert.match(failure.code, code);
      assert.match(failureText({ host, port }, failure), new RegExp(host.replaceAll('.', '\\.')));
      assert.match(failureAdvice(failure), advice);
    });
  }

  test('not reached: a server that never answers TLS', async () => {
    const mute = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    try {
      const failure = await reach({ host: '127.0.0.1', port: portOf(mute), isTls: true }, systemClock, 100);
      assert.ok(!failure.isReached);
      assert.deepEqual([failure.step, failure.code], ['tls', 'TIMEOUT']);
    } finally {
      mute.close();
    }
  });
});

test('the server behind a URL', () => {
  assert.deepEqual(targetOf('wss://stream.example/ws'), { host: 'stream.example', port: 443, isTls: true });
  assert.deepEqual(targetOf('http://[::1]:81'), { host: '::1', port: 81, isTls: false });
  assert.deepEqual(targetOf('ws://h'), { host: 'h', port: 80, isTls: false });
});
