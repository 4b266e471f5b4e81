import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import WebSocket from 'ws';
import { FakeClock } from '../../testing/fake-clock';
import { SimServer, VenueHost, warpClock, type VenueSimulator } from '../kit';
import spotCandle from './__fixtures__/kucoin.candle.add-and-update.json';
import spotTicker from './__fixtures__/kucoin.ticker.all.json';
import spotSnapshot from './__fixtures__/kucoin.ticker.market-snapshot-then-ticker.json';
import futuresCandle from './__fixtures__/kucoinLinear.candle.volume-index.json';
import futuresTicker from './__fixtures__/kucoinLinear.ticker.v1-then-snapshot.json';
import futuresTickerV2 from './__fixtures__/kucoinLinear.ticker.v2-needs-a-price.json';
import { simulateKucoin, type KucoinOptions } from './index';

const SPOT = { api: 'https://api.kucoin.com', stream: 'wss://ws-api-spot.kucoin.com' };
const FUTURES = { api: 'https://api-futures.kucoin.com', stream: 'wss://ws-api-futures.kucoin.com' };
type Host = typeof SPOT;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** A full minute. */
const START = Date.UTC(2026, 5, 15, 12, 30);
const WELCOME_MS = 30;

interface Frame {
  readonly id?: unknown;
  readonly type?: string;
  readonly topic?: string;
  readonly subject?: string;
  readonly code?: number;
  readonly timestamp?: number;
  readonly data?: unknown;
}

let clock: FakeClock;
let server: SimServer;
let venue: VenueSimulator;
let clients: Client[] = [];

beforeEach(() => openVenue());
afterEach(() => closeVenue());

async function openVenue(options: KucoinOptions = {}, symbols = 8): Promise<void> {
  clock = new FakeClock(START);
  server = new SimServer(clock);
  venue = simulateKucoin(new VenueHost(server, clock, warpClock(clock, 1), 7, symbols), options);
  await server.listen();
}

async function closeVenue(): Promise<void> {
  for (const client of clients) client.socket.terminate();
  clients = [];
  venue.stop();
  await server.close();
}

async function reopen(options: KucoinOptions, symbols?: number): Promise<void> {
  await closeVenue();
  await openVenue(options, symbols);
}

/** A raw client. `next` takes the first frame, seen or to come, that fits. */
class Client {
  readonly frames: Frame[] = [];
  readonly closed: Promise<number>;
  private readonly waiting = new Set<() => void>();

  constructor(readonly socket: WebSocket) {
    clients.push(this);
    socket.on('message', (data) => {
      this.frames.push(JSON.parse((data as Buffer).toString()) as Frame);
      for (const check of this.waiting) check();
    });
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async ask(type: string, topic?: string, more: object = {}): Promise<Frame> {
    const id = String((nextId += 1));
    this.send({ id, type, topic, privateChannel: false, response: true, ...more });
    return this.next((frame) => frame.id === id);
  }

  next(fits: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve) => {
      const check = (): void => {
        const at = this.frames.findIndex(fits);
        if (at < 0) return;
        this.waiting.delete(check);
        resolve(this.frames.splice(at, 1)[0]!);
      };
      this.waiting.add(check);
      check();
    });
  }
}

let nextId = 0;

async function call(url: string, method = 'GET') {
  const response = await fetch(server.urlOf(url), { method });
  const body = (await response.json()) as { code: string; msg?: string; data: unknown };
  return { status: response.status, headers: response.headers, ...body };
}

interface Bullet {
  readonly token: string;
  readonly instanceServers: readonly { readonly endpoint: string; readonly pingInterval: number }[];
}

async function bulletOf({ api }: Host): Promise<Bullet> {
  return (await call(`${api}/api/v1/bullet-public`, 'POST')).data as Bullet;
}

/** Dials with this token, and is open, but not welcome yet. */
async function dial({ stream }: Host, token: string): Promise<Client> {
  const client = new Client(new WebSocket(`${server.urlOf(`${stream}/`)}?token=${token}&connectId=me`));
  await new Promise<void>((resolve, reject) => {
    client.socket.once('open', resolve);
    client.socket.once('error', reject);
  });
  return client;
}

async function open(host: Host = SPOT): Promise<Client> {
  const client = await dial(host, (await bulletOf(host)).token);
  clock.advance(WELCOME_MS);
  assert.deepEqual(await client.next(() => true), { id: 'me', type: 'welcome' });
  return client;
}

const rules = () => server.violations.list().map(({ rule }) => rule);
const isOf = (topic: string) => (frame: Frame) => frame.topic === topic;
const shape = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Array.isArray(value)
      ? value.slice(0, 1).map(shape)
      : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
    : typeof value;

describe('connection', () => {
  test('the endpoint is the production one, which the overrides lead here', async () => {
    const { instanceServers } = await bulletOf(SPOT);
    assert.deepEqual(instanceServers, [
      {
        endpoint: `${SPOT.stream}/`,
        encrypt: true,
        protocol: 'websocket',
        pingInterval: 18000,
        pingTimeout: 10000,
      },
    ]);
    for (const url of [SPOT.api, SPOT.stream, FUTURES.api, FUTURES.stream])
      assert.ok(server.overrides().includes(`${url}=`));
    await reopen({ ownEndpoints: true, pingIntervalMs: 200 });
    const [own] = (await bulletOf(FUTURES)).instanceServers;
    assert.equal(own?.endpoint, `ws://127.0.0.1:${server.port}/ws-api-futures.kucoin.com/`);
    assert.equal(own?.pingInterval, 200);
  });

  test('what comes before the welcome is lost, and noted', async () => {
    const client = await dial(SPOT, (await bulletOf(SPOT)).token);
    client.send({ id: '0', type: 'ping' });
    client.socket.ping();
    await new Promise((resolve) => client.socket.once('pong', resolve));
    clock.advance(WELCOME_MS);
    assert.equal((await client.ask('ping')).type, 'pong');
    assert.deepEqual(
      client.frames.map(({ type }) => type),
      ['welcome'],
    );
    assert.deepEqual(rules(), ['venue:beforeWelcome']);
  });

  test('a token opens one connection, on its own host, for a day', async () => {
    const refused = async (host: Host, token: string) => {
      const client = await dial(host, token);
      const { type, code, data } = await client.next(() => true);
      assert.deepEqual([type, code, data], ['error', 401, 'token is invalid']);
      await client.closed;
    };
    const { token } = await bulletOf(SPOT);
    await dial(SPOT, token);
    await refused(SPOT, token);
    await refused(FUTURES, (await bulletOf(SPOT)).token);
    await refused(SPOT, 'made-up');
    const old = await bulletOf(SPOT);
    clock.advance(24 * 60 * MINUTE);
    await refused(SPOT, old.token);
    assert.deepEqual(
      rules().filter((rule) => rule !== 'heartbeat'),
      Array(4).fill('venue:token'),
    );
  });

  test('only JSON pings keep a connection', async () => {
    const [silent, alive] = [await open(), await open()];
    await silent.ask('subscribe', '/market/ticker:all');
    for (let round = 0; round < 8; round += 1) {
      clock.advance(9 * SECOND);
      const pong = await alive.ask('ping');
      assert.deepEqual(pong, { id: pong.id, type: 'pong', timestamp: clock.now() });
    }
    assert.equal((await silent.next(({ type }) => type === 'error')).data, 'ping timeout');
    await silent.closed;
    assert.equal(alive.socket.readyState, WebSocket.OPEN);
    assert.deepEqual(rules(), ['heartbeat']);
  });

  test('a connection ends after its life', async () => {
    await reopen({ lifeMs: 20 * SECOND });
    const client = await open();
    clock.advance(20 * SECOND);
    assert.equal(await client.closed, 1001);
    assert.deepEqual(rules(), []);
  });

  test('30 dials per minute and host', async () => {
    for (let at = 0; at < 30; at += 1) await dial(SPOT, (await bulletOf(SPOT)).token);
    await assert.rejects(dial(SPOT, 'x'), /429/);
    await open(FUTURES);
    assert.deepEqual(rules(), ['dials']);
  });

  test('100 messages per 10 s', async () => {
    const client = await open();
    for (let at = 0; at < 101; at += 1) client.send({ id: String(at), type: 'ping' });
    assert.equal((await client.next(({ type }) => type === 'error')).code, 509);
    await client.closed;
    assert.deepEqual(rules(), ['messages']);
  });

  test('nothing keeps running after the stop', async () => {
    const client = await open();
    await client.ask('subscribe', '/market/candles:BTC-USDT_1min');
    client.socket.close();
    await client.closed;
    await dial(SPOT, (await bulletOf(SPOT)).token).then((other) => other.socket.terminate());
    await Promise.all(
      server
        .origin(SPOT.stream)
        .open()
        .map(({ ended }) => ended),
    );
    venue.stop();
    assert.equal(clock.pendingCount, 0);
  });
});

describe('requests', () => {
  test('acks are given on demand, with the id as it was', async () => {
    const client = await open();
    assert.equal((await client.ask('subscribe', '/market/ticker:all')).type, 'ack');
    client.send({ id: 17, type: 'subscribe', topic: '/market/snapshot:BTC', response: true });
    assert.deepEqual(await client.next(({ id }) => id === 17), { id: 17, type: 'ack' });
    client.send({ id: 'quiet', type: 'unsubscribe', topic: '/market/snapshot:BTC' });
    await client.ask('ping');
    assert.ok(!client.frames.some(({ id }) => id === 'quiet'));
  });

  const wrong: readonly [string, Host, string, string | undefined, number, string | undefined][] = [
    ['an unknown channel', SPOT, 'subscribe', '/market/nope:BTC-USDT', 404, undefined],
    ['no item', SPOT, 'subscribe', '/market/ticker:', 404, undefined],
    ['the channel of the other host', FUTURES, 'subscribe', '/market/ticker:all', 404, undefined],
    [
      'an unknown contract',
      FUTURES,
      'subscribe',
      '/contractMarket/ticker:XBTUSDTM,NOPEUSDTM',
      404,
      undefined,
    ],
    [
      'six hours on futures',
      FUTURES,
      'subscribe',
      '/contractMarket/limitCandle:XBTUSDTM_6hour',
      404,
      undefined,
    ],
    ['no topic', SPOT, 'subscribe', undefined, 406, undefined],
    ['an unknown type', SPOT, 'login', undefined, 415, 'badFrame'],
  ];
  for (const [name, host, type, topic, code, rule] of wrong) {
    test(`${name}: ${code}`, async () => {
      const client = await open(host);
      const answer = await client.ask(type, topic);
      assert.deepEqual([answer.type, answer.code], ['error', code]);
      assert.equal(client.socket.readyState, WebSocket.OPEN);
      assert.deepEqual(rules(), rule === undefined ? [] : [rule]);
    });
  }

  test('a private topic on a public token: 403', async () => {
    const client = await open();
    const answer = await client.ask('subscribe', '/account/balance', { privateChannel: true });
    assert.equal(answer.code, 403);
    assert.deepEqual(rules(), ['venue:privateTopic']);
  });

  test('no JSON: 400', async () => {
    const client = await open();
    client.send('hello');
    assert.equal((await client.next(({ type }) => type === 'error')).code, 400);
    assert.deepEqual(rules(), ['badFrame']);
  });

  test('spot acknowledges what does not exist, and stays silent', async () => {
    const client = await open();
    for (const topic of [
      '/market/ticker:NO-PE',
      '/market/candles:BTC-USDT_7min',
      '/market/candles:BTC-USDT_1week',
    ])
      assert.equal((await client.ask('subscribe', topic)).type, 'ack');
    clock.advance(10 * SECOND);
    await client.ask('ping');
    assert.deepEqual(client.frames, []);
  });

  test('one bad topic of a list spoils the whole request', async () => {
    server.faults.set({ refuseTopics: ['/market/candles:ETH-KCS_1min'] });
    const client = await open();
    const answer = await client.ask('subscribe', '/market/candles:BTC-USDT_1min,ETH-KCS_1min');
    assert.deepEqual([answer.code, answer.data], [404, 'topic /market/candles:ETH-KCS_1min is not found']);
    clock.advance(3 * SECOND);
    await client.ask('ping');
    assert.deepEqual(client.frames, []);
    assert.equal((await client.ask('subscribe', '/market/candles:BTC-USDT_1min')).type, 'ack');
  });

  test('100 topics per request, 400 per spot connection', async () => {
    const client = await open();
    const list = (from: number, count: number) =>
      `/market/ticker:${Array.from({ length: count }, (_, at) => `S${from + at}-X`).join(',')}`;
    assert.equal((await client.ask('subscribe', list(0, 101))).code, 509);
    for (let from = 0; from < 400; from += 100)
      assert.equal((await client.ask('subscribe', list(from, 100))).type, 'ack');
    assert.equal((await client.ask('subscribe', list(399, 2))).code, 509);
    assert.deepEqual(rules(), ['topicsPerRequest', 'topicsPerConnection']);
    assert.equal((await client.ask('unsubscribe', list(0, 1))).type, 'ack');
    assert.equal((await client.ask('subscribe', list(400, 1))).type, 'ack');
    assert.equal((await client.ask('subscribe', list(400, 1))).type, 'ack', 'asking again is no mistake');
    assert.equal(rules().length, 2);
  });
});

describe('data has the recorded shape', () => {
  const recordedSnapshot = JSON.parse(spotSnapshot.frames[0] as string) as object;
  const cases: readonly [Host, string, object | undefined][] = [
    [SPOT, '/market/ticker:all', spotTicker.frames[0]],
    [SPOT, '/market/snapshot:BTC', recordedSnapshot],
    [SPOT, '/market/snapshot:EWT-BTC', recordedSnapshot],
    [SPOT, '/market/candles:DAPPT-BTC_1min', spotCandle.frames[0]],
    [FUTURES, '/contractMarket/ticker:XBTUSDTM', futuresTicker.frames[0]],
    [FUTURES, '/contractMarket/ticker:XBTUSDM', futuresTicker.frames[0]],
    [FUTURES, '/contractMarket/tickerV2:XBTUSDTM', futuresTickerV2.frames[0]],
    [FUTURES, '/contractMarket/snapshot:XBTUSDTM', futuresTicker.frames[1]],
    [FUTURES, '/contractMarket/limitCandle:XBTUSDTM_1min', futuresCandle.frames[0]],
  ];
  for (const [host, topic, recorded] of cases) {
    test(topic, async () => {
      const client = await open(host);
      await client.ask('subscribe', topic);
      clock.advance(5 * SECOND);
      assert.deepEqual(shape(await client.next(isOf(topic))), shape(recorded));
      assert.deepEqual(rules(), []);
    });
  }

  test('the topic of all has every symbol as subject; single ones the symbol in the topic', async () => {
    const client = await open();
    await client.ask('subscribe', '/market/ticker:all');
    await client.ask('subscribe', '/market/ticker:BTC-EUR');
    clock.advance(SECOND);
    await client.next(isOf('/market/ticker:BTC-EUR'));
    await client.ask('ping');
    const subjects = client.frames.filter(isOf('/market/ticker:all')).map(({ subject }) => subject);
    assert.deepEqual(
      new Set(subjects),
      new Set(venue.markets['kucoin']!.symbols.map(({ symbol }) => symbol)),
    );
  });

  test('a symbol comes in the snapshots of all of its areas', async () => {
    const client = await open();
    for (const area of ['USDS', 'ETF']) await client.ask('subscribe', `/market/snapshot:${area}`);
    clock.advance(2 * SECOND);
    await client.ask('ping');
    const of = (area: string) =>
      client.frames
        .filter(isOf(`/market/snapshot:${area}`))
        .map(({ data }) => (data as { data: { symbol: string; datetime: number } }).data);
    assert.deepEqual(
      of('ETF').map(({ symbol }) => symbol),
      ['BTC3L-USDT'],
    );
    assert.ok(
      of('USDS').some(
        ({ symbol, datetime }) => symbol === 'BTC3L-USDT' && datetime === of('ETF')[0]?.datetime,
      ),
    );
  });

  test('book sizes are contracts, times nanoseconds', async () => {
    const client = await open(FUTURES);
    await client.ask('subscribe', '/contractMarket/ticker:XBTUSDTM');
    clock.advance(SECOND);
    const { data } = await client.next(isOf('/contractMarket/ticker:XBTUSDTM'));
    const { bestAskSize, ts } = data as { bestAskSize: number; ts: number };
    assert.ok(Number.isInteger(bestAskSize) && bestAskSize > 0);
    assert.ok(ts / 1e6 >= START && ts / 1e6 <= clock.now());
  });
});

describe('candles', () => {
  const HOSTS = [
    [SPOT, '/market/candles:BTC-USDT_1min', 'kucoin', 'BTC-USDT'],
    [FUTURES, '/contractMarket/limitCandle:XBTUSDTM_1min', 'kucoinLinear', 'XBTUSDTM'],
    [FUTURES, '/contractMarket/limitCandle:XBTMZ26_1min', 'kucoinInverse', 'XBTMZ26'],
  ] as const;
  for (const [host, topic, exchange, symbol] of HOSTS) {
    test(`${exchange}: the last frame of each bar equals ledger and REST`, async () => {
      const client = await open(host);
      await client.ask('subscribe', topic);
      for (let quarter = 0; quarter < 14; quarter += 1) {
        clock.advance(15 * SECOND);
        await client.ask('ping');
      }
      const last = new Map<number, readonly string[]>();
      let newest = 0;
      for (const { data } of client.frames.filter(isOf(topic))) {
        const row = (data as { candles: readonly string[] }).candles;
        assert.ok(Number(row[0]) >= newest);
        newest = Number(row[0]);
        last.set(newest * SECOND, row);
      }
      const closed = server.ledger.candles({ exchange, symbol });
      assert.deepEqual(
        closed.map(({ start }) => (start - START) / MINUTE),
        [0, 1, 2],
      );
      const to = START + 3 * MINUTE;
      const query =
        host === SPOT
          ? `market/candles?symbol=${symbol}&type=1min&startAt=${START / SECOND}&endAt=${to / SECOND}`
          : `kline/query?symbol=${symbol}&granularity=1&from=${START}&to=${to - 1}`;
      const rows = (await call(`${host.api}/api/v1/${query}`)).data as (string | number)[][];
      const told = (values: readonly (string | number)[]) => values.map(Number);
      closed.forEach((bar, at) => {
        const row = last.get(bar.start)!;
        const contracts = Number((Number(bar.volume) * (exchange === 'kucoinLinear' ? 1_000 : 1)).toFixed(0));
        const prices = [bar.open, bar.close, bar.high, bar.low];
        assert.deepEqual(row.slice(1, 5), prices);
        assert.equal(Number(host === SPOT ? row[5] : row[6]), host === SPOT ? Number(bar.volume) : contracts);
        const expected =
          host === SPOT
            ? [bar.start / SECOND, ...prices, bar.volume]
            : [bar.start, bar.open, bar.high, bar.low, bar.close, contracts];
        assert.deepEqual(told((host === SPOT ? [...rows].reverse() : rows)[at]!.slice(0, 6)), told(expected));
      });
      assert.deepEqual(rules(), []);
    });
  }

  test('spot tells a new bar by another subject', async () => {
    const client = await open();
    await client.ask('subscribe', '/market/candles:BTC-USDT_1min');
    clock.advance(3 * SECOND);
    const subjects = [];
    for (let at = 0; at < 3; at += 1)
      subjects.push((await client.next(isOf('/market/candles:BTC-USDT_1min'))).subject);
    assert.deepEqual(subjects, ['trade.candles.add', ...Array<string>(2).fill('trade.candles.update')]);
  });
});

describe('REST', () => {
  test('symbols and contracts, with rows that a client must leave out', async () => {
    const pairs = (await call(`${SPOT.api}/api/v2/symbols`)).data as {
      symbol: string;
      enableTrading: boolean;
    }[];
    assert.deepEqual([pairs.length, pairs.filter(({ enableTrading }) => !enableTrading).length], [9, 1]);
    const contracts = (await call(`${FUTURES.api}/api/v1/contracts/active`)).data as Record<
      string,
      unknown
    >[];
    const of = (symbol: string) => contracts.find((one) => one['symbol'] === symbol)!;
    assert.equal(contracts.filter(({ status }) => status === 'Open').length, 16);
    assert.equal(contracts.length, 18);
    const read = (symbol: string) =>
      ['baseCurrency', 'multiplier', 'isInverse'].map((key) => of(symbol)[key]);
    assert.deepEqual(read('XBTUSDTM'), ['XBT', 0.001, false]);
    assert.deepEqual(read('XBTUSDM'), ['XBT', -1, true]);
    assert.deepEqual(read('BTCDOMUSDTM'), ['BTCDOM', 0.01, false]);
    assert.equal(typeof of('XBTMZ26')['expireDate'], 'number');
  });

  test('klines: at most 1,500 and 500, newest or oldest first', async () => {
    const query = `symbol=BTC-USDT&type=1min&startAt=${START / SECOND - 99_960}`;
    const spot = (await call(`${SPOT.api}/api/v1/market/candles?${query}`)).data as string[][];
    assert.equal(spot.length, 1_500);
    assert.ok(Number(spot[0]![0]) > Number(spot[1]![0]));
    const from = `symbol=XBTUSDTM&granularity=1&from=${START - 1_000 * MINUTE}`;
    const futures = (await call(`${FUTURES.api}/api/v1/kline/query?${from}`)).data as number[][];
    assert.deepEqual([futures.length, futures[0]![0]], [500, START - 1_000 * MINUTE]);
  });

  for (const [path, code] of [
    [`${SPOT.api}/api/v1/market/candles?symbol=NO-PE&type=1min`, '900001'],
    [`${SPOT.api}/api/v1/market/candles?symbol=BTC-USDT&type=1m`, '400100'],
    [`${SPOT.api}/api/v1/market/candles?symbol=BTC-USDT&type=1min&startAt=x`, '400100'],
    [`${FUTURES.api}/api/v1/kline/query?symbol=NOPE&granularity=1`, '100001'],
    [`${FUTURES.api}/api/v1/kline/query?symbol=XBTUSDTM&granularity=360`, '100001'],
    [`${FUTURES.api}/api/v1/kline/query?symbol=XBTUSDTM&granularity=1&to=x`, '100001'],
  ] as const) {
    test(`${path}: ${code} with HTTP 200`, async () => {
      const answer = await call(path);
      assert.deepEqual([answer.status, answer.code], [200, code]);
    });
  }

  test('time; then 429 with the time to wait, for both hosts together', async () => {
    assert.equal((await call(`${FUTURES.api}/api/v1/timestamp`)).data, START);
    let answer = await call(`${SPOT.api}/api/v1/timestamp`);
    // 3 were used twice; a token weighs 10.
    for (let at = 0; at < 200 && answer.status === 200; at += 1)
      answer = await call(`${SPOT.api}/api/v1/bullet-public`, 'POST');
    assert.deepEqual([answer.status, answer.code], [429, '429000']);
    const waitMs = Number(answer.headers.get('gw-ratelimit-reset'));
    assert.ok(waitMs > 0 && waitMs <= 30_000);
    assert.deepEqual(rules(), ['restWeight']);
    clock.advance(waitMs);
    assert.equal((await call(`${SPOT.api}/api/v1/timestamp`)).status, 200);
  });
});

describe('faults and load', () => {
  test('a stalled connection answers and brings no data', async () => {
    const client = await open();
    await client.ask('subscribe', '/market/ticker:all');
    server.faults.set({ stall: true });
    clock.advance(5 * SECOND);
    assert.equal((await client.ask('ping')).type, 'pong');
    assert.deepEqual(client.frames, []);
  });

  test('there is no notice, but a drop', async () => {
    const client = await open();
    assert.equal(server.notice(), 0);
    assert.equal(server.drop({ code: 1001 }), 1);
    assert.equal(await client.closed, 1001);
  });

  for (const [host, topic, exchange] of [
    [SPOT, '/market/ticker:all', 'kucoin'],
    [FUTURES, '/contractMarket/ticker:XBTUSDTM', 'kucoinLinear'],
  ] as const) {
    test(`load of ${exchange}: so many tickers, stamped at sending`, async () => {
      const client = await open(host);
      await client.ask('subscribe', topic);
      const run = venue.load!(exchange, { tickersPerSecond: 1_000 });
      clock.advance(100);
      run.stop();
      await client.ask('ping');
      const loaded = client.frames.filter(isOf(topic));
      assert.ok(run.sent() >= 95 && loaded.length >= run.sent(), `${run.sent()} of ${loaded.length}`);
      const { time, ts } = loaded.at(-1)!.data as { time?: number; ts?: number };
      assert.ok(Math.abs((time ?? ts! / 1e6) - clock.now()) < 10);
    });
  }

  test('equal seeds tell equal histories', async () => {
    const path = `${SPOT.api}/api/v1/market/candles?symbol=BTC-USDT&type=1hour&startAt=${START / SECOND - 36_000}`;
    const first = (await call(path)).data;
    await reopen({});
    assert.deepEqual((await call(path)).data, first);
  });
});
