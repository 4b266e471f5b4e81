import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { LedgerCandle } from '../kit';
import { SimServer, systemClock, VenueHost, warpClock } from '../kit';
import recordedCandle from './__fixtures__/coinbase.candle.snapshot-update-rollover.json';
import recordedSession from './__fixtures__/coinbase.control.user-session.json';
import recordedTicker from './__fixtures__/coinbase.ticker.update-recorded.json';
import type { CoinbaseOptions, CoinbaseSimulator } from './index';
import { simulateCoinbase } from './index';

const STREAM = 'wss://advanced-trade-ws.coinbase.com';
const REST = 'https://api.coinbase.com/api/v3/brokerage';

interface Venue {
  readonly server: SimServer;
  readonly simulator: CoinbaseSimulator;
}

async function venue(t: TestContext, warp = 1, options: CoinbaseOptions = {}): Promise<Venue> {
  const server = new SimServer(systemClock);
  const host = new VenueHost(server, systemClock, warpClock(systemClock, warp), 7, 12);
  const fast = { tickerMs: 20, candleMs: 20, tradesMs: 20, heartbeatMs: 40 };
  const simulator = simulateCoinbase(host, { ...fast, ...options });
  await server.listen();
  t.after(async () => {
    simulator.stop();
    await server.close();
  });
  return { server, simulator };
}

interface Frame {
  readonly channel?: string;
  readonly type?: string;
  readonly message?: string;
  readonly timestamp?: string;
  readonly sequence_num?: number;
  readonly events?: readonly Readonly<Record<string, unknown>>[];
}

/** A raw client. `next` waits for the first frame, seen or to come, that fits, and takes it. */
class Client {
  readonly frames: Frame[] = [];
  /** All of them, in order. */
  readonly numbers: number[] = [];
  private readonly waiting = new Set<() => void>();
  closed: number | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as Frame;
      if (frame.sequence_num !== undefined) this.numbers.push(frame.sequence_num);
      this.frames.push(frame);
      for (const check of this.waiting) check();
    });
    socket.on('close', (code) => {
      this.closed = code;
      for (const check of this.waiting) check();
    });
  }

  static async dial({ server }: Venue): Promise<Client> {
    const client = new Client(new WebSocket(server.urlOf(STREAM)));
    await new Promise<void>((resolve, reject) => {
      client.socket.once('open', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  say(type: string, channel: string, product_ids?: unknown): void {
    this.socket.send(JSON.stringify({ type, channel, product_ids }));
  }

  async next(fits: (frame: Frame) => boolean): Promise<Frame> {
    return this.until(() => {
      const at = this.frames.findIndex(fits);
      return at < 0 ? undefined : this.frames.splice(at, 1)[0];
    });
  }

  of(channel: string): Promise<Frame> {
    return this.next((frame) => frame.channel === channel);
  }

  async acked(): Promise<unknown> {
    return (await this.of('subscriptions')).events?.[0]?.['subscriptions'];
  }

  async error(): Promise<Frame> {
    return this.next((frame) => frame.type === 'error');
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

const shape = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Array.isArray(value)
      ? value.slice(0, 1).map(shape)
      : Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => key !== 'client_id')
            .map(([key, inner]) => [key, shape(inner)]),
        )
    : typeof value;

const rulesOf = ({ server }: Venue): readonly string[] => server.violations.list().map(({ rule }) => rule);

const typeOf = (frame: Frame): unknown => frame.events?.[0]?.['type'];

test('data before its ack, all frames numbered without a hole, heartbeats among them', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one);
  client.say('subscribe', 'ticker', ['BTC-USD']);
  const ticker = await client.of('ticker');
  assert.deepEqual(shape(ticker), shape(recordedTicker.frames[0]));
  assert.deepEqual([ticker.sequence_num, typeOf(ticker)], [0, 'snapshot']);
  const ack = await client.of('subscriptions');
  assert.deepEqual([ack.sequence_num, ack.events], [1, [{ subscriptions: { ticker: ['BTC-USD'] } }]]);
  client.say('subscribe', 'heartbeats');
  assert.deepEqual(await client.acked(), { ticker: ['BTC-USD'], heartbeats: ['heartbeats'] });
  const first = await client.of('heartbeats');
  assert.deepEqual(shape(first), shape(recordedSession.frames[3]));
  const [beat] = (await client.of('heartbeats')).events!;
  assert.equal(beat!['heartbeat_counter'], Number(first.events![0]!['heartbeat_counter']) + 1);
  assert.equal(typeOf(await client.of('ticker')), 'update');
  assert.deepEqual(
    client.numbers,
    Array.from(client.numbers, (_, at) => at),
  );
  assert.deepEqual(rulesOf(one), []);
});

test('acks list the whole set; unknown products are missing, aliases are their book', async (t) => {
  const one = await venue(t);
  one.server.faults.set({ refuseTopics: ['ticker:SOL-USD'] });
  const client = await Client.dial(one);
  client.say('subscribe', 'ticker', ['NOPE-USD', 'ETH-USDC', 'SOL-USD', 'USDT-USDC']);
  assert.deepEqual(await client.acked(), { ticker: ['ETH-USD', 'USDT-USDC'] });
  client.say('subscribe', 'candles', ['BTC-EUR']);
  assert.deepEqual(await client.acked(), { ticker: ['ETH-USD', 'USDT-USDC'], candles: ['BTC-EUR'] });
  client.say('unsubscribe', 'ticker', ['ETH-USD', 'USDT-USDC']);
  assert.deepEqual(await client.acked(), { candles: ['BTC-EUR'] });
  client.say('unsubscribe', 'candles', ['BTC-EUR']);
  assert.deepEqual(await client.acked(), {});
  assert.deepEqual(rulesOf(one), []);
});

const REFUSALS: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['an unknown channel', '{"type":"subscribe","channel":"tickers"}', 'authentication failure', []],
  ['a private channel', '{"type":"subscribe","channel":"user"}', 'authentication failure', []],
  ['no JSON', '{', 'failure to subscribe', ['badFrame']],
  ['no products', '{"type":"subscribe","channel":"ticker"}', 'failure to subscribe', ['badFrame']],
  ['another type', '{"type":"ping"}', 'failure to subscribe', ['badFrame']],
];
for (const [title, text, message, rules] of REFUSALS) {
  test(`refuses ${title}, and stays open`, async (t) => {
    const one = await venue(t);
    const client = await Client.dial(one);
    client.socket.send(text);
    assert.deepEqual(await client.error(), { type: 'error', message });
    client.say('subscribe', 'ticker', ['BTC-USD']);
    assert.deepEqual(await client.acked(), { ticker: ['BTC-USD'] });
    assert.deepEqual(rulesOf(one), rules);
  });
}

test('more than 8 messages per second of all clients together', async (t) => {
  const one = await venue(t);
  const clients = [await Client.dial(one), await Client.dial(one)] as const;
  for (let count = 0; count < 8; count += 1) clients[count % 2]!.say('subscribe', 'heartbeats');
  for (const client of clients) for (let count = 0; count < 4; count += 1) await client.acked();
  clients[0].say('subscribe', 'ticker', ['BTC-USD']);
  assert.equal((await clients[0].error()).message, 'rate limit exceeded');
  assert.deepEqual(rulesOf(one), ['messages']);
});

test('whoever subscribes nothing is cut', async (t) => {
  const one = await venue(t, 1, { firstSubscribeMs: 30 });
  const client = await Client.dial(one);
  assert.equal(await client.end(), 1008);
  assert.deepEqual(rulesOf(one), ['venue:noSubscribe']);
});

test('a quiet connection without heartbeats is cut, one with them is not', async (t) => {
  const one = await venue(t, 1, { quietMs: 80, tickerMs: 60_000 });
  const quiet = await Client.dial(one);
  const beating = await Client.dial(one);
  quiet.say('subscribe', 'ticker', ['BTC-USD']);
  beating.say('subscribe', 'heartbeats');
  assert.equal(await quiet.end(), 1000);
  assert.deepEqual(rulesOf(one), ['heartbeat']);
  beating.frames.length = 0;
  await beating.of('heartbeats');
  assert.equal(beating.closed, undefined);
});

test('lost frames leave a hole in the numbers', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one);
  client.say('subscribe', 'heartbeats');
  const { sequence_num: before } = await client.of('heartbeats');
  assert.equal(one.simulator.skip(3), 1);
  const { sequence_num: behind } = await client.of('heartbeats');
  assert.ok(behind! >= before! + 4);
});

type Row = Readonly<Record<string, string>>;

async function get(
  { server }: Venue,
  path: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(server.urlOf(REST + path));
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('five-minute buckets: the last row of each equals ledger and REST', async (t) => {
  const one = await venue(t, 3_000);
  const client = await Client.dial(one);
  client.say('subscribe', 'candles', ['ETH-USD']);
  const snapshot = await client.of('candles');
  assert.deepEqual(shape(snapshot), shape(recordedCandle.frames[0]));
  assert.equal((snapshot.events![0]!['candles'] as Row[]).length, 5);
  const last = new Map<number, Row>();
  let together = 0;
  while (last.size < 6) {
    const rows = (await client.of('candles')).events![0]!['candles'] as readonly Row[];
    together = Math.max(together, rows.length);
    for (const row of rows) last.set(Number(row['start']), row);
  }
  assert.equal(together, 2);
  const ledger = one.server.ledger.candles({ exchange: 'coinbase', symbol: 'ETH-USD', interval: '5m' });
  const starts = [...last.keys()].sort((a, b) => a - b).slice(0, -1);
  const range = `start=${starts[0]}&end=${starts.at(-1)}&granularity=FIVE_MINUTE`;
  // The alias answers for the same book.
  const { body } = await get(one, `/market/products/ETH-USDC/candles?${range}`);
  const listed = (body['candles'] as readonly Row[]).toReversed();
  assert.equal(listed.length, starts.length);
  starts.forEach((start, at) => {
    const { open, high, low, close, volume } = ledger.find((bar) => bar.start === start * 1_000)!;
    const told = { start: String(start), open, high, low, close, volume };
    assert.deepEqual(last.get(start), { ...told, product_id: 'ETH-USD' });
    assert.deepEqual(listed[at], told);
  });
});

test('trades, each once and in order, add up to the minutes of the ledger', async (t) => {
  const one = await venue(t, 300);
  const client = await Client.dial(one);
  client.say('subscribe', 'market_trades', ['SHIB-USD']);
  const minutes = new Map<number, { prices: string[]; volume: bigint }>();
  let lastId = -1;
  while (minutes.size < 5) {
    const frame = await client.of('market_trades');
    const rows = (frame.events![0]!['trades'] as readonly Row[]).toReversed();
    for (const row of rows) {
      assert.ok(Number(row['trade_id']) > lastId);
      lastId = Number(row['trade_id']);
      const start = Math.floor(Date.parse(row['time']!) / 60_000) * 60_000;
      const minute = minutes.get(start) ?? { prices: [], volume: 0n };
      minute.prices.push(row['price']!);
      minute.volume += BigInt(row['size']!);
      minutes.set(start, minute);
    }
  }
  const barAt = (start: number): LedgerCandle | undefined =>
    one.server.ledger.candles({ exchange: 'coinbase', interval: '1m' }).find((bar) => bar.start === start);
  // The first minute may be older than the snapshot, the last one is forming.
  const whole = [...minutes.keys()].sort((a, b) => a - b).slice(1, -1);
  for (const start of whole) {
    const { prices, volume } = minutes.get(start)!;
    while (barAt(start) === undefined) await client.of('market_trades');
    const bar = barAt(start)!;
    const sorted = [...prices].sort((a, b) => Number(a) - Number(b));
    assert.deepEqual(
      [prices[0], sorted.at(-1), sorted[0], prices.at(-1), String(volume)],
      [bar.open, bar.high, bar.low, bar.close, bar.volume],
    );
  }
  assert.equal(whole.length, 3);
});

test('products: every book, its alias behind it, by pages', async (t) => {
  const one = await venue(t);
  const ids: string[] = [];
  for (let offset = 0; offset < 30; offset += 10) {
    const { body } = await get(one, `/market/products?product_type=SPOT&limit=10&offset=${offset}`);
    const rows = body['products'] as readonly { product_id: string; alias: string }[];
    assert.equal(body['num_products'], rows.length);
    for (const { product_id, alias } of rows) ids.push(alias === '' ? product_id : `${product_id}=${alias}`);
  }
  assert.deepEqual(ids.slice(0, 2), ['BTC-USD', 'BTC-USDC=BTC-USD']);
  assert.ok(ids.includes('EURC-USDC') && !ids.includes('EURC-USDC=EURC-USD'));
  assert.equal(ids.length, 12 + 9);
});

const BAD_QUERIES: readonly (readonly [string, number])[] = [
  ['/market/products/NOPE-USD/candles?start=0&end=60&granularity=ONE_MINUTE', 404],
  ['/market/products/BTC-USD/candles?start=0&end=60&granularity=THREE_MINUTE', 400],
  ['/market/products/BTC-USD/candles?granularity=ONE_MINUTE', 400],
  ['/market/products/BTC-USD/candles?start=0&end=60000&granularity=ONE_MINUTE', 400],
];
for (const [path, status] of BAD_QUERIES) {
  test(`refuses ${path}`, async (t) => assert.equal((await get(await venue(t), path)).status, status));
}

test('REST: 10 requests per second, and each further one breaks a rule', async (t) => {
  const one = await venue(t);
  const asked = await Promise.all(Array.from({ length: 60 }, () => get(one, '/time')));
  const limited = asked.filter(({ status }) => status === 429);
  // A slow machine spreads them over more than a second.
  assert.ok(limited.length > 0 && limited.length <= 50, `${limited.length}`);
  assert.equal(limited[0]!.body['error'], 'RATE_LIMIT_EXCEEDED');
  assert.deepEqual(
    rulesOf(one),
    limited.map(() => 'restWeight'),
  );
});

test('load sends one ticker per frame, stamped at sending', async (t) => {
  const one = await venue(t, 1, { tickerMs: 60_000 });
  const client = await Client.dial(one);
  client.say('subscribe', 'ticker', ['BTC-USD', 'ETH-USD']);
  await client.acked();
  const before = Date.now();
  client.frames.length = 0;
  const run = one.simulator.load!('coinbase', { tickersPerSecond: 2_000 });
  for (let count = 0; count < 100; count += 1) {
    const { events, timestamp } = await client.of('ticker');
    assert.equal((events![0]!['tickers'] as unknown[]).length, 1);
    assert.ok(Date.parse(timestamp!) >= before - 1);
  }
  run.stop();
  assert.ok(run.sent() >= 100);
});
