/** Which order histories a look at an account reads, and what it leaves to further looks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MarketKind } from '../../domain/exchange';
import { InstrumentIndex } from '../../domain/instrument';
import { ConnectorError } from '../../domain/errors';
import type { AccountSnapshot, KnownOrder, SnapshotQuery } from '../contract';
import type { AccountClient, Params } from './account-client';
import { pathsOf, type Endpoint } from './account-paths';
import { binance } from './index';
import { Look, type LookMemory } from './snapshot';

const NOW = 1_751_277_600_000;
const HOUR = 3_600_000;
const SINCE = NOW - HOUR;
const COINS = Array.from({ length: 100 }, (_, at) => `C${at}`);
const PAIRS = [...COINS, 'BTC', 'ETH', 'BNB'].map((base) => [base, 'USDT'] as const);
const INSTRUMENTS = new InstrumentIndex(
  [...PAIRS, ['ETH', 'BTC'] as const].map(([base, quote]) => {
    const symbol = `${base}${quote}`;
    return { exchange: 'binance', symbol, venueSymbol: symbol, base, quote };
  }),
);

type Row = Record<string, unknown>;

const row = (symbol: string, orderId: number, over: Row = {}): Row => ({
  ...{ symbol, orderId, clientOrderId: `c${orderId}`, price: '3', origQty: '1', side: 'SELL' },
  ...{ executedQty: '1', cummulativeQuoteQty: '3', status: 'FILLED', timeInForce: 'GTC', type: 'MARKET' },
  ...{ time: SINCE + 1_000, updateTime: SINCE + 1_000 },
  ...over,
});
const knownIn = (symbol: string, orderId: number): KnownOrder => ({ symbol, orderId, clientOrderId: '' });

/** An account of the venue, and the looks at it. */
function setUp(exchange = 'binance') {
  const market = binance.descriptor.markets.find((one) => one.exchange === exchange)!;
  const paths = pathsOf(market);
  const account: { open: Row[]; history: Record<string, Row[]>; held: Record<string, string> } = {
    ...{ open: [], history: {}, held: {} },
  };
  const calls: { path: string; symbol: unknown; weight: number }[] = [];
  let failing: string | undefined;
  const balances = (): Row[] =>
    Object.entries(account.held).map(([asset, free]) => ({ asset, free, locked: '0' }));
  const answers = new Map<Endpoint, (symbol: string) => unknown>([
    [paths.openOrders, () => account.open],
    [paths.balances, () => ({ balances: balances() })],
    [paths.allOrders, (symbol) => account.history[symbol] ?? []],
  ]);
  const signed = (endpoint: Endpoint, params: Params): Promise<unknown> => {
    const symbol = String(params['symbol'] ?? '');
    calls.push({ path: endpoint.path.split('/').at(-1)!, symbol, weight: endpoint.weight });
    if (symbol !== '' && symbol === failing) return Promise.reject(new ConnectorError('REST_FAILED', 'x'));
    const answer = answers.get(endpoint);
    if (answer) return Promise.resolve(answer(symbol));
    const cause = { code: '-2013', text: 'Order does not exist.' };
    return Promise.reject(new ConnectorError('REST_FAILED', 'x', { cause }));
  };
  const badAnswer = (what: string) => new ConnectorError('REST_BAD_ANSWER', what);
  const client = { signed, badAnswer, now: () => NOW } as unknown as AccountClient;
  let memory: LookMemory | undefined;
  const kind: MarketKind = market.kind;
  const look = async (over: Partial<SnapshotQuery> = {}): Promise<AccountSnapshot> => {
    calls.length = 0;
    const query = { sinceMs: SINCE, instruments: INSTRUMENTS, known: [], ...over };
    const looked = await new Look({ client, paths, kind, memory }, query).take();
    memory = looked.memory;
    return looked.snapshot;
  };
  const read = (): unknown[] => calls.filter(({ path }) => path === 'allOrders').map(({ symbol }) => symbol);
  const weight = (): number => calls.reduce((sum, one) => sum + one.weight, 0);
  const fail = (symbol: string | undefined): void => void (failing = symbol);
  return { account, calls, look, read, weight, fail };
}

const ids = ({ orders }: AccountSnapshot): unknown[] => orders.map(({ report }) => report.orderId);

test('pairs that moved are read before those of orders that are still open', async () => {
  const { account, look, read } = setUp();
  account.open = COINS.slice(0, 12).map((coin, at) =>
    row(`${coin}USDT`, at + 1, { status: 'NEW', executedQty: '0' }),
  );
  account.held = { BTC: '1', USDT: '2' };
  await look({ isAudit: true });
  account.held = { BTC: '2', USDT: '1' };
  account.history = { BTCUSDT: [row('BTCUSDT', 77)] };
  const known = COINS.slice(0, 12).map((coin, at) => knownIn(`${coin}USDT`, at + 1));
  const snapshot = await look({ known });
  assert.equal(read()[0], 'BTCUSDT');
  assert.ok(ids(snapshot).includes(77));
});

test('known orders that ended come next', async () => {
  const { account, look, read } = setUp();
  account.open = [row('C5USDT', 5, { status: 'NEW', executedQty: '0' })];
  account.held = { BTC: '1', USDT: '2' };
  await look();
  account.held = { BTC: '2', USDT: '1' };
  await look({ known: [knownIn('C5USDT', 5), knownIn('C6USDT', 6)] });
  assert.deepEqual(read(), ['BTCUSDT', 'C6USDT', 'C5USDT']);
});

for (const [exchange, most, weights] of [
  ['binance', 8, [260, 160, 80]],
  ['binanceUS', 16, [210, 40]],
] as const) {
  test(`${exchange}: what does not fit into one look is carried on, and the gap stays open`, async () => {
    const { account, calls, look, read, weight, fail } = setUp(exchange);
    const moved = COINS.slice(0, 20);
    account.held = Object.fromEntries([['USDT', '100'], ...COINS.map((coin) => [coin, '1'])]);
    await look({ isAudit: true });
    account.held = { ...account.held, USDT: '90', ...Object.fromEntries(moved.map((coin) => [coin, '2'])) };
    moved.forEach((coin, at) => (account.history[`${coin}USDT`] = [row(`${coin}USDT`, at + 1)]));

    const known = [knownIn('C0USDT', 1)];
    const parts = [await look({ known })];
    const seen = [weight()];
    const symbols = [...read()];
    assert.equal(symbols.length, most);
    // What is sold while the rest is read is told by the stream.
    account.held = { ...account.held, C99: '7' };
    while (parts.at(-1)?.askAgain) {
      if (parts.length === 1) {
        fail(`${moved[most]}USDT`);
        await assert.rejects(look({ again: true }));
        fail(undefined);
      }
      parts.push(await look({ again: true }));
      seen.push(weight());
      symbols.push(...read());
      assert.ok(calls.every(({ path }) => path === 'allOrders'));
    }
    assert.deepEqual(seen, weights);
    assert.deepEqual(
      symbols,
      moved.map((coin) => `${coin}USDT`),
    );
    assert.deepEqual(
      parts.flatMap(ids),
      moved.map((_, at) => at + 1),
    );
    assert.ok(parts.slice(1).every(({ balances }) => balances === undefined));
    assert.ok(parts.every(({ incomplete }) => incomplete === undefined));

    await look();
    assert.deepEqual(read(), [], 'USDT has not moved since the gap was looked at');
    account.held = { ...account.held, USDT: '97' };
    await look();
    assert.deepEqual(read(), []);
    account.held = { ...account.held, USDT: '98', C99: '8' };
    await look();
    assert.deepEqual(read(), ['C99USDT']);
  });
}

test('a gap that opens while another is read in parts: nothing of the first is dropped', async () => {
  const { account, look, read } = setUp();
  account.held = { USDT: '100' };
  await look();
  const moved = COINS.slice(0, 10);
  account.held = { USDT: '90', ...Object.fromEntries(moved.map((coin) => [coin, '2'])) };
  assert.equal((await look()).askAgain, true);
  account.held = { ...account.held, USDT: '80', BTC: '1' };
  const { askAgain } = await look();
  assert.deepEqual([read(), askAgain], [['C8USDT', 'C9USDT', 'BTCUSDT'], undefined]);
});

test('the first look of a life knows what was held: a coin that was sold whole', async () => {
  const { account, look, read } = setUp();
  account.held = { USDT: '3', BNB: '1' };
  account.history = { BTCUSDT: [row('BTCUSDT', 77)] };
  const snapshot = await look({ heldBefore: ['BTC', 'BNB', 'USDT'] });
  assert.deepEqual(read(), ['BTCUSDT', 'BNBUSDT'], 'and what may have moved after it');
  assert.deepEqual(ids(snapshot), [77]);
  assert.equal(snapshot.incomplete, undefined);
});

test('the first look where nobody knows: what is held and what was traded, in the coins that pay; and a note', async () => {
  const { account, look, read } = setUp();
  account.held = { BTC: '1', BNB: '1' };
  const { incomplete } = await look({ traded: ['C1USDT'], known: [knownIn('ETHBTC', 4)] });
  assert.deepEqual(read(), ['ETHBTC', 'C1USDT', 'BTCUSDT', 'ETHUSDT', 'BNBUSDT']);
  assert.match(incomplete ?? '', /what was held before is not known/);
});

test('a round trip that left every total as it was: symbols that traded lately are read', async () => {
  const { account, look, read } = setUp();
  account.held = { BTC: '1', USDT: '2' };
  await look();
  account.history = { C3USDT: [row('C3USDT', 31), row('C3USDT', 32)] };
  const traded = COINS.slice(0, 10).map((coin) => `${coin}USDT`);
  const parts = [await look({ traded }), await look({ traded, again: true })];
  assert.deepEqual(parts.flatMap(ids), [31, 32]);
  assert.deepEqual(
    parts.map(({ askAgain }) => askAgain),
    [true, undefined],
  );
  assert.deepEqual(read(), ['C8USDT', 'C9USDT']);
});

test('what is only possible has an end, which is told', async () => {
  const { account, look, read } = setUp();
  account.held = Object.fromEntries([['USDT', '5'], ...COINS.map((coin) => [coin, '1'])]);
  let snapshot = await look({ heldBefore: ['USDT', ...COINS.slice(1)] });
  assert.match(snapshot.incomplete ?? '', /the order histories of 35 more symbols were not read/);
  const symbols = new Set(read());
  while (snapshot.askAgain) {
    snapshot = await look({ again: true });
    read().forEach((symbol) => symbols.add(symbol));
  }
  assert.equal(symbols.size, 65);
});

test('an audit takes no further look for what is only possible, but for what moved', async () => {
  const { account, look, read } = setUp();
  account.held = Object.fromEntries([['USDT', '5'], ...COINS.map((coin) => [coin, '1'])]);
  const first = await look({ isAudit: true });
  assert.deepEqual([read().length, first.askAgain], [8, undefined]);
  assert.match(first.incomplete ?? '', /^the order histories of 92 more symbols were not read$/);
  account.held = {
    ...account.held,
    USDT: '4',
    ...Object.fromEntries(COINS.slice(0, 9).map((coin) => [coin, '2'])),
  };
  assert.equal((await look({ isAudit: true })).askAgain, true);
});

test('an order that the venue forgot is named as such, but not while it may be late to hear of it', async () => {
  const { look } = setUp();
  const last = { side: 'BUY', orderType: 'LIMIT', price: '1', quantity: '1', filled: '0' } as const;
  const [old, young, bare] = [
    { ...knownIn('C1USDT', 1), last: { ...last, at: NOW - HOUR } },
    { ...knownIn('C2USDT', 2), last: { ...last, at: NOW - 1_000 } },
    knownIn('C3USDT', 3),
  ];
  const { forgotten, orders, incomplete } = await look({ known: [old, young, bare], heldBefore: [] });
  assert.deepEqual(forgotten, [old, bare]);
  assert.deepEqual(orders, []);
  assert.match(incomplete ?? '', /C2USDT/);
});
