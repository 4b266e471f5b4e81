import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { FakeClock } from '../../testing/fake-clock';
import { startSimulator, type Simulator } from '../index';
import type { SimAccount } from '../kit';

type Json = Record<string, unknown>;

const API = 'wss://ws-api.binance.com/ws-api/v3';
const MINUTE = 60_000;
const NOW = Date.UTC(2026, 7, 4, 12, 34, 56);
const SECRET = 'sim-secret';
const ASSETS = { base: 'BTC', quote: 'USDT' };
const BUY = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '30000', quantity: '0.5' } as const;

let clock: FakeClock;
let simulator: Simulator;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  clock = new FakeClock(NOW);
  // Fake hours pass at once: the answers to so many pings would break the message limit.
  const ping = { everyMs: 600 * MINUTE, deadlineMs: 600 * MINUTE };
  const options = { binance: { ping } };
  simulator = await startSimulator({ venues: ['binance'], clock, symbols: 4, options });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await simulator.close();
});

function addAccount(exchange: string, over: object = {}): SimAccount {
  return simulator.accounts.addAccount({ exchange, key: `${exchange}-key`, secret: SECRET, ...over });
}

async function dial(url: string) {
  const socket = new WebSocket(simulator.urlOf(url));
  sockets.push(socket);
  const frames: Json[] = [];
  const texts: string[] = [];
  socket.on('message', (data: Buffer) => {
    texts.push(data.toString());
    frames.push(JSON.parse(data.toString()) as Json);
  });
  await once(socket, 'open');
  const settle = async (): Promise<Json[]> => {
    socket.ping();
    await once(socket, 'pong');
    return frames.splice(0);
  };
  return { socket, settle, texts, say: (frame: object) => socket.send(JSON.stringify(frame)) };
}

const hmac = (payload: string, secret = SECRET) => createHmac('sha256', secret).update(payload).digest('hex');

function subscription(over: Json = {}, sign = hmac): object {
  const params: Json = { apiKey: 'binance-key', recvWindow: 5_000, timestamp: NOW, ...over };
  const payload = Object.keys(params)
    .sort()
    .map((name) => `${name}=${String(params[name])}`)
    .join('&');
  const signed = { ...params, signature: sign(payload) };
  return { id: 'sub-1', method: 'userDataStream.subscribe.signature', params: signed };
}

async function rest(method: string, url: string, { key = 'binance-key', secret = SECRET, query = {} } = {}) {
  const params = new URLSearchParams({ ...query, recvWindow: '5000', timestamp: String(clock.now()) });
  const text = `${params.toString()}&signature=${hmac(params.toString(), secret)}`;
  const answer = await fetch(`${simulator.urlOf(url)}?${text}`, { method, headers: { 'X-MBX-APIKEY': key } });
  const body = await answer.text();
  return { status: answer.status, text: body, body: JSON.parse(body) as Json | Json[] };
}

/** The recorded frame of a kind, for its keys. */
function recorded(name: string, event: string): Json {
  const path = join(__dirname, '../../venues/binance/__account_fixtures__', `${name}.json`);
  const { frames } = JSON.parse(readFileSync(path, 'utf8')) as { frames: Json[] };
  return frames.map((frame) => (frame.event ?? frame.data ?? frame) as Json).find(({ e }) => e === event)!;
}

describe('spot: the WebSocket API', () => {
  test('subscribe, live an order, cancel it', async () => {
    const account = addAccount('binance');
    account.setBalance('USDT', '20000');
    const client = await dial(API);
    client.say(subscription());
    assert.deepEqual(await client.settle(), [
      { id: 'sub-1', status: 200, result: { subscriptionId: 0 }, rateLimits: [] },
    ]);
    const { orderId } = account.place({ ...BUY, clientOrderId: 'D-RO-1', assets: ASSETS });
    account.fill(orderId, '0.2', { price: '29999', commission: '0.001', commissionAsset: 'USDT' });
    account.cancel(orderId);
    const events = (await client.settle()).map(({ subscriptionId, event }) => {
      assert.equal(subscriptionId, 0);
      return event as Json;
    });
    assert.deepEqual(
      events.filter(({ e }) => e === 'executionReport').map(({ x, X, z, Z, c, C }) => [x, X, z, Z, c, C]),
      [
        ['NEW', 'NEW', '0.00000000', '0.00000000', 'D-RO-1', ''],
        ['TRADE', 'PARTIALLY_FILLED', '0.20000000', '5999.80000000', 'D-RO-1', ''],
        ['CANCELED', 'CANCELED', '0.20000000', '5999.80000000', events.at(-2)?.c, 'D-RO-1'],
      ],
    );
    assert.deepEqual(
      events.map(({ e }) => e).filter((e) => e !== 'executionReport'),
      ['outboundAccountPosition', 'outboundAccountPosition', 'outboundAccountPosition'],
    );
    const like = recorded('binance.order.partial-then-filled', 'executionReport');
    assert.deepEqual(Object.keys(events[0]!).sort(), Object.keys(like).sort());
    assert.deepEqual(simulator.violations(), []);
  });

  test('transfers tell the change and the balance', async () => {
    const account = addAccount('binance');
    const client = await dial(API);
    client.say(subscription());
    await client.settle();
    account.transfer('BTC', '0.5');
    const events = (await client.settle()).map(({ event }) => event as Json);
    assert.deepEqual(
      events.map(({ e }) => e),
      ['balanceUpdate', 'outboundAccountPosition'],
    );
    assert.deepEqual(events[1]?.B, [{ a: 'BTC', f: '0.50000000', l: '0.00000000' }]);
  });

  test('long ids are numbers with all digits', async () => {
    const account = addAccount('binance');
    const client = await dial(API);
    client.say(subscription());
    await client.settle();
    account.place({ ...BUY, orderId: '8389765739703625592' });
    await client.settle();
    assert.match(client.texts.at(-1)!, /"i":8389765739703625592,/);
  });

  const refusals: readonly [name: string, frame: () => object, code: number, status: number][] = [
    ['unknown key', () => subscription({ apiKey: 'other' }), -2015, 401],
    ['empty key', () => subscription({ apiKey: '' }), -2014, 401],
    ['bad signature', () => subscription({}, (payload) => hmac(payload, 'wrong')), -1022, 400],
    ['old', () => subscription({ timestamp: NOW - 5_001 }), -1021, 400],
    ['early', () => subscription({ timestamp: NOW + 1_000 }), -1021, 400],
    ['no time', () => subscription({ timestamp: undefined }), -1102, 400],
    ['wide window', () => subscription({ recvWindow: 60_001 }), -1131, 400],
    ['retired', () => ({ id: 1, method: 'userDataStream.start', params: {} }), -1000, 410],
  ];
  for (const [name, frame, code, status] of refusals) {
    test(`refused: ${name}`, async () => {
      addAccount('binance');
      const client = await dial(API);
      client.say(frame());
      const [answer] = await client.settle();
      assert.deepEqual([(answer?.error as Json).code, answer?.status], [code, status]);
    });
  }

  test('refused: a blocked address, then a second subscription, then a revoked key', async () => {
    const account = addAccount('binance', { isIpBlocked: true });
    const client = await dial(API);
    const codes = async () => (await client.settle()).map(({ id, error }) => [id, (error as Json)?.code]);
    client.say(subscription());
    assert.deepEqual(await codes(), [['sub-1', -2015]]);
    account.isIpBlocked = false;
    client.say(subscription());
    client.say(subscription());
    assert.deepEqual(await codes(), [
      ['sub-1', undefined],
      ['sub-1', -2035],
    ]);
    account.revoke();
    account.place(BUY);
    assert.deepEqual(await codes(), [[null, -2015]]);
  });

  test('Ed25519 and RSA accounts are known by their public key', async () => {
    for (const [kind, pair] of [
      ['ed25519', generateKeyPairSync('ed25519')],
      ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ] as const) {
      const secret = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
      addAccount('binance', { key: kind, secret });
      const client = await dial(API);
      const digest = kind === 'rsa' ? 'sha256' : null;
      client.say(
        subscription({ apiKey: kind }, (payload) =>
          signBytes(digest, Buffer.from(payload), pair.privateKey).toString('base64'),
        ),
      );
      assert.equal((await client.settle())[0]?.status, 200, kind);
    }
  });

  test('a log-on is for Ed25519 keys; what it opens needs no signature', async () => {
    const client = await dial(API);
    const answers = async () =>
      (await client.settle()).map(({ status, error, result }) => [
        ...[status, (error as Json)?.code ?? (result as Json)?.apiKey ?? (result as Json)?.subscriptionId],
      ]);
    const bare = (method: string) => client.say({ id: 1, method, params: {} });
    bare('userDataStream.subscribe');
    assert.deepEqual(await answers(), [[401, -2015]]);
    for (const [key, pair] of [
      ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 })],
      ['ed', generateKeyPairSync('ed25519')],
    ] as const) {
      const secret = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
      addAccount('binance', { key, secret });
      const signed = subscription({ apiKey: key }, (payload) =>
        signBytes(key === 'ed' ? null : 'sha256', Buffer.from(payload), pair.privateKey).toString('base64'),
      );
      client.say({ ...signed, method: 'session.logon' });
      assert.deepEqual(await answers(), key === 'ed' ? [[200, 'ed']] : [[400, -4056]]);
    }
    addAccount('binance');
    client.say({ ...subscription(), method: 'session.logon' });
    assert.deepEqual(await answers(), [[400, -4056]]);
    bare('userDataStream.subscribe');
    bare('session.logout');
    bare('session.status');
    assert.deepEqual(await answers(), [
      [200, 0],
      [200, undefined],
      [200, undefined],
    ]);
    assert.deepEqual(simulator.violations(), []);
  });

  test('the shutdown notice', async () => {
    const client = await dial(API);
    simulator.notice({ origin: 'wss://ws-api.binance.com' });
    assert.equal(((await client.settle())[0]?.event as Json).e, 'serverShutdown');
  });
});

describe('listen keys', () => {
  const cases = [
    [
      'binanceUsdm',
      'https://fapi.binance.com/fapi/v1/listenKey',
      'wss://fstream.binance.com/private/ws?listenKey=',
    ],
    ['binanceCoinm', 'https://dapi.binance.com/dapi/v1/listenKey', 'wss://dstream.binance.com/ws/'],
    ['binanceUS', 'https://api.binance.us/api/v3/userDataStream', 'wss://stream.binance.us:9443/ws/'],
  ] as const;

  for (const [exchange, path, stream] of cases) {
    test(`${exchange}: events of the account, until the key expires`, async () => {
      const account = addAccount(exchange);
      const key = `${exchange}-key`;
      const created = (await rest('POST', path, { key })).body as Json;
      const again = (await rest('POST', path, { key })).body as Json;
      assert.equal(created.listenKey, again.listenKey);
      const listenKey = String(created.listenKey);
      const client = await dial(`${stream}${listenKey}`);
      account.setBalance('BTC', '1', '0.5');
      account.fill(account.place({ ...BUY, symbol: 'X' }).orderId, '0.5');
      account.liquidate({ ...BUY, symbol: 'X', side: 'SELL', type: 'MARKET' });
      const events = (await client.settle()).map(({ e, o, X, c }) => [
        e,
        (o as Json)?.X ?? X,
        (o as Json)?.c ?? c,
      ]);
      const isFutures = exchange !== 'binanceUS';
      assert.deepEqual(
        events.map(([e, X]) => [e, X]),
        [
          [isFutures ? 'ACCOUNT_UPDATE' : 'outboundAccountPosition', undefined],
          ...['NEW', 'FILLED', 'NEW', 'FILLED'].map((X) => [
            isFutures ? 'ORDER_TRADE_UPDATE' : 'executionReport',
            X,
          ]),
        ],
      );
      if (isFutures) assert.match(String(events.at(-1)?.[2]), /^autoclose-/);

      clock.advance(50 * MINUTE);
      assert.equal((await rest('PUT', path, { key, query: { listenKey } })).status, 200);
      clock.advance(50 * MINUTE);
      assert.deepEqual(await client.settle(), [], 'kept alive');
      clock.advance(10 * MINUTE);
      assert.equal((await client.settle())[0]?.e, 'listenKeyExpired');
      account.place({ ...BUY, symbol: 'X' });
      assert.deepEqual(await client.settle(), [], 'open and silent');
      const gone = await rest('PUT', path, { key, query: { listenKey } });
      assert.equal((gone.body as Json).code, -1125);
    });
  }

  test('futures frames have the recorded keys', async () => {
    const account = addAccount('binanceUsdm');
    const created = (await rest('POST', cases[0][1], { key: 'binanceUsdm-key' })).body as Json;
    const client = await dial(`${cases[0][2]}${String(created.listenKey)}`);
    account.fill(account.place(BUY).orderId, '0.5');
    account.setBalance('USDT', '1');
    const [, filled, update] = await client.settle();
    const like = recorded('binanceUsdm.order.market-new-and-filled', 'ORDER_TRADE_UPDATE').o as Json;
    const keys = Object.keys(filled?.o as Json);
    for (const key of Object.keys(like)) assert.ok(keys.includes(key), key);
    assert.deepEqual((update?.a as Json).B, [{ a: 'USDT', wb: '1', cw: '1', bc: '0' }]);
  });

  test('unknown keys and the path form connect and stay silent', async () => {
    const account = addAccount('binanceUsdm');
    const created = (await rest('POST', cases[0][1], { key: 'binanceUsdm-key' })).body as Json;
    const listenKey = String(created.listenKey);
    const urls = ['/private/ws?listenKey=other', `/private/ws/${listenKey}`, `/ws/${listenKey}`];
    const clients = await Promise.all(urls.map((url) => dial(`wss://fstream.binance.com${url}`)));
    account.place(BUY);
    for (const client of clients) assert.deepEqual(await client.settle(), []);
  });

  test('deleting the shared key is a violation', async () => {
    addAccount('binanceUsdm');
    await rest('POST', cases[0][1], { key: 'binanceUsdm-key' });
    await rest('DELETE', cases[0][1], { key: 'binanceUsdm-key' });
    assert.deepEqual(
      simulator.violations().map(({ rule }) => rule),
      ['venue:listenKeyDeleted'],
    );
  });

  test('spot listen keys are retired', async () => {
    addAccount('binance');
    assert.equal((await rest('POST', 'https://api.binance.com/api/v3/userDataStream')).status, 410);
  });
});

describe('signed REST', () => {
  const SPOT = 'https://api.binance.com/api/v3';

  test('what happened while nobody listened', async () => {
    const account = addAccount('binance');
    account.setBalance('USDT', '20000');
    const first = account.place({ ...BUY, clientOrderId: 'one', assets: ASSETS });
    account.place({ ...BUY, symbol: 'ETHBTC', clientOrderId: 'two', orderId: '8389765739703625592' });
    account.fill(first.orderId, '0.5', { price: '29000' });
    const open = await rest('GET', `${SPOT}/openOrders`);
    assert.match(open.text, /"orderId":8389765739703625592,/);
    const all = (await rest('GET', `${SPOT}/allOrders`, { query: { symbol: 'BTCUSDT' } })).body as Json[];
    assert.deepEqual(
      all.map(({ clientOrderId, status, cummulativeQuoteQty }) => [
        clientOrderId,
        status,
        cummulativeQuoteQty,
      ]),
      [['one', 'FILLED', '14500.00000000']],
    );
    const one = await rest('GET', `${SPOT}/order`, {
      query: { symbol: 'BTCUSDT', origClientOrderId: 'one' },
    });
    assert.equal((one.body as Json).status, 'FILLED');
    const none = await rest('GET', `${SPOT}/order`, { query: { symbol: 'BTCUSDT', orderId: '1' } });
    assert.equal((none.body as Json).code, -2013);
    const balances = (await rest('GET', `${SPOT}/account`)).body as Json;
    assert.deepEqual(balances.balances, [
      { asset: 'USDT', free: '5500.00000000', locked: '0.00000000' },
      { asset: 'BTC', free: '0.50000000', locked: '0.00000000' },
    ]);
  });

  test('history is paged by creation time', async () => {
    const account = addAccount('binance');
    for (let at = 0; at < 5; at += 1) {
      account.place({ ...BUY, clientOrderId: `o${at}` });
      clock.advance(1_000);
    }
    const ids = async (query: Record<string, string>) => {
      const { body } = await rest('GET', `${SPOT}/allOrders`, { query: { symbol: 'BTCUSDT', ...query } });
      return Array.isArray(body) ? body.map(({ clientOrderId }) => clientOrderId) : body.code;
    };
    assert.deepEqual(await ids({ limit: '2' }), ['o3', 'o4']);
    assert.deepEqual(await ids({ limit: '2', startTime: String(NOW + 1_000) }), ['o1', 'o2']);
    const day = { startTime: String(NOW), endTime: String(NOW + 24 * 60 * MINUTE + 1) };
    assert.equal(await ids(day), -1127);
  });

  test('futures: balances, income', async () => {
    const account = addAccount('binanceUsdm');
    account.setBalance('USDT', '8', '2.5');
    account.fill(account.place(BUY).orderId, '0.5', { commission: '0.2' });
    const key = 'binanceUsdm-key';
    const [balance] = (await rest('GET', 'https://fapi.binance.com/fapi/v3/balance', { key })).body as Json[];
    assert.deepEqual([balance?.balance, balance?.crossWalletBalance], ['10.5', '8']);
    const [row] = (await rest('GET', 'https://fapi.binance.com/fapi/v1/income', { key })).body as Json[];
    assert.deepEqual([row?.symbol, row?.income], ['BTCUSDT', '-0.2']);
  });

  test('futures: what the liquidation engine did, and what is forgotten', async () => {
    const account = addAccount('binanceUsdm');
    const ask = async (path: string, query: Record<string, string> = {}) => {
      const url = `https://fapi.binance.com/fapi/v1/${path}`;
      const { body } = await rest('GET', url, { key: 'binanceUsdm-key', query });
      return Array.isArray(body) ? body.map((row) => row.clientOrderId ?? row.incomeType) : body.code;
    };
    const sell = { ...BUY, side: 'SELL' } as const;
    const { orderId } = account.liquidate(sell);
    account.liquidate({ ...sell, clientOrderId: 'adl_autoclose' });
    account.cancel(account.place({ ...sell, clientOrderId: 'gone' }).orderId);
    assert.deepEqual(await ask('forceOrders'), [`autoclose-${orderId}`, 'adl_autoclose']);
    assert.deepEqual(await ask('forceOrders', { autoCloseType: 'ADL' }), ['adl_autoclose']);
    assert.deepEqual(await ask('allOrders', { symbol: BUY.symbol }), ['adl_autoclose', 'gone']);
    assert.deepEqual(await ask('income'), ['COMMISSION', 'INSURANCE_CLEAR', 'COMMISSION']);
    clock.jump(4 * 24 * 60 * MINUTE);
    assert.deepEqual(await ask('allOrders', { symbol: BUY.symbol }), ['adl_autoclose']);
    assert.equal(await ask('order', { symbol: BUY.symbol, origClientOrderId: 'gone' }), -2013);
    clock.jump(4 * 24 * 60 * MINUTE);
    assert.deepEqual(await ask('allOrders', { symbol: BUY.symbol }), []);
  });

  test('spot: fills, and the archive', async () => {
    const account = addAccount('binance');
    const { orderId } = account.place(BUY);
    account.fill(orderId, '0.2', { price: '29000' });
    account.fill(orderId, '0.3');
    const gone = account.place(BUY);
    account.cancel(gone.orderId);
    const trades = await rest('GET', `${SPOT}/myTrades`, { query: { symbol: BUY.symbol, orderId } });
    assert.deepEqual(
      (trades.body as Json[]).map(({ qty, price, quoteQty }) => [qty, price, quoteQty]),
      [
        ['0.2', '29000', '5800'],
        ['0.3', '30000', '9000'],
      ],
    );
    clock.jump(91 * 24 * 60 * MINUTE);
    const query = { symbol: BUY.symbol, orderId: gone.orderId };
    assert.equal(((await rest('GET', `${SPOT}/order`, { query })).body as Json).code, -2026);
  });

  test('refusals and limits', async () => {
    const account = addAccount('binance');
    const code = async (over: object) => {
      const { status, body } = await rest('GET', `${SPOT}/account`, over);
      return [status, (body as Json).code];
    };
    assert.deepEqual(await code({ key: 'other' }), [401, -2015]);
    account.permissions = ['canTrade'];
    assert.deepEqual(await code({}), [401, -2015]);
    account.permissions = [];
    assert.deepEqual(await code({ secret: 'wrong' }), [400, -1022]);
    account.revoke();
    assert.deepEqual(await code({}), [401, -2015]);
    for (let at = 0; at < 75; at += 1) await rest('GET', `${SPOT}/openOrders`);
    assert.equal((await rest('GET', `${SPOT}/openOrders`)).status, 429);
    for (let at = 0; at < 10; at += 1) await rest('GET', `${SPOT}/openOrders`);
    assert.equal((await rest('GET', `${SPOT}/openOrders`)).status, 418, 'whoever asks on is banned');
    clock.advance(MINUTE);
    assert.equal((await rest('GET', `${SPOT}/openOrders`)).status, 418);
    clock.advance(MINUTE);
    assert.equal((await rest('GET', `${SPOT}/openOrders`)).status, 401);
    assert.equal(simulator.violations().at(-1)?.rule, 'restWeight');
  });
});
