import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { TcpProxy } from './tcp-proxy';

test('bytes stay in order when a delay ends', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const proxy = await TcpProxy.start({ host: '127.0.0.1', port });
  t.after(() => proxy.close());
  const client = connect(proxy.port, proxy.host);
  client.setNoDelay(true);
  const [[peer]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  t.after(() => client.destroy());
  let heard = '';
  peer.on('data', (chunk) => (heard += String(chunk)));
  const echo = once(peer, 'data');
  client.write('0');
  await echo;
  proxy.delay(100);
  client.write('1');
  // Until the proxy holds it.
  await new Promise((resolve) => setTimeout(resolve, 20));
  proxy.delay(0);
  client.write('2');
  while (heard.length < 3) await once(peer, 'data');
  assert.equal(heard, '012');
});
