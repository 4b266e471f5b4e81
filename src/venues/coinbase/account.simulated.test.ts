/** The account side on the real stream, budget and sockets, against the simulated venue: an independent witness. */
import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { ExecutionReport } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import type { Clock } from '../../domain/time';
import { systemClock } from '../../ops/clock';
import type { CoinbaseOptions } from '../../simulator/coinbase';
import { simulateCoinbase } from '../../simulator/coinbase';
import type { OrderRequest, SimAccount } from '../../simulator/kit';
import { SimServer, VenueHost, warpClock } from '../../simulator/kit';
import { RecordedTelemetry } from '../../testing/recorded-telemetry';
import { until } from '../../testing/services';
import { DialBudget } from '../../transport/limits';
import { AccountStream } from '../../userStream/account-stream';
import { AuthGates } from '../../userStream/auth-gates';
import { RestBudget } from '../../userStream/rest-budget';
import { VenueClock } from '../../userStream/venue-clock';
import type { AccountSnapshot, KnownOrder } from '../contract';
import { coinbase } from './index';

const { accountFeed, connectAccount } = coinbase;
const market = coinbase.descriptor.markets[0]!;
const { accountRest } = market;
assert.ok(accountFeed && connectAccount && accountRest && market.links.account);
const rules = market.links.account;
const POLICY = { windowMs: 600_000, threshold: 3, cooldownMs: 1_800_000, cooldownMaxMs: 7_200_000 };
const USER_STREAM = 'wss://advanced-trade-ws-user.coinbase.com';
const REST = 'https://api.coinbase.com';
const NONE = new InstrumentIndex();
const MINUTE = 60_000;

const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const ed25519 = generateKeyPairSync('ed25519');
const publicPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;
const privatePem = (key: KeyObject, type: 'sec1' | 'pkcs8'): string =>
  key.export({ type, format: 'pem' }) as string;

interface Key {
  readonly key: string;
  /** As the user gives it. */
  readonly secret: string;
  /** As the venue holds it. */
  readonly theirs: string;
}

const NAME = 'organizations/o/apiKeys/k';
const CLOUD: Key = {
  ...{ key: NAME, secret: privatePem(p256.privateKey, 'sec1') },
  theirs: publicPem(p256.publicKey),
};
const LEGACY: Key = { key: 'legacy-key', secret: 'legacy-secret', theirs: 'legacy-secret' };
const KEYS: readonly (readonly [string, Key])[] = [
  ['a cloud key, SEC1', CLOUD],
  ['a cloud key, PKCS#8', { ...CLOUD, secret: privatePem(p256.privateKey, 'pkcs8') }],
  [
    'a cloud key, Ed25519',
    {
      ...{
        key: NAME,
        secret: Buffer.from(ed25519.privateKey.export({ format: 'jwk' }).d!, 'base64url').toString('base64'),
      },
      theirs: publicPem(ed25519.publicKey),
    },
  ],
  ['a legacy key', LEGACY],
];

const UNTIMED = { sentAt: () => -Infinity, looksSentAt: () => -Infinity };

const BUY: OrderRequest = {
  ...{ symbol: 'BTC-USD', side: 'BUY', type: 'LIMIT', price: '60000', quantity: '0.3' },
  assets: { base: 'BTC', quote: 'USD' },
};

async function setUp(t: TestContext, given: Key = CLOUD, options: CoinbaseOptions = {}) {
  /** Of both clocks, and of ours alone (ms). */
  const shift = { both: 0, ours: 0 };
  const server = new SimServer(systemClock);
  const theirClock = { ...warpClock(systemClock, 1), now: () => Date.now() + shift.both };
  const host = new VenueHost(server, systemClock, theirClock, 7, 6);
  const simulator = simulateCoinbase(host, { heartbeatMs: 50, ...options });
  await server.listen();
  const { key, secret, theirs } = given;
  const sim: SimAccount = host.accounts.addAccount({ exchange: 'coinbase', key, secret: theirs });
  sim.setBalance('USD', '1000000');

  const clock: Clock = { ...systemClock, now: () => Date.now() + shift.both + shift.ours };
  const telemetry = new RecordedTelemetry();
  const venueClock = new VenueClock('coinbase', { clock, telemetry });
  const rewrite = (url: string): string => server.urlOf(url);
  const budget = new RestBudget(clock);
  const account = {
    market,
    credentials: { key, secret, passphrase: '', options: {} },
    environment: 'live' as const,
  };
  const restOf = (lane: 'session' | 'look') =>
    connectAccount!(account, {
      ...{ rewrite, timeoutMs: 5_000, venueNow: venueClock.now },
      inTurn: budget.turns(market.endpoints.rest, 'login', accountRest!, lane),
    });
  const rest = restOf('look');
  const reports: ExecutionReport[] = [];
  const lives: (number | undefined)[] = [];
  const refusals: string[] = [];
  const stream = new AccountStream(
    {
      account,
      feed: accountFeed!,
      rest: restOf('session'),
      looks: rest,
      rules,
      fingerprint: 'login',
      ...UNTIMED,
    },
    {
      transport: { clock, random: () => 0, dials: new DialBudget(clock), telemetry, rewrite },
      gates: new AuthGates(POLICY, clock),
      venueClock,
      instruments: NONE,
      listed: () => Promise.resolve(),
      onLimited: () => undefined,
    },
    {
      onEvents: (events) => {
        for (const one of events) if (one.kind === 'order') reports.push(one.report);
      },
      onLive: (missedSince) => void lives.push(missedSince),
      onLost: () => undefined,
      onUnread: () => undefined,
      onRefused: ({ code, cause }) => void refusals.push(`${code} ${cause ?? ''}`),
    },
  );
  t.after(async () => {
    stream.stop();
    simulator.stop();
    await server.close();
    // A PEM is logged with its line breaks escaped.
    for (const line of secret.split('\n').filter(({ length }) => length > 10)) {
      assert.ok(!telemetry.allText().includes(line), 'no secret in the log');
    }
  });
  const snapshot = (sinceMs: number, known: readonly KnownOrder[] = []): Promise<AccountSnapshot> =>
    rest.snapshot({ sinceMs, instruments: NONE, known });
  return {
    ...{ server, simulator, sim, stream, rest, snapshot, reports, lives, refusals, telemetry, shift, clock },
    live: (count = 1) => until(`live ${count} times`, () => lives.length >= count),
    told: (count: number) => until(`${count} reports`, () => reports.length >= count),
    rules: () => server.violations.list().map(({ rule }) => rule),
  };
}

const stateOf = ({ orderId, orderStatus, totalTradeQuantity, quantity, price }: ExecutionReport): string =>
  [orderId, orderStatus, totalTradeQuantity, quantity, price].join(' ');

const knownOf = ({ symbol, orderId, newClientOrderId: clientOrderId }: ExecutionReport): KnownOrder => ({
  symbol,
  orderId,
  clientOrderId,
});

/** All but the times of the change: rows of the stream have none, REST has that of the fill or update. */
const timeless = (report: ExecutionReport): object => ({ ...report, eventTime: 0, orderTime: 0 });

describe('coinbase account: signing in', () => {
  for (const [title, key] of KEYS) {
    test(`${title}: goes live, hears an order, reads balances`, async (t) => {
      const one = await setUp(t, key);
      await one.live();
      const { orderId } = one.sim.place({ ...BUY, clientOrderId: 'D-BO-1' });
      one.sim.fill(orderId, '0.3', { price: '59000' });
      await one.told(2);
      assert.deepEqual(
        one.reports.map((report) => [report.newClientOrderId, stateOf(report)]),
        [
          ['D-BO-1', `${orderId} NEW 0 0.3 60000`],
          ['D-BO-1', `${orderId} FILLED 0.3 0.3 59000`],
        ],
      );
      // Of the spot wallets only, and not of what repeats their currencies.
      assert.deepEqual((await one.rest.balances!())?.balances, [
        { asset: 'USD', free: '982300', locked: '0' },
        { asset: 'BTC', free: '0.3', locked: '0' },
      ]);
      assert.deepEqual([one.lives, one.refusals, one.rules()], [[undefined], [], []]);
      assert.equal(one.server.stats()[USER_STREAM]?.dials, 1);
    });
  }

  const REFUSALS: readonly (readonly [string, Key, (sim: SimAccount) => void, string, boolean])[] = [
    ['a revoked key', CLOUD, (sim) => sim.revoke(), 'HTTP_401 credentials', false],
    [
      'a wrong secret',
      {
        ...CLOUD,
        secret: privatePem(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey, 'sec1'),
      },
      () => undefined,
      'HTTP_401 credentials',
      false,
    ],
    [
      'a wrong legacy secret',
      { ...LEGACY, theirs: 'another' },
      () => undefined,
      'HTTP_401 credentials',
      false,
    ],
    [
      'a secret that is no key',
      { ...CLOUD, secret: 'not a key at all' },
      () => undefined,
      'REST_FAILED credentials',
      false,
    ],
    [
      'a key that may not view',
      CLOUD,
      (sim) => (sim.permissions = ['trade']),
      'MAY_NOT_VIEW permission',
      false,
    ],
    // REST calls it an address, which may be a firewall's word: the stream has the last one.
    [
      'a blocked address',
      CLOUD,
      (sim) => (sim.isIpBlocked = true),
      'AUTHENTICATION_FAILURE credentials',
      true,
    ],
  ];
  for (const [title, key, spoil, refusal, isDialed] of REFUSALS) {
    test(`${title} is refused with its cause`, async (t) => {
      const one = await setUp(t, key);
      spoil(one.sim);
      await until('a refusal', () => one.refusals.length > 0);
      assert.deepEqual(one.refusals, [refusal]);
      assert.equal(one.server.stats()[USER_STREAM]!.dials > 0, isDialed);
      assert.deepEqual(one.lives, []);
    });
  }

  test('the causes of refused calls', async (t) => {
    const one = await setUp(t);
    await one.live();
    const causeOf = async (): Promise<unknown> => {
      const error: unknown = await one.rest.balances!().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof ConnectorError);
      return [error.retry, (error.cause as { cause: string }).cause];
    };
    one.shift.ours = 10 * MINUTE;
    assert.deepEqual(await causeOf(), ['backoff', 'clock']);
    one.shift.ours = 0;
    one.sim.isIpBlocked = true;
    assert.deepEqual(await causeOf(), [{ afterMs: 300_000 }, 'ip']);
    one.sim.isIpBlocked = false;
    one.sim.permissions = ['trade'];
    assert.deepEqual(await causeOf(), ['never', 'permission']);
    one.sim.permissions = [];
    one.sim.revoke();
    assert.deepEqual(await causeOf(), ['never', 'credentials']);
  });

  for (const [title, ours] of [
    ['ahead', 60 * MINUTE],
    ['behind', -60 * MINUTE],
  ] as const) {
    for (const [kind, key] of [
      ['a cloud key', CLOUD],
      ['a legacy key', LEGACY],
    ] as const) {
      test(`${kind}: our clock ${title} is measured, and measured anew where it jumps`, async (t) => {
        const one = await setUp(t, key);
        one.shift.ours = ours;
        await one.live();
        // What was measured is wrong from now on: tokens are expired, or of the future.
        one.shift.ours = -ours;
        one.server.drop({ origin: USER_STREAM });
        await one.live(2);
        assert.deepEqual(one.refusals, []);
        assert.deepEqual(one.rules(), []);
      });
    }
  }

  test('REST that is away keeps nobody from the stream', async (t) => {
    const one = await setUp(t);
    one.server.faults.set({ rest: { status: 503 } }, { origin: REST });
    await one.live();
    assert.deepEqual(one.refusals, []);
  });

  test('where the venue asks for silence, the dial waits', async (t) => {
    const one = await setUp(t);
    one.server.faults.set({ rest: { status: 429 } }, { origin: REST });
    await until('a call', () => one.server.stats()[REST]!.httpRequests > 1);
    assert.equal(one.server.stats()[USER_STREAM]?.dials, 0);
    one.server.faults.clear();
    await one.live();
    assert.deepEqual(one.refusals, []);
  });

  test('a subscription outlives its token, and the next dial signs anew', async (t) => {
    const one = await setUp(t);
    await one.live();
    one.shift.both = 10 * MINUTE;
    const { orderId } = one.sim.place(BUY);
    await one.told(1);
    one.server.drop({ origin: USER_STREAM });
    await one.live(2);
    one.sim.cancel(orderId);
    await one.told(2);
    assert.equal(stateOf(one.reports[1]!), `${orderId} CANCELED 0 0.3 60000`);
    assert.deepEqual([one.refusals, one.rules()], [[], []]);
  });
});

/** Brings orders into every state, and answers their ids by it. */
function everyState(sim: SimAccount): Readonly<Record<string, string>> {
  const place = (request: OrderRequest = BUY): string => sim.place(request).orderId;
  const open = place();
  const partial = place();
  sim.fill(partial, '0.1', { price: '59000' });
  const filled = place();
  sim.fill(filled, '0.1', { price: '59000' });
  sim.fill(filled, '0.2', { price: '60000', commission: '3', commissionAsset: 'USD' });
  const cancelled = place();
  sim.cancel(cancelled);
  const partCancelled = place();
  sim.fill(partCancelled, '0.2', { price: '58000' });
  sim.cancel(partCancelled);
  const expired = place();
  sim.expire(expired);
  const failed = sim.reject(BUY).orderId;
  const market = place({ ...BUY, type: 'MARKET', price: '0' });
  sim.fill(market, '0.3', { price: '61000' });
  return { open, partial, filled, cancelled, partCancelled, expired, failed, market };
}

const STATES: Readonly<Record<string, string>> = {
  open: 'NEW 0 0.3 60000',
  partial: 'PARTIALLY_FILLED 0.1 0.3 59000',
  filled: 'FILLED 0.3 0.3 59666.66666666',
  cancelled: 'CANCELED 0 0.3 60000',
  partCancelled: 'CANCELED 0.2 0.3 58000',
  expired: 'EXPIRED 0 0.3 60000',
  failed: 'CANCELED 0 0.3 60000',
  market: 'FILLED 0.3 0.3 61000',
};
/** Reports of the stream that bring them there. */
const REPORTS = 1 + 2 + 3 + 2 + 3 + 2 + 1 + 1;

describe('coinbase account: orders', () => {
  for (const tellsUpdates of [true, false]) {
    test(`stream and snapshot tell the same of every state, update times: ${tellsUpdates}`, async (t) => {
      const one = await setUp(t, CLOUD, { pageRows: 3, tellsUpdates });
      await one.live();
      const since = one.clock.now();
      const ids = everyState(one.sim);
      await one.told(REPORTS);
      const streamed = new Map(one.reports.map((report) => [report.orderId, report]));
      for (const [state, id] of Object.entries(ids)) {
        assert.equal(stateOf(streamed.get(id)!), `${id} ${STATES[state]}`, state);
      }
      const compare = ({ orders, incomplete }: AccountSnapshot): void => {
        assert.equal(incomplete, undefined);
        assert.deepEqual(orders.map(({ report }) => report.orderId).sort(), Object.values(ids).sort());
        for (const { report } of orders) {
          const live = streamed.get(String(report.orderId))!;
          assert.deepEqual(timeless(report), timeless(live));
          // Never later than the frame that told it, so that it does not look newer.
          if (tellsUpdates) assert.ok(report.orderTime <= live.orderTime);
        }
      };
      compare(await one.snapshot(since));
      // Hours later no list by creation names them: open ones are listed, the others known, or have fills.
      one.shift.both = 5 * 60 * MINUTE;
      compare(await one.snapshot(one.clock.now() - MINUTE, [...streamed.values()].map(knownOf)));
      assert.deepEqual([one.rules(), one.reports.length], [[], REPORTS]);
    });
  }

  test('words in between tell fills only, unknown ones nothing, and both are looked at', async (t) => {
    const one = await setUp(t);
    await one.live();
    const { orderId } = one.sim.place(BUY);
    const other = one.sim.place(BUY).orderId;
    for (const word of ['QUEUED', 'EDIT_QUEUED', 'CANCEL_QUEUED']) one.simulator.mark(one.sim, orderId, word);
    one.sim.fill(orderId, '0.1');
    one.simulator.mark(one.sim, other, 'PAUSED');
    one.simulator.mark(one.sim, other, 'UNKNOWN_ORDER_STATUS');
    one.sim.fill(other, '0.1');
    one.sim.cancel(other);
    await one.told(4);
    assert.deepEqual(one.reports.map(stateOf), [
      `${orderId} NEW 0 0.3 60000`,
      `${other} NEW 0 0.3 60000`,
      `${orderId} PARTIALLY_FILLED 0.1 0.3 60000`,
      `${other} CANCELED 0.1 0.3 60000`,
    ]);
    const labels = { exchange: 'coinbase', channel: 'account' };
    assert.equal(one.telemetry.counted('connector_unknown_frames_total', labels), 3);
    const lost = one.sim.place(BUY).orderId;
    one.simulator.mark(one.sim, lost, 'PAUSED');
    const { orders, incomplete } = await one.snapshot(one.clock.now());
    assert.deepEqual(
      orders.map(({ report }) => stateOf(report)).sort(),
      [`${other} CANCELED 0.1 0.3 60000`, `${orderId} PARTIALLY_FILLED 0.1 0.3 60000`].sort(),
    );
    assert.equal(incomplete, 'unknown order status PAUSED');
  });

  test('orders of before are in the first snapshot: not told, remembered, on every page', async (t) => {
    const one = await setUp(t);
    const ids = Array.from({ length: 51 }, () => one.sim.place({ ...BUY, quantity: '0.002' }).orderId);
    one.sim.fill(ids[50]!, '0.001');
    await one.live();
    one.sim.cancel(ids[0]!);
    one.sim.cancel(ids[50]!);
    await one.told(3);
    assert.deepEqual(one.reports.map(stateOf), [
      `${ids[50]} PARTIALLY_FILLED 0.001 0.002 60000`,
      `${ids[0]} CANCELED 0 0.002 60000`,
      `${ids[50]} CANCELED 0.001 0.002 60000`,
    ]);
  });

  test('lost frames end the session; a look over REST finds what they told', async (t) => {
    const one = await setUp(t);
    await one.live();
    const before = one.clock.now();
    const { orderId } = one.sim.place(BUY);
    await one.told(1);
    one.simulator.skip(1);
    await one.live(2);
    assert.ok(one.lives[1]! >= before);
    one.sim.cancel(orderId);
    await one.told(2);
    assert.equal(stateOf(one.reports[1]!), `${orderId} CANCELED 0 0.3 60000`);
    assert.equal(one.server.stats()[USER_STREAM]?.dials, 2);
    assert.deepEqual(one.rules(), []);
  });

  test('what happened while we were away: the snapshot finds all of it, however old', async (t) => {
    const one = await setUp(t, CLOUD, { pageRows: 2 });
    await one.live();
    const [filled, cancelled, forgotten, open] = [1, 2, 3, 4].map(() => one.sim.place(BUY).orderId);
    const foreign = one.sim.place({ ...BUY, symbol: 'BIT-28JUL27-CDE' }).orderId;
    await one.told(4);
    const known = one.reports.map(knownOf);
    // From before our time, and not among what we hold.
    const strange = one.sim.place({ ...BUY, symbol: 'BTC-USDC' }).orderId;
    await one.told(5);
    one.shift.both = 3 * 60 * MINUTE;
    const since = one.clock.now();
    one.server.faults.set({ dial: { status: 503 } }, { origin: USER_STREAM });
    one.server.drop({ origin: USER_STREAM });
    one.sim.fill(filled!, '0.3', { price: '59500' });
    one.sim.fill(open!, '0.1');
    one.sim.cancel(cancelled!);
    one.sim.cancel(forgotten!);
    one.simulator.forget(forgotten!);
    one.sim.fill(strange, '0.3');
    one.sim.fill(foreign, '0.1');
    const late = one.sim.place(BUY).orderId;
    one.sim.cancel(late);
    one.server.faults.clear();
    await one.live(2);
    // All that the stream tells of it: the filled part of what is still open.
    await one.told(6);
    assert.equal(stateOf(one.reports[5]!), `${open} PARTIALLY_FILLED 0.1 0.3 60000`);
    const { orders, incomplete, balances } = await one.snapshot(since, known);
    assert.deepEqual(
      orders.map(({ report }) => stateOf(report)).sort(),
      [
        `${filled} FILLED 0.3 0.3 59500`,
        `${cancelled} CANCELED 0 0.3 60000`,
        `${open} PARTIALLY_FILLED 0.1 0.3 60000`,
        `${strange} FILLED 0.3 0.3 60000`,
        `${late} CANCELED 0 0.3 60000`,
      ].sort(),
    );
    const times = orders.map(({ report }) => report.orderTime);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
    assert.equal(incomplete, 'an order of BTC-USD that the venue does not know any more');
    assert.equal(balances?.balances.find(({ asset }) => asset === 'BTC')?.free, '0.8');
    assert.deepEqual([one.reports.length, one.rules()], [6, []]);
  });

  test('a quiet account stays connected by its heartbeats', async (t) => {
    const one = await setUp(t, CLOUD, { quietMs: 100 });
    await one.live();
    const before = one.server.stats()[USER_STREAM]!.framesOut;
    await until('many heartbeats', () => one.server.stats()[USER_STREAM]!.framesOut > before + 8);
    assert.deepEqual([one.rules(), one.lives.length], [[], 1]);
  });
});
