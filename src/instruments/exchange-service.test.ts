import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import type { FetchLike } from './exchange-service';
import { pairsOf } from './exchange-service';

const pair = (name: string): object => ({
  pair: name,
  baseAsset: { minAmount: 0.00001, step: 0.00001, name: name.slice(0, 3), maxMarketAmount: 100 },
  quoteAsset: { minAmount: 5, name: name.slice(3) },
  maxOrders: 200,
  priceAssetPrecision: 2,
});
const answer = (body: unknown, status = 200): FetchLike => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return () => Promise.resolve(new Response(text, { status }));
};
const ok = (data: unknown): object => ({ status: 'OK', data, reason: null, usage: [], timeProfile: {} });

describe('pairsOf', () => {
  test('asks for one exchange, with a deadline, and reads the pairs', async () => {
    let asked: string | undefined;
    let signal: AbortSignal | undefined;
    const pairs = await pairsOf('http://exchange-connector/', 'okxLinear', (url, init) => {
      asked = url;
      signal = init.signal;
      return answer(ok([pair('BTCUSDT'), pair('ETHUSDT')]))(url, init);
    });
    assert.equal(asked, 'http://exchange-connector/exchange/all?exchange=okxLinear');
    assert.ok(signal instanceof AbortSignal && !signal.aborted);
    assert.deepEqual(pairs, [
      { pair: 'BTCUSDT', base: 'BTC', quote: 'USDT' },
      { pair: 'ETHUSDT', base: 'ETH', quote: 'USDT' },
    ]);
  });

  test('an exchange id cannot leave its place in the URL', async () => {
    let asked = '';
    await pairsOf('http://a', 'x&y=/../z', (url, init) => {
      asked = url;
      return answer(ok([]))(url, init);
    });
    assert.equal(asked, 'http://a/exchange/all?exchange=x%26y%3D%2F..%2Fz');
  });

  test('a pair that cannot be read costs itself only', async () => {
    const odd = [
      null,
      5,
      {},
      { pair: '' },
      { ...pair('ABCDEF'), baseAsset: null },
      { pair: 'x'.repeat(101) },
    ];
    const pairs = await pairsOf('http://a', 'x', answer(ok([...odd, pair('BTCUSDT')])));
    assert.deepEqual(
      pairs.map((one) => one.pair),
      ['BTCUSDT'],
    );
  });

  for (const [what, request, code] of [
    ['NOTOK comes with HTTP 200', answer({ status: 'NOTOK', data: null, reason: 'no such' }), 'REST_FAILED'],
    ['NOTOK without a reason', answer({ status: 'NOTOK' }), 'REST_FAILED'],
    ['OK without data', answer({ status: 'OK', data: null }), 'REST_FAILED'],
    ['a disabled exchange', answer({ statusCode: 503, message: 'disabled' }, 503), 'REST_FAILED'],
    ['a status nobody knows', answer({ status: 'FINE', data: [] }), 'REST_BAD_ANSWER'],
    ['data that is no list', answer({ status: 'OK', data: {} }), 'REST_BAD_ANSWER'],
    ['JSON that is no object', answer('5'), 'REST_BAD_ANSWER'],
    ['text that is not JSON', answer('<html>'), 'REST_FAILED'],
    ['nobody there', () => Promise.reject(new TypeError('fetch failed')), 'REST_FAILED'],
    ['too late', () => Promise.reject(new DOMException('late', 'TimeoutError')), 'REST_TIMEOUT'],
  ] as const) {
    test(`${what}: ${code}`, async () => {
      await assert.rejects(
        pairsOf('http://a', 'x', request),
        (error: unknown) =>
          error instanceof ConnectorError && error.code === code && error.retry === 'backoff',
      );
    });
  }

  test('the reason of the service reaches the operator', async () => {
    const request = answer({ status: 'NOTOK', data: null, reason: 'exchange is in maintenance' });
    await assert.rejects(pairsOf('http://a', 'x', request), /exchange is in maintenance/);
  });

  test('over a real socket', async () => {
    const server = createServer((request, response) => {
      response.end(
        JSON.stringify(ok(request.url === '/exchange/all?exchange=bybit' ? [pair('BTCUSDT')] : [])),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      assert.equal((await pairsOf(`http://127.0.0.1:${port}`, 'bybit')).length, 1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
