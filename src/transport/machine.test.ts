import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LinkEffect, LinkInput, LinkState, StateName } from './machine';
import { advance, initialLink } from './machine';

const RULES = { needsLogin: false, settledAfterMs: 30_000 };
const LOGIN_RULES = { ...RULES, needsLogin: true };
const NAMES: readonly StateName[] = [
  'idle',
  'dialing',
  'loggingIn',
  'subscribing',
  'live',
  'waiting',
  'blocked',
  'closed',
];
const NEVER = { code: 'KEY', text: 'no such key', retry: 'never' } as const;
const LATER = { code: 'BUSY', text: 'busy', retry: { afterMs: 5_000 } } as const;

const INPUTS = {
  start: { type: 'start' },
  timer: { type: 'timer' },
  credentials: { type: 'credentials' },
  stop: { type: 'stop' },
  opened: { type: 'opened' },
  loggedIn: { type: 'loggedIn' },
  ready: { type: 'ready' },
  data: { type: 'data' },
  silent: { type: 'silent' },
  refusedForGood: { type: 'loginRefused', reason: NEVER },
  refusedForNow: { type: 'loginRefused', reason: LATER },
  lost: { type: 'lost', reason: 'close_1006', notBeforeMs: 7_000 },
} as const satisfies Record<string, LinkInput>;

type InputName = keyof typeof INPUTS;

/** Where each input leads and what is done. What is not listed changes nothing. */
const RETREAT = 'waiting: hangUp wait';
const TABLE: Readonly<Record<StateName, Partial<Record<InputName, string>>>> = {
  idle: { start: 'dialing: dial', stop: 'closed: hangUp' },
  dialing: {
    opened: 'subscribing: subscribe',
    lost: RETREAT,
    stop: 'closed: hangUp',
    refusedForGood: 'blocked: hangUp block',
    refusedForNow: RETREAT,
  },
  loggingIn: {
    loggedIn: 'subscribing: subscribe',
    lost: RETREAT,
    stop: 'closed: hangUp',
    refusedForGood: 'blocked: hangUp block',
    refusedForNow: RETREAT,
  },
  subscribing: {
    ready: 'live: announceLive',
    lost: RETREAT,
    stop: 'closed: hangUp',
    refusedForGood: 'blocked: hangUp block',
    refusedForNow: RETREAT,
  },
  live: {
    silent: 'live: resubscribe',
    lost: RETREAT,
    stop: 'closed: hangUp',
    refusedForGood: 'blocked: hangUp block',
    refusedForNow: RETREAT,
  },
  waiting: { timer: 'dialing: dial', stop: 'closed: hangUp' },
  blocked: { timer: 'dialing: dial', credentials: 'dialing: dial', stop: 'closed: hangUp' },
  closed: {},
};

for (const from of NAMES) {
  for (const [name, input] of Object.entries(INPUTS)) {
    const expected = TABLE[from][name as InputName];
    test(`${from} + ${name} -> ${expected ?? 'nothing'}`, () => {
      const state: LinkState = { ...initialLink, name: from, epoch: 3, attempt: 2, since: 1_000 };
      const [next, effects] = advance(state, input, 2_000, RULES);
      if (expected === undefined) {
        assert.equal(next, state);
        assert.deepEqual(effects, []);
        return;
      }
      assert.equal(`${next.name}: ${effects.map((effect) => effect.do).join(' ')}`, expected);
      assert.equal(next.since, 2_000);
    });
  }
}

test('a feed with credentials logs in before it subscribes', () => {
  const [next, effects] = advance({ ...initialLink, name: 'dialing' }, INPUTS.opened, 0, LOGIN_RULES);
  assert.equal(next.name, 'loggingIn');
  assert.deepEqual(effects, [{ do: 'login' }]);
});

test('a loss waits for the venue and counts as one more attempt', () => {
  const [next, effects] = advance({ ...initialLink, name: 'dialing', attempt: 4 }, INPUTS.lost, 0, RULES);
  assert.equal(next.attempt, 5);
  assert.deepEqual(effects[1], { do: 'wait', attempt: 4, notBeforeMs: 7_000 });
});

test('a refused login that may be repeated waits as long as the venue says', () => {
  const [, effects] = advance({ ...initialLink, name: 'loggingIn' }, INPUTS.refusedForNow, 0, LOGIN_RULES);
  assert.deepEqual(effects[1], { do: 'wait', attempt: 0, notBeforeMs: 5_000 });
});

test('new credentials start with a clean slate, the breaker does not', () => {
  const blocked: LinkState = { ...initialLink, name: 'blocked', attempt: 6 };
  assert.equal(advance(blocked, INPUTS.credentials, 0, RULES)[0].attempt, 0);
  assert.equal(advance(blocked, INPUTS.timer, 0, RULES)[0].attempt, 6);
});

test('the first session is no return, every later one is', () => {
  const subscribing: LinkState = { ...initialLink, name: 'subscribing' };
  const [live, first] = advance(subscribing, INPUTS.ready, 0, RULES);
  assert.deepEqual(first, [{ do: 'announceLive', isReturn: false }]);
  const [, second] = advance({ ...live, name: 'subscribing' }, INPUTS.ready, 0, RULES);
  assert.deepEqual(second, [{ do: 'announceLive', isReturn: true }]);
});

test('failures are forgotten only when data still comes after a while', () => {
  const live: LinkState = { ...initialLink, name: 'live', attempt: 5, since: 1_000, wasLive: true };
  assert.equal(advance(live, INPUTS.data, 30_999, RULES)[0].attempt, 5);
  assert.equal(advance(live, INPUTS.data, 31_000, RULES)[0].attempt, 0);
});

test('a silence is answered by one resubscribe, the next one by a new connection', () => {
  const live: LinkState = { ...initialLink, name: 'live', wasLive: true };
  const [again] = advance(live, INPUTS.silent, 100_000, RULES);
  // The burst that venues send after a subscribe proves nothing.
  const [burst] = advance(again, INPUTS.data, 101_000, RULES);
  assert.equal(burst.resubscribed, true);
  const [next, effects] = advance(burst, INPUTS.silent, 200_000, RULES);
  assert.equal(next.name, 'waiting');
  assert.deepEqual(
    effects.map((effect) => effect.do),
    ['hangUp', 'wait'],
  );
});

test('a resubscribe that helped is forgotten', () => {
  const live: LinkState = { ...initialLink, name: 'live', wasLive: true };
  const [again] = advance(live, INPUTS.silent, 100_000, RULES);
  const [healed] = advance(again, INPUTS.data, 130_000, RULES);
  assert.equal(healed.resubscribed, false);
});

const anyInput = fc.constantFrom(...Object.values(INPUTS)) as fc.Arbitrary<LinkInput>;
const anyRun = fc.array(fc.tuple(anyInput, fc.nat(60_000)), { maxLength: 200 });

test('no sequence of inputs breaks the rules of a link', () => {
  fc.assert(
    fc.property(anyRun, fc.boolean(), (run, needsLogin) => {
      let state = initialLink;
      let now = 0;
      let hasSocket = false;
      for (const [input, passed] of run) {
        now += passed;
        const [next, effects] = advance(state, input, now, { ...RULES, needsLogin });
        check(state, next, input, now);
        hasSocket = effects.reduce(socketAfter, hasSocket);
        state = next;
      }
    }),
    { numRuns: 500 },
  );
});

function check(before: LinkState, after: LinkState, input: LinkInput, now: number): void {
  if (before.name === 'closed') assert.equal(after, before);
  assert.ok(after.epoch >= before.epoch && after.epoch <= before.epoch + 1);
  if (after.attempt >= before.attempt) return;
  assert.equal(after.attempt, 0);
  const isSettled = input.type === 'data' && before.name === 'live' && now - before.since >= 30_000;
  assert.ok(isSettled || input.type === 'credentials');
}

/** Never two dials without a hang-up between. */
function socketAfter(hasSocket: boolean, effect: LinkEffect): boolean {
  if (effect.do === 'dial') assert.equal(hasSocket, false);
  if (effect.do === 'dial') return true;
  return effect.do === 'hangUp' ? false : hasSocket;
}
