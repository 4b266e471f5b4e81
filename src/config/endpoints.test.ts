import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEndpoints, rewriter } from './endpoints';

test('a list of overrides is read, default ports and trailing slashes dropped', () => {
  const list = `wss://stream.binance.com:9443=ws://127.0.0.1:9100/stream.binance.com/,
    wss://ws.okx.com:443=ws://127.0.0.1:9100/okx  https://api.bybit.com:443=http://127.0.0.1:80`;
  assert.deepEqual(parseEndpoints(list), [
    { from: 'wss://stream.binance.com:9443', to: 'ws://127.0.0.1:9100/stream.binance.com' },
    { from: 'wss://ws.okx.com', to: 'ws://127.0.0.1:9100/okx' },
    { from: 'https://api.bybit.com', to: 'http://127.0.0.1' },
  ]);
  assert.deepEqual(parseEndpoints(' '), []);
});

for (const [value, reason] of [
  ['wss://a.example', /entry 1 has no "="/],
  ['wss://a.example/path=ws://b', /entry 1: the left side is an origin/],
  ['wss://a.example=ws://b?x=1', /the right side has no query/],
  ['wss://a.example=http://b', /ws\(s\) is replaced by ws\(s\)/],
  ['ftp://a.example=ws://b', /entry 1, left side is no ws\(s\) or http\(s\) URL/],
  ['wss://a.example=ws://u:geheim@b', /right side contains credentials/],
  ['wss://a.example=ws://b,wss://a.example:443=ws://c', /wss:\/\/a\.example is given twice/],
  ['wss://a=ws://b, nonsense=', /entry 2, left side/],
] as const) {
  test(`refused: ${value}`, () => {
    assert.throws(
      () => parseEndpoints(value),
      (error: Error) => reason.test(error.message) && !error.message.includes('geheim'),
    );
  });
}

test('a URL of an overridden origin goes to the replacement, path and query kept as written', () => {
  const rewrite = rewriter(
    parseEndpoints(
      'wss://stream.binance.com:9443=ws://127.0.0.1:9100/sim https://api.bybit.com=http://127.0.0.1:9200',
    ),
  );
  for (const [from, to] of [
    ['wss://stream.binance.com:9443/ws/!ticker@arr', 'ws://127.0.0.1:9100/sim/ws/!ticker@arr'],
    ['wss://stream.binance.com:9443', 'ws://127.0.0.1:9100/sim'],
    ['wss://STREAM.binance.com:9443/ws', 'ws://127.0.0.1:9100/sim/ws'],
    // Another port is another server.
    ['wss://stream.binance.com/ws', 'wss://stream.binance.com/ws'],
    ['https://api.bybit.com:443/v5/a?b=%7B"c"%7D&d=e f', 'http://127.0.0.1:9200/v5/a?b=%7B"c"%7D&d=e f'],
    ['https://api.bybit.com?x=1', 'http://127.0.0.1:9200?x=1'],
    ['wss://api.bybit.com/v5', 'wss://api.bybit.com/v5'],
    ['https://api.bybit.com.evil.example/v5', 'https://api.bybit.com.evil.example/v5'],
    ['no url', 'no url'],
  ] as const) {
    assert.equal(rewrite(from), to);
  }
});
