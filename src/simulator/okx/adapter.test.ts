/** The adapter and the simulator, written apart, on one line: what one says the other must understand. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as nextTick } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { rewriter } from '../../config';
import { parseEndpoints } from '../../config/endpoints';
import type { AccountEvent, ExecutionReport } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import { FakeClock } from '../../testing/fake-clock';
import { RestBudget } from '../../userStream/rest-budget';
import { atOnce } from '../../venues/at-once';
import type { Account, Decoded } from '../../venues/contract';
import { okx } from '../../venues/okx';
import { startSimulator, type Simulator } from '../index';
import { okxOrderIds } from './index';

const { accountFeed, connectAccount } = okx;
assert.ok(accountFeed && connectAccount);
const { session, codec } = accountFeed;
const NONE = new InstrumentIndex();
const KEYS = { key: 'the-key', secret: 'the-secret', passphrase: 'the-passphrase' };

let simulator: Simulator;
let rewrite: (url: string) => string;
const lines: Line[] = [];

beforeEach(async () => {
  simulator = await startSimulator({ venues: ['okx'], symbols: 4 });
  rewrite = rewriter(parseEndpoints(simulator.overrides()));
});

afterEach(async () => {
  for (const line of lines.splice(0)) line.socket.terminate();
  await simulator.close();
});

function accountOf(
  exchange: string,
  okxSource = 'com',
  environment: Account['environment'] = 'live',
): Account {
  const market = okx.descriptor.markets.find((one) => one.exchange === exchange)!;
  return { market, environment, credentials: { ...KEYS, options: { okxSource } } };
}

const restOf = (account: Account) =>
  connectAccount!(account, {
    rewrite,
    timeoutMs: 5_000,
    venueNow: () => Date.now(),
    inTurn: atOnce,
  });

/** A connection of the adapter's words, without the transport's skill. */
class Line {
  readonly decoded: Decoded<AccountEvent>[] = [];
  private wake: () => void = () => undefined;
  private id = 0;

  constructor(
    readonly socket: WebSocket,
    private readonly account: Account,
  ) {
    lines.push(this);
    const { market } = account;
    const context = { state: codec.begin(market), market, receivedAt: 0, instruments: NONE };
    socket.on('message', (data: Buffer) => {
      this.decoded.push(codec.decode(data.toString(), context));
      this.wake();
    });
  }

  static async dial(account: Account): Promise<Line> {
    const line = new Line(new WebSocket(rewrite(await session.endpoint(account, restOf(account)))), account);
    await new Promise((resolve, reject) => line.socket.once('open', resolve).once('error', reject));
    return line;
  }

  readonly nextId = (): number => (this.id += 1);

  async until(isDone: (decoded: Decoded<AccountEvent>) => boolean, count = 1): Promise<void> {
    while (this.decoded.filter(isDone).length < count)
      await new Promise<void>((resolve) => (this.wake = resolve));
  }

  login(): void {
    for (const { frame } of session.login!(this.account, Date.now(), this.nextId)) this.socket.send(frame);
  }

  async goLive(): Promise<void> {
    this.login();
    await this.until(({ kind }) => kind === 'loggedIn');
    const requests = session.subscribe(session.topics(this.account), this.nextId, this.account, Date.now());
    for (const { frame } of requests) this.socket.send(frame);
    await this.until(({ kind }) => kind === 'ack', requests.length);
  }

  /** Waits until everything sent so far has been answered. */
  async settle(): Promise<void> {
    const pongs = this.decoded.filter(({ kind }) => kind === 'pong').length;
    this.socket.send(session.ping!(this.nextId));
    await this.until(({ kind }) => kind === 'pong', pongs + 1);
  }

  get events(): AccountEvent[] {
    return this.decoded.flatMap((one) => (one.kind === 'events' ? one.events : []));
  }

  get reports(): ExecutionReport[] {
    return this.events.flatMap((one) => (one.kind === 'order' ? [one.report] : []));
  }
}

const MARKETS = [
  { exchange: 'okx', instId: 'BTC-USDT', symbol: 'BTC-USDT', okxSource: 'com' },
  { exchange: 'okxLinear', instId: 'BTC-USDT-SWAP', symbol: 'BTC-USDT', okxSource: 'app' },
  { exchange: 'okxLinear', instId: 'BTC-USD_UM_XPERP-310404', symbol: 'BTC-USD_UM_XPERP', okxSource: 'my' },
  { exchange: 'okxInverse', instId: 'BTC-USD-SWAP', symbol: 'BTC-USD', okxSource: 'com' },
];
/** Orders of the same key that other streams own, or nobody. */
const STRANGERS: Record<string, string[]> = {
  okx: ['BTC-USDT-SWAP', 'BTC-USD-SWAP', 'BTC-USD-271231'],
  okxLinear: ['BTC-USDT', 'BTC-USD-SWAP', 'BTC-USD-271231'],
  okxInverse: ['BTC-USDT', 'BTC-USDT-SWAP', 'BTC-USD-271231'],
};

/** All that REST can tell as well: its rows say nothing of a single fill's fee. */
function factsOf(report: ExecutionReport): object {
  const fees = ['commission', 'commissionAsset', 'tradeId'];
  return Object.fromEntries(Object.entries(report).filter(([name]) => !fees.includes(name)));
}

/** The last word on each order. */
function lastOf(reports: readonly ExecutionReport[]): Map<string, object> {
  return new Map(reports.map((report) => [String(report.orderId), factsOf(report)]));
}

describe('okx: adapter on simulator', () => {
  for (const { exchange, instId, symbol, okxSource } of MARKETS) {
    test(`${exchange} ${instId}: live, away, and back by REST`, async () => {
      const sim = simulator.accounts.addAccount({ exchange: 'okx', ...KEYS, orderIds: okxOrderIds });
      sim.setBalance('USDT', '100', '1.5');
      const account = accountOf(exchange, okxSource);
      const order = {
        exchange,
        symbol: instId,
        side: 'SELL',
        type: 'LIMIT',
        price: '200',
        quantity: '3',
      } as const;
      const line = await Line.dial(account);
      await line.goLive();

      const first = sim.place({ ...order, clientOrderId: 'D-TP1' }).orderId;
      sim.fill(first, '1', { price: '201', commission: '0.1', commissionAsset: 'USDT' });
      for (const one of STRANGERS[exchange]!) sim.place({ ...order, symbol: one, exchange: 'okx' });
      await line.settle();
      assert.deepEqual(
        line.reports.map((one) => [
          one.symbol,
          one.orderId,
          one.newClientOrderId,
          one.orderStatus,
          one.price,
        ]),
        [
          [symbol, first, 'D-TP1', 'NEW', '200'],
          [symbol, first, 'D-TP1', 'PARTIALLY_FILLED', '201'],
        ],
      );
      assert.equal(line.reports[1]?.commission, '0.1');
      assert.deepEqual(
        line.events.flatMap((one) => (one.kind === 'balances' ? one.position.balances : [])),
        [{ asset: 'USDT', free: '100', locked: '1.5' }],
      );
      assert.deepEqual(
        line.decoded.filter(({ kind }) => kind === 'unknown' || kind === 'refused'),
        [],
      );

      line.socket.terminate();
      const since = Date.now();
      sim.fill(first, '2', { price: '201' });
      const second = sim.place({ ...order, clientOrderId: 'D-TP2' }).orderId;
      sim.cancel(second);
      const third = sim.place({ ...order, clientOrderId: 'D-TP3' }).orderId;
      const { orders, balances } = await restOf(account).snapshot({
        sinceMs: since,
        instruments: NONE,
        known: [],
      });
      const truth = [first, second, third].map((orderId) => simulator.ledger.orders({ orderId }).at(-1)!);
      assert.deepEqual(
        orders
          .map(({ report }) => [report.orderId, report.totalTradeQuantity, report.totalQuoteTradeQuantity])
          .sort(),
        truth.map((one) => [one.orderId, one.filled, one.quote]).sort(),
      );
      const statusOf = (orderId: string): string | undefined =>
        orders.find(({ report }) => report.orderId === orderId)?.report.orderStatus;
      assert.deepEqual([first, second, third].map(statusOf), ['FILLED', 'CANCELED', 'NEW']);
      assert.deepEqual(balances?.balances, [{ asset: 'USDT', free: '100', locked: '1.5' }]);
      assert.deepEqual(simulator.violations(), []);
    });
  }

  for (const { exchange, instId, symbol, okxSource } of MARKETS) {
    test(`${exchange} ${instId}: what a snapshot finds after a gap is what the stream would have told`, async () => {
      const sim = simulator.accounts.addAccount({ exchange: 'okx', ...KEYS, orderIds: okxOrderIds });
      const account = accountOf(exchange, okxSource);
      const order = {
        exchange,
        symbol: instId,
        side: 'BUY',
        type: 'LIMIT',
        price: '200',
        quantity: '3',
      } as const;
      const dropped = await Line.dial(account);
      const witness = await Line.dial(account);
      await dropped.goLive();
      await witness.goLive();

      let count = 0;
      const place = (changes: Partial<Parameters<typeof sim.place>[0]> = {}): string =>
        sim.place({ ...order, clientOrderId: `D-RO${(count += 1)}`, ...changes }).orderId;
      const partly = place();
      sim.fill(partly, '1', { price: '199.5' });
      const [untouched, filled, cancelled, cut] = [place(), place(), place(), place()];
      sim.fill(cut, '0.7');
      await dropped.settle();
      const known = [...lastOf(dropped.reports)].map(([orderId]) => ({
        symbol,
        orderId,
        clientOrderId: dropped.reports.find((one) => one.orderId === orderId)!.newClientOrderId,
      }));
      assert.equal(known.length, 5);

      dropped.socket.terminate();
      const sinceMs = Date.now();
      sim.fill(partly, '1.25', { price: '200', commission: '0.1', commissionAsset: 'USDT' });
      sim.fill(filled, '3', { price: '198.25' });
      sim.cancel(cancelled);
      sim.cancel(cut);
      const born = place({ side: 'SELL' });
      const atMarket = place({ type: 'MARKET', price: '0' });
      sim.fill(atMarket, '2', { price: '201' });
      sim.fill(atMarket, '1', { price: '201.5' });
      const lapsed = place();
      sim.expire(lapsed);
      for (const one of STRANGERS[exchange]!) sim.place({ ...order, symbol: one, exchange: 'okx' });
      const liquidation = { ...order, side: 'SELL', type: 'MARKET' } as const;
      const liquidated = exchange === 'okx' ? [] : [sim.liquidate(liquidation).orderId];
      await witness.settle();

      const base = { exchange: account.market.exchange, base: 'BTC', quote: 'USD' };
      const instruments = new InstrumentIndex([{ ...base, symbol, venueSymbol: instId }]);
      const { orders, incomplete } = await restOf(account).snapshot({ sinceMs, instruments, known });
      const truth = lastOf(witness.reports);
      assert.deepEqual(lastOf(orders.map(({ report }) => report)), truth);
      assert.equal(incomplete, undefined);
      const statusOf = (id: string): unknown => (truth.get(id) as ExecutionReport).orderStatus;
      assert.deepEqual(
        [partly, untouched, filled, cancelled, cut, born, atMarket, lapsed, ...liquidated].map(statusOf),
        [
          ...['PARTIALLY_FILLED', 'NEW', 'FILLED', 'CANCELED', 'CANCELED', 'NEW', 'FILLED', 'CANCELED'],
          ...liquidated.map(() => 'FILLED'),
        ],
      );
      for (const id of liquidated) assert.equal((truth.get(id) as ExecutionReport).liquidation, true);
      assert.equal(truth.size, 8 + liquidated.length);
      assert.deepEqual(simulator.violations(), []);
    });
  }

  test('an unfilled cancel is forgotten after 2 hours: told as a cancel, if it is known well enough', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 20, 10));
    const aged = await startSimulator({ venues: ['okx'], symbols: 4, clock });
    try {
      const sim = aged.accounts.addAccount({ exchange: 'okx', ...KEYS, orderIds: okxOrderIds });
      const order = { symbol: 'BTC-USDT', side: 'BUY', type: 'LIMIT', price: '200', quantity: '3' } as const;
      const [forgotten, filled] = ['D-RO1', 'D-RO2'].map((clientOrderId) =>
        sim.place({ ...order, clientOrderId }),
      );
      const sinceMs = clock.now();
      sim.cancel(forgotten!.orderId);
      sim.fill(filled!.orderId, '3');
      const rest = connectAccount!(accountOf('okx'), {
        rewrite: rewriter(parseEndpoints(aged.overrides())),
        timeoutMs: 5_000,
        venueNow: () => clock.now(),
        inTurn: atOnce,
      });
      const { side, quantity, price } = order;
      const last = { side, quantity, price, orderType: 'LIMIT', filled: '0', at: sinceMs } as const;
      const look = async (
        isHeardOf = true,
      ): Promise<[statuses: string[], incomplete: string | undefined]> => {
        const known = [forgotten!, filled!].map(({ symbol, orderId, clientOrderId }) => ({
          ...{ symbol, orderId, clientOrderId },
          ...(isHeardOf && { last }),
        }));
        const { orders, incomplete } = await rest.snapshot({ sinceMs, instruments: NONE, known });
        return [orders.map(({ report }) => report.orderStatus).sort(), incomplete];
      };
      assert.deepEqual(await look(), [['CANCELED', 'FILLED'], undefined]);
      const hour = 3_600_000;
      clock.jump(2 * hour + 1);
      const gap = 'the venue keeps orders cancelled without a fill for 2 hours';
      const lost = 'known orders that the venue does not tell of: BTC-USDT';
      assert.deepEqual(await look(), [['CANCELED', 'FILLED'], gap]);
      assert.deepEqual(await look(false), [['FILLED'], `${gap}; ${lost}`]);
      // From the archive.
      clock.jump(8 * 24 * hour);
      assert.deepEqual(await look(), [['CANCELED', 'FILLED'], gap]);
    } finally {
      await aged.close();
    }
  });

  test('balances: what was emptied during a gap is missing, and so is empty', async () => {
    const sim = simulator.accounts.addAccount({ exchange: 'okx', ...KEYS });
    sim.setBalance('USDT', '100', '1.5');
    sim.setBalance('BTC', '0.25');
    const account = accountOf('okx');
    const line = await Line.dial(account);
    await line.goLive();
    await line.settle();
    line.socket.terminate();
    sim.setBalance('BTC', '0');
    const query = { sinceMs: Date.now(), instruments: NONE, known: [] };
    const { balances } = await restOf(account).snapshot(query);
    assert.deepEqual(balances?.balances, [{ asset: 'USDT', free: '100', locked: '1.5' }]);
    sim.setBalance('USDT', '0');
    assert.deepEqual((await restOf(account).snapshot(query)).balances?.balances, []);
  });

  test('without turns an account is over its limit at once: answered, and written down', async () => {
    simulator.accounts.addAccount({ exchange: 'okx', ...KEYS });
    const rest = restOf(accountOf('okx'));
    const query = { sinceMs: Date.now(), instruments: NONE, known: [] };
    const asked = await Promise.allSettled(Array.from({ length: 12 }, () => rest.snapshot(query)));
    const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason as ConnectorError] : []));
    assert.ok(refused.length > 0);
    for (const { code, retry } of refused) {
      assert.deepEqual([code, retry], ['REST_LIMITED', { afterMs: 2_000 }]);
    }
    assert.deepEqual(new Set(simulator.violations().map(({ rule }) => rule)), new Set(['restWeight']));
  });

  test('with turns it stays within every limit, whatever is asked at once', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 20, 10));
    const paced = await startSimulator({ venues: ['okx'], symbols: 4, clock });
    try {
      const sim = paced.accounts.addAccount({ exchange: 'okx', ...KEYS, orderIds: okxOrderIds });
      const order = { symbol: 'BTC-USDT', side: 'BUY', type: 'LIMIT', price: '200', quantity: '3' } as const;
      const placed = Array.from({ length: 20 }, () => sim.place(order));
      for (const { orderId } of placed) sim.cancel(orderId);
      clock.jump(3 * 3_600_000);
      const account = accountOf('okx');
      const turns = new RestBudget(clock).turns('host', 'login', account.market.accountRest!, 'look');
      const rest = connectAccount!(account, {
        rewrite: rewriter(parseEndpoints(paced.overrides())),
        timeoutMs: 5_000,
        venueNow: () => clock.now(),
        inTurn: turns,
      });
      const query = { sinceMs: clock.now(), instruments: NONE, known: placed };
      let isDone = false;
      const looks = Promise.all(Array.from({ length: 6 }, () => rest.snapshot(query)));
      const ended = looks.finally(() => (isDone = true));
      while (!isDone) {
        clock.advance(50);
        await nextTick();
      }
      await ended;
      assert.deepEqual(paced.violations(), []);
      const { httpRequests } = paced.stats()['https://openapi.okx.com']!;
      assert.equal(httpRequests, 6 * (3 + 20));
    } finally {
      await paced.close();
    }
  });

  test('the demo is another place: its keys work there only, by socket and by REST', async () => {
    simulator.accounts.addAccount({ exchange: 'okx', ...KEYS, permissions: ['demo'] });
    const demo = accountOf('okx', 'my', 'sandbox');
    await (await Line.dial(demo)).goLive();
    await restOf(demo).snapshot({ sinceMs: 0, instruments: NONE, known: [] });
    const live = accountOf('okx', 'my');
    const line = await Line.dial(live);
    line.login();
    await line.until(({ kind }) => kind === 'loginRefused');
    await assert.rejects(
      restOf(live).snapshot({ sinceMs: 0, instruments: NONE, known: [] }),
      (thrown) => thrown instanceof ConnectorError && thrown.retry === 'never',
    );
  });

  test("the venue's clock", async () => {
    const before = Date.now();
    const told = await restOf(accountOf('okx')).serverTime();
    assert.ok(told >= before && told <= Date.now());
  });

  test('a refused topic is known by the id of its request', async () => {
    simulator.accounts.addAccount({ exchange: 'okx', ...KEYS });
    simulator.faults.set({ refuseTopics: ['orders:SPOT'] });
    const line = await Line.dial(accountOf('okx'));
    line.login();
    await line.until(({ kind }) => kind === 'loggedIn');
    const account = accountOf('okx');
    const [request] = session.subscribe(session.topics(account), line.nextId, account, Date.now());
    line.socket.send(request!.frame);
    await line.until(({ kind }) => kind === 'refused');
    const refused = line.decoded.find(({ kind }) => kind === 'refused');
    assert.equal(refused?.kind === 'refused' && refused.id, request!.id);
  });
});
