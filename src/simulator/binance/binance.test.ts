import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { WebSocket } from 'ws';
import { FakeClock } from '../../testing/fake-clock';
import { startSimulator, type Simulator, type SimulatorSettings } from '../index';
import coinmCandle from './__fixtures__/binanceCoinm.candle.open-and-closed.json';
import controlFrames from './__fixtures__/binance.control.subscribe-acks-and-errors.json';
import futuresTicker from './__fixtures__/binanceUsdm.ticker.24hr-array-merged.json';
import spotCandle from './__fixtures__/binance.candle.open-and-closed.json';
import spotFull from './__fixtures__/binance.ticker.full-with-book.json';
import spotMini from './__fixtures__/binance.ticker.mini-array.json';
import usdmCandle from './__fixtures__/binanceUsdm.candle.open-and-closed.json';

const SPOT = 'wss://stream.binance.com:9443';
const USDM = 'wss://fstream.binance.com';
const COINM = 'wss://dstream.binance.com';
const US = 'wss://stream.binance.us:9443';
const MINUTE = 60_000;
/** 2026-08-04 12:34:56 UTC. */
const NOW = Date.UTC(2026, 7, 4, 12, 34, 56);

/** Fake minutes pass at once: no client could answer the pings of so many in time. */
const PATIENT = { everyMs: 20_000, deadlineMs: 60 * MINUTE };

type Json = Record<string, unknown>;

let clock: FakeClock;
let simulator: Simulator;
const sockets: WebSocket[] = [];

async function start(settings: SimulatorSettings = {}): Promise<void> {
  clock = new FakeClock(NOW);
  simulator = await startSimulator({ venues: ['binance'], clock, symbols: 12, ...settings });
}

interface Client {
  readonly socket: WebSocket;
  readonly frames: Json[];
  readonly closed: Promise<[code: number, reason: string]>;
  say(method: string, params: readonly string[], id: number | string | null): void;
  /** All frames received until the server has handled everything sent so far. */
  settle(): Promise<Json[]>;
}

async function dial(url: string): Promise<Client> {
  const socket = new WebSocket(simulator.urlOf(url));
  sockets.push(socket);
  const frames: Json[] = [];
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as Json));
  const closed = once(socket, 'close').then(([code, reason]: unknown[]): [number, string] => [
    code as number,
    String(reason),
  ]);
  await once(socket, 'open');
  return {
    socket,
    frames,
    closed,
    say: (method, params, id) => socket.send(JSON.stringify({ method, params, id })),
    settle: async () => {
      socket.ping();
      await once(socket, 'pong');
      return frames.splice(0);
    },
  };
}

async function get(url: string): Promise<{ status: number; headers: Headers; body: unknown }> {
  const answer = await fetch(simulator.urlOf(url));
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

/** Key paths of a frame, in order: what makes a frame look like the venue's. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return [shape((value as unknown[])[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([key, inner]) => [key, shape(inner)]);
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await simulator.close();
  assert.equal(clock.pendingCount, 0, 'the simulator left timers behind');
});

test('klines have the recorded shape in both path modes, on every market', async () => {
  await start();
  const cases = [
    [SPOT, 'btcusdt@kline_1m', spotCandle],
    [`${USDM}/market`, 'ctkusdt@kline_1m', usdmCandle],
    [COINM, 'etcusd_perp@kline_1m', coinmCandle],
    [US, 'btcusd@kline_1m', spotCandle],
  ] as const;
  for (const [base, stream, fixture] of cases) {
    const combined = await dial(`${base}/stream`);
    const bare = await dial(`${base}/ws/${stream}`);
    combined.say('SUBSCRIBE', [stream], 1);
    assert.deepEqual(await combined.settle(), [{ result: null, id: 1 }]);
    clock.advance(2_000);
    const [frame] = await combined.settle();
    assert.deepEqual(shape(frame), shape(fixture.frames[0]));
    assert.equal(frame!['stream'], stream);
    assert.deepEqual(frame!['data'], (await bare.settle())[0]);
  }
  assert.deepEqual(simulator.violations(), []);
});

test('ticker arrays: mini on spot and US, both products on both futures hosts', async () => {
  await start();
  const spot = await dial(`${SPOT}/stream?streams=!miniTicker@arr/btcusdt@ticker`);
  const usdm = await dial(`${USDM}/market/stream?streams=!ticker@arr`);
  const coinm = await dial(`${COINM}/stream?streams=!ticker@arr`);
  const us = await dial(`${US}/ws/!miniTicker@arr`);
  clock.advance(1_000);
  const spotFrames = await spot.settle();
  assert.deepEqual(shape(spotFrames[0]), shape(spotMini.frames[0]));
  assert.deepEqual(shape(spotFrames[1]!['data']), shape(spotFull.frames[0]![0]));
  for (const client of [usdm, coinm]) {
    const [frame] = await client.settle();
    assert.deepEqual(shape(frame), shape(futuresTicker.frames[0]));
    const items = frame!['data'] as Json[];
    assert.deepEqual(new Set(items.map((item) => item['st'])), new Set([1, 2]));
    assert.ok(items.some((item) => item['s'] === 'BTCUSDT' && item['st'] === 1));
    assert.ok(items.some((item) => item['s'] === 'BTCUSD_PERP' && item['ps'] === 'BTCUSD'));
  }
  const [usFrame] = (await us.settle()) as unknown as Json[][];
  assert.ok(usFrame!.some((item) => item['s'] === 'BTCUSD'));
  // Only what moved: with time standing still nothing is sent again.
  clock.jump(-1_000);
  clock.advance(1_000);
  assert.deepEqual(await us.settle(), []);
});

test('one closing frame per bar; it equals the ledger and the REST bar', async () => {
  await start({ options: { binance: { ping: PATIENT } } });
  const client = await dial(`${SPOT}/stream`);
  client.say('SUBSCRIBE', ['btcusdt@kline_1m', '币安人生usdt@kline_3m'], 'a');
  await client.settle();
  clock.advance(10 * MINUTE);
  const closed = (await client.settle())
    .map(({ data }) => data as { E: number; k: Json })
    .filter(({ k }) => k['x'] === true);
  const ledger = simulator.ledger.candles({ exchange: 'binance' });
  assert.equal(closed.length, 10 + 3);
  assert.deepEqual(
    closed.map(({ k }) => [k['s'], k['i'], k['t'], k['o'], k['h'], k['l'], k['c'], k['v']]),
    ledger.map((one) => [
      one.symbol,
      one.interval,
      one.start,
      one.open,
      one.high,
      one.low,
      one.close,
      one.volume,
    ]),
  );
  for (const { E, k } of closed) {
    assert.ok(E > Number(k['T']), 'a bar closes after its end');
    const { s, i, t } = k as { s: string; i: string; t: number };
    const query = `symbol=${encodeURIComponent(s)}&interval=${i}&startTime=${t}&endTime=${t}`;
    const { body } = await get(`https://api.binance.com/api/v3/klines?${query}`);
    assert.deepEqual(body, [
      [t, k['o'], k['h'], k['l'], k['c'], k['v'], k['T'], k['q'], k['n'], k['V'], k['Q'], '0'],
    ]);
  }
});

test('bars closed while the client was away are in the ledger and in REST', async () => {
  await start();
  const client = await dial(`${SPOT}/stream?streams=btcusdt@kline_1m`);
  simulator.drop();
  assert.equal((await client.closed)[0], 1006);
  clock.advance(3 * MINUTE);
  assert.equal(simulator.ledger.candles({ symbol: 'BTCUSDT' }).length, 3);
});

test('commands: acks even for unknown streams, list, unsubscribe, both shapes of errors', async () => {
  await start();
  const client = await dial(`${SPOT}/stream`);
  client.say(
    'SUBSCRIBE',
    ['nosuch@kline_1m', 'btcusdt@kline_7m', 'BTCUSDT@kline_1m', '!ticker@arr'],
    'sub-42',
  );
  client.say('LIST_SUBSCRIPTIONS', [], 3);
  const answers = await client.settle();
  assert.deepEqual(answers[0], controlFrames.frames[1]);
  assert.deepEqual(shape(answers[1]), shape(controlFrames.frames[2]));
  clock.advance(5_000);
  assert.deepEqual(await client.settle(), [], 'none of these streams has data');
  client.say('UNSUBSCRIBE', ['nosuch@kline_1m'], null);
  assert.deepEqual(await client.settle(), [{ result: null, id: null }]);
  assert.deepEqual(simulator.violations(), []);

  clock.advance(1_001);
  client.socket.send('{"id":4}');
  client.socket.send('hello');
  const errors = await client.settle();
  assert.deepEqual([errors[0]!['code'], errors[0]!['id'], errors[1]!['code']], [2, 4, 3]);
  assert.ok(!('id' in errors[1]!));
  assert.equal(simulator.violations().length, 2);
});

test('more than 1024 streams: error 4; the connection stays', async () => {
  await start();
  const client = await dial(`${USDM}/market/stream`);
  const streams = Array.from({ length: 1_025 }, (_, at) => `s${at}`);
  for (let at = 0; at < streams.length; at += 205) {
    clock.advance(1_001);
    client.say('SUBSCRIBE', streams.slice(at, at + 205), at);
    await client.settle();
  }
  clock.advance(1_001);
  client.say('SUBSCRIBE', ['s0', 'btcusdt@kline_1m'], 19);
  const last = (await client.settle()).at(-1);
  assert.deepEqual(last, controlFrames.frames[4]);
  assert.deepEqual(
    new Set(simulator.violations().map(({ rule }) => rule)),
    new Set(['topicsPerConnection', 'duplicateTopic']),
  );
});

test('too long a frame stays unanswered; a burst is closed with 1008', async () => {
  await start();
  const client = await dial(`${SPOT}/stream`);
  client.say('SUBSCRIBE', [`${'x'.repeat(4_100)}@kline_1m`], 1);
  assert.deepEqual(await client.settle(), []);
  clock.advance(1_001);
  for (let id = 0; id < 6; id += 1) client.say('LIST_SUBSCRIPTIONS', [], id);
  assert.deepEqual(await client.closed, [1008, 'Too many requests']);
  assert.deepEqual(
    simulator.violations().map(({ rule }) => rule),
    ['requestBytes', 'messages'],
  );
});

test('the retired futures paths connect and stay silent; /public acknowledges and sends no klines', async () => {
  await start();
  const retired = await dial(`${USDM}/stream?streams=btcusdt@kline_1m`);
  const wrongRoute = await dial(`${USDM}/public/stream`);
  for (const client of [retired, wrongRoute]) client.say('SUBSCRIBE', ['btcusdt@kline_1m', '!ticker@arr'], 1);
  assert.deepEqual([await retired.settle(), await wrongRoute.settle()], [[], [{ result: null, id: 1 }]]);
  clock.advance(10_000);
  assert.deepEqual([await retired.settle(), await wrongRoute.settle()], [[], []]);
});

test('a refused topic is acknowledged and silent; the others go on', async () => {
  await start();
  simulator.faults.set({ refuseTopics: ['btcusdt@kline_1m'] });
  const client = await dial(`${SPOT}/stream`);
  client.say('SUBSCRIBE', ['btcusdt@kline_1m', 'ethbtc@kline_1m'], 1);
  await client.settle();
  clock.advance(2_000);
  assert.deepEqual(
    (await client.settle()).map(({ stream }) => stream),
    ['ethbtc@kline_1m'],
  );
});

test('server pings, age and shutdown notices', async () => {
  await start({ options: { binance: { lifeMs: 5 * MINUTE, ping: PATIENT } } });
  const combined = await dial(`${SPOT}/stream`);
  const bare = await dial(`${USDM}/market/ws`);
  assert.equal(simulator.notice(), 2);
  assert.deepEqual(await combined.settle(), [
    { stream: '!serverShutdown', data: { e: 'serverShutdown', E: NOW } },
  ]);
  assert.deepEqual(await bare.settle(), [{ e: 'serverShutdown', E: NOW }]);
  const pinged = once(combined.socket, 'ping');
  clock.advance(20_000);
  await pinged;
  await combined.settle();
  clock.advance(5 * MINUTE - 20_000);
  assert.equal((await combined.closed)[0], 1001);
  assert.equal((await bare.closed)[0], 1001);
  assert.deepEqual(simulator.violations(), []);
});

test('exchangeInfo, time and klines of each REST origin', async () => {
  await start();
  const cases = [
    ['https://api.binance.com/api/v3', 'BTCUSDT', 'status'],
    ['https://fapi.binance.com/fapi/v1', 'CTKUSDT', 'status'],
    ['https://dapi.binance.com/dapi/v1', 'BTCUSD_PERP', 'contractStatus'],
    ['https://api.binance.us/api/v3', 'BTCUSD', 'status'],
  ] as const;
  for (const [base, symbol, statusKey] of cases) {
    const { symbols } = (await get(`${base}/exchangeInfo`)).body as { symbols: Json[] };
    const trading = symbols.filter((one) => one[statusKey] === 'TRADING');
    assert.equal(trading.length, 12);
    assert.equal(symbols.length, 13, 'one listed symbol cannot be traded');
    assert.ok(trading.some((one) => one['symbol'] === symbol));
    assert.deepEqual((await get(`${base}/time`)).body, { serverTime: NOW });
    const rows = (await get(`${base}/klines?symbol=${symbol}&interval=5m&limit=3`)).body as number[][];
    const forming = Date.UTC(2026, 7, 4, 12, 30);
    assert.deepEqual(
      rows.map(([start]) => start),
      [forming - 10 * MINUTE, forming - 5 * MINUTE, forming],
    );
    assert.equal(rows[0]!.length, 12);
  }
  const coinm = (await get('https://dapi.binance.com/dapi/v1/exchangeInfo')).body as { symbols: Json[] };
  assert.equal(coinm.symbols[0]!['contractSize'], 100);
});

test('REST errors and request weight', async () => {
  await start({ options: { binance: { weightPerMinute: 10 } } });
  const klines = 'https://api.binance.com/api/v3/klines';
  const cases = [
    ['symbol=NOSUCH&interval=1m', -1121],
    ['symbol=BTCUSDT&interval=7m', -1120],
    ['symbol=BTCUSDT&interval=1m&limit=many', -1100],
  ] as const;
  for (const [query, code] of cases) {
    const { status, body } = await get(`${klines}?${query}`);
    assert.deepEqual([status, (body as Json)['code']], [400, code]);
  }
  const allowed = await get(`${klines}?symbol=BTCUSDT&interval=1m&limit=1`);
  assert.deepEqual([allowed.status, allowed.headers.get('x-mbx-used-weight-1m')], [200, '8']);
  clock.advance(20_000);
  assert.equal((await get(`${klines}?symbol=BTCUSDT&interval=1m`)).status, 200);
  const refused = await get(`${klines}?symbol=BTCUSDT&interval=1m`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '40']);
  assert.equal((refused.body as Json)['code'], -1003);
  assert.deepEqual(
    simulator.violations().map(({ rule, origin }) => [rule, origin]),
    [['restWeight', 'https://api.binance.com']],
  );
  clock.advance(40_000);
  assert.equal((await get(`${klines}?symbol=BTCUSDT&interval=1m`)).status, 200);
});

test('load: the wanted rate, one ticker per frame, event time of sending', async () => {
  await start();
  const client = await dial(`${USDM}/market/stream?streams=!ticker@arr`);
  const run = simulator.load('binanceUsdm', { tickersPerSecond: 2_000 });
  clock.advance(500);
  const frames = await client.settle();
  run.stop();
  assert.deepEqual([run.sent(), frames.length], [1_000, 1_000]);
  assert.deepEqual(shape(frames[0]), shape(futuresTicker.frames[0]));
  const items = frames.map(({ data }) => data as Json[]);
  assert.ok(items.every((one) => one.length === 1));
  assert.equal(new Set(items.map(([item]) => item!['s'])).size, 12);
  assert.deepEqual([items[0]![0]!['E'], items.at(-1)![0]!['E']], [NOW + 5, NOW + 500]);
  clock.advance(400);
  assert.deepEqual(await client.settle(), []);

  const packed = simulator.load('binanceUsdm', { tickersPerSecond: 2_000, tickersPerFrame: 100 });
  clock.advance(50);
  assert.deepEqual(
    (await client.settle()).map(({ data }) => (data as Json[]).length),
    [100],
  );
  packed.stop();
});

test('hundreds of real-looking symbols per market', async () => {
  await start({ symbols: 500 });
  for (const [exchange, market] of Object.entries(simulator.markets)) {
    const ids = market.symbols.map(({ symbol }) => symbol);
    assert.equal(new Set(ids).size, 500, exchange);
    const pattern =
      exchange === 'binanceCoinm' ? /^[A-Z0-9]+USD_(PERP|\d{6})$/ : /^[A-Z0-9币安人生]+(_\d{6})?$/;
    for (const id of ids) assert.match(id, pattern);
    for (const id of ids) assert.match(market.ticker(id).last, /[1-9]/);
  }
});

test('an unknown venue is refused', async () => {
  await start();
  await assert.rejects(startSimulator({ venues: ['nowhere'] }), /no simulator of nowhere/);
  assert.throws(() => simulator.load('nowhere', { tickersPerSecond: 1 }), /no load/);
});
