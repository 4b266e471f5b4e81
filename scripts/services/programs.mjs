// Finds the server programs, and installs them where that is ours to do: as root on Debian and its kin.
import { spawn } from 'node:child_process';
import { accessSync, constants, writeFileSync, existsSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';

const SYSTEM_FOLDERS = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/opt/homebrew/bin',
];
// Debian's /usr/sbin/rabbitmq-server is a wrapper that changes to the user of the machine's own node.
const RABBIT_FOLDERS = ['/usr/lib/rabbitmq/bin', '/opt/homebrew/sbin', '/usr/local/sbin'];
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const FORBID_SERVICE_STARTS = '#!/bin/sh\nexit 101\n';

export const PACKAGES = { redis: 'redis-server', rabbit: 'rabbitmq-server', browser: 'chromium' };
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(error.code)) return false;
    throw error;
  }
}

function find(name, folders) {
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** Where programs are looked for. CONNECTOR_TEST_PROGRAM_PATH replaces all of it. */
function searchPath(env) {
  if (env.CONNECTOR_TEST_PROGRAM_PATH !== undefined) return env.CONNECTOR_TEST_PROGRAM_PATH.split(delimiter);
  return [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS];
}

/** Paths of the programs of one service; undefined when one of them is missing. */
export function findPrograms(service, env = process.env) {
  const path = searchPath(env);
  if (service === 'redis') {
    const redis = find('redis-server', path);
    return redis && { redis };
  }
  if (service === 'browser') {
    const browser = BROWSERS.map((name) => find(name, path)).find(Boolean);
    return browser && { browser };
  }
  const isReplaced = env.CONNECTOR_TEST_PROGRAM_PATH !== undefined;
  const rabbit = find('rabbitmq-server', isReplaced ? path : [...RABBIT_FOLDERS, ...path]);
  const epmd = find('epmd', path);
  return rabbit && epmd && { rabbit, epmd };
}

/** The commands that install the missing services' packages here; undefined when that is not ours to do. */
export function installCommands(missing, env = process.env, userId = process.getuid?.()) {
  if (userId !== 0 || find('apt-get', searchPath(env)) === undefined) return undefined;
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0'];
  const packages = missing.map((service) => PACKAGES[service]);
  return [
    ['apt-get', ...options, 'update'],
    ['apt-get', ...options, 'install', '-y', '--no-install-recommends', ...packages],
  ];
}

async function run([program, ...args]) {
  console.error(`services: ${[program, ...args].join(' ')}`);
  // Output to stderr: stdout belongs to the tests' report, or to the `export` lines of `up`.
  const stdio = ['ignore', process.stderr, process.stderr];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const [code] = await once(spawn(program, args, { stdio, env }), 'exit');
  return code;
}

// The packages would start servers of their own on the standard ports; a machine that already has a policy keeps it.
async function withoutServiceStarts(guard, action) {
  if (existsSync(POLICY_FILE)) return action();
  guard.addPath(POLICY_FILE);
  writeFileSync(POLICY_FILE, FORBID_SERVICE_STARTS, { mode: 0o755 });
  try {
    return await action();
  } finally {
    rmSync(POLICY_FILE, { force: true });
    guard.dropPath(POLICY_FILE);
  }
}

/** Installs the packages of `missing`. Whether that helped is for the caller to see: it looks for the programs again. */
export async function install(missing, guard) {
  const commands = installCommands(missing);
  if (commands === undefined) return;
  const [update, add] = commands;
  // An update that failed for one source can still have brought what we need.
  if ((await run(update)) !== 0)
    console.error('services: apt-get update failed, trying to install all the same');
  const code = await withoutServiceStarts(guard, () => run(add));
  if (code !== 0) console.error(`services: apt-get install ended with code ${code}`);
}
