// A RabbitMQ node for one test run, and the check that a RabbitMQ server lets us in.
import { mkdir, writeFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { once } from 'node:events';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { freePorts, launch, untilReady, withFreshPorts } from './process.mjs';

const run = promisify(execFile);
const READY_LIMIT_MS = 120_000;
const EPMD_READY_LIMIT_MS = 15_000;
const ANSWER_LIMIT_MS = 5000;

/** Rejects unless the broker at `url` completes the AMQP handshake: greeting, log-in, virtual host. */
export async function greetRabbit(url) {
  const connection = await connect(url, { timeout: ANSWER_LIMIT_MS });
  // Without a listener a late socket error would end the process.
  connection.on('error', (error) => console.error(`services: RabbitMQ: ${error.message}`));
  await connection.close();
}

/**
 * Beside the usual user and virtual host: a second virtual host for tests that need the contract's own names, and a
 * user that may look at it, but has no right in it.
 */
const SPARE = { vhost: 'spare', user: 'restricted', password: 'restricted' };
const ALL = { configure: '.*', write: '.*', read: '.*' };
const NOTHING = { configure: '^$', write: '^$', read: '^$' };
const DEFINITIONS = {
  users: [
    { name: 'guest', password: 'guest', tags: 'administrator' },
    { name: SPARE.user, password: SPARE.password, tags: '' },
  ],
  vhosts: [{ name: '/' }, { name: SPARE.vhost }],
  permissions: [
    { user: 'guest', vhost: '/', ...ALL },
    { user: 'guest', vhost: SPARE.vhost, ...ALL },
    { user: SPARE.user, vhost: SPARE.vhost, ...NOTHING },
  ],
};

export function rabbitEnv(url) {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    RABBIT_HOST: hostname,
    RABBIT_PORT: port || '5672',
    RABBIT_USER: decodeURIComponent(username) || 'guest',
    RABBIT_PASSWORD: decodeURIComponent(password) || 'guest',
    RABBIT_VHOST: decodeURIComponent(pathname.slice(1)) || '/',
  };
}

async function dialOnce(port) {
  const socket = dial(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

// RabbitMQ would leave a daemon behind, or share the one of a node that is not ours: this one is a child, on a port
// of its own, and the node finds it already there.
async function startPortMapper({ guard, program, cwd, port }) {
  const server = launch({
    guard,
    program,
    args: ['-port', String(port), '-address', '127.0.0.1'],
    env: process.env,
    cwd,
    logFile: join(cwd, 'epmd.log'),
  });
  await untilReady(server, () => dialOnce(port), EPMD_READY_LIMIT_MS);
}

function nodeEnv({ cwd, port, distPort, epmdPort }) {
  return {
    ...process.env,
    // The Erlang cookie is kept in the home directory.
    HOME: cwd,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `connector-test-${process.pid}-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(cwd, 'data'),
    RABBITMQ_LOG_BASE: cwd,
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: join(cwd, 'node.pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(cwd, 'enabled_plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(cwd, 'generated'),
    RABBITMQ_SCHEMA_DIR: join(cwd, 'schema'),
    // Ours instead of the machine's /etc/rabbitmq, which belongs to the machine's own node.
    RABBITMQ_CONF_ENV_FILE: join(cwd, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(cwd, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(cwd, 'advanced.config'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
}

async function writeSettings(cwd) {
  await mkdir(cwd, { recursive: true });
  const definitions = join(cwd, 'definitions.json');
  // A small disk must not block publishers in the middle of the tests.
  const settings = ['disk_free_limit.absolute = 16MB', `load_definitions = ${definitions}`, ''];
  await writeFile(join(cwd, 'rabbitmq.conf'), settings.join('\n'));
  await writeFile(definitions, JSON.stringify(DEFINITIONS));
  await writeFile(join(cwd, 'rabbitmq-env.conf'), '');
  await writeFile(join(cwd, 'advanced.config'), '[].\n');
  await writeFile(join(cwd, 'enabled_plugins'), '[].\n');
}

/** `programs`: paths of rabbitmq-server (the real script, not Debian's wrapper that changes the user) and epmd. */
export function startRabbit({ guard, programs, directory }) {
  return withFreshPorts(async (attempt) => {
    const cwd = join(directory, `rabbit-${attempt}`);
    await writeSettings(cwd);
    const [port, distPort, epmdPort] = await freePorts(3);
    await startPortMapper({ guard, program: programs.epmd, cwd, port: epmdPort });
    const env = nodeEnv({ cwd, port, distPort, epmdPort });
    // rabbitmq-server calls `erl`, which need not be on the PATH of those who reached it by its full path.
    env.PATH = `${env.PATH ?? ''}:${dirname(programs.epmd)}`;
    const logFile = join(cwd, 'rabbit.log');
    const server = launch({ guard, program: programs.rabbit, args: [], env, cwd, logFile });
    const url = `amqp://guest:guest@127.0.0.1:${port}`;
    const ready = () => untilReady(server, () => greetRabbit(url), READY_LIMIT_MS);
    await ready();
    const { vhost, user, password } = SPARE;
    const spare = { RABBIT_SPARE_VHOST: vhost, RABBIT_SPARE_USER: user, RABBIT_SPARE_PASSWORD: password };
    // Beside the server: Debian's own wrapper would ask the machine's node.
    const control = (...orders) => run(join(dirname(programs.rabbit), 'rabbitmqctl'), orders, { cwd, env });
    return { server, ready, control, env: { ...rabbitEnv(url), ...spare } };
  });
}
