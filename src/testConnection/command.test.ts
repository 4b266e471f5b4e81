/** The commands themselves: arguments, where secrets come from, what is printed, exit codes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import { testOptions } from './arguments';
import { loginFrom } from './credentials';

const KEY = 'command-key-0001';
const SECRET = 'cOmMaNd-sEcReT';

test('options', () => {
  const { exchange, environment, seconds, isJson } = testOptions([
    '--exchange',
    'okx',
    '--json',
    '--seconds',
    '0',
  ]);
  assert.deepEqual([exchange, environment, seconds, isJson], ['okx', undefined, Infinity, true]);
  for (const [args, problem] of [
    [[], /--exchange: missing/],
    [['--exchange', 'okx', '--environment', 'demo'], /live or sandbox/],
    [['--exchange', 'okx', '--seconds', 'long'], /whole number/],
    [['--exchange', 'okx', '--secret', 'x'], /--secret/],
  ] as const) {
    assert.throws(() => testOptions(args), problem);
  }
  assert.equal(testOptions(['--help']).isHelp, true);
});

describe('where secrets come from', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'test-connection-'))));
  after(() => rmSync(folder, { recursive: true }));

  test('the environment, with a PEM in one line', async () => {
    const pem = '-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----';
    assert.deepEqual(
      await loginFrom({ TEST_CONNECTION_KEY: ' k ', TEST_CONNECTION_SECRET: pem }, undefined),
      {
        key: 'k',
        secret: pem.replaceAll('\\n', '\n'),
        passphrase: '',
      },
    );
  });

  test('files', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'from file\n');
    const env = {
      TEST_CONNECTION_KEY: 'k',
      TEST_CONNECTION_SECRET_FILE: file,
      TEST_CONNECTION_PASSPHRASE_FILE: file,
    };
    assert.deepEqual(await loginFrom(env, undefined), {
      key: 'k',
      secret: 'from file',
      passphrase: 'from file',
    });
    const lost = { TEST_CONNECTION_KEY: 'k', TEST_CONNECTION_SECRET_FILE: join(folder, 'nowhere') };
    await assert.rejects(loginFrom(lost, undefined), /SECRET_FILE: the file .* cannot be read \(ENOENT\)/);
  });

  test('a person, for what is missing', async () => {
    const asked: string[] = [];
    const prompt = (question: string): Promise<string> => {
      asked.push(question.split(/[ :]/, 1)[0] ?? '');
      return Promise.resolve('typed');
    };
    assert.deepEqual(await loginFrom({ TEST_CONNECTION_KEY: 'k' }, prompt), {
      key: 'k',
      secret: 'typed',
      passphrase: 'typed',
    });
    assert.deepEqual(asked, ['Secret', 'Passphrase']);
    await assert.rejects(loginFrom({}, undefined), /set TEST_CONNECTION_KEY/);
  });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function command(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  // Elsewhere, where no developer's `.env` lies.
  const options = { env: { PATH: process.env['PATH'], ...env }, cwd: tmpdir() };
  const path = join(__dirname, '..', '..', script);
  const loader = pathToFileURL(require.resolve('tsx')).href;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', loader, path, ...args],
      options,
      (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    );
    child.stdin?.end();
  });
}

describe('as commands', { timeout: 60_000 }, () => {
  let simulator: Simulator;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    simulator = await startSimulator({ venues: ['bybit'], symbols: 2 });
    simulator.accounts.addAccount({ exchange: 'bybit', key: KEY, secret: SECRET });
    env = {
      VENUE_ENDPOINTS: simulator.overrides(),
      TEST_CONNECTION_KEY: KEY,
      TEST_CONNECTION_SECRET: SECRET,
    };
  });
  after(() => simulator.close());

  const testing = (args: readonly string[], change: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    command('src/testConnection/main.ts', ['--exchange', 'bybit', ...args], { ...env, ...change });

  test('test:connection: a good key', async () => {
    const { code, out, err } = await testing(['--seconds', '1']);
    assert.equal(code, 0, out + err);
    assert.match(out, /key comm…/);
    assert.match(out, /\nok: the key works/);
  });

  test('test:connection --json: a bad one', async () => {
    const { code, out, err } = await testing(['--json'], { TEST_CONNECTION_SECRET: 'wrong' });
    assert.equal(code, 10, out + err);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { kind, verdict, exitCode } = lines.at(-1) ?? {};
    assert.deepEqual([kind, verdict, exitCode], ['verdict', 'bad-key', 10]);
    assert.ok(!out.includes(KEY) && !err.includes(KEY));
  });

  test('test:connection: wrong usage', async () => {
    const { code, err } = await command('src/testConnection/main.ts', ['--exchange', 'mtgox'], env);
    assert.equal(code, 2);
    assert.match(err, /mtgox: no such exchange/);
    assert.equal((await command('src/testConnection/main.ts', ['--exchange', 'okx'], {})).code, 2);
  });

  test('doctor', async () => {
    const doctor = (args: readonly string[], change: NodeJS.ProcessEnv = {}): Promise<Ended> =>
      command('src/doctor/main.ts', args, { ...env, RABBIT_PASSWORD: 'hunter2', ...change });
    const well = await doctor(['--only', 'node,configuration,bybit', '--json']);
    assert.equal(well.code, 0, well.out + well.err);
    const { isWell, checks } = JSON.parse(well.out) as {
      isWell: boolean;
      checks: { name: string; verdict: string }[];
    };
    assert.equal(isWell, true);
    assert.deepEqual(
      checks.map(({ name, verdict }) => `${name} ${verdict}`),
      ['node ok', 'configuration ok', 'bybit servers ok', 'bybit clock ok'],
    );
    const down = await doctor(['--only', 'redis'], { REDIS_PORT: '1' });
    assert.equal(down.code, 1);
    assert.match(down.out, /fail {2}redis connection .*ECONNREFUSED[\s\S]*-> start the server/);
    const bad = await doctor([], { HEALTH_PORT: 'x' });
    assert.equal(bad.code, 1);
    assert.match(bad.out, /HEALTH_PORT: expected/);
    assert.equal((await doctor(['--only', 'nothing'])).code, 2);
    assert.equal((await doctor(['--nonsense'])).code, 2);
    for (const { out, err } of [well, down, bad]) assert.ok(!`${out}${err}`.includes('hunter2'));
  });
});
