/** Gaps of account streams, closed over REST: what is told, when, and what is remembered over a restart. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { MemoryBroker } from '../bus/memory';
import type { OutgoingMessage } from '../bus/ports';
import { loadConfig } from '../config';
import type { AccountEvent } from '../domain/account';
import { ConnectorError } from '../domain/errors';
import { MemoryStore } from '../store/memory';
import type { AccountVenueOptions } from '../testing/account-venue';
import {
  balancesEvent,
  orderEvent,
  ORDERS,
  say,
  tinyAccountMarket,
  TINY_EXCHANGE,
} from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { HostileServer } from '../testing/hostile-server';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { drive, driveUntil } from '../testing/tiny-venue';
import type { AccountSnapshot, SnapshotQuery } from '../venues/contract';
import Connector from '.';

const ROOM = 'room-1';
const INPUT = {
  userId: 'u1',
  api: { key: 'K', secret: 'S', passphrase: '', provider: TINY_EXCHANGE, environment: 'live' },
} as const;

interface Stage {
  /** What the venue's REST API answers next; a function may fail. */
  answer: (query: SnapshotQuery) => AccountSnapshot | Promise<AccountSnapshot>;
  readonly asked: SnapshotQuery[];
}

async function setUp(
  t: TestContext,
  given: Partial<AccountVenueOptions> = {},
  environment = {},
  isIntact = true,
) {
  const clock = new FakeClock();
  const server = await HostileServer.start();
  server.behave = () => ({ isDataless: true });
  const store = new MemoryStore(clock);
  // It outlives the processes of one test.
  store.close = () => Promise.resolve();
  if (isIntact) await store.set('connector:streams', 'known');
  const stage: Stage = { answer: () => ({ orders: [] }), asked: [] };
  const telemetry = new RecordedTelemetry();
  const connectors: Connector[] = [];
  const options: AccountVenueOptions = {
    url: server.url,
    serverTime: () => Promise.resolve(clock.now()),
    snapshot: async (query) => {
      stage.asked.push(query);
      return stage.answer(query);
    },
    ...given,
  };
  const settled = (promise: Promise<unknown>): (() => boolean) => {
    let isSettled = false;
    void promise.finally(() => (isSettled = true));
    return () => isSettled;
  };
  /** A process of its own on the same store: what it publishes. */
  const start = async (beforeOpening: (broker: MemoryBroker) => void = () => undefined) => {
    const broker = new MemoryBroker({ telemetry, clock });
    const told: OutgoingMessage[] = [];
    broker.received('user.#', (message) => told.push(message));
    const connector = new Connector({
      ...{ clock, telemetry, broker, store, random: () => 0.5 },
      marketOf: (exchange) => (exchange === TINY_EXCHANGE ? tinyAccountMarket(options) : undefined),
      config: loadConfig({ RABBIT_PASSWORD: 'x', EXCHANGE_SERVICE_API_URL: '', ...environment }),
    });
    connectors.push(connector);
    await driveUntil(clock, 'started', settled(connector.started));
    beforeOpening(broker);
    connector.openStream(INPUT, ROOM);
    const status = () => connector.status().rooms[ROOM] as Readonly<Record<string, unknown>>;
    await driveUntil(clock, 'live', () => status()['state'] === 'live');
    await drive(clock, 500, 100);
    const lines = () =>
      told.map(({ body, properties }) => {
        const event = JSON.parse(body) as Record<string, unknown>;
        const what = event['orderStatus'] ?? JSON.stringify(event['balances']);
        const filled = event['totalTradeQuantity'] ?? '';
        return `${String(event['orderId'] ?? '')} ${String(what)} ${String(filled)}${
          properties.headers['x-reconciled'] === true ? ' by REST' : ''
        }`.trim();
      });
    return { connector, broker, status, lines, told };
  };
  const crash = async (connector: Connector): Promise<void> => {
    await driveUntil(clock, 'stopped', settled(connector.stop()));
  };
  t.after(async () => {
    const stopping = Promise.all(connectors.map((one) => one.stop()));
    await driveUntil(clock, 'stopped', settled(stopping));
    await drive(clock, 2_000);
    assert.equal(clock.pendingCount, 0, 'every timer ended');
    await server.close();
  });
  const tell = async (...events: AccountEvent[]): Promise<void> => {
    say(server.latest, { events, topic: ORDERS });
    await drive(clock, 200, 50);
  };
  const until = (what: string, condition: () => boolean) => driveUntil(clock, what, condition);
  return { clock, server, store, stage, telemetry, start, crash, tell, until, settled };
}

const order = (orderStatus: 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED', filled: string, id = '1') =>
  orderEvent({ orderId: id, orderStatus, totalTradeQuantity: filled });

test('a gap: the venue is asked since then, and exactly the differences are told, oldest first', async (t) => {
  const { clock, server, stage, start, tell, until } = await setUp(t);
  const { lines, status } = await start();
  const [baseline] = stage.asked.splice(0);
  assert.ok(baseline && baseline.sinceMs >= clock.now() - 10_000, 'a room without a past: what is open now');
  const first = order('NEW', '0');
  const other = order('NEW', '0', '2');
  await tell(first, other);
  const gapFrom = clock.now();
  server.latest?.cut();
  const partial = order('PARTIALLY_FILLED', '0.1');
  const ended = order('FILLED', '0.3', '3');
  stage.answer = () => ({ orders: [other, partial, ended] });
  await until('closed', () => status()['lastGap'] !== undefined);
  assert.deepEqual(lines(), ['1 NEW 0', '2 NEW 0', '1 PARTIALLY_FILLED 0.1 by REST', '3 FILLED 0.3 by REST']);
  const [query] = stage.asked;
  assert.deepEqual(
    query?.known.map(({ orderId, clientOrderId }) => [orderId, clientOrderId]),
    [
      ['1', 'D-TP-1'],
      ['2', 'D-TP-1'],
    ],
  );
  assert.ok(query && query.sinceMs < gapFrom && query.sinceMs > gapFrom - 10_000);
  assert.deepEqual((status()['lastGap'] as { found: object }).found, { orders: 2, balances: 0, overdue: 0 });
});

test('a session that was deaf for a while before it was lost: the venue is asked since its last answer', async (t) => {
  const { clock, server, stage, start, tell, until } = await setUp(t);
  const { lines, status } = await start();
  const missed = [
    orderEvent({ orderId: '2', orderStatus: 'NEW', totalTradeQuantity: '0', orderTime: clock.now() + 10 }),
    orderEvent({
      orderId: '3',
      orderStatus: 'FILLED',
      totalTradeQuantity: '0.3',
      orderTime: clock.now() + 20,
    }),
  ];
  await drive(clock, 20_000, 1_000);
  // It works again, and nothing in it tells what it kept to itself.
  await tell(order('NEW', '0'));
  await drive(clock, 20_000, 1_000);
  stage.answer = ({ sinceMs }) => ({ orders: missed.filter(({ report }) => report.orderTime >= sinceMs) });
  server.latest?.cut();
  await until('closed', () => status()['lastGap'] !== undefined);
  assert.deepEqual(lines(), ['1 NEW 0', '2 NEW 0 by REST', '3 FILLED 0.3 by REST']);
});

test('live events wait for the look, but not for long', async (t) => {
  const { server, stage, start, tell, until, clock } = await setUp(t);
  const { lines, status } = await start();
  stage.asked.splice(0);
  await tell(order('NEW', '0'));
  let answer: (snapshot: AccountSnapshot) => void = () => undefined;
  stage.answer = () => new Promise((resolve) => (answer = resolve));
  server.latest?.cut();
  await until('live again', () => status()['state'] === 'live' && stage.asked.length === 1);
  const missed = order('PARTIALLY_FILLED', '0.1');
  const live = order('PARTIALLY_FILLED', '0.2');
  await tell(live);
  assert.deepEqual(lines(), ['1 NEW 0'], 'held');
  answer({ orders: [missed] });
  await drive(clock, 100, 50);
  assert.deepEqual(lines().slice(1), ['1 PARTIALLY_FILLED 0.1 by REST', '1 PARTIALLY_FILLED 0.2']);

  stage.answer = () => new Promise((resolve) => (answer = resolve));
  server.latest?.cut();
  await until('live once more', () => status()['state'] === 'live' && stage.asked.length === 2);
  await tell(order('FILLED', '0.3'));
  await drive(clock, 2_000, 500);
  assert.equal(lines().at(-1), '1 FILLED 0.3', 'a slow venue does not keep a fill from a bot');
  answer({ orders: [order('PARTIALLY_FILLED', '0.25')] });
  await drive(clock, 500, 100);
  assert.equal(lines().at(-1), '1 FILLED 0.3', 'what is older by then is not told');
});

test('an order that the venue does not tell of is no longer believed by whoever reads the cache', async (t) => {
  const { server, stage, start, tell, until, store, clock } = await setUp(t);
  const { status, lines } = await start();
  await tell(order('NEW', '0'));
  const cached = () => store.hashGet('orders', ['D-TP-1']);
  await drive(clock, 200, 50);
  assert.match((await cached())[0] ?? '', /"NEW"/);
  stage.answer = () => ({ orders: [], incomplete: 'the venue has forgotten 1 order of BTCUSDT' });
  server.latest?.cut();
  await until('closed', () => status()['lastGap'] !== undefined);
  await drive(clock, 200, 50);
  assert.deepEqual(await cached(), [undefined]);
  assert.deepEqual(lines(), ['1 NEW 0'], 'and it is not told as cancelled');
});

test('a venue that answers in parts: each is told as it comes, what is known is asked for once', async (t) => {
  const { server, stage, start, tell, until, store, clock } = await setUp(t);
  const { lines, status } = await start();
  stage.asked.splice(0);
  await tell(order('NEW', '0'), order('FILLED', '1', '9'));
  let rest: (snapshot: AccountSnapshot) => void = () => undefined;
  stage.answer = ({ again }) =>
    again
      ? new Promise((resolve) => (rest = resolve))
      : { orders: [order('NEW', '0'), order('FILLED', '0.2', '2')], askAgain: true };
  server.latest?.cut();
  await until('asked again', () => stage.asked.length === 2);
  await tell(order('NEW', '0', '4'));
  assert.deepEqual(
    lines().slice(2),
    ['2 FILLED 0.2 by REST', '4 NEW 0'],
    'live events do not wait for the rest',
  );
  assert.notEqual(status()['openGap'], undefined);
  rest({ orders: [order('FILLED', '0.3', '3')] });
  await until('closed', () => status()['lastGap'] !== undefined);
  assert.equal(lines().at(-1), '3 FILLED 0.3 by REST');
  assert.deepEqual((status()['lastGap'] as { found: object }).found, { orders: 2, balances: 0, overdue: 0 });
  assert.deepEqual(
    stage.asked.map(({ again, known, traded }) => [again, known.length, traded]),
    [
      [undefined, 1, ['BTCUSDT']],
      [true, 0, ['BTCUSDT']],
    ],
  );
  await drive(clock, 200, 50);
  assert.match(
    (await store.hashGet('orders', ['D-TP-1']))[0] ?? '',
    /./,
    'what was answered for is believed',
  );
});

test('an order that the venue has forgotten for good is not asked for again, nor told as cancelled', async (t) => {
  const { server, stage, start, tell, until, store, clock } = await setUp(t);
  const { status, lines } = await start();
  stage.asked.splice(0);
  await tell(order('NEW', '0'));
  stage.answer = ({ known }) => ({ orders: [], forgotten: known });
  server.latest?.cut();
  await until('closed', () => status()['lastGap'] !== undefined);
  server.latest?.cut();
  await until('asked again', () => stage.asked.length === 2);
  assert.deepEqual(
    stage.asked.map(({ known }) => known.length),
    [1, 0],
  );
  await drive(clock, 500, 100);
  assert.equal((await store.hashAll(`connector:stream:${ROOM}:orders`)).size, 0);
  assert.deepEqual(lines(), ['1 NEW 0']);
});

test('a failing look is repeated until it is answered, and seen meanwhile', async (t) => {
  const { server, stage, start, tell, until, telemetry } = await setUp(t);
  const { lines, status, connector } = await start();
  stage.asked.splice(0);
  await tell(order('NEW', '0'));
  let failures = 3;
  stage.answer = () => {
    failures -= 1;
    if (failures >= 0) throw new ConnectorError('REST_FAILED', 'HTTP 500');
    return { orders: [order('CANCELED', '0')], incomplete: 'the venue keeps 7 days' };
  };
  server.latest?.cut();
  await until('asked', () => stage.asked.length === 1 && status()['openGap'] !== undefined);
  await until('closed', () => status()['openGap'] === undefined && stage.asked.length === 4);
  assert.equal(lines().at(-1), '1 CANCELED 0 by REST');
  assert.match(telemetry.allText(), /gap not closed yet/);
  assert.match(telemetry.allText(), /the venue keeps 7 days/);
  const { history = [], openGaps, confirm } = connector.stream(ROOM) ?? {};
  assert.deepEqual(
    history.flatMap((entry) => (entry.what === 'reconciled' ? [entry.failed ?? entry.found] : [])),
    ['HTTP 500', 'HTTP 500', 'HTTP 500', 1],
  );
  assert.ok(history.some(({ what }) => what === 'gap'));
  assert.deepEqual([openGaps, confirm?.count], [0, 2]);
});

test('over a restart: the cursor and the open orders are remembered, and nothing is told twice', async (t) => {
  const { clock, stage, start, crash, tell } = await setUp(t);
  const before = await start();
  stage.asked.splice(0);
  await tell(order('NEW', '0'), order('NEW', '0', '2'));
  const done = order('FILLED', '0.3', '2');
  await tell(done);
  await drive(clock, 500, 100);
  await crash(before.connector);
  await drive(clock, 60_000, 10_000);
  const missed = order('FILLED', '0.3');
  stage.answer = () => ({ orders: [done, missed] });
  const after = await start();
  assert.deepEqual(after.lines(), ['1 FILLED 0.3 by REST']);
  const [query] = stage.asked;
  assert.deepEqual(
    query?.known.map(({ orderId }) => orderId),
    ['1'],
  );
  assert.ok(query && query.sinceMs < clock.now() - 60_000, 'since before the restart');
});

test('a Redis that was emptied: the last minutes are looked at, and the orders noted anew', async (t) => {
  const { clock, stage, start, crash, store, until, tell } = await setUp(t, {}, {}, false);
  stage.answer = () => ({ orders: [order('FILLED', '0.3')] });
  const { connector, lines } = await start();
  await until('looked', () => lines().length === 1);
  assert.deepEqual(lines(), ['1 FILLED 0.3 by REST']);
  await tell(order('NEW', '0', '2'));
  await drive(clock, 500, 100);
  store.goAway();
  store.comeBack();
  await Promise.all([store.delete('connector:streams'), store.delete(`connector:stream:${ROOM}:orders`)]);
  store.goAway();
  store.comeBack();
  await drive(clock, 500, 100);
  await crash(connector);
  stage.asked.splice(0);
  await start();
  assert.deepEqual(
    stage.asked[0]?.known.map(({ orderId }) => orderId),
    ['2'],
  );
});

test('closed, and opened again at once with another key: what happened between is told', async (t) => {
  const { clock, stage, start, tell, until } = await setUp(t);
  const { connector, lines, status } = await start();
  await tell(order('NEW', '0'));
  connector.closeStream(ROOM);
  await drive(clock, 10_000, 1_000);
  const born = orderEvent({
    orderId: '2',
    orderStatus: 'FILLED',
    totalTradeQuantity: '0.3',
    orderTime: clock.now() - 5_000,
  });
  stage.answer = () => ({ orders: [order('FILLED', '0.3'), born] });
  stage.asked.splice(0);
  connector.openStream({ ...INPUT, api: { ...INPUT.api, key: 'K2' } }, ROOM);
  await until('live', () => status()['state'] === 'live');
  await drive(clock, 1_000, 100);
  assert.deepEqual(lines(), ['1 NEW 0', '1 FILLED 0.3 by REST', '2 FILLED 0.3 by REST']);
  assert.deepEqual(
    stage.asked[0]?.known.map(({ orderId }) => orderId),
    ['1'],
  );
});

test('closed for good: a room that opens again has no past', async (t) => {
  const { clock, store, stage, start, tell, until } = await setUp(t);
  const { connector, status } = await start();
  await tell(order('NEW', '0'));
  connector.closeStream(ROOM);
  await drive(clock, 61_000, 1_000);
  assert.equal((await store.hashAll(`connector:stream:${ROOM}`)).size, 0);
  stage.asked.splice(0);
  connector.openStream(INPUT, ROOM);
  await until('live', () => status()['state'] === 'live');
  await drive(clock, 1_000, 100);
  const [baseline] = stage.asked;
  assert.deepEqual(baseline?.known, []);
  assert.ok(baseline.sinceMs >= clock.now() - 10_000);
});

test('Redis cannot tell the past: the last minutes are looked at, and the rest once it can', async (t) => {
  const { clock, store, stage, start, until } = await setUp(t);
  const lastKnown = clock.now() - 3_600_000;
  await store.hashSet(`connector:stream:${ROOM}`, new Map([['completeUntil', String(lastKnown)]]));
  stage.answer = () => ({ orders: [order('FILLED', '0.3')] });
  const { lines } = await start(() => store.goAway());
  await until('looked', () => stage.asked.length === 1);
  await drive(clock, 500, 100);
  assert.deepEqual(lines(), ['1 FILLED 0.3 by REST']);
  const isAbout = (sinceMs = 0, ms = 0) => Math.abs(sinceMs - ms) < 20_000;
  assert.ok(isAbout(stage.asked[0]?.sinceMs, clock.now() - 600_000));
  await drive(clock, 60_000, 5_000);
  store.comeBack();
  await until('looked again', () => stage.asked.length === 2);
  assert.ok(isAbout(stage.asked[1]?.sinceMs, lastKnown), 'its cursor was not written over meanwhile');
});

test('balances: the differences to a full list, what is gone as zero, newer events of the stream win', async (t) => {
  const { clock, server, stage, start, tell, until } = await setUp(t);
  const { lines, status } = await start();
  await tell(balancesEvent(clock.now(), ['BTC', '1', '0'], ['USDT', '5', '1'], ['ETH', '2', '0']));
  const { position } = balancesEvent(clock.now(), ['BTC', '1.0', '0'], ['USDT', '6', '0'], ['SOL', '0', '0']);
  stage.answer = () => ({ orders: [], balances: position });
  server.latest?.cut();
  await until('closed', () => status()['lastGap'] !== undefined);
  assert.equal(
    lines()[1],
    '[{"asset":"USDT","free":"6","locked":"0"},{"asset":"ETH","free":"0","locked":"0"}]  by REST',
  );
  await tell(balancesEvent(clock.now(), ['USDT', '7', '0']));
  assert.match(lines().at(-1) ?? '', /"free":"7"/);
});

test('killed before the broker confirmed anything: the next life asks since the gap of this one', async (t) => {
  const { clock, stage, store, start, crash } = await setUp(t);
  const gapFrom = clock.now() - 300_000;
  await store.hashSet(`connector:stream:${ROOM}`, new Map([['completeUntil', String(gapFrom)]]));
  const born = orderEvent({ orderId: '9', orderStatus: 'FILLED', orderTime: clock.now() - 200_000 });
  stage.answer = ({ sinceMs }) => ({ orders: [born].filter(({ report }) => report.orderTime >= sinceMs) });
  const before = await start((one) => one.goAway());
  assert.equal(stage.asked.length, 1);
  await drive(clock, 60_000, 5_000);
  assert.deepEqual(before.lines(), []);
  await crash(before.connector);
  const after = await start();
  assert.deepEqual(after.lines(), ['9 FILLED 0 by REST']);
});

test('an outbox that is full while a gap is closed: the whole gap is asked for again', async (t) => {
  const { clock, stage, store, start, until } = await setUp(t, {}, { OUTBOX_MAX_MESSAGES: '100' });
  await store.hashSet(
    `connector:stream:${ROOM}`,
    new Map([['completeUntil', String(clock.now() - 300_000)]]),
  );
  const orderTime = clock.now() - 200_000;
  const born = Array.from({ length: 102 }, (_, at) =>
    orderEvent({ orderId: String(at), orderStatus: 'FILLED', orderTime }),
  );
  stage.answer = ({ sinceMs }) => ({ orders: born.filter(({ report }) => report.orderTime >= sinceMs) });
  const { broker, lines } = await start((one) => one.goAway());
  assert.equal(stage.asked.length, 1);
  await drive(clock, 60_000, 5_000);
  broker.comeBack();
  await until('all told', () => lines().length === 102);
});

test('balances: what was emptied while no process was up is told as zero', async (t) => {
  const { clock, stage, start, crash, store, tell } = await setUp(t);
  const before = await start();
  await tell(balancesEvent(clock.now(), ['USDT', '100', '0'], ['BTC', '1', '0'], ['ETH', '0', '0']));
  await drive(clock, 500, 100);
  const kept = async () => (await store.hashAll(`connector:stream:${ROOM}`)).get('assets');
  assert.equal(await kept(), 'USDT,BTC');
  await crash(before.connector);
  await drive(clock, 60_000, 10_000);
  stage.answer = () => ({ orders: [], balances: balancesEvent(clock.now(), ['BTC', '1', '0']).position });
  const { lines, connector } = await start();
  assert.deepEqual(lines(), [
    '[{"asset":"BTC","free":"1","locked":"0"},{"asset":"USDT","free":"0","locked":"0"}]  by REST',
  ]);
  await drive(clock, 500, 100);
  assert.equal(await kept(), 'BTC');
  await crash(connector);
  const third = await start();
  await drive(clock, 500, 100);
  assert.doesNotMatch(third.lines().join(), /USDT/, 'told once');
});

test('balances: of a Redis that was emptied the assets are noted anew, and nothing runs ahead of the broker', async (t) => {
  const { clock, start, store, tell } = await setUp(t);
  const { broker } = await start();
  const kept = async () => (await store.hashAll(`connector:stream:${ROOM}`)).get('assets');
  broker.goAway();
  await tell(balancesEvent(clock.now(), ['USDT', '100', '0']));
  await drive(clock, 500, 100);
  assert.equal(await kept(), undefined);
  broker.comeBack();
  await drive(clock, 5_000, 500);
  assert.equal(await kept(), 'USDT');
  store.goAway();
  store.comeBack();
  await Promise.all([store.delete('connector:streams'), store.delete(`connector:stream:${ROOM}`)]);
  store.goAway();
  store.comeBack();
  await drive(clock, 500, 100);
  assert.equal(await kept(), 'USDT');
});

test('a full outbox: what it refused is asked for again once there is room', async (t) => {
  const { stage, start, tell, until, clock } = await setUp(t, {}, { OUTBOX_MAX_MESSAGES: '100' });
  const { broker, lines } = await start();
  broker.goAway();
  const ids = Array.from({ length: 102 }, (_, at) => String(at + 1));
  // Frames have a bound as well.
  while (ids.length > 0) await tell(...ids.splice(0, 6).map((id) => order('NEW', '0', id)));
  const filled = order('FILLED', '0.3', '101');
  await tell(filled);
  stage.answer = () => ({ orders: [order('NEW', '0', '102'), filled] });
  broker.comeBack();
  await until('asked', () => stage.asked.length === 1);
  await drive(clock, 500, 100);
  assert.equal(lines().length, 102);
  assert.deepEqual(lines().slice(99), ['100 NEW 0', '102 NEW 0 by REST', '101 FILLED 0.3 by REST']);
});

test('a frame that cannot be read: one look for a swarm of them', async (t) => {
  const { clock, server, stage, start, telemetry } = await setUp(t);
  const { lines } = await start();
  stage.asked.splice(0);
  stage.answer = () => ({ orders: [order('NEW', '0')] });
  for (let count = 0; count < 5; count += 1) {
    say(server.latest, { events: [], topic: ORDERS, faults: ['unknown order status halted'] });
  }
  await drive(clock, 5_000, 500);
  assert.equal(stage.asked.length, 1);
  assert.deepEqual(lines(), ['1 NEW 0 by REST']);
  assert.match(telemetry.allText(), /unknown order status halted/);
});

test('a deaf session is found by what the venue says, and replaced; a quiet one is left alone', async (t) => {
  const environment = { USER_STREAM_AUDIT_MS: '60000' };
  const { clock, server, stage, start, tell, until, telemetry } = await setUp(t, {}, environment);
  const { lines } = await start();
  await tell(order('NEW', '0'));
  await drive(clock, 120_000, 10_000);
  assert.ok(stage.asked.length >= 1, 'asked in doubt');
  assert.equal(server.dials, 1);
  const filled = { orderId: '1', orderStatus: 'FILLED', totalTradeQuantity: '0.3' } as const;
  const untold = orderEvent({ ...filled, orderTime: clock.now() });
  stage.answer = () => ({ orders: [untold] });
  await until('replaced', () => server.dials === 2);
  assert.equal(lines().at(-1), '1 FILLED 0.3 by REST');
  assert.match(telemetry.allText(), /the session is deaf/);
});

test('an audit of a room without a past asks for nothing of before its opening', async (t) => {
  const { clock, stage, start, until } = await setUp(t, {}, { USER_STREAM_AUDIT_MS: '10000' });
  const bornAt = clock.now();
  await start();
  await until('audited', () => stage.asked.length > 0);
  const [query] = stage.asked;
  assert.ok(query && query.sinceMs >= bornAt - 5_000, 'but for the overlap of clocks');
});

test('balances that a venue does not push are asked for, and after orders', async (t) => {
  let amount = 1;
  const balances = () => Promise.resolve(balancesEvent(1, ['BTC', String(amount), '0']).position);
  const polledBalances = { everyMs: 60_000, afterOrderMs: 2_000 };
  const { clock, start, tell } = await setUp(t, { balances, polledBalances });
  const { lines } = await start();
  assert.match(lines()[0] ?? '', /"free":"1".*by REST/);
  await drive(clock, 60_000, 10_000);
  assert.equal(lines().length, 1, 'nothing new is told once');
  amount = 2;
  await tell(order('NEW', '0'));
  await drive(clock, 2_000, 500);
  assert.match(lines().at(-1) ?? '', /"free":"2"/);
});
