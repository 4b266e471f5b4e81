import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MemoryBroker } from '../bus/memory';
import type { OutgoingMessage } from '../bus/ports';
import { loadConfig } from '../config';
import { MemoryStore } from '../store/memory';
import type { ChannelMessage } from '../store/ports';
import type { AccountVenueOptions } from '../testing/account-venue';
import {
  balancesEvent,
  deltaEvent,
  loginsOf,
  orderEvent,
  ORDERS,
  say,
  tinyAccountMarket,
  TINY_EXCHANGE,
  WALLET,
} from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { HostileServer } from '../testing/hostile-server';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { drive, driveUntil } from '../testing/tiny-venue';
import type { Account } from '../venues/contract';
import Connector from '.';

const ROOM = '5f2c0c5e-7f0e-4a57-9a55-0e6f7f6f2b11';
const SECRET = 'sEcReT-9f3b';
const ENABLED = 'gainium:admin:enabled_exchanges';
const api = { key: `${SECRET}-key`, secret: SECRET, passphrase: SECRET, provider: TINY_EXCHANGE };

describe('Connector', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let broker: MemoryBroker;
  let store: MemoryStore;
  let server: HostileServer;
  let onRedis: ChannelMessage[];
  let onRabbit: OutgoingMessage[];
  let connector: Connector;

  beforeEach(async () => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    broker = new MemoryBroker({ telemetry, clock });
    store = new MemoryStore(clock);
    server = await HostileServer.start();
    server.behave = () => ({ isDataless: true });
    onRedis = [];
    onRabbit = [];
    store.published((message) => onRedis.push(message));
    broker.received('#', (message) => onRabbit.push(message));
  });

  afterEach(async () => {
    const stopping = connector.stop();
    await driveUntil(clock, 'stopped', isSettled(stopping));
    assert.equal(await stopping, true);
    await drive(clock, 2_000);
    assert.equal(clock.pendingCount, 0, 'every timer ended');
    const left = telemetry.allText() + JSON.stringify([onRedis, onRabbit, broker.deadLetters]);
    assert.ok(!left.includes(SECRET), 'no secret left the process');
    await server.close();
  });

  const isSettled = (promise: Promise<unknown>): (() => boolean) => {
    let settled = false;
    void promise.finally(() => (settled = true));
    return () => settled;
  };

  async function start(
    given: {
      environment?: Record<string, string>;
      venue?: Partial<AccountVenueOptions>;
      sandboxVenues?: readonly string[];
    } = {},
  ): Promise<void> {
    const options = { url: server.url, serverTime: () => Promise.resolve(clock.now()), ...given.venue };
    const known = new Map(
      [TINY_EXCHANGE, 'tinyLinear', 'paperTinyLinear'].map((exchange) => [
        exchange,
        tinyAccountMarket({ ...options, exchange }),
      ]),
    );
    connector = new Connector({
      clock,
      telemetry,
      random: () => 0.5,
      broker,
      store,
      marketOf: (exchange) => known.get(exchange),
      config: {
        ...loadConfig({ RABBIT_PASSWORD: 'x', EXCHANGE_SERVICE_API_URL: '', ...given.environment }),
        ...(given.sandboxVenues && { sandboxVenues: given.sandboxVenues }),
      },
    });
    await driveUntil(clock, 'started', isSettled(connector.started));
    await drive(clock, 100);
  }

  /** Serves no market. */
  function create(): void {
    connector = new Connector({
      clock,
      telemetry,
      broker,
      store,
      marketOf: () => undefined,
      config: loadConfig({ RABBIT_PASSWORD: 'x' }),
    });
  }

  const send = async (payload: unknown): Promise<string[]> => {
    const replies: string[] = [];
    broker.send('usersStreamAction', JSON.stringify({ payload }), (reply) => replies.push(reply));
    await clock.advanceAsync(0);
    return replies;
  };
  const open = (change: object = {}, uuid: string = ROOM) =>
    send({ event: 'open stream', uuid, data: { userId: 'u1', api: { ...api, ...change } } });
  const close = (uuid: string = ROOM) => send({ event: 'close stream', uuid });
  const until = (what: string, condition: () => boolean) => driveUntil(clock, what, condition);
  const on = (channel: string) =>
    onRedis.filter((one) => one.channel === channel).map(({ payload }) => payload);
  const announced = (uuid: string = ROOM) => on(`userStreamInfo${uuid}`);
  const notices = () => on('serviceLog').map((text) => JSON.parse(text) as Record<string, unknown>);
  const announcedTimes = (count: number) =>
    until(`announced ${count} times`, () => announced().length === count);
  const rooms = () => connector.status().rooms as Record<string, { state: string; subscribers: number }>;
  const ignored = () =>
    telemetry.counted('connector_commands_total', { queue: 'usersStreamAction', outcome: 'ignored' });

  test('a venue set to its demo: requests that name no environment go there, also after a key change', async () => {
    const dialled: string[] = [];
    const endpoint = ({ environment }: Account): Promise<string> => {
      dialled.push(environment);
      return Promise.resolve(server.url);
    };
    await start({
      venue: { endpoint },
      sandboxVenues: [tinyAccountMarket({ url: '' }).adapter.descriptor.venue],
    });
    await open();
    await announcedTimes(1);
    await open();
    await drive(clock, 5_000);
    assert.deepEqual(dialled, ['sandbox'], 'the same wish again changes nothing');
    await open({ environment: 'sandbox' });
    await drive(clock, 5_000);
    assert.deepEqual(dialled, ['sandbox'], 'nor does the same in words');
    await open({ environment: 'live' });
    await until('moved', () => dialled.length === 2);
    assert.deepEqual(dialled, ['sandbox', 'live'], 'the request decides');
    await send({ event: 'open stream', uuid: ROOM, data: { ...api, key: `${SECRET}-other` } });
    await until('a new key', () => dialled.length === 3);
    assert.equal(dialled[2], 'sandbox');
  });

  test('boot: the restart notice comes once commands are consumed and Redis is there', async () => {
    store.goAway();
    create();
    await drive(clock, 1_000);
    assert.deepEqual(notices(), []);
    store.comeBack();
    await until('told', () => notices().length === 1);
    assert.deepEqual(notices(), [{ restart: 'userStream' }]);
  });

  test('stopped before it began: nothing is rejected', async () => {
    store.goAway();
    broker.goAway();
    create();
    await drive(clock, 100);
    assert.equal(connector.status().brokerReady, false);
  });

  test('open by message, an order’s life on both doors, the cache and the emitter, close', async () => {
    await start();
    const emitted: unknown[] = [];
    connector.on('executionReport', (report, room) => emitted.push(['executionReport', report, room]));
    connector.on('outboundAccountPosition', (position, room) => emitted.push(['balances', position, room]));
    connector.on('balanceUpdate', (update, room) => emitted.push(['delta', update, room]));
    assert.deepEqual(await open(), ['{"response":null}']);
    await announcedTimes(1);
    assert.deepEqual(announced(), [`Subscribed to user ${ROOM}`]);
    const partial = { orderStatus: 'PARTIALLY_FILLED', totalTradeQuantity: '0.1', orderTime: 50 } as const;
    const first = orderEvent({ orderTime: 40 });
    const events = [
      first,
      first,
      orderEvent(partial),
      orderEvent({ orderTime: 45 }),
      orderEvent({ orderStatus: 'FILLED', totalTradeQuantity: '0.3', orderTime: 50 }),
      balancesEvent(60, ['USDT', '1', '0']),
      balancesEvent(55, ['USDT', '9', '0']),
      deltaEvent('0.5'),
      deltaEvent('0.5'),
    ];
    say(server.latest, { topic: ORDERS, events });
    await until('published', () => onRabbit.length === 5 && on(ROOM).length === 5);
    assert.deepEqual(
      on(ROOM).map((text) => {
        const { eventType, orderStatus = '' } = JSON.parse(text) as {
          eventType: string;
          orderStatus?: string;
        };
        return `${eventType} ${orderStatus}`.trim();
      }),
      [
        'executionReport NEW',
        'executionReport PARTIALLY_FILLED',
        'executionReport FILLED',
        'outboundAccountPosition',
        'balanceUpdate',
      ],
    );
    assert.deepEqual(
      onRabbit.map(({ body }) => body),
      on(ROOM),
    );
    assert.deepEqual(
      emitted.map((one) => (one as [string, object, string])[1]),
      on(ROOM).map((text) => JSON.parse(text) as object),
    );
    assert.ok(emitted.every((one) => (one as [string, object, string])[2] === ROOM));
    const duplicates = { exchange: TINY_EXCHANGE, outcome: 'duplicate' };
    assert.equal(telemetry.counted('connector_user_events_total', { ...duplicates, kind: 'order' }), 2);
    await drive(clock, 1_500);
    assert.equal((await store.hashGet('orders', ['D-TP-1']))[0], on(ROOM)[2]);
    assert.ok((await store.hashGet('stream:lastEventTime', [ROOM]))[0]);
    await close();
    await until('closed', () => server.open.length === 0);
    assert.deepEqual(rooms(), {});
    await drive(clock, 1_500);
    assert.equal((await store.hashGet('stream:lastEventTime', [ROOM]))[0], undefined);
  });

  test('a listener that throws disturbs no stream', async (t) => {
    await start();
    const thrown: unknown[] = [];
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    });
    connector.on('executionReport', () => {
      throw new Error('mine');
    });
    await open();
    await announcedTimes(1);
    say(server.latest, { topic: ORDERS, events: [orderEvent({ orderId: 1 }), orderEvent({ orderId: 2 })] });
    await until('both', () => on(ROOM).length === 2);
    assert.equal(thrown.length, 2);
    assert.equal(rooms()[ROOM]?.state, 'live');
  });

  test('subscribers are counted; the last one closes; changed credentials add none', async () => {
    await start();
    await open();
    await announcedTimes(1);
    await open();
    assert.deepEqual([server.dials, rooms()[ROOM]?.subscribers], [1, 2]);
    await open({ key: 'K2' });
    assert.equal(rooms()[ROOM]?.subscribers, 3);
    await announcedTimes(2);
    assert.equal(loginsOf(server.latest!)[0]?.key, 'K2');
    const flat = { event: 'open stream', uuid: ROOM, data: { ...api, key: 'K3' } };
    await send(flat);
    await announcedTimes(3);
    await send(flat);
    await drive(clock, 3_000);
    assert.deepEqual([server.dials, rooms()[ROOM]?.subscribers], [3, 3]);
    assert.deepEqual(notices(), [{ restart: 'userStream' }], 'no flap');
    for (const left of [2, 1, undefined]) {
      await close();
      assert.equal(rooms()[ROOM]?.subscribers, left);
    }
    await close();
    await until('closed', () => server.open.length === 0);
    assert.deepEqual(broker.deadLetters, []);
  });

  test('a key change closes the room first: the new key opens it again, for a while', async () => {
    await start();
    const flat = { event: 'open stream', uuid: ROOM, data: { ...api, key: 'K2' } };
    await open();
    await close();
    await send(flat);
    await announcedTimes(1);
    assert.equal(loginsOf(server.latest!)[0]?.key, 'K2');
    await close();
    await drive(clock, 61_000, 1_000);
    await send(flat);
    assert.deepEqual(rooms(), {});
    assert.equal(broker.deadLetters[0]?.reason, 'uuid: unknown room');
  });

  test('another exchange on a live room is refused and adds no subscriber', async () => {
    await start();
    await open();
    await open({ provider: 'tinyLinear' });
    assert.equal(rooms()[ROOM]?.subscribers, 1);
    assert.equal(broker.deadLetters[0]?.reason, 'provider: not that of the room');
  });

  test('exchanges that are not served are ignored quietly', async () => {
    await start();
    for (const provider of ['paperTinySpot', 'mexc', 'ftxUS', '__proto__']) await open({ provider });
    assert.deepEqual(rooms(), {});
    assert.deepEqual(broker.deadLetters, []);
    assert.equal(ignored(), 4);
    assert.deepEqual(telemetry.logged('warn'), []);
    assert.throws(() => connector.openStream({ userId: 'u', api: { ...api, provider: 'mexc' } }), {
      code: 'COMMAND_INVALID',
    });
  });

  test('bad messages are kept for the operator without their secrets', async () => {
    await start();
    await open({ key: '' });
    assert.deepEqual(await send({ event: 'dance' }), ['{"response":null}']);
    assert.deepEqual(
      broker.deadLetters.map(({ reason }) => reason.split(':')[0]),
      ['api.key'],
    );
    assert.equal(ignored(), 1);
  });

  test('an account that the venue cannot have is refused at the edge: no room, no dial, no changed stream', async () => {
    const misplaced = ({ environment, credentials }: Account): string | undefined => {
      if (environment === 'sandbox') return 'environment: no sandbox';
      return credentials.options['bybitHost'] === 'hk' ? 'bybitHost: none of com, eu' : undefined;
    };
    await start({ venue: { misplaced } });
    await open({ bybitHost: 'hk' });
    await open({ environment: 'sandbox' });
    assert.deepEqual(rooms(), {});
    await open();
    await announcedTimes(1);
    await open({ bybitHost: 'hk' });
    await send({ event: 'open stream', uuid: ROOM, data: { ...api, bybitHost: 'hk' } });
    await drive(clock, 5_000);
    assert.deepEqual([server.dials, rooms()[ROOM]?.subscribers], [1, 1]);
    assert.deepEqual(
      broker.deadLetters.map(({ reason }) => reason),
      [
        'bybitHost: none of com, eu',
        'environment: no sandbox',
        ...Array<string>(2).fill('bybitHost: none of com, eu'),
      ],
    );
    assert.throws(() => connector.openStream({ userId: 'u', api: { ...api, environment: 'sandbox' } }), {
      code: 'COMMAND_INVALID',
      message: 'environment: no sandbox',
    });
    assert.deepEqual(notices(), [{ restart: 'userStream' }], 'no word of refused credentials');
  });

  test('restart: one room or all, ids and counts kept', async () => {
    await start();
    await open();
    await open({}, 'other');
    await until('both live', () => announced('other').length + announced().length === 2);
    await send({ event: 'force restart stream', uuid: ROOM });
    await announcedTimes(2);
    assert.equal(announced('other').length, 1);
    await send({ event: 'force restart stream' });
    await announcedTimes(3);
    await until('the other too', () => announced('other').length === 2);
    assert.deepEqual(Object.keys(rooms()), [ROOM, 'other']);
  });

  test('the class API: rooms of a user', async () => {
    await start();
    const first = connector.openStream({ userId: 'u1', api });
    const second = connector.openStream({ userId: 'u1', api: { ...api, provider: 'tinyLinear' } });
    connector.openStream({ userId: 'u2', api }, 'mine');
    await until('announced', () => announced(first).length === 1 && announced(second).length === 1);
    connector.reconnect('u1');
    await until('reconnected', () => announced(first).length === 2 && announced(second).length === 2);
    connector.closeStream('u1');
    assert.deepEqual(Object.keys(rooms()), ['mine']);
    connector.closeStream('mine');
    connector.closeStream('nobody');
    assert.deepEqual(rooms(), {});
  });

  test('the operator’s list closes rooms and refuses new ones', async () => {
    await start({ environment: { ADMIN_CONFIG_ENABLED: 'true' } });
    await open();
    await open({ provider: 'tinyLinear' }, 'linear');
    await store.set(ENABLED, '["tinyLinear"]');
    await store.publishAll([{ channel: 'gainium:admin:config', payload: '{}' }]);
    await until('closed', () => Object.keys(rooms()).length === 1);
    await open();
    assert.deepEqual(Object.keys(rooms()), ['linear']);
    await store.delete(ENABLED);
    await store.publishAll([{ channel: 'gainium:admin:config', payload: '{}' }]);
    await drive(clock, 100);
    await open();
    assert.deepEqual(Object.keys(rooms()), ['linear', ROOM]);
  });

  test('the operator’s list names real exchanges: paper rooms are none of its business', async () => {
    await start({ environment: { ADMIN_CONFIG_ENABLED: 'true' } });
    await open();
    await open({ provider: 'paperTinyLinear' }, 'paper');
    await store.set(ENABLED, '[]');
    await store.publishAll([{ channel: 'gainium:admin:config', payload: '{}' }]);
    await until('the real one is closed', () => rooms()[ROOM] === undefined);
    await open({ provider: 'paperTinyLinear' }, 'another');
    assert.deepEqual(Object.keys(rooms()), ['paper', 'another']);
  });

  test('notices: one per gap, again after an outage of Redis, none for a stream that is down', async () => {
    await start();
    await open();
    await announcedTimes(1);
    server.latest?.cut();
    await announcedTimes(2);
    await drive(clock, 3_000);
    assert.equal(announced().length, 2);
    store.goAway();
    await drive(clock, 500);
    store.comeBack();
    await announcedTimes(3);
    server.behave = () => ({ handshake: { status: 503 } });
    server.latest?.cut();
    await until('down', () => rooms()[ROOM]?.state === 'waiting');
    store.goAway();
    store.comeBack();
    await drive(clock, 5_000);
    assert.equal(announced().length, 3);
  });

  test('every line about a connection names venue, exchange, room and epoch', async () => {
    await start();
    await open();
    await announcedTimes(1);
    server.latest?.cut();
    await announcedTimes(2);
    await until('looked', () => telemetry.logged('info').includes('gap closed'));
    const lines = telemetry.lines.filter(({ context }) => context['channel'] === 'account');
    assert.deepEqual(
      lines.map(({ message, context }) => [message, context['epoch']]),
      [
        ['live', 1],
        ['connection lost', 1],
        ['live', 2],
      ],
    );
    for (const { context } of lines) {
      const { venue, exchange, room: named } = context;
      assert.deepEqual({ venue, exchange, named }, { venue: 'tiny', exchange: TINY_EXCHANGE, named: ROOM });
    }
    const ofGap = telemetry.lines.find(({ message }) => message === 'gap closed');
    assert.deepEqual([ofGap?.context['venue'], ofGap?.context['room']], ['tiny', ROOM]);
  });

  test('many reconnects are told as a flap', async () => {
    await start({ environment: { USER_STREAM_FLAP_THRESHOLD: '2' } });
    await open();
    await announcedTimes(1);
    for (const count of [2, 3]) {
      server.latest?.cut();
      await announcedTimes(count);
    }
    assert.deepEqual(notices().at(-1), {
      userStreamFlap: { exchange: TINY_EXCHANGE, userId: ROOM, reconnects: 2, windowSec: 600 },
    });
  });

  test('refused credentials: the operator is told, and closing and opening does not end the pause', async () => {
    await start();
    server.behave = () => ({ isMute: true });
    await open();
    const answer = (): void => {
      for (const one of server.open) {
        const reason = { code: '-2015', text: 'no', retry: 'never', cause: 'credentials' } as const;
        if (loginsOf(one).length > 0) say(one, { loginRefused: reason });
      }
    };
    await until('told', () => (answer(), notices().length === 2));
    assert.deepEqual(notices()[1], {
      userStreamAuthReject: { exchange: TINY_EXCHANGE, userId: 'u1', reason: 'code -2015 (credentials)' },
    });
    assert.deepEqual(announced(), []);
    assert.equal(server.dials, 3);
    const told = connector.stream(ROOM);
    assert.deepEqual(told?.refusal, { code: '-2015', text: 'no', cause: 'credentials' });
    assert.deepEqual(
      told?.history.slice(-2).map(({ what }) => what),
      ['refused', 'paused'],
    );
    await close();
    await open();
    await drive(clock, 60_000, 1_000);
    assert.equal(server.dials, 3);
    const { state, subscribers } = rooms()[ROOM] ?? {};
    assert.deepEqual([state, subscribers], ['waiting', 1]);
    const { refusal, pausedMs = 0, lastEventAt, history = [] } = connector.stream(ROOM) ?? {};
    assert.deepEqual([refusal, lastEventAt], [undefined, undefined], 'nobody asked the venue again');
    assert.ok(pausedMs > 60_000);
    assert.deepEqual(
      history.map(({ what }) => what),
      ['opened', 'dial', 'lost'],
    );
  });

  test('a right that is missing for one topic: the operator is told once, and the stream is live', async () => {
    const refusal = { code: '403', text: 'not yours', retry: 'never', cause: 'permission' } as const;
    await start({ venue: { refusal } });
    server.behave = () => ({ isDataless: true, refused: [WALLET], refuses: 'named' });
    await open();
    await announcedTimes(1);
    server.latest?.cut();
    await announcedTimes(2);
    await drive(clock, 60_000, 1_000);
    assert.deepEqual(notices().slice(1), [
      { userStreamAuthReject: { exchange: TINY_EXCHANGE, userId: 'u1', reason: 'code 403 (permission)' } },
    ]);
    const { state, pausedMs, refusal: ofLogin, refusedTopics } = connector.stream(ROOM) ?? {};
    assert.deepEqual([state, pausedMs, ofLogin, server.dials], ['live', 0, undefined, 2]);
    assert.deepEqual(refusedTopics, [{ topic: WALLET, code: '403', text: 'not yours' }]);
  });

  test('no dial before the instruments were asked for, however that ends', async () => {
    let fail: ((error: Error) => void) | undefined;
    const instruments = () => new Promise<void>((_, reject) => (fail = reject));
    await start({ venue: { instruments } });
    await open();
    await drive(clock, 2_000);
    assert.equal(server.dials, 0);
    fail?.(new Error('down'));
    await announcedTimes(1);
  });

  test('gauges of streams fall back to none', async () => {
    await start();
    await open();
    await announcedTimes(1);
    const gauge = () =>
      telemetry.gauged('connector_user_streams', { exchange: TINY_EXCHANGE, state: 'live' });
    await until('one', () => gauge() === 1);
    await close();
    await until('none', () => gauge() === 0);
  });
});
