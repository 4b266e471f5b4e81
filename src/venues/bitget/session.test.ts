import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import { INTERVALS, isInterval } from '../../domain/interval';
import { bitget } from './index';
import { publicSession } from './session';

const [spot, linear, inverse] = bitget.descriptor.markets;
const { intervals, links } = spot!;

function instrument(venueSymbol: string, quote = 'USDT') {
  return { exchange: 'bitget', symbol: venueSymbol, venueSymbol, base: 'A', quote };
}

const noId = (): number => assert.fail('requests have no id');

test('markets: one socket and one REST host for all', () => {
  assert.deepEqual(
    bitget.descriptor.markets.map(({ exchange, kind, selector }) => [exchange, kind, selector]),
    [
      ['bitget', 'spot', 'bitget'],
      ['bitgetUsdm', 'linear', 'bitget'],
      ['bitgetCoinm', 'inverse', 'bitget'],
    ],
  );
  for (const { endpoints } of bitget.descriptor.markets) {
    const stream = 'wss://ws.bitget.com/v2/ws/public';
    const account = 'wss://ws.bitget.com/v2/ws/private';
    assert.deepEqual(endpoints, {
      ticker: stream,
      candle: stream,
      rest: 'https://api.bitget.com',
      account,
    });
  }
});

test('ticker topics: the margin coin tells the product line', () => {
  const want = { kind: 'ticker' } as const;
  assert.equal(publicSession.topicOf(spot!, want, instrument('BTCUSDC', 'USDC')), 'ticker:SPOT:BTCUSDC');
  assert.equal(publicSession.topicOf(linear!, want, instrument('BTCUSDT')), 'ticker:USDT-FUTURES:BTCUSDT');
  assert.equal(
    publicSession.topicOf(linear!, want, instrument('BTCPERP', 'USDC')),
    'ticker:USDC-FUTURES:BTCPERP',
  );
  assert.equal(
    publicSession.topicOf(inverse!, want, instrument('BTCUSD', 'USD')),
    'ticker:COIN-FUTURES:BTCUSD',
  );
});

test('candle topics: the venue’s channels, days and weeks on UTC', () => {
  const channels = intervals.map((interval) =>
    publicSession
      .topicOf(linear!, { kind: 'candle', interval }, instrument('X'))
      .replace(':USDT-FUTURES:X', ''),
  );
  const expected =
    'candle1m candle5m candle15m candle30m candle1H candle4H candle6Hutc candle12Hutc candle1Dutc candle1Wutc candle1Mutc';
  assert.equal(channels.join(' '), expected);
});

test('an interval that Bitget lacks has no topic', () => {
  const missing = INTERVALS.filter((one) => !intervals.includes(one));
  assert.deepEqual(missing, ['1s', '3m', '2h', '8h', '3d']);
  for (const interval of missing) {
    assert.throws(
      () => publicSession.topicOf(spot!, { kind: 'candle', interval }, instrument('BTCUSDT')),
      (thrown) => thrown instanceof ConnectorError && thrown.retry === 'never',
    );
  }
});

test('interval names: what the backend sends, and nothing at UTC+8', () => {
  const names = bitget.descriptor.intervalNames;
  const backend: Record<string, string> = {
    candle1m: '1m',
    '3min': '3m',
    candle5m: '5m',
    candle15m: '15m',
    candle30m: '30m',
    candle1H: '1h',
    '2h': '2h',
    candle4H: '4h',
    '8h': '8h',
    candle1Dutc: '1d',
    candle1Wutc: '1w',
    candle1Mutc: '1M',
  };
  for (const [name, interval] of Object.entries(backend)) assert.equal(names[name], interval, name);
  for (const name of ['candle6H', 'candle12H', 'candle1D', 'candle1W', 'candle1M', '1D', '1W', '1day']) {
    assert.ok(!Object.hasOwn(names, name), name);
  }
  for (const interval of Object.values(names)) assert.ok(isInterval(interval));
});

test('a request: the venue’s args, no id', () => {
  const topics = ['ticker:SPOT:BTCUSDT', 'candle1Dutc:USDC-FUTURES:BTCPERP'];
  const args = [
    { instType: 'SPOT', channel: 'ticker', instId: 'BTCUSDT' },
    { instType: 'USDC-FUTURES', channel: 'candle1Dutc', instId: 'BTCPERP' },
  ];
  for (const op of ['subscribe', 'unsubscribe'] as const) {
    const [request, ...more] = publicSession[op](topics, noId);
    assert.deepEqual(more, []);
    assert.deepEqual(JSON.parse(request!.frame), { op, args });
    assert.deepEqual(Object.keys(request!), ['frame', 'topics']);
    assert.deepEqual(request!.topics, topics);
    assert.deepEqual(publicSession[op]([], noId), []);
  }
});

test('ping is plain text', () => {
  assert.equal(publicSession.ping?.(noId), 'ping');
});

for (const channel of ['ticker', 'candle'] as const) {
  test(`1,000 ${channel} topics of 30 characters stay within the limits`, () => {
    const { topicsPerRequest, requestBytes, topicsPerConnection } = links[channel];
    const want = channel === 'ticker' ? { kind: channel } : { kind: channel, interval: '12h' as const };
    const topics = Array.from({ length: 1_000 }, (_, at) =>
      publicSession.topicOf(linear!, want, instrument(`X${at}`.padEnd(30, 'Y'))),
    );
    assert.equal(new Set(topics).size, 1_000);
    for (let from = 0; from < topics.length; from += topicsPerRequest) {
      const group = topics.slice(from, from + topicsPerRequest);
      for (const op of ['subscribe', 'unsubscribe'] as const) {
        const [request] = publicSession[op](group, noId);
        const bytes = Buffer.byteLength(request!.frame);
        assert.ok(bytes <= requestBytes && bytes <= 4_096, `${bytes} bytes`);
      }
    }
    assert.ok(topicsPerConnection >= topicsPerRequest);
  });
}

test('limits stay inside the documented ones', () => {
  for (const rules of [links.ticker, links.candle]) {
    const perSecond = (rules.outgoing.count * 1_000) / rules.outgoing.perMs;
    assert.ok(perSecond <= 10);
    assert.ok(rules.topicsPerConnection <= 240 && rules.requests!.count <= 240);
    assert.ok(rules.dials.some(({ count, perMs }) => perMs === 300_000 && count < 300));
    assert.ok(rules.heartbeat.everyMs < 30_000 && rules.heartbeat.via === 'frame');
    assert.ok(rules.rotateAfterMs![1] < 24 * 3_600_000);
  }
});
