import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RestClient } from 'okx-api';
import type { Account, AccountRest } from '../contract';
import { okx } from './index';
import { privateSession } from './private-session';
import { sign, signLogin } from './signing';

const SECRET = '22582BD0CFF14C41EDBF1AB98506286D';
const unused: AccountRest = {
  serverTime: () => Promise.reject(new Error('not needed')),
  snapshot: () => Promise.reject(new Error('not needed')),
};

function account(
  exchange = 'okx',
  options: Record<string, string> = {},
  environment: Account['environment'] = 'live',
): Account {
  const market = okx.descriptor.markets.find((one) => one.exchange === exchange)!;
  return { market, environment, credentials: { key: 'K', secret: SECRET, passphrase: 'P', options } };
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}

describe('okx signing', () => {
  test('golden vectors of login and REST', () => {
    assert.equal(signLogin(SECRET, '1704876947'), '5/36BgGV6m/6pmdc20zdqk0mzF5ZalmzzPD2fo3wavU=');
    const text = '2020-12-08T09:08:57.715ZGET/api/v5/account/balance?ccy=BTC';
    assert.equal(sign(SECRET, text), 'HiZhvSfMtWJA3uUIVXV3a/bSXNPCWvYFXoGCVS8V4zY=');
  });

  test('the SDK signs the same', async () => {
    let headers: Record<string, unknown> = {};
    const adapter = (config: { headers: Record<string, unknown> }): Promise<never> => {
      headers = { ...config.headers };
      return Promise.reject(new Error('enough'));
    };
    const credentials = { apiKey: 'K', apiSecret: SECRET, apiPass: 'P' };
    const client = new RestClient(credentials, { adapter } as ConstructorParameters<typeof RestClient>[1]);
    await assert.rejects(client.getBalance({ ccy: 'BTC' }));
    const timestamp = String(headers['OK-ACCESS-TIMESTAMP']);
    const expected = sign(SECRET, `${timestamp}GET/api/v5/account/balance?ccy=BTC`);
    assert.equal(headers['OK-ACCESS-SIGN'], expected);
  });
});

describe('okx private session', () => {
  const hosts: [source: string | undefined, live: string, sandbox: string][] = [
    [undefined, 'ws.okx.com', 'wspap.okx.com'],
    ['com', 'ws.okx.com', 'wspap.okx.com'],
    ['my', 'wseea.okx.com', 'wseeapap.okx.com'],
    ['app', 'wsus.okx.com', 'wsuspap.okx.com'],
    ['constructor', 'ws.okx.com', 'wspap.okx.com'],
  ];
  for (const [source, live, sandbox] of hosts) {
    test(`hosts of okxSource ${source}`, async () => {
      const options: Record<string, string> = source === undefined ? {} : { okxSource: source };
      const ofLive = await privateSession.endpoint(account('okx', options), unused);
      const ofSandbox = await privateSession.endpoint(account('okx', options, 'sandbox'), unused);
      assert.equal(ofLive, `wss://${live}/ws/v5/private`);
      assert.equal(ofSandbox, `wss://${sandbox}/ws/v5/private`);
    });
  }

  test('login: seconds of the given time, as text', () => {
    const [request, ...more] = privateSession.login!(account(), 1_704_876_947_999, counter());
    assert.deepEqual(more, []);
    assert.deepEqual(request, {
      frame: JSON.stringify({
        op: 'login',
        args: [
          {
            apiKey: 'K',
            passphrase: 'P',
            timestamp: '1704876947',
            sign: '5/36BgGV6m/6pmdc20zdqk0mzF5ZalmzzPD2fo3wavU=',
          },
        ],
      }),
      topics: [],
    });
  });

  test('topics: X-Perps for Europeans only', () => {
    const topics = (exchange: string, okxSource = 'com'): string =>
      privateSession.topics(account(exchange, { okxSource })).join(' ');
    assert.equal(topics('okx', 'my'), 'orders:SPOT account');
    assert.equal(topics('okxLinear'), 'orders:SWAP account');
    assert.equal(topics('okxLinear', 'my'), 'orders:SWAP orders:FUTURES account');
    assert.equal(topics('okxInverse', 'my'), 'orders:SWAP account');
  });

  for (const op of ['subscribe', 'unsubscribe'] as const) {
    test(`${op}: one request per topic`, () => {
      const own = account('okxLinear', { okxSource: 'my' });
      const topics = privateSession.topics(own);
      const requests = privateSession[op](topics, counter(), own, 0);
      assert.deepEqual(
        requests.map(({ frame }) => JSON.parse(frame) as unknown),
        [
          { id: '1', op, args: [{ channel: 'orders', instType: 'SWAP' }] },
          { id: '2', op, args: [{ channel: 'orders', instType: 'FUTURES' }] },
          { id: '3', op, args: [{ channel: 'account', extraParams: '{"updateInterval":"0"}' }] },
        ],
      );
      assert.deepEqual(
        requests.map(({ id, topics: named }) => [id, ...named]),
        topics.map((topic, at) => [String(at + 1), topic]),
      );
      assert.deepEqual(privateSession[op]([], counter(), own, 0), []);
    });
  }

  test('ping is plain text', () => {
    assert.equal(privateSession.ping?.(counter()), 'ping');
  });

  test('links: silence proves nothing, and a login renews the key well within 14 days', () => {
    for (const { links, endpoints } of okx.descriptor.markets) {
      assert.equal(links.account?.silence.capMs, Infinity);
      const [from, to] = links.account!.rotateAfterMs!;
      assert.ok(from < to && to < 14 * 86_400_000);
      assert.ok(links.account!.topicsPerConnection >= 3);
      assert.equal(endpoints.account, 'wss://ws.okx.com/ws/v5/private');
    }
  });
});
