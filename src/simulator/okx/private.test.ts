import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { FakeClock } from '../../testing/fake-clock';
import { SimServer, VenueHost, warpClock, type SimAccount, type VenueSimulator } from '../kit';
import { okxOrderIds, simulateOkx } from './index';

const PRIVATE = 'wss://ws.okx.com/ws/v5/private';
const START = Date.UTC(2026, 10, 23, 7, 0, 0);
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const SPOT = { base: 'BTC', quote: 'USDT' };

interface Frame {
  readonly [key: string]: unknown;
  readonly arg?: { channel: string; instType?: string };
  readonly data?: Record<string, string>[];
}

class Client {
  private readonly inbox: Frame[] = [];
  private wake: () => void = () => undefined;
  readonly closed: Promise<number>;

  constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        resolve(code);
        this.wake();
      });
    });
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      this.inbox.push(text === 'pong' ? { pong: true } : (JSON.parse(text) as Frame));
      this.wake();
    });
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async next(): Promise<Frame> {
    while (this.inbox.length === 0) {
      assert.equal(this.socket.readyState, WebSocket.OPEN, 'closed while a frame was awaited');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.inbox.shift()!;
  }

  async ask(frame: unknown): Promise<Frame> {
    this.send(frame);
    return this.next();
  }

  /** The ack, and the number of connections. */
  async subscribe(arg: object): Promise<[Frame, Frame]> {
    return [await this.ask({ id: 'a1', op: 'subscribe', args: [arg] }), await this.next()];
  }
}

let clock: FakeClock;
let server: SimServer;
let host: VenueHost;
let venue: VenueSimulator;
let account: SimAccount;
let clients: Client[] = [];

beforeEach(async () => {
  clock = new FakeClock(START);
  server = new SimServer(clock);
  host = new VenueHost(server, clock, warpClock(clock, 1), 1, 8);
  venue = simulateOkx(host);
  await server.listen();
  account = host.accounts.addAccount({
    exchange: 'okx',
    key: 'K',
    secret: 'S',
    passphrase: 'P',
    orderIds: okxOrderIds,
  });
});

afterEach(async () => {
  for (const { socket } of clients) socket.terminate();
  clients = [];
  venue.stop();
  await server.close();
});

const rules = (): string[] => server.violations.list().map(({ rule }) => rule);
const hmac = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text).digest('base64');
const seconds = (): string => String(Math.floor(clock.now() / SECOND));

async function open(url = PRIVATE): Promise<Client> {
  clock.advance(340); // three dials per second
  const client = new Client(new WebSocket(server.urlOf(url)));
  clients.push(client);
  await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
  return client;
}

function loginFrame(changes: object = {}, secret = 'S', timestamp = seconds()): object {
  const sign = hmac(secret, `${timestamp}GET/users/self/verify`);
  return { op: 'login', args: [{ apiKey: 'K', passphrase: 'P', timestamp, sign, ...changes }] };
}

async function loggedIn(url?: string): Promise<Client> {
  const client = await open(url);
  const { event, code } = await client.ask(loginFrame());
  assert.deepEqual([event, code], ['login', '0']);
  return client;
}

async function listening(...args: object[]): Promise<Client> {
  const client = await loggedIn();
  for (const arg of args) await client.subscribe(arg);
  return client;
}

const SPOT_ORDERS = { channel: 'orders', instType: 'SPOT' };
const limitOrder = { symbol: 'BTC-USDT', side: 'BUY', type: 'LIMIT', price: '100', quantity: '2' } as const;

describe('login', () => {
  const refusals: [name: string, frame: () => object, code: string][] = [
    ['unknown key', () => loginFrame({ apiKey: 'X' }), '60032'],
    ['wrong passphrase', () => loginFrame({ passphrase: 'X' }), '60024'],
    ['wrong secret', () => loginFrame({}, 'X'), '60007'],
    ['unreadable time', () => loginFrame({ timestamp: 'noon' }), '60004'],
    ['old time', () => loginFrame({}, 'S', String(Math.floor(clock.now() / SECOND) - 32)), '60006'],
    ['early time', () => loginFrame({}, 'S', String(Math.floor(clock.now() / SECOND) + 32)), '60006'],
  ];
  for (const [name, frame, code] of refusals) {
    test(`${name}: ${code}, and the connection ends`, async () => {
      const client = await open();
      const answer = await client.ask(frame());
      assert.deepEqual([answer['event'], answer['code']], ['error', code]);
      assert.equal(await client.closed, 4001);
    });
  }

  test('addresses, regions and environments', async () => {
    const codeAt = async (url: string): Promise<unknown> =>
      (await (await open(url)).ask(loginFrame()))['code'];
    account.permissions = ['eea', 'live'];
    assert.equal(await codeAt('wss://wseea.okx.com/ws/v5/private'), '0');
    assert.equal(await codeAt(PRIVATE), '60032');
    assert.equal(await codeAt('wss://wseeapap.okx.com/ws/v5/private'), '50101');
    account.permissions = [];
    account.isIpBlocked = true;
    assert.equal(await codeAt(PRIVATE), '50110');
  });

  test('twice, and nothing before it', async () => {
    const client = await open();
    assert.equal((await client.ask({ op: 'subscribe', args: [SPOT_ORDERS] }))['code'], '60011');
    assert.deepEqual(rules(), ['venue:notLoggedIn']);
    assert.equal((await client.ask(loginFrame()))['code'], '0');
    assert.equal((await client.ask(loginFrame()))['code'], '60031');
  });

  test('480 requests per hour and connection', async () => {
    const client = await open();
    for (let at = 0; at < 480; at += 1) await client.ask({ op: 'subscribe', args: [SPOT_ORDERS] });
    assert.equal((await client.ask(loginFrame()))['code'], '60014');
    assert.equal(rules().at(-1), 'requests');
  });

  test('a revoked key loses its connections, and opens none', async () => {
    const client = await loggedIn();
    account.revoke();
    assert.equal(await client.closed, 4007);
    assert.equal((await (await open()).ask(loginFrame()))['code'], '60032');
  });

  test('no topic within 30 s: 4004', async () => {
    const client = await loggedIn();
    clock.advance(29 * SECOND);
    clock.advance(2 * SECOND);
    assert.equal(await client.closed, 4004);
  });
});

describe('subscriptions', () => {
  test('an ack with the id, then the number of connections', async () => {
    const client = await loggedIn();
    const [ack, count] = await client.subscribe(SPOT_ORDERS);
    assert.deepEqual([ack['id'], ack['event'], ack.arg], ['a1', 'subscribe', SPOT_ORDERS]);
    assert.deepEqual(
      [count['event'], count['channel'], count['connCount']],
      ['channel-conn-count', 'orders', '1'],
    );
    assert.deepEqual(await client.ask('ping'), { pong: true });
  });

  test('strange channels are refused, the rest of the request is not', async () => {
    const client = await loggedIn();
    const answer = await client.ask({
      id: 'b',
      op: 'subscribe',
      args: [{ channel: 'tickers' }, SPOT_ORDERS],
    });
    assert.deepEqual([answer['id'], answer['code']], ['b', '60018']);
    assert.equal((await client.next())['event'], 'subscribe');
  });

  test('the 31st connection of an account is acknowledged, and hears nothing', async () => {
    for (let at = 0; at < 30; at += 1) await listening(SPOT_ORDERS);
    const client = await loggedIn();
    const [ack, error] = await client.subscribe(SPOT_ORDERS);
    assert.equal(ack['event'], 'subscribe');
    assert.deepEqual([error['event'], error.arg], ['channel-conn-count-error', undefined]);
    account.place(limitOrder);
    assert.deepEqual(await client.ask('ping'), { pong: true });
  });

  test('the account channel begins with a snapshot, in pages, without empty currencies', async () => {
    for (let at = 0; at < 25; at += 1) account.setBalance(`C${at}`, '1', '0.5');
    account.setBalance('GONE', '0');
    const client = await listening({ channel: 'account', extraParams: '{"updateInterval":"0"}' });
    const pages = [await client.next(), await client.next()];
    assert.deepEqual(
      pages.map((page) => [page['eventType'], page['curPage'], page['lastPage']]),
      [
        ['snapshot', 1, false],
        ['snapshot', 2, true],
      ],
    );
    const details = pages.flatMap(
      ({ data }) => (data?.[0] as unknown as { details: { ccy: string }[] }).details,
    );
    assert.equal(details.length, 25);
    assert.deepEqual(
      { ...details[0], ccy: 'C0', availBal: '1', frozenBal: '0.5', cashBal: '1.5' },
      details[0],
    );
  });
});

describe('orders and balances', () => {
  test('the life of an order', async () => {
    account.setBalance('USDT', '1000');
    const client = await listening(SPOT_ORDERS);
    const { orderId } = account.place({ ...limitOrder, clientOrderId: 'c1', assets: SPOT });
    account.fill(orderId, '0.5', { price: '99', commission: '0.01' });
    account.cancel(orderId);
    const rows = [];
    for (let at = 0; at < 3; at += 1) rows.push((await client.next()).data![0]!);
    assert.deepEqual(
      rows.map(({ state, accFillSz, avgPx, fillSz, fillFee }) => [state, accFillSz, avgPx, fillSz, fillFee]),
      [
        ['live', '0', '', '0', '0'],
        ['partially_filled', '0.5', '99', '0.5', '-0.01'],
        ['canceled', '0.5', '99', '0', '0'],
      ],
    );
    for (const row of rows)
      assert.deepEqual([row['ordId'], row['clOrdId'], row['px']], [orderId, 'c1', '100']);
    assert.equal(orderId.length, 19);
  });

  test('by type, and all of them to ANY; other accounts hear nothing', async () => {
    host.accounts.addAccount({ exchange: 'okx', key: 'K2', secret: 'S', passphrase: 'P' }).place(limitOrder);
    const client = await listening({ channel: 'orders', instType: 'SWAP' });
    const any = await listening({ channel: 'orders', instType: 'ANY' });
    account.place(limitOrder);
    account.liquidate({ ...limitOrder, symbol: 'BTC-USDT-SWAP', exchange: 'okxLinear' });
    for (const state of ['live', 'filled']) {
      const { arg, data } = await client.next();
      assert.deepEqual(arg, { channel: 'orders', instType: 'SWAP', uid: account.id });
      const { category, clOrdId, state: told } = data![0]!;
      assert.deepEqual([category, clOrdId, told], ['full_liquidation', '', state]);
    }
    const types = [];
    for (let at = 0; at < 3; at += 1) types.push((await any.next()).data![0]!['instType']);
    assert.deepEqual(types, ['SPOT', 'SWAP', 'SWAP']);
  });

  test('inverse contracts have a harmonic mean', async () => {
    const client = await listening({ channel: 'orders', instType: 'SWAP' });
    const { orderId } = account.place({ ...limitOrder, symbol: 'BTC-USD-SWAP', price: '200' });
    account.fill(orderId, '1', { price: '100' });
    account.fill(orderId, '1', { price: '200' });
    await client.next();
    await client.next();
    assert.equal((await client.next()).data![0]!['avgPx'], '133.33333333');
  });

  test('changed balances only', async () => {
    account.setBalance('BTC', '1');
    const client = await listening({ channel: 'account' });
    await client.next();
    account.setBalance('USDT', '5', '2');
    const { data, ...frame } = await client.next();
    const [row] = data as unknown as { details: { ccy: string; availBal: string }[]; uTime: string }[];
    assert.equal(frame['eventType'], 'event_update');
    assert.deepEqual(
      row!.details.map(({ ccy, availBal }) => [ccy, availBal]),
      [['USDT', '5']],
    );
    assert.equal(row!.uTime, String(clock.now()));
  });
});

describe('REST', () => {
  async function get(path: string, changes: Record<string, string> = {}, origin = 'https://openapi.okx.com') {
    const timestamp = changes['OK-ACCESS-TIMESTAMP'] ?? new Date(clock.now()).toISOString();
    const headers = {
      'OK-ACCESS-KEY': 'K',
      'OK-ACCESS-PASSPHRASE': 'P',
      'OK-ACCESS-TIMESTAMP': timestamp,
      'OK-ACCESS-SIGN': hmac('S', `${timestamp}GET/api/v5${path}`),
      ...changes,
    };
    const response = await fetch(server.urlOf(`${origin}/api/v5${path}`), { headers });
    const body = (await response.json()) as { code: string; data: Record<string, string>[] };
    return { status: response.status, ...body };
  }

  const refusals: [changes: Record<string, string>, code: string][] = [
    [{ 'OK-ACCESS-KEY': '' }, '50103'],
    [{ 'OK-ACCESS-PASSPHRASE': '' }, '50104'],
    [{ 'OK-ACCESS-SIGN': '' }, '50106'],
    [{ 'OK-ACCESS-KEY': 'X' }, '50119'],
    [{ 'OK-ACCESS-PASSPHRASE': 'X' }, '50105'],
    [{ 'OK-ACCESS-SIGN': 'X' }, '50113'],
    [{ 'OK-ACCESS-TIMESTAMP': '2026-11-23' }, '50112'],
    [{ 'OK-ACCESS-TIMESTAMP': new Date(START - 32 * SECOND).toISOString() }, '50102'],
  ];
  for (const [changes, code] of refusals) {
    test(`${JSON.stringify(changes)}: ${code}`, async () => {
      const answer = await get('/account/balance', changes);
      assert.deepEqual([answer.status, answer.code], [401, code]);
    });
  }

  test('region by host, demo by header', async () => {
    account.permissions = ['us', 'demo'];
    const demo = { 'x-simulated-trading': '1' };
    assert.equal((await get('/account/balance', demo)).code, '50119');
    assert.equal((await get('/account/balance', {}, 'https://us.okx.com')).code, '50101');
    assert.equal((await get('/account/balance', demo, 'https://us.okx.com')).code, '0');
  });

  test('open orders by type, in pages, newest first', async () => {
    const ids = Array.from({ length: 5 }, () => account.place(limitOrder).orderId).reverse();
    account.place({ ...limitOrder, symbol: 'BTC-USDT-SWAP' });
    const path = '/trade/orders-pending?instType=SPOT&limit=2';
    const first = (await get(path)).data.map(({ ordId }) => ordId);
    assert.deepEqual(first, ids.slice(0, 2));
    const second = (await get(`${path}&after=${first[1]}`)).data.map(({ ordId }) => ordId);
    assert.deepEqual(second, ids.slice(2, 4));
  });

  test('what happened while nobody listened; unfilled cancels are forgotten after 2 hours', async () => {
    const filled = account.place(limitOrder).orderId;
    const cancelled = account.place(limitOrder).orderId;
    account.fill(filled, '2');
    account.cancel(cancelled);
    const history = async (): Promise<string[]> =>
      (await get('/trade/orders-history?instType=SPOT')).data.map(({ state }) => state!);
    assert.deepEqual(await history(), ['canceled', 'filled']);
    assert.equal(
      (await get(`/trade/order?instId=BTC-USDT&ordId=${cancelled}`)).data[0]!['state'],
      'canceled',
    );
    clock.advance(2 * HOUR + 1);
    assert.deepEqual(await history(), ['filled']);
    assert.equal((await get(`/trade/order?instId=BTC-USDT&ordId=${cancelled}`)).code, '51603');
    assert.equal((await get('/trade/orders-history')).code, '51000');
  });

  test('balances, and their limit of 10 per 2 s', async () => {
    account.setBalance('USDT', '5', '2');
    for (let at = 0; at < 10; at += 1) assert.equal((await get('/account/balance')).code, '0');
    assert.deepEqual([(await get('/account/balance')).status, rules()], [429, ['restWeight']]);
  });
});
