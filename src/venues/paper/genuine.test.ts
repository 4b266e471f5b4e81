/** Our own packets against the very library that the paper trading server is made of, with its options. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { PAPER_KEY, PAPER_SECRET, PaperRig } from '../../testing/paper-rig';
import { until } from '../../testing/services';

const ROOM = { uuid: 'room-1', exchange: 'paperBinance' };
const PING = { pingInterval: 100, pingTimeout: 200 };

/** The gateway of the paper trading server: two events in, two events out. */
class Genuine {
  readonly sockets = new Set<Socket>();
  readonly heard: string[] = [];
  heartbeats = 0;
  departures: string[] = [];
  /** Thrown by the search for the user. */
  trouble: string | undefined;
  refusal: Error | undefined;
  private readonly http = createServer();
  private readonly io = new Server(this.http, {
    ...PING,
    cors: { origin: '*' },
    transports: ['websocket'],
    allowUpgrades: false,
  });

  private constructor() {
    this.io.use((_socket, next) => next(this.refusal));
    this.io.on('connection', (socket) => this.welcome(socket));
  }

  static async start(port = 0): Promise<Genuine> {
    const genuine = new Genuine();
    await new Promise<void>((resolve) => genuine.http.listen(port, '127.0.0.1', resolve));
    return genuine;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  tell(name: string, data: object): void {
    this.io.emit(name, { type: 'update', data });
  }

  async close(): Promise<void> {
    await this.io.close();
  }

  private welcome(socket: Socket): void {
    this.sockets.add(socket);
    socket.conn.on('heartbeat', () => (this.heartbeats += 1));
    socket.on('disconnect', (reason) => {
      this.departures.push(reason);
      this.sockets.delete(socket);
    });
    socket.on('subscribeOrder', (login) => this.subscribe(socket, 'order', login));
    socket.on('subscribeOutboundAccountInfo', (login) =>
      this.subscribe(socket, 'outboundAccountInfo', login),
    );
  }

  private subscribe(socket: Socket, name: string, login: { key: string; secret: string }): void {
    this.heard.push(name);
    const isKnown = login.key === PAPER_KEY && login.secret === PAPER_SECRET;
    const error = this.trouble ?? (isKnown ? undefined : 'User not found');
    socket.emit(name, error === undefined ? { type: 'info', info: 'subscribed' } : { type: 'error', error });
  }
}

const order = (change: object): object => ({
  ...{ _id: '66a1', id: '66a1', amount: 0.3, filledAmount: 0, filledQuoteAmount: 0, quoteAmount: 18000 },
  ...{ price: 60000, avgFilledPrice: 0, fee: 0, symbol: 'BTCUSDT', user: '65', exchange: 'binance' },
  ...{ status: 'NEW', type: 'LIMIT', side: 'BUY', externalId: 'D-TP-a1' },
  createdAt: new Date('2025-06-30T10:00:00.000Z'),
  updatedAt: new Date('2025-06-30T10:00:00.000Z'),
  ...change,
});

describe('paper: a genuine Socket.IO server', { timeout: 60_000 }, () => {
  let server: Genuine;
  let rig: PaperRig;

  beforeEach(async () => {
    server = await Genuine.start();
    rig = await PaperRig.start({
      PAPER_WS: `http://127.0.0.1:${server.port}`,
      USER_STREAM_AUTH_FAIL_THRESHOLD: '1',
    });
  });

  afterEach(async () => {
    assert.equal(await rig.stop(), true);
    await until('hung up', () => server.sockets.size === 0);
    await server.close();
    assert.ok(!rig.everything().includes(PAPER_SECRET) && !rig.everything().includes(PAPER_KEY));
  });

  async function opened(): Promise<void> {
    rig.open(ROOM);
    await rig.untilAnnounced(ROOM.uuid);
  }

  test('orders and balances, announced once, of the room’s exchange only', async () => {
    await opened();
    assert.deepEqual(server.heard.sort(), ['order', 'outboundAccountInfo']);
    server.tell('outboundAccountInfo', {
      balance: [{ asset: 'USDT', free: 82000.00000000001, locked: 18000 }],
    });
    server.tell('order', order({ exchange: 'bybitLinear', externalId: 'foreign' }));
    server.tell('order', order({}));
    server.tell('order', order({ status: 'CANCELED' }));
    await until('told', () => rig.orders(ROOM.uuid).length === 2);
    assert.deepEqual(
      rig.orders(ROOM.uuid).map(({ orderStatus, newClientOrderId }) => [orderStatus, newClientOrderId]),
      [
        ['NEW', 'D-TP-a1'],
        ['CANCELED', 'D-TP-a1'],
      ],
    );
    assert.deepEqual(rig.events(ROOM.uuid)[0]?.['balances'], [
      { asset: 'USDT', free: '82000', locked: '18000' },
    ]);
    const [first] = rig.onRabbit;
    assert.equal(first?.routingKey, `user.paperBinance.outboundAccountPosition.${ROOM.uuid}`);
    assert.equal(first?.properties.headers?.['x-exchange'], 'paperBinance');
    assert.equal(rig.announced(ROOM.uuid), 1);
  });

  test('its pings are answered: a quiet session lives on', async () => {
    await opened();
    await until('many pings', () => server.heartbeats > 20);
    assert.deepEqual(server.departures, []);
    assert.equal(rig.state(ROOM.uuid), 'live');
  });

  for (const [how, act] of [
    ['the namespace is closed', (socket: Socket) => socket.disconnect()],
    ['the session is closed', (socket: Socket) => socket.conn.close()],
    ['the line is cut', (socket: Socket) => socket.request.socket.destroy()],
  ] as const) {
    test(`${how}: back, subscribed anew and announced again`, async () => {
      await opened();
      for (const socket of server.sockets) act(socket);
      await rig.untilAnnounced(ROOM.uuid, 2);
      assert.equal(server.heard.length, 4);
    });
  }

  test('the server restarts: back as soon as it is', async () => {
    await opened();
    const { port } = server;
    await server.close();
    server = await Genuine.start(port);
    await rig.untilAnnounced(ROOM.uuid, 2);
    server.tell('order', order({}));
    await until('told', () => rig.orders(ROOM.uuid).length === 1);
  });

  test('a wrong key: refused, told to the operator, not asked again at once', async () => {
    rig.open({ ...ROOM, secret: 'another-secret' });
    await until('told', () => rig.on('serviceLog').some((text) => text.includes('userStreamAuthReject')));
    const notice = rig.on('serviceLog').find((text) => text.includes('userStreamAuthReject'));
    assert.deepEqual(JSON.parse(notice!), {
      userStreamAuthReject: {
        exchange: 'paperBinance',
        userId: 'u1',
        reason: 'code USER_NOT_FOUND (credentials)',
      },
    });
    await until('hung up', () => server.sockets.size === 0);
    assert.equal(rig.state(ROOM.uuid), 'blocked');
    assert.equal(rig.announced(ROOM.uuid), 0);
    // New credentials are tried at once.
    rig.open(ROOM);
    await rig.untilAnnounced(ROOM.uuid);
    assert.ok(!rig.everything().includes('another-secret'));
  });

  test('a server in trouble refuses no key: asked again until it answers', async () => {
    server.trouble = 'Operation `users.findOne()` buffering timed out after 10000ms';
    rig.open(ROOM);
    await until('asked twice', () => server.heard.length >= 4);
    server.trouble = undefined;
    await rig.untilAnnounced(ROOM.uuid);
    assert.equal(rig.announced(ROOM.uuid), 1);
    assert.ok(rig.on('serviceLog').every((text) => !text.includes('userStreamAuthReject')));
  });

  test('a namespace that refuses us is asked again', async () => {
    server.refusal = new Error('not now');
    rig.open(ROOM);
    await until('refused', () => rig.telemetry.allText().includes('namespace_refused'));
    server.refusal = undefined;
    await rig.untilAnnounced(ROOM.uuid);
  });
});
