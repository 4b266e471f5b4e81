import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { FakeClock } from '../../testing/fake-clock';
import { SimServer, VenueHost, warpClock, type Violation, type VenueSimulator } from '../kit';
import candleRecording from './__fixtures__/candle.open.json';
import inverseRecording from './__fixtures__/ticker.inverse.json';
import linearRecording from './__fixtures__/ticker.linear.json';
import spotRecording from './__fixtures__/ticker.spot.json';
import { simulateOkx } from './index';

const PUBLIC = 'wss://ws.okx.com/ws/v5/public';
const BUSINESS = 'wss://ws.okx.com/ws/v5/business';
const REST = 'https://openapi.okx.com/api/v5';
const MINUTE = 60_000;
/** A full minute, some hours into a UTC day. */
const START = Date.UTC(2026, 10, 23, 7, 0, 0);

/** Any frame of the venue; tests know which one they wait for. */
type Frame =
  { id?: string; event?: string; code?: string; msg?: string; arg?: object; data?: never[] } | string;

class Client {
  private readonly inbox: Frame[] = [];
  private wake: () => void = () => undefined;
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
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
  async next(): Promise<Exclude<Frame, string>> {
    while (this.inbox.length === 0) {
      assert.equal(this.socket.readyState, WebSocket.OPEN, 'closed while a frame was awaited');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.inbox.shift() as Exclude<Frame, string>;
  }

  /** Sends a request and returns the answers to its args. */
  async ask(op: string, args: object[], id?: string): Promise<Exclude<Frame, string>[]> {
    this.send({ ...(id === undefined ? {} : { id }), op, args });
    const answers = [];
    for (let left = args.length; left > 0; left -= 1) answers.push(await this.next());
    return answers;
  }
}

let clients: Client[] = [];
let clock: FakeClock;
let server: SimServer;
let venue: VenueSimulator;

beforeEach(async () => {
  clock = new FakeClock(START);
  server = new SimServer(clock);
  const host = new VenueHost(server, clock, warpClock(clock, 1), 1, 8);
  venue = simulateOkx(host);
  await server.listen();
});

afterEach(async () => {
  for (const { socket } of clients) socket.terminate();
  clients = [];
  venue.stop();
  await server.close();
});

const open = (url: string): Promise<Client> => Client.open(server.urlOf(url));
const rules = (): string[] => server.violations.list().map(({ rule }: Violation) => rule);

async function get(path: string): Promise<{ status: number; code: string; data: never[] }> {
  const response = await fetch(server.urlOf(`${REST}${path}`));
  const body = (await response.json()) as { code: string; data: never[] };
  return { status: response.status, code: body.code, data: body.data };
}

const ticker = (instId: string): object => ({ channel: 'tickers', instId });
const candle = (instId: string, channel = 'candle1m'): object => ({ channel, instId });

describe('subscriptions', () => {
  test('one answer per arg, in order, with the id; a bad arg does not spoil its neighbours', async () => {
    const client = await open(PUBLIC);
    const answers = await client.ask(
      'subscribe',
      [ticker('BTC-USDT'), ticker('XXX-USDT'), ticker('BTC-USD-SWAP')],
      'c17',
    );
    assert.deepEqual(
      answers.map(({ id, event }) => [id, event]),
      [
        ['c17', 'subscribe'],
        ['c17', 'error'],
        ['c17', 'subscribe'],
      ],
    );
    assert.deepEqual(answers[0]?.arg, ticker('BTC-USDT'));
    assert.equal(answers[1]?.code, '60018');
    assert.match(answers[1]?.msg ?? '', /channel:tickers,instId:XXX-USDT doesn't exist/);
    assert.equal(answers[1]?.arg, undefined);
    assert.deepEqual(rules(), []);
  });

  for (const [url, arg] of [
    [PUBLIC, candle('BTC-USDT')],
    [BUSINESS, ticker('BTC-USDT')],
  ] as const) {
    test(`wrong URL: ${JSON.stringify(arg)} on ${url}`, async () => {
      const client = await open(url);
      const [answer] = await client.ask('subscribe', [arg]);
      assert.equal(answer?.code, '60018');
      assert.deepEqual(rules(), ['venue:wrongUrl']);
    });
  }

  test('asking again is answered again; after unsubscribing nothing more comes', async () => {
    const client = await open(PUBLIC);
    await client.ask('subscribe', [ticker('BTC-USDT')]);
    const [again] = await client.ask('subscribe', [ticker('BTC-USDT')]);
    assert.equal(again?.event, 'subscribe');
    const [gone] = await client.ask('unsubscribe', [ticker('BTC-USDT')], '9');
    assert.deepEqual([gone?.event, gone?.id], ['unsubscribe', '9']);
    clock.advance(5_000);
    client.send('ping');
    assert.equal(await client.next(), 'pong');
    assert.deepEqual(rules(), []);
  });

  const malformed: [string, unknown, string][] = [
    ['no JSON', 'hello', '60012'],
    ['unknown op', { op: 'dance', args: [] }, '60012'],
    ['id with a dash', { id: 'a-1', op: 'subscribe', args: [ticker('BTC-USDT')] }, '60012'],
    ['no args', { op: 'subscribe', args: [] }, '60013'],
    ['arg without instId', { op: 'subscribe', args: [{ channel: 'tickers' }] }, '60013'],
  ];
  for (const [name, frame, code] of malformed) {
    test(`malformed request: ${name}`, async () => {
      const client = await open(PUBLIC);
      client.send(frame);
      assert.equal((await client.next()).code, code);
      assert.deepEqual(rules(), ['badFrame']);
    });
  }

  test('the refusal fault speaks as the venue does', async () => {
    server.faults.set({ refuseTopics: ['tickers:BTC-USDT'] });
    const client = await open(PUBLIC);
    const [answer] = await client.ask('subscribe', [ticker('BTC-USDT')]);
    assert.equal(answer?.code, '60018');
  });
});

describe('data', () => {
  const recordings: [string, { frames: { data: object[] }[] }][] = [
    ['BTC-USDT', spotRecording],
    ['BTC-USDT-SWAP', linearRecording],
    ['BTC-USD-SWAP', inverseRecording],
  ];
  for (const [instId, { frames }] of recordings) {
    test(`${instId}: tickers have the keys of the recording and move once a second`, async () => {
      const client = await open(PUBLIC);
      await client.ask('subscribe', [ticker(instId)]);
      clock.advance(2_000);
      const [first, second] = [await client.next(), await client.next()];
      assert.deepEqual(first.arg, ticker(instId));
      const rows = [first, second].map(({ data }) => data?.[0] as unknown as Record<string, string>);
      const recorded = frames[0]?.data[0] as Record<string, string>;
      assert.deepEqual(Object.keys(rows[0]!), Object.keys(recorded));
      assert.equal(rows[0]!.instType, recorded.instType);
      assert.equal(rows[0]!.instId, instId);
      assert.equal(Number(rows[1]!.ts) - Number(rows[0]!.ts), 1_000);
      for (const key of ['last', 'bidPx', 'askPx', 'bidSz', 'askSz', 'vol24h', 'volCcy24h']) {
        assert.match(rows[0]![key]!, /^\d+(\.\d+)?$/, key);
      }
    });
  }

  test('volCcy24h is base coin on swaps', async () => {
    const client = await open(PUBLIC);
    await client.ask('subscribe', [ticker('BTC-USDT-SWAP')]);
    clock.advance(1_000);
    const { data } = await client.next();
    const { vol24h, volCcy24h } = data?.[0] as unknown as Record<string, string>;
    assert.equal(Number(volCcy24h), Number((Number(vol24h) * 0.01).toFixed(4)));
  });

  test('X-Perps are FUTURES', async () => {
    const client = await open(PUBLIC);
    await client.ask('subscribe', [ticker('BTC-USD_UM_XPERP-310404')]);
    clock.advance(1_000);
    const { data } = await client.next();
    assert.equal((data?.[0] as unknown as Record<string, string>).instType, 'FUTURES');
  });

  for (const instId of ['BTC-USDT', 'BTC-USDT-SWAP', 'BTC-USD-SWAP']) {
    test(`${instId}: one closing frame per bar; it equals the ledger and REST`, async () => {
      const client = await open(BUSINESS);
      await client.ask('subscribe', [candle(instId)]);
      const rows: string[][] = [];
      const closed = (): string[][] => rows.filter((row) => row[8] === '1');
      for (let minute = 0; minute < 3; minute += 1) {
        // Half the idle limit at a time, so that pushes, not pings, keep the connection.
        for (let step = 0; step < 4; step += 1) clock.advance(MINUTE / 4);
        while (closed().length <= minute) rows.push((await client.next()).data?.[0] as unknown as string[]);
      }
      const width = candleRecording.frames[0]!.data[0]!.length;
      assert.ok(rows.every((row) => row.length === width));
      assert.ok(rows.length > 100, 'forming bars come every second');
      assert.deepEqual(
        closed().map((row) => Number(row[0])),
        [START, START + MINUTE, START + 2 * MINUTE],
      );
      const ledger = server.ledger.candles({ symbol: instId }).map((one) => {
        const { start, open: first, high, low, close, volume } = one;
        return [String(start), first, high, low, close, volume];
      });
      assert.deepEqual(
        closed().map((row) => row.slice(0, 6)),
        ledger,
      );
      const answer = await get(`/market/candles?instId=${instId}&bar=1m&limit=4`);
      const [forming, ...bars] = answer.data as unknown as string[][];
      assert.equal(forming?.[8], '0');
      assert.deepEqual(bars.reverse(), closed());
    });
  }

  test('Hong Kong bars are acknowledged and stay silent', async () => {
    const client = await open(BUSINESS);
    const [answer] = await client.ask('subscribe', [candle('BTC-USDT', 'candle1D')]);
    assert.equal(answer?.event, 'subscribe');
    clock.advance(3_000);
    client.send('ping');
    assert.equal(await client.next(), 'pong');
    const [none] = await client.ask('subscribe', [candle('BTC-USDT', 'candle8H')]);
    assert.equal(none?.code, '60018');
  });

  test('load: so many updates per second, over the subscribed instruments', async () => {
    const client = await open(PUBLIC);
    const args = [ticker('BTC-USDT'), ticker('ETH-USDT')];
    await client.ask('subscribe', args);
    const run = venue.load!('okx', { tickersPerSecond: 1_000 });
    for (let moment = 0; moment < 10; moment += 1) clock.advance(5);
    run.stop();
    assert.equal(run.sent(), 50);
    const seen = [];
    for (let left = 50; left > 0; left -= 1) seen.push((await client.next()).arg);
    assert.deepEqual(seen.slice(0, 2), args);
    assert.equal(seen.length, 50);
  });
});

describe('limits', () => {
  test('text ping, text pong', async () => {
    const client = await open(PUBLIC);
    client.send('ping');
    assert.equal(await client.next(), 'pong');
  });

  test('no subscription within 30 s: 4004, pings or not', async () => {
    const client = await open(PUBLIC);
    clock.advance(15_000);
    client.send('ping');
    await client.next();
    clock.advance(15_000);
    assert.equal((await client.closed).code, 4004);
    assert.deepEqual(rules(), ['heartbeat']);
  });

  test('30 s without traffic: 4004; WebSocket pings do not count', async () => {
    const client = await open(BUSINESS);
    await client.ask('subscribe', [candle('BTC-USDT', 'candle1D')]);
    clock.advance(20_000);
    client.socket.ping();
    await new Promise((resolve) => client.socket.once('pong', resolve));
    clock.advance(20_000);
    assert.equal((await client.closed).code, 4004);
    assert.deepEqual(rules(), ['heartbeat']);
  });

  test('text pings keep a silent connection', async () => {
    const client = await open(BUSINESS);
    await client.ask('subscribe', [candle('BTC-USDT', 'candle1D')]);
    for (let ping = 0; ping < 6; ping += 1) {
      clock.advance(20_000);
      client.send('ping');
      assert.equal(await client.next(), 'pong');
    }
    assert.deepEqual(rules(), []);
  });

  test('480 requests per hour and connection, then 60014', async () => {
    const client = await open(PUBLIC);
    for (let sent = 0; sent < 240; sent += 1) {
      await client.ask('subscribe', [ticker('BTC-USDT')]);
      await client.ask('unsubscribe', [ticker('BTC-USDT')]);
    }
    assert.deepEqual(rules(), []);
    const [answer] = await client.ask('subscribe', [ticker('BTC-USDT')], 'x');
    assert.deepEqual([answer?.id, answer?.code], ['x', '60014']);
    assert.deepEqual(rules(), ['requests']);
    const other = await open(PUBLIC);
    assert.equal((await other.ask('subscribe', [ticker('BTC-USDT')]))[0]?.event, 'subscribe');
  });

  test('a frame above 64 KB: 1009', async () => {
    const client = await open(PUBLIC);
    client.send('x'.repeat(65_537));
    const { code, reason } = await client.closed;
    assert.deepEqual([code, reason], [1009, 'Max frame length of 65536 has been exceeded.']);
    assert.deepEqual(rules(), ['requestBytes']);
  });

  test('3 dials per second', async () => {
    for (let dial = 0; dial < 3; dial += 1) await open(PUBLIC);
    await assert.rejects(open(BUSINESS), /429/);
    assert.deepEqual(rules(), ['dials']);
    clock.advance(1_000);
    await open(BUSINESS);
  });

  test('notice, then the close a minute later', async () => {
    const client = await open(BUSINESS);
    await client.ask('subscribe', [candle('BTC-USDT')]);
    assert.equal(server.notice(), 1);
    const notice = await client.next();
    assert.deepEqual([notice.event, notice.code], ['notice', '64008']);
    for (let quarter = 0; quarter < 4; quarter += 1) clock.advance(15_000);
    assert.equal((await client.closed).code, 1001);
    assert.deepEqual(rules(), []);
  });

  test('nothing keeps running after the stop', async () => {
    const client = await open(PUBLIC);
    await client.ask('subscribe', [ticker('BTC-USDT')]);
    server.notice();
    client.socket.close();
    await client.closed;
    venue.stop();
    assert.equal(clock.pendingCount, 0);
  });

  test('a stalled connection answers and brings no data', async () => {
    const client = await open(PUBLIC);
    await client.ask('subscribe', [ticker('BTC-USDT')]);
    server.faults.set({ stall: true });
    clock.advance(5_000);
    client.send('ping');
    assert.equal(await client.next(), 'pong');
  });
});

describe('REST', () => {
  test('instruments: the asked type, with rows that a client must leave out', async () => {
    const idsOf = async (type: string): Promise<Record<string, string>[]> =>
      (await get(`/public/instruments?instType=${type}`)).data;
    const [spot, swap, futures] = [await idsOf('SPOT'), await idsOf('SWAP'), await idsOf('FUTURES')];
    const live = (rows: Record<string, string>[]): string[] =>
      rows.filter(({ state }) => state === 'live').map(({ instId = '' }) => instId);
    assert.equal(live(spot).length, 8);
    assert.ok(live(spot).includes('BTC-USDT') && live(spot).includes('BTC-USD'));
    assert.equal(spot.length, 10);
    assert.ok(live(swap).includes('BTC-USDT-SWAP') && live(swap).includes('BTC-USD-SWAP'));
    assert.deepEqual(
      futures.filter(({ ruleType }) => ruleType === 'xperp').map(({ instId }) => instId),
      ['BTC-USD_UM_XPERP-310404'],
    );
    for (const row of [...swap, ...futures]) assert.deepEqual(Object.keys(row), Object.keys(spot[0]!));
  });

  test('candles: pages backward by `after`; the last 1,440 only', async () => {
    const newest = await get('/market/candles?instId=BTC-USDT&bar=1m&limit=2');
    assert.deepEqual(
      newest.data.map((row: string[]) => Number(row[0])),
      [START, START - MINUTE],
    );
    const older = await get(`/market/candles?instId=BTC-USDT&after=${START - MINUTE}&limit=999`);
    assert.equal(older.data.length, 300);
    assert.equal(Number(older.data[0]![0]), START - 2 * MINUTE);
    const lost = await get(`/market/candles?instId=BTC-USDT&after=${START - 1_440 * MINUTE}`);
    assert.deepEqual(lost.data, []);
    const kept = await get(
      `/market/history-candles?instId=BTC-USDT&after=${START - 1_440 * MINUTE}&limit=999`,
    );
    assert.equal(kept.data.length, 100);
    assert.ok(kept.data.every((row: string[]) => row[8] === '1'));
  });

  test('`before` is exclusive as well', async () => {
    const query = `instId=BTC-USDT&after=${START}&before=${START - 3 * MINUTE}`;
    const { data } = await get(`/market/candles?${query}`);
    assert.deepEqual(
      data.map((row: string[]) => Number(row[0])),
      [START - MINUTE, START - 2 * MINUTE],
    );
  });

  for (const [path, code] of [
    ['/public/instruments?instType=constructor', '51000'],
    ['/market/candles?instId=XXX-USDT', '51001'],
    ['/market/candles?instId=BTC-USDT&bar=8H', '51000'],
    ['/market/candles?instId=BTC-USDT&bar=1s', '51000'],
    ['/market/candles?instId=BTC-USDT&after=x', '51000'],
    ['/market/candles?instId=BTC-USDT&limit=0', '51000'],
  ] as const) {
    test(`${path}: ${code} with HTTP 200`, async () => {
      const { status, code: given } = await get(path);
      assert.deepEqual([status, given], [200, code]);
    });
  }

  test('one-second bars come from the history', async () => {
    clock.advance(5_000);
    const { data } = await get('/market/history-candles?instId=BTC-USDT&bar=1s&limit=2');
    assert.deepEqual(
      data.map((row: string[]) => Number(row[0])),
      [START + 4_000, START + 3_000],
    );
  });

  test('time, 10 in 2 s, then 50011', async () => {
    for (let call = 0; call < 10; call += 1) {
      assert.deepEqual((await get('/public/time')).data, [{ ts: String(START) }]);
    }
    const { status, code } = await get('/public/time');
    assert.deepEqual([status, code], [429, '50011']);
    assert.deepEqual(rules(), ['restWeight']);
    clock.advance(2_000);
    assert.equal((await get('/public/time')).status, 200);
  });
});
