/** The account side on the real stream, budget and sockets, against the simulated venue: an independent witness. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { Balance, ExecutionReport } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import type { OrderRequest, SimAccount } from '../../simulator/kit';
import { SimServer, VenueHost, warpClock } from '../../simulator/kit';
import { simulateKucoin, type KucoinOptions } from '../../simulator/kucoin';
import { FakeClock } from '../../testing/fake-clock';
import { RecordedTelemetry } from '../../testing/recorded-telemetry';
import { drive, driveUntil } from '../../testing/tiny-venue';
import { DialBudget } from '../../transport/limits';
import { AccountStream } from '../../userStream/account-stream';
import { AuthGates } from '../../userStream/auth-gates';
import { RestBudget } from '../../userStream/rest-budget';
import { VenueClock } from '../../userStream/venue-clock';
import type { Account, AccountSnapshot, InTurn, KnownOrder } from '../contract';
import { kucoin } from './index';

const { accountFeed, connectAccount } = kucoin;
assert.ok(accountFeed && connectAccount);
const POLICY = { windowMs: 600_000, threshold: 3, cooldownMs: 1_800_000, cooldownMaxMs: 7_200_000 };
const KEYS = { key: 'the-key', secret: 'the-secret', passphrase: 'the-passphrase' };
const MINUTE = 60_000;
const DAY = 86_400_000;
/** Small: what a request holds of time must be true for the venue when it comes there. */
const STEP_MS = 10;

interface Case {
  readonly exchange: string;
  readonly symbol: string;
  readonly venueSymbol: string;
  /** By the venue's name, and ours. */
  readonly asset: readonly [theirs: string, ours: string];
  readonly limit: OrderRequest;
  /** Three parts of the quantity, which is their sum. */
  readonly parts: readonly [string, string, string];
  readonly prices: readonly [string, string, string];
}

const LIMIT = { side: 'BUY', type: 'LIMIT' } as const;
const SPOT: Case = {
  ...{ exchange: 'kucoin', symbol: 'BTC-USDT', venueSymbol: 'BTC-USDT', asset: ['USDT', 'USDT'] },
  limit: {
    ...LIMIT,
    symbol: 'BTC-USDT',
    price: '60000',
    quantity: '0.3',
    assets: { base: 'BTC', quote: 'USDT' },
  },
  parts: ['0.1', '0.05', '0.15'],
  prices: ['60000', '59999.9', '59998.7'],
};
const LINEAR: Case = {
  ...{ exchange: 'kucoinLinear', symbol: 'BTCUSDT', venueSymbol: 'XBTUSDTM', asset: ['USDT', 'USDT'] },
  limit: { ...LIMIT, symbol: 'XBTUSDTM', price: '60000', quantity: '30' },
  parts: ['10', '5', '15'],
  prices: ['60000', '59999.9', '59998.7'],
};
const INVERSE: Case = {
  ...{ exchange: 'kucoinInverse', symbol: 'BTCUSD', venueSymbol: 'XBTUSDM', asset: ['XBT', 'BTC'] },
  limit: { ...LIMIT, symbol: 'XBTUSDM', price: '60000', quantity: '300' },
  parts: ['100', '50', '150'],
  prices: ['60000', '59999.9', '59998.7'],
};
const CASES = [SPOT, LINEAR, INVERSE];

type Writable<T> = { -readonly [K in keyof T]: T[K] };

async function setUp(
  t: TestContext,
  { exchange, symbol }: Case,
  given: Partial<typeof KEYS> & { options?: KucoinOptions } = {},
) {
  const { options: told, ...keys } = given;
  const options: Writable<KucoinOptions> = told ?? {};
  const clock = new FakeClock(Date.UTC(2026, 10, 3, 12));
  const server = new SimServer(clock);
  /** Of the venue's clock against ours, ms. */
  const shift = { ms: 0 };
  const theirs = { ...warpClock(clock, 1), now: () => clock.now() + shift.ms };
  const host = new VenueHost(server, clock, theirs, 7, 6);
  const simulator = simulateKucoin(host, options);
  await server.listen();
  const open = (at: string): SimAccount => host.accounts.addAccount({ exchange: at, ...KEYS });
  const sim = open(exchange);

  const market = kucoin.descriptor.markets.find((one) => one.exchange === exchange)!;
  const { accountRest, links } = market;
  assert.ok(accountRest && links.account);
  const telemetry = new RecordedTelemetry();
  const venueClock = new VenueClock('kucoin', { clock, telemetry });
  const rewrite = (url: string): string => server.urlOf(url);
  const listed = await kucoin.connectRest({ rewrite, timeoutMs: 5_000 }).instruments(market);
  const instruments = new InstrumentIndex(listed);
  const account: Account = {
    ...{ market, environment: 'live' },
    credentials: { ...KEYS, ...keys, options: {} },
  };
  const budget = new RestBudget(clock);
  const weights: number[] = [];
  const restOf = (lane: 'session' | 'look') => {
    const turns = budget.turns(market.endpoints.rest, 'login', accountRest, lane);
    const inTurn: InTurn = (call, weight = 1) => {
      weights.push(weight);
      return turns(call, weight);
    };
    return connectAccount!(account, { rewrite, timeoutMs: 5_000, venueNow: venueClock.now, inTurn });
  };
  const rest = restOf('look');
  const reports: ExecutionReport[] = [];
  const balances = new Map<string, Balance>();
  const lives: (number | undefined)[] = [];
  const refusals: string[] = [];
  const plug = {
    ...{ account, feed: accountFeed!, rest: restOf('session'), looks: rest },
    ...{ rules: links.account, fingerprint: 'login' },
    ...{ sentAt: () => -Infinity, looksSentAt: () => -Infinity },
  };
  const deps = {
    transport: { clock, random: () => 0, dials: new DialBudget(clock), telemetry, rewrite },
    ...{ gates: new AuthGates(POLICY, clock), venueClock, instruments },
    onLimited: () => undefined,
    listed: () => Promise.resolve(),
  };
  const listener = {
    onEvents: (events: Parameters<ConstructorParameters<typeof AccountStream>[2]['onEvents']>[0]) => {
      for (const one of events) {
        if (one.kind === 'order') reports.push(one.report);
        if (one.kind === 'balances') for (const held of one.position.balances) balances.set(held.asset, held);
      }
    },
    onLive: (missedSince: number | undefined) => void lives.push(missedSince),
    onLost: () => undefined,
    onUnread: () => undefined,
    onRefused: ({ code, cause }: { code: string; cause?: string }) =>
      void refusals.push(`${code} ${cause ?? ''}`),
  };
  const stream = new AccountStream(plug, deps, listener);
  stream.restart();
  t.after(async () => {
    stream.stop();
    simulator.stop();
    await server.close();
    for (const secret of Object.values({ ...KEYS, ...keys }).filter((text) => text !== '')) {
      assert.ok(!telemetry.allText().includes(secret), 'no secret in the log');
    }
  });
  const until = (what: string, isSo: () => boolean): Promise<void> => driveUntil(clock, what, isSo, STEP_MS);
  /** With time passing meanwhile, as calls wait for their turn. */
  const settled = async <T>(what: string, work: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = (): void => void (isDone = true);
    work.then(done, done);
    await until(what, () => isDone);
    return work;
  };
  const snapshot = (sinceMs: number, known: readonly KnownOrder[] = []): Promise<AccountSnapshot> =>
    settled('a snapshot', rest.snapshot({ sinceMs, instruments, known }));
  return {
    ...{
      clock,
      server,
      simulator,
      sim,
      open,
      stream,
      rest,
      reports,
      balances,
      lives,
      refusals,
      shift,
      options,
    },
    ...{ telemetry, weights, snapshot, settled, until, host },
    symbol,
    live: (count = 1) => until(`live ${count} times`, () => lives.length >= count),
    told: (count: number) => until(`${count} reports`, () => reports.length >= count),
    rules: () => server.violations.list().map(({ rule }) => rule),
    pass: (ms: number) => drive(clock, ms, STEP_MS),
  };
}

type Venue = Awaited<ReturnType<typeof setUp>>;

const knownOf = ({ symbol, orderId, newClientOrderId: clientOrderId }: ExecutionReport): KnownOrder => ({
  ...{ symbol, orderId, clientOrderId },
});

/** Orders as the snapshot has them now, against the last that the stream told of each. */
async function sameAsTold(
  { reports, snapshot, clock }: Venue,
  sinceMs = clock.now() - MINUTE,
): Promise<AccountSnapshot> {
  const told = new Map(reports.map((report) => [report.orderId, report]));
  const found = await snapshot(sinceMs);
  const newest = new Map(found.orders.map(({ report }) => [report.orderId, report]));
  for (const [id, report] of told) assert.deepEqual(newest.get(id), report);
  assert.equal(newest.size, told.size);
  return found;
}

const stateOf = ({ orderStatus, totalTradeQuantity, totalQuoteTradeQuantity }: ExecutionReport): string =>
  [orderStatus, totalTradeQuantity, totalQuoteTradeQuantity].join(' ');

for (const one of CASES) {
  const { exchange, limit, parts, prices } = one;
  const isSpot = exchange === 'kucoin';
  /** Frames of a resting limit order: spot tells that the engine has it, and that it is on the book. */
  const opening = isSpot ? 2 : 1;

  describe(`${exchange} account against the simulated venue`, () => {
    test('orders through every status: REST tells the same as the stream', async (t) => {
      const venue = await setUp(t, one);
      const { sim, told, clock, reports, pass } = venue;
      sim.setBalance('USDT', '1000000');
      await venue.live();
      let count = 0;
      const step = async (frames: number): Promise<void> => {
        count += frames;
        await told(count);
        await sameAsTold(venue);
        await pass(1_000);
      };
      const filled = sim.place({ ...limit, clientOrderId: 'D-BO-1' });
      await step(opening);
      sim.fill(filled.orderId, parts[0], { price: prices[0] });
      await step(1);
      sim.fill(filled.orderId, parts[1], { price: prices[1] });
      await step(1);
      sim.fill(filled.orderId, parts[2], { price: prices[2] });
      await step(2);
      const canceled = sim.place({ ...limit, clientOrderId: 'D-RO-2' });
      sim.cancel(canceled.orderId);
      await step(opening + 1);
      const partial = sim.place({ ...limit, clientOrderId: 'D-RO-3' });
      sim.fill(partial.orderId, parts[0], { price: prices[1] });
      sim.cancel(partial.orderId);
      await step(opening + 2);
      const expired = sim.place({ ...limit, clientOrderId: 'D-RO-4' });
      sim.expire(expired.orderId);
      await step(opening + 1);
      const market = sim.place({ ...limit, type: 'MARKET', clientOrderId: 'D-MO-5' });
      sim.fill(market.orderId, parts[0], { price: prices[0] });
      sim.fill(market.orderId, parts[1], { price: prices[1] });
      sim.fill(market.orderId, parts[2], { price: prices[2] });
      await step((isSpot ? 1 : 0) + 4);
      sim.reject({ ...limit, clientOrderId: 'D-RO-6' });

      const ends = new Map(reports.map((report) => [report.newClientOrderId, report]));
      const quote = isSpot ? '17999.8' : exchange === 'kucoinLinear' ? '1799980' : '17999800';
      const part = isSpot ? '5999.99' : exchange === 'kucoinLinear' ? '599999' : '5999990';
      assert.deepEqual(
        [...ends].map(([id, report]) => `${id} ${stateOf(report)}`),
        [
          `D-BO-1 FILLED ${limit.quantity} ${quote}`,
          'D-RO-2 CANCELED 0 0',
          `D-RO-3 CANCELED ${parts[0]} ${part}`,
          'D-RO-4 CANCELED 0 0',
          `D-MO-5 FILLED ${limit.quantity} ${quote}`,
        ],
      );
      assert.ok(reports.every((report) => report.symbol === one.symbol && report.liquidation === false));
      assert.equal(ends.get('D-MO-5')?.price, '59999.333333333333');
      assert.equal(ends.get('D-BO-1')?.price, isSpot ? '60000' : '59999.333333333333');
      assert.deepEqual([venue.lives, venue.refusals, venue.rules()], [[undefined], [], []]);
      // An order of long ago, asked for by its names.
      clock.jump(2 * DAY);
      const known = [filled, market].map(({ orderId, clientOrderId }, at) => ({
        ...{ symbol: one.symbol, orderId: at === 0 ? orderId : '', clientOrderId },
      }));
      await pass(1_000);
      const late = await venue.snapshot(clock.now() - MINUTE, known);
      assert.deepEqual(
        late.orders.map(({ report }) => report),
        [ends.get('D-BO-1'), ends.get('D-MO-5')],
      );
      assert.equal(late.incomplete, undefined);
    });

    test('balances: REST has what the stream told', async (t) => {
      const venue = await setUp(t, one);
      const { sim, balances, until, snapshot, clock } = venue;
      const [theirs, ours] = one.asset;
      await venue.live();
      sim.setBalance(theirs, '900.25', '30.5');
      await until('the balance', () => balances.has(ours));
      assert.deepEqual(balances.get(ours), { asset: ours, free: '900.25', locked: '30.5' });
      sim.transfer(theirs, '-100');
      await until('the transfer', () => balances.get(ours)?.free === '800.25');
      const { balances: position } = await snapshot(clock.now());
      assert.deepEqual(
        position?.balances.find(({ asset }) => asset === ours),
        balances.get(ours),
      );
    });

    test('what happened while the line was down is in the snapshot', async (t) => {
      const venue = await setUp(t, one);
      const { sim, server, reports, lives } = venue;
      sim.setBalance('USDT', '1000000');
      await venue.live();
      const [filled, canceled, open] = ['a', 'b', 'c'].map((id) =>
        sim.place({ ...limit, clientOrderId: id }),
      );
      await venue.told(3 * opening);
      sim.fill(filled!.orderId, parts[0], { price: prices[0] });
      await venue.told(3 * opening + 1);
      const known = [...new Map(reports.map((report) => [report.orderId, knownOf(report)])).values()];
      server.drop();
      sim.fill(filled!.orderId, parts[1], { price: prices[1] });
      sim.fill(filled!.orderId, parts[2], { price: prices[2] });
      sim.cancel(canceled!.orderId);
      const unseen = sim.place({ ...limit, type: 'MARKET', clientOrderId: 'd' });
      sim.fill(unseen.orderId, limit.quantity, { price: prices[2] });
      await venue.live(2);
      assert.ok(lives[1] !== undefined, 'a gap is told');
      const { orders, incomplete } = await venue.snapshot(lives[1] - 5_000, known);
      const found = new Map(orders.map(({ report }) => [report.newClientOrderId, report]));
      const whole = isSpot ? '17999.8' : exchange === 'kucoinLinear' ? '1799980' : '17999800';
      assert.equal(stateOf(found.get('a')!), `FILLED ${limit.quantity} ${whole}`);
      assert.equal(stateOf(found.get('b')!), 'CANCELED 0 0');
      assert.equal(stateOf(found.get('c')!), 'NEW 0 0');
      assert.equal(found.get('d')?.orderStatus, 'FILLED');
      assert.equal(found.size, 4);
      assert.equal(incomplete, undefined);
      // What goes on afterwards is told by the new line as REST has it.
      sim.cancel(open!.orderId);
      await venue.told(3 * opening + 2);
      const again = await venue.snapshot(lives[1]);
      const last = again.orders.filter(({ report }) => report.newClientOrderId === 'c').at(-1);
      assert.deepEqual(last?.report, reports.at(-1));
      assert.equal(last?.report.orderStatus, 'CANCELED');
      assert.deepEqual(venue.rules(), []);
    });
  });
}

describe('kucoin account: what only one market has', () => {
  test('spot: a market buy by funds is filled when the rest is less than a lot', async (t) => {
    const options = {
      fundsOf: ({ clientOrderId }: { clientOrderId: string }) => (clientOrderId === 'mb' ? '10' : undefined),
    };
    const venue = await setUp(t, SPOT, { options });
    await venue.live();
    const request = { ...SPOT.limit, type: 'MARKET', quantity: '1', clientOrderId: 'mb' } as const;
    venue.sim.setBalance('USDT', '1000000');
    const { orderId } = venue.sim.place(request);
    venue.sim.fill(orderId, '0.0001', { price: '60000' });
    venue.sim.fill(orderId, '0.00006', { price: '60001.5' });
    await venue.told(3);
    await sameAsTold(venue);
    venue.sim.cancel(orderId);
    await venue.told(4);
    assert.deepEqual(
      venue.reports.map((report) => [stateOf(report), report.quantity, report.price]),
      [
        ['NEW 0 0', '0', '0'],
        ['PARTIALLY_FILLED 0.0001 6', '0.0001', '60000'],
        ['PARTIALLY_FILLED 0.00016 9.60009', '0.00016', '60000.5625'],
        ['FILLED 0.00016 9.60009', '0.00016', '60000.5625'],
      ],
    );
    await sameAsTold(venue);
  });

  test('spot: an order that is made smaller lives on, and ends', async (t) => {
    const venue = await setUp(t, SPOT);
    venue.sim.setBalance('USDT', '1000000');
    await venue.live();
    const { orderId } = venue.sim.place({ ...SPOT.limit, clientOrderId: 'stp' });
    venue.simulator.shrink(venue.sim, orderId, '0.1');
    await venue.told(3);
    assert.equal(stateOf(venue.reports.at(-1)!), 'NEW 0 0');
    venue.sim.fill(orderId, '0.05');
    await venue.told(4);
    assert.equal(stateOf(venue.reports.at(-1)!), 'PARTIALLY_FILLED 0.05 3000');
    await sameAsTold(venue);
    venue.sim.cancel(orderId);
    await venue.told(5);
    assert.equal(stateOf(venue.reports.at(-1)!), 'CANCELED 0.05 3000');
  });

  for (const one of [LINEAR, INVERSE]) {
    test(`${one.exchange}: a liquidation is told as one, by stream and by REST`, async (t) => {
      const venue = await setUp(t, one);
      await venue.live();
      venue.sim.liquidate({ ...one.limit, side: 'SELL' });
      await venue.told(2);
      const [first, last] = venue.reports;
      assert.deepEqual([first?.orderStatus, last?.orderStatus], ['FILLED', 'FILLED']);
      assert.deepEqual([first?.liquidation, last?.liquidation, last?.newClientOrderId], [true, true, '']);
      await sameAsTold(venue);
    });

    test(`${one.exchange}: orders and balances of the other market stay out`, async (t) => {
      const venue = await setUp(t, one);
      const other = one === LINEAR ? INVERSE : LINEAR;
      const theirs = venue.open(other.exchange);
      await venue.live();
      theirs.place({ ...other.limit, clientOrderId: 'not-ours' });
      theirs.fill(theirs.openOrders()[0]!.orderId, other.limit.quantity);
      theirs.setBalance(other.asset[0], '5');
      const { orderId } = venue.sim.place({ ...one.limit, clientOrderId: 'ours' });
      venue.sim.setBalance(one.asset[0], '7');
      await venue.until('our balance', () => venue.balances.size > 0);
      assert.deepEqual(
        venue.reports.map((report) => report.orderId),
        [orderId],
      );
      assert.deepEqual([...venue.balances.keys()], [one.asset[1]]);
      const { orders, balances } = await sameAsTold(venue);
      assert.equal(orders.length, 1);
      const held = balances!.balances.filter(({ free }) => free !== '0');
      assert.deepEqual(held, [{ asset: one.asset[1], free: '7', locked: '0' }]);
    });
  }

  test('inverse: an order partly filled before the looked-at time has its exact average', async (t) => {
    const venue = await setUp(t, INVERSE);
    await venue.live();
    const { orderId } = venue.sim.place({ ...INVERSE.limit, clientOrderId: 'old' });
    venue.sim.fill(orderId, '100', { price: '60000' });
    await venue.told(2);
    venue.clock.jump(2 * DAY);
    venue.sim.fill(orderId, '50', { price: '59000' });
    await venue.told(3);
    await sameAsTold(venue);
    assert.equal(stateOf(venue.reports.at(-1)!), 'PARTIALLY_FILLED 150 8950000');
  });
});

describe('kucoin account: signing in', () => {
  type Spoil = (venue: Venue) => void;
  const refusals: readonly (readonly [string, Partial<typeof KEYS>, Spoil, string])[] = [
    ['an unknown key', { key: 'another-key' }, () => undefined, '400003 credentials'],
    ['a revoked key', {}, ({ sim }) => sim.revoke(), '400003 credentials'],
    // The passphrase is signed with the secret as well, and looked at first.
    ['a wrong secret', { secret: 'another-secret' }, () => undefined, '400004 credentials'],
    ['a wrong passphrase', { passphrase: 'another-phrase' }, () => undefined, '400004 credentials'],
    ['no passphrase', { passphrase: '' }, () => undefined, 'REST_FAILED credentials'],
    ['a blocked address', {}, ({ sim }) => (sim.isIpBlocked = true), '400006 ip'],
    ['a key that may not read', {}, ({ sim }) => (sim.permissions = ['Trade']), '400007 permission'],
  ];
  for (const { exchange, ...one } of CASES) {
    for (const [title, keys, spoil, refusal] of refusals) {
      test(`${exchange}: ${title} is refused with its cause`, async (t) => {
        const venue = await setUp(t, { exchange, ...one }, keys);
        spoil(venue);
        venue.stream.restart();
        await venue.until('a refusal', () => venue.refusals.length > 0);
        assert.deepEqual([venue.refusals[0], venue.lives], [refusal, []]);
        const error: unknown = await venue.settled(
          'an answer',
          venue.snapshot(0).catch((thrown: unknown) => thrown),
        );
        assert.ok(error instanceof ConnectorError && error.retry === 'never');
      });
    }
  }

  test('a key of version 2 goes live', async (t) => {
    const venue = await setUp(t, LINEAR, { options: { keyVersions: { [KEYS.key]: '2' } } });
    await venue.live();
    assert.deepEqual([venue.refusals, venue.rules()], [[], []]);
  });

  test('a skewed clock is measured; one that jumps later is measured anew, and blames no key', async (t) => {
    const venue = await setUp(t, SPOT);
    venue.shift.ms = 40_000;
    venue.stream.restart();
    await venue.live();
    venue.shift.ms = -90_000;
    await assert.rejects(venue.snapshot(0), (thrown: ConnectorError) => {
      assert.deepEqual([thrown.retry, (thrown.cause as { cause: string }).cause], ['backoff', 'clock']);
      return true;
    });
    venue.server.drop();
    await venue.live(2);
    await venue.snapshot(0);
    assert.deepEqual(venue.refusals, []);
  });

  test('dead tokens: another one is fetched for each dial, and the key is not blamed', async (t) => {
    const venue = await setUp(t, LINEAR, { options: { tokenLifeMs: 0 } });
    await venue.until('two refused dials', () => venue.rules().length >= 2);
    assert.deepEqual([...new Set(venue.rules())], ['venue:token']);
    venue.options.tokenLifeMs = DAY;
    await venue.live();
    assert.deepEqual(venue.refusals, []);
    const dead = venue.rules().length;
    venue.server.expire();
    await venue.live(2);
    assert.equal(venue.rules().length, dead, 'no token was used twice');
  });

  test('too many connections of one user: no refused key, and live once there is room', async (t) => {
    const options = { connectionsPerUser: 0 };
    const venue = await setUp(t, SPOT, { options });
    await venue.until('a refused line', () => venue.rules().includes('venue:connections'));
    assert.deepEqual([venue.refusals, venue.lives], [[], []]);
    options.connectionsPerUser = 1;
    await venue.live();
  });
});

describe('kucoin account: lists', () => {
  test('spot: pages to their end, and every call has taken its turn', async (t) => {
    const venue = await setUp(t, SPOT);
    const { sim, server, weights, clock } = venue;
    sim.setBalance('USDT', '100000000');
    await venue.live();
    const requests = (): number => server.stats()['https://api.kucoin.com']!.httpRequests;
    const [before, turns] = [requests(), weights.length];
    for (let count = 0; count < 230; count += 1) {
      const { orderId } = sim.place({ ...SPOT.limit, clientOrderId: `n-${count}` });
      if (count % 2 === 0) sim.cancel(orderId);
      else sim.fill(orderId, SPOT.limit.quantity);
    }
    const { orders, incomplete } = await venue.snapshot(clock.now() - MINUTE);
    assert.equal(new Set(orders.map(({ report }) => report.orderId)).size, 230);
    assert.equal(incomplete, undefined);
    assert.equal(requests() - before, weights.length - turns);
    assert.deepEqual(weights.slice(turns), [2, 2, 2, 2, 2, 2, 5]);
    assert.deepEqual(venue.rules(), []);
  });

  test('futures: more than a list without pages holds', async (t) => {
    const venue = await setUp(t, LINEAR);
    const { sim, clock } = venue;
    await venue.live();
    for (let count = 0; count < 1_050; count += 1) {
      const { orderId } = sim.place({ ...LINEAR.limit, clientOrderId: `n-${count}` });
      sim.fill(orderId, '30');
    }
    const open = sim.place({ ...LINEAR.limit, clientOrderId: 'open' });
    const { orders } = await venue.snapshot(clock.now() - MINUTE);
    const states = new Map(orders.map(({ report }) => [report.orderId, stateOf(report)]));
    assert.equal(states.size, 1_051);
    assert.equal(states.get(open.orderId), 'NEW 0 0');
    assert.equal([...states.values()].filter((state) => state === 'FILLED 30 1800000').length, 1_050);
    assert.deepEqual(venue.rules(), []);
  });

  for (const one of CASES) {
    test(`${one.exchange}: an order that the venue has forgotten is not cancelled for that`, async (t) => {
      const venue = await setUp(t, one, { options: { cancelsKeptMs: MINUTE } });
      venue.sim.setBalance('USDT', '1000000');
      await venue.live();
      const { orderId } = venue.sim.place({ ...one.limit, clientOrderId: 'gone' });
      await venue.until('told', () => venue.reports.length > 0);
      const known = [knownOf(venue.reports[0]!)];
      venue.server.drop();
      venue.sim.cancel(orderId);
      venue.clock.jump(2 * MINUTE);
      const answer = await venue.snapshot(venue.clock.now() - MINUTE, known);
      const { orders, incomplete } = answer;
      assert.deepEqual([orders, answer.forgotten], [[], known]);
      assert.equal(incomplete, `${one.symbol}: the venue does not find an order that was open`);
    });

    test(`${one.exchange}: what lists do not reach back to is said, and found by id`, async (t) => {
      const venue = await setUp(t, one);
      venue.sim.setBalance('USDT', '1000000');
      await venue.live();
      const { orderId } = venue.sim.place({ ...one.limit, clientOrderId: 'long-ago' });
      await venue.until('told', () => venue.reports.length > 0);
      const known = [knownOf(venue.reports[0]!)];
      venue.server.drop();
      const sinceMs = venue.clock.now() - MINUTE;
      venue.sim.fill(orderId, one.parts[0], { price: one.prices[1] });
      venue.sim.cancel(orderId);
      venue.clock.jump(10 * DAY);
      const { orders, incomplete } = await venue.snapshot(sinceMs, known);
      assert.deepEqual(
        orders.map(({ report }) => [report.newClientOrderId, report.orderStatus]),
        [['long-ago', 'CANCELED']],
      );
      assert.match(incomplete ?? '', /^lists of ended orders reach back 7 days/);
    });

    test(`${one.exchange}: a pool that is used up says when to come back`, async (t) => {
      const venue = await setUp(t, one, { options: { pools: { spot: 12, futures: 12 } } });
      await venue.live();
      await assert.rejects(venue.snapshot(venue.clock.now()), (thrown: ConnectorError) => {
        assert.equal(thrown.code, 'REST_LIMITED');
        const { afterMs } = thrown.retry as { afterMs: number };
        assert.ok(afterMs > 0 && afterMs <= 30_000, String(afterMs));
        return true;
      });
      assert.deepEqual(venue.rules(), ['restWeight']);
    });
  }
});
