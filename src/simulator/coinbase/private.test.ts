import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { OrderRequest, SimAccount } from '../kit';
import { SimServer, systemClock, VenueHost, warpClock } from '../kit';
import recorded from './__fixtures__/coinbase.order.limit-lifecycle.json';
import recordedSession from './__fixtures__/coinbase.control.user-session.json';
import type { CoinbaseOptions, CoinbaseSimulator } from './index';
import { simulateCoinbase } from './index';

const STREAM = 'wss://advanced-trade-ws-user.coinbase.com';
const REST = 'https://api.coinbase.com/api/v3/brokerage';
const HOST = 'api.coinbase.com/api/v3/brokerage';
const NAME = 'organizations/o/apiKeys/k';
const LEGACY = { key: 'legacy-key', secret: 'legacy-secret' };
const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const ed25519 = generateKeyPairSync('ed25519');
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;
/** Moves no money. */
const FREE: OrderRequest = {
  ...{ symbol: 'BTC-USD', side: 'BUY', type: 'LIMIT', price: '60000', quantity: '0.3' },
  clientOrderId: 'D-BO-1',
};
const BUY: OrderRequest = { ...FREE, assets: { base: 'BTC', quote: 'USD' } };

interface Venue {
  readonly server: SimServer;
  readonly simulator: CoinbaseSimulator;
  readonly host: VenueHost;
  /** Of the cloud key `NAME`. */
  readonly account: SimAccount;
}

async function venue(t: TestContext, options: CoinbaseOptions = {}): Promise<Venue> {
  const server = new SimServer(systemClock);
  const host = new VenueHost(server, systemClock, warpClock(systemClock, 1), 7, 6);
  const simulator = simulateCoinbase(host, { heartbeatMs: 40, ...options });
  await server.listen();
  t.after(async () => {
    simulator.stop();
    await server.close();
  });
  const account = host.accounts.addAccount({
    exchange: 'coinbase',
    key: NAME,
    secret: pem(p256.publicKey),
  });
  account.setBalance('USD', '100000');
  return { server, simulator, host, account };
}

interface TokenChange {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: KeyObject;
  readonly isDer?: true;
}

const seconds = (): number => Math.floor(Date.now() / 1_000);

/** A token as the documents describe it, but for what is changed. */
function token(change: TokenChange = {}): string {
  const { header, claims, key = p256.privateKey, isDer } = change;
  const nonce = randomBytes(16).toString('hex');
  const isEd = key.asymmetricKeyType === 'ed25519';
  const nbf = seconds() - 2;
  const text = [
    { alg: isEd ? 'EdDSA' : 'ES256', typ: 'JWT', kid: NAME, nonce, ...header },
    { sub: NAME, iss: 'cdp', nbf, exp: nbf + 120, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const dsaEncoding = isDer ? 'der' : 'ieee-p1363';
  const signature = sign(isEd ? null : 'sha256', Buffer.from(text), { key, dsaEncoding });
  return `${text}.${signature.toString('base64url')}`;
}

type Row = Readonly<Record<string, unknown>>;

interface Frame {
  readonly channel?: string;
  readonly type?: string;
  readonly message?: string;
  readonly sequence_num?: number;
  readonly events?: readonly {
    readonly type?: string;
    readonly orders?: Row[];
    readonly subscriptions?: Row;
  }[];
}

/** A raw client; heartbeats are put aside. */
class Client {
  readonly beats: Frame[] = [];
  readonly numbers: number[] = [];
  readonly closed: Promise<unknown>;
  private readonly frames: Frame[] = [];
  private readonly waiting: ((frame: Frame) => void)[] = [];

  private constructor(private readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('message', (data) => this.take(JSON.parse((data as Buffer).toString()) as Frame));
  }

  static async dial({ server }: Venue): Promise<Client> {
    const client = new Client(new WebSocket(server.urlOf(STREAM)));
    await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
    return client;
  }

  /** Subscribed by the cloud key; the snapshot has been taken. */
  static async live(one: Venue): Promise<Client> {
    const client = await Client.dial(one);
    client.say({ channel: 'user', jwt: token() });
    assert.deepEqual(await client.rows('snapshot'), []);
    assert.ok('user' in (await client.acked()));
    return client;
  }

  say(fields: object, type = 'subscribe'): void {
    this.socket.send(JSON.stringify({ type, ...fields }));
  }

  next(): Promise<Frame> {
    const frame = this.frames.shift();
    return frame ? Promise.resolve(frame) : new Promise((resolve) => this.waiting.push(resolve));
  }

  async acked(): Promise<Row> {
    const { channel, events } = await this.next();
    assert.equal(channel, 'subscriptions');
    return events![0]!.subscriptions!;
  }

  async rows(type: string): Promise<readonly Row[]> {
    const { channel, events } = await this.next();
    assert.deepEqual([channel, events![0]!.type], ['user', type]);
    return events![0]!.orders!;
  }

  /** Status, filled, left and average of the only row of the next update. */
  async told(): Promise<readonly unknown[]> {
    const [row] = await this.rows('update');
    return [row!['status'], row!['cumulative_quantity'], row!['leaves_quantity'], row!['avg_price']];
  }

  private take(frame: Frame): void {
    if (frame.sequence_num !== undefined) this.numbers.push(frame.sequence_num);
    if (frame.channel === 'heartbeats') return void this.beats.push(frame);
    const taker = this.waiting.shift();
    if (taker) taker(frame);
    else this.frames.push(frame);
  }
}

const rulesOf = ({ server }: Venue): readonly string[] => server.violations.list().map(({ rule }) => rule);
const keysOf = (value: object | undefined): readonly string[] => Object.keys(value ?? {}).sort();

test('snapshot, then ack, then every change of an order, numbered without a hole', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one);
  client.say({ channel: 'user', jwt: token() });
  const snapshot = await client.next();
  assert.deepEqual(keysOf(snapshot), keysOf(recordedSession.frames[0]));
  assert.deepEqual(snapshot.events![0]!.orders, []);
  const [uuid] = (await client.acked())['user'] as string[];
  assert.match(uuid!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  client.say({ channel: 'heartbeats', jwt: token() });
  assert.deepEqual(await client.acked(), { heartbeats: ['heartbeats'], user: [uuid] });

  const { orderId } = one.account.place(BUY);
  const [pending] = await client.rows('update');
  assert.deepEqual(keysOf(pending), keysOf(recorded.frames[0]!.events[0]!.orders[0]));
  assert.deepEqual(
    [pending!['status'], pending!['order_id'], pending!['client_order_id'], pending!['limit_price']],
    ['PENDING', orderId, 'D-BO-1', '60000'],
  );
  assert.deepEqual(await client.told(), ['OPEN', '0', '0.3', '0']);
  one.account.fill(orderId, '0.1', { price: '59000' });
  assert.deepEqual(await client.told(), ['OPEN', '0.1', '0.2', '59000']);
  one.account.fill(orderId, '0.2');
  // Once more when the hold is released.
  assert.deepEqual(await client.told(), ['FILLED', '0.3', '0', '59666.66666666']);
  assert.deepEqual(await client.told(), ['FILLED', '0.3', '0', '59666.66666666']);
  while (client.beats.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    client.numbers,
    Array.from(client.numbers, (_, at) => at),
  );
  assert.deepEqual(rulesOf(one), []);
});

test('every end of an order, and the words in between', async (t) => {
  const one = await venue(t);
  const client = await Client.live(one);
  const place = async (): Promise<string> => {
    const { orderId } = one.account.place({ ...BUY, quantity: '0.1' });
    assert.deepEqual(await client.told(), ['PENDING', '0', '0.1', '0']);
    assert.deepEqual(await client.told(), ['OPEN', '0', '0.1', '0']);
    return orderId;
  };
  const cancelled = await place();
  one.account.fill(cancelled, '0.04');
  assert.deepEqual(await client.told(), ['OPEN', '0.04', '0.06', '60000']);
  one.simulator.mark(one.account, cancelled, 'CANCEL_QUEUED');
  assert.deepEqual(await client.told(), ['CANCEL_QUEUED', '0.04', '0.06', '60000']);
  one.account.cancel(cancelled);
  assert.deepEqual(await client.told(), ['CANCELLED', '0.04', '0', '60000']);
  one.account.expire(await place());
  assert.deepEqual(await client.told(), ['EXPIRED', '0', '0', '0']);
  one.account.reject(BUY);
  assert.deepEqual(await client.told(), ['PENDING', '0', '0.3', '0']);
  assert.deepEqual(await client.told(), ['FAILED', '0', '0', '0']);
  const market = one.account.place({ ...BUY, type: 'MARKET', price: '0' });
  assert.deepEqual(await client.told(), ['PENDING', '0', '0.3', '0']);
  one.account.fill(market.orderId, '0.3', { price: '61000' });
  assert.deepEqual(await client.told(), ['FILLED', '0.3', '0', '61000']);
  assert.throws(() => one.simulator.mark(one.account, 'nobody', 'QUEUED'), /no order/);
});

test('a snapshot lists what is OPEN in frames of 50, and a shorter one ends it', async (t) => {
  const one = await venue(t);
  const ids = Array.from({ length: 101 }, () => one.account.place({ ...BUY, quantity: '0.001' }).orderId);
  one.simulator.mark(one.account, ids[0]!, 'CANCEL_QUEUED');
  const client = await Client.dial(one);
  client.say({ channel: 'user', jwt: token() });
  const pages = [await client.rows('snapshot'), await client.rows('snapshot'), await client.rows('snapshot')];
  assert.deepEqual(
    pages.map(({ length }) => length),
    [50, 50, 0],
  );
  assert.deepEqual(
    pages.flat().map((row) => row['order_id']),
    ids.slice(1),
  );
  await client.acked();
});

test('one user channel per socket, of the products asked for; a second takes its place', async (t) => {
  const one = await venue(t);
  const other = one.host.accounts.addAccount({ exchange: 'coinbase', ...LEGACY });
  const client = await Client.live(one);
  const timestamp = String(seconds());
  const signature = createHmac('sha256', LEGACY.secret)
    .update(`${timestamp}userETH-USD,BTC-USD`)
    .digest('hex');
  const product_ids = ['ETH-USD', 'BTC-USD'];
  client.say({ channel: 'user', product_ids, api_key: LEGACY.key, timestamp, signature });
  assert.deepEqual(await client.rows('snapshot'), []);
  await client.acked();
  one.account.place({ ...BUY, quantity: '0.1' });
  other.place({ ...FREE, symbol: 'SOL-USD' });
  const { orderId } = other.place(FREE);
  const [row] = await client.rows('update');
  assert.equal(row!['order_id'], orderId);
  assert.equal((await client.rows('update')).length, 1);
  client.say({ channel: 'user', jwt: token() }, 'unsubscribe');
  assert.deepEqual(await client.acked(), {});
});

const legacyProof = (key: string, secret: string, shiftS = 0): object => {
  const timestamp = String(seconds() + shiftS);
  const signature = createHmac('sha256', secret).update(`${timestamp}user`).digest('hex');
  return { api_key: key, timestamp, signature };
};

const past = (ageS: number, lifeS = 120): object => ({
  nbf: seconds() - ageS,
  exp: seconds() - ageS + lifeS,
});

/** What is answered with the same words whatever it is. */
const BAD_PROOFS: readonly (readonly [string, () => object])[] = [
  ['nothing', () => ({})],
  ['no token', () => ({ jwt: 7 })],
  ['half a token', () => ({ jwt: token().slice(0, 60) })],
  ['an unknown name', () => ({ jwt: token({ header: { kid: 'x' }, claims: { sub: 'x' } }) })],
  ['another subject', () => ({ jwt: token({ claims: { sub: 'x' } }) })],
  ['another issuer', () => ({ jwt: token({ claims: { iss: 'coinbase-cloud' } }) })],
  [
    'another key',
    () => ({ jwt: token({ key: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey }) }),
  ],
  ['a key of another kind', () => ({ jwt: token({ key: ed25519.privateKey }) })],
  ['another algorithm', () => ({ jwt: token({ header: { alg: 'EdDSA' } }) })],
  ['a DER signature', () => ({ jwt: token({ isDer: true }) })],
  ['a token of a REST call', () => ({ jwt: token({ claims: { uri: `GET ${HOST}/accounts` } }) })],
  ['an expired token', () => ({ jwt: token({ claims: past(121) }) })],
  ['a token of the future', () => ({ jwt: token({ claims: past(-30) }) })],
  ['a token that lives too long', () => ({ jwt: token({ claims: past(10, 121) }) })],
  ['a legacy proof of a cloud key', () => legacyProof(NAME, 'x')],
  ['an unknown legacy key', () => legacyProof('x', LEGACY.secret)],
  ['another legacy secret', () => legacyProof(LEGACY.key, 'x')],
  ['an old legacy timestamp', () => legacyProof(LEGACY.key, LEGACY.secret, -40)],
];
for (const [title, proof] of BAD_PROOFS) {
  test(`refuses ${title}, without saying why, and stays open`, async (t) => {
    const one = await venue(t);
    one.host.accounts.addAccount({ exchange: 'coinbase', ...LEGACY });
    const client = await Client.dial(one);
    client.say({ channel: 'user', ...proof() });
    assert.deepEqual(await client.next(), { type: 'error', message: 'authentication failure' });
    client.say({ channel: 'user', ...legacyProof(LEGACY.key, LEGACY.secret) });
    assert.deepEqual(await client.rows('snapshot'), []);
  });
}

test('refuses keys that may not view, from elsewhere, or revoked, with the same words', async (t) => {
  const one = await venue(t);
  const client = await Client.live(one);
  const refusedNow = async (): Promise<void> => {
    const second = await Client.dial(one);
    second.say({ channel: 'user', jwt: token() });
    assert.equal((await second.next()).message, 'authentication failure');
  };
  one.account.permissions = ['trade'];
  await refusedNow();
  one.account.permissions = ['view'];
  one.account.isIpBlocked = true;
  await refusedNow();
  one.account.isIpBlocked = false;
  one.account.revoke();
  await client.closed;
  await refusedNow();
});

test('Ed25519 keys; heartbeats need no key, other channels are unknown here', async (t) => {
  const one = await venue(t);
  const name = 'c0ffee00-0000-4000-8000-000000000000';
  one.host.accounts.addAccount({ exchange: 'coinbase', key: name, secret: pem(ed25519.publicKey) });
  const client = await Client.dial(one);
  client.say({ channel: 'heartbeats' });
  assert.deepEqual(await client.acked(), { heartbeats: ['heartbeats'] });
  client.say({ channel: 'ticker', product_ids: ['BTC-USD'] });
  assert.equal((await client.next()).message, 'authentication failure');
  client.say({
    channel: 'user',
    jwt: token({ header: { kid: name }, claims: { sub: name }, key: ed25519.privateKey }),
  });
  assert.deepEqual(await client.rows('snapshot'), []);
  client.say({ type: 'login' });
  assert.ok('user' in (await client.acked()));
  assert.equal((await client.next()).message, 'failure to subscribe');
  assert.deepEqual(rulesOf(one), ['badFrame']);
});

test('8 messages of nobody per second; those with a key are not counted', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one);
  for (let count = 0; count < 12; count += 1) client.say({ channel: 'heartbeats', jwt: token() });
  for (let count = 0; count < 12; count += 1) await client.acked();
  for (let count = 0; count < 9; count += 1) client.say({ channel: 'user' });
  for (let count = 0; count < 8; count += 1) {
    assert.equal((await client.next()).message, 'authentication failure');
  }
  assert.equal((await client.next()).message, 'rate limit exceeded');
  assert.deepEqual(rulesOf(one), ['messages']);
});

test('the same token twice is taken, and noticed', async (t) => {
  const one = await venue(t);
  const client = await Client.dial(one);
  const jwt = token();
  client.say({ channel: 'heartbeats', jwt });
  client.say({ channel: 'heartbeats', jwt });
  await client.acked();
  await client.acked();
  client.say({ channel: 'heartbeats', jwt: token({ header: { nonce: '' } }) });
  await client.acked();
  assert.deepEqual(rulesOf(one), ['venue:tokenReused', 'venue:nonce']);
});

test('lost frames leave a hole in the numbers', async (t) => {
  const one = await venue(t);
  const client = await Client.live(one);
  assert.equal(one.simulator.skip(2), 1);
  one.account.place({ ...BUY, quantity: '0.1' });
  await client.told();
  await client.told();
  assert.deepEqual(client.numbers, [0, 1, 4, 5]);
});

// ---------------------------------------------------------------------------- REST

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly headers: Headers;
}

async function get({ server }: Venue, path: string, change: TokenChange = {}): Promise<Answer> {
  const [bare] = path.split('?', 1);
  const claims = { uri: `GET ${HOST}${bare}`, ...change.claims };
  return fetched(server.urlOf(REST + path), { authorization: `Bearer ${token({ ...change, claims })}` });
}

async function fetched(url: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(url, { headers });
  const text = await response.text();
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, body, text, headers: response.headers };
}

const idsOf = ({ body }: Answer): readonly unknown[] =>
  (body['orders'] as readonly Row[]).map((row) => row['order_id']);

test('REST: tokens are made out to one call; what is wrong with a key is told in part', async (t) => {
  const one = await venue(t);
  assert.equal((await get(one, '/accounts')).status, 200);
  for (const claims of [{ uri: `GET ${HOST}/orders` }, { uri: undefined }, past(121)]) {
    const { status, text } = await get(one, '/accounts', { claims });
    assert.deepEqual([status, text], [401, 'Unauthorized\n']);
  }
  assert.equal((await fetched(one.server.urlOf(`${REST}/accounts`), {})).status, 401);
  one.account.permissions = ['trade'];
  const scope = await get(one, '/accounts');
  assert.deepEqual([scope.status, scope.body['message']], [403, 'Missing required scopes']);
  one.account.permissions = ['view'];
  const { body } = await get(one, '/key_permissions');
  assert.deepEqual([body['can_view'], body['can_trade'], body['can_transfer']], [true, false, false]);
  one.account.isIpBlocked = true;
  assert.deepEqual((await get(one, '/accounts')).status, 403);
});

test('REST: legacy keys sign time, method and path', async (t) => {
  const one = await venue(t);
  one.host.accounts.addAccount({ exchange: 'coinbase', ...LEGACY });
  const timestamp = String(seconds());
  const text = `${timestamp}GET/api/v3/brokerage/accounts`;
  const headers = {
    'CB-ACCESS-KEY': LEGACY.key,
    'CB-ACCESS-SIGN': createHmac('sha256', LEGACY.secret).update(text).digest('hex'),
    'CB-ACCESS-TIMESTAMP': timestamp,
  };
  assert.equal((await fetched(one.server.urlOf(`${REST}/accounts?limit=1`), headers)).status, 200);
  assert.equal((await fetched(one.server.urlOf(`${REST}/orders/historical/x`), headers)).status, 401);
});

test('REST: orders by status and creation, newest first, by pages; single ones; what is forgotten', async (t) => {
  const one = await venue(t, { pageRows: 2 });
  const small = { ...BUY, quantity: '0.001' };
  const ids = Array.from({ length: 5 }, () => one.account.place(small).orderId);
  const future = one.account.place({ ...FREE, symbol: 'BIT-28JUL27-CDE' });
  one.account.cancel(ids[0]!);
  one.simulator.mark(one.account, ids[1]!, 'QUEUED');
  const first = await get(one, '/orders/historical/batch?order_status=OPEN&product_type=SPOT&limit=250');
  assert.deepEqual([idsOf(first), first.body['has_next']], [[ids[4], ids[3]], true]);
  const cursor = encodeURIComponent(String(first.body['cursor']));
  const second = await get(
    one,
    `/orders/historical/batch?order_status=OPEN&product_type=SPOT&cursor=${cursor}`,
  );
  assert.deepEqual([idsOf(second), second.body['has_next'], second.body['cursor']], [[ids[2]], false, '']);
  const all = await get(one, '/orders/historical/batch?start_date=2026-01-01T00:00:00Z');
  assert.deepEqual(idsOf(all), [future.orderId, ids[4]]);
  const none = await get(one, '/orders/historical/batch?start_date=2126-01-01T00:00:00Z');
  assert.deepEqual(idsOf(none), []);
  const mixed = await get(one, '/orders/historical/batch?order_status=OPEN&order_status=FILLED');
  assert.equal(mixed.status, 400);
  const { body } = await get(one, `/orders/historical/${ids[0]}`);
  assert.equal((body['order'] as Row)['status'], 'CANCELLED');
  one.simulator.forget(ids[0]!);
  const { status, body: lost } = await get(one, `/orders/historical/${ids[0]}`);
  assert.deepEqual([status, lost['error']], [404, 'NOT_FOUND']);
});

test('REST: fills since a time, without has_next', async (t) => {
  const one = await venue(t, { pageRows: 1 });
  const { orderId } = one.account.place(BUY);
  one.account.fill(orderId, '0.1', { price: '59000' });
  one.account.fill(orderId, '0.1', { price: '58000' });
  const first = await get(one, '/orders/historical/fills?start_sequence_timestamp=2026-01-01T00:00:00Z');
  const [fill] = first.body['fills'] as readonly Row[];
  assert.deepEqual([fill!['order_id'], fill!['price'], 'has_next' in first.body], [orderId, '58000', false]);
  const cursor = encodeURIComponent(String(first.body['cursor']));
  const second = await get(one, `/orders/historical/fills?cursor=${cursor}`);
  assert.equal((second.body['fills'] as readonly Row[])[0]!['price'], '59000');
  assert.equal(second.body['cursor'], '');
});

test('REST: wallets by pages, those of vaults and futures among them', async (t) => {
  const one = await venue(t, { pageRows: 3 });
  one.account.setBalance('BTC', '0.12345678901234567890', '0.1');
  const first = await get(one, '/accounts?limit=250');
  assert.deepEqual([first.body['size'], first.body['has_next']], [3, true]);
  const second = await get(one, `/accounts?limit=250&cursor=${String(first.body['cursor'])}`);
  const rows = [...(first.body['accounts'] as Row[]), ...(second.body['accounts'] as Row[])];
  assert.deepEqual(
    rows.map((row) => [row['currency'], row['type'], (row['available_balance'] as Row)['value']]),
    [
      ['USD', 'ACCOUNT_TYPE_FIAT', '100000'],
      ['BTC', 'ACCOUNT_TYPE_CRYPTO', '0.12345678901234567890'],
      ['USD', 'ACCOUNT_TYPE_VAULT', '9'],
      ['USD', 'ACCOUNT_TYPE_FIAT', '700'],
    ],
  );
});

test('REST: 30 calls per second and user; one more is refused and noticed', async (t) => {
  const one = await venue(t);
  const asked = await Promise.all(Array.from({ length: 32 }, () => get(one, '/key_permissions')));
  const limited = asked.filter(({ status }) => status === 429);
  assert.equal(limited.length, 2);
  assert.equal(limited[0]!.headers.get('x-ratelimit-reset'), '1');
  assert.deepEqual((limited[0]!.body['errors'] as Row[])[0]!['id'], 'rate_limit_exceeded');
  assert.deepEqual(rulesOf(one), ['restWeight', 'restWeight']);
});
