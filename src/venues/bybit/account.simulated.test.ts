import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { parseEndpoints, rewriter } from '../../config/endpoints';
import type { AccountEvent, ExecutionReport } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import type { Simulator } from '../../simulator';
import { startSimulator } from '../../simulator';
import type { BybitOptions } from '../../simulator/bybit';
import type { SimAccount, SimOrder } from '../../simulator/kit';
import { FakeClock } from '../../testing/fake-clock';
import { turnsAfter } from '../../testing/turns';
import { atOnce } from '../at-once';
import type { Account, AccountRest, Decoded, KnownOrder } from '../contract';
import { bybit } from './index';

/** What a gap hides, by the simulated venue, which was written from the documents and not from the adapter. */

const { session, codec } = bybit.accountFeed!;
const NONE = new InstrumentIndex();
const SECOND = 1_000;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 7, 4, 12, 34, 56);
const KEY = 'testKeyThatIsLong';

const MARKETS = [
  { exchange: 'bybit', symbol: 'BTCUSDT', other: 'ETHUSDT' },
  { exchange: 'bybitLinear', symbol: 'BTCUSDT', other: 'BTCPERP' },
  { exchange: 'bybitInverse', symbol: 'BTCUSD', other: 'ETHUSD' },
] as const;
type Market = (typeof MARKETS)[number];

interface Setting {
  readonly options?: BybitOptions;
  readonly ours?: string;
  readonly theirs?: string;
  readonly bybitHost?: string;
  readonly environment?: Account['environment'];
}

interface Stage {
  readonly clock: FakeClock;
  readonly simulator: Simulator;
  readonly account: Account;
  readonly held: SimAccount;
  readonly rest: AccountRest;
  readonly rewrite: (url: string) => string;
  readonly turns: number[];
}

async function stage(t: TestContext, { exchange }: Market, setting: Setting = {}): Promise<Stage> {
  const { options = {}, ours = 'secret', theirs = ours, bybitHost = '', environment = 'live' } = setting;
  const clock = new FakeClock(START);
  const quiet = { tickerMs: 24 * HOUR, klineMs: 24 * HOUR };
  const settings = { venues: ['bybit'], clock, symbols: 4, options: { bybit: { ...quiet, ...options } } };
  const simulator = await startSimulator(settings);
  t.after(() => simulator.close());
  const held = addAccount(simulator, exchange, theirs);
  const market = bybit.descriptor.markets.find((one) => one.exchange === exchange)!;
  const credentials = { key: KEY, secret: ours, passphrase: '', options: { bybitHost } };
  const account: Account = { market, credentials, environment };
  const rewrite = rewriter(parseEndpoints(simulator.overrides()));
  const turns: number[] = [];
  const rest = bybit.connectAccount!(account, {
    ...{ rewrite, timeoutMs: 10_000, venueNow: () => clock.now() },
    inTurn: turnsAfter((weight) => turns.push(weight)),
  });
  return { clock, simulator, account, held, rest, rewrite, turns };
}

function addAccount(simulator: Simulator, exchange: string, secret = 'secret'): SimAccount {
  // Ids as long as the venue's: a number would lose digits.
  const orderIds = (count: number): string => `14747794483530${String(count).padStart(5, '0')}`;
  return simulator.accounts.addAccount({ exchange, key: KEY, secret, orderIds });
}

/** One private connection, as a driver keeps it, without its deadlines. */
async function listen(t: TestContext, { account, rest, rewrite, clock }: Stage) {
  const { market } = account;
  const socket = new WebSocket(rewrite(await session.endpoint(account, rest)));
  t.after(() => socket.terminate());
  const state = codec.begin(market);
  const seen: Decoded<AccountEvent>[] = [];
  socket.on('message', (data: Buffer) => {
    seen.push(codec.decode(data.toString(), { state, market, receivedAt: 0, instruments: NONE }));
  });
  await once(socket, 'open');
  let id = 0;
  const nextId = (): number => (id += 1);
  const settle = async (): Promise<readonly Decoded<AccountEvent>[]> => {
    socket.ping();
    await once(socket, 'pong');
    return seen.splice(0);
  };
  for (const { frame } of session.login!(account, clock.now(), nextId)) socket.send(frame);
  const [login] = await settle();
  if (login?.kind === 'loggedIn') {
    for (const { frame } of session.subscribe(session.topics(account), nextId, account, 0))
      socket.send(frame);
    assert.deepEqual(
      (await settle()).map(({ kind }) => kind),
      ['ack'],
    );
  }
  const events = async (): Promise<readonly AccountEvent[]> =>
    (await settle()).flatMap((decoded) => (decoded.kind === 'events' ? decoded.events : []));
  const reports = async (): Promise<readonly ExecutionReport[]> =>
    (await events()).flatMap((event) => (event.kind === 'order' ? [event.report] : []));
  return { socket, login, events, reports };
}

function lastOfEach(reports: readonly ExecutionReport[]): readonly ExecutionReport[] {
  const last = new Map(reports.map((report) => [report.orderId, report]));
  return [...last.values()].sort((a, b) => a.orderTime - b.orderTime);
}

const knownOf = ({ symbol, orderId, clientOrderId }: SimOrder): KnownOrder => ({
  ...{ symbol, orderId, clientOrderId },
});

for (const market of MARKETS) {
  const { exchange, symbol, other } = market;
  const isSpot = exchange === 'bybit';

  test(`${exchange}: what happened while we were away is told as the stream told it`, async (t) => {
    const one = await stage(t, market);
    const { clock, held, rest, simulator, turns } = one;
    const then = (): void => clock.advance(SECOND);
    const siblings = MARKETS.filter((sibling) => sibling !== market).map((sibling) => ({
      ...sibling,
      held: addAccount(simulator, sibling.exchange),
    }));
    held.setBalance('USDT', '100000');
    const witness = await listen(t, one);
    const line = await listen(t, one);
    const limit = (clientOrderId: string) =>
      held.place({
        ...{ symbol, side: 'BUY', type: 'LIMIT', price: '100.5', quantity: '3', clientOrderId },
        ...(isSpot && { assets: { base: 'BTC', quote: 'USDT' } }),
      });
    const names = ['untouched', 'partial', 'filled', 'cancelled', 'cut', 'expired'];
    const before = names.map((name) => (then(), limit(`D-${name}`)));
    assert.equal((await line.reports()).length, names.length);
    await witness.reports();
    const [, partial, filled, cancelled, cut, expired] = before.map(({ orderId }) => orderId);
    line.socket.terminate();
    await once(line.socket, 'close');
    then();
    const sinceMs = clock.now() - SECOND / 2;

    const fill = (orderId: string, quantity: string, price: string): void => {
      then();
      held.fill(orderId, quantity, { price });
    };
    fill(partial!, '1', '99.25');
    fill(filled!, '1', '100.25');
    fill(filled!, '2', '100.125');
    then();
    held.cancel(cancelled!);
    fill(cut!, '0.5', '100.1');
    then();
    held.cancel(cut!);
    then();
    held.expire(expired!);
    then();
    limit('D-new');
    then();
    held.cancel(limit('D-came-and-went').orderId);
    then();
    const refusable = { symbol, side: 'BUY', type: 'LIMIT', price: '1', quantity: '1' } as const;
    held.reject({ ...refusable, clientOrderId: 'D-rejected' });
    then();
    const taken = { symbol: other, side: 'SELL', type: 'MARKET', price: '0', quantity: '2' } as const;
    fill(held.place({ ...taken, clientOrderId: 'D-market' }).orderId, '2', '50.0625');
    then();
    if (!isSpot) held.liquidate({ ...taken, price: '49.5' });
    for (const sibling of siblings)
      sibling.held.fill(sibling.held.place({ ...refusable, symbol: sibling.symbol }).orderId, '1');

    const missed = lastOfEach(await witness.reports());
    turns.length = 0;
    const requests = () => simulator.stats()['https://api.bybit.com']?.httpRequests ?? 0;
    const asked = requests();
    const { orders, balances, incomplete } = await rest.snapshot({
      ...{ sinceMs, instruments: NONE, known: before.map(knownOf) },
    });
    const untouched = orders.find(({ report }) => report.newClientOrderId === 'D-untouched');
    assert.equal(untouched?.report.orderStatus, 'NEW');
    assert.deepEqual(
      orders.filter((order) => order !== untouched).map(({ report }) => report),
      missed,
    );
    const count = (flagged: readonly ExecutionReport[]) =>
      flagged.filter((report) => report.liquidation).length;
    assert.deepEqual([count(missed), count(orders.map(({ report }) => report))], isSpot ? [0, 0] : [1, 1]);
    const expected = ['PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'CANCELED', 'CANCELED'];
    assert.deepEqual(
      [partial, filled, cancelled, cut, expired].map(
        (orderId) => orders.find(({ report }) => report.orderId === orderId)?.report.orderStatus,
      ),
      expected,
    );
    assert.equal(incomplete, undefined);
    assert.ok(balances?.balances.some(({ asset }) => asset === 'USDT'));
    assert.equal(turns.length, requests() - asked, 'a turn for every call');
    assert.deepEqual(simulator.violations(), []);
  });

  test(`${exchange}: known orders that no list names`, async (t) => {
    const { clock, held, rest } = await stage(t, market);
    const sell = { symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' } as const;
    const [gone, old] = [held.place(sell), held.place(sell)];
    held.fill(old.orderId, '1');
    held.cancel(gone.orderId);
    // Beyond the newest 500, and beyond the day that unfilled orders are kept.
    for (let count = 0; count < 500; count += 1) held.reject(sell);
    clock.jump(25 * HOUR);
    const known = [knownOf(gone), knownOf(old), { symbol: other, orderId: '77', clientOrderId: 'never' }];
    const { orders, incomplete } = await rest.snapshot({ sinceMs: clock.now(), instruments: NONE, known });
    assert.deepEqual(
      orders.map(({ report }) => [report.orderId, report.orderStatus]),
      [[old.orderId, 'FILLED']],
    );
    assert.deepEqual(incomplete?.split('; '), [
      `the venue does not tell of an order of ${symbol} that was open`,
      `the venue does not tell of an order of ${other} that was open`,
    ]);
  });

  test(`${exchange}: an RSA key logs in and signs`, async (t) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const one = await stage(t, market, {
      theirs: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      ours: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
    const line = await listen(t, one);
    one.held.place({ symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' });
    const { orders } = await one.rest.snapshot({ sinceMs: START, instruments: NONE, known: [] });
    assert.deepEqual(
      orders.map(({ report }) => report),
      await line.reports(),
    );
  });
}

// ---------------------------------------------------------------------------- refusals and limits

async function failure({ rest, clock }: Stage): Promise<unknown[]> {
  const look = rest.snapshot({ sinceMs: clock.now(), instruments: NONE, known: [] });
  const error: unknown = await look.catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ConnectorError, String(error));
  return [error.code, error.retry];
}

test('a user who asks too fast is told to wait a second', async (t) => {
  const one = await stage(t, MARKETS[0]);
  const look = () => one.rest.snapshot({ sinceMs: one.clock.now(), instruments: NONE, known: [] });
  for (let count = 0; count < 25; count += 1) await look();
  assert.deepEqual(await failure(one), ['REST_LIMITED', { afterMs: 1_000 }]);
  assert.equal(one.simulator.violations().length, 1);
  one.clock.advance(1_000);
  await look();
});

test('an IP that asks too fast is banned for ten minutes, on every host', async (t) => {
  const one = await stage(t, MARKETS[0], { options: { requestsPer5s: 10 } });
  await one.rest.snapshot({ sinceMs: one.clock.now(), instruments: NONE, known: [] });
  const banned = ['REST_LIMITED', { afterMs: 600_000 }];
  assert.deepEqual(await failure(one), banned);
  one.clock.advance(599_000);
  assert.deepEqual(await failure(one), banned);
  const elsewhere = await fetch(one.simulator.urlOf('https://api.bybit.eu/v5/market/time'));
  assert.deepEqual([elsewhere.status, await elsewhere.text()], [403, 'access too frequent']);
  one.clock.advance(600_000);
  await one.rest.serverTime();
});

const REFUSED: readonly (readonly [string, (one: Stage) => void, string])[] = [
  ['a blocked address', ({ held }) => (held.isIpBlocked = true), 'ip'],
  ['a key without rights', ({ held }) => (held.permissions = ['Withdraw']), 'permission'],
  ['a key that has expired', ({ held }) => held.revoke(), 'credentials'],
];

for (const [name, spoil, cause] of REFUSED) {
  test(`${name} is refused for good, on both ways`, async (t) => {
    const one = await stage(t, MARKETS[1]);
    spoil(one);
    assert.deepEqual(await failure(one), ['REST_FAILED', 'never']);
    const { login } = await listen(t, one);
    assert.ok(login?.kind === 'loginRefused');
    assert.deepEqual([login.reason.retry, login.reason.cause], ['never', cause]);
  });
}

test('a clock that is off is no refused key', async (t) => {
  const one = await stage(t, MARKETS[0]);
  const { account, rewrite } = one;
  const rest = bybit.connectAccount!(account, {
    ...{ rewrite, timeoutMs: 10_000, venueNow: () => START - HOUR, inTurn: atOnce },
  });
  assert.deepEqual(await failure({ ...one, rest }), ['REST_FAILED', 'backoff']);
});

// ---------------------------------------------------------------------------- sites and generations

const SITES = [
  ...(['eu', 'nl', 'tr', 'kz', 'ge', 'demo'] as const).map((site) => ({ site, bybitHost: site })),
  { site: 'testnet', bybitHost: '', environment: 'sandbox' },
] as const;

for (const { site, ...setting } of SITES) {
  test(`a key of ${site} works there`, async (t) => {
    const one = await stage(t, MARKETS[1], { ...setting, options: { keySites: { [KEY]: site } } });
    const line = await listen(t, one);
    one.held.place({ symbol: 'BTCUSDT', side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' });
    const { orders } = await one.rest.snapshot({ sinceMs: START, instruments: NONE, known: [] });
    assert.deepEqual(
      orders.map(({ report }) => report),
      await line.reports(),
    );
  });
}

describe('generations of accounts', () => {
  const generations = [
    { status: 1, name: 'classic', markets: [MARKETS[0], MARKETS[2]] },
    { status: 3, name: 'UTA 1.0', markets: MARKETS },
    { status: 4, name: 'UTA 1.0 Pro', markets: MARKETS },
    { status: 6, name: 'UTA 2.0 Pro', markets: MARKETS },
  ];
  for (const { status, name, markets } of generations) {
    for (const market of markets) {
      test(`${name}: ${market.exchange}`, async (t) => {
        const one = await stage(t, market, { options: { marginStatuses: { [KEY]: status } } });
        const line = await listen(t, one);
        one.held.setBalance('USDT', '5', '1');
        const order = one.held.place({
          ...{ symbol: market.symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' },
        });
        one.held.cancel(order.orderId);
        const { orders, balances } = await one.rest.snapshot({
          sinceMs: START,
          instruments: NONE,
          known: [],
        });
        const events = await line.events();
        const streamed = events.flatMap((event) =>
          event.kind === 'balances' ? [event.position.balances] : [],
        );
        assert.deepEqual(streamed, [balances?.balances]);
        assert.deepEqual(streamed[0], [{ asset: 'USDT', free: '5', locked: '1' }]);
        assert.deepEqual(
          orders.map(({ report }) => [report.orderId, report.orderStatus]),
          [[order.orderId, 'CANCELED']],
        );
        assert.deepEqual(one.simulator.violations(), []);
      });
    }
  }
});
