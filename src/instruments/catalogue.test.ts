import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import type { Instrument } from '../domain/instrument';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { VenueRest } from '../venues/contract';
import { marketOf } from '../venues/registry';
import type { CatalogueDeps, InstrumentChange } from './catalogue';
import { InstrumentCatalogue } from './catalogue';

const market = marketOf('binance')!.market;
const instrument = (symbol: string): Instrument => ({
  exchange: 'binance',
  symbol,
  venueSymbol: symbol,
  base: symbol.slice(0, 3),
  quote: symbol.slice(3),
});
const down = (): Promise<never> => Promise.reject(new ConnectorError('REST_TIMEOUT', 'no answer'));

describe('InstrumentCatalogue', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let changes: InstrumentChange[];
  let saved: Instrument[];
  let cached: readonly Instrument[] | undefined;
  let venue: () => Promise<readonly Instrument[]>;
  let service: NonNullable<CatalogueDeps['service']>;
  let venueCalls: number;
  let catalogue: InstrumentCatalogue;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    changes = [];
    saved = [];
    cached = undefined;
    venueCalls = 0;
    venue = () => Promise.resolve([instrument('BTCUSDT')]);
    service = () => Promise.resolve([{ pair: 'BTCUSDT', base: 'BTC', quote: 'USDT' }]);
    const rest = {
      instruments: () => {
        venueCalls += 1;
        return venue();
      },
      instrumentOfPair: (_market, { pair, base, quote }) =>
        pair === 'FOREIGN' ? undefined : { ...instrument(pair), base, quote },
    } as Partial<VenueRest> as VenueRest;
    catalogue = new InstrumentCatalogue(
      market,
      {
        clock,
        telemetry,
        random: () => 0.5,
        rest,
        service: (exchange) => service(exchange),
        cache: {
          load: () => Promise.resolve(cached),
          save: (_exchange, instruments) => {
            saved = [...instruments];
            return Promise.resolve();
          },
        },
        refreshMs: 300_000,
      },
      (change) => changes.push(change),
    );
  });

  const symbols = (): string[] => catalogue.index.all().map(({ symbol }) => symbol);
  const start = async (): Promise<void> => {
    catalogue.start();
    await clock.advanceAsync(0);
  };

  test('the exchange service decides; pairs that the venue cannot have are left out', async () => {
    service = () =>
      Promise.resolve(['BTCUSDT', 'FOREIGN', 'ETHUSDT'].map((pair) => ({ pair, base: 'B', quote: 'Q' })));
    await start();
    assert.deepEqual(symbols(), ['BTCUSDT', 'ETHUSDT']);
    assert.equal(venueCalls, 0);
    assert.equal(saved.length, 2);
  });

  for (const [name, answer] of [
    ['fails', down],
    ['is empty', () => Promise.resolve([])],
  ] as const) {
    test(`the service ${name}: the venue is asked`, async () => {
      service = answer;
      await start();
      assert.deepEqual(symbols(), ['BTCUSDT']);
      assert.equal(
        telemetry.counted('connector_instrument_failures_total', { exchange: 'binance', source: 'service' }),
        1,
      );
    });
  }

  test('service and venue down: the last good list serves until one of them is back', async () => {
    service = down;
    venue = down;
    cached = [instrument('OLDUSDT')];
    await start();
    assert.deepEqual(symbols(), ['OLDUSDT']);
    assert.equal(saved.length, 0, 'a cached list is not written back as fresh');
    venue = () => Promise.resolve([instrument('NEWUSDT')]);
    await clock.advanceAsync(10_000);
    assert.deepEqual(symbols(), ['NEWUSDT']);
    assert.deepEqual(
      changes.at(-1)?.removed.map(({ symbol }) => symbol),
      ['OLDUSDT'],
    );
  });

  test('everything down at start: retried with backoff until something answers', async () => {
    service = down;
    venue = down;
    await start();
    assert.deepEqual(symbols(), []);
    await clock.advanceAsync(120_000);
    const tries = venueCalls;
    assert.ok(tries >= 3 && tries <= 20, `${tries} tries in two minutes`);
    venue = () => Promise.resolve([instrument('BTCUSDT')]);
    await clock.advanceAsync(61_000);
    assert.deepEqual(symbols(), ['BTCUSDT']);
  });

  test('a refresh tells listings and delistings, and nothing where nothing changed', async () => {
    await start();
    await clock.advanceAsync(300_000);
    assert.equal(changes.length, 1);
    service = () => Promise.resolve([{ pair: 'ETHUSDT', base: 'ETH', quote: 'USDT' }]);
    await clock.advanceAsync(300_000);
    assert.deepEqual(
      changes.slice(1).map(({ added, removed }) => [added[0]?.symbol, removed[0]?.symbol]),
      [['ETHUSDT', 'BTCUSDT']],
    );
  });

  test('a failed refresh keeps the list', async () => {
    await start();
    service = down;
    venue = down;
    await clock.advanceAsync(600_000);
    assert.deepEqual(symbols(), ['BTCUSDT']);
    assert.equal(changes.length, 1);
  });

  test('an unknown symbol asks for a fresh list, but not again and again', async () => {
    await start();
    await clock.advanceAsync(31_000);
    let calls = 0;
    service = () => {
      calls += 1;
      return Promise.resolve([{ pair: 'NEWUSDT', base: 'NEW', quote: 'USDT' }]);
    };
    assert.equal((await catalogue.find('NEWUSDT'))?.symbol, 'NEWUSDT');
    for (let i = 0; i < 20; i += 1) assert.equal(await catalogue.find('NOPE'), undefined);
    assert.equal(calls, 1);
  });

  test('requests that come while the list loads wait for it', async () => {
    catalogue.start();
    const found = await Promise.all([catalogue.find('BTCUSDT'), catalogue.find('BTCUSDT')]);
    assert.deepEqual(
      found.map((one) => one?.symbol),
      ['BTCUSDT', 'BTCUSDT'],
    );
  });

  test('after stop nothing is asked any more', async () => {
    await start();
    catalogue.stop();
    assert.equal(clock.pendingCount, 0);
  });
});
