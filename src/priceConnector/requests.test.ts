import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConnectorError } from '../domain/errors';
import { marketOf } from '../venues/registry';
import { candleRequest, payloadOf } from './requests';

const body = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('candle requests', () => {
  for (const [payload, expected] of [
    [
      { symbol: 'BTCUSDT', exchange: 'binance', interval: '1m' },
      { venue: 'binance', exchange: 'binance', symbol: 'BTCUSDT', interval: '1m', alias: '1m' },
    ],
    [
      { symbol: 'BTCUSD_PERP', exchange: 'paperBinanceCoinm', interval: '1M' },
      { venue: 'binance', exchange: 'binanceCoinm', symbol: 'BTCUSD_PERP', interval: '1M', alias: '1M' },
    ],
    [
      { symbol: 'BTC-USDT', exchange: 'okxLinear', interval: 'candle1H' },
      { venue: 'okx', exchange: 'okxLinear', symbol: 'BTC-USDT', interval: '1h', alias: 'candle1H' },
    ],
    [
      { symbol: 'BTCUSDT', exchange: 'bybit', interval: '60' },
      { venue: 'bybit', exchange: 'bybit', symbol: 'BTCUSDT', interval: '1h', alias: '60' },
    ],
  ] as const) {
    test(`${payload.exchange} ${payload.interval} is understood`, () => {
      assert.deepEqual(candleRequest(payload, marketOf), expected);
    });
  }

  for (const [problem, payload] of [
    ['symbol', { exchange: 'binance', interval: '1m' }],
    ['symbol', { symbol: 5, exchange: 'binance', interval: '1m' }],
    ['symbol', { symbol: 'x'.repeat(101), exchange: 'binance', interval: '1m' }],
    ['exchange', { symbol: 'BTCUSDT', exchange: 'mexc', interval: '1m' }],
    ['exchange', { symbol: 'BTCUSDT', exchange: '__proto__', interval: '1m' }],
    ['interval', { symbol: 'BTCUSDT', exchange: 'binance', interval: '7m' }],
    ['interval', { symbol: 'BTCUSDT', exchange: 'binance', interval: 'constructor' }],
    ['payload', null],
    ['payload', 'text'],
  ] as const) {
    test(`${JSON.stringify(payload).slice(0, 60)} is refused, naming ${problem}`, () => {
      assert.throws(
        () => candleRequest(payload, marketOf),
        (error: unknown) =>
          error instanceof ConnectorError &&
          error.code === 'COMMAND_INVALID' &&
          error.message.startsWith(`${problem}:`),
      );
    });
  }

  test('the envelope: payload comes out, everything else is COMMAND_INVALID', () => {
    assert.deepEqual(payloadOf(body({ payload: { a: 1 } })), { a: 1 });
    assert.deepEqual(payloadOf(body({ payload: null, replyTo: 'q' })), null);
    for (const bad of ['', 'not json', '{"payload":', '{}', '[]', '5', 'null']) {
      assert.throws(() => payloadOf(body(bad)), { code: 'COMMAND_INVALID' }, bad);
    }
  });

  test('no body whatever throws anything but COMMAND_INVALID', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((text) => `{"payload":${text}}`),
        ),
        (text) => {
          try {
            candleRequest(payloadOf(body(text)), marketOf);
          } catch (error) {
            assert.ok(error instanceof ConnectorError && error.code === 'COMMAND_INVALID');
          }
        },
      ),
    );
  });
});
