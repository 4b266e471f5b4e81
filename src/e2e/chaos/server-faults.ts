import { once, pause, START_LIMIT_MS, type Fault } from './fault';

/** Bytes of clients until a link breaks: in the middle of whatever is under way. */
const MOST_BYTES = { redis: 6_000, rabbit: 20_000 };

function atServer(server: 'redis' | 'rabbit'): readonly Fault[] {
  const whole = server === 'redis' ? 'Redis' : 'RabbitMQ';
  return [
    once(`${whole}: connections cut`, ({ servers }) => servers[server].cut()),
    // What was let through is carried out, and nobody hears of it.
    once(`${whole}: link breaks before the answers`, ({ servers }, chance) =>
      servers[server].cutAfter(chance.between(50, MOST_BYTES[server])),
    ),
    {
      name: `${whole}: half-open`,
      lastsMs: [500, 6_000],
      begin: ({ servers }) => {
        servers[server].freeze();
        return () => servers[server].thaw();
      },
    },
    {
      name: `${whole}: refused`,
      lastsMs: [500, 4_000],
      begin: async ({ servers }) => {
        await servers[server].refuse();
        return () => servers[server].accept();
      },
    },
    {
      name: `${whole}: slow`,
      lastsMs: [500, 4_000],
      begin: ({ servers }, chance) => {
        servers[server].delay(chance.between(20, 300));
        return () => servers[server].delay(0);
      },
    },
    {
      name: `${whole}: killed and started again`,
      lastsMs: [200, 2_000],
      begin: ({ servers }) => servers.crash(server),
    },
  ];
}

/** What our process knew of its rooms goes with Redis, and then with the process. */
export const FORGETTING = 'Redis emptied, then main killed';

export const SERVER_FAULTS: readonly Fault[] = [
  ...atServer('redis'),
  ...atServer('rabbit'),
  {
    name: 'RabbitMQ: memory alarm',
    lastsMs: [500, 4_000],
    begin: ({ servers }) => servers.alarm(),
  },
  once('RabbitMQ: queue of user events deleted', async ({ backend }) => {
    await backend.deleteUserEvents();
  }),
  {
    name: 'main: killed while RabbitMQ is away',
    lastsMs: [500, 3_000],
    begin: async ({ servers, main }, chance) => {
      await servers.rabbit.refuse();
      await pause(chance.between(300, 2_000));
      main.kill();
      return () => servers.rabbit.accept();
    },
  },
  {
    name: 'main: killed in an alarm of RabbitMQ',
    lastsMs: [500, 3_000],
    begin: async ({ servers, main }, chance) => {
      const end = await servers.alarm();
      await pause(chance.between(300, 2_000));
      main.kill();
      return end;
    },
  },
  {
    name: 'main: killed, and again before its first confirm',
    lastsMs: [500, 2_000],
    begin: async ({ servers, main }, chance) => {
      main.kill();
      await main.atWork(START_LIMIT_MS);
      // So long the commands need to come; whatever is told after that stays unconfirmed.
      await pause(chance.between(200, 4_000));
      servers.rabbit.freeze();
      await pause(chance.between(500, 4_000));
      main.kill();
      return () => servers.rabbit.thaw();
    },
  },
  once(FORGETTING, async ({ servers, main }, chance) => {
    // It keeps nothing on disk.
    const again = await servers.crash('redis');
    await again();
    await pause(chance.between(0, 4_000));
    main.kill();
  }),
];
