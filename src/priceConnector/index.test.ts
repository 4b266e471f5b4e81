import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MemoryBroker } from '../bus/memory';
import { loadConfig } from '../config';
import { ConnectorError } from '../domain/errors';
import type { Candle, MarketEvent, Ticker } from '../domain/events';
import { MemoryStore } from '../store/memory';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { allVenues } from '../venues/registry';
import PriceConnector from '.';
import type { FromWorker, ToWorker } from './messages';
import type { WorkerHandle, WorkerListener } from './supervisor';

class FakeWorker implements WorkerHandle {
  readonly heard: ToWorker[] = [];
  isTerminated = false;

  constructor(
    readonly venue: string,
    private readonly listener: WorkerListener,
    private readonly drains: boolean,
  ) {}

  post(message: ToWorker): void {
    this.heard.push(message);
    if (message.do === 'stop') queueMicrotask(() => this.say({ is: 'stopped', drained: this.drains }));
  }

  terminate(): void {
    this.isTerminated = true;
  }

  say(message: FromWorker): void {
    this.listener.onMessage(message);
  }

  get enabled(): readonly string[] {
    return (
      this.heard.flatMap((message) => (message.do === 'exchanges' ? [message.enabled] : [])).at(-1) ?? []
    );
  }

  get requests() {
    return this.heard.flatMap((message) => (message.do === 'subscribeCandle' ? message.requests : []));
  }

  get aliases(): string[] {
    return this.requests.map(({ alias }) => alias);
  }

  get isMirroring(): boolean | undefined {
    return this.heard.flatMap((message) => (message.do === 'mirror' ? [message.on] : [])).at(-1);
  }
}

const ticker = { eventType: 'ticker', exchange: 'binance', symbol: 'BTCUSDT', price: '1' } as Ticker;
const candle = { eventType: 'candle', exchange: 'binance', symbol: 'BTCUSDT', start: 1 } as Candle;
const wish = { symbol: 'BTCUSDT', exchange: 'binance', interval: '1m' };
const ENABLED = 'gainium:admin:enabled_exchanges';

describe('PriceConnector', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let broker: MemoryBroker;
  let store: MemoryStore;
  let workers: FakeWorker[];
  let notices: Record<string, unknown>[];
  let connector: PriceConnector;
  let drains: boolean;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    broker = new MemoryBroker({ telemetry, clock });
    store = new MemoryStore(clock);
    workers = [];
    notices = [];
    drains = true;
    store.published(({ payload }) => notices.push(JSON.parse(payload) as Record<string, unknown>));
  });

  afterEach(async () => {
    await connector.stop();
    await clock.advanceAsync(0);
    assert.equal(clock.pendingCount, 0, 'every timer ended');
  });

  function create(environment: Record<string, string> = {}): void {
    connector = new PriceConnector({
      clock,
      telemetry,
      random: () => 0.5,
      config: loadConfig({ RABBIT_PASSWORD: 'x', ...environment }),
      doors: { broker, store },
      spawn: (venue, listener) => {
        const worker = new FakeWorker(venue, listener, drains);
        workers.push(worker);
        return worker;
      },
    });
  }

  async function start(environment: Record<string, string> = {}): Promise<void> {
    create(environment);
    await connector.init();
    await clock.advanceAsync(0);
  }

  const workerOf = (venue: string): FakeWorker => {
    const worker = workers.filter((one) => one.venue === venue).at(-1);
    assert.ok(worker, `a worker of ${venue}`);
    return worker;
  };
  const running = (): string[] =>
    workers.filter(({ enabled }) => enabled.length > 0).map(({ venue }) => venue);
  const send = async (body: unknown): Promise<string[]> => {
    const replies: string[] = [];
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    broker.send('candlesRequests', text, (reply) => replies.push(reply));
    await clock.advanceAsync(0);
    return replies;
  };

  test('every venue runs with all its exchanges, and nothing runs before init', async () => {
    create();
    assert.equal(workers.length, 0);
    await connector.init();
    assert.deepEqual(
      running(),
      allVenues().map(({ descriptor }) => descriptor.venue),
    );
    for (const { descriptor } of allVenues()) {
      const expected = descriptor.markets.map(({ exchange }) => exchange);
      assert.deepEqual(workerOf(descriptor.venue).enabled, expected);
    }
  });

  test('init is done once, however often it is called', async () => {
    await start();
    const before = workers.length;
    await Promise.all([connector.init(), connector.init()]);
    assert.equal(workers.length, before);
    assert.equal(notices.filter((notice) => 'restart' in notice).length, 1);
  });

  test('PRICE_CONNECTOR_EXCHANGES chooses, by selector', async () => {
    await start({ PRICE_CONNECTOR_EXCHANGES: 'binanceus,okx' });
    assert.deepEqual(running(), ['binance', 'okx']);
    assert.deepEqual(workerOf('binance').enabled, ['binanceUS']);
  });

  describe('the operator’s list', () => {
    const admin = { ADMIN_CONFIG_ENABLED: 'true', PRICE_CONNECTOR_EXCHANGES: 'binance' };

    test('is read before anything is dialled, and overrides the environment', async () => {
      await store.set(ENABLED, '["okxLinear","mexc"]');
      await start(admin);
      assert.deepEqual(running(), ['okx']);
      assert.deepEqual(workerOf('okx').enabled, ['okxLinear']);
    });

    test('is followed when it changes, and given up when it is gone', async () => {
      await store.set(ENABLED, '["okxLinear"]', 15_000);
      await start(admin);
      await store.set(ENABLED, '["bybit"]', 5_000);
      await store.publishAll([{ channel: 'gainium:admin:config', payload: '{}' }]);
      await clock.advanceAsync(0);
      assert.deepEqual(workerOf('bybit').enabled, ['bybit']);
      assert.deepEqual(connector.status().workers['okx'], 'stopping');
      await clock.advanceAsync(10_000);
      assert.deepEqual(workerOf('binance').enabled, ['binance', 'binanceUsdm', 'binanceCoinm']);
    });

    test('does not hold us up for long while Redis is away', async () => {
      store.goAway();
      create(admin);
      void connector.init();
      await clock.advanceAsync(4_900);
      assert.equal(workers.length, 0);
      await clock.advanceAsync(200);
      assert.deepEqual(running(), ['binance']);
    });

    test('is not read where it is switched off', async () => {
      await store.set(ENABLED, '[]');
      await start();
      assert.ok(running().length > 0);
    });
  });

  describe('requests', () => {
    test('go to the worker of the venue, once', async () => {
      await start();
      const replies = await send({ payload: wish });
      const [request] = workerOf('binance').requests;
      workerOf('binance').say({ is: 'listed', request: request! });
      await send({ payload: wish });
      await send({ payload: { ...wish, exchange: 'paperBinance' } });
      assert.deepEqual(workerOf('binance').aliases, ['1m']);
      assert.deepEqual(replies, ['{"response":null}']);
      assert.equal(broker.deadLetters.length, 0);
    });

    for (const [body, reason] of [
      ['not json', /JSON/],
      ['{}', /^payload: missing/],
      [{ payload: { ...wish, symbol: 1 } }, /^symbol:/],
      [{ payload: { ...wish, exchange: 'mexc' } }, /^exchange: unknown/],
      [{ payload: { ...wish, interval: '7m' } }, /^interval: unknown/],
      ['x'.repeat(2_000_000), /too large/],
    ] as const) {
      test(`${JSON.stringify(body).slice(0, 60)} is kept as a dead letter and harms nobody`, async () => {
        await start();
        await send(body);
        assert.match(broker.deadLetters[0]?.reason ?? '', reason);
        await send({ payload: wish });
        assert.deepEqual(workerOf('binance').aliases, ['1m']);
      });
    }

    test('PRICEROLE=ticker takes none, and says nothing of a restart', async () => {
      await start({ PRICEROLE: 'ticker' });
      await send({ payload: wish });
      await clock.advanceAsync(120_000);
      assert.deepEqual([workerOf('binance').aliases, notices], [[], []]);
    });

    test('the class takes them too: before init, in any spelling; bad ones throw', async () => {
      create();
      connector.subscribeCandle(wish);
      connector.subscribeCandle({ symbol: 'BTC-USDT', exchange: 'okxLinear', interval: 'candle1H' });
      await connector.init();
      assert.deepEqual([workerOf('binance').aliases, workerOf('okx').aliases], [['1m'], ['candle1H']]);
      assert.throws(
        () => connector.subscribeCandle({ ...wish, interval: '' }),
        (error: unknown) => error instanceof ConnectorError && error.code === 'COMMAND_INVALID',
      );
      connector.unsubscribeCandle(wish);
      assert.equal(workerOf('binance').heard.at(-1)?.do, 'unsubscribeCandle');
    });
  });

  describe('notices', () => {
    test('the boot notice waits for Redis: the herd of requests follows it', async () => {
      store.goAway();
      create();
      const starting = connector.init();
      await clock.advanceAsync(60_000);
      assert.deepEqual(notices, []);
      store.comeBack();
      await starting;
      // Its other clients, too, need a moment until they listen again.
      await clock.advanceAsync(3_000);
      assert.deepEqual(notices.map((notice) => Object.keys(notice)[0]).sort(), [
        'priceConnectorAlive',
        'restart',
      ]);
    });

    test('two connectors of a process have two boot ids', async () => {
      await start();
      const [first] = notices;
      await connector.stop();
      broker = new MemoryBroker({ telemetry, clock });
      store = new MemoryStore(clock);
      store.published(({ payload }) => notices.unshift(JSON.parse(payload) as Record<string, unknown>));
      await start();
      const second = notices.find((notice) => 'restart' in notice);
      assert.notEqual(first?.['bootId'], second?.['bootId']);
    });

    test('a stall that a worker reports is told', async () => {
      await start();
      workerOf('okx').say({ is: 'stall', stall: { exchange: 'okx', kind: 'price', staleSeconds: 60 } });
      await clock.advanceAsync(0);
      assert.deepEqual(notices.at(-1), {
        watchdogStall: { exchange: 'okx', kind: 'price', staleSeconds: 60, role: 'all' },
      });
    });
  });

  test('events cross the threads only while somebody listens', async () => {
    await start();
    const worker = workerOf('binance');
    assert.equal(worker.isMirroring, false);
    const heard: MarketEvent[] = [];
    const listener = (event: MarketEvent): void => void heard.push(event);
    connector.on('ticker', listener);
    connector.on('candle', listener);
    assert.equal(worker.isMirroring, true);
    worker.say({ is: 'events', events: [candle, ticker] });
    assert.deepEqual(heard, [candle, ticker]);
    connector.off('ticker', listener);
    assert.equal(worker.isMirroring, true, 'one is still there');
    connector.off('candle', listener);
    assert.equal(worker.isMirroring, false);
    connector.once('ticker', listener);
    assert.equal(worker.isMirroring, true);
    worker.say({ is: 'events', events: [ticker, ticker] });
    assert.deepEqual([heard.length, worker.isMirroring], [3, false]);
  });

  test('status tells what is connected and running', async () => {
    await start({ PRICE_CONNECTOR_EXCHANGES: 'binance' });
    const { brokerReady, storeReady, workers: states } = connector.status();
    assert.deepEqual([brokerReady, storeReady], [true, true]);
    assert.deepEqual([states['binance'], states['okx']], ['running', 'off']);
    broker.goAway();
    store.goAway();
    assert.deepEqual([connector.status().brokerReady, connector.status().storeReady], [false, false]);
  });

  describe('stop', () => {
    for (const answer of [true, false]) {
      test(`${answer} where the workers ${answer ? 'drained' : 'left messages behind'}; doors are closed`, async () => {
        drains = answer;
        await start();
        const [first, again] = [connector.stop(), connector.stop()];
        assert.deepEqual([await first, await again], [answer, answer]);
        assert.ok(workers.every(({ isTerminated }) => isTerminated));
        assert.deepEqual([broker.ready, store.ready], [false, false]);
      });
    }

    test('a request that comes while stopping is not taken', async () => {
      await start();
      const stopped = connector.stop();
      broker.send('candlesRequests', JSON.stringify({ payload: wish }));
      await stopped;
      assert.deepEqual(workerOf('binance').aliases, []);
    });

    test('before RabbitMQ was ever there: init does not fail, so a caller that awaits it may end in peace', async () => {
      let giveUp: (error: Error) => void = () => undefined;
      broker.consume = () => new Promise((_, reject) => (giveUp = reject));
      broker.stopConsuming = () => {
        giveUp(new ConnectorError('STOPPED', 'the broker is closed', { retry: 'never' }));
        return Promise.resolve();
      };
      create();
      const starting = connector.init();
      await clock.advanceAsync(0);
      assert.equal(await connector.stop(), true);
      await starting;
      assert.deepEqual(notices, []);
    });

    test('while the operator’s list is waited for: nothing is started afterwards', async () => {
      store.goAway();
      create({ ADMIN_CONFIG_ENABLED: 'true' });
      const starting = connector.init();
      await clock.advanceAsync(1_000);
      await connector.stop();
      await clock.advanceAsync(10_000);
      await starting;
      assert.deepEqual([workers.length, clock.pendingCount], [0, 0]);
    });

    test('a queue that can never be consumed makes init fail', async () => {
      broker.consume = () =>
        Promise.reject(new ConnectorError('BROKER_UNAVAILABLE', 'no', { retry: 'never' }));
      create();
      await assert.rejects(connector.init(), { code: 'BROKER_UNAVAILABLE' });
    });
  });
});
