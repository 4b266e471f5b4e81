// Redis and RabbitMQ for a test run: servers of our own, on free ports of 127.0.0.1, in a temporary folder, so that
// a developer's running servers are never touched. TEST_REDIS_URL / TEST_RABBIT_URL name servers to use instead.
//
//   node scripts/services.mjs up      keeps them running until Ctrl-C and prints the variables that lead to them
import { mkdtemp } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startGuard } from './services/guard.mjs';
import { findPrograms, install, PACKAGES } from './services/programs.mjs';
import { greetRabbit, rabbitEnv, startRabbit } from './services/rabbit.mjs';
import { pingRedis, redisEnv, startRedis } from './services/redis.mjs';

const SERVICES = {
  redis: {
    urlVariable: 'TEST_REDIS_URL',
    check: pingRedis,
    envOf: redisEnv,
    start: ({ guard, programs, directory }) => startRedis({ guard, program: programs.redis, directory }),
  },
  rabbit: { urlVariable: 'TEST_RABBIT_URL', check: greetRabbit, envOf: rabbitEnv, start: startRabbit },
};

async function useGiven(name) {
  const { urlVariable, check, envOf } = SERVICES[name];
  const url = process.env[urlVariable];
  try {
    await check(url);
  } catch (error) {
    // The URL itself may hold a password.
    throw new Error(`${urlVariable} is set, but no ${name} server can be used there: ${error.message}`, {
      cause: error,
    });
  }
  return { env: envOf(url) };
}

function helpFor(missing) {
  const packages = missing.map((name) => PACKAGES[name]).join(' ');
  const variables = missing.map((name) => SERVICES[name].urlVariable).join(' and ');
  return [
    `The tests need ${packages}, which could not be found or installed here. Any one of these helps:`,
    `  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages}`,
    '  macOS:           brew install redis rabbitmq',
    `  servers elsewhere: set ${variables}, such as redis://127.0.0.1:6379 and amqp://guest:guest@127.0.0.1:5672`,
    '  only the tests that need no server: node scripts/test.mjs --no-services <files>',
  ].join('\n');
}

async function ensurePrograms(names, guard) {
  const missingNow = () => names.filter((name) => findPrograms(name) === undefined);
  if (missingNow().length > 0) await install(missingNow(), guard);
  if (missingNow().length > 0) throw new Error(helpFor(missingNow()));
}

async function startOwn(names, guard) {
  await ensurePrograms(names, guard);
  const directory = await mkdtemp(join(tmpdir(), 'connector-services-'));
  guard.addPath(directory);
  return Promise.all(
    names.map((name) => SERVICES[name].start({ guard, programs: findPrograms(name), directory })),
  );
}

/**
 * Provides the needed servers: those of TEST_REDIS_URL / TEST_RABBIT_URL, else our own.
 * They end with `stop()`, and also when this process ends in any other way.
 * @param {{need: readonly ('redis' | 'rabbit')[], isOwn?: boolean}} options `isOwn`: never those of the variables
 * @returns {Promise<{env: Record<string, string>, crash(name: string): Promise<() => Promise<void>>,
 *   rabbitmqctl(...orders: string[]): Promise<unknown>, failures(): string[], stop(): Promise<void>}>} `env` leads to
 *   the servers; `crash` kills one of our own and resolves with the way to start it again; `rabbitmqctl` gives orders to
 *   our own broker; `failures()` tells which of our own ended by themselves.
 * @throws when a server can be neither found nor installed nor started; the message says what to do.
 */
export async function provideServices({ need, isOwn = false }) {
  const isGiven = (name) => !isOwn && Boolean(process.env[SERVICES[name].urlVariable]);
  const guard = startGuard();
  try {
    const given = await Promise.all(need.filter(isGiven).map(useGiven));
    const own = await startOwn(
      need.filter((name) => !isGiven(name)),
      guard,
    );
    const servers = own.map(({ server }) => server);
    return {
      env: Object.assign({}, ...[...given, ...own].map(({ env }) => env)),
      crash: async (name) => {
        const { server, ready } = own[need.filter((one) => !isGiven(one)).indexOf(name)] ?? {};
        if (!server) throw new Error(`${name} is not a server of our own`);
        await server.kill();
        return async () => {
          server.again();
          await ready();
        };
      },
      rabbitmqctl: (...orders) => {
        const { control } = own.find((one) => one.control) ?? {};
        if (!control) throw new Error('rabbit is not a server of our own');
        return control(...orders);
      },
      failures: () =>
        servers.filter(({ failure }) => failure).map(({ name, failure }) => `${name} ${failure}`),
      stop: () => guard.release(),
    };
  } catch (error) {
    await guard.release();
    throw error;
  }
}

async function up() {
  const services = await provideServices({ need: ['redis', 'rabbit'] });
  for (const [name, value] of Object.entries(services.env)) console.log(`export ${name}='${value}'`);
  console.error('services: running; Ctrl-C ends them');
  let watch;
  const failed = new Promise((resolve) => {
    watch = setInterval(() => services.failures().length > 0 && resolve(), 1000);
  });
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), failed]);
  clearInterval(watch);
  for (const failure of services.failures()) {
    console.error(`services: ${failure}`);
    process.exitCode = 1;
  }
  await services.stop();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv[2] !== 'up') {
    console.error('usage: node scripts/services.mjs up');
    process.exit(2);
  }
  await up().catch((error) => {
    console.error(`services: ${error.message}`);
    process.exitCode = 1;
  });
}
