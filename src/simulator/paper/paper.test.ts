import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { io, type Socket } from 'socket.io-client';
import WebSocket from 'ws';
import { until } from '../../testing/services';
import { startSimulator, type Simulator } from '../index';
import type { SimAccount } from '../kit';
import { PAPER_URL, type PaperOptions } from './index';

const LOGIN = { key: 'the-key', secret: 'the-secret' };
const BARE = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  price: '64123.45',
  quantity: '0.3',
} as const;
const LIMIT = { ...BARE, assets: { base: 'BTC', quote: 'USDT' } } as const;

interface Venue {
  readonly simulator: Simulator;
  readonly account: SimAccount;
}

async function venue(t: TestContext, paper: PaperOptions = {}): Promise<Venue> {
  const simulator = await startSimulator({ venues: ['paper'], options: { paper } });
  t.after(() => simulator.close());
  const account = simulator.accounts.addAccount({ exchange: 'paperBinance', ...LOGIN });
  return { simulator, account };
}

interface Told {
  readonly type: string;
  readonly info?: string;
  readonly error?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The genuine client, as the reference connector uses it. */
class Genuine {
  readonly socket: Socket;
  readonly told: (readonly [string, Told])[] = [];
  connects = 0;

  constructor(t: TestContext, { simulator }: Venue, login: object = LOGIN, transports = ['websocket']) {
    const url = new URL(simulator.urlOf(PAPER_URL));
    this.socket = io(`ws://${url.host}`, {
      path: `${url.pathname.replace(/\/$/, '')}/socket.io/`,
      transports,
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
    });
    t.after(() => this.socket.disconnect());
    this.socket.on('connect', () => {
      this.connects += 1;
      this.socket.emit('subscribeOrder', login);
      this.socket.emit('subscribeOutboundAccountInfo', login);
    });
    this.socket.onAny((name: string, body: Told) => this.told.push([name, body]));
  }

  of(type: string): readonly (readonly [string, Told])[] {
    return this.told.filter(([, told]) => told.type === type);
  }

  get orders(): readonly Readonly<Record<string, unknown>>[] {
    return this.of('update').flatMap(([name, { data }]) => (name === 'order' && data ? [data] : []));
  }

  untilSubscribed(times = 1): Promise<void> {
    return until('subscribed', () => this.of('info').length === 2 * times);
  }
}

describe('paper simulator: the genuine client', { timeout: 60_000 }, () => {
  test('the life of an order and its balances, in JavaScript’s numbers', async (t) => {
    const at = await venue(t);
    const client = new Genuine(t, at);
    await client.untilSubscribed();
    at.account.setBalance('USDT', '20000');
    const { orderId } = at.account.place({ ...LIMIT, clientOrderId: 'D-BO-1' });
    at.account.fill(orderId, '0.1');
    at.account.fill(orderId, '0.2');
    await until('told', () => client.orders.length === 3 && client.of('update').length === 7);
    assert.deepEqual(
      client.orders.map(({ status, filledAmount, filledQuoteAmount }) => [
        status,
        filledAmount,
        filledQuoteAmount,
      ]),
      [
        ['NEW', 0, 0],
        ['PARTIALLY_FILLED', 0.1, 0.1 * 64123.45],
        ['FILLED', 0.1 + 0.2, 0.1 * 64123.45 + 0.2 * 64123.45],
      ],
    );
    const [first] = client.orders;
    assert.deepEqual(
      [first?.['exchange'], first?.['externalId'], first?.['price'], first?.['type']],
      ['binance', 'D-BO-1', 64123.45, 'LIMIT'],
    );
    assert.match(String(first?.['_id']), /^[0-9a-f]{24}$/);
    assert.deepEqual(at.simulator.violations(), []);
  });

  test('a cancel keeps the time of the last fill; what is done at once has no NEW', async (t) => {
    const at = await venue(t);
    const client = new Genuine(t, at);
    await client.untilSubscribed();
    const placed = at.account.place({ ...BARE, clientOrderId: 'GRID-1' });
    const filled = at.account.fill(placed.orderId, '0.1');
    await until('a later millisecond', () => Date.now() > filled.updatedAt);
    at.account.cancel(placed.orderId);
    const market = at.account.place({ ...BARE, type: 'MARKET', clientOrderId: 'M-1' });
    at.account.fill(market.orderId, '0.3', { price: '64000' });
    at.account.liquidate({ ...BARE, clientOrderId: 'liquidation_7c9e' });
    await until('told', () => client.orders.length === 5);
    const [, partial, canceled, atMarket, forced] = client.orders;
    assert.equal(canceled?.['status'], 'CANCELED');
    assert.equal(canceled?.['updatedAt'], partial?.['updatedAt']);
    assert.deepEqual(
      [atMarket?.['status'], atMarket?.['price'], atMarket?.['type']],
      ['FILLED', 64000, 'MARKET'],
    );
    assert.deepEqual([forced?.['externalId'], forced?.['type']], ['liquidation_7c9e', 'MARKET']);
  });

  test('one user, several exchanges: every socket of his hears of all, others of none', async (t) => {
    const at = await venue(t);
    const linear = at.simulator.accounts.addAccount({ exchange: 'paperBybitLinear', ...LOGIN });
    const stranger = at.simulator.accounts.addAccount({ exchange: 'paperBinance', key: 'k2', secret: 's2' });
    const [first, second] = [new Genuine(t, at), new Genuine(t, at)];
    await Promise.all([first.untilSubscribed(), second.untilSubscribed()]);
    stranger.place({ ...BARE, clientOrderId: 'S' });
    linear.place({ ...BARE, clientOrderId: 'L' });
    at.account.place({ ...BARE, clientOrderId: 'B' });
    for (const client of [first, second]) {
      await until('told', () => client.orders.length === 2);
      assert.deepEqual(
        client.orders.map(({ exchange, externalId }) => [exchange, externalId]),
        [
          ['bybitLinear', 'L'],
          ['binance', 'B'],
        ],
      );
    }
  });

  test('a wrong secret and a data base that is away are told by the events; the socket stays', async (t) => {
    const at = await venue(t);
    const client = new Genuine(t, at, { ...LOGIN, secret: 'wrong' });
    await until('refused', () => client.of('error').length === 2);
    assert.deepEqual(
      client.told.map(([name, { error }]) => [name, error]),
      [
        ['order', 'User not found'],
        ['outboundAccountInfo', 'User not found'],
      ],
    );
    assert.ok(client.socket.connected);
    at.simulator.faults.set({ refuseTopics: ['order'] });
    const other = new Genuine(t, at);
    await until('answered', () => other.told.length === 2);
    assert.match(other.of('error')[0]?.[1].error ?? '', /buffering timed out/);
    assert.equal(other.of('info').length, 1);
  });

  test('the client keeps it alive, and finds it dead when its pings stay away', async (t) => {
    const at = await venue(t, { pingIntervalMs: 250, pingTimeoutMs: 3_000 });
    const client = new Genuine(t, at);
    await client.untilSubscribed();
    const frames = () => Object.values(at.simulator.stats())[0]!.framesIn;
    await until('many pongs', () => frames() > 8);
    assert.equal(client.connects, 1);
    at.simulator.faults.set({ stall: true });
    await until('given up', () => client.connects >= 2);
    at.simulator.faults.clear();
    assert.deepEqual(at.simulator.violations(), []);
  });

  test('dropped with and without a word: the client comes back', async (t) => {
    const at = await venue(t);
    const client = new Genuine(t, at);
    await client.untilSubscribed();
    at.simulator.drop();
    await client.untilSubscribed(2);
    at.simulator.drop({ code: 1001 });
    await client.untilSubscribed(3);
    assert.equal(at.simulator.notice(), 1);
    await until('out of the namespace', () => !client.socket.connected);
  });

  test('the client’s own disconnect is understood', async (t) => {
    const at = await venue(t);
    const client = new Genuine(t, at);
    await client.untilSubscribed();
    client.socket.disconnect();
    await until('gone', () => Object.values(at.simulator.stats()).every(({ open }) => open === 0));
    assert.deepEqual(at.simulator.violations(), []);
  });
});

describe('paper simulator: what a client must not do', { timeout: 60_000 }, () => {
  const QUERY = '?EIO=4&transport=websocket';

  async function dial(t: TestContext, { simulator }: Venue, query = QUERY) {
    const frames: string[] = [];
    const socket = new WebSocket(`${simulator.urlOf(PAPER_URL)}socket.io/${query}`);
    t.after(() => socket.terminate());
    let isClosed = false;
    socket.on('message', (data) => frames.push((data as Buffer).toString()));
    socket.on('close', () => (isClosed = true));
    await new Promise((resolve) => socket.once('open', resolve));
    return { socket, frames, isClosed: () => isClosed };
  }

  for (const [what, query, packets] of [
    ['another version', '?EIO=3&transport=websocket', []],
    ['another transport', '?EIO=4&transport=polling', []],
    ['a ping of its own', QUERY, ['40', '2']],
    ['an event before it is in the namespace', QUERY, ['42["subscribeOrder",{}]']],
    ['joining twice', QUERY, ['40', '40']],
    ['an event without a name', QUERY, ['40', '42{}']],
    ['broken JSON', QUERY, ['40', '42["subscribeOrder",']],
    ['a packet of no kind', QUERY, ['hello']],
  ] as const) {
    test(`${what}: recorded and hung up on`, async (t) => {
      const at = await venue(t);
      const client = await dial(t, at, query);
      for (const packet of packets) client.socket.send(packet);
      await until('hung up', client.isClosed);
      assert.deepEqual(
        at.simulator.violations().map(({ rule }) => rule),
        ['badFrame'],
      );
    });
  }

  test('pings must be answered, and the namespace joined, in time', async (t) => {
    const at = await venue(t, { pingIntervalMs: 30, pingTimeoutMs: 60, connectTimeoutMs: 5_000 });
    const client = await dial(t, at);
    await until('hung up', client.isClosed);
    assert.ok(client.frames.includes('2'));
    assert.equal(at.simulator.violations()[0]?.rule, 'heartbeat');
    const hasty = await venue(t, { connectTimeoutMs: 30 });
    await until('hung up', (await dial(t, hasty)).isClosed);
  });

  test('another namespace is refused, and the session goes on', async (t) => {
    const at = await venue(t);
    const client = await dial(t, at);
    client.socket.send('40/other,');
    client.socket.send('40');
    await until('answered', () => client.frames.length === 3);
    assert.equal(client.frames[1], '44/other,{"message":"Invalid namespace"}');
    assert.match(client.frames[2] ?? '', /^40\{"sid":"/);
  });
});
