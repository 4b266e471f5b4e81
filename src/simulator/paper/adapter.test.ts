/** The adapter and the simulator, written apart, with the whole connector between: what one says the other must understand. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { paperTwin } from '../../domain/exchange';
import { PAPER_KEY, PAPER_SECRET, PaperRig } from '../../testing/paper-rig';
import { until } from '../../testing/services';
import { allVenues } from '../../venues/registry';
import { startSimulator, type Simulator } from '../index';
import type { SimAccount } from '../kit';
import { PAPER_URL } from './index';

const EXCHANGES = allVenues()
  .flatMap(({ descriptor }) => descriptor.markets.map(({ exchange }) => paperTwin(exchange)))
  .filter((exchange) => exchange !== 'paperBinanceUS');
const ROOM = { uuid: 'room-1', exchange: 'paperBinance' };
const LIMIT = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  price: '64123.45',
  quantity: '0.3',
} as const;

describe('paper: adapter and simulator', { timeout: 60_000 }, () => {
  let simulator: Simulator;
  let account: SimAccount;
  let rig: PaperRig;

  const settings = {
    venues: ['paper'],
    options: { paper: { pingIntervalMs: 1_500, pingTimeoutMs: 2_500 } },
  };

  beforeEach(async () => {
    simulator = await startSimulator(settings);
    account = accountAt('paperBinance');
    // By its default address, which is replaced like any venue's.
    rig = await PaperRig.start({ VENUE_ENDPOINTS: simulator.overrides() });
  });

  afterEach(async () => {
    assert.equal(await rig.stop(), true);
    await until('hung up', () => Object.values(simulator.stats()).every(({ open }) => open === 0));
    assert.deepEqual(simulator.violations(), []);
    await simulator.close();
    assert.ok(!rig.everything().includes(PAPER_SECRET) && !rig.everything().includes(PAPER_KEY));
    assert.deepEqual(rig.telemetry.logged('error'), []);
  });

  const accountAt = (exchange: string): SimAccount =>
    simulator.accounts.addAccount({ exchange, key: PAPER_KEY, secret: PAPER_SECRET });
  const opened = async (): Promise<void> => {
    rig.open(ROOM);
    await rig.untilAnnounced(ROOM.uuid);
  };
  const told = () =>
    rig
      .orders(ROOM.uuid)
      .map((one) => [one['orderStatus'], one['newClientOrderId'], one['totalTradeQuantity'], one['price']]);

  test('the life of orders', async () => {
    await opened();
    const { orderId } = account.place({ ...LIMIT, clientOrderId: 'D-BO-1' });
    account.fill(orderId, '0.1');
    account.fill(orderId, '0.2');
    const canceled = account.place({ ...LIMIT, clientOrderId: 'GRID-1' });
    account.fill(canceled.orderId, '0.1');
    account.cancel(canceled.orderId);
    account.expire(account.place({ ...LIMIT, clientOrderId: 'D-TP-9a' }).orderId);
    account.fill(account.place({ ...LIMIT, type: 'MARKET', clientOrderId: 'M-1' }).orderId, '0.3', {
      price: '0.0000001',
    });
    account.liquidate({ ...LIMIT, clientOrderId: 'liquidation_7c9e' });
    await until('all told', () => told().length === 10);
    assert.deepEqual(told(), [
      ['NEW', 'D-BO-1', '0', '64123.45'],
      ['PARTIALLY_FILLED', 'D-BO-1', '0.1', '64123.45'],
      ['FILLED', 'D-BO-1', '0.3', '64123.45'],
      ['NEW', 'GRID-1', '0', '64123.45'],
      ['PARTIALLY_FILLED', 'GRID-1', '0.1', '64123.45'],
      ['CANCELED', 'GRID-1', '0.1', '64123.45'],
      ['NEW', 'D-TP-9a', '0', '64123.45'],
      ['EXPIRED', 'D-TP-9a', '0', '64123.45'],
      ['FILLED', 'M-1', '0.3', '0.0000001'],
      ['FILLED', 'liquidation_7c9e', '0.3', '64123.45'],
    ]);
    const forced = rig.orders(ROOM.uuid).filter(({ liquidation }) => liquidation === true);
    assert.deepEqual(
      forced.map(({ newClientOrderId }) => newClientOrderId),
      ['liquidation_7c9e'],
    );
  });

  test('every paper exchange, all of one user: each room has its own orders', async () => {
    assert.equal(EXCHANGES.length, 16);
    for (const exchange of EXCHANGES) rig.open({ uuid: exchange, exchange });
    rig.open({ uuid: 'none', exchange: 'paperBinanceUS' });
    await Promise.all(EXCHANGES.map((exchange) => rig.untilAnnounced(exchange)));
    for (const exchange of EXCHANGES) {
      const owner = exchange === 'paperBinance' ? account : accountAt(exchange);
      owner.place({ ...LIMIT, symbol: `${exchange}-PAIR`, clientOrderId: `D-TP-${exchange}` });
    }
    await until('all told', () => EXCHANGES.every((exchange) => rig.orders(exchange).length > 0));
    for (const exchange of EXCHANGES) {
      assert.deepEqual(
        rig.orders(exchange).map(({ symbol, newClientOrderId }) => [symbol, newClientOrderId]),
        [[`${exchange}-PAIR`, `D-TP-${exchange}`]],
      );
      const message = rig.onRabbit.find(({ routingKey }) => routingKey.endsWith(`.${exchange}`));
      assert.equal(message?.routingKey, `user.${exchange}.executionReport.${exchange}`);
      assert.equal(message?.properties.headers?.['x-exchange'], exchange);
    }
    assert.equal(rig.state('none'), undefined);
    assert.deepEqual(rig.telemetry.logged('warn'), []);
  });

  test('balances of the user reach each of his rooms', async () => {
    await opened();
    account.setBalance('USDT', '1000', '0.0000001');
    await until('told', () => rig.events(ROOM.uuid).length === 1);
    const [event] = rig.events(ROOM.uuid);
    assert.deepEqual(
      [event?.['eventType'], event?.['lastAccountUpdate'], event?.['balances']],
      ['outboundAccountPosition', 0, [{ asset: 'USDT', free: '1000', locked: '0.0000001' }]],
    );
  });

  for (const [trouble, act] of [
    ['the line is cut', () => simulator.drop()],
    ['closed by the server', () => simulator.drop({ code: 1001 })],
    ['put out of the namespace', () => simulator.notice()],
    ['connected but dead: pings of the socket are answered, its own stay away', () => stall({ stall: true })],
    ['nothing goes either way', () => stall({ halfOpen: true })],
  ] as const) {
    test(`${trouble}: back and announced again`, async () => {
      await opened();
      act();
      await until('noticed', () => rig.telemetry.logged('warn').includes('connection lost'));
      simulator.faults.clear();
      await rig.untilAnnounced(ROOM.uuid, 2);
      account.place({ ...LIMIT, clientOrderId: 'D-BO-2' });
      await until('told', () => told().length === 1);
    });
  }

  function stall(faults: Parameters<Simulator['faults']['set']>[0]): void {
    simulator.faults.set(faults);
  }

  for (const push of ['order', 'outboundAccountInfo']) {
    test(`the server cannot subscribe us to ${push}: no notice until it can, no refused key`, async () => {
      simulator.faults.set({ refuseTopics: [push] });
      rig.open(ROOM);
      await until('asked again', () => Object.values(simulator.stats())[0]!.dials >= 2);
      assert.equal(rig.announced(ROOM.uuid), 0);
      simulator.faults.clear();
      await rig.untilAnnounced(ROOM.uuid);
      assert.ok(!rig.telemetry.logged('warn').includes('login refused'));
    });
  }

  test('the server restarts', async () => {
    await opened();
    const { port } = simulator;
    await simulator.close();
    simulator = await startSimulator({ ...settings, port });
    account = accountAt('paperBinance');
    await rig.untilAnnounced(ROOM.uuid, 2);
    account.place({ ...LIMIT, clientOrderId: 'D-BO-3' });
    await until('told', () => told().length === 1);
  });

  for (const spelling of ['http', 'ws', '']) {
    test(`PAPER_WS as ${spelling || 'a bare host:port'}, below a path`, async () => {
      const { host, pathname } = new URL(simulator.urlOf(PAPER_URL));
      const address = `${host}${pathname.replace(/\/$/, '')}`;
      const PAPER_WS = spelling === '' ? address : `${spelling}://${address}`;
      const other = await PaperRig.start({ PAPER_WS });
      other.open(ROOM);
      await other.untilAnnounced(ROOM.uuid);
      await other.stop();
    });
  }

  test('closed by message: the socket goes, and nothing is told any more', async () => {
    await opened();
    rig.close(ROOM.uuid);
    await until('hung up', () => Object.values(simulator.stats()).every(({ open }) => open === 0));
    account.place({ ...LIMIT, clientOrderId: 'D-BO-4' });
    assert.deepEqual(told(), []);
  });
});
