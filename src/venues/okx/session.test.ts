import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import { INTERVALS, isInterval } from '../../domain/interval';
import { okx } from './index';
import { publicSession } from './session';

const [spot, linear] = okx.descriptor.markets;
const { intervals, links } = spot!;

function instrument(venueSymbol: string) {
  return { exchange: 'okx', symbol: venueSymbol, venueSymbol, base: 'A', quote: 'B' };
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}

test('endpoints: tickers on public, candles on business, never a port', () => {
  for (const { endpoints, selector } of okx.descriptor.markets) {
    assert.equal(endpoints.ticker, 'wss://ws.okx.com/ws/v5/public');
    assert.equal(endpoints.candle, 'wss://ws.okx.com/ws/v5/business');
    assert.equal(selector, 'okx');
    for (const url of Object.values(endpoints)) assert.equal(new URL(url).port, '');
  }
});

test('topics of wants', () => {
  const swap = instrument('BTC-USDT-SWAP');
  assert.equal(publicSession.topicOf(linear!, { kind: 'ticker' }, swap), 'tickers:BTC-USDT-SWAP');
  const topics = intervals.map((interval) =>
    publicSession.topicOf(linear!, { kind: 'candle', interval }, swap).replace(':BTC-USDT-SWAP', ''),
  );
  const expected =
    'candle1s candle1m candle3m candle5m candle15m candle30m candle1H candle2H candle4H candle6Hutc candle12Hutc candle1Dutc candle1Wutc candle1Mutc';
  assert.equal(topics.join(' '), expected);
});

test('an interval that OKX lacks has no topic', () => {
  const missing = INTERVALS.filter((one) => !intervals.includes(one));
  assert.deepEqual(missing, ['8h', '3d']);
  for (const interval of missing) {
    assert.throws(
      () => publicSession.topicOf(spot!, { kind: 'candle', interval }, instrument('BTC-USDT')),
      (thrown) => thrown instanceof ConnectorError && thrown.retry === 'never',
    );
  }
});

test('interval names: what the backend sends, and nothing on Hong Kong time', () => {
  const names = okx.descriptor.intervalNames;
  const backend: Record<string, string> = {
    candle1m: '1m',
    candle3m: '3m',
    candle5m: '5m',
    candle15m: '15m',
    candle30m: '30m',
    candle1H: '1h',
    candle2H: '2h',
    candle4H: '4h',
    candle1Dutc: '1d',
    candle1Wutc: '1w',
    candle1Mutc: '1M',
    '1Dutc': '1d',
  };
  for (const [name, interval] of Object.entries(backend)) assert.equal(names[name], interval, name);
  for (const name of ['candle6H', 'candle12H', 'candle1D', 'candle1W', 'candle1M', '1D', '1W']) {
    assert.ok(!Object.hasOwn(names, name), name);
  }
  for (const interval of Object.values(names)) assert.ok(isInterval(interval));
});

test('a request names its topics, and its id is what the venue echoes', () => {
  const topics = ['tickers:BTC-USDT', 'candle1m:ETH-USD_UM_XPERP-310404'];
  const args = [
    { channel: 'tickers', instId: 'BTC-USDT' },
    { channel: 'candle1m', instId: 'ETH-USD_UM_XPERP-310404' },
  ];
  for (const op of ['subscribe', 'unsubscribe'] as const) {
    const [request, ...more] = publicSession[op](topics, counter());
    assert.deepEqual(more, []);
    assert.deepEqual(JSON.parse(request!.frame), { id: '1', op, args });
    assert.equal(request!.id, '1');
    assert.deepEqual(request!.topics, topics);
    assert.deepEqual(publicSession[op]([], counter()), []);
  }
});

test('ping is plain text', () => {
  assert.equal(publicSession.ping?.(counter()), 'ping');
});

for (const channel of ['ticker', 'candle'] as const) {
  test(`1,000 ${channel} topics of 30 characters stay within the limits`, () => {
    const { topicsPerRequest, requestBytes, topicsPerConnection } = links[channel];
    const want = channel === 'ticker' ? { kind: channel } : { kind: channel, interval: '12h' as const };
    const topics = Array.from({ length: 1_000 }, (_, at) =>
      publicSession.topicOf(spot!, want, instrument(`X${at}`.padEnd(30, 'Y'))),
    );
    assert.equal(new Set(topics).size, 1_000);
    const nextId = counter();
    for (let from = 0; from < topics.length; from += topicsPerRequest) {
      for (const { frame, id } of publicSession.subscribe(
        topics.slice(from, from + topicsPerRequest),
        nextId,
      )) {
        assert.ok(Buffer.byteLength(frame) <= requestBytes, `${Buffer.byteLength(frame)} bytes`);
        assert.match(id!, /^[a-zA-Z0-9]{1,32}$/);
      }
    }
    assert.ok(topicsPerConnection >= topicsPerRequest);
  });
}
