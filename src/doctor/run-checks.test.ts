import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { doctorOptions } from './arguments';
import type { Check, Verdict } from './check';
import { fail, ok, skip, warn } from './check';
import { configuration } from './checks/configuration';
import { nodeVersion } from './checks/node-version';
import { exitCodeOf, resultText, summaryText } from './report';
import { runChecks } from './run-checks';

const check = (name: string, run: Check['run'], rest: Partial<Check> = {}): Check => ({ name, run, ...rest });
const pending = (): Promise<never> => new Promise(() => undefined);

test('all run at once; results come in the order of the checks', async () => {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const told: string[] = [];
  const results = await runChecks(
    [
      check('first', () => released.then(() => ok('late'))),
      check('second', () => {
        release();
        return Promise.resolve(ok('early'));
      }),
    ],
    new FakeClock(),
    ({ name }) => told.push(name),
  );
  assert.deepEqual(told, ['first', 'second']);
  assert.deepEqual(
    results.map(({ saw }) => saw),
    ['late', 'early'],
  );
});

test('a check waits for the one it needs, and is skipped where that failed or was skipped', async () => {
  const order: string[] = [];
  const basis = (verdict: Verdict): Check =>
    check('basis', () => {
      order.push('basis');
      return Promise.resolve({ verdict, saw: '' });
    });
  const after = check(
    'after',
    () => {
      order.push('after');
      return Promise.resolve(ok('seen'));
    },
    { needs: 'basis' },
  );
  const verdictAfter = async (verdict: Verdict) =>
    (await runChecks([basis(verdict), after], new FakeClock())).at(1)?.verdict;
  assert.equal(await verdictAfter('ok'), 'ok');
  assert.equal(await verdictAfter('warn'), 'ok');
  assert.deepEqual(order, ['basis', 'after', 'basis', 'after']);
  assert.equal(await verdictAfter('fail'), 'skip');
  assert.equal(await verdictAfter('skip'), 'skip');
  assert.equal(order.length, 6);
});

test('a check that hangs fails at its limit, and holds nobody up', async () => {
  const clock = new FakeClock();
  const running = runChecks(
    [check('hangs', pending, { limitMs: 3_000 }), check('well', () => Promise.resolve(ok('')))],
    clock,
  );
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(3_000);
  const [hangs, well] = await running;
  assert.equal(hangs?.verdict, 'fail');
  assert.equal(hangs.saw, 'no result in 3 s');
  assert.equal(well?.verdict, 'ok');
});

test('a check that throws has failed; secrets of what it says are hidden', async () => {
  const [result] = await runChecks(
    [check('throws', () => Promise.reject(new Error('amqp://me:hunter2@host is wrong')))],
    new FakeClock(),
  );
  assert.equal(result?.verdict, 'fail');
  assert.match(result.saw, /the check itself failed: amqp:/);
  assert.doesNotMatch(result.saw, /hunter2/);
});

test('the node version against the least', async () => {
  for (const [version, verdict] of [
    ['v18.20.1', 'fail'],
    ['v20.10.0', 'fail'],
    ['v20.11.0', 'ok'],
    ['v22.0.0', 'ok'],
  ] as const) {
    assert.equal((await nodeVersion(version).run()).verdict, verdict, version);
  }
});

test('a configuration that cannot be read fails with every problem', async () => {
  const finding = await configuration({ error: new Error('problems:\n  - A: bad\n  - B: bad') }).run();
  assert.equal(finding.verdict, 'fail');
  assert.match(finding.saw, /A: bad[\s\S]*B: bad/);
});

test('exit codes and texts', () => {
  const result = (finding: ReturnType<typeof ok>) => ({ name: 'one', tookMs: 1, ...finding });
  const warned = [result(ok('fine')), result(warn('odd', 'mend it')), result(skip('nothing'))];
  assert.equal(exitCodeOf(warned, false), 0);
  assert.equal(exitCodeOf(warned, true), 1);
  assert.equal(exitCodeOf([...warned, result(fail('bad', 'mend it'))], false), 1);
  assert.equal(summaryText(warned), '3 checks: 1 ok, 1 with a warning, 1 skipped');
  assert.equal(resultText(result(warn('odd', 'mend it')), 5), 'warn  one    odd\n             -> mend it');
});

test('options', () => {
  assert.deepEqual(doctorOptions([]), { isJson: false, isStrict: false, only: [], isHelp: false });
  assert.deepEqual(doctorOptions(['--json', '--strict', '--only', 'Redis, rabbitmq,']), {
    isJson: true,
    isStrict: true,
    only: ['redis', 'rabbitmq'],
    isHelp: false,
  });
  assert.throws(() => doctorOptions(['--nonsense']), TypeError);
});
