import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { AccountEvent } from '../../domain/account';
import { InstrumentIndex } from '../../domain/instrument';
import { simulateBybit } from '../../simulator/bybit';
import type { SimAccount } from '../../simulator/kit';
import { SimServer, systemClock, VenueHost, warpClock } from '../../simulator/kit';
import { atOnce } from '../at-once';
import type { Account, AccountRest, Decoded } from '../contract';
import { bybit } from './index';

/** The adapter against the simulated venue, which was written from the documents and not from the adapter. */

const { session, codec } = bybit.accountFeed!;
const NONE = new InstrumentIndex();
const BUY = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '30000', quantity: '0.3' } as const;
const INVERSE_SELL = { symbol: 'BTCUSD', side: 'SELL', type: 'MARKET', price: '0', quantity: '300' } as const;
const ASSETS = { base: 'BTC', quote: 'USDT' };

interface Stage {
  readonly server: SimServer;
  readonly account: Account;
  readonly held: SimAccount;
  readonly rest: AccountRest;
  forgetClosedOrders(): void;
}

async function stage(
  t: TestContext,
  exchange: string,
  change: Partial<Account['credentials']> = {},
): Promise<Stage> {
  const server = new SimServer(systemClock);
  const host = new VenueHost(server, systemClock, warpClock(systemClock, 1), 7, 6);
  const key = createHash('sha256').update(exchange).digest('hex').slice(0, 18);
  const secret = createHash('sha256').update(key).digest('hex').slice(0, 36);
  const held = host.accounts.addAccount({
    exchange,
    key,
    secret,
    // As long as the venue's: a number would lose digits.
    orderIds: (count) => `14747794483530${String(count).padStart(5, '0')}`,
  });
  const simulator = simulateBybit(host, { keySites: { [key]: 'eu' } });
  await server.listen();
  t.after(async () => {
    simulator.stop();
    await server.close();
  });
  const account: Account = {
    market: bybit.descriptor.markets.find((market) => market.exchange === exchange)!,
    credentials: { key, secret, passphrase: '', options: { bybitHost: 'eu' }, ...change },
    environment: 'live',
  };
  const rest = bybit.connectAccount!(account, {
    rewrite: (url) => server.urlOf(url).replace(/\/$/, ''),
    timeoutMs: 10_000,
    venueNow: () => Date.now(),
    inTurn: atOnce,
  });
  return { server, account, held, rest, forgetClosedOrders: () => simulator.forgetClosedOrders() };
}

/** What a driver does, without its deadlines. */
class Line {
  private readonly decoded: Decoded<AccountEvent>[] = [];
  private readonly waiting: ((decoded: Decoded<AccountEvent>) => void)[] = [];
  private id = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly socket: WebSocket,
  ) {
    const { market } = stage.account;
    const state = codec.begin(market);
    socket.on('message', (data) => {
      const context = { state, market, receivedAt: Date.now(), instruments: NONE };
      const decoded = codec.decode((data as Buffer).toString(), context);
      const taker = this.waiting.shift();
      if (taker) taker(decoded);
      else this.decoded.push(decoded);
    });
  }

  static async dial(stage: Stage): Promise<Line> {
    const socket = new WebSocket(stage.server.urlOf(await session.endpoint(stage.account, stage.rest)));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const line = new Line(stage, socket);
    const now = await stage.rest.serverTime();
    for (const { frame } of session.login!(stage.account, now, line.nextId)) socket.send(frame);
    return line;
  }

  async subscribe(): Promise<void> {
    const { account } = this.stage;
    for (const { frame, id } of session.subscribe(session.topics(account), this.nextId, account, 0)) {
      this.socket.send(frame);
      assert.deepEqual(await this.next(), { kind: 'ack', id });
    }
  }

  async pong(): Promise<string> {
    this.socket.send(session.ping!(this.nextId));
    return (await this.next()).kind;
  }

  next(): Promise<Decoded<AccountEvent>> {
    const decoded = this.decoded.shift();
    return decoded ? Promise.resolve(decoded) : new Promise((resolve) => this.waiting.push(resolve));
  }

  async event(): Promise<AccountEvent> {
    const decoded = await this.next();
    assert.ok(decoded.kind === 'events' && decoded.events.length === 1, decoded.kind);
    return decoded.events[0]!;
  }

  private readonly nextId = (): number => (this.id += 1);
}

async function live(stage: Stage): Promise<Line> {
  const line = await Line.dial(stage);
  assert.deepEqual(await line.next(), { kind: 'loggedIn' });
  await line.subscribe();
  return line;
}

async function told(line: Line, count: number): Promise<unknown[]> {
  const lines: unknown[] = [];
  for (let at = 0; at < count; at += 1) {
    const event = await line.event();
    lines.push(
      event.kind === 'order'
        ? [event.report.orderStatus, event.report.totalTradeQuantity, event.report.totalQuoteTradeQuantity]
        : event.kind === 'balances' &&
            event.position.balances.map(({ asset, free, locked }) => `${asset} ${free} ${locked}`),
    );
  }
  return lines;
}

test('spot: from the login to the last fill', async (t) => {
  const one = await stage(t, 'bybit');
  const line = await live(one);
  assert.equal(await line.pong(), 'pong');
  one.held.setBalance('USDT', '10000');
  const { orderId } = one.held.place({ ...BUY, assets: ASSETS });
  one.held.fill(orderId, '0.1', { price: '29999' });
  one.held.fill(orderId, '0.2');
  assert.deepEqual(await told(line, 7), [
    ['USDT 10000 0'],
    ['NEW', '0', '0'],
    ['USDT 1000 9000'],
    ['PARTIALLY_FILLED', '0.1', '2999.9'],
    ['USDT 1000.1 6000', 'BTC 0.1 0'],
    ['FILLED', '0.3', '8999.9'],
    ['USDT 1000.1 0', 'BTC 0.3 0'],
  ]);
  assert.deepEqual(one.server.violations.list(), []);
});

test('inverse: base coins, and the liquidation is told', async (t) => {
  const one = await stage(t, 'bybitInverse');
  const line = await live(one);
  one.held.liquidate({ ...INVERSE_SELL, price: '50000' });
  const [placed, filled] = [await line.event(), await line.event()];
  assert.ok(placed.kind === 'order' && filled.kind === 'order');
  const { orderStatus, price, totalTradeQuantity, totalQuoteTradeQuantity, liquidation } = filled.report;
  assert.deepEqual(
    [orderStatus, price, totalTradeQuantity, totalQuoteTradeQuantity, liquidation],
    ['FILLED', '50000', '0.006', '300', true],
  );
});

for (const isRestarted of [false, true]) {
  test(`what happened while we were away is in the snapshot${isRestarted ? ', also after a restart of the venue' : ''}`, async (t) => {
    const one = await stage(t, 'bybitLinear');
    const since = Date.now() - 60_000;
    const orderIds = Array.from({ length: 120 }, () => one.held.place(BUY).orderId);
    const [filled, cut, ...open] = orderIds;
    one.held.fill(filled!, '0.3');
    one.held.fill(cut!, '0.1');
    one.held.cancel(cut!);
    one.held.setBalance('USDT', '5', '1');
    if (isRestarted) one.forgetClosedOrders();
    const { orders, balances } = await one.rest.snapshot({ sinceMs: since, instruments: NONE, known: [] });
    const states = new Map(orders.map(({ report }) => [report.orderId, report]));
    assert.equal(orders.length, orderIds.length);
    assert.equal(states.get(filled!)?.orderStatus, 'FILLED');
    assert.deepEqual(
      [states.get(cut!)?.orderStatus, states.get(cut!)?.totalTradeQuantity],
      ['CANCELED', '0.1'],
    );
    for (const orderId of open) assert.equal(states.get(orderId)?.orderStatus, 'NEW');
    assert.deepEqual(balances?.balances, [{ asset: 'USDT', free: '5', locked: '1' }]);
    assert.deepEqual(one.server.violations.list(), []);
  });
}

test('stream and REST tell an order alike', async (t) => {
  const one = await stage(t, 'bybit');
  const line = await live(one);
  const { orderId } = one.held.place(BUY);
  one.held.fill(orderId, '0.1', { price: '29999.7' });
  await line.event();
  const streamed = await line.event();
  assert.deepEqual((await one.rest.snapshot({ sinceMs: 0, instruments: NONE, known: [] })).orders, [
    streamed,
  ]);
});

test('a wrong secret and a wrong site are refused for good, on both ways', async (t) => {
  const changes: readonly Partial<Account['credentials']>[] = [{ secret: 'wrong' }, { options: {} }];
  for (const change of changes) {
    const one = await stage(t, 'bybit', change);
    const refused = await (await Line.dial(one)).next();
    assert.ok(refused.kind === 'loginRefused');
    assert.deepEqual([refused.reason.retry, refused.reason.cause], ['never', 'credentials']);
    assert.ok(!refused.reason.text.includes(one.account.credentials.key), refused.reason.text);
    await assert.rejects(one.rest.snapshot({ sinceMs: 0, instruments: NONE, known: [] }), { retry: 'never' });
  }
});
