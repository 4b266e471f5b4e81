/** What the price process really emits, and every example of the contract's pages, against docs/schema. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { MarketEvent } from '../domain/events';
import { InstrumentIndex } from '../domain/instrument';
import { instrumentCache } from '../instruments/cache';
import { Notices } from '../priceConnector/notices';
import { candleRequest, payloadOf } from '../priceConnector/requests';
import { LastValues } from '../store/last-values';
import { MemoryStore } from '../store/memory';
import type { ChannelMessage } from '../store/ports';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { CONTRACT_PAGES, contractExamples, contractPage, problemsOf, schemaNames } from '../testing/schemas';
import { binance } from '../venues/binance';
import { marketOf } from '../venues/registry';
import { MemoryBroker } from './memory';
import { Outbox } from './outbox';
import type { OutgoingMessage } from './ports';
import { MarketPublisher } from './publisher';
import type { CandleDelivery } from './publisher';
import { amqpProperties } from './rabbit-message';
import { redisTicker } from './render';
import * as routes from './routes';

const fixtures = join(__dirname, '../venues/binance/__fixtures__');

interface Fixture {
  readonly exchange: string;
  readonly frames: readonly unknown[];
}

/** Events of the recorded frames, decoded by the real codec. */
function eventsOf(channel: 'ticker' | 'candle'): readonly MarketEvent[] {
  const files = readdirSync(fixtures).filter((name) => name.includes(`.${channel}.`));
  return files.flatMap((name) => {
    const { exchange, frames } = JSON.parse(readFileSync(join(fixtures, name), 'utf8')) as Fixture;
    return frames.flatMap((frame) => decoded(exchange, frame));
  });
}

function decoded(exchange: string, frame: unknown): readonly MarketEvent[] {
  const { codec } = binance.publicFeed;
  const market = marketOf(exchange)?.market;
  assert.ok(market);
  const context = { state: codec.begin(market), market, receivedAt: 1, instruments: new InstrumentIndex() };
  const answer = codec.decode(JSON.stringify(frame), context);
  return answer.kind === 'events' ? answer.events : [];
}

const tickers = eventsOf('ticker').filter((event) => event.eventType === 'ticker');
const candles = eventsOf('candle').filter((event) => event.eventType === 'candle');

function assertValid(schema: string, value: unknown, what: string): void {
  assert.deepEqual(problemsOf(schema, value), [], `${what} against ${schema}`);
}

describe('what is published', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let broker: MemoryBroker;
  let store: MemoryStore;
  let rabbit: OutgoingMessage[];
  let redis: ChannelMessage[];

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    broker = new MemoryBroker({ telemetry, clock });
    store = new MemoryStore(clock);
    rabbit = [];
    redis = [];
    broker.received('#', (message) => rabbit.push(message));
    store.published((message) => redis.push(message));
  });

  afterEach(async () => {
    await broker.close();
    await store.close();
  });

  const delivery = (over: Partial<CandleDelivery> = {}): CandleDelivery => ({
    aliases: ['1m', 'candle1m'],
    receivedAt: clock.now(),
    isReconciled: false,
    isLate: false,
    movesCursor: true,
    ...over,
  });

  /** Publishes all recorded events, in the middle of an outage of nothing. */
  async function publishAll(tickerBook: 'last' | 'book'): Promise<void> {
    const lastValues = new LastValues(
      store,
      { tickers: routes.lastTickersKey, candles: routes.lastCandlesKey },
      telemetry,
      clock,
      1_000,
    );
    const outbox = new Outbox(
      { maxMessages: 100, maxBytes: 1e6 },
      { broker, telemetry, clock, random: () => 0 },
    );
    const publisher = new MarketPublisher(
      { broker, store, outbox, lastValues, telemetry, clock },
      { tickerBook, batchMs: 100, closedOnly: () => false },
    );
    for (const ticker of tickers) publisher.ticker(ticker, clock.now());
    for (const candle of candles) {
      publisher.candle(candle, delivery());
      await clock.advanceAsync(100);
      if (candle.closed) publisher.candle(candle, delivery({ isReconciled: true, isLate: true }));
    }
    await clock.advanceAsync(2_000);
    publisher.close();
    lastValues.close();
    outbox.close();
  }

  for (const book of ['last', 'book'] as const) {
    test(`TICKER_BOOK=${book}: every body on both doors fits its schema`, async () => {
      await publishAll(book);
      const schemaOfKey = (key: string): string => (key.startsWith('ticker.') ? 'ticker-batch' : 'candle');
      for (const { routingKey, body } of rabbit) {
        assertValid(schemaOfKey(routingKey), JSON.parse(body), routingKey);
      }
      for (const { channel, payload } of redis) {
        const schema = channel.startsWith('trade@') ? 'redis-ticker' : 'redis-candle';
        assertValid(schema, JSON.parse(payload), channel);
      }
      const exchanges = ['binance', 'binanceCoinm', 'binanceUS', 'binanceUsdm'];
      const seen = (prefix: string): string[] =>
        [
          ...new Set(rabbit.map(({ routingKey }) => routingKey).filter((key) => key.startsWith(prefix))),
        ].sort();
      assert.deepEqual(
        seen('ticker.'),
        exchanges.map((exchange) => `ticker.${exchange}`),
      );
      assert.ok(seen('candle.').includes('candle.binance.1m.BTCUSDT'));
      assert.ok(redis.some(({ channel }) => channel === 'BTCUSDT@binance@candle1mCandle'));
      assert.ok(redis.some(({ channel }) => channel === 'trade@BTCUSDT@binance'));
    });
  }

  test('properties and headers on the wire', async () => {
    await publishAll('last');
    const closed = rabbit.filter(({ properties }) => properties.headers['x-closed'] === true);
    const open = rabbit.filter(({ properties }) => properties.headers['x-closed'] === false);
    const batches = rabbit.filter(({ properties }) => properties.type === 'tickers');
    assert.ok(closed.length > 0 && open.length > 0 && batches.length > 0);
    assert.equal(closed.length + open.length + batches.length, rabbit.length);
    for (const message of rabbit) {
      const properties = amqpProperties(message, 'price-1');
      assertValid('headers', properties.headers, message.routingKey);
      assert.equal(properties.contentType, 'application/json');
      assert.equal(properties.contentEncoding, 'utf-8');
      assert.equal(properties.appId, 'websocket-connector');
      assert.equal(properties.persistent, closed.includes(message));
      assert.equal(properties.messageId !== undefined, closed.includes(message));
      assert.equal('x-reconciled' in message.properties.headers, closed.includes(message));
    }
    for (const { properties, body } of closed) {
      const { uniqueMessageId, exchange } = JSON.parse(body) as Record<string, unknown>;
      assert.equal(properties.messageId, uniqueMessageId);
      assert.equal(properties.headers['x-exchange'], exchange);
    }
    const reconciled = closed.filter(({ properties }) => properties.headers['x-reconciled'] === true);
    assert.equal(reconciled.length * 2, closed.length, 'each bar was told by both sources');
    const idsOf = (messages: readonly OutgoingMessage[]): Set<string | undefined> =>
      new Set(messages.map(({ properties }) => properties.messageId));
    assert.deepEqual(idsOf(reconciled), idsOf(closed), 'both tellings of a bar have one id');
  });

  test('last values and the instrument list in Redis', async () => {
    await publishAll('last');
    const [ticker] = await store.hashGet('connector:ticker:binance', ['BTCUSDT']);
    const [candle] = await store.hashGet('connector:candle:binance', ['BTCUSDT@1m']);
    assert.ok(ticker !== undefined && candle !== undefined);
    assertValid('last-ticker', JSON.parse(ticker), 'last ticker');
    assertValid('last-candle', JSON.parse(candle), 'last candle');
    const plain = { symbol: 'BTCUSDT', venueSymbol: 'BTCUSDT', base: 'BTC', quote: 'USDT' };
    await instrumentCache(store, routes.instrumentsKey).save('binanceUsdm', [
      { exchange: 'binanceUsdm', ...plain },
      { exchange: 'binanceUsdm', ...plain, contractSize: '1' },
    ]);
    const list = await store.get('connector:instruments:binanceUsdm');
    assert.ok(list !== undefined);
    assertValid('instruments', JSON.parse(list), 'instruments');
  });

  test('notices on serviceLog', async () => {
    for (const role of ['all', 'candle', 'ticker']) {
      const notices = new Notices(store, { role, pid: 7, sequence: 1 }, { clock, telemetry });
      if (role !== 'ticker') notices.announce();
      for (const kind of ['price', 'candle', 'connect'] as const) {
        notices.stall({ exchange: 'binance', kind, staleSeconds: 61 });
      }
      await clock.advanceAsync(60_000);
      notices.stop();
    }
    assert.deepEqual([...new Set(redis.map(({ channel }) => channel))], ['serviceLog']);
    for (const { payload } of redis) assertValid('service-log', JSON.parse(payload), payload);
    const kinds = new Set(redis.flatMap(({ payload }) => Object.keys(JSON.parse(payload) as object)));
    assert.deepEqual([...kinds].sort(), ['bootId', 'priceConnectorAlive', 'restart', 'watchdogStall']);
  });

  test('a request that cannot be read: reply and dead letter', async () => {
    const replies: string[] = [];
    await broker.consume({
      queue: routes.CANDLE_REQUESTS,
      prefetch: 1,
      handle: () => ({ kind: 'dead-letter', reason: 'interval: unknown' }),
    });
    broker.send(routes.CANDLE_REQUESTS, '{"payload":{}}', (body) => replies.push(body));
    await clock.advanceAsync(0);
    assertValid('reply', JSON.parse(replies[0] ?? ''), 'reply');
    assertValid('dead-letter', broker.deadLetters[0], 'dead letter');
    assert.ok(!JSON.stringify(broker.deadLetters).includes('payload'), 'the body is not kept');
  });
});

describe('docs/contract.md, docs/contract-accounts.md', () => {
  const examples = contractExamples();

  for (const [index, { schema, text }] of examples.entries()) {
    test(`example ${index + 1} (${schema}) is valid`, () => {
      assertValid(schema, JSON.parse(text), text.slice(0, 80));
    });
  }

  test('every schema has an example, and every example a schema', () => {
    const shown = new Set(examples.map(({ schema }) => schema));
    const expected = schemaNames.filter((name) => name !== 'common');
    assert.deepEqual([...shown].sort(), [...expected].sort());
    const fences = CONTRACT_PAGES.map((page) => contractPage(page).match(/^```json/gm)?.length ?? 0);
    assert.equal(
      fences.reduce((sum, count) => sum + count),
      examples.length,
    );
  });

  test('the page names every route of the price process', () => {
    const page = contractPage('contract.md');
    const candle = candles.find(({ symbol, exchange }) => symbol === 'BTCUSDT' && exchange === 'binance');
    assert.ok(candle);
    for (const name of [
      routes.COMMAND_EXCHANGE,
      routes.CANDLE_REQUESTS,
      routes.EVENT_EXCHANGE,
      routes.DEAD_LETTER_QUEUE,
      routes.SERVICE_LOG,
      routes.ADMIN_CONFIG,
      routes.ADMIN_ENABLED_EXCHANGES,
      routes.tickerKey('<exchange>'),
      routes.candleKey({
        ...candle,
        exchange: '<exchange>',
        symbol: '<symbol>',
        interval: '<interval>' as '1m',
      }),
      routes.tickerChannel('<exchange>', '<symbol>'),
      routes.candleChannel('<exchange>', '<symbol>', '<requested interval>'),
      routes.lastTickersKey('<exchange>'),
      routes.lastCandlesKey('<exchange>'),
      routes.instrumentsKey('<exchange>'),
    ]) {
      assert.ok(page.includes(`\`${name}\``), name);
    }
  });

  test('the requests of the page are understood by the code', () => {
    const requests = examples.filter(({ schema }) => schema === 'candle-request');
    assert.ok(requests.length > 0);
    for (const { text } of requests) candleRequest(payloadOf(Buffer.from(text)), marketOf);
  });
});

// ---------------------------------------------------------------- schemas say no

type Json = Record<string, unknown>;
type Mutation = readonly [what: string, schema: string, mutate: (body: Json) => void];

const dropped = (schema: string, field: string): Mutation => [
  `without ${field}`,
  schema,
  (body) => delete body[field],
];
const changed = (schema: string, field: string, value: unknown): Mutation => [
  `${field}: ${JSON.stringify(value)}`,
  schema,
  (body) => (body[field] = value),
];
const nested = (what: string, schema: string, key: string, mutate: (inner: Json) => void): Mutation => [
  what,
  schema,
  (body) => mutate((Array.isArray(body[key]) ? body[key][0] : body[key]) as Json),
];

const MUTATIONS: readonly Mutation[] = [
  ...['exchange', 'symbol', 'interval', 'start', 'open', 'high', 'low', 'close', 'volume', 'closed', 'time']
    .concat('eventType', 'uniqueMessageId')
    .map((field) => dropped('candle', field)),
  changed('candle', 'open', 60000),
  changed('candle', 'open', '0'),
  changed('candle', 'open', '1e5'),
  changed('candle', 'open', '-1'),
  changed('candle', 'open', 'NaN'),
  changed('candle', 'open', '007'),
  changed('candle', 'volume', null),
  changed('candle', 'interval', 'candle1H'),
  changed('candle', 'start', '1627993800000'),
  changed('candle', 'start', 1.5),
  changed('candle', 'extra', 1),
  changed('candle', 'exchange', 'Not an id'),
  ...['exchange', 'tickers'].map((field) => dropped('ticker-batch', field)),
  changed('ticker-batch', 'tickers', []),
  changed('ticker-batch', 'extra', 1),
  nested('a ticker without hasBook', 'ticker-batch', 'tickers', (ticker) => delete ticker['hasBook']),
  nested('a ticker with a number', 'ticker-batch', 'tickers', (ticker) => (ticker['price'] = 1)),
  nested('a ticker with an extra key', 'ticker-batch', 'tickers', (ticker) => (ticker['extra'] = 1)),
  nested('a ticker of price zero', 'ticker-batch', 'tickers', (ticker) => (ticker['price'] = '0.000')),
  ...['symbol', 'time', 'price', 'volume', 'bestAsk', 'bestBid', 'bestAskQnt', 'bestBidQnt', 'eventTime']
    .concat('uniqueMessageId', 'exchange')
    .map((field) => dropped('redis-ticker', field)),
  changed('redis-ticker', 'price', '60000'),
  changed('redis-ticker', 'bestBid', 0),
  changed('redis-ticker', 'bestAskQnt', 0),
  changed('redis-ticker', 'bestAsk', null),
  changed('redis-ticker', 'extra', 1),
  ...['start', 'open', 'high', 'low', 'close', 'volume'].map((field) => dropped('redis-candle', field)),
  changed('redis-candle', 'close', 1),
  changed('redis-candle', 'extra', 1),
  dropped('service-log', 'bootId'),
  changed('service-log', 'restart', 'userStream'),
  changed('service-log', 'bootId', 'x'),
  changed('service-log', 'priceConnectorAlive', { bootId: 'all-1-1-1', role: 'all' }),
  dropped('headers', 'x-schema'),
  changed('headers', 'x-schema', 2),
  changed('headers', 'x-closed', 'true'),
  dropped('candle-request', 'payload'),
  nested('a request without symbol', 'candle-request', 'payload', (payload) => delete payload['symbol']),
  nested('a numeric symbol', 'candle-request', 'payload', (payload) => (payload['symbol'] = 5)),
  nested(
    'an endless symbol',
    'candle-request',
    'payload',
    (payload) => (payload['symbol'] = 'x'.repeat(101)),
  ),
  changed('dead-letter', 'sha256', 'abc'),
  changed('dead-letter', 'body', '{}'),
  changed('reply', 'response', {}),
  changed('last-candle', 'closed', false),
  changed('last-ticker', 'bestBid', 1),
];

describe('schemas refuse what is wrong', () => {
  const examples = contractExamples();
  for (const [what, schema, mutate] of MUTATIONS) {
    test(`${schema} ${what}`, () => {
      const example = examples.find((one) => one.schema === schema);
      assert.ok(example, `no example of ${schema}`);
      const body = JSON.parse(example.text) as Json;
      mutate(body);
      assert.notDeepEqual(problemsOf(schema, body), []);
    });
  }

  test('the true body of a schema is accepted where a field is optional', () => {
    const plain = { 'x-exchange': 'binance', 'x-schema': 1, 'x-instance': 'a', 'x-timestamp-ms': 1 };
    assertValid('headers', plain, 'headers of a ticker batch');
  });

  test('a ticker whose size is not above zero becomes a valid one', () => {
    const [ticker] = tickers;
    assert.ok(ticker);
    const empty = { ...ticker, bestBidQnt: '0', bestAskQnt: '', volumeQuote: '0', hasBook: true };
    assertValid('redis-ticker', JSON.parse(redisTicker(empty, 'book', 1)), 'stand-ins');
  });
});
