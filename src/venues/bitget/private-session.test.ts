import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RestClientV2, WebsocketClientV2 } from 'bitget-api';
import { InstrumentIndex } from '../../domain/instrument';
import type { Account, MarketDescriptor } from '../contract';
import type { AccountMode } from './account-mode';
import { bitget } from './index';
import { privateCodec } from './private';
import { privateSession } from './private-session';
import { getHeaders, loginArg, sign } from './signing';

const CREDENTIALS = { key: 'bg_1', secret: 'testSecret', passphrase: 'pass', options: {} };
const NOW = 1_538_054_050_999;
const nextId = (): number => 1;

function accountOf(at: number, environment: Account['environment'] = 'live'): Account {
  const market = bitget.descriptor.markets[at] as MarketDescriptor;
  return { market, credentials: { ...CREDENTIALS }, environment };
}

function restOf(mode: AccountMode): never {
  return { mode: () => Promise.resolve(mode) } as never;
}

function decodeAck({ market }: Account, frame: object): readonly string[] {
  const context = {
    state: privateCodec.begin(market),
    market,
    receivedAt: NOW,
    instruments: new InstrumentIndex(),
  };
  const decoded = privateCodec.decode(JSON.stringify(frame), context);
  assert.ok(decoded.kind === 'ack', JSON.stringify(decoded));
  return decoded.topics ?? [];
}

describe('signing', () => {
  test('golden vectors', () => {
    assert.equal(
      sign('testSecret', '1538054050GET/user/verify'),
      'fL6sVqiahw/OfUcRlsZacyGrKNGlJVi3+jUa0V+dblM=',
    );
    const target = '/api/v2/mix/order/orders-pending?productType=USDT-FUTURES';
    assert.deepEqual(getHeaders(CREDENTIALS, target, 1_700_000_000_000), {
      'ACCESS-KEY': 'bg_1',
      'ACCESS-PASSPHRASE': 'pass',
      'ACCESS-TIMESTAMP': '1700000000000',
      'ACCESS-SIGN': 'fhPLqswAdWQamcZhpE0ncoo1LTXsKZ8P2IXbkjkXYV0=',
      locale: 'en-US',
    });
  });

  test('the vendor’s SDK signs the same', async () => {
    const options = { apiKey: 'bg_1', apiSecret: 'testSecret', apiPass: 'pass' };
    const socket = new WebsocketClientV2(options) as unknown as {
      getWsAuthSignature(key: string): Promise<{ expiresAt: string; signature: string }>;
    };
    const { expiresAt, signature } = await socket.getWsAuthSignature('v2Private');
    const { timestamp, sign: ours } = loginArg(CREDENTIALS, Number(expiresAt) * 1_000);
    assert.equal(timestamp, String(expiresAt));
    assert.equal(ours, signature);

    const client = new RestClientV2(options) as unknown as {
      signRequest(
        data: object,
        path: string,
        method: string,
        kind: string,
      ): Promise<{ sign: string; timestamp: number; queryParamsWithSign: string }>;
    };
    const path = '/api/v2/mix/order/orders-pending';
    const query = { productType: 'USDT-FUTURES', limit: '100' };
    const signed = await client.signRequest(query, path, 'GET', 'bitget');
    const headers = getHeaders(CREDENTIALS, path + signed.queryParamsWithSign, signed.timestamp);
    assert.equal(headers['ACCESS-SIGN'], signed.sign);
  });
});

describe('session', () => {
  test('login: the venue’s time in seconds', () => {
    const [request] = privateSession().login!(accountOf(0), NOW, nextId);
    assert.deepEqual(JSON.parse(request!.frame), {
      op: 'login',
      args: [
        {
          apiKey: 'bg_1',
          passphrase: 'pass',
          timestamp: '1538054050',
          sign: 'fL6sVqiahw/OfUcRlsZacyGrKNGlJVi3+jUa0V+dblM=',
        },
      ],
    });
  });

  const TOPICS = [
    'orders:SPOT account:SPOT',
    'orders:USDT-FUTURES account:USDT-FUTURES orders:USDC-FUTURES account:USDC-FUTURES',
    'orders:COIN-FUTURES account:COIN-FUTURES',
  ];
  const CASES: [string, number, AccountMode, string, string][] = [
    ['spot', 0, { generation: 'classic' }, 'ws.bitget.com/v2', 'orders:SPOT account:SPOT'],
    ['linear', 1, { generation: 'classic' }, 'ws.bitget.com/v2', TOPICS[1]!],
    ['inverse', 2, { generation: 'classic' }, 'ws.bitget.com/v2', TOPICS[2]!],
    ['unified', 1, { generation: 'unified' }, 'ws.bitget.com/v3', 'order account'],
    [
      'demo environment',
      2,
      { generation: 'classic', demo: 'environment' },
      'wspap.bitget.com/v2',
      'orders:COIN-FUTURES account:COIN-FUTURES',
    ],
    [
      'unified demo environment',
      0,
      { generation: 'unified', demo: 'environment' },
      'wspap.bitget.com/v3',
      'order account',
    ],
    [
      'demo products',
      1,
      { generation: 'classic', demo: 'products' },
      'ws.bitget.com/v2',
      'orders:SUSDT-FUTURES account:SUSDT-FUTURES orders:SUSDC-FUTURES account:SUSDC-FUTURES',
    ],
  ];
  for (const [name, at, mode, host, asked] of CASES) {
    test(`${name}: host and requests; the acks confirm what is wanted`, async () => {
      const session = privateSession();
      const account = accountOf(at);
      // Before the first dial, and the same whatever the account turns out to be.
      const topics = session.topics(account);
      assert.deepEqual(
        topics,
        TOPICS[at]!.split(' ').map((topic) => `${topic}:default`),
      );
      assert.equal(await session.endpoint(account, restOf(mode)), `wss://${host}/ws/private`);
      const [request, ...others] = session.subscribe(topics, nextId, account, NOW);
      assert.deepEqual([request!.topics, others], [topics, []]);
      const { args } = JSON.parse(request!.frame) as { args: Record<string, string>[] };
      const words = args.map(({ instType, channel, topic, instId, coin }) => {
        assert.equal(channel === 'account' ? coin : instId, topic === undefined ? 'default' : undefined);
        return topic ?? `${channel}:${instType}`;
      });
      assert.equal(words.join(' '), asked);
      const acks = args.map((arg) => decodeAck(account, { event: 'subscribe', arg }));
      assert.deepEqual(acks.flat().sort(), [...topics].sort());
    });
  }

  test('requests: in the words of each API, within the frame limit', () => {
    const session = privateSession();
    const account = accountOf(0);
    const frameOf = (topics: string[]): unknown =>
      JSON.parse(session.unsubscribe(topics, nextId, account, NOW)[0]!.frame);
    assert.deepEqual(frameOf(['orders:SPOT:default', 'account:SPOT:default']), {
      op: 'unsubscribe',
      args: [
        { instType: 'SPOT', channel: 'orders', instId: 'default' },
        { instType: 'SPOT', channel: 'account', coin: 'default' },
      ],
    });
    assert.deepEqual(session.subscribe([], nextId, account, NOW), []);
    assert.equal(session.ping!(nextId), 'ping');
  });

  test('a REST client of another venue is refused, not trusted', async () => {
    await assert.rejects(privateSession().endpoint(accountOf(0), {} as never), { name: 'ConnectorError' });
  });
});
