/** The adapter and the simulator, written apart: what a snapshot finds after a gap is what the stream would have told. */
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
import { bitget } from '../../venues/bitget';
import type { Account, AccountRest, Decoded } from '../../venues/contract';
import { startSimulator, type Simulator } from '../index';
import type { SimAccount } from '../kit';

const { accountFeed, connectAccount } = bitget;
assert.ok(accountFeed && connectAccount);
const { session, codec } = accountFeed;
const NONE = new InstrumentIndex();
const KEYS = { key: 'the-key', secret: 'the-secret', passphrase: 'the-passphrase' };
const ORDER = { side: 'BUY', type: 'LIMIT', price: '200', quantity: '3' } as const;

let simulator: Simulator;
let rewrite: (url: string) => string;
const lines: Line[] = [];

beforeEach(async () => {
  simulator = await startSimulator({ venues: ['bitget'], symbols: 4 });
  rewrite = rewriter(parseEndpoints(simulator.overrides()));
});

afterEach(async () => {
  for (const line of lines.splice(0)) line.socket.terminate();
  await simulator.close();
});

function accountOf(exchange: string): Account {
  const market = bitget.descriptor.markets.find((one) => one.exchange === exchange)!;
  return { market, environment: 'live', credentials: { ...KEYS, options: {} } };
}

const restOf = (account: Account): AccountRest =>
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

  private constructor(
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

  static async live(account: Account): Promise<Line> {
    const line = new Line(new WebSocket(rewrite(await session.endpoint(account, restOf(account)))), account);
    await new Promise((resolve, reject) => line.socket.once('open', resolve).once('error', reject));
    await line.goLive();
    return line;
  }

  private async goLive(): Promise<void> {
    const { account, socket } = this;
    for (const { frame } of session.login!(account, Date.now(), () => 1)) socket.send(frame);
    await this.until(() => this.decoded.some(({ kind }) => kind === 'loggedIn'));
    const topics = session.topics(account);
    for (const { frame } of session.subscribe(topics, () => 1, account, Date.now())) socket.send(frame);
    const acked = (): string[] =>
      this.decoded.flatMap((one) => (one.kind === 'ack' ? (one.topics ?? []) : []));
    await this.until(() => topics.every((topic) => acked().includes(topic)));
  }

  private async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  /** Waits until everything sent so far has been answered. */
  async settle(): Promise<void> {
    const pongs = (): number => this.decoded.filter(({ kind }) => kind === 'pong').length;
    const before = pongs();
    this.socket.send(session.ping!(() => 1));
    await this.until(() => pongs() > before);
  }

  get reports(): ExecutionReport[] {
    return this.decoded.flatMap((one) =>
      one.kind === 'events'
        ? one.events.flatMap((event) => (event.kind === 'order' ? [event.report] : []))
        : [],
    );
  }
}

/** All that REST can tell as well: its rows say nothing of a single fill's fee. */
function factsOf(report: ExecutionReport): object {
  const fees = ['commission', 'commissionAsset', 'tradeId'];
  return Object.fromEntries(Object.entries(report).filter(([name]) => !fees.includes(name)));
}

/** The last word on each order. */
function lastOf(reports: readonly ExecutionReport[]): Map<string, ExecutionReport> {
  return new Map(reports.map((report) => [String(report.orderId), factsOf(report) as ExecutionReport]));
}

const CLASSIC: readonly string[] = [];
const UNIFIED: readonly string[] = ['uta_trade'];
const ALL = ['bitget', 'bitgetUsdm', 'bitgetCoinm'];
const MARKETS: [exchange: string, permissions: readonly string[], symbol: string][] = [
  CLASSIC,
  UNIFIED,
].flatMap((permissions) =>
  [
    ['bitget', 'BTCUSDT'],
    ['bitgetUsdm', 'BTCUSDT'],
    ['bitgetUsdm', 'BTCPERP'],
    ['bitgetCoinm', 'BTCUSD'],
  ].map(
    ([exchange, symbol]) => [exchange!, permissions, symbol!] satisfies [string, readonly string[], string],
  ),
);

/** One key on every market: what happens on the others is not to be told. */
function addAccounts(permissions: readonly string[]): Map<string, SimAccount> {
  let count = 0;
  const orderIds = (): string => `12869560126${String((count += 1)).padStart(8, '0')}`;
  return new Map(
    ALL.map((exchange) => [
      exchange,
      simulator.accounts.addAccount({ exchange, ...KEYS, permissions, orderIds }),
    ]),
  );
}

describe('bitget: adapter on simulator', () => {
  for (const [exchange, permissions, symbol] of MARKETS) {
    test(`${exchange} ${symbol} ${permissions.length > 0 ? 'unified' : 'classic'}: dropped while orders change`, async () => {
      const accounts = addAccounts(permissions);
      const sim = accounts.get(exchange)!;
      const account = accountOf(exchange);
      const dropped = await Line.live(account);
      const witness = await Line.live(account);

      let count = 0;
      const place = (changes: Partial<Parameters<typeof sim.place>[0]> = {}): string =>
        sim.place({ ...ORDER, symbol, clientOrderId: `D-RO-${(count += 1)}`, ...changes }).orderId;
      const partly = place();
      sim.fill(partly, '1', { price: '199.5' });
      const [untouched, filled, cancelled, cut] = [place(), place(), place(), place()];
      sim.fill(cut, '0.7');
      await dropped.settle();
      const known = [...lastOf(dropped.reports).values()].map(({ orderId, newClientOrderId }) => ({
        symbol,
        orderId,
        clientOrderId: newClientOrderId,
      }));
      assert.equal(known.length, 5);

      dropped.socket.terminate();
      const sinceMs = Date.now();
      sim.fill(partly, '1.25', { price: '200', commission: '0.1', commissionAsset: 'USDT' });
      sim.fill(filled, '3', { price: '198.25' });
      sim.cancel(cancelled);
      sim.cancel(cut);
      const born = place({ side: 'SELL' });
      const bornAndFilled = place();
      sim.fill(bornAndFilled, '0.5');
      const atMarket = place({ type: 'MARKET', price: '0' });
      sim.fill(atMarket, '2', { price: '201' });
      sim.fill(atMarket, '1', { price: '201.5' });
      const lapsed = place();
      sim.expire(lapsed);
      const refused = sim.reject({ ...ORDER, symbol, clientOrderId: 'D-RO-X' }).orderId;
      const liquidation = { ...ORDER, symbol, side: 'SELL', type: 'MARKET' } as const;
      const liquidated = exchange === 'bitget' ? [] : [sim.liquidate(liquidation).orderId];
      for (const [other, stranger] of accounts) {
        if (other !== exchange) stranger.place({ ...ORDER, symbol: 'ETHUSDT' });
      }
      await witness.settle();

      const { orders, incomplete } = await restOf(account).snapshot({ sinceMs, instruments: NONE, known });
      const truth = lastOf(witness.reports);
      assert.deepEqual(lastOf(orders.map(({ report }) => report)), truth);
      assert.equal(orders.length, truth.size, 'each order once');
      assert.equal(incomplete, undefined);
      const all = [partly, untouched, filled, cancelled, cut, born, bornAndFilled, atMarket, lapsed, refused];
      assert.deepEqual(
        [...all, ...liquidated].map((id) => truth.get(id)?.orderStatus),
        [
          ...['PARTIALLY_FILLED', 'NEW', 'FILLED', 'CANCELED', 'CANCELED'],
          ...['NEW', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'REJECTED'],
          ...liquidated.map(() => 'FILLED'),
        ],
      );
      for (const id of liquidated) assert.equal(truth.get(id)?.liquidation, true);
      assert.equal(truth.size, all.length + liquidated.length);
      assert.deepEqual(simulator.violations(), []);
    });

    test(`${exchange} ${symbol} ${permissions.length > 0 ? 'unified' : 'classic'}: older than the lists, known by id`, async () => {
      const sim = addAccounts(permissions).get(exchange)!;
      const account = accountOf(exchange);
      const { orderId, clientOrderId } = sim.place({ ...ORDER, symbol });
      // A page of younger orders hides it from who reads back three days only.
      const venueNow = Date.now() + 10 * 86_400_000;
      for (let at = 0; at < 100; at += 1) sim.cancel(sim.place({ ...ORDER, symbol }).orderId);
      sim.fill(orderId, '3');
      const query = { sinceMs: venueNow, instruments: NONE };
      const known = [
        { symbol, orderId, clientOrderId },
        { symbol: 'NEVERUSDT', orderId: '99', clientOrderId: '' },
      ];
      const rest = restOf(account);
      const { orders, incomplete } = await rest.snapshot({ ...query, known });
      assert.deepEqual(
        orders.map(({ report }) => [report.orderId, report.orderStatus, report.totalTradeQuantity]),
        [[orderId, 'FILLED', '3']],
      );
      assert.equal(incomplete, 'known orders that the venue does not tell of: NEVERUSDT');
      assert.deepEqual((await rest.snapshot({ ...query, known: [] })).orders, []);
      assert.deepEqual(simulator.violations(), []);
    });
  }

  test('a cancel on a new connection does not tell the average of older fills: REST does', async () => {
    const sim = addAccounts(CLASSIC).get('bitgetUsdm')!;
    const account = accountOf('bitgetUsdm');
    const { symbol, orderId, clientOrderId } = sim.place({ ...ORDER, symbol: 'BTCUSDT' });
    sim.fill(orderId, '1', { price: '199.5' });
    const line = await Line.live(account);
    const sinceMs = Date.now();
    sim.cancel(orderId);
    await line.settle();
    assert.deepEqual(line.reports, []);
    assert.deepEqual(
      line.decoded.flatMap((one) => (one.kind === 'unknown' ? [one.note] : [])),
      ['order: cancelled, average price unknown'],
    );
    const known = [{ symbol, orderId, clientOrderId }];
    const { orders } = await restOf(account).snapshot({ sinceMs, instruments: NONE, known });
    assert.deepEqual(
      orders.map(({ report }) => [
        report.orderStatus,
        report.totalTradeQuantity,
        report.totalQuoteTradeQuantity,
      ]),
      [['CANCELED', '1', '199.5']],
    );
  });

  test('balances: what was emptied during a gap is missing, and so is empty', async () => {
    for (const permissions of [CLASSIC, UNIFIED]) {
      const keys = { ...KEYS, key: `key-${permissions.join()}` };
      const sim = simulator.accounts.addAccount({ exchange: 'bitget', ...keys, permissions });
      sim.setBalance('USDT', '100', '1.5');
      sim.setBalance('BTC', '0');
      const account = { ...accountOf('bitget'), credentials: { ...keys, options: {} } };
      const query = { sinceMs: Date.now(), instruments: NONE, known: [] };
      const rest = restOf(account);
      assert.deepEqual((await rest.snapshot(query)).balances?.balances, [
        { asset: 'USDT', free: '100', locked: '1.5' },
      ]);
      sim.setBalance('USDT', '0');
      assert.deepEqual((await rest.snapshot(query)).balances?.balances, []);
    }
  });

  test('a key that may not read contracts', async () => {
    simulator.accounts.addAccount({ exchange: 'bitgetUsdm', ...KEYS, permissions: ['spot_trade'] });
    const query = { sinceMs: Date.now(), instruments: NONE, known: [] };
    await assert.rejects(restOf(accountOf('bitgetUsdm')).snapshot(query), (thrown) => {
      assert.ok(thrown instanceof ConnectorError);
      const { code, cause } = thrown.cause as { code: string; cause: string };
      assert.deepEqual([thrown.retry, code, cause], ['never', '40014', 'permission']);
      return true;
    });
  });

  test('without turns an account is over its limit at once: answered, and written down', async () => {
    addAccounts(CLASSIC);
    const rest = restOf(accountOf('bitgetCoinm'));
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
    const paced = await startSimulator({ venues: ['bitget'], symbols: 4, clock });
    try {
      const sim = paced.accounts.addAccount({ exchange: 'bitgetUsdm', ...KEYS });
      const known = Array.from({ length: 10 }, (_, at) => {
        const { orderId } = sim.place({ ...ORDER, symbol: 'BTCUSDT' });
        return { symbol: 'BTCUSDT', orderId: `${orderId}${at}`, clientOrderId: '' };
      });
      const account = accountOf('bitgetUsdm');
      const rest = connectAccount!(account, {
        rewrite: rewriter(parseEndpoints(paced.overrides())),
        timeoutMs: 5_000,
        venueNow: () => clock.now(),
        inTurn: new RestBudget(clock).turns('host', 'login', account.market.accountRest!, 'look'),
      });
      let isDone = false;
      const query = { sinceMs: clock.now(), instruments: NONE, known };
      const looks = Promise.all(Array.from({ length: 4 }, () => rest.snapshot(query)));
      const ended = looks.finally(() => (isDone = true));
      while (!isDone) {
        clock.advance(25);
        await nextTick();
      }
      for (const { orders, incomplete } of await looks) {
        assert.equal(orders.length, 10);
        assert.equal(incomplete, 'known orders that the venue does not tell of: BTCUSDT');
      }
      await ended;
      assert.deepEqual(paced.violations(), []);
    } finally {
      await paced.close();
    }
  });
});
