import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { FakeClock } from '../../testing/fake-clock';
import type { OrderRequest, SimAccount } from '../kit';
import { SimServer, systemClock, VenueHost, warpClock } from '../kit';
import type { Clock } from '../../domain/time';
import { simulateKucoin, type KucoinOptions, type KucoinSimulator } from './index';
import balanceFrame from './__fixtures__/kucoin.balance.trade-hold.json';
import spotFrame from './__fixtures__/kucoin.order.maker-lifecycle.json';
import fundsFrame from './__fixtures__/kucoin.order.market-buy-by-funds.json';
import futuresFrame from './__fixtures__/kucoinLinear.order.two-matches.json';
import walletFrame from './__fixtures__/kucoinLinear.balance.wallet.json';

const KEYS = { key: 'sim-key', secret: 'testSecret', passphrase: 'testPassphrase' };
const HOSTS = { spot: 'https://api.kucoin.com', futures: 'https://api-futures.kucoin.com' };
const BUY: OrderRequest = {
  ...{ symbol: 'BTC-USDT', side: 'BUY', type: 'LIMIT', price: '30000', quantity: '0.3' },
  ...{ clientOrderId: 'D-BO-1', assets: { base: 'BTC', quote: 'USDT' } },
};
const LONG: OrderRequest = {
  ...{ symbol: 'XBTUSDTM', side: 'BUY', type: 'LIMIT' },
  price: '30000',
  quantity: '10',
};

type Data = Readonly<Record<string, unknown>>;

interface Frame {
  readonly id?: string;
  readonly type: string;
  readonly code?: number;
  readonly topic?: string;
  readonly subject?: string;
  readonly data?: Data;
}

interface Venue {
  readonly server: SimServer;
  readonly simulator: KucoinSimulator;
  readonly host: VenueHost;
  readonly account: SimAccount;
}

async function venue(
  t: TestContext,
  exchange = 'kucoin',
  options: KucoinOptions = {},
  clock: Clock = systemClock,
): Promise<Venue> {
  const server = new SimServer(clock);
  const host = new VenueHost(server, clock, warpClock(clock, 1), 7, 6);
  // The same object, so that tests can change it on the way.
  const simulator = simulateKucoin(host, Object.assign(options, { welcomeDelayMs: 0 }));
  await server.listen();
  t.after(async () => {
    simulator.stop();
    await server.close();
  });
  const account = host.accounts.addAccount({ exchange, ...KEYS });
  if (exchange === 'kucoin') account.setBalance('USDT', '1000000');
  return { server, simulator, host, account };
}

function hmac(text: string, secret = KEYS.secret): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

interface Asking {
  readonly method?: 'GET' | 'POST';
  readonly at?: number;
  readonly signed?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly msg?: string;
  readonly data?: unknown;
  readonly reset: string | null;
}

async function ask({ server }: Venue, base: string, path: string, asking: Asking = {}): Promise<Answer> {
  const { method = 'GET', at = Date.now(), signed = path, headers = {} } = asking;
  const response = await fetch(server.urlOf(base + path), {
    method,
    headers: {
      ...{ 'KC-API-KEY': KEYS.key, 'KC-API-TIMESTAMP': String(at), 'KC-API-KEY-VERSION': '3' },
      'KC-API-SIGN': hmac(`${at}${method}${signed}`),
      'KC-API-PASSPHRASE': hmac(KEYS.passphrase),
      ...headers,
    },
  });
  const body = (await response.json()) as Omit<Answer, 'status' | 'reset'>;
  return { ...body, status: response.status, reset: response.headers.get('gw-ratelimit-reset') };
}

async function data<T = readonly Data[]>(
  one: Venue,
  base: string,
  path: string,
  asking?: Asking,
): Promise<T> {
  const answer = await ask(one, base, path, asking);
  assert.equal(answer.code, '200000', JSON.stringify(answer));
  return answer.data as T;
}

interface Bullet {
  readonly token: string;
  readonly instanceServers: readonly { readonly endpoint: string }[];
}

/** A raw client: frames in the order in which they came. */
class Client {
  private readonly frames: Frame[] = [];
  private readonly waiting: ((frame: Frame) => void)[] = [];
  readonly closed: Promise<number>;

  private constructor(private readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('message', (raw: Buffer) => {
      const frame = JSON.parse(raw.toString()) as Frame;
      const taker = this.waiting.shift();
      if (taker) taker(frame);
      else this.frames.push(frame);
    });
  }

  static async dial(one: Venue, base = HOSTS.spot, kind = 'private'): Promise<Client> {
    const { token, instanceServers } = await data<Bullet>(one, base, `/api/v1/bullet-${kind}`, {
      method: 'POST',
    });
    return Client.open(one, `${instanceServers[0]!.endpoint}?token=${token}&connectId=me`);
  }

  static open({ server }: Venue, url: string): Client {
    return new Client(new WebSocket(server.urlOf(url)));
  }

  /** Welcome and subscribed. */
  static async live(one: Venue, topics: readonly string[], base = HOSTS.spot): Promise<Client> {
    const client = await Client.dial(one, base);
    assert.deepEqual(await client.next(), { id: 'me', type: 'welcome' });
    for (const topic of topics) assert.deepEqual(await client.subscribe(topic), { id: topic, type: 'ack' });
    return client;
  }

  subscribe(topic: string): Promise<Frame> {
    return this.ask({ id: topic, type: 'subscribe', topic, privateChannel: true, response: true });
  }

  ask(frame: object): Promise<Frame> {
    this.socket.send(JSON.stringify(frame));
    return this.next();
  }

  next(): Promise<Frame> {
    const frame = this.frames.shift();
    return frame ? Promise.resolve(frame) : new Promise((resolve) => this.waiting.push(resolve));
  }

  async words(count: number): Promise<string[]> {
    const told: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const { data: row = {} } = await this.next();
      told.push(
        [row['type'], row['status'], row['filledSize'], row['remainSize'], row['canceledSize']].join(' '),
      );
    }
    return told;
  }
}

const keysOf = (...frames: readonly { data: object }[]): Set<string> =>
  new Set(frames.flatMap((frame) => Object.keys(frame.data)));
const rules = ({ server }: Venue): string[] => server.violations.list().map(({ rule }) => rule);

describe('simulated KuCoin: signed REST', () => {
  test('the published vectors are what it checks', async (t) => {
    assert.equal(
      hmac('1700000000000POST/api/v1/bullet-private'),
      'mD6n0bQPyyMAKRD7ButfhkEKxpN8V/MkBAwZ7pR5/cE=',
    );
    assert.equal(hmac('testPassphrase'), 'CQ3jeNqSiveMCiZYufnQSc8+ymb+iDMemp8d6lklIBY=');
    const clock = new FakeClock(1_700_000_000_000);
    const one = await venue(t, 'kucoinLinear', {}, clock);
    const answer = await ask(one, HOSTS.futures, '/api/v1/bullet-private', {
      method: 'POST',
      at: clock.now(),
    });
    assert.equal(answer.code, '200000');
  });

  const path = '/api/v1/accounts?type=trade';
  const refusals: readonly (readonly [string, Asking, (account: SimAccount) => void, number, string])[] = [
    ['no key', { headers: { 'KC-API-KEY': '' } }, () => undefined, 401, '400001'],
    ['no passphrase', { headers: { 'KC-API-PASSPHRASE': '' } }, () => undefined, 401, '400001'],
    ['long ago', { at: Date.now() - 6_000_000 }, () => undefined, 400, '400002'],
    ['no time', { headers: { 'KC-API-TIMESTAMP': 'now' } }, () => undefined, 400, '400002'],
    ['an unknown key', { headers: { 'KC-API-KEY': 'x' } }, () => undefined, 401, '400003'],
    ['a revoked key', {}, (account) => account.revoke(), 401, '400003'],
    [
      'a plain passphrase',
      { headers: { 'KC-API-PASSPHRASE': KEYS.passphrase } },
      () => undefined,
      401,
      '400004',
    ],
    ['a signature without the query', { signed: '/api/v1/accounts' }, () => undefined, 401, '400005'],
    [
      'a signature of another method',
      { headers: { 'KC-API-SIGN': hmac(`POST${path}`) } },
      () => undefined,
      401,
      '400005',
    ],
    ['a blocked address', {}, (account) => (account.isIpBlocked = true), 403, '400006'],
    ['a key that may only trade', {}, (account) => (account.permissions = ['Spot']), 403, '400007'],
    ['version 1', { headers: { 'KC-API-KEY-VERSION': '1' } }, () => undefined, 401, '400008'],
  ];
  for (const [title, asking, spoil, status, code] of refusals) {
    test(`${title}: ${code}`, async (t) => {
      const one = await venue(t);
      spoil(one.account);
      const answer = await ask(one, HOSTS.spot, path, asking);
      assert.deepEqual([answer.status, answer.code, typeof answer.msg], [status, code, 'string']);
      assert.ok(!JSON.stringify(answer).includes(KEYS.key));
    });
  }

  test('versions: both, or the one of the key', async (t) => {
    const both = await venue(t);
    const second = await venue(t, 'kucoin', { keyVersions: { [KEYS.key]: '2' } });
    const codeOf = async (one: Venue, version: string): Promise<string> =>
      (await ask(one, HOSTS.spot, path, { headers: { 'KC-API-KEY-VERSION': version } })).code;
    assert.deepEqual([await codeOf(both, '2'), await codeOf(both, '3')], ['200000', '200000']);
    assert.deepEqual([await codeOf(second, '2'), await codeOf(second, '3')], ['200000', '400008']);
  });

  test('a pool that is used up: 429, the time to wait, a violation', async (t) => {
    const one = await venue(t, 'kucoin', { pools: { management: 7 } });
    await data(one, HOSTS.spot, path);
    const answer = await ask(one, HOSTS.spot, path);
    assert.deepEqual([answer.status, answer.code], [429, '429000']);
    assert.ok(Number(answer.reset) > 25_000);
    // Another pool.
    await data<Data>(one, HOSTS.spot, '/api/v1/hf/orders/active/symbols');
    assert.deepEqual(rules(one), ['restWeight']);
  });

  test('spot lists: per symbol, newest change first, pages by `lastId`', async (t) => {
    const one = await venue(t);
    const { account } = one;
    const ids = ['a', 'b', 'c'].map((clientOrderId) => account.place({ ...BUY, clientOrderId }).orderId);
    account.fill(ids[1]!, '0.3', { price: '29000' });
    account.cancel(ids[0]!);
    assert.deepEqual(await data<Data>(one, HOSTS.spot, '/api/v1/hf/orders/active/symbols'), {
      symbols: ['BTC-USDT'],
    });
    const open = await data(one, HOSTS.spot, '/api/v1/hf/orders/active?symbol=BTC-USDT');
    assert.deepEqual(
      open.map((row) => [row['id'], row['active'], row['remainSize']]),
      [[ids[2], true, '0.3']],
    );
    const page = '/api/v1/hf/orders/done?symbol=BTC-USDT&limit=1';
    const first = await data<{ lastId: number; items: Data[] }>(one, HOSTS.spot, page);
    const second = await data<{ items: Data[] }>(one, HOSTS.spot, `${page}&lastId=${first.lastId}`);
    assert.deepEqual(
      [...first.items, ...second.items].map((row) => [
        row['clientOid'],
        row['dealSize'],
        row['dealFunds'],
        row['cancelledSize'],
      ]),
      [
        ['a', '0', '0.00000000', '0.3'],
        ['b', '0.3', '8700.00000000', '0'],
      ],
    );
    for (const name of [`${ids[2]}`, 'client-order/c']) {
      const row = await data<Data>(one, HOSTS.spot, `/api/v1/hf/orders/${name}?symbol=BTC-USDT`);
      assert.equal(row['id'], ids[2]);
    }
    const missing = await ask(one, HOSTS.spot, '/api/v1/hf/orders/nope?symbol=BTC-USDT');
    assert.deepEqual([missing.code, missing.msg], ['400100', 'order not exist.']);
    assert.equal((await ask(one, HOSTS.spot, '/api/v1/hf/orders/active')).code, '400100');
    assert.equal((await ask(one, HOSTS.spot, `${page}00`)).code, '200000');
    assert.equal((await ask(one, HOSTS.spot, `${page}01`)).code, '400100');
    const [entry] = await data(one, HOSTS.spot, '/api/v1/hf/accounts/ledgers?bizType=TRADE_EXCHANGE');
    assert.match(String(entry?.['context']), /"symbol":"BTC-USDT"/);
    const types = (await data(one, HOSTS.spot, '/api/v1/accounts')).map((row) => row['type']);
    assert.deepEqual([...new Set(types)], ['trade', 'main']);
  });

  test('futures lists: both markets, fills, averages that are rounded; cancels are forgotten', async (t) => {
    const one = await venue(t, 'kucoinLinear', { cancelsKeptMs: -1 });
    const { account, host } = one;
    const inverse = host.accounts.addAccount({ exchange: 'kucoinInverse', ...KEYS });
    const { orderId } = account.place(LONG);
    account.fill(orderId, '3', { price: '29999.9' });
    account.fill(orderId, '7', { price: '30000' });
    const other = inverse.place({ ...LONG, symbol: 'XBTUSDM' });
    inverse.fill(other.orderId, '5', { price: '20000' });
    const gone = account.place(LONG);
    account.cancel(gone.orderId);
    const active = await data<{ items: Data[]; totalPage: number }>(
      one,
      HOSTS.futures,
      '/api/v1/orders?status=active',
    );
    assert.deepEqual(
      active.items.map((row) => [row['id'], row['filledSize'], row['filledValue']]),
      [[other.orderId, 5, '0.00025']],
    );
    const [done, ...more] = await data(one, HOSTS.futures, '/api/v1/recentDoneOrders');
    assert.deepEqual([done?.['id'], done?.['avgDealPrice'], more], [orderId, '29999.97', []]);
    const fills = await data<{ items: Data[]; totalNum: number }>(
      one,
      HOSTS.futures,
      `/api/v1/fills?orderId=${orderId}&pageSize=1`,
    );
    assert.deepEqual([fills.totalNum, fills.items[0]?.['price'], fills.items[0]?.['size']], [2, '30000', 7]);
    const missing = await ask(one, HOSTS.futures, `/api/v1/orders/${gone.orderId}`);
    assert.deepEqual([missing.code, missing.msg], ['100001', 'error.getOrder.orderNotExist']);
    const long = `/api/v1/fills?startAt=${Date.now() - 8 * 86_400_000}&endAt=${Date.now()}`;
    assert.equal((await ask(one, HOSTS.futures, long)).code, '400100');
    account.setBalance('USDT', '10.5', '4.5');
    const overview = await data<Data>(one, HOSTS.futures, '/api/v1/account-overview?currency=USDT');
    assert.deepEqual(
      [overview['availableBalance'], overview['orderMargin'], overview['positionMargin']],
      [10.5, 1, 3.5],
    );
  });
});

describe('simulated KuCoin: private streams', () => {
  test('spot: the words of an order, as documented; V1 without `received`', async (t) => {
    const one = await venue(t);
    const client = await Client.live(one, ['/spotMarket/tradeOrdersV2']);
    const old = await Client.live(one, ['/spotMarket/tradeOrders']);
    const { orderId } = one.account.place(BUY);
    one.account.fill(orderId, '0.1', { price: '29000' });
    one.simulator.shrink(one.account, orderId, '0.05');
    one.account.fill(orderId, '0.15', { price: '29000' });
    const canceled = one.account.place({ ...BUY, clientOrderId: 'x' });
    one.account.cancel(canceled.orderId);
    const words = [
      'received new 0 0.3 0',
      'open open 0 0.3 0',
      'match match 0.1 0.2 0',
      'update open 0.1 0.15 0.05',
      'match match 0.25 0 0.05',
      'filled done 0.25 0 0.05',
      'received new 0 0.3 0',
      'open open 0 0.3 0',
      'canceled done 0 0 0.3',
    ];
    assert.deepEqual(await client.words(9), words);
    assert.deepEqual(
      await old.words(7),
      words.filter((word) => !word.startsWith('received')),
    );
    assert.deepEqual(rules(one), []);
  });

  test('frames have the fields of recorded and documented ones', async (t) => {
    const fundsOf: KucoinOptions['fundsOf'] = ({ type }) => (type === 'MARKET' ? '10' : undefined);
    const one = await venue(t, 'kucoin', { fundsOf });
    const linear = one.host.accounts.addAccount({ exchange: 'kucoinLinear', ...KEYS });
    const spot = await Client.live(one, ['/spotMarket/tradeOrdersV2', '/account/balance']);
    const futures = await Client.live(
      one,
      ['/contractMarket/tradeOrders', '/contractAccount/wallet'],
      HOSTS.futures,
    );
    const seen = async (client: Client, topic: string, wanted: Set<string>): Promise<void> => {
      for (;;) {
        const frame = await client.next();
        if (frame.topic !== topic) continue;
        const missing = [...wanted].filter((key) => !(key in frame.data!));
        if (missing.length === 0) return;
      }
    };
    const market = one.account.place({ ...BUY, type: 'MARKET', quantity: '1' });
    one.account.fill(market.orderId, '0.0001');
    await seen(spot, '/spotMarket/tradeOrdersV2', keysOf(fundsFrame.frames[1] as { data: object }));
    const limit = one.account.place({ ...BUY, clientOrderId: 'l' });
    one.account.fill(limit.orderId, '0.1');
    await seen(spot, '/spotMarket/tradeOrdersV2', keysOf(...(spotFrame.frames as { data: object }[])));
    one.account.fill(limit.orderId, '0.2');
    await seen(spot, '/account/balance', keysOf(...balanceFrame.frames));
    const { orderId } = linear.place(LONG);
    linear.fill(orderId, '10');
    await seen(futures, '/contractMarket/tradeOrders', keysOf(futuresFrame.frames[1] as { data: object }));
    linear.setBalance('USDT', '5', '2');
    await seen(futures, '/contractAccount/wallet', keysOf(...walletFrame.frames));
  });

  test('futures: topics of all and of one contract, positions, liquidation, nanoseconds', async (t) => {
    const one = await venue(t, 'kucoinLinear');
    const topics = ['/contractMarket/tradeOrders:XBTUSDTM', '/contract/positionAll'];
    const client = await Client.live(one, topics, HOSTS.futures);
    const { orderId } = one.account.place(LONG);
    one.account.fill(orderId, '10');
    const frames = [await client.next(), await client.next(), await client.next(), await client.next()];
    assert.deepEqual(
      frames.map(({ subject, data: row }) => [
        subject,
        row?.['type'] ?? row?.['changeReason'],
        row?.['tradeType'] ?? row?.['currentQty'],
      ]),
      [
        ['symbolOrderChange', 'open', 'trade'],
        ['symbolOrderChange', 'match', 'trade'],
        ['symbolOrderChange', 'filled', 'trade'],
        ['position.change', 'positionChange', 10],
      ],
    );
    assert.equal(String(frames[0]?.data?.['ts']).length, 19);
    one.account.liquidate({ ...LONG, side: 'SELL' });
    const ended = [await client.next(), await client.next(), await client.next()];
    assert.deepEqual(
      ended.map(({ data: row }) => [
        row?.['tradeType'] ?? row?.['changeReason'],
        row?.['clientOid'],
        row?.['isOpen'],
      ]),
      [
        ['liquid', undefined, undefined],
        ['liquid', undefined, undefined],
        ['liquidation', undefined, false],
      ],
    );
  });

  test('balances: the main account shares the topic; wallets count their versions', async (t) => {
    const one = await venue(t);
    const linear = one.host.accounts.addAccount({ exchange: 'kucoinLinear', ...KEYS });
    const spot = await Client.live(one, ['/account/balance']);
    const futures = await Client.live(one, ['/contractAccount/wallet'], HOSTS.futures);
    one.account.transfer('USDT', '5');
    const events = [await spot.next(), await spot.next()];
    assert.deepEqual(
      events.map(({ data: row }) => [row?.['relationEvent'], row?.['available']]),
      [
        ['main.transfer', '777'],
        ['trade.transfer', '1000005'],
      ],
    );
    linear.setBalance('USDT', '5', '2');
    linear.setBalance('USDT', '6', '1');
    const wallets = [await futures.next(), await futures.next()];
    assert.deepEqual(
      wallets.map(({ subject, data: row }) => [subject, row?.['version'], row?.['availableBalance']]),
      [
        ['walletBalance.change', '1', '5'],
        ['walletBalance.change', '2', '6'],
      ],
    );
  });

  test('who may hear what: tokens, keys, topics', async (t) => {
    const one = await venue(t, 'kucoinLinear');
    const stranger = one.host.accounts.addAccount({ exchange: 'kucoinLinear', ...KEYS, key: 'other' });
    const open = await Client.dial(one, HOSTS.futures, 'public');
    assert.equal((await open.next()).type, 'welcome');
    assert.equal((await open.subscribe('/contractMarket/tradeOrders')).code, 403);
    const client = await Client.live(one, ['/contractMarket/tradeOrders'], HOSTS.futures);
    assert.equal((await client.subscribe('/contractMarket/nothing')).code, 404);
    assert.equal((await client.subscribe('/spotMarket/tradeOrdersV2')).code, 404);
    assert.equal((await client.subscribe('/contractMarket/ticker:XBTUSDTM')).type, 'ack');
    assert.equal((await client.ask({ id: '9', type: 'ping' })).type, 'pong');
    stranger.place(LONG);
    one.account.place({ ...LONG, clientOrderId: 'mine' });
    let frame = await client.next();
    while (frame.topic !== '/contractMarket/tradeOrders') frame = await client.next();
    assert.equal(frame.data?.['clientOid'], 'mine');
    one.account.revoke();
    assert.equal(await client.closed, 1006);
    assert.deepEqual(rules(one), ['venue:privateTopic']);
  });

  test('a token opens one connection of its host, in its time, and a user has so many', async (t) => {
    const options = { connectionsPerUser: 1, tokenLifeMs: 60_000 };
    const one = await venue(t, 'kucoin', options);
    const { token, instanceServers } = await data<Bullet>(one, HOSTS.spot, '/api/v1/bullet-private', {
      method: 'POST',
    });
    const url = `${instanceServers[0]!.endpoint}?token=${token}&connectId=me`;
    const elsewhere = Client.open(one, url.replace('spot', 'futures'));
    assert.equal((await elsewhere.next()).code, 401);
    const first = Client.open(one, url);
    assert.equal((await first.next()).type, 'welcome');
    const again = Client.open(one, url);
    assert.equal((await again.next()).code, 401);
    const second = await Client.dial(one);
    assert.equal((await second.next()).code, 509);
    options.tokenLifeMs = 0;
    const late = await Client.dial(one);
    assert.equal((await late.next()).code, 401);
    assert.deepEqual(rules(one), ['venue:token', 'venue:token', 'venue:connections', 'venue:token']);
  });
});
