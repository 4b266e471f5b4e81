import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../domain/time';
import { SimServer, VenueHost, warpClock, type VenueSimulator } from '../kit';
import candleRecording from './__fixtures__/candle.json';
import errorRecording from './__fixtures__/control.errors.json';
import inverseRecording from './__fixtures__/ticker.inverse.json';
import linearRecording from './__fixtures__/ticker.linear.json';
import spotRecording from './__fixtures__/ticker.spot.json';
import { simulateBitget } from './index';

const PUBLIC = 'wss://ws.bitget.com/v2/ws/public';
const REST = 'https://api.bitget.com/api/v2';
const SECOND = 1_000;
const MINUTE = 60_000;
/** A full minute, some hours into a UTC day. */
const START = Date.UTC(2026, 10, 23, 7, 0, 0);
const HISTORY_ROWS = 5;

/** Time stands still until a test moves it. */
class TestClock implements Clock {
  private time = 0;
  private readonly timers = new Map<object, { at: number; periodMs?: number; run: () => void }>();

  now = (): number => START + this.time;
  monotonic = (): number => this.time;
  after(delayMs: number, run: () => void): Timer {
    const timer = {};
    this.timers.set(timer, { at: this.time + delayMs, run });
    return timer;
  }
  every(periodMs: number, run: () => void): Timer {
    const timer = {};
    this.timers.set(timer, { at: this.time + periodMs, periodMs, run });
    return timer;
  }
  cancel(timer: Timer | undefined): void {
    this.timers.delete(timer as object);
  }

  advance(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [timer, { at, periodMs, run }] = due;
      this.time = Math.max(this.time, at);
      if (periodMs === undefined) this.timers.delete(timer);
      else this.timers.set(timer, { at: at + periodMs, periodMs, run });
      run();
    }
    this.time = until;
  }
}

/** Tests know what they sent for. */
interface Frame {
  event?: string;
  action?: string;
  code?: number;
  msg?: string;
  op?: string;
  arg?: object;
  data?: never[];
  ts?: number;
}

class Client {
  private readonly inbox: (Frame | string)[] = [];
  private wake: () => void = () => undefined;
  readonly closed: Promise<number>;

  private constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        resolve(code);
        this.wake();
      });
    });
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      this.inbox.push(text.startsWith('{') ? (JSON.parse(text) as Frame) : text);
      this.wake();
    });
  }

  static async open(url: string): Promise<Client> {
    const client = new Client(new WebSocket(url));
    clients.push(client);
    await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
    return client;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame, oldest first. */
  async next(): Promise<Frame> {
    while (this.inbox.length === 0) {
      assert.equal(this.socket.readyState, WebSocket.OPEN, 'closed while a frame was awaited');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.inbox.shift() as Frame;
  }

  async subscribe(...args: object[]): Promise<Frame[]> {
    this.send({ op: 'subscribe', args });
    return this.take(args.length);
  }

  async take(count: number): Promise<Frame[]> {
    const frames = [];
    for (let left = count; left > 0; left -= 1) frames.push(await this.next());
    return frames;
  }

  /** Everything that came before the answer to a ping: nothing is on its way any more. */
  async drain(): Promise<Frame[]> {
    this.send('ping');
    const frames = [];
    for (let frame = await this.next(); (frame as unknown) !== 'pong'; frame = await this.next()) {
      frames.push(frame);
    }
    return frames;
  }
}

let clients: Client[] = [];
let clock: TestClock;
let server: SimServer;
let venue: VenueSimulator;

beforeEach(async () => {
  clock = new TestClock();
  server = new SimServer(clock);
  const host = new VenueHost(server, clock, warpClock(clock, 1), 1, 6);
  venue = simulateBitget(host, { historyRows: HISTORY_ROWS, horizonMs: 60 * MINUTE });
  await server.listen();
});

afterEach(async () => {
  for (const { socket } of clients) socket.terminate();
  clients = [];
  venue.stop();
  await server.close();
});

const open = (): Promise<Client> => Client.open(server.urlOf(PUBLIC));
const rules = (): string[] => server.violations.list().map(({ rule }) => rule);

interface Answer {
  status: number;
  code: string;
  requestTime: number;
  data: never[];
}

async function get(path: string): Promise<Answer> {
  const response = await fetch(server.urlOf(`${REST}${path}`));
  return { ...((await response.json()) as Omit<Answer, 'status'>), status: response.status };
}

const ticker = (instId: string, instType = 'SPOT'): object => ({ instType, channel: 'ticker', instId });
const candle = (instId: string, instType = 'SPOT', channel = 'candle1m'): object => ({
  instType,
  channel,
  instId,
});

describe('bitget simulator: subscriptions', () => {
  test('one answer per arg, in order, none with an id; a bad arg does not spoil its neighbours', async () => {
    const client = await open();
    const bad = { instType: 'sp', channel: 'books5', instId: 'BTCUSDT-' };
    const answers = await client.subscribe(ticker('BTCUSDT'), bad, ticker('BTCPERP', 'USDC-FUTURES'));
    assert.deepEqual(answers, [
      { event: 'subscribe', arg: ticker('BTCUSDT') },
      errorRecording.frames[0],
      { event: 'subscribe', arg: ticker('BTCPERP', 'USDC-FUTURES') },
    ]);
    assert.deepEqual(rules(), []);
  });

  const unknown: [string, object][] = [
    ['symbol of another product line', ticker('BTCPERP', 'USDT-FUTURES')],
    ['channel without a market', candle('BTCUSDT', 'SPOT', 'candle2H')],
    ['three minutes', candle('BTCUSDT', 'SPOT', 'candle3m')],
  ];
  for (const [name, arg] of unknown) {
    test(`30001: ${name}`, async () => {
      const client = await open();
      const [answer] = await client.subscribe(arg);
      assert.deepEqual([answer?.event, answer?.code, answer?.arg], ['error', 30_001, arg]);
    });
  }

  test('bars at UTC+8 are acknowledged and stay silent', async () => {
    const client = await open();
    const [answer] = await client.subscribe(candle('BTCUSDT', 'SPOT', 'candle1D'));
    assert.equal(answer?.event, 'subscribe');
    clock.advance(3 * SECOND);
    assert.deepEqual(await client.drain(), []);
  });

  test('asking again is answered again; after unsubscribing nothing more comes', async () => {
    const client = await open();
    await client.subscribe(ticker('BTCUSDT'));
    assert.equal((await client.subscribe(ticker('BTCUSDT')))[0]?.event, 'subscribe');
    client.send({ op: 'unsubscribe', args: [ticker('BTCUSDT')] });
    assert.deepEqual(await client.next(), { event: 'unsubscribe', arg: ticker('BTCUSDT') });
    clock.advance(5 * SECOND);
    assert.deepEqual(await client.drain(), []);
    assert.deepEqual(rules(), []);
  });

  const malformed: [string, unknown, number][] = [
    ['no JSON', 'hello', 30_002],
    ['unknown op', { op: 'dance', args: [ticker('BTCUSDT')] }, 30_003],
    ['no args', { op: 'subscribe', args: [] }, 30_016],
    ['arg without instId', { op: 'subscribe', args: [{ instType: 'SPOT', channel: 'ticker' }] }, 30_016],
  ];
  for (const [name, frame, code] of malformed) {
    test(`malformed request: ${name}`, async () => {
      const client = await open();
      client.send(frame);
      assert.equal((await client.next()).code, code);
      assert.deepEqual(rules(), ['badFrame']);
    });
  }

  test('the refusal fault speaks as the venue does', async () => {
    server.faults.set({ refuseTopics: ['SPOT/ticker/BTCUSDT'] });
    const client = await open();
    assert.equal((await client.subscribe(ticker('BTCUSDT')))[0]?.code, 30_001);
  });
});

describe('bitget simulator: data', () => {
  const recordings: [string, string, { frames: { data: object[] }[] }][] = [
    ['BTCUSDT', 'SPOT', spotRecording],
    ['BTCUSDT', 'USDT-FUTURES', linearRecording],
    ['BTCPERP', 'USDC-FUTURES', linearRecording],
    ['BTCUSD', 'COIN-FUTURES', inverseRecording],
  ];
  for (const [instId, instType, { frames }] of recordings) {
    test(`${instType} ${instId}: tickers have the keys of the recording, and come when they moved`, async () => {
      const client = await open();
      await client.subscribe(ticker(instId, instType));
      clock.advance(3 * SECOND);
      const pushes = await client.drain();
      assert.ok(pushes.length >= 3 && pushes.length <= 4, 'the model moves once a second');
      const recorded = frames[0]!.data[0] as Record<string, string>;
      for (const { action, arg, data, ts } of pushes) {
        assert.equal(action, 'snapshot');
        assert.deepEqual(arg, ticker(instId, instType));
        const [row] = data as unknown as [Record<string, string>];
        assert.deepEqual(Object.keys(row), Object.keys(recorded));
        assert.equal(row.instId, instId);
        assert.ok(Number(row.ts) < ts! && ts! <= clock.now());
        for (const key of ['lastPr', 'bidPr', 'askPr', 'bidSz', 'askSz', 'baseVolume', 'quoteVolume']) {
          assert.match(row[key]!, /^\d+(\.\d+)?$/, key);
        }
      }
    });
  }

  test('volumes of coin-margined contracts are coin and dollars', async () => {
    const client = await open();
    await client.subscribe(ticker('BTCUSD', 'COIN-FUTURES'));
    clock.advance(SECOND);
    const [push] = await client.drain();
    const [{ lastPr, baseVolume, quoteVolume }] = push!.data as unknown as [Record<string, string>];
    const ratio = Number(quoteVolume) / (Number(baseVolume) * Number(lastPr));
    assert.ok(ratio > 0.8 && ratio < 1.2, String(ratio));
  });

  test('a candle topic begins with history, oldest first, the forming bar last; again when asked again', async () => {
    clock.advance(10 * SECOND);
    const client = await open();
    for (let times = 0; times < 2; times += 1) {
      const [ack] = await client.subscribe(candle('BTCUSDT'));
      assert.equal(ack?.event, 'subscribe');
      const { action, data } = await client.next();
      assert.equal(action, 'snapshot');
      const rows = data as unknown as string[][];
      const starts = [-4, -3, -2, -1, 0].map((bar) => String(START + bar * MINUTE));
      assert.deepEqual(
        rows.map(([start]) => start),
        starts,
      );
      for (const row of rows) assert.equal(row.length, candleRecording.frames[0]!.data[0]!.length);
    }
  });

  /** The last row of every bar that was pushed, and how many frames held two bars. */
  async function lastRows(
    client: Client,
    forMs: number,
  ): Promise<{ last: Map<string, string[]>; shared: number }> {
    const last = new Map<string, string[]>();
    let shared = 0;
    for (let left = forMs; left > 0; left -= MINUTE / 2) {
      clock.advance(Math.min(left, MINUTE / 2));
      for (const { data = [] } of await client.drain()) {
        if (data.length === 2) shared += 1;
        for (const row of data as string[][]) last.set(row[0]!, row);
      }
    }
    return { last, shared };
  }

  const lines: [string, string, string][] = [
    ['BTCUSDT', 'SPOT', 'bitget'],
    ['BTCPERP', 'USDC-FUTURES', 'bitgetUsdm'],
    ['BTCUSD', 'COIN-FUTURES', 'bitgetCoinm'],
  ];
  for (const [instId, instType, exchange] of lines) {
    test(`${instType}: the last row of a bar before a newer one equals the ledger and REST`, async () => {
      const client = await open();
      await client.subscribe(candle(instId, instType));
      const { last, shared } = await lastRows(client, 5 * MINUTE + SECOND);
      assert.ok(shared >= 1, 'sometimes both bars come in one frame');
      const ledger = server.ledger.candles({ exchange, symbol: instId, interval: '1m' });
      assert.equal(ledger.length, 5);
      for (const { start, open: first, high, low, close, volume } of ledger) {
        assert.deepEqual(last.get(String(start))?.slice(0, 6), [
          String(start),
          first,
          high,
          low,
          close,
          volume,
        ]);
      }
      const isSpot = instType === 'SPOT';
      const path = isSpot
        ? '/spot/market/candles?granularity=1min'
        : `/mix/market/candles?productType=${instType}&granularity=1m`;
      const { data } = await get(
        `${path}&symbol=${instId}&startTime=${START - 1}&endTime=${START + 5 * MINUTE}`,
      );
      const rows = data as unknown as string[][];
      assert.deepEqual(
        rows.map((row) => row.slice(0, 7)),
        [0, 1, 2, 3, 4].map((bar) => last.get(String(START + bar * MINUTE))!.slice(0, 7)),
      );
      assert.equal(rows[0]!.length, isSpot ? 8 : 7);
    });
  }

  test('load: so many updates per second, over the subscribed symbols of the market', async () => {
    const client = await open();
    const args = [ticker('BTCUSDT', 'USDT-FUTURES'), ticker('BTCPERP', 'USDC-FUTURES')];
    await client.subscribe(...args, ticker('BTCUSDT'));
    const run = venue.load!('bitgetUsdm', { tickersPerSecond: 1_000 });
    for (let moment = 0; moment < 10; moment += 1) clock.advance(5);
    run.stop();
    assert.equal(run.sent(), 50);
    const seen = await client.take(50);
    assert.deepEqual(
      seen.slice(0, 2).map(({ arg }) => arg),
      args,
    );
    const [row] = seen[49]!.data as unknown as [{ ts: string }];
    assert.deepEqual([Number(row.ts), seen[49]!.ts], [clock.now(), clock.now()]);
    assert.throws(() => venue.load!('binance', { tickersPerSecond: 1 }), /no such market/);
  });
});

describe('bitget simulator: limits', () => {
  test('2 min without a text ping: cut, whatever else was said', async () => {
    const client = await open();
    for (let quarter = 0; quarter < 4; quarter += 1) {
      assert.equal(client.socket.readyState, WebSocket.OPEN);
      clock.advance(MINUTE / 2);
      if (quarter === 3) break;
      client.socket.ping();
      await new Promise((resolve) => client.socket.once('pong', resolve));
      await client.subscribe(ticker('BTCUSDT', 'none'));
    }
    assert.equal(await client.closed, 1006);
    assert.deepEqual(rules(), ['heartbeat']);
  });

  test('text pings keep a silent connection, until it is a day old', async () => {
    const client = await open();
    for (let ping = 0; ping < 24 * 60 - 1; ping += 1) {
      clock.advance(MINUTE);
      assert.deepEqual(await client.drain(), []);
    }
    clock.advance(MINUTE);
    assert.equal(await client.closed, 1001);
    assert.deepEqual(rules(), []);
  });

  test('240 requests per hour and connection, then 30006, which names nothing', async () => {
    const client = await open();
    for (let sent = 0; sent < 240; sent += 1) {
      if (sent % 5 === 0) clock.advance(SECOND);
      if (sent % 100 === 0) await client.drain();
      client.send({ op: 'unsubscribe', args: [ticker('BTCUSDT')] });
      await client.next();
    }
    assert.deepEqual(rules(), []);
    clock.advance(SECOND);
    const [answer] = await client.subscribe(ticker('BTCUSDT'));
    assert.deepEqual(answer, { event: 'error', code: 30_006, msg: 'request too many' });
    assert.deepEqual(rules(), ['requests']);
    const other = await open();
    assert.equal((await other.subscribe(ticker('BTCUSDT')))[0]?.event, 'subscribe');
  });

  test('10 messages per second, pings included', async () => {
    const client = await open();
    for (let sent = 0; sent < 10; sent += 1) await client.drain();
    client.send('ping');
    assert.equal(await client.closed, 1008);
    assert.deepEqual(rules(), ['messages']);
  });

  test('a request above 4,096 bytes', async () => {
    const client = await open();
    client.send('x'.repeat(4_097));
    assert.equal(await client.closed, 1008);
    assert.deepEqual(rules(), ['requestBytes']);
  });

  test('300 dials per 5 minutes; 100 connections at a time', async () => {
    for (let dial = 0; dial < 100; dial += 1) await open();
    const surplus = await open();
    assert.equal(await surplus.closed, 1008);
    assert.deepEqual(rules(), ['venue:connections']);
    for (const client of clients) client.socket.terminate();
    await Promise.all(clients.map((client) => client.closed));
    server.violations.clear();
    for (let dial = 101; dial < 300; dial += 1) (await open()).socket.terminate();
    await assert.rejects(open(), /429/);
    assert.deepEqual(rules().slice(-1), ['dials']);
    clock.advance(5 * MINUTE);
    await open();
  });

  test('a stalled connection answers and brings no data; a dropped one is gone', async () => {
    const client = await open();
    await client.subscribe(ticker('BTCUSDT'));
    server.faults.set({ stall: true });
    clock.advance(5 * SECOND);
    assert.deepEqual(await client.drain(), []);
    assert.equal(server.notice(), 0, 'this venue announces nothing');
    server.drop({ code: 1013 });
    assert.equal(await client.closed, 1013);
  });
});

describe('bitget simulator: REST', () => {
  test('symbols and contracts, with rows that a client must leave out', async () => {
    type Row = Record<string, string>;
    const spot = (await get('/spot/public/symbols')).data as Row[];
    const online = spot.filter(({ status }) => status === 'online').map(({ symbol }) => symbol);
    assert.deepEqual(online.slice(0, 2), ['BTCUSDT', 'BTCUSDC']);
    assert.deepEqual([online.length, spot.length], [6, 9]);
    const contracts = async (productType: string): Promise<string[]> => {
      const rows = (await get(`/mix/market/contracts?productType=${productType}`)).data as Row[];
      assert.equal(rows.filter(({ symbolStatus }) => symbolStatus !== 'normal').length, 3);
      return rows.filter(({ symbolStatus }) => symbolStatus === 'normal').map(({ symbol = '' }) => symbol);
    };
    assert.equal((await contracts('USDT-FUTURES')).length, 5);
    assert.deepEqual(await contracts('usdc-futures'), ['BTCPERP']);
    assert.ok((await contracts('COIN-FUTURES')).includes('BTCUSDZ26'));
  });

  test('candles: the newest of the range, the forming bar last, so far back and no further', async () => {
    const path = '/mix/market/candles?symbol=BTCUSDT&productType=USDT-FUTURES&granularity=1m';
    const starts = async (query: string): Promise<number[]> =>
      ((await get(`${path}${query}`)).data as string[][]).map((row) => (Number(row[0]) - START) / MINUTE);
    assert.deepEqual(await starts('&limit=2'), [-1, 0]);
    assert.deepEqual(await starts(`&endTime=${START}&limit=2`), [-2, -1]);
    const range = `&startTime=${START - 3 * MINUTE}&endTime=${START - MINUTE}`;
    assert.deepEqual(await starts(range), [-3, -2]);
    assert.equal((await starts('&limit=1000')).length, 61, 'the horizon');
    const history = path.replace('/candles', '/history-candles');
    const older = await get(`${history}&endTime=${START - 60 * MINUTE}&limit=999`);
    assert.equal(older.data.length, 200);
  });

  test('spot: `startTime` itself is outside', async () => {
    const query = `symbol=BTCUSDT&granularity=1min&startTime=${START - 3 * MINUTE}&endTime=${START}`;
    const { data } = await get(`/spot/market/candles?${query}`);
    assert.deepEqual(
      data.map((row: string[]) => (Number(row[0]) - START) / MINUTE),
      [-2, -1],
    );
  });

  const DAYS_91 = `startTime=${START - 91 * 1_440 * MINUTE}&endTime=${START}`;
  for (const [path, code] of [
    ['/mix/market/contracts', '40020'],
    ['/mix/market/contracts?productType=constructor', '40020'],
    ['/mix/market/contracts?productType=SPOT', '40020'],
    ['/spot/market/candles?symbol=XXX&granularity=1min', '40034'],
    ['/spot/market/candles?symbol=BTCUSDT&granularity=1m', '48001'],
    ['/spot/market/candles?symbol=BTCUSDT&granularity=1min&limit=0', '40020'],
    ['/spot/market/candles?symbol=BTCUSDT&granularity=1min&endTime=x', '40020'],
    ['/spot/market/history-candles?symbol=BTCUSDT&granularity=1min', '40019'],
    ['/mix/market/candles?symbol=BTCPERP&productType=USDT-FUTURES&granularity=1m', '40034'],
    [`/mix/market/candles?symbol=BTCUSD&productType=COIN-FUTURES&granularity=1Dutc&${DAYS_91}`, '40017'],
  ] as const) {
    test(`${path}: ${code}`, async () => {
      const { status, code: given, data, requestTime } = await get(path);
      assert.deepEqual([status, given, data, requestTime], [400, code, null, clock.now()]);
    });
  }

  test('time, 20 in a second, then 429', async () => {
    for (let call = 0; call < 20; call += 1) {
      assert.deepEqual((await get('/public/time')).data, { serverTime: String(START) });
    }
    const { status, code } = await get('/public/time');
    assert.deepEqual([status, code], [429, '429']);
    assert.deepEqual(rules(), ['restWeight']);
    clock.advance(SECOND);
    assert.equal((await get('/public/time')).status, 200);
  });
});
