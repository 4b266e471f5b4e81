import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../testing/fake-clock';
import {
  fixedText,
  fixedUnits,
  Ledger,
  MarketModel,
  warpClock,
  type SimCandle,
  type SymbolSpec,
} from './index';

const MINUTE = 60_000;
/** 2026-08-04 12:34:56.700 UTC, a Tuesday. */
const NOW = Date.UTC(2026, 7, 4, 12, 34, 56, 700);

const SPOT: SymbolSpec = {
  symbol: 'BTCUSDT',
  base: 'BTC',
  quote: 'USDT',
  price: '77490.00',
  tickDecimals: 2,
  priceDigits: 8,
  lotDecimals: 5,
  volumeDigits: 8,
  dailyVolume: 25_000,
};
const INVERSE: SymbolSpec = {
  symbol: 'BTCUSD_PERP',
  base: 'BTC',
  quote: 'USD',
  price: '77398.4',
  tickDecimals: 1,
  lotDecimals: 0,
  dailyVolume: 5_000_000,
  contractSize: 100,
};

function marketAt(
  now: number,
  { seed = 7, warp = 1 } = {},
): {
  clock: FakeClock;
  ledger: Ledger;
  model: MarketModel;
  closed: SimCandle[];
} {
  const clock = new FakeClock(now);
  const ledger = new Ledger();
  const model = new MarketModel({
    exchange: 'binance',
    symbols: [SPOT, INVERSE],
    seed,
    clock: warpClock(clock, warp),
    ledger,
    bornAt: Date.UTC(2026, 7, 2),
  });
  model.start();
  const closed: SimCandle[] = [];
  model.onClosed((candle) => closed.push(candle));
  return { clock, ledger, model, closed };
}

/** Exact sum of decimal texts with the same number of decimals. */
function sum(texts: readonly string[]): bigint {
  return texts.reduce((total, text) => total + BigInt(text.replace('.', '')), 0n);
}

test('the same seed gives the same bars, however and whenever the simulator was started', () => {
  const early = marketAt(NOW);
  early.model.watch('BTCUSDT', '1m');
  early.clock.advance(10 * MINUTE);
  const late = marketAt(NOW + 10 * MINUTE);
  const query = { limit: 8 };
  assert.deepEqual(early.model.history('BTCUSDT', '1m', query), late.model.history('BTCUSDT', '1m', query));
  assert.deepEqual(early.model.ticker('BTCUSDT').last, late.model.ticker('BTCUSDT').last);
  const other = marketAt(NOW + 10 * MINUTE, { seed: 8 });
  assert.notDeepEqual(
    other.model.history('BTCUSDT', '1m', query),
    late.model.history('BTCUSDT', '1m', query),
  );
});

test('every closed bar is reported once, equals the ledger and the history', () => {
  const { clock, ledger, model, closed } = marketAt(NOW);
  model.watch('BTCUSDT', '1m');
  model.watch('BTCUSD_PERP', '3m');
  model.watch('BTCUSDT', '1m');
  clock.advance(12 * MINUTE);
  const minutes = closed.filter(({ interval }) => interval === '1m');
  const first = Date.UTC(2026, 7, 4, 12, 34);
  assert.deepEqual(
    minutes.map(({ start }) => start),
    Array.from({ length: 12 }, (_, at) => first + at * MINUTE),
  );
  assert.deepEqual(
    closed.filter(({ interval }) => interval === '3m').map(({ start }) => start),
    [33, 36, 39, 42].map((minute) => Date.UTC(2026, 7, 4, 12, minute)),
  );
  for (const candle of closed) {
    const { symbol, interval, start } = candle;
    const [again] = model.history(symbol, interval, { from: start, to: start, limit: 1 });
    assert.deepEqual(candle, again);
    const [entry] = ledger.candles({ symbol, interval }).filter((one) => one.start === start);
    const { open, high, low, close, volume } = candle;
    assert.deepEqual(entry, {
      kind: 'candle',
      exchange: 'binance',
      symbol,
      interval,
      start,
      open,
      high,
      low,
      close,
      volume,
    });
  }
  assert.equal(ledger.list().length, closed.length);
});

test('the forming bar is what history says of it', () => {
  const { clock, model } = marketAt(NOW);
  for (const interval of ['1m', '1h', '1d', '1w', '1M'] as const) {
    model.watch('BTCUSDT', interval);
    clock.advance(1_500);
    assert.deepEqual(model.candle('BTCUSDT', interval), model.history('BTCUSDT', interval, { limit: 1 })[0]);
  }
});

test('higher intervals are exact sums of lower ones', () => {
  const { model } = marketAt(NOW);
  for (const symbol of ['BTCUSDT', 'BTCUSD_PERP']) {
    const from = Date.UTC(2026, 7, 4, 10);
    const [hour] = model.history(symbol, '1h', { from, limit: 1 });
    const minutes = model.history(symbol, '1m', { from, limit: 60 });
    assert.equal(minutes.length, 60);
    assert.equal(hour!.open, minutes[0]!.open);
    assert.equal(hour!.close, minutes.at(-1)!.close);
    assert.equal(sum([hour!.volume]), sum(minutes.map(({ volume }) => volume)));
    assert.equal(sum([hour!.quoteVolume]), sum(minutes.map(({ quoteVolume }) => quoteVolume)));
    assert.equal(
      sum([hour!.high]),
      minutes.map(({ high }) => sum([high])).reduce((a, b) => (a > b ? a : b)),
    );
    assert.equal(
      hour!.trades,
      minutes.reduce((total, { trades }) => total + trades, 0),
    );
  }
});

test('history serves the first bars of a range, or the last ones before an end', () => {
  const { model } = marketAt(NOW);
  const at = (minute: number): number => Date.UTC(2026, 7, 4, 12, minute);
  const starts = (query: Parameters<MarketModel['history']>[2]): number[] =>
    model.history('BTCUSDT', '1m', query).map(({ start }) => start);
  assert.deepEqual(starts({ from: at(10), limit: 3 }), [at(10), at(11), at(12)]);
  assert.deepEqual(starts({ from: at(10) + 1, to: at(12), limit: 9 }), [at(11), at(12)]);
  assert.deepEqual(starts({ to: at(12) + 5, limit: 2 }), [at(11), at(12)]);
  assert.deepEqual(starts({ limit: 2 }), [at(33), at(34)]);
  assert.deepEqual(starts({ from: at(40), limit: 2 }), []);
  assert.deepEqual(
    model.history('BTCUSDT', '1m', { limit: 2 }).map(({ isClosed }) => isClosed),
    [true, false],
  );
  assert.equal(starts({ from: 0, limit: 1 })[0], Date.UTC(2026, 7, 2), 'nothing before the market was born');
});

test('time warp: venue minutes pass in real seconds, aligned', () => {
  const { clock, model, closed } = marketAt(NOW, { warp: 30 });
  model.watch('BTCUSDT', '1m');
  assert.equal(model.now(), Date.UTC(2026, 7, 4, 12, 34));
  clock.advance(10_100);
  assert.deepEqual(
    closed.map(({ start }) => start),
    [34, 35, 36, 37, 38].map((minute) => Date.UTC(2026, 7, 4, 12, minute)),
  );
  assert.equal(closed[0]!.trades, 180, 'a full minute of trades in each bar');
});

test('tickers are consistent and plain decimals', () => {
  const { clock, model } = marketAt(NOW);
  for (let round = 0; round < 50; round += 1) {
    clock.advance(97_000);
    const ticker = model.ticker('BTCUSDT');
    assert.ok(sum([ticker.high]) >= sum([ticker.last]) && sum([ticker.low]) <= sum([ticker.last]));
    assert.ok(sum([ticker.bid]) < sum([ticker.ask]));
    assert.equal(sum([ticker.change]), sum([ticker.last]) - sum([ticker.open]));
    for (const key of ['last', 'open', 'high', 'low', 'volume', 'quoteVolume', 'change'] as const) {
      assert.match(ticker[key], /^-?\d+\.\d{8}$/, key);
    }
  }
});

test('a stopped model leaves no timer behind', () => {
  const { clock, model } = marketAt(NOW);
  model.stop();
  assert.equal(clock.pendingCount, 0);
});

test('fixed decimals', () => {
  const cases: readonly (readonly [number | bigint, number, number | undefined, string])[] = [
    [3823129, 2, 8, '38231.29000000'],
    [5, 3, undefined, '0.005'],
    [-5, 3, 5, '-0.00500'],
    [0, 0, 0, '0'],
    [1893, 0, undefined, '1893'],
    [123456n, 4, 2, '12.34'],
  ];
  for (const [units, scale, digits, text] of cases) assert.equal(fixedText(units, scale, digits), text);
  assert.equal(fixedUnits('38231.29000000', 2), 3823129);
  assert.equal(fixedUnits('42', 3), 42000);
});
