// Runs the tests with servers of their own. Exit code and last lines are those of Node's test runner.
//
//   node scripts/test.mjs [--no-services] [files or folders] [options of node --test]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

const ROOTS = ['src', 'bench'];
const TEST_FILE = /\.test\.ts$/;
const BROWSER_TEST = /\.browser\.test\.ts$/;
const RUNNER = ['--enable-source-maps', '--import', 'tsx', '--test'];
const DEFAULTS = {
  '--test-reporter': 'spec',
  '--test-concurrency': 2,
  // A test that hangs must fail by its name, not by the patience of whoever waits for the whole run.
  '--test-timeout': 300_000,
};

function testFilesUnder(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .filter((name) => TEST_FILE.test(name) && !name.includes('node_modules'))
    .map((name) => join(path, name))
    .sort();
}

/** Splits our arguments: paths that exist select tests, everything else is for node, in its order. */
function readArguments(given) {
  const forUs = given.filter((argument) => argument !== '--no-services');
  const paths = forUs.filter((argument) => !argument.startsWith('-') && existsSync(argument));
  const forNode = forUs.filter((argument) => !paths.includes(argument));
  const lost = forNode.find((argument) => !argument.startsWith('-') && argument.endsWith('.ts'));
  if (lost !== undefined) throw new Error(`no such test file: ${lost}`);
  const files = (paths.length > 0 ? paths : ROOTS).flatMap(testFilesUnder);
  if (files.length === 0)
    throw new Error(`no test files (*.test.ts) in ${(paths.length > 0 ? paths : ROOTS).join(', ')}`);
  const isSet = (name) => forNode.some((argument) => argument === name || argument.startsWith(`${name}=`));
  const defaults = Object.entries(DEFAULTS).filter(([name]) => !isSet(name));
  return {
    withServices: !given.includes('--no-services'),
    withBrowser: files.some((file) => BROWSER_TEST.test(file)),
    nodeArguments: [...RUNNER, ...defaults.map(([name, value]) => `${name}=${value}`), ...forNode, ...files],
  };
}

async function runTests(nodeArguments, env) {
  const runner = spawn(process.execPath, nodeArguments, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  // A terminal's Ctrl-C reaches the runner as well; a plain `kill` reaches only us.
  const forward = (signal) => runner.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  const [code, signal] = await once(runner, 'exit');
  process.off('SIGINT', forward).off('SIGTERM', forward);
  return code ?? 128 + constants.signals[signal];
}

async function main() {
  const { withServices, withBrowser, nodeArguments } = readArguments(process.argv.slice(2));
  const browser = withBrowser ? await (await import('./services/browser.mjs')).provideBrowser() : {};
  if (!withServices) return runTests(nodeArguments, browser);
  // Loaded here, so that a run without services needs none of what speaks to them.
  const { provideServices } = await import('./services.mjs');
  const services = await provideServices({ need: ['redis', 'rabbit'] });
  try {
    const code = await runTests(nodeArguments, { ...browser, ...services.env });
    for (const failure of services.failures()) console.error(`services: during the tests ${failure}`);
    return code;
  } finally {
    await services.stop();
  }
}

process.exitCode = await main().catch((error) => {
  console.error(`test: ${error.message}`);
  return 1;
});
