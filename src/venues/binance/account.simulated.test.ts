import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import type { ExecutionReport } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import { rewriter, parseEndpoints } from '../../config/endpoints';
import { startSimulator, type Simulator } from '../../simulator';
import type { BinanceOptions } from '../../simulator/binance';
import type { SimAccount, SimOrder } from '../../simulator/kit';
import { FakeClock } from '../../testing/fake-clock';
import { turnsAfter } from '../../testing/turns';
import type { Account, Decoded, KnownOrder } from '../contract';
import type { AccountEvent } from '../../domain/account';
import { connectAccount, type BinanceAccountRest } from './account-rest';
import { binance } from './index';
import { privateCodec } from './private';
import { privateSession } from './private-session';

/** The adapter against the simulator, which was written independently of it: stream and REST tell the same. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const START = Date.UTC(2026, 7, 4, 12, 34, 56);

interface Market {
  readonly exchange: string;
  /** What the bot trades, and what it has never traded before. */
  readonly symbol: string;
  readonly other: string;
  readonly rest: string;
  /** Most that one look may weigh, known orders aside. */
  readonly weight: number;
  /** So many read the histories of 60 symbols. */
  readonly looks: number;
}

const MARKETS: readonly Market[] = [
  {
    exchange: 'binance',
    symbol: 'BTCUSDT',
    other: 'ETHUSDT',
    rest: 'https://api.binance.com/api/v3',
    weight: 260,
    looks: 8,
  },
  {
    exchange: 'binanceUS',
    symbol: 'BTCUSDT',
    other: 'ETHUSDT',
    rest: 'https://api.binance.us/api/v3',
    weight: 210,
    looks: 4,
  },
  {
    exchange: 'binanceUsdm',
    symbol: 'BTCUSDT',
    other: 'ETHUSDT',
    rest: 'https://fapi.binance.com/fapi/v1',
    weight: 240,
    looks: 2,
  },
  {
    exchange: 'binanceCoinm',
    symbol: 'BTCUSD_PERP',
    other: 'ETHUSD_PERP',
    rest: 'https://dapi.binance.com/dapi/v1',
    weight: 240,
    looks: 8,
  },
];
const LISTEN_KEYED = MARKETS.filter(({ exchange }) => exchange !== 'binance');
const FUTURES = MARKETS.filter(({ exchange }) => exchange.endsWith('m'));

interface Stage {
  readonly clock: FakeClock;
  readonly simulator: Simulator;
  readonly held: SimAccount;
  readonly account: Account;
  readonly rest: BinanceAccountRest;
  readonly instruments: InstrumentIndex;
  readonly rewrite: (url: string) => string;
  /** Weights of the turns that were asked for. */
  readonly turns: number[];
}

async function stage(
  t: TestContext,
  { exchange, symbol, other }: Market,
  options: BinanceOptions = {},
  keys: { readonly ours: string; readonly theirs: string } = { ours: 's', theirs: 's' },
): Promise<Stage> {
  const clock = new FakeClock(START);
  // Fake hours pass at once: the answers to so many pings would break the message limit.
  const ping = { everyMs: 600 * MINUTE, deadlineMs: 600 * MINUTE };
  const quiet = { tickerPushMs: DAY, klinePushMs: DAY };
  const settings = {
    venues: ['binance'],
    clock,
    symbols: 4,
    options: { binance: { ping, ...quiet, ...options } },
  };
  const simulator = await startSimulator(settings);
  t.after(() => simulator.close());
  const held = simulator.accounts.addAccount({ exchange, key: 'k', secret: keys.theirs });
  const market = binance.descriptor.markets.find((one) => one.exchange === exchange)!;
  const credentials = { key: 'k', secret: keys.ours, passphrase: '', options: {} };
  const account = { market, credentials, environment: 'live' } as const;
  const rewrite = rewriter(parseEndpoints(simulator.overrides()));
  const turns: number[] = [];
  const rest = connectAccount(account, {
    ...{ rewrite, timeoutMs: 5_000, venueNow: () => clock.now() },
    inTurn: turnsAfter((weight) => turns.push(weight)),
  });
  const instruments = new InstrumentIndex(
    [symbol, other].map((name) => {
      const base = name.slice(0, 3);
      return { exchange, symbol: name, venueSymbol: name, base, quote: 'USDT' };
    }),
  );
  return { clock, simulator, held, account, rest, instruments, rewrite, turns };
}

/** One private connection, as a driver keeps it, without its deadlines. */
async function listen(t: TestContext, { account, rest, rewrite, clock, instruments }: Stage) {
  const { market } = account;
  const url = await privateSession.endpoint(account, rest);
  const socket = new WebSocket(rewrite(url));
  t.after(() => socket.terminate());
  const seen: Decoded<AccountEvent>[] = [];
  socket.on('message', (data: Buffer) => {
    seen.push(privateCodec.decode(data.toString(), { state: null, market, receivedAt: 0, instruments }));
  });
  await once(socket, 'open');
  const topics = privateSession.topics(account);
  for (const { frame } of privateSession.subscribe(topics, () => 1, account, clock.now())) socket.send(frame);
  const settle = async (): Promise<readonly Decoded<AccountEvent>[]> => {
    socket.ping();
    await once(socket, 'pong');
    return seen.splice(0);
  };
  const reports = async (): Promise<readonly ExecutionReport[]> =>
    (await settle())
      .flatMap((decoded) => (decoded.kind === 'events' ? decoded.events : []))
      .flatMap((event) => (event.kind === 'order' ? [event.report] : []));
  assert.deepEqual(await settle(), topics.length > 0 ? [{ kind: 'ack', id: '1' }] : []);
  return { socket, url, settle, reports };
}

/** What must be alike, whoever tells it; a creation time is known to futures REST only. */
function told(report: ExecutionReport): unknown {
  return {
    ids: [report.symbol, report.orderId, report.newClientOrderId, report.originalClientOrderId],
    status: report.orderStatus,
    amounts: [report.price, report.quantity, report.totalTradeQuantity, report.totalQuoteTradeQuantity],
    order: [report.side, report.orderType, report.orderTime],
    liquidation: report.liquidation,
  };
}

function lastOfEach(reports: readonly ExecutionReport[]): readonly ExecutionReport[] {
  const last = new Map(reports.map((report) => [String(report.orderId), report]));
  return [...last.values()].sort((a, b) => a.orderTime - b.orderTime);
}

const knownOf = (order: SimOrder, over: Partial<KnownOrder> = {}): KnownOrder => ({
  ...{ symbol: order.symbol, orderId: order.orderId, clientOrderId: order.clientOrderId },
  ...over,
});

/** The venue's own count of the last minute, this question included. */
async function usedWeight({ simulator }: Stage, { rest }: Market): Promise<number> {
  const answer = await fetch(simulator.urlOf(`${rest}/time`));
  await answer.text();
  return Number(answer.headers.get('x-mbx-used-weight-1m'));
}

for (const market of MARKETS) {
  const { exchange, symbol, other } = market;
  const isFutures = FUTURES.includes(market);
  const isSpot = !isFutures;

  test(`${exchange}: what happened while we were away is told as the stream told it`, async (t) => {
    const one = await stage(t, market);
    const { clock, held, rest, instruments, simulator, turns } = one;
    const then = (): void => clock.advance(SECOND);
    held.setBalance('USDT', '100000');
    await rest.snapshot({ sinceMs: START, instruments, known: [] });

    const witness = await listen(t, one);
    const line = await listen(t, one);
    const limit = (clientOrderId: string, where = symbol) =>
      held.place({
        ...{ symbol: where, side: 'BUY', type: 'LIMIT', price: '100.5', quantity: '3', clientOrderId },
        ...(isSpot && { assets: { base: where.slice(0, 3), quote: 'USDT' } }),
      });
    const names = ['untouched', 'partial', 'filled', 'cancelled', 'cut', 'expired'];
    const before = names.map((name) => (then(), limit(`D-${name}`)));
    assert.equal((await line.reports()).length, names.length);
    const [, partial, filled, cancelled, cut, expired] = before.map(({ orderId }) => orderId);
    line.socket.terminate();
    await once(line.socket, 'close');
    then();
    const sinceMs = clock.now() - SECOND / 2;

    const fill = (orderId: string, quantity: string, price: string): void => {
      then();
      held.fill(orderId, quantity, { price, commission: '0.001', commissionAsset: 'USDT' });
    };
    fill(partial!, '1', '99.25');
    fill(filled!, '1', '100.25');
    fill(filled!, '2', '100.125');
    then();
    held.cancel(cancelled!, 'the-cancel-request');
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
    const market_ = held.place({
      ...{ symbol: other, side: 'BUY', type: 'MARKET', price: '0', quantity: '2', clientOrderId: 'D-market' },
      ...(isSpot && { assets: { base: 'ETH', quote: 'USDT' } }),
    });
    fill(market_.orderId, '2', '50.0625');
    then();
    if (isFutures) {
      held.liquidate({ symbol: other, side: 'SELL', type: 'LIMIT', price: '49.5', quantity: '1' });
      then();
      const adl = { symbol: other, side: 'SELL', type: 'LIMIT', price: '49.5', quantity: '1' } as const;
      held.liquidate({ ...adl, clientOrderId: 'adl_autoclose' });
    }

    const sinceDrop = (await witness.reports()).slice(names.length);
    const usedBefore = await usedWeight(one, market);
    turns.length = 0;
    const known = before.map((order) => knownOf(order));
    const { orders, balances, incomplete } = await rest.snapshot({ sinceMs, instruments, known });

    const untouched = orders.find(({ report }) => report.newClientOrderId === 'D-untouched');
    assert.equal(untouched?.report.orderStatus, 'NEW');
    assert.deepEqual(
      orders.filter((order) => order !== untouched).map(({ report }) => told(report)),
      lastOfEach(sinceDrop).map(told),
    );
    const flags = orders.map(({ report }) => report.liquidation ?? false).filter(Boolean);
    assert.equal(flags.length, isFutures ? 1 : 0, 'ADL is no liquidation');
    assert.equal(incomplete, undefined);
    assert.deepEqual(
      balances?.balances.map(({ asset }) => asset).sort(),
      isSpot ? ['BTC', 'ETH', 'USDT'].sort() : ['USDT'],
    );

    const weight = turns.reduce((sum, turn) => sum + turn, 0);
    assert.equal((await usedWeight(one, market)) - usedBefore - 1, weight, 'turns as the venue counts');
    assert.ok(weight <= market.weight + (isFutures ? 50 : 0), `weighed ${weight}`);
    assert.deepEqual(simulator.violations(), []);
  });

  test(`${exchange}: known orders that no list names`, async (t) => {
    const one = await stage(t, market);
    const { clock, held, rest, instruments } = one;
    const place = (clientOrderId: string) =>
      held.place({ symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1', clientOrderId });
    const [gone, unnamed, old] = [place('gone'), place('unnamed'), place('old')];
    held.fill(old.orderId, '1');
    held.cancel(unnamed.orderId);
    held.cancel(gone.orderId);
    clock.jump(isFutures ? 4 * DAY : 91 * DAY);
    held.cancel(place('late').orderId);

    const nothing = { symbol: other, orderId: 77, clientOrderId: 'never' };
    const known = [knownOf(gone), knownOf(old), nothing];
    const sinceMs = clock.now() - MINUTE;
    const query = { sinceMs, instruments, known, heldBefore: [] };
    const { orders, incomplete, forgotten } = await rest.snapshot(query);
    assert.deepEqual(
      orders.map(({ report }) => [report.newClientOrderId, report.orderStatus]),
      [
        ['old', 'FILLED'],
        ['late', 'CANCELED'],
      ],
    );
    assert.deepEqual(forgotten, [known[0], nothing]);
    // The same words for each of a symbol: an operator cannot do more about five than about one.
    assert.deepEqual(incomplete?.split('; '), [
      `the venue does not tell of an order of ${symbol} that was open`,
      `the venue does not tell of an order of ${other} that was open`,
    ]);
  });

  test(`${exchange}: an order without its id is asked for by its client id`, async (t) => {
    const { held, rest, instruments, clock } = await stage(t, market);
    const order = held.place({ symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' });
    held.cancel(order.orderId);
    clock.advance(MINUTE);
    const known = [knownOf(order, { orderId: '' })];
    const { orders } = await rest.snapshot({ sinceMs: clock.now(), instruments, known });
    assert.deepEqual(
      orders.map(({ report }) => [String(report.orderId), report.orderStatus]),
      [[order.orderId, 'CANCELED']],
    );
  });

  test(`${exchange}: a look stays bounded, and leaves the rest to further ones`, async (t) => {
    const { held, rest, instruments, clock, turns, simulator } = await stage(t, market);
    const symbols = Array.from({ length: 60 }, (_, at) =>
      exchange === 'binanceCoinm' ? `C${at}USD_PERP` : `C${at}USDT`,
    );
    const known = symbols.map((name) =>
      knownOf(held.place({ symbol: name, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' })),
    );
    const query = { sinceMs: clock.now(), instruments, known, heldBefore: [] };
    const first = await rest.snapshot(query);
    assert.equal(first.orders.length, 60);
    const weights = [turns.reduce((sum, turn) => sum + turn, 0)];
    for (let { askAgain } = first; askAgain;) {
      turns.length = 0;
      const next = await rest.snapshot({ ...query, known: [], again: true });
      assert.deepEqual([next.balances, next.incomplete], [undefined, undefined]);
      weights.push(turns.reduce((sum, turn) => sum + turn, 0));
      ({ askAgain } = next);
    }
    assert.ok(Math.max(...weights) <= market.weight, `weighed ${weights.join()}`);
    assert.equal(weights.length, market.looks);
    assert.deepEqual(simulator.violations(), []);
  });

  test(`${exchange}: limits and bans are told with their wait`, async (t) => {
    const one = await stage(t, market, { weightPerMinute: 30 });
    const { rest, instruments, clock } = one;
    const refused = async () => {
      const look = rest.snapshot({ sinceMs: clock.now(), instruments, known: [] });
      const error: unknown = await look.catch((thrown: unknown) => thrown);
      assert.ok(error instanceof ConnectorError);
      return [error.code, error.retry];
    };
    assert.deepEqual(await refused(), ['REST_LIMITED', { afterMs: MINUTE }]);
    for (let tries = 0; tries < 10; tries += 1) await refused();
    assert.deepEqual(await refused(), ['REST_LIMITED', { afterMs: 2 * MINUTE }]);
    clock.advance(MINUTE);
    assert.deepEqual(await refused(), ['REST_LIMITED', { afterMs: MINUTE }]);
    assert.ok(one.simulator.violations().every(({ rule }) => rule === 'restWeight'));
  });

  test(`${exchange}: refused keys, on REST and before or at the dial`, async (t) => {
    const one = await stage(t, market);
    const { rest, held, instruments, simulator } = one;
    const refused = async () => {
      const look = rest.snapshot({ sinceMs: START, instruments, known: [] });
      const error: unknown = await look.catch((thrown: unknown) => thrown);
      assert.ok(error instanceof ConnectorError);
      return error.retry;
    };
    held.permissions = ['canTrade'];
    assert.equal(await refused(), 'never');
    held.permissions = ['canRead'];
    held.isIpBlocked = true;
    assert.equal(await refused(), 'never');
    held.isIpBlocked = false;
    held.revoke();
    assert.equal(await refused(), 'never');
    held.restore();
    await rest.snapshot({ sinceMs: START, instruments, known: [] });
    assert.deepEqual(simulator.violations(), []);
  });
}

describe('listen keys', () => {
  for (const market of LISTEN_KEYED) {
    const { exchange, symbol } = market;

    test(`${exchange}: kept alive, expired, told twice, renewed`, async (t) => {
      const one = await stage(t, market, { listenKeyNotices: 2 });
      const { clock, held, rest, simulator, instruments } = one;
      const line = await listen(t, one);
      clock.advance(50 * MINUTE);
      await rest.keepListenKey();
      clock.advance(50 * MINUTE);
      const order = held.place({ symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' });
      assert.equal((await line.reports()).length, 1, 'alive');
      clock.advance(10 * MINUTE);
      const ended = { kind: 'ended', reason: 'listen key expired' };
      assert.deepEqual(await line.settle(), [ended, ended]);
      const failed: unknown = await rest.keepListenKey().catch((error: unknown) => error);
      assert.ok(failed instanceof ConnectorError && failed.retry === 'backoff');
      assert.equal(await privateSession.keepAlive?.run(one.account, rest), 'gone');

      const sinceMs = clock.now();
      clock.advance(SECOND);
      held.fill(order.orderId, '1');
      assert.deepEqual(await line.settle(), [], 'open and silent');
      const next = await listen(t, one);
      assert.notEqual(next.url, line.url);
      const { orders } = await rest.snapshot({ sinceMs, instruments, known: [knownOf(order)] });
      assert.deepEqual(
        orders.map(({ report }) => report.orderStatus),
        ['FILLED'],
      );
      held.place({ symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' });
      assert.equal((await next.reports()).length, 1);
      assert.deepEqual(simulator.violations(), [], 'no key was deleted');
    });

    test(`${exchange}: one key for every session of the account`, async (t) => {
      const one = await stage(t, market);
      const [first, second] = [await listen(t, one), await listen(t, one)];
      assert.equal(first.url, second.url);
      one.held.place({ symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' });
      assert.deepEqual(await first.reports(), await second.reports());
    });
  }
});

describe('kinds of keys', () => {
  const pairs: readonly (readonly [string, { publicKey: KeyObject; privateKey: KeyObject }])[] = [
    ['Ed25519', generateKeyPairSync('ed25519')],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2_048 })],
  ];
  for (const [name, { publicKey, privateKey }] of pairs) {
    for (const market of MARKETS) {
      test(`${market.exchange}: ${name} subscribes and signs`, async (t) => {
        const one = await stage(
          t,
          market,
          {},
          {
            theirs: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
            ours: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
          },
        );
        const line = await listen(t, one);
        one.held.place({ symbol: market.symbol, side: 'SELL', type: 'LIMIT', price: '7', quantity: '1' });
        const [streamed] = await line.reports();
        const { orders } = await one.rest.snapshot({
          ...{ sinceMs: START, instruments: one.instruments, known: [] },
        });
        assert.deepEqual(told(orders[0]!.report), told(streamed!));
      });
    }
  }
});
