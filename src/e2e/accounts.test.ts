/**
 * Account streams of every market on real parts: the life of orders on both doors, and what happened while
 * the venue could not be reached, told afterwards.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startSimulator } from '../simulator';
import type { SimAccount } from '../simulator/kit';
import { until } from '../testing/services';
import { marketOf } from '../venues/registry';
import { AccountStage, type Delivered } from './account-stage';
import type { AccountMarket } from './market-table';
import { ACCOUNT_MARKETS, keysOf, PRICE, publishedTotal, specOf } from './market-table';

const MARK = 'e2e-9f31c';
/** Of the wrong secrets, the one that must be a key. */
const WRONG_PEM = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .privateKey.export({ type: 'sec1', format: 'pem' })
  .toString();
const wrongSecretOf = (exchange: string): string => (exchange === 'coinbase' ? WRONG_PEM : `${MARK}-another`);
/** By what venues are shown, and what they give out. */
const PROOFS = [
  ...['access-sign', 'args', 'authorization', 'jwt', 'kc-api-passphrase', 'kc-api-sign', 'listenkey'],
  ...['ok-access-sign', 'sign', 'signature', 'token', 'x-bapi-sign'],
];

function secrets(): readonly string[] {
  const pems = [WRONG_PEM, ...ACCOUNT_MARKETS.map(({ exchange }) => keysOf(exchange, MARK).secret)];
  const lines = pems.flatMap((pem) => pem.split('\n'));
  return [MARK, ...lines.filter((line) => line.length > 20 && !line.includes('-----'))];
}

interface Stream {
  readonly market: AccountMarket;
  readonly account: SimAccount;
  readonly room: string;
}

describe('account streams of every market', { timeout: 280_000 }, () => {
  let stage: AccountStage;
  const streams: Stream[] = [];
  /** Taken now and then, as rooms and their pages end. */
  const gathered: string[] = [];
  const texts = async (): Promise<void> => void gathered.push(await stage.everything());

  before(async () => {
    stage = await AccountStage.open(await startSimulator({ symbols: 4 }));
    for (const market of ACCOUNT_MARKETS) {
      const account = stage.simulator.accounts.addAccount(specOf(market, keysOf(market.exchange, MARK)));
      streams.push({ market, account, room: await stage.newRoom() });
    }
    await stage.start();
  });

  after(() => stage.end());

  const clientIdOf = ({ body }: Delivered): unknown => body['newClientOrderId'] ?? body['clientOrderId'];
  const ordersOf = (room: string, clientOrderId: string): readonly Delivered[] =>
    stage.orders(room).filter((one) => clientIdOf(one) === clientOrderId);
  const statusesOf = (room: string, clientOrderId: string) =>
    ordersOf(room, clientOrderId).map(({ body }) => body['orderStatus']);
  const lastOf = (room: string, clientOrderId: string) => ordersOf(room, clientOrderId).at(-1);

  function place(
    { market, account }: Stream,
    clientOrderId: string,
    type: 'LIMIT' | 'MARKET' = 'LIMIT',
  ): string {
    const { symbol, quantity, assets } = market;
    const price = type === 'LIMIT' ? PRICE : '0';
    const request = { symbol, side: 'BUY', type, price, quantity, clientOrderId } as const;
    return account.place({ ...request, ...(assets && { assets }) }).orderId;
  }

  test('opened by message, announced once each', async () => {
    for (const { market, room } of streams) stage.open(room, market.exchange, keysOf(market.exchange, MARK));
    for (const { room, market } of streams) {
      await until(`${market.exchange} announced`, () => stage.announcements(room).length > 0, 60_000);
      assert.deepEqual(stage.announcements(room), [`Subscribed to user ${room}`]);
    }
  });

  test('no registered market with account streams is left out', () => {
    const served = new Set(ACCOUNT_MARKETS.map(({ exchange }) => exchange));
    for (const exchange of served) assert.ok(marketOf(exchange)?.market.links.account, exchange);
  });

  for (const market of ACCOUNT_MARKETS) {
    const { exchange } = market;
    const mine = (): Stream => streams.find((one) => one.market === market)!;

    test(`${exchange}: the life of an order, in the form, the names and the units of the backend`, async () => {
      const stream = mine();
      const { room, account } = stream;
      if (market.assets) account.setBalance(market.assets.quote, '1000000');
      const id = `D-TP-${exchange}`;
      const orderId = place(stream, id);
      for (const part of market.parts) account.fill(orderId, part, { price: PRICE });
      await until('filled', () => statusesOf(room, id).includes('FILLED'));
      const told = ordersOf(room, id);
      assert.deepEqual(
        told.map(({ body }) => [body['eventType'], body['orderStatus'], body['symbol'], body['side']]),
        ['NEW', 'PARTIALLY_FILLED', 'PARTIALLY_FILLED', 'FILLED'].map((status) => [
          ...[market.form, status, market.published, 'BUY'],
        ]),
      );
      let traded = 0;
      for (const [at, part] of market.parts.entries()) {
        traded += Number(part);
        const { body } = told[at + 1]!;
        const total = Number(body['totalTradeQuantity']);
        const close = (a: number, b: number, what: string) =>
          assert.ok(Math.abs(a / b - 1) < 1e-6, `${what}: ${a}, not ${b}`);
        close(total, publishedTotal(market, traded), 'total');
        const average =
          body['averagePrice'] !== undefined
            ? Number(body['averagePrice'])
            : Number(body['totalQuoteTradeQuantity']) / total;
        close(average, Number(PRICE), 'average price');
      }
    });

    test(`${exchange}: a cancel carries the order's own id on both fields`, async () => {
      const stream = mine();
      const id = `GRID-RO-${exchange}`;
      const orderId = place(stream, id);
      stream.account.fill(orderId, market.parts[0], { price: PRICE });
      stream.account.cancel(orderId, 'id-of-the-cancel-request');
      await until('canceled', () => statusesOf(stream.room, id).includes('CANCELED'));
      assert.deepEqual(statusesOf(stream.room, id), ['NEW', 'PARTIALLY_FILLED', 'CANCELED']);
      const { body } = lastOf(stream.room, id)!;
      if (market.form === 'executionReport') assert.equal(body['originalClientOrderId'], id);
      assert.ok(Number(body['totalTradeQuantity']) > 0, 'what was filled stays told');
    });

    if (market.hasLiquidations) {
      test(`${exchange}: a position that the venue took over is marked`, async () => {
        const { room, account } = mine();
        const { symbol, quantity } = market;
        // The name that Binance gives such orders; others say it elsewhere.
        const request = { symbol, side: 'SELL', type: 'LIMIT', price: PRICE, quantity } as const;
        account.liquidate({ ...request, clientOrderId: `autoclose-${exchange}` });
        const marked = () => stage.orders(room).filter(({ body }) => body['liquidation'] === true);
        await until('told', () => marked().some(({ body }) => body['orderStatus'] === 'FILLED'));
        assert.ok(
          marked().every(({ body }) => body['symbol'] === market.published && body['side'] === 'SELL'),
        );
        const others = stage.orders(room).filter(({ body }) => body['liquidation'] !== true);
        assert.ok(others.length >= 7, 'no other order is');
      });
    }

    test(`${exchange}: both doors tell the same, with ids; the cache has the newest`, async () => {
      const { room } = mine();
      await until('both doors', () => stage.ofRoom(room).length === stage.redisTexts(room).length);
      const told = stage.ofRoom(room);
      assert.deepEqual(
        told.map(({ text }) => text),
        stage.redisTexts(room),
      );
      for (const { routingKey, body, deliveryMode, messageId, headers } of told) {
        assert.equal(routingKey, `user.${exchange}.${String(body['eventType'])}.${room}`);
        assert.deepEqual([deliveryMode, messageId], [2, body['uniqueMessageId']]);
        assert.deepEqual([headers['x-exchange'], headers['x-reconciled']], [exchange, false]);
      }
      const ids = told.map(({ messageId }) => messageId);
      assert.equal(new Set(ids).size, ids.length, 'no id twice');
      for (const id of [`D-TP-${exchange}`, `GRID-RO-${exchange}`]) {
        const newest = lastOf(room, id)?.text;
        await until('cached', async () => (await stage.keys.hget('orders', id)) === newest);
      }
    });
  }

  test('the venues go away while orders change: all of it is told once they are back', async () => {
    const before = streams.map((stream) => ({
      stream,
      open: place(stream, `D-RO-open-${stream.market.exchange}`),
      filled: place(stream, `D-RO-filled-${stream.market.exchange}`),
      partial: place(stream, `D-RO-partial-${stream.market.exchange}`),
      gone: place(stream, `D-RO-gone-${stream.market.exchange}`),
    }));
    for (const { stream } of before) {
      const { exchange } = stream.market;
      await until('all four open', () => statusesOf(stream.room, `D-RO-gone-${exchange}`).length === 1);
    }
    stage.simulator.faults.set({ dial: { status: 503 } });
    stage.simulator.drop();
    for (const { stream } of before) {
      await until('lost', () => stage.status(stream.room)['state'] !== 'live');
    }
    for (const { stream, filled, partial, gone } of before) {
      const { market, account } = stream;
      for (const part of market.parts) account.fill(filled, part, { price: PRICE });
      account.fill(partial, market.parts[0], { price: PRICE });
      account.cancel(gone);
      const inside = place(stream, `D-RO-inside-${market.exchange}`);
      for (const part of market.parts) account.fill(inside, part, { price: PRICE });
    }
    stage.simulator.faults.clear();
    for (const { stream } of before) {
      const { room, market } = stream;
      const { exchange } = market;
      const closed = () => JSON.stringify(stage.status(room)['lastGap'] ?? '').includes('reconnect');
      await until(`${exchange} closed its gap`, closed, 90_000);
      const ends = (name: string) => {
        const last = lastOf(room, `D-RO-${name}-${exchange}`);
        return [last?.body['orderStatus'], last?.headers['x-reconciled']];
      };
      await until(`${exchange} told all`, () => lastOf(room, `D-RO-inside-${exchange}`) !== undefined);
      assert.deepEqual(
        ['open', 'filled', 'partial', 'gone', 'inside'].map((name) => [name, ...ends(name)]),
        [
          ['open', 'NEW', false],
          ['filled', 'FILLED', true],
          ['partial', 'PARTIALLY_FILLED', true],
          ['gone', 'CANCELED', true],
          ['inside', 'FILLED', true],
        ],
        exchange,
      );
      const all = stage.orders(room);
      const keys = all.map(({ body }) =>
        ['orderId', 'orderStatus', 'totalTradeQuantity'].map((name) => String(body[name])).join(' '),
      );
      assert.equal(new Set(keys).size, keys.length, `${exchange}: no state is told twice`);
      await until('announced again', () => stage.announcements(room).length > 1);
      assert.equal(stage.announcements(room).length, 2, 'one notice more');
    }
  });

  test('every venue refuses a wrong secret, and commands come that nobody can read', async () => {
    const venues = ['bybitLinear', 'okx', 'bitget', 'kucoin', 'kucoinLinear', 'coinbase'];
    const refused = await Promise.all(
      venues.map(async (exchange) => {
        const room = await stage.newRoom();
        stage.open(room, exchange, { ...keysOf(exchange, MARK), secret: wrongSecretOf(exchange) });
        return { room, exchange };
      }),
    );
    const api = { ...keysOf('okx', MARK), provider: 'okx' };
    stage.sendText(`{"payload":${JSON.stringify(api)}`);
    stage.send({ event: 'open stream', uuid: refused[0]?.room, data: { api: { ...api, secret: 7 } } });
    stage.send({ event: 'open stream', uuid: refused[0]?.room, data: { ...api, userId: { api } } });
    for (const { room, exchange } of refused) {
      await until(`${exchange} refused`, () => Number(stage.status(room)['pausedMs']) > 0, 60_000);
    }
    await until('kept for the operator', async () => (await stage.deadLetters()).length > 0);
    await texts();
    for (const { room } of refused) {
      assert.deepEqual(stage.announcements(room), []);
      stage.close(room);
    }
  });

  test('a wrong secret: the breaker opens, the operator is told, nothing is announced', async () => {
    const wrong = await stage.newRoom();
    stage.open(wrong, 'binance', { ...keysOf('binance', MARK), secret: `${MARK}-another` });
    const rejects = () =>
      (stage.onRedis.get('serviceLog') ?? []).filter((text) =>
        text.includes('"userStreamAuthReject":{"exchange":"binance","userId":"u1"'),
      );
    await until('told', () => rejects().length > 0, 60_000);
    assert.match(rejects()[0] ?? '', /"reason":"code -\d+/);
    assert.deepEqual(stage.announcements(wrong), []);
    assert.notEqual(stage.status(wrong)['state'], 'live');
    stage.close(wrong);
  });

  test('closed by message: no connection, no clock is left; the record waits for a change of keys', async () => {
    await texts();
    for (const { room } of streams) stage.close(room);
    await until('closed', () => Object.keys(stage.connector?.status().rooms ?? {}).length === 0);
    for (const { room } of streams) {
      const clock = () => stage.keys.zscore('stream:lastEventTime', room);
      await until('clock gone', async () => (await clock()) === null);
      assert.equal(await stage.keys.exists(`connector:stream:${room}`), 1);
    }
    const isHungUp = () => Object.values(stage.simulator.stats()).every(({ open }) => open === 0);
    await until('hung up', isHungUp);
  });

  test('no limit was broken, no secret and no proof of who we are is anywhere', async () => {
    assert.deepEqual(stage.simulator.violations(), []);
    await texts();
    const everything = gathered.join('\n');
    assert.ok(everything.length > 10_000);
    for (const secret of secrets()) assert.ok(!everything.includes(secret), secret);
    // Of every kind there was one to be found.
    assert.deepEqual(stage.proofs.names, PROOFS);
    assert.deepEqual(stage.proofs.in(everything), []);
  });

  test('what was looked for would have been found', () => {
    const [proof = ''] = stage.proofs.in(stage.proofs.anyOf('jwt'));
    assert.ok(proof.length > 20);
  });
});
