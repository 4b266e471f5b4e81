import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import type { AccountEvent, ExecutionReport } from '../../domain/account';
import { InstrumentIndex } from '../../domain/instrument';
import { atOnce } from '../../venues/at-once';
import type { Account, AccountRest, Decoded, MarketDescriptor } from '../../venues/contract';
import { bitget } from '../../venues/bitget';
import { SimServer, systemClock, VenueHost, warpClock, type SimAccount, type VenueSimulator } from '../kit';
import { simulateBitget } from './index';

const PRIVATE = 'wss://ws.bitget.com/v2/ws/private';
const UNIFIED = 'wss://ws.bitget.com/v3/ws/private';
const KEYS = { key: 'bg_k', secret: 's3cret', passphrase: 'pass' };

let server: SimServer;
let host: VenueHost;
let venue: VenueSimulator;
let sockets: WebSocket[] = [];

beforeEach(async () => {
  server = new SimServer(systemClock);
  host = new VenueHost(server, systemClock, warpClock(systemClock, 1), 1, 5);
  venue = simulateBitget(host);
  await server.listen();
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  sockets = [];
  venue.stop();
  await server.close();
});

/** Reads frames in order. */
class Client {
  private readonly inbox: string[] = [];
  private wake: () => void = () => undefined;
  readonly closed: Promise<void>;

  private constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('message', (data: Buffer) => {
      this.inbox.push(data.toString());
      this.wake();
    });
  }

  static async open(url: string): Promise<Client> {
    const client = new Client(new WebSocket(server.urlOf(url)));
    sockets.push(client.socket);
    await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
    return client;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async next(): Promise<string> {
    while (this.inbox.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.inbox.shift()!;
  }

  async answer(frame: unknown): Promise<{ event?: string; code?: unknown; arg?: unknown }> {
    this.send(frame);
    return JSON.parse(await this.next()) as { event?: string };
  }
}

function loginFrame(changes: object = {}, secret = KEYS.secret): object {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const stamp = (changes as { timestamp?: string }).timestamp ?? timestamp;
  const sign = createHmac('sha256', secret).update(`${stamp}GET/user/verify`).digest('base64');
  return {
    op: 'login',
    args: [{ apiKey: KEYS.key, passphrase: KEYS.passphrase, timestamp, sign, ...changes }],
  };
}

function addAccount(exchange = 'bitget', permissions: string[] = []): SimAccount {
  return host.accounts.addAccount({ exchange, ...KEYS, permissions });
}

const ORDER = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  price: '70000',
  quantity: '0.4',
  clientOrderId: 'GRID-1',
} as const;

describe('login', () => {
  const REFUSALS: [string, object, number][] = [
    ['unknown key', loginFrame({ apiKey: 'other' }), 30_011],
    ['wrong passphrase', loginFrame({ passphrase: 'other' }), 30_012],
    ['milliseconds', loginFrame({ timestamp: String(Date.now()) }), 30_013],
    ['too old', loginFrame({ timestamp: String(Math.floor(Date.now() / 1_000) - 60) }), 30_014],
    ['wrong secret', loginFrame({}, 'other'), 30_015],
  ];
  for (const [name, frame, code] of REFUSALS) {
    test(name, async () => {
      addAccount();
      const client = await Client.open(PRIVATE);
      assert.equal((await client.answer(frame)).code, code);
      await client.closed;
    });
  }

  test('blocked address, deleted key, wrong generation', async () => {
    const account = addAccount();
    account.isIpBlocked = true;
    assert.equal((await (await Client.open(PRIVATE)).answer(loginFrame())).code, 40_018);
    account.isIpBlocked = false;
    assert.equal((await (await Client.open(UNIFIED)).answer(loginFrame())).code, 40_084);
    account.permissions = ['uta_mgt'];
    assert.equal((await (await Client.open(PRIVATE)).answer(loginFrame())).code, 40_085);
    account.permissions = [];
    const client = await Client.open(PRIVATE);
    assert.deepEqual(await client.answer(loginFrame()), { event: 'login', code: 0, msg: '' });
    account.revoke();
    await client.closed;
    assert.equal((await (await Client.open(PRIVATE)).answer(loginFrame())).code, 30_011);
  });

  test('nothing before the login; only topics that there are', async () => {
    addAccount();
    const client = await Client.open(PRIVATE);
    const arg = { instType: 'SPOT', channel: 'orders', instId: 'default' };
    assert.equal((await client.answer({ op: 'subscribe', args: [arg] })).code, 30_004);
    await client.answer(loginFrame());
    assert.deepEqual(await client.answer({ op: 'subscribe', args: [arg] }), { event: 'subscribe', arg });
    const bad = [
      { ...arg, instType: 'SP' },
      { ...arg, channel: 'order' },
      { ...arg, instId: 'BTCUSDT' },
    ];
    for (const one of bad) {
      assert.equal((await client.answer({ op: 'subscribe', args: [one] })).code, 30_001);
    }
    const misplaced = { instType: 'SPOT', channel: 'account', instId: 'default' };
    assert.equal((await client.answer({ op: 'subscribe', args: [misplaced] })).code, 30_016);
    client.send('ping');
    assert.equal(await client.next(), 'pong');
  });
});

/** The product's adapter as the client: what it reads must be what the model did. */
class Stream {
  private constructor(
    private readonly client: Client,
    private readonly decode: (frame: string) => Decoded<AccountEvent>,
    readonly rest: AccountRest,
  ) {}

  static async open(exchange: string): Promise<Stream> {
    const market = bitget.descriptor.markets.find((one) => one.exchange === exchange) as MarketDescriptor;
    const account: Account = { market, credentials: { ...KEYS, options: {} }, environment: 'live' };
    const rewrite = (url: string): string => server.urlOf(url).replace(/\/$/, '');
    const deps = { rewrite, timeoutMs: 5_000, venueNow: () => Date.now(), inTurn: atOnce };
    const rest = bitget.connectAccount!(account, deps);
    const { session, codec } = bitget.accountFeed!;
    const client = await Client.open(await session.endpoint(account, rest));
    const state = codec.begin(market);
    const instruments = new InstrumentIndex();
    const decode = (frame: string): Decoded<AccountEvent> =>
      codec.decode(frame, { state, market, receivedAt: Date.now(), instruments });
    for (const { frame } of session.login!(account, Date.now(), () => 1)) client.send(frame);
    assert.equal(decode(await client.next()).kind, 'loggedIn');
    const topics = session.topics(account);
    for (const { frame } of session.subscribe(topics, () => 1, account, Date.now())) client.send(frame);
    const acked: string[] = [];
    while (acked.length < topics.length) {
      const ack = decode(await client.next());
      if (ack.kind === 'ack') acked.push(...(ack.topics ?? []));
      else assert.equal(ack.kind, 'events', JSON.stringify(ack));
    }
    assert.deepEqual([...acked].sort(), [...topics].sort());
    return new Stream(client, decode, rest);
  }

  async events(count: number): Promise<AccountEvent[]> {
    const events: AccountEvent[] = [];
    while (events.length < count) {
      const decoded = this.decode(await this.client.next());
      assert.equal(decoded.kind, 'events', JSON.stringify(decoded));
      if (decoded.kind === 'events') events.push(...decoded.events);
    }
    return events;
  }

  async reports(count: number): Promise<ExecutionReport[]> {
    const reports: ExecutionReport[] = [];
    while (reports.length < count) {
      for (const event of await this.events(1)) if (event.kind === 'order') reports.push(event.report);
    }
    return reports;
  }
}

type Facts = readonly unknown[];

function factsOf(report: ExecutionReport): Facts {
  return [
    report.orderId,
    report.newClientOrderId,
    report.orderStatus,
    Number(report.totalTradeQuantity),
    Number(report.totalQuoteTradeQuantity),
  ];
}

function ledger(): Facts[] {
  return server.ledger.list().flatMap((one) => {
    if (one.kind !== 'order') return [];
    const status = one.status === 'EXPIRED' ? 'CANCELED' : one.status;
    return [[one.orderId, one.clientOrderId, status, Number(one.filled), Number(one.quote)]];
  });
}

/** exchange, permissions, symbol */
const MARKETS: [string, string[], string][] = [
  ['bitget', [], 'BTCUSDT'],
  ['bitgetUsdm', [], 'BTCUSDT'],
  ['bitgetUsdm', [], 'BTCPERP'],
  ['bitgetCoinm', [], 'BTCUSD'],
  ['bitget', ['uta_mgt'], 'BTCUSDT'],
  ['bitgetUsdm', ['uta_trade'], 'BTCUSDT'],
  ['bitgetCoinm', ['uta_trade'], 'BTCUSD'],
];

describe('the adapter against the simulator', () => {
  for (const [exchange, permissions, symbol] of MARKETS) {
    test(`${exchange} ${permissions.join()} ${symbol}: every change is read as it was`, async () => {
      const account = addAccount(exchange, permissions);
      const stream = await Stream.open(exchange);
      const first = account.place({ ...ORDER, symbol });
      account.fill(first.orderId, '0.1');
      account.fill(first.orderId, '0.1', { price: '69000', commission: '0.5', commissionAsset: 'USDT' });
      account.cancel(first.orderId);
      const second = account.place({
        ...ORDER,
        symbol,
        side: 'SELL',
        type: 'MARKET',
        clientOrderId: 'D-TP-2',
      });
      account.fill(second.orderId, '0.4', { price: '70001' });
      account.expire(account.place({ ...ORDER, symbol }).orderId);
      account.reject({ ...ORDER, symbol });
      const reports = await stream.reports(9);
      assert.deepEqual(reports.map(factsOf), ledger());
      assert.ok(reports.every((report) => report.symbol === symbol));
      assert.deepEqual(reports[0]?.quantity, '0.4');

      // Missed by a client that was away, told by REST: the last word on each order.
      const { orders } = await stream.rest.snapshot({
        sinceMs: 0,
        instruments: new InstrumentIndex(),
        known: [],
      });
      const last = new Map(ledger().map((facts) => [facts[0], facts]));
      assert.deepEqual(orders.map(({ report }) => factsOf(report)).sort(), [...last.values()].sort());
      assert.deepEqual(server.violations.list(), []);
    });
  }

  test('liquidation', async () => {
    const account = addAccount('bitgetUsdm');
    const stream = await Stream.open('bitgetUsdm');
    account.liquidate({ ...ORDER, side: 'SELL', type: 'MARKET' });
    const [, filled] = await stream.reports(2);
    assert.equal(filled?.liquidation, true);
    assert.equal(filled?.orderStatus, 'FILLED');
    const { orders } = await stream.rest.snapshot({
      sinceMs: 0,
      instruments: new InstrumentIndex(),
      known: [],
    });
    assert.equal(orders[0]?.report.liquidation, true);
  });

  test('balances: spot with its orders, contracts at once, each coin in its product line', async () => {
    const spot = addAccount('bitget');
    const linear = addAccount('bitgetUsdm');
    spot.setBalance('USDT', '1000');
    linear.setBalance('USDC', '5', '1');
    const stream = await Stream.open('bitget');
    spot.place({ ...ORDER, quantity: '0.001', assets: { base: 'BTC', quote: 'USDT' } });
    const [, locked] = await stream.events(2);
    assert.deepEqual(locked?.kind === 'balances' && locked.position.balances, [
      { asset: 'USDT', free: '930', locked: '70' },
    ]);
    const other = await Stream.open('bitgetUsdm');
    linear.setBalance('USDT', '7.5');
    const [atOnce, changed] = await other.events(2);
    assert.deepEqual(atOnce?.kind === 'balances' && atOnce.position.balances, [
      { asset: 'USDC', free: '5', locked: '1' },
    ]);
    assert.deepEqual(changed?.kind === 'balances' && changed.position.balances, [
      { asset: 'USDT', free: '7.5', locked: '0' },
    ]);
    const { balances } = await other.rest.snapshot({
      sinceMs: 0,
      instruments: new InstrumentIndex(),
      known: [],
    });
    assert.deepEqual(balances?.balances, [
      { asset: 'USDT', free: '7.5', locked: '0' },
      { asset: 'USDC', free: '5', locked: '1' },
    ]);
  });

  test('pages: all open orders, and REST counts requests per user', async () => {
    const account = addAccount('bitgetCoinm');
    for (let at = 0; at < 230; at += 1) account.place({ ...ORDER, symbol: 'BTCUSD' });
    const { rest } = await Stream.open('bitgetCoinm');
    assert.equal(
      (await rest.snapshot({ sinceMs: Date.now(), instruments: new InstrumentIndex(), known: [] })).orders
        .length,
      230,
    );
    const many = Array.from({ length: 25 }, () =>
      rest.snapshot({ sinceMs: 0, instruments: new InstrumentIndex(), known: [] }),
    );
    const outcomes = await Promise.allSettled(many);
    const limited = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    assert.ok(limited.length > 0);
    for (const { reason } of limited) assert.equal((reason as { code: string }).code, 'REST_LIMITED');
  });

  test('refused keys, at the REST door', async () => {
    const account = addAccount('bitget');
    const { rest } = await Stream.open('bitget');
    account.revoke();
    await assert.rejects(rest.snapshot({ sinceMs: 0, instruments: new InstrumentIndex(), known: [] }), {
      retry: 'never',
    });
    account.restore();
    account.isIpBlocked = true;
    await assert.rejects(rest.snapshot({ sinceMs: 0, instruments: new InstrumentIndex(), known: [] }), {
      retry: 'never',
    });
    account.isIpBlocked = false;
    account.permissions = ['uta_mgt'];
    const { orders } = await rest.snapshot({ sinceMs: 0, instruments: new InstrumentIndex(), known: [] });
    assert.deepEqual(orders, [], 'upgraded meanwhile: read at the other door');
  });
});
