import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { Clock } from '../../domain/time';
import type { OrderRequest, SimAccount } from '../kit';
import { SimServer, systemClock, VenueHost, warpClock } from '../kit';
import type { BybitOptions, BybitSimulator } from './index';
import { simulateBybit } from './index';
import newOrder from './__fixtures__/bybitLinear.order.new.json';
import spotOrder from './__fixtures__/bybit.order.market-buy-by-quote.json';
import walletFrame from './__fixtures__/bybitLinear.balance.wallet-unified.json';

const STREAM = 'wss://stream.bybit.com/v5/private';
const KEY = 'sim-key';
const SECRET = 'sim-secret';
const ASSETS = { base: 'BTC', quote: 'USDT' };
const BUY: OrderRequest = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  price: '30000',
  quantity: '0.3',
  clientOrderId: 'D-BO-1',
};

interface Venue {
  readonly server: SimServer;
  readonly simulator: BybitSimulator;
  readonly host: VenueHost;
  /** At the exchange of the test. */
  readonly account: SimAccount;
}

async function venue(
  t: TestContext,
  exchange = 'bybit',
  options: BybitOptions = {},
  clock: Clock = systemClock,
): Promise<Venue> {
  const server = new SimServer(clock);
  const host = new VenueHost(server, clock, warpClock(clock, 1), 7, 6);
  const simulator = simulateBybit(host, options);
  await server.listen();
  t.after(async () => {
    simulator.stop();
    await server.close();
  });
  return {
    server,
    simulator,
    host,
    account: host.accounts.addAccount({ exchange, key: KEY, secret: SECRET }),
  };
}

type Frame = Readonly<Record<string, unknown>>;

/** A raw client: frames in the order in which they came. */
class Client {
  private readonly frames: Frame[] = [];
  private readonly waiting: ((frame: Frame) => void)[] = [];
  readonly closed: Promise<number>;

  private constructor(private readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as Frame;
      const taker = this.waiting.shift();
      if (taker) taker(frame);
      else this.frames.push(frame);
    });
  }

  static async dial({ server }: Venue, url = STREAM): Promise<Client> {
    const client = new Client(new WebSocket(server.urlOf(url)));
    await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
    return client;
  }

  /** Logged in and subscribed. */
  static async live(one: Venue, topics = ['order', 'wallet']): Promise<Client> {
    const client = await Client.dial(one);
    assert.equal((await client.ask(login())).success, true);
    assert.equal((await client.ask({ op: 'subscribe', req_id: 's', args: topics })).success, true);
    return client;
  }

  ask(frame: unknown): Promise<Frame> {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    return this.next();
  }

  next(): Promise<Frame> {
    const frame = this.frames.shift();
    return frame ? Promise.resolve(frame) : new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The only row of the next data frame. */
  async row(topic = 'order'): Promise<Readonly<Record<string, unknown>>> {
    const frame = await this.next();
    assert.equal(frame.topic, topic);
    assert.ok(Number.isSafeInteger(frame.creationTime));
    const [row, ...more] = frame.data as Record<string, unknown>[];
    assert.ok(row && more.length === 0);
    return row;
  }
}

function hmac(text: string, secret = SECRET): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function login(change: { key?: string; expires?: unknown; secret?: string } = {}): object {
  const { key = KEY, expires = Date.now() + 10_000, secret } = change;
  return { req_id: 'a', op: 'auth', args: [key, expires, hmac(`GET/realtime${String(expires)}`, secret)] };
}

interface Reply {
  readonly retCode: number;
  readonly retMsg: string;
  readonly result: { readonly list?: readonly Record<string, unknown>[]; readonly nextPageCursor?: string };
}

interface Signing {
  readonly key?: string;
  readonly secret?: string;
  readonly at?: number;
  readonly origin?: string;
}

async function get({ server }: Venue, path: string, query: string, signing: Signing = {}): Promise<Reply> {
  const { key = KEY, secret, at = Date.now(), origin = 'https://api.bybit.com' } = signing;
  const headers = {
    'X-BAPI-API-KEY': key,
    'X-BAPI-TIMESTAMP': String(at),
    'X-BAPI-RECV-WINDOW': '5000',
    'X-BAPI-SIGN': hmac(`${at}${key}5000${query}`, secret),
  };
  const response = await fetch(`${server.urlOf(origin + path)}?${query}`, { headers });
  return (await response.json()) as Reply;
}

const idsOf = ({ result }: Reply): unknown[] => result.list!.map(({ orderId }) => orderId);
const rulesOf = ({ server }: Venue): unknown[] => server.violations.list().map(({ rule }) => rule);

// ---------------------------------------------------------------------------- login

test('logs in, echoes the id, pongs in the private form', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one);
  const { success, ret_msg, op, req_id, conn_id } = await client.ask(login());
  assert.deepEqual([success, ret_msg, op, req_id, typeof conn_id], [true, '', 'auth', 'a', 'string']);
  const pong = await client.ask({ op: 'ping', req_id: 'p' });
  assert.deepEqual([pong.op, pong.req_id], ['pong', 'p']);
  assert.deepEqual(rulesOf(one), []);
});

test('a refused login leaves the socket open, so that a good one may follow', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one);
  const codeOf = async (change: Parameters<typeof login>[0]): Promise<unknown> => {
    const answer = await client.ask(login(change));
    assert.equal(answer.success, false);
    return answer.retCode ?? answer.ret_msg;
  };
  assert.equal(await codeOf({ key: 'other' }), 10003);
  assert.equal(await codeOf({ secret: 'other' }), 10004);
  assert.equal(await codeOf({ expires: Date.now() - 1 }), 'Params Error');
  assert.equal(await codeOf({ expires: '5' }), 'Params Error');
  one.account.isIpBlocked = true;
  assert.equal(await codeOf({}), 10010);
  one.account.isIpBlocked = false;
  one.account.revoke();
  assert.equal(await codeOf({}), 33004);
  one.account.restore();
  assert.equal((await client.ask(login())).success, true);
});

test('a key works on its own site only', async (t) => {
  const one = await venue(t, 'bybit', { keySites: { [KEY]: 'eu' } });
  const main = await Client.dial(one);
  assert.equal((await main.ask(login())).retCode, 10003);
  const eu = await Client.dial(one, 'wss://stream.bybit.eu/v5/private');
  assert.equal((await eu.ask(login())).success, true);
  assert.equal((await get(one, '/v5/account/info', '')).retCode, 10003);
  assert.equal((await get(one, '/v5/account/info', '', { origin: 'https://api.bybit.eu' })).retCode, 0);
});

test('who subscribes before the login is refused and noted', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one);
  const answer = await client.ask({ op: 'subscribe', args: ['order'] });
  assert.deepEqual([answer.success, answer.ret_msg], [false, 'Request not authorized']);
  assert.deepEqual(rulesOf(one), ['venue:notLoggedIn']);
});

test('refuses unknown, double and mixed topics as a whole', async (t) => {
  const one = await venue(t);
  const client = await Client.live(one, ['wallet']);
  const textOf = async (...args: string[]): Promise<unknown> =>
    (await client.ask({ op: 'subscribe', args })).ret_msg;
  assert.equal(await textOf('order', 'tickers.X'), 'error:handler not found,topic:tickers.X');
  assert.equal(await textOf('order', 'wallet'), 'error:already subscribed,topic:wallet');
  assert.equal(await textOf('order', 'order.spot'), 'error:topic conflict,topic:order');
  assert.equal(await textOf('order'), '');
  assert.deepEqual(rulesOf(one), ['duplicateTopic']);
});

test('a revoked key loses its line', async (t) => {
  const one = await venue(t);
  const client = await Client.live(one);
  one.account.revoke();
  assert.equal(await client.closed, 1006);
});

// ---------------------------------------------------------------------------- orders and balances

test('a spot order and the balances that it moves', async (t) => {
  const one = await venue(t);
  const client = await Client.live(one);
  const { account } = one;
  account.setBalance('USDT', '10000');
  const [usdt] = (await client.row('wallet')).coin as Record<string, unknown>[];
  assert.deepEqual(Object.keys(usdt!), Object.keys(walletFrame.frames[0]!.data[0]!.coin[0]!));
  const { orderId } = account.place({ ...BUY, assets: ASSETS });
  const placed = await client.row();
  const keysOf = (row: object): string[] => Object.keys(row).sort();
  assert.deepEqual(keysOf(placed), keysOf(spotOrder.frames[0]!.data[0]!));
  assert.deepEqual([placed.orderStatus, placed.orderId, placed.orderLinkId], ['New', orderId, 'D-BO-1']);
  const [locked] = (await client.row('wallet')).coin as Record<string, unknown>[];
  assert.deepEqual([locked!.walletBalance, locked!.locked], ['10000', '9000']);
  account.fill(orderId, '0.1', { price: '29999' });
  const { orderStatus, cumExecQty, cumExecValue, avgPrice } = await client.row();
  assert.deepEqual(
    [orderStatus, cumExecQty, cumExecValue, avgPrice],
    ['PartiallyFilled', '0.1', '2999.9', '29999'],
  );
  await client.row('wallet');
  account.cancel(orderId);
  // Spot has a word of its own for it.
  assert.equal((await client.row()).orderStatus, 'PartiallyFilledCanceled');
});

test('contracts: a cancelled order keeps its fills, a market order has a protection limit', async (t) => {
  const one = await venue(t, 'bybitLinear');
  const client = await Client.live(one, ['order.linear', 'wallet']);
  const { account } = one;
  const { orderId } = account.place(BUY);
  const placed = await client.row('order.linear');
  assert.deepEqual(Object.keys(placed).sort(), Object.keys(newOrder.frames[0]!.data[0]!).sort());
  account.fill(orderId, '0.1');
  await client.row('order.linear');
  account.cancel(orderId);
  const cancelled = await client.row('order.linear');
  assert.deepEqual([cancelled.orderStatus, cancelled.cumExecQty], ['Cancelled', '0.1']);
  account.liquidate({ ...BUY, type: 'MARKET', side: 'SELL' });
  await client.row('order.linear');
  const { createType, price, avgPrice, orderLinkId } = await client.row('order.linear');
  assert.deepEqual(
    [createType, price, avgPrice, orderLinkId],
    ['CreateByTakeOver_PassThrough', '28500', '30000', ''],
  );
});

test('inverse contracts are dollars, worth coins', async (t) => {
  const one = await venue(t, 'bybitInverse');
  const client = await Client.live(one);
  const { orderId } = one.account.place({ ...BUY, symbol: 'BTCUSD', price: '50000', quantity: '300' });
  one.account.fill(orderId, '300');
  await client.row();
  const { category, cumExecQty, cumExecValue, avgPrice } = await client.row();
  assert.deepEqual([category, cumExecQty, cumExecValue, avgPrice], ['inverse', '300', '0.006', '50000']);
});

test('one socket carries what one key holds in all categories, and nobody else', async (t) => {
  const one = await venue(t);
  const { accounts } = one.host;
  const linear = accounts.addAccount({ exchange: 'bybitLinear', key: KEY, secret: SECRET });
  const stranger = accounts.addAccount({ exchange: 'bybit', key: 'other', secret: 'x' });
  const client = await Client.live(one);
  stranger.place(BUY);
  linear.place(BUY);
  one.account.reject(BUY);
  const rows = [await client.row(), await client.row()];
  assert.deepEqual(
    rows.map(({ category, orderStatus }) => [category, orderStatus]),
    [
      ['linear', 'New'],
      ['spot', 'Rejected'],
    ],
  );
});

// ---------------------------------------------------------------------------- REST

test('signed requests: key, signature, time', async (t) => {
  const one = await venue(t);
  const query = 'category=spot&openOnly=0&limit=50';
  const codeOf = async (signing: Signing): Promise<number> =>
    (await get(one, '/v5/order/realtime', query, signing)).retCode;
  assert.equal(await codeOf({}), 0);
  assert.equal(await codeOf({ key: 'other' }), 10003);
  assert.equal(await codeOf({ secret: 'other' }), 10004);
  assert.equal(await codeOf({ at: Date.now() - 6_000 }), 10002);
  assert.equal(await codeOf({ at: Date.now() + 60_000 }), 10002);
  one.account.isIpBlocked = true;
  assert.equal(await codeOf({}), 10010);
});

test('what happened while nobody listened is in REST', async (t) => {
  const one = await venue(t);
  const { account } = one;
  account.setBalance('USDT', '100000');
  const [filled, open, cancelled] = [1, 2, 3].map(() => account.place({ ...BUY, assets: ASSETS }).orderId);
  account.fill(filled!, '0.3');
  account.cancel(cancelled!);
  const ask = (path: string, query: string): Promise<Reply> => get(one, path, `category=spot&${query}`);
  assert.deepEqual(idsOf(await ask('/v5/order/realtime', 'openOnly=0')), [open]);
  assert.deepEqual(idsOf(await ask('/v5/order/realtime', 'openOnly=1')), [cancelled, filled]);
  assert.deepEqual(idsOf(await ask('/v5/order/history', '')), [cancelled, filled]);
  assert.deepEqual(idsOf(await ask('/v5/execution/list', 'limit=100')), [filled]);
  assert.deepEqual(idsOf(await ask('/v5/order/realtime', `orderId=${filled}&symbol=XRPUSDT`)), [filled]);
  one.simulator.forgetClosedOrders();
  assert.deepEqual(idsOf(await ask('/v5/order/realtime', 'openOnly=1')), []);
  assert.deepEqual(idsOf(await ask('/v5/order/history', '')), [cancelled, filled]);
  const { result } = await get(one, '/v5/account/wallet-balance', 'accountType=UNIFIED');
  const coins = result.list![0]!.coin as Record<string, unknown>[];
  assert.deepEqual(
    coins.map(({ coin, walletBalance, locked }) => [coin, walletBalance, locked]),
    [
      ['USDT', '91000', '9000'],
      ['BTC', '0.3', '0'],
    ],
  );
  assert.equal((await get(one, '/v5/account/wallet-balance', 'accountType=CONTRACT')).retCode, 10001);
});

test('pages, their limits and what each category asks for', async (t) => {
  const one = await venue(t, 'bybitLinear');
  const placed = Array.from({ length: 5 }, () => one.account.place(BUY).orderId);
  const perp = one.account.place({ ...BUY, symbol: 'BTCPERP' }).orderId;
  const ask = (query: string): Promise<Reply> => get(one, '/v5/order/realtime', query);
  const linear = 'category=linear&settleCoin=USDT&openOnly=0';
  const first = await ask(`${linear}&limit=3`);
  const cursor = encodeURIComponent(first.result.nextPageCursor!);
  const second = await ask(`${linear}&limit=3&cursor=${cursor}`);
  assert.deepEqual([...idsOf(first), ...idsOf(second)], placed.reverse());
  assert.equal(second.result.nextPageCursor, '');
  assert.deepEqual(idsOf(await ask('category=linear&settleCoin=USDC')), [perp]);
  assert.equal((await ask('category=linear')).retCode, 10001);
  assert.equal((await ask('category=spot&settleCoin=USDT')).retCode, 10001);
  assert.equal((await ask(`${linear}&limit=51`)).retCode, 10001);
  const week = 7 * 86_400_000;
  const { retCode } = await get(one, '/v5/order/history', `category=linear&startTime=0&endTime=${week + 1}`);
  assert.equal(retCode, 10001);
});

test('who asks too often is refused and noted', async (t) => {
  // No time passes, so that a slow machine does not count as a patient client.
  const one = await venue(t, 'bybit', {}, { ...systemClock, monotonic: () => 0 });
  const asked = Array.from({ length: 52 }, async () => (await get(one, '/v5/account/info', '')).retCode);
  const codes = await Promise.all(asked);
  assert.equal(codes.filter((code) => code === 10006).length, 2);
  assert.deepEqual(rulesOf(one), ['restWeight', 'restWeight']);
});

test('the budget of an IP holds over all hosts, and a ban lasts ten minutes', async (t) => {
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const one = await venue(t, 'bybit', { requestsPer5s: 2 }, clock);
  const statusOf = async (url: string): Promise<number> => (await fetch(one.server.urlOf(url))).status;
  const time = '/v5/market/time';
  assert.equal(await statusOf(`https://api.bybit.com${time}`), 200);
  assert.equal(await statusOf(`https://api.bybit.eu${time}`), 200);
  assert.equal(await statusOf(`https://api-testnet.bybit.com/v5/order/history`), 403);
  now = 599_999;
  assert.equal(await statusOf(`https://api.bybit.com${time}`), 403);
  now = 600_000;
  assert.equal(await statusOf(`https://api.bybit.com${time}`), 200);
  assert.deepEqual(rulesOf(one), ['restWeight', 'restWeight']);
});

test('kinds of accounts have their wallets and their lists of closed orders', async (t) => {
  const one = await venue(t, 'bybitInverse', { marginStatuses: { [KEY]: 3 } });
  const codeOf = async (path: string, query: string): Promise<number> =>
    (await get(one, path, query)).retCode;
  const { result } = await get(one, '/v5/account/info', '');
  assert.equal((result as { unifiedMarginStatus?: unknown }).unifiedMarginStatus, 3);
  assert.equal(await codeOf('/v5/account/wallet-balance', 'accountType=CONTRACT'), 0);
  assert.equal(await codeOf('/v5/account/wallet-balance', 'accountType=SPOT'), 10001);
  assert.equal(await codeOf('/v5/order/realtime', 'category=inverse&openOnly=2'), 0);
  assert.equal(await codeOf('/v5/order/realtime', 'category=inverse&openOnly=1'), 10001);
});

test('a key without the right to read, and an order by its client id', async (t) => {
  const one = await venue(t);
  const { orderId } = one.account.place(BUY);
  const query = `category=spot&orderLinkId=${BUY.clientOrderId}`;
  assert.deepEqual(idsOf(await get(one, '/v5/order/realtime', query)), [orderId]);
  one.account.permissions = ['Withdraw'];
  assert.equal((await get(one, '/v5/order/realtime', query)).retCode, 10005);
});
