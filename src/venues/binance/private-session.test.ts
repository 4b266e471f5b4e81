import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest } from '../contract';
import { accountError } from './account-errors';
import { binance } from './index';
import type { ListenKeys } from './private-session';
import { privateSession as session } from './private-session';

const KEY = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';
const SECRET = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
const NOW = 1_645_423_376_532;

function account(exchange: string, environment: Account['environment'] = 'live', secret = SECRET): Account {
  const market = binance.descriptor.markets.find((one) => one.exchange === exchange)!;
  return { market, environment, credentials: { key: KEY, secret, passphrase: '', options: {} } };
}

function fakeRest() {
  const asked: string[] = [];
  const rest = {
    serverTime: () => Promise.resolve(NOW),
    snapshot: () => Promise.resolve({ orders: [] }),
    listenKey: () => (asked.push('create'), Promise.resolve('a/key')),
    keepListenKey: () => (asked.push('keep'), Promise.resolve()),
  };
  return { asked, rest: rest as AccountRest & ListenKeys };
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}

describe('spot: one signed subscription', () => {
  const spot = account('binance');

  test('the frame is the documented one', () => {
    assert.deepEqual(session.topics(spot), ['userDataStream']);
    const [request, ...more] = session.subscribe(session.topics(spot), counter(), spot, NOW + 0.7);
    assert.deepEqual(more, []);
    assert.deepEqual([request?.id, request?.topics], ['1', ['userDataStream']]);
    assert.deepEqual(JSON.parse(request?.frame ?? ''), {
      id: 1,
      method: 'userDataStream.subscribe.signature',
      params: {
        apiKey: KEY,
        recvWindow: 5_000,
        timestamp: NOW,
        signature: '4e969a560f7877137f387f0ee2ba91209b365e088880f469d65dd7673e132988',
      },
    });
  });

  test('unsubscribing ends all of the connection', () => {
    const [request] = session.unsubscribe(['userDataStream'], counter(), spot, NOW);
    assert.deepEqual(JSON.parse(request?.frame ?? ''), {
      id: 1,
      method: 'userDataStream.unsubscribe',
      params: {},
    });
  });

  test('no listen key is involved', async () => {
    const { asked, rest } = fakeRest();
    assert.equal(await session.endpoint(spot, rest), 'wss://ws-api.binance.com/ws-api/v3');
    await session.keepAlive?.run(spot, rest);
    assert.deepEqual(asked, []);
  });

  test('an unreadable private key fails before the dial, for good', async () => {
    const broken = account('binance', 'live', '-----BEGIN PRIVATE KEY----- x -----END PRIVATE KEY-----');
    await assert.rejects(
      session.endpoint(broken, fakeRest().rest),
      (error) => error instanceof ConnectorError && error.retry === 'never',
    );
  });
});

describe('listen keys', () => {
  const urls: readonly [exchange: string, environment: Account['environment'], url: string][] = [
    ['binanceUsdm', 'live', 'wss://fstream.binance.com/private/ws?listenKey=a%2Fkey'],
    ['binanceCoinm', 'live', 'wss://dstream.binance.com/ws/a%2Fkey'],
    ['binanceUS', 'live', 'wss://stream.binance.us:9443/ws/a%2Fkey'],
    ['binanceUsdm', 'sandbox', 'wss://fstream.binancefuture.com/private/ws?listenKey=a%2Fkey'],
    ['binanceCoinm', 'sandbox', 'wss://dstream.binancefuture.com/ws/a%2Fkey'],
  ];
  for (const [exchange, environment, url] of urls) {
    test(`${exchange} ${environment}`, async () => {
      const { asked, rest } = fakeRest();
      const one = account(exchange, environment);
      assert.equal(await session.endpoint(one, rest), url);
      assert.deepEqual(session.topics(one), []);
      assert.deepEqual(session.subscribe(['userDataStream'], counter(), one, NOW), []);
      await session.keepAlive?.run(one, rest);
      assert.deepEqual(asked, ['create', 'keep']);
    });
  }

  test('a key that the venue knows no more is gone; any other failure stays one', async () => {
    const one = account('binanceUsdm');
    const failing = (code: number, status = 400): AccountRest & ListenKeys => {
      const thrown = { response: { status, data: { code, msg: 'x' } } };
      return { ...fakeRest().rest, keepListenKey: () => Promise.reject(accountError('listenKey', thrown)) };
    };
    assert.equal(await session.keepAlive?.run(one, fakeRest().rest), 'kept');
    assert.equal(await session.keepAlive?.run(one, failing(-1125)), 'gone');
    for (const [code, status] of [
      [-1001, 500],
      [-1003, 429],
      [-2015, 401],
    ] as const) {
      await assert.rejects(async () => session.keepAlive?.run(one, failing(code, status)));
    }
  });

  test('kept alive well within their hour', () => {
    assert.equal(session.keepAlive?.everyMs, 30 * 60_000);
  });

  test('no dial without a key', async () => {
    const rest = { ...fakeRest().rest, listenKey: () => Promise.reject(new Error('refused')) };
    await assert.rejects(session.endpoint(account('binanceUsdm'), rest), /refused/);
    const { serverTime, snapshot } = fakeRest().rest;
    await assert.rejects(
      session.endpoint(account('binanceUsdm'), { serverTime, snapshot }),
      /no listen keys/,
    );
  });

  test('binance.us has no sandbox', async () => {
    await assert.rejects(session.endpoint(account('binanceUS', 'sandbox'), fakeRest().rest), /no sandbox/);
  });
});

describe('rules', () => {
  for (const { exchange, endpoints, links } of binance.descriptor.markets) {
    test(`${exchange}: within the documented limits`, () => {
      const rules = links.account!;
      assert.ok(endpoints.account?.startsWith('wss://'));
      assert.equal(rules.silence.capMs, Infinity);
      assert.equal(rules.ackConfirms, true);
      assert.ok(rules.dials.every(({ count, perMs }) => perMs < 300_000 || count < 300));
      assert.ok(rules.dials.some(({ perMs }) => perMs === 300_000));
      assert.ok((rules.rotateAfterMs?.[1] ?? Infinity) < 24 * 3_600_000);
    });
  }
});
