import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candle, Ticker } from '../domain/events';
import { rabbitCandle, redisCandle, redisTicker, tickerBatch } from './render';

const ticker: Ticker = {
  eventType: 'ticker',
  exchange: 'binance',
  symbol: 'BTCUSDT',
  time: 1751277600100,
  price: '0.00000590',
  open: '0.00000577',
  high: '0.00000610',
  low: '0.00000575',
  volume: '4838353.00000000',
  volumeQuote: '28.78631787',
  bestBid: '0.00000589',
  bestBidQnt: '758.00000000',
  bestAsk: '0.00000591',
  bestAskQnt: '970.00000000',
  hasBook: true,
};

const candle: Candle = {
  eventType: 'candle',
  exchange: 'binance',
  symbol: 'BTCUSDT',
  interval: '1h',
  start: 1751277600000,
  open: '60000',
  high: '60100',
  low: '59900',
  close: '60050',
  volume: '12.34',
  closed: true,
  time: 1751277600100,
};

test('Redis ticker: numbers with the venue’s own digits, exchange and publish time in the body', () => {
  const text = redisTicker(ticker, 'last', 1751277600123);
  assert.match(text, /"price":0\.00000590,/);
  const { uniqueMessageId, ...body } = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(body, {
    symbol: 'BTCUSDT',
    time: 1751277600100,
    price: 0.0000059,
    volume: 4838353,
    bestAsk: 0.0000059,
    bestBid: 0.0000059,
    bestAskQnt: 970,
    bestBidQnt: 758,
    eventTime: 1751277600123,
    exchange: 'binance',
  });
  assert.match(String(uniqueMessageId), /^BTCUSDT@1751277600100@binance/);
});

test('Redis ticker: TICKER_BOOK=book publishes the true book, and only a true one', () => {
  const withBook = JSON.parse(redisTicker(ticker, 'book', 1)) as Record<string, number>;
  assert.deepEqual([withBook['bestBid'], withBook['bestAsk']], [0.00000589, 0.00000591]);
  const without = JSON.parse(redisTicker({ ...ticker, hasBook: false }, 'book', 1)) as Record<string, number>;
  assert.deepEqual([without['bestBid'], without['bestAsk']], [0.0000059, 0.0000059]);
});

for (const [name, sizes, expected] of [
  ['zero sizes become the quote volume', { bestBidQnt: '0', bestAskQnt: '0.000' }, 28.78631787],
  ['and one where that is zero too', { bestBidQnt: '0', bestAskQnt: '0', volumeQuote: '0' }, 1],
] as const) {
  test(`Redis ticker: ${name}; a zero would fill or liquidate paper positions`, () => {
    const body = JSON.parse(redisTicker({ ...ticker, ...sizes }, 'last', 1)) as Record<string, number>;
    assert.deepEqual([body['bestBidQnt'], body['bestAskQnt']], [expected, expected]);
  });
}

test('symbols outside of ASCII, with quotes or backslashes stay valid JSON', () => {
  for (const symbol of ['币安人生USDT', 'A"B', 'A\\B', 'A\nB']) {
    const body = JSON.parse(redisTicker({ ...ticker, symbol }, 'last', 1)) as { symbol: string };
    assert.equal(body.symbol, symbol);
    const batch = JSON.parse(tickerBatch('binance', [{ ...ticker, symbol }])) as { tickers: Ticker[] };
    assert.equal(batch.tickers[0]?.symbol, symbol);
  }
});

test('a batch holds the domain events unchanged, book included', () => {
  const second = { ...ticker, symbol: 'ETHUSDT', hasBook: false };
  assert.deepEqual(JSON.parse(tickerBatch('binance', [ticker, second])), {
    exchange: 'binance',
    tickers: [ticker, second],
  });
  assert.deepEqual(JSON.parse(tickerBatch('binance', [])), { exchange: 'binance', tickers: [] });
});

test('Redis candle: contract 2.5, with the interval as it was asked for', () => {
  assert.deepEqual(JSON.parse(redisCandle(candle, 'candle1H')), {
    start: 1751277600000,
    open: '60000',
    high: '60100',
    low: '59900',
    close: '60050',
    volume: '12.34',
    uniqueMessageId: 'BTCUSDT1751277600000600006010059900'.concat('6005012.341h@binance'),
    symbol: 'BTCUSDT',
    interval: 'candle1H',
    closed: true,
  });
});

test('RabbitMQ candle: the domain event and its id', () => {
  const { uniqueMessageId, ...event } = JSON.parse(rabbitCandle(candle)) as Record<string, unknown>;
  assert.deepEqual(event, { ...candle });
  assert.equal(typeof uniqueMessageId, 'string');
});
