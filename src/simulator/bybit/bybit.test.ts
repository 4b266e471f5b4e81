import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { Clock, Timer } from '../../domain/time';
import { SimServer, systemClock, VenueHost, warpClock } from '../kit';
import spotTicker from './__fixtures__/bybit.ticker.spot-snapshot.json';
import inverseTicker from './__fixtures__/bybitInverse.ticker.snapshot-and-delta.json';
import linearKline from './__fixtures__/bybitLinear.candle.open-and-closed.json';
import linearTicker from './__fixtures__/bybitLinear.ticker.snapshot-and-deltas.json';
import type { BybitSimulator } from './index';
import { simulateBybit } from './index';

const SPOT = 'wss://stream.bybit.com/v5/public/spot';
const LINEAR = 'wss://stream.bybit.com/v5/public/linear';
const INVERSE = 'wss://stream.bybit.com/v5/public/inverse';
const STREAM = 'wss://stream.bybit.com';
const REST = 'https://api.bybit.com';

interface Venue {
  readonly server: SimServer;
  readonly simulator: BybitSimulator;
}

interface VenueOptions {
  readonly symbols?: number;
  readonly warp?: number;
  readonly clock?: Clock;
}

async function venue(t: TestContext, options: VenueOptions = {}): Promise<Venue> {
  const { symbols = 12, warp = 1, clock = systemClock } = options;
  const server = new SimServer(clock);
  const host = new VenueHost(server, clock, warpClock(clock, warp), 7, symbols);
  const simulator = simulateBybit(host, { tickerMs: 20, klineMs: 20 });
  await server.listen();
  t.after(async () => {
    simulator.stop();
    await server.close();
  });
  return { server, simulator };
}

interface Frame {
  readonly topic?: string;
  readonly type?: string;
  readonly op?: string;
  readonly success?: boolean;
  readonly ret_msg?: string;
  readonly req_id?: string;
  readonly ts?: number;
  readonly data?: unknown;
}

/** A raw client. `next` waits for the first frame, seen or to come, that fits, and takes it. */
class Client {
  readonly frames: Frame[] = [];
  private readonly waiting = new Set<() => void>();
  closed: number | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const text = (data as Buffer).toString();
      this.frames.push(text.startsWith('{') ? (JSON.parse(text) as Frame) : { data: text });
      for (const check of this.waiting) check();
    });
    socket.on('close', (code) => {
      this.closed = code;
      for (const check of this.waiting) check();
    });
  }

  static async dial({ server }: Venue, url: string): Promise<Client> {
    const client = new Client(new WebSocket(server.urlOf(url)));
    await new Promise<void>((resolve, reject) => {
      client.socket.once('open', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  subscribe(args: readonly string[], req_id = 'r'): void {
    this.send({ op: 'subscribe', req_id, args });
  }

  async next(fits: (frame: Frame) => boolean): Promise<Frame> {
    const take = (): Frame | undefined => {
      const at = this.frames.findIndex(fits);
      return at < 0 ? undefined : this.frames.splice(at, 1)[0];
    };
    return this.until(take);
  }

  async end(): Promise<number> {
    return this.until(() => this.closed);
  }

  private until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        this.waiting.delete(check);
        resolve(found);
      };
      this.waiting.add(check);
      check();
    });
  }
}

const isAnswer = (frame: Frame): boolean => frame.op !== undefined;
const isOf =
  (topic: string, type?: string) =>
  (frame: Frame): boolean =>
    frame.topic === topic && (type === undefined || frame.type === type);
const shape = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Array.isArray(value)
      ? value.slice(0, 1).map(shape)
      : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
    : typeof value;

function rulesOf({ server }: Venue): readonly string[] {
  return server.violations.list().map(({ rule }) => rule);
}

// ---------------------------------------------------------------------------- data

const SNAPSHOTS = [
  [SPOT, 'BTCUSDT', spotTicker.frames[0]],
  [LINEAR, 'NKNUSDT', linearTicker.frames[0]],
  [INVERSE, 'BTCUSD', inverseTicker.frames[0]],
] as const;

for (const [url, symbol, recorded] of SNAPSHOTS) {
  test(`snapshots of ${url} have the recorded shape`, async (t) => {
    const client = await Client.dial(await venue(t), url);
    client.subscribe([`tickers.${symbol}`], 'r-1');
    assert.deepEqual(await client.next(isAnswer), {
      success: true,
      ret_msg: url === SPOT ? 'subscribe' : '',
      conn_id: '5e550000-0000-4000-8000-000000000001',
      req_id: 'r-1',
      op: 'subscribe',
    });
    const frame = await client.next(isOf(`tickers.${symbol}`));
    assert.deepEqual(shape(frame), shape(recorded));
    assert.equal(frame.type, 'snapshot');
    assert.equal((frame.data as { symbol: string }).symbol, symbol);
  });
}

test('contracts send a snapshot, then what changed; spot sends snapshots only', async (t) => {
  const one = await venue(t, { warp: 60 });
  const linear = await Client.dial(one, LINEAR);
  linear.subscribe(['tickers.BTCUSDT']);
  const { data } = await linear.next(isOf('tickers.BTCUSDT'));
  const merged = { ...(data as Record<string, string>) };
  const all = Object.keys(merged).length;
  for (let count = 0; count < 5; count += 1) {
    const delta = await linear.next(isOf('tickers.BTCUSDT'));
    assert.equal(delta.type, 'delta');
    assert.ok(Object.keys(delta.data as object).length < all);
    Object.assign(merged, delta.data);
  }
  assert.equal(Object.keys(merged).length, all);

  const spot = await Client.dial(one, SPOT);
  spot.subscribe(['tickers.BTCUSDT']);
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await spot.next(isOf('tickers.BTCUSDT'))).type, 'snapshot');
  }
  assert.deepEqual(rulesOf(one), []);
});

test('the same topic of two categories does not mix', async (t) => {
  const one = await venue(t);
  const spot = await Client.dial(one, SPOT);
  const linear = await Client.dial(one, LINEAR);
  spot.subscribe(['tickers.BTCUSDT']);
  linear.subscribe(['tickers.BTCUSDT']);
  const has = (frame: Frame, key: string): boolean => Object.hasOwn(frame.data as object, key);
  for (let count = 0; count < 3; count += 1) {
    assert.ok(has(await spot.next(isOf('tickers.BTCUSDT')), 'turnover24h'));
    assert.ok(!has(await spot.next(isOf('tickers.BTCUSDT')), 'bid1Price'));
  }
  assert.ok(has(await linear.next(isOf('tickers.BTCUSDT')), 'bid1Price'));
});

interface Row {
  readonly start: number;
  readonly interval: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly confirm: boolean;
}

test('each bar closes once, in order, and equals ledger and REST', async (t) => {
  const one = await venue(t, { warp: 600 });
  const client = await Client.dial(one, LINEAR);
  client.subscribe(['kline.1.BTC-26DEC25']);
  const closed: Row[] = [];
  let rowsAtOnce = 0;
  while (closed.length < 10) {
    const frame = await client.next(isOf('kline.1.BTC-26DEC25'));
    assert.deepEqual(shape(frame), shape(linearKline.frames[0]));
    const rows = frame.data as readonly Row[];
    rowsAtOnce = Math.max(rowsAtOnce, rows.length);
    closed.push(...rows.filter(({ confirm }) => confirm));
  }
  assert.equal(rowsAtOnce, 2);
  for (const [at, row] of closed.entries()) {
    if (at > 0) assert.equal(row.start, closed[at - 1]!.start + 60_000);
  }
  const ledger = one.server.ledger.candles({ exchange: 'bybitLinear', symbol: 'BTC-26DEC25' });
  const query = `category=linear&symbol=BTC-26DEC25&interval=1&start=${closed[0]!.start}&end=${closed[9]!.start}`;
  const { list } = (await get(one, `/v5/market/kline?${query}`)).result as { list: readonly string[][] };
  assert.equal(list.length, 10);
  closed.forEach(({ start, open, high, low, close, volume }, at) => {
    const { open: o, high: h, low: l, close: c, volume: v } = ledger.find((entry) => entry.start === start)!;
    assert.deepEqual([open, high, low, close, volume], [o, h, l, c, v]);
    assert.deepEqual(list[9 - at]!.slice(0, 6), [String(start), o, h, l, c, v]);
  });
});

test('unsubscribed topics fall silent, the others go on', async (t) => {
  const client = await Client.dial(await venue(t), SPOT);
  client.subscribe(['tickers.BTCUSDT', 'tickers.ETHUSDT']);
  await client.next(isOf('tickers.BTCUSDT'));
  client.send({ op: 'unsubscribe', req_id: 'u', args: ['tickers.BTCUSDT'] });
  const answer = await client.next((frame) => frame.op === 'unsubscribe');
  assert.equal(answer.success, true);
  client.frames.length = 0;
  for (let count = 0; count < 3; count += 1) await client.next(isOf('tickers.ETHUSDT'));
  assert.ok(!client.frames.some(isOf('tickers.BTCUSDT')));
});

test('equal seeds tell equal histories', async (t) => {
  const path = '/v5/market/kline?category=inverse&symbol=BTCUSD&interval=60&limit=5&end=';
  const [first, second] = [await venue(t), await venue(t)];
  const end = String(Date.now() - 7_200_000);
  assert.deepEqual((await get(first, path + end)).result, (await get(second, path + end)).result);
});

test('load sends one ticker per frame, stamped at sending', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one, LINEAR);
  client.subscribe(['tickers.BTCUSDT', 'tickers.ETHUSDT']);
  await client.next(isOf('tickers.ETHUSDT'));
  const before = Date.now();
  const run = one.simulator.load!('bybitLinear', { tickersPerSecond: 2_000 });
  for (let count = 0; count < 100; count += 1) await client.next(isOf('tickers.BTCUSDT', 'delta'));
  run.stop();
  const frame = await client.next(isOf('tickers.ETHUSDT', 'delta'));
  assert.ok(run.sent() >= 100);
  assert.ok(frame.ts! >= before - 1_000 && frame.ts! <= Date.now());
});

// ---------------------------------------------------------------------------- answers

interface Talk {
  readonly title: string;
  readonly url: string;
  readonly send: unknown;
  readonly text: string | RegExp;
  readonly rules?: readonly string[];
}

const many = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `tickers.SIM${at}USDT`);

const REFUSALS: readonly Talk[] = [
  {
    title: 'an unknown topic fails the whole request',
    url: LINEAR,
    send: { op: 'subscribe', req_id: 'r', args: ['tickers.BTCUSDT', 'tickers.NOPEUSDT'] },
    text: 'error:handler not found,topic:tickers.NOPEUSDT',
  },
  {
    title: 'spot has its own words for it',
    url: SPOT,
    send: { op: 'subscribe', req_id: 'r', args: ['tickers.BTCUSDT', 'tickers.NOPEUSDT'] },
    text: 'Invalid symbol :[tickers.NOPEUSDT]',
  },
  {
    title: 'lower case is unknown',
    url: LINEAR,
    send: { op: 'subscribe', req_id: 'r', args: ['tickers.btcusdt'] },
    text: 'error:handler not found,topic:tickers.btcusdt',
  },
  {
    title: 'an interval that the venue lacks is unknown',
    url: LINEAR,
    send: { op: 'subscribe', req_id: 'r', args: ['kline.480.BTCUSDT'] },
    text: 'error:handler not found,topic:kline.480.BTCUSDT',
  },
  {
    title: 'more than ten args on spot',
    url: SPOT,
    send: { op: 'subscribe', req_id: 'r', args: many(11) },
    text: 'args size >10',
    rules: ['topicsPerRequest'],
  },
  {
    title: 'an op that does not exist',
    url: LINEAR,
    send: { op: 'shout', req_id: 'r' },
    text: 'error:invalid op',
    rules: ['venue:invalidOp'],
  },
  {
    title: 'text that is no JSON',
    url: LINEAR,
    send: 'hello',
    text: /^Failed to decode incoming data:hello/,
    rules: ['badFrame'],
  },
  {
    title: 'args that are no list',
    url: LINEAR,
    send: { op: 'subscribe', req_id: 'r', args: 'tickers.BTCUSDT' },
    text: 'error:format error',
    rules: ['badFrame'],
  },
];

for (const { title, url, send, text, rules = [] } of REFUSALS) {
  test(`refused: ${title}`, async (t) => {
    const one = await venue(t);
    const client = await Client.dial(one, url);
    client.send(send);
    const answer = await client.next(isAnswer);
    assert.equal(answer.success, false);
    if (typeof text === 'string') assert.equal(answer.ret_msg, text);
    else assert.match(answer.ret_msg!, text);
    // The socket goes on answering, and nothing of the request was accepted.
    client.send({ op: 'ping', req_id: 'p' });
    assert.equal((await client.next(isAnswer)).ret_msg, 'pong');
    assert.deepEqual(rulesOf(one), rules);
    assert.deepEqual(one.server.origin(STREAM).open()[0]!.topics, []);
  });
}

test('a duplicate is refused, and the topic lives on', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one, LINEAR);
  client.subscribe(['tickers.BTCUSDT'], 'a');
  await client.next(isAnswer);
  client.subscribe(['tickers.ETHUSDT', 'tickers.BTCUSDT'], 'b');
  const answer = await client.next(isAnswer);
  assert.equal(answer.ret_msg, 'error:already subscribed,topic:tickers.BTCUSDT');
  assert.deepEqual(rulesOf(one), ['duplicateTopic']);
  client.frames.length = 0;
  await client.next(isOf('tickers.BTCUSDT'));
});

test('more than 21,000 characters of topics do not fit into a connection', async (t) => {
  const one = await venue(t, { symbols: 1_200 });
  const client = await Client.dial(one, LINEAR);
  client.subscribe(many(1_180).slice(1));
  assert.match((await client.next(isAnswer)).ret_msg!, /^args size >21000$/);
  assert.deepEqual(rulesOf(one), ['topicBytesPerConnection']);
});

test('the first data may overtake its ack', async (t) => {
  const client = await Client.dial(await venue(t), LINEAR);
  client.subscribe(['tickers.BTCUSDT'], 'a');
  await client.next((frame) => frame.req_id === 'a');
  client.subscribe(['tickers.ETHUSDT'], 'b');
  await client.next((frame) => frame.req_id === 'b');
  assert.ok(client.frames.some(isOf('tickers.ETHUSDT', 'snapshot')));
});

// ---------------------------------------------------------------------------- faults and limits

test('a client that never speaks is cut without a close frame', async (t) => {
  const clock = new StepClock();
  const one = await venue(t, { clock });
  const client = await Client.dial(one, LINEAR);
  clock.step(59_000);
  assert.equal(client.closed, undefined);
  clock.step(31_000);
  assert.equal(await client.end(), 1006);
  assert.deepEqual(rulesOf(one), ['heartbeat']);
});

test('more than 500 dials in five minutes are refused', async (t) => {
  const one = await venue(t);
  const origin = one.server.origin(STREAM);
  const now = systemClock.monotonic();
  for (let count = 0; count < 500; count += 1) origin.dials.take(now);
  await assert.rejects(Client.dial(one, LINEAR), /429/);
  assert.deepEqual(rulesOf(one), ['dials']);
});

test('a refused topic fails its request until the fault is gone', async (t) => {
  const one = await venue(t);
  one.server.faults.set({ refuseTopics: ['tickers.ETHUSDT'] }, { origin: STREAM });
  const client = await Client.dial(one, LINEAR);
  client.subscribe(['tickers.BTCUSDT', 'tickers.ETHUSDT']);
  assert.equal((await client.next(isAnswer)).ret_msg, 'error:handler not found,topic:tickers.ETHUSDT');
  one.server.faults.clear();
  client.subscribe(['tickers.BTCUSDT', 'tickers.ETHUSDT']);
  assert.equal((await client.next(isAnswer)).success, true);
  assert.deepEqual(rulesOf(one), []);
});

test('after a stall the state is told anew', async (t) => {
  const clock = new StepClock();
  const one = await venue(t, { clock });
  const client = await Client.dial(one, LINEAR);
  client.subscribe(['tickers.BTCUSDT']);
  await client.next(isOf('tickers.BTCUSDT', 'snapshot'));
  one.server.faults.set({ stall: true }, { origin: STREAM });
  clock.step(2_000);
  client.send({ op: 'ping', req_id: 'p' });
  await client.next((frame) => frame.ret_msg === 'pong');
  assert.ok(!client.frames.some(isOf('tickers.BTCUSDT')));
  one.server.faults.clear();
  clock.step(2_000);
  assert.equal((await client.next(isOf('tickers.BTCUSDT'))).type, 'snapshot');
  assert.equal((await client.next(isOf('tickers.BTCUSDT'))).type, 'delta');
});

test('a maintenance notice goes out on the status socket, on demand', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one, 'wss://stream.bybit.com/v5/public/misc/status');
  client.subscribe(['system.status']);
  assert.equal((await client.next(isAnswer)).success, true);
  const url = `http://127.0.0.1:${one.server.port}/__sim/bybit/status`;
  const response = await fetch(url, { method: 'POST', body: '{"state":"ongoing","end":5}' });
  assert.deepEqual(await response.json(), { sent: 1 });
  const notice = await client.next(isOf('system.status'));
  const [row] = notice.data as readonly { state: string; end: string }[];
  assert.equal(row!.state, 'ongoing');
  assert.equal(row!.end, '5');
  assert.equal((await fetch(url, { method: 'POST', body: '{"state":"?"}' })).status, 400);
});

// ---------------------------------------------------------------------------- REST

interface RestAnswer {
  readonly retCode: number;
  readonly result: object;
  readonly time: number;
}

async function get({ server }: Venue, path: string): Promise<RestAnswer> {
  const response = await fetch(server.urlOf(REST + path));
  return (await response.json()) as RestAnswer;
}

interface Instruments {
  readonly list: readonly { symbol: string; status: string; contractType?: string }[];
  readonly nextPageCursor?: string;
}

test('contracts are paged, spot is not', async (t) => {
  const one = await venue(t, { symbols: 30 });
  const path = '/v5/market/instruments-info?category=';
  const symbols: string[] = [];
  let cursor = '';
  while (cursor !== '' || symbols.length === 0) {
    const query: string = `linear&limit=20${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const { list, nextPageCursor }: Instruments = (await get(one, path + query)).result as Instruments;
    symbols.push(...list.map(({ symbol }) => symbol));
    cursor = nextPageCursor ?? '';
  }
  assert.equal(new Set(symbols).size, 30);
  assert.ok(symbols.includes('BTC-26DEC25'));
  const spot = (await get(one, `${path}spot&limit=5`)).result as Instruments;
  assert.equal(spot.list.length, 30);
  assert.equal(spot.nextPageCursor, undefined);
  const inverse = (await get(one, `${path}inverse`)).result as Instruments;
  assert.equal(inverse.list.find(({ symbol }) => symbol === 'BTCUSDU26')!.contractType, 'InverseFutures');
});

for (const query of [
  'instruments-info?category=nope',
  'instruments-info?category=linear&cursor=nope',
  'instruments-info?category=linear&limit=1001',
  'kline?category=linear&symbol=NOPE&interval=1',
  'kline?category=linear&symbol=BTCUSDT&interval=480',
  'kline?category=linear&symbol=BTCUSDT&interval=1&limit=1001',
]) {
  test(`REST refuses ${query}`, async (t) => {
    assert.equal((await get(await venue(t), `/v5/market/${query}`)).retCode, 10001);
  });
}

test('klines: newest first, the forming bar included', async (t) => {
  const one = await venue(t);
  const { result, time } = await get(one, '/v5/market/kline?category=spot&symbol=BTCUSDT&interval=5');
  const { list } = result as { list: readonly string[][] };
  assert.equal(list.length, 200);
  assert.ok(Number(list[0]![0]) + 300_000 > time);
  assert.equal(Number(list[0]![0]) - Number(list[199]![0]), 199 * 300_000);
});

test('more than 600 requests in 5 s are banned, as the venue does', async (t) => {
  const clock = new StepClock();
  const one = await venue(t, { clock });
  const url = one.server.urlOf(`${REST}/v5/market/time`);
  const statusOf = async (): Promise<number> => (await fetch(url)).status;
  for (let count = 0; count < 600; count += 1) assert.equal(await statusOf(), 200);
  assert.equal(await statusOf(), 403);
  clock.step(599_000);
  assert.equal(await statusOf(), 403);
  clock.step(2_000);
  assert.equal(await statusOf(), 200);
  assert.deepEqual(rulesOf(one), ['restWeight', 'restWeight']);
});

/** Stands still until it is told to go on. */
class StepClock implements Clock {
  private at = Date.now();
  private readonly timers = new Set<{
    due: number;
    readonly period: number | undefined;
    readonly run: () => void;
  }>();

  now(): number {
    return this.at;
  }

  monotonic(): number {
    return this.at;
  }

  after(delayMs: number, run: () => void): Timer {
    return this.add(delayMs, undefined, run);
  }

  every(periodMs: number, run: () => void): Timer {
    return this.add(periodMs, periodMs, run);
  }

  cancel(timer: Timer | undefined): void {
    for (const one of this.timers) if (one === timer) this.timers.delete(one);
  }

  /** Runs what is due on the way, in order, in steps of a second. */
  step(ms: number): void {
    const end = this.at + ms;
    while (this.at < end) {
      this.at = Math.min(end, this.at + 1_000);
      for (const timer of [...this.timers]) {
        if (timer.due > this.at || !this.timers.has(timer)) continue;
        if (timer.period === undefined) this.timers.delete(timer);
        else timer.due = this.at + timer.period;
        timer.run();
      }
    }
  }

  private add(delayMs: number, period: number | undefined, run: () => void): Timer {
    const timer = { due: this.at + delayMs, period, run };
    this.timers.add(timer);
    return timer;
  }
}
