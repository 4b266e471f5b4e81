import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import type { RestLane } from './rest-budget';
import { RestBudget } from './rest-budget';

const RULES = { perIp: [{ count: 10, perMs: 1_000 }], perAccount: [{ count: 3, perMs: 1_000 }] };
const HOST = 'https://venue.example';

function stage() {
  const clock = new FakeClock();
  const budget = new RestBudget(clock);
  const made: string[] = [];
  const call = async (login: string, lane: RestLane, weight?: number): Promise<void> => {
    await budget.turns(
      HOST,
      login,
      RULES,
      lane,
    )(() => Promise.resolve(made.push(`${login} ${lane}`)), weight);
  };
  /** Lets promises settle. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, budget, made, call, settle };
}

test('an account keeps its own rate, and lets others pass meanwhile', async () => {
  const { clock, made, call, settle } = stage();
  for (let count = 0; count < 5; count += 1) void call('busy', 'look');
  void call('other', 'look');
  await settle();
  assert.deepEqual(made, ['busy look', 'busy look', 'busy look', 'other look']);
  clock.advance(1_000);
  await settle();
  assert.equal(made.filter((one) => one === 'busy look').length, 5);
});

test('the rate of the address holds for all accounts together; looks leave a part of it to sessions', async () => {
  const { clock, made, call, settle } = stage();
  for (let count = 0; count < 12; count += 1) void call(`a${count}`, 'look');
  await settle();
  assert.equal(made.length, 8);
  for (let count = 0; count < 3; count += 1) void call(`s${count}`, 'session');
  await settle();
  assert.deepEqual(made.slice(8), ['s0 session', 's1 session'], 'at once');
  clock.advance(1_000);
  await settle();
  assert.equal(made[10], 's2 session', 'first of all');
  assert.equal(made.length, 15);
});

test('heavy calls count for what they weigh, and are not overtaken for ever', async () => {
  const { clock, made, call, settle } = stage();
  void call('a', 'look', 3);
  void call('b', 'look', 3);
  void call('c', 'look', 2);
  void call('heavy', 'look', 2);
  void call('light', 'look', 1);
  await settle();
  assert.deepEqual(made, ['a look', 'b look', 'c look']);
  clock.advance(1_000);
  await settle();
  assert.deepEqual(made.slice(3), ['heavy look', 'light look']);
});

test('a login that is limited waits, in both lanes; the others go on', async () => {
  const { clock, budget, made, call, settle } = stage();
  budget.limited(HOST, 'a', RULES, 5_000);
  budget.limited(HOST, 'a', RULES, 5_000);
  void call('a', 'session');
  void call('a', 'look');
  void call('b', 'look');
  await settle();
  assert.deepEqual(made, ['b look']);
  clock.advance(5_000);
  await settle();
  assert.deepEqual(made, ['b look', 'a session', 'a look']);
});

test('a second login that is limited meanwhile: it is the address, for as long as both were told', async () => {
  const { clock, budget, made, call, settle } = stage();
  budget.limited(HOST, 'a', RULES, 600_000);
  budget.limited(HOST, 'b', RULES, 2_000);
  void call('c', 'session');
  await settle();
  assert.deepEqual(made, []);
  clock.advance(2_000);
  await settle();
  assert.deepEqual(made, ['c session']);
  budget.limited(HOST, 'c', RULES, 100_000);
  clock.advance(99_000);
  void call('d', 'session');
  await settle();
  assert.deepEqual(made, ['c session'], 'the first is still silent: it counts');
  clock.advance(1_000);
  await settle();
  assert.deepEqual(made, ['c session', 'd session']);
});

test('one login after the other is limited: no word of the address', async () => {
  const { clock, budget, made, call, settle } = stage();
  budget.limited(HOST, 'a', RULES, 1_000);
  clock.advance(1_000);
  budget.limited(HOST, 'b', RULES, 1_000);
  void call('c', 'session');
  await settle();
  assert.deepEqual(made, ['c session']);
});

test('a venue that counts by address: a pause holds for everybody, also for those who wait', async () => {
  const { clock, budget, made, call, settle } = stage();
  budget.limited(HOST, 'b', { ...RULES, limitedBy: 'address' }, 5_000);
  void call('a', 'session');
  clock.advance(4_999);
  await settle();
  assert.deepEqual(made, []);
  clock.advance(1);
  await settle();
  assert.deepEqual(made, ['a session']);
});

/** Calls that end when they are told to. */
function hanging() {
  const { budget, settle } = stage();
  const rules = { perIp: [{ count: 1_000, perMs: 1_000 }], perAccount: [{ count: 1_000, perMs: 1_000 }] };
  const ends: ((how: 'well' | 'badly') => void)[] = [];
  const outcomes: string[] = [];
  const begin = (lane: 'session' | 'look', count: number): void => {
    for (let left = count; left > 0; left -= 1) {
      const turn = budget.turns(HOST, `${lane} ${left}`, rules, lane);
      const call = () =>
        new Promise<string>((resolve, reject) =>
          ends.push((how) => (how === 'well' ? resolve(lane) : reject(new Error(`${lane} ${how}`)))),
        );
      turn(call).then(
        (how) => outcomes.push(how),
        ({ message }: Error) => outcomes.push(message),
      );
    }
  };
  return { settle, ends, outcomes, begin };
}

test('only so many calls are on their way at once; each that ends, well or not, lets another go', async () => {
  const { settle, ends, outcomes, begin } = hanging();
  begin('session', 60);
  await settle();
  assert.equal(ends.length, 24);
  ends[0]!('well');
  ends[1]!('badly');
  await settle();
  assert.deepEqual([outcomes, ends.length], [['session', 'session badly'], 26]);
  for (let at = 2; at < 60; at += 1) {
    ends[at]!('well');
    await settle();
  }
  assert.equal(outcomes.length, 60);
});

test('looks that hang leave a quarter of the places to sessions', async () => {
  const { settle, ends, outcomes, begin } = hanging();
  begin('look', 30);
  await settle();
  assert.equal(ends.length, 18);
  begin('session', 7);
  await settle();
  assert.equal(ends.length, 24, 'at once, beside them');
  ends[18]!('well');
  await settle();
  assert.deepEqual([ends.length, outcomes], [25, ['session']], 'the seventh session');
  for (let at = 19; at < 25; at += 1) ends[at]!('well');
  await settle();
  assert.equal(ends.length, 25, 'no more looks than that, also where nobody else asks');
  ends[0]!('badly');
  await settle();
  assert.equal(ends.length, 26);
});

test('audits wait behind gaps, and leave half of the rate to them', async () => {
  const { clock, made, call, settle } = stage();
  for (let count = 0; count < 8; count += 1) void call(`a${count}`, 'audit');
  await settle();
  assert.equal(made.length, 5);
  for (let count = 0; count < 4; count += 1) void call(`l${count}`, 'look');
  await settle();
  assert.deepEqual(made.slice(5), ['l0 look', 'l1 look', 'l2 look'], 'at once');
  clock.advance(1_000);
  await settle();
  assert.equal(made[8], 'l3 look', 'before the audits that came before it');
});

test('hosts that a venue counts together share one budget', async () => {
  const clock = new FakeClock();
  const budget = new RestBudget(clock);
  const rules = { ...RULES, countedAs: 'derivatives' };
  const made: string[] = [];
  for (let count = 0; count < 6; count += 1) {
    for (const host of ['https://linear.example', 'https://inverse.example']) {
      void budget.turns(host, `a${count}`, rules, 'look')(() => Promise.resolve(made.push(host)));
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(made.length, 8, 'ten for both, of which looks leave two to sessions');
  assert.equal(new Set(made).size, 2);
});
