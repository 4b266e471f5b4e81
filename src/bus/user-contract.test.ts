/** What the account process really emits and takes, against docs/schema and docs/contract-accounts.md. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Channel } from 'amqplib';
import type { AccountEvent } from '../domain/account';
import { loadConfig } from '../config';
import { ConnectorError } from '../domain/errors';
import { MemoryStore } from '../store/memory';
import { OrderCache } from '../store/order-cache';
import type { ChannelMessage } from '../store/ports';
import { StreamRecords } from '../store/stream-records';
import { accountRecordings } from '../testing/account-recordings';
import {
  deltaEvent,
  loginsOf,
  orderEvent,
  ORDERS,
  say,
  tinyAccountMarket,
  TINY_EXCHANGE,
} from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { HostileServer } from '../testing/hostile-server';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { contractExamples, contractPage, problemsOf } from '../testing/schemas';
import { driveUntil } from '../testing/tiny-venue';
import Connector from '../userStream';
import { parseCommand } from '../userStream/commands';
import { Deliveries } from '../userStream/deliveries';
import { accountMarkets, allVenues } from '../venues/registry';
import { MemoryBroker } from './memory';
import { Outbox } from './outbox';
import type { OutgoingMessage } from './ports';
import { amqpProperties } from './rabbit-message';
import * as routes from './routes';
import { DEFAULT_NAMES, publishingThings } from './topology';
import { UserPublisher } from './user-publisher';
import { deadLetter, replyBody } from './verdict';

const recordings = accountRecordings();

const SCHEMAS: Readonly<Record<string, string>> = {
  executionReport: 'execution-report',
  ORDER_TRADE_UPDATE: 'order-trade-update',
  outboundAccountPosition: 'outbound-account-position',
  ACCOUNT_UPDATE: 'account-update',
  balanceUpdate: 'balance-update',
};

type Json = Record<string, unknown>;

function assertValid(schema: string, value: unknown, what: string): void {
  assert.deepEqual(problemsOf(schema, value), [], `${what} against ${schema}`);
}

const parsed = (text: string): Json => JSON.parse(text) as Json;

describe('what the account process publishes', () => {
  let clock: FakeClock;
  let broker: MemoryBroker;
  let store: MemoryStore;
  let orderCache: OrderCache;
  let records: StreamRecords;
  let outbox: Outbox;
  let publisher: UserPublisher;
  let rabbit: OutgoingMessage[];
  let redis: ChannelMessage[];
  let telemetry: RecordedTelemetry;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    broker = new MemoryBroker({ telemetry, clock });
    store = new MemoryStore(clock);
    const keys = { orders: routes.ORDERS_KEY, lastEvent: routes.LAST_EVENT_KEY };
    orderCache = new OrderCache(store, keys, { clock, telemetry });
    records = new StreamRecords(
      store,
      { facts: routes.streamFactsKey, orders: routes.streamOrdersKey, marker: routes.STREAMS_MARKER },
      { clock, telemetry },
      () => undefined,
    );
    outbox = new Outbox({ maxMessages: 1_000, maxBytes: 1e7 }, { broker, telemetry, clock, random: () => 0 });
    publisher = new UserPublisher({ store, outbox, telemetry, clock, orderCache });
    rabbit = [];
    redis = [];
    broker.received('#', (message) => rabbit.push(message));
    store.published((message) => redis.push(message));
  });

  afterEach(async () => {
    orderCache.close();
    records.close();
    publisher.close();
    outbox.close();
    await broker.close();
    await store.close();
  });

  const roomOf = (id: string): string => `room.of.${id}`;

  /** Every recorded frame on its way out, as a room lets it out. */
  async function deliverAll(isReconciled = false): Promise<void> {
    for (const { id, exchange, events } of recordings) {
      const room = roomOf(id);
      if (isReconciled) {
        for (const event of events) {
          publisher.publish(event, { room, exchange, receivedAt: clock.now(), isReconciled });
        }
      } else deliveriesOf(room, exchange).told([{ events, receivedAt: clock.now() }]);
    }
    await clock.advanceAsync(3_000);
  }

  function deliveriesOf(room: string, exchange: string): Deliveries {
    const history = { published: () => () => undefined };
    const unexpected = (): void => assert.fail('refused');
    return new Deliveries(
      { telemetry, publisher, records, onEvent: () => undefined },
      { room, exchange, history, onRefused: unexpected, onDoubt: unexpected },
    );
  }

  test('every venue and every form is among the recordings', () => {
    const told = new Set(
      recordings.filter(({ events }) => events.length > 0).map(({ exchange }) => exchange),
    );
    for (const { descriptor } of allVenues()) {
      assert.ok(
        descriptor.markets.some(({ exchange }) => told.has(exchange)),
        descriptor.venue,
      );
    }
    assert.ok([...told].some((exchange) => exchange.startsWith('paper')));
    for (const { id, events } of recordings) assert.ok(events.length > 0, id);
  });

  test('every body fits the schema of its type, on both doors the same', async () => {
    await deliverAll();
    assert.ok(rabbit.length > 100);
    for (const { routingKey, body } of rabbit) {
      const schema = SCHEMAS[String(parsed(body)['eventType'])];
      assert.ok(schema, routingKey);
      assertValid(schema, JSON.parse(body), `${routingKey} ${body}`);
    }
    const types = new Set(rabbit.map(({ properties }) => properties.type));
    assert.deepEqual([...types].sort(), Object.keys(SCHEMAS).sort());
    const texts = (room: string): readonly string[] =>
      rabbit.filter(({ routingKey }) => routingKey.endsWith(`.${room}`)).map(({ body }) => body);
    for (const { id } of recordings) {
      const onRedis = redis.filter(({ channel }) => channel === roomOf(id)).map(({ payload }) => payload);
      assert.deepEqual(onRedis, texts(roomOf(id)), id);
    }
    assert.equal(redis.length, rabbit.length, 'nothing else is on the rooms’ channels');
  });

  for (const isReconciled of [false, true]) {
    test(`properties and headers on the wire, x-reconciled ${isReconciled}`, async () => {
      await deliverAll(isReconciled);
      for (const message of rabbit) {
        const properties = amqpProperties(message, 'main-1');
        const { eventType, uniqueMessageId } = parsed(message.body);
        assertValid('user-headers', properties.headers, message.routingKey);
        const headers = properties.headers as Json;
        assert.equal(headers['x-reconciled'], isReconciled);
        assert.ok(
          message.routingKey.startsWith(`user.${String(headers['x-exchange'])}.${String(eventType)}.`),
        );
        assert.deepEqual(
          [properties.type, properties.messageId, properties.persistent],
          [eventType, uniqueMessageId, true],
        );
        assert.deepEqual(
          [properties.contentType, properties.contentEncoding, properties.appId],
          ['application/json', 'utf-8', 'websocket-connector'],
        );
      }
    });
  }

  test('Binance futures alone speak their own forms', async () => {
    await deliverAll();
    const own = new Set(['binanceUsdm', 'binanceCoinm']);
    for (const { routingKey, properties } of rabbit) {
      const isOwn = own.has(routingKey.split('.')[1] ?? '');
      assert.equal(['ORDER_TRADE_UPDATE', 'ACCOUNT_UPDATE'].includes(properties.type), isOwn, routingKey);
    }
  });

  test('the cache of orders, the clock of last events, the records of a stream', async () => {
    await deliverAll();
    const cached = await store.hashAll('orders');
    assert.ok(cached.size > 10);
    for (const [field, text] of cached) {
      assertValid('cached-order', JSON.parse(text), text);
      const { newClientOrderId, clientOrderId, orderId } = parsed(text);
      const name = newClientOrderId ?? clientOrderId;
      assert.equal(field, name === '' ? `liq_${String(orderId)}` : name);
    }
    assert.ok(
      [...cached.keys()].some((field) => field.startsWith('liq_')),
      'an order without a client id',
    );
    let kept = 0;
    for (const { id } of recordings) {
      for (const [field, text] of await store.hashAll(`connector:stream:${roomOf(id)}:orders`)) {
        kept += 1;
        assertValid('stream-order', JSON.parse(text), text);
        const { symbol, orderId } = parsed(text);
        assert.equal(field, `${String(symbol)}|${String(orderId)}`);
      }
    }
    assert.ok(kept > 20);
    const [at] = await store.hashGet('stream:lastEventTime', [roomOf('okx.order.live')]);
    assert.ok(Number(at) > 0);
  });

  test('the notice of a session', async () => {
    publisher.announce('r1', 'binance');
    await clock.advanceAsync(50);
    assert.deepEqual(redis, [{ channel: 'userStreamInfor1', payload: 'Subscribed to user r1' }]);
    assert.ok(contractPage('contract-accounts.md').includes('Subscribed to user '));
  });

  test('a delta told again is not published again, an order’s repetition neither', async () => {
    const deliveries = deliveriesOf('r1', 'binance');
    const twice: readonly AccountEvent[] = [deltaEvent('0.5'), orderEvent({ orderId: 1 })];
    deliveries.told([{ events: [...twice, ...twice], receivedAt: clock.now() }]);
    await clock.advanceAsync(50);
    assert.deepEqual(
      rabbit.map(({ properties }) => properties.type),
      ['balanceUpdate', 'executionReport'],
    );
  });
});

describe('a process with one room', () => {
  const api = { key: 'k', secret: 's', provider: TINY_EXCHANGE };
  const OPEN = { payload: { event: 'open stream', uuid: 'r1', data: { userId: 'u1', api } } };

  async function stage(environment: Record<string, string>) {
    const clock = new FakeClock();
    const telemetry = new RecordedTelemetry();
    const broker = new MemoryBroker({ telemetry, clock });
    const store = new MemoryStore(clock);
    const server = await HostileServer.start();
    server.behave = () => ({ isDataless: true });
    const notices: Json[] = [];
    store.published(({ channel, payload }) => {
      if (channel === routes.SERVICE_LOG) notices.push(parsed(payload));
    });
    const known = tinyAccountMarket({ url: server.url, serverTime: () => Promise.resolve(clock.now()) });
    const connector = new Connector({
      ...{ clock, telemetry, broker, store, random: () => 0.5, marketOf: () => known },
      config: loadConfig({ RABBIT_PASSWORD: 'x', EXCHANGE_SERVICE_API_URL: '', ...environment }),
    });
    const until = (what: string, condition: () => boolean) => driveUntil(clock, what, condition);
    await until('started', () => notices.length > 0);
    broker.send(routes.USER_COMMANDS, JSON.stringify(OPEN));
    const stop = async (): Promise<void> => {
      let isStopped = false;
      void connector.stop().finally(() => (isStopped = true));
      await until('stopped', () => isStopped);
      await server.close();
    };
    return { clock, store, server, notices, connector, until, stop };
  }

  test('its record in Redis, and the notice of a flap', async (t) => {
    const { clock, store, server, notices, connector, until, stop } = await stage({
      USER_STREAM_FLAP_THRESHOLD: '1',
    });
    t.after(stop);
    const state = () => connector.stream('r1')?.state;
    await until('live', () => state() === 'live');
    server.latest?.cut();
    await until('flap', () => notices.length === 2);
    await until('live again', () => state() === 'live');
    const { latest } = server;
    assert.ok(latest);
    say(latest, { events: [orderEvent({ orderId: 7 })], topic: ORDERS });
    await until('heard', () => connector.stream('r1')?.lastEventAt !== undefined);
    await clock.advanceAsync(31_000);
    const facts = Object.fromEntries(await store.hashAll(routes.streamFactsKey('r1')));
    assertValid('stream-facts', facts, JSON.stringify(facts));
    assert.deepEqual([facts['state'], facts['reconnects'], facts['refusal']], ['live', '1', '']);
    assert.ok(Number(facts['completeUntil']) > 0);
    for (const notice of notices) assertValid('service-log', notice, JSON.stringify(notice));
    assert.deepEqual(
      notices.map((notice) => Object.keys(notice)[0]),
      ['restart', 'userStreamFlap'],
    );
  });

  test('the notice of refused credentials', async (t) => {
    const { server, notices, until, stop } = await stage({ USER_STREAM_AUTH_FAIL_THRESHOLD: '1' });
    t.after(stop);
    server.behave = () => ({ isMute: true });
    const refuse = (): void => {
      const reason = { code: '-2015', text: 'no', retry: 'never', cause: 'credentials' } as const;
      for (const one of server.open) if (loginsOf(one).length > 0) say(one, { loginRefused: reason });
    };
    await until('told', () => (refuse(), notices.length === 2));
    assertValid('service-log', notices[1], JSON.stringify(notices));
    assert.ok(notices[1] && 'userStreamAuthReject' in notices[1]);
  });
});

test('the id of a change names no instance: two of them tell it under one id', () => {
  const clock = new FakeClock();
  const deps = { clock, telemetry: new RecordedTelemetry(), random: () => 0 };
  const idsOf = (): readonly string[] => {
    const store = new MemoryStore(clock);
    const orderCache = new OrderCache(store, { orders: 'orders', lastEvent: 'last' }, deps);
    const broker = new MemoryBroker(deps);
    const outbox = new Outbox({ maxMessages: 1_000, maxBytes: 1e7 }, { broker, ...deps });
    const publisher = new UserPublisher({ store, outbox, orderCache, ...deps });
    const ids = recordings.flatMap(({ exchange, events }) =>
      events.map((event) => {
        const delivery = { room: 'r', exchange, receivedAt: clock.now(), isReconciled: false };
        return publisher.publish(event, delivery).body.uniqueMessageId;
      }),
    );
    orderCache.close();
    publisher.close();
    outbox.close();
    return ids;
  };
  const first = idsOf();
  assert.ok(first.length > 100);
  assert.deepEqual(idsOf(), first);
});

describe('docs/contract-accounts.md', () => {
  const page = contractPage('contract-accounts.md');
  const examples = contractExamples(['contract-accounts.md']);

  test('names every route of the account process', () => {
    for (const name of [
      routes.EVENT_EXCHANGE,
      routes.COMMAND_EXCHANGE,
      routes.USER_COMMANDS,
      routes.USER_EVENTS_QUEUE,
      routes.USER_EVENTS_BINDING,
      routes.DEAD_LETTER_QUEUE,
      routes.SERVICE_LOG,
      routes.ADMIN_CONFIG,
      routes.ADMIN_ENABLED_EXCHANGES,
      routes.ORDERS_KEY,
      routes.LAST_EVENT_KEY,
      routes.STREAMS_MARKER,
      routes.userKey('<exchange>', '<eventType>', '<room>'),
      routes.userChannel('<room>'),
      routes.userInfoChannel('<room>'),
      routes.streamFactsKey('<room>'),
      routes.streamOrdersKey('<room>'),
    ]) {
      assert.ok(page.includes(`\`${name}\``), name);
    }
  });

  test('tells the arguments of the queue of user events', async () => {
    const { userEvents } = loadConfig({ RABBIT_PASSWORD: 'x' });
    const declared = new Map<string, unknown>();
    const channel = {
      assertExchange: () => Promise.resolve(),
      assertQueue: (queue: string, options: unknown) => Promise.resolve(declared.set(queue, options)),
    };
    for (const thing of publishingThings(DEFAULT_NAMES, userEvents)) {
      await thing.declare(channel as unknown as Channel);
    }
    assert.deepEqual(declared.get(routes.USER_EVENTS_QUEUE), {
      durable: true,
      maxLength: 1_000_000,
      messageTtl: 7 * 86_400_000,
      overflow: 'reject-publish',
      arguments: { 'x-max-length-bytes': 1_073_741_824 },
    });
    for (const [argument, value] of [
      ['durable', 'yes'],
      ['`x-max-length`', '`USER_EVENTS_MAX_LENGTH`, 1,000,000'],
      ['`x-max-length-bytes`', '`USER_EVENTS_MAX_BYTES`, 1 GiB'],
      ['`x-message-ttl`', '`USER_EVENTS_TTL_MS`, 7 days'],
      ['`x-overflow`', '`reject-publish`'],
    ]) {
      const row = page.split('\n').find((line) => line.startsWith(`| ${argument} `));
      assert.ok(row?.includes(`| ${value} `), argument);
    }
  });

  test('the commands of the page are understood by the code, and their exchanges served', () => {
    const market = accountMarkets('ws://paper');
    const commands = examples.filter(({ schema }) => schema === 'user-command');
    const understood = commands.map(({ text }) => {
      const command = parseCommand(Buffer.from(text));
      if ('access' in command) assert.ok(market(command.access.exchange));
      return command.do;
    });
    assert.deepEqual(understood, ['open', 'rekey', 'close', 'restart']);
  });

  /** Spoilt commands: the code and the schema refuse the same ones, for the reasons of the page. */
  const spoil: readonly (readonly [what: string, change: (payload: Json) => void, reason: RegExp])[] = [
    ['without a payload', (payload) => delete payload['event'], /^payload\.event: /],
    ['a room with a blank', (payload) => (payload['uuid'] = 'a b'), /^uuid: /],
    ['a numeric room', (payload) => (payload['uuid'] = 7), /^uuid: /],
    ['without a user', (payload) => delete (payload['data'] as Json)['userId'], /^userId: /],
    ['without a key', (payload) => delete apiOf(payload)['key'], /^api\.key: /],
    ['an empty secret', (payload) => (apiOf(payload)['secret'] = ''), /^api\.secret: /],
    ['another world', (payload) => (apiOf(payload)['environment'] = 'moon'), /^api\.environment: /],
    ['an endless provider', (payload) => (apiOf(payload)['provider'] = 'x'.repeat(41)), /^api\.provider: /],
  ];
  const apiOf = (payload: Json): Json => (payload['data'] as Json)['api'] as Json;

  for (const [what, change, reason] of spoil) {
    test(`a command is refused by code and schema: ${what}`, () => {
      const [open] = examples.filter(({ schema }) => schema === 'user-command');
      const body = parsed(open?.text ?? '');
      change(body['payload'] as Json);
      assert.notDeepEqual(problemsOf('user-command', body), []);
      assert.throws(
        () => parseCommand(Buffer.from(JSON.stringify(body))),
        (error) => error instanceof ConnectorError && reason.test(error.message),
      );
    });
  }

  test('a dead letter and a reply of a command', () => {
    const letter = deadLetter(routes.USER_COMMANDS, Buffer.from('{}'), 'payload: Required', 1);
    assertValid('dead-letter', letter, 'dead letter');
    assertValid('reply', JSON.parse(replyBody({ kind: 'done' })), 'reply');
  });
});

// ---------------------------------------------------------------- schemas say no

const spoilt: readonly (readonly [schema: string, key: string, value: unknown])[] = [
  ...['eventTime', 'orderTime', 'symbol', 'orderId', 'newClientOrderId', 'orderStatus', 'price'].map(
    (key) => ['execution-report', key, undefined] as const,
  ),
  ['execution-report', 'orderStatus', 'CANCELLED'],
  ['execution-report', 'price', 60_000],
  ['execution-report', 'price', '1e-7'],
  ['execution-report', 'totalTradeQuantity', '-1'],
  ['execution-report', 'orderId', 1.5],
  ['execution-report', 'orderId', ''],
  ['execution-report', 'eventTime', '1751277600123'],
  ['execution-report', 'commissionAsset', undefined],
  ['execution-report', 'averagePrice', '1'],
  ['execution-report', 'eventType', 'ORDER_TRADE_UPDATE'],
  ['order-trade-update', 'clientOrderId', undefined],
  ['order-trade-update', 'liquidation', undefined],
  ['order-trade-update', 'newClientOrderId', 'x'],
  ['order-trade-update', 'totalTradeQuantity', 1],
  ['outbound-account-position', 'balances', [{ asset: 'USDT', free: 1, locked: '0' }]],
  ['outbound-account-position', 'balances', [{ asset: 'USDT', free: '1' }]],
  ['outbound-account-position', 'balances', [{ asset: 'USDT', free: '1', locked: '0', extra: '1' }]],
  ['account-update', 'balances', [{ asset: 'USDT', walletBalance: '1' }]],
  ['account-update', 'positions', undefined],
  ['balance-update', 'balanceDelta', 'NaN'],
  ['balance-update', 'clearTime', undefined],
  ['user-headers', 'x-reconciled', undefined],
  ['user-headers', 'x-reconciled', 'true'],
  ['user-headers', 'x-closed', true],
  ['stream-facts', 'state', 'dead'],
  ['stream-facts', 'completeUntil', 1],
  ['stream-facts', 'assets', 'BTC,,USDT'],
  ['stream-facts', 'secret', 'x'],
  ['stream-order', 'filled', undefined],
  ['cached-order', 'eventType', 'outboundAccountPosition'],
];

describe('schemas of account events refuse what is wrong', () => {
  for (const [schema, key, value] of spoilt) {
    test(`${schema} ${key}: ${JSON.stringify(value)}`, () => {
      const example = contractExamples().find((one) => one.schema === schema);
      const body = parsed(example?.text ?? '');
      assertValid(schema, body, 'the example');
      if (value === undefined) delete body[key];
      else body[key] = value;
      assert.notDeepEqual(problemsOf(schema, body), []);
    });
  }
});
