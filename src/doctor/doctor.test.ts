/** The doctor on real servers, with one deliberate fault of each kind. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Channel, ChannelModel } from 'amqplib';
import { connect } from 'amqplib';
import type { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';
import type { RabbitConfig, RedisConfig } from '../config';
import { rewriter } from '../config';
import { parseEndpoints } from '../config/endpoints';
import { systemClock } from '../ops/clock';
import { startSimulator } from '../simulator';
import { closedPort } from '../testing/closed-port';
import { openRedisProbe, rabbitService, redisService, uniqueName, until } from '../testing/services';
import { venueNamed } from '../venues/registry';
import type { Check, Finding } from './check';
import { exchangeService } from './checks/exchange-service';
import { paperServer } from './checks/paper-server';
import { rabbitConnection } from './checks/rabbit-connection';
import { rabbitObject } from './checks/rabbit-object';
import { redisConnection } from './checks/redis-connection';
import { redisLatency } from './checks/redis-latency';
import { redisMemory } from './checks/redis-memory';
import { redisRights } from './checks/redis-rights';
import { redisVersion } from './checks/redis-version';
import { venueClock } from './checks/venue-clock';
import { venueReach } from './checks/venue-reach';
import { rabbitObjects } from './rabbit-objects';

const USER_EVENTS = { maxLength: 1_000, maxBytes: 1_000_000, ttlMs: 60_000 };

/** Servers of the tests: closed after them, also where one failed. */
const closers: (() => void)[] = [];
const closeAll = (): void => closers.splice(0).forEach((close) => close());

async function finds(check: Check, verdict: Finding['verdict'], saw: RegExp, todo?: RegExp): Promise<void> {
  const finding = await check.run();
  assert.equal(finding.verdict, verdict, `${finding.saw} -> ${finding.todo}`);
  assert.match(finding.saw, saw);
  if (todo) assert.match(finding.todo ?? '', todo);
}

describe('redis', { timeout: 60_000 }, () => {
  const redis: RedisConfig = { ...redisService, db: 0 };
  const reader = uniqueName('doctor-reader').replaceAll('.', '-');
  const asReader = { ...redis, username: reader, password: 'pw' };
  let admin: Redis;

  before(async () => {
    admin = await openRedisProbe();
    await admin.call('ACL', 'SETUSER', reader, 'on', '>pw', '~*', '&*', '+@read', '+@connection', '+info');
  });

  after(async () => {
    await admin.call('ACL', 'DELUSER', reader);
    admin.disconnect();
    closeAll();
  });

  test('well', async () => {
    await finds(redisConnection(redis, systemClock), 'ok', /lets us in/);
    await finds(redisVersion(redis), 'ok', /^\d+\.\d+\.\d+, (expires|without HPEXPIRE)/);
    await finds(redisRights(redis), 'ok', /^all \d+ things/);
    await finds(redisMemory(redis), 'ok', /used/);
  });

  test('nothing is left of it', async () => {
    await redisRights(redis).run();
    await until('its key is gone', async () => (await admin.keys('connector:doctor:*')).length === 0);
  });

  test('a closed port, a wrong password, an unknown user', async () => {
    const port = await closedPort();
    await finds(redisConnection({ ...redis, port }, systemClock), 'fail', /ECONNREFUSED/, /REDIS_PORT/);
    for (const other of [
      { ...asReader, password: 'wrong' },
      { ...asReader, username: 'nobody' },
    ]) {
      await finds(redisConnection(other, systemClock), 'fail', /WRONGPASS/, /REDIS_PASSWORD/);
    }
  });

  test('a password is asked for and not given', async () => {
    // What a server with `requirepass` says; ours is shared with other tests, which give none.
    const server = createTcpServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => {
        const commands = data.toString().match(/^\*\d+\r$/gm)?.length ?? 0;
        socket.write('-NOAUTH Authentication required.\r\n'.repeat(commands));
      });
    }).listen(0, '127.0.0.1');
    closers.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await finds(redisConnection({ ...redis, port }, systemClock), 'fail', /NOAUTH/, /set REDIS_PASSWORD/);
  });

  test('another server than Redis', async () => {
    const http = await serve((_request, response) => response.end('hello'));
    await finds(
      redisConnection({ ...redis, port: http.port }, systemClock),
      'fail',
      /does not let us in/,
      /port/,
    );
  });

  test('a database that the server does not have', async () => {
    await finds(redisConnection({ ...redis, db: 60_000 }, systemClock), 'fail', /DB index/, /REDIS_DB/);
  });

  test('a user who may only read', async () => {
    await finds(redisConnection(asReader, systemClock), 'ok', /lets us in/);
    await finds(redisRights(asReader), 'fail', /first SET: NOPERM.*'set'/, /ACL SETUSER/);
  });

  test('a slow way', async () => {
    // Every look at the clock seems to take 25 ms.
    let late = 0;
    const slow = { ...systemClock, monotonic: () => systemClock.monotonic() + (late += 25) };
    await finds(redisLatency(redis, systemClock), 'ok', /round trip/);
    await finds(redisLatency(redis, slow), 'warn', /round trip 2\d\./, /nearer/);
  });
});

const spare = {
  vhost: process.env['RABBIT_SPARE_VHOST'],
  user: process.env['RABBIT_SPARE_USER'] ?? '',
  password: process.env['RABBIT_SPARE_PASSWORD'] ?? '',
};
const isBorrowed = spare.vhost === undefined;

describe(
  'rabbitmq',
  { timeout: 60_000, skip: isBorrowed && 'only the own server of the tests has a spare virtual host' },
  () => {
    const rabbit: RabbitConfig = { ...rabbitService, vhost: spare.vhost ?? '' };
    const restricted: RabbitConfig = { ...rabbit, ...spare, vhost: rabbit.vhost };
    let model: ChannelModel;
    let channel: Channel;

    const checkOf = (what: string, config: RabbitConfig): Check => {
      const object = rabbitObjects(USER_EVENTS).find(({ thing }) => thing.what === what);
      assert.ok(object, what);
      return rabbitObject(config, object);
    };
    const everything = [
      'exchange gainium',
      'queue usersStreamAction',
      'queue candlesRequests',
      'exchange gainium.events',
      'queue userStreamEvents',
      'queue gainium.connector.rejected',
    ];

    before(async () => {
      const { host: hostname, port, user: username, password, vhost } = rabbit;
      model = await connect({ protocol: 'amqp', hostname, port, username, password, vhost });
      channel = await model.createChannel();
    });

    after(async () => {
      closeAll();
      await model.close();
    });

    async function declareAll(): Promise<void> {
      for (const { thing } of rabbitObjects(USER_EVENTS)) {
        await thing.declare(channel);
        await thing.bind?.(channel);
      }
    }

    async function deleteAll(): Promise<void> {
      for (const what of everything) {
        const [kind, name = ''] = what.split(' ');
        if (kind === 'queue') await channel.deleteQueue(name);
        else await channel.deleteExchange(name);
      }
    }

    test('every thing of the contract has a check', () => {
      assert.deepEqual(
        rabbitObjects(USER_EVENTS).map(({ thing }) => thing.what),
        everything,
      );
    });

    test('connection: well, a closed port, a wrong password, no such virtual host, another server', async () => {
      const look = (change: Partial<RabbitConfig>): Check =>
        rabbitConnection({ ...rabbit, ...change }, systemClock);
      await finds(look({}), 'ok', /lets guest in.*version \d/);
      await finds(look({ port: await closedPort() }), 'fail', /ECONNREFUSED/, /RABBIT_PORT/);
      await finds(look({ password: 'wrong' }), 'fail', /refuses the login of guest/, /RABBIT_PASSWORD/);
      await finds(look({ vhost: 'nowhere' }), 'fail', /no virtual host nowhere/, /RABBIT_VHOST/);
      const http = await serve((_request, response) => response.end('hello'));
      await finds(look({ port: http.port }), 'fail', /not as RabbitMQ does/, /15672/);
    });

    test('nothing there: well, and nothing is made', async () => {
      for (const what of everything) await finds(checkOf(what, rabbit), 'ok', /does not exist yet/);
      const other = await model.createChannel();
      other.on('error', () => undefined);
      await assert.rejects(other.checkQueue('usersStreamAction'), /404/);
      const another = await model.createChannel();
      another.on('error', () => undefined);
      await assert.rejects(another.checkExchange('gainium.events'), /404/);
    });

    test('nothing there, and a user without rights: each missing right is named', async () => {
      for (const what of everything) {
        await finds(
          checkOf(what, restricted),
          'fail',
          /restricted may not declare it/,
          /set_permissions -p spare/,
        );
      }
    });

    test('everything there as we declare it; a user without rights may not use it', async () => {
      await declareAll();
      try {
        for (const what of everything)
          await finds(checkOf(what, rabbit), 'ok', /exists as the connector declares it/);
        for (const [what, use] of [
          ['queue usersStreamAction', /may not bind it to gainium/],
          ['queue candlesRequests', /may not bind it to gainium/],
          ['exchange gainium.events', /may not publish to it/],
          ['queue userStreamEvents', /may not bind it to gainium\.events/],
          ['queue gainium.connector.rejected', /may not send replies/],
        ] as const) {
          await finds(checkOf(what, restricted), 'fail', use, /set_permissions/);
        }
        await finds(checkOf('exchange gainium', restricted), 'warn', /may not declare it \(configure\)/);
      } finally {
        await deleteAll();
      }
    });

    test('messages and bindings of what is there stay', async () => {
      await declareAll();
      try {
        channel.publish('gainium', 'usersStreamAction', Buffer.from('{}'));
        for (const what of everything) await checkOf(what, rabbit).run();
        assert.equal((await channel.checkQueue('usersStreamAction')).messageCount, 1);
        assert.equal((await channel.checkQueue('usersStreamAction')).consumerCount, 0);
        channel.publish('gainium', 'usersStreamAction', Buffer.from('{}'));
        assert.equal((await channel.checkQueue('usersStreamAction')).messageCount, 2);
      } finally {
        await deleteAll();
      }
    });

    test('queues with other arguments and exchanges of another type are named', async () => {
      await channel.assertQueue('candlesRequests', { durable: true, maxLength: 7 });
      await channel.assertQueue('usersStreamAction', { durable: false });
      await channel.assertExchange('gainium', 'topic', { durable: true });
      await channel.assertExchange('gainium.events', 'topic', { durable: false });
      try {
        await finds(
          checkOf('queue candlesRequests', rabbit),
          'warn',
          /another x-max-length: .*none.*'7'/,
          /delete it/,
        );
        await finds(checkOf('queue usersStreamAction', rabbit), 'warn', /another durable: .*'true'.*'false'/);
        await finds(checkOf('exchange gainium', rabbit), 'fail', /another type: .*'direct'.*'topic'/);
        await finds(checkOf('exchange gainium.events', rabbit), 'warn', /another durable/);
        assert.equal((await channel.checkQueue('candlesRequests')).messageCount, 0);
      } finally {
        await deleteAll();
      }
    });
  },
);

describe('exchange service', () => {
  after(closeAll);
  const pairs = [{ pair: 'BTCUSDT', baseAsset: { name: 'BTC' }, quoteAsset: { name: 'USDT' } }];

  async function against(
    answer: RequestListener,
    verdict: Finding['verdict'],
    saw: RegExp,
    isImpatient = false,
  ) {
    const server = await serve(answer);
    const impatient = (url: string) => fetch(url, { signal: AbortSignal.timeout(200) });
    await finds(exchangeService(server.url, systemClock, isImpatient ? impatient : fetch), verdict, saw);
  }
  const json =
    (body: unknown, status = 200): RequestListener =>
    (_request, response) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  test('well', () => against(json({ status: 'OK', data: pairs }), 'ok', /^1 pairs of binance/));
  test('NOTOK', () =>
    against(json({ status: 'NOTOK', data: null, reason: 'no database' }), 'warn', /no database/));
  test('HTTP 503', () => against(json({}, 503), 'warn', /HTTP 503/));
  test('an empty list', () => against(json({ status: 'OK', data: [] }), 'warn', /lists no pairs/));
  test('another service', () => against(json({ hello: 1 }), 'warn', /unexpected shape/));
  test('hanging', () => against(() => undefined, 'warn', /no answer in time/, true));
  test('absent', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    await finds(exchangeService(url, systemClock), 'warn', /ECONNREFUSED/, /EXCHANGE_SERVICE_API_URL/);
  });
  test('none wanted', () => finds(exchangeService('', systemClock), 'skip', /empty/));
});

describe('paper server', () => {
  after(closeAll);
  test('well', async () => {
    const server = await serve();
    const sockets = new WebSocketServer({ server: server.http, path: '/socket.io/' });
    sockets.on('connection', (socket) => socket.send('0{"sid":"a","upgrades":[],"pingInterval":60000}'));
    await finds(paperServer(`ws://127.0.0.1:${server.port}`, systemClock), 'ok', /greets/);
  });
  test('absent', async () => {
    await finds(
      paperServer(`ws://127.0.0.1:${await closedPort()}`, systemClock),
      'warn',
      /ECONNREFUSED/,
      /PAPER_WS/,
    );
  });
  test('another server', async () => {
    const server = await serve((_request, response) => response.writeHead(404).end());
    await finds(
      paperServer(`ws://127.0.0.1:${server.port}`, systemClock),
      'warn',
      /not as the paper server does/,
    );
  });
});

describe('venues', { timeout: 60_000 }, () => {
  after(closeAll);
  const adapter = venueNamed('okx');
  assert.ok(adapter);
  const { venue, markets } = adapter.descriptor;

  async function simulated(skewMs: number, run: (overrides: string) => Promise<void>): Promise<void> {
    const clock = { ...systemClock, now: () => Date.now() + skewMs };
    const simulator = await startSimulator({ venues: ['okx'], symbols: 2, clock });
    try {
      await run(simulator.overrides());
    } finally {
      await simulator.close();
    }
  }
  const asked = (overrides: string) => ({ venue, markets, rewrite: rewriter(parseEndpoints(overrides)) });

  test('well', () =>
    simulated(0, async (overrides) => {
      await finds(venueReach(asked(overrides), systemClock), 'ok', / reached, the slowest/);
      await finds(venueClock(adapter, asked(overrides), systemClock), 'ok', /this machine is 0\.\d\d s/);
    }));

  for (const [skewMs, verdict, saw] of [
    [5_000, 'warn', /^this machine is (5\.0\d|4\.9\d) s behind okx/],
    [-5_000, 'warn', /s ahead of okx/],
    [120_000, 'fail', /^this machine is (120\.0\d|119\.9\d) s behind okx/],
  ] as const) {
    test(`a clock that is off by ${skewMs} ms`, () =>
      simulated(skewMs, async (overrides) => {
        await finds(venueClock(adapter, asked(overrides), systemClock), verdict, saw, /NTP/);
      }));
  }

  test('down', async () => {
    const port = await closedPort();
    const target = {
      venue,
      markets,
      rewrite: (url: string) => url.replace(/^(\w+?)s?:\/\/[^/]+/, `$1://127.0.0.1:${port}`),
    };
    await finds(venueReach(target, systemClock), 'fail', /ECONNREFUSED/);
  });

  test('no such name; a server without TLS', async () => {
    const nowhere = {
      venue,
      markets,
      rewrite: (url: string) => url.replace(/\/\/[^/]+/, '//no-such-host.invalid'),
    };
    await finds(venueReach(nowhere, systemClock), 'fail', /cannot be resolved/, /DNS/);
    const plain = await serve();
    const insecure = {
      venue,
      markets,
      rewrite: (url: string) => url.replace(/\/\/[^/]+/, `//127.0.0.1:${plain.port}`),
    };
    await finds(venueReach(insecure, systemClock), 'fail', /TLS fails/, /speaks no TLS/);
  });

  test('a region that is not served', async () => {
    const blocked = await serve((_request, response) => response.writeHead(451).end('{}'));
    const target = {
      venue,
      markets,
      rewrite: (url: string) => url.replace(/^(\w+?)s?:\/\/[^/]+/, `$1://127.0.0.1:${blocked.port}`),
    };
    await finds(venueClock(adapter, target, systemClock), 'fail', /451/, /region/);
  });
});

interface Served {
  readonly http: Server;
  readonly port: number;
  readonly url: string;
}

async function serve(
  listener: RequestListener = (_request, response) => void response.end(),
): Promise<Served> {
  const http = createServer(listener).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  closers.push(() => {
    http.close();
    http.closeAllConnections();
  });
  return { http, port, url: `http://127.0.0.1:${port}` };
}
