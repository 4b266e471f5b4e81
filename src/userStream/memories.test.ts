/** The small memories of a room: balances, deltas, reconnects, refusals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { AccountUpdate } from '../domain/account';
import { balancesEvent } from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { closedBreaker, refused } from './auth-breaker';
import { AuthGates } from './auth-gates';
import { BalanceBook } from './balance-book';
import { FlapWatch } from './flap-watch';
import { Recent } from './recent';

test('balances: older and repeated ones are no news, asset by asset', () => {
  const book = new BalanceBook();
  const accept = (...given: Parameters<typeof balancesEvent>) =>
    book.accept(balancesEvent(...given))?.position.balances.map(({ asset, free }) => `${asset} ${free}`);
  assert.deepEqual(accept(10, ['BTC', '1', '0'], ['USDT', '5', '0']), ['BTC 1', 'USDT 5']);
  assert.deepEqual(accept(10, ['BTC', '1', '0']), undefined, 'repeated by the other session');
  assert.deepEqual(accept(10, ['BTC', '1', '0.5']), ['BTC 1'], 'twice in one ms');
  assert.deepEqual(accept(11, ['BTC', '2', '0']), ['BTC 2']);
  assert.deepEqual(accept(9, ['BTC', '0', '0'], ['ETH', '7', '0']), ['ETH 7']);
  assert.deepEqual(accept(12, ['BTC', '2', '0']), ['BTC 2'], 'later, though the same');
  assert.deepEqual(accept(0, ['BTC', '9', '0']), ['BTC 9'], 'no time, no order');
});

test('balances: the published form holds the same assets', () => {
  const book = new BalanceBook();
  book.accept(balancesEvent(10, ['BTC', '1', '0']));
  const event = balancesEvent(9, ['BTC', '0', '0'], ['USDT', '5', '0']);
  const wire: AccountUpdate = {
    eventType: 'ACCOUNT_UPDATE',
    eventTime: 9,
    transactionTime: 9,
    eventReasonType: 'ORDER',
    balances: [
      { asset: 'BTC', walletBalance: '0' },
      { asset: 'USDT', walletBalance: '5' },
    ],
    positions: [],
  };
  assert.deepEqual(book.accept({ ...event, wire })?.wire?.balances, [{ asset: 'USDT', walletBalance: '5' }]);
});

test('balances: which assets are held is known over a restart, as far as the broker has confirmed it', () => {
  const book = new BalanceBook();
  const told = balancesEvent(10, ['BTC', '1', '0'], ['USDT', '0', '5'], ['ETH', '0.00', '0']);
  assert.equal(book.confirmed(told), 'BTC,USDT');
  assert.equal(
    book.confirmed(balancesEvent(11, ['BTC', '2', '0'])),
    undefined,
    'written only when it changes',
  );
  assert.equal(book.confirmed(balancesEvent(12, ['SOL', '1', '0'], ['BTC', '0', '0'])), 'USDT,SOL');

  const next = new BalanceBook();
  next.accept(balancesEvent(20, ['SOL', '3', '0']));
  next.restore('USDT,SOL,DOGE');
  const list = balancesEvent(30, ['SOL', '3', '0'], ['DOGE', '0', '0']);
  const gone = (at: number) => next.acceptSnapshot(list, at)?.position.balances.map(({ asset }) => asset);
  assert.deepEqual(gone(30), ['DOGE', 'USDT'], 'listed as empty, and not listed at all');
  assert.deepEqual(gone(31), undefined);
  assert.equal(next.confirmed(balancesEvent(30, ['DOGE', '0', '0'], ['USDT', '0', '0'])), 'SOL');
  assert.equal(next.held, 'SOL');
  new BalanceBook().restore('');
});

test('balances: what readers hold is unknown, so the next list tells it, whatever it is', () => {
  const book = new BalanceBook();
  book.accept(balancesEvent(10, ['BTC', '1', '0'], ['USDT', '5', '0']));
  for (const asset of ['BTC', 'NEW', 'GONE']) book.doubt(asset);
  const list = balancesEvent(20, ['BTC', '1', '0'], ['USDT', '5', '0'], ['NEW', '0', '0']);
  const told = () =>
    book.acceptSnapshot(list, 20)?.position.balances.map(({ asset, free }) => `${asset} ${free}`);
  assert.deepEqual(told(), ['BTC 1', 'NEW 0', 'GONE 0']);
  assert.deepEqual(told(), undefined, 'once');
});

test('balances: bounded', () => {
  const book = new BalanceBook();
  for (let at = 0; at < 20_000; at += 1) book.accept(balancesEvent(10, [`A${at}`, '1', '0']));
  assert.equal(book['assets']?.size, 5_000);
  for (let at = 0; at < 5_002; at += 1) book.confirmed(balancesEvent(10, [`A${at}`, '1', '0']));
  assert.equal(book.held?.split(',').length, 5_000);
});

test('deltas: the first time only, bounded', () => {
  const recent = new Recent(2);
  assert.deepEqual(
    ['a', 'a', 'b', 'c', 'b', 'a'].map((text) => recent.isNew(text)),
    [true, false, true, true, false, true],
  );
});

test('flaps: told at the threshold within the window, then counted anew', () => {
  const watch = new FlapWatch({ windowMs: 100, threshold: 3 });
  const told = [0, 60, 110, 150, 160, 170, 180].map((at) => watch.reconnected(at));
  assert.deepEqual(told, [undefined, undefined, undefined, 3, undefined, undefined, 3]);
});

const POLICY = { windowMs: 600_000, threshold: 3, cooldownMs: 1_800_000, cooldownMaxMs: 86_400_000 };

test('breaker: short waits, then doubling ones', () => {
  let state = closedBreaker;
  const waits: number[] = [];
  for (let now = 0, times = 0; times < 12; times += 1) {
    const verdict = refused(state, now, POLICY);
    state = verdict.state;
    waits.push(verdict.waitMs / 1_000);
    assert.equal(verdict.isTripped, times >= 2);
    now += verdict.waitMs;
  }
  const minutes = [30, 60, 120, 240, 480, 960].map((minute) => minute * 60);
  assert.deepEqual(waits, [5, 10, ...minutes, 86_400, 86_400, 86_400, 86_400]);
});

test('breaker: refusals long ago are forgiven', () => {
  let state = closedBreaker;
  for (let times = 0; times < 50; times += 1) {
    const verdict = refused(state, times * POLICY.windowMs, POLICY);
    assert.equal(verdict.isTripped, false);
    state = verdict.state;
  }
});

test('breaker: always waits, never longer than the cap', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000_000), { maxLength: 200 }), (pauses) => {
      let state = closedBreaker;
      let now = 0;
      for (const pause of pauses) {
        now += pause;
        const verdict = refused(state, now, POLICY);
        assert.ok(verdict.waitMs >= 5_000 && verdict.waitMs <= POLICY.cooldownMaxMs);
        assert.ok(verdict.state.refusals.length < POLICY.threshold);
        state = verdict.state;
      }
    }),
  );
});

test('gates: one per login, bounded', () => {
  const clock = new FakeClock();
  const gates = new AuthGates(POLICY, clock);
  assert.equal(gates.refused('a').waitMs, 5_000);
  clock.advance(2_000);
  assert.deepEqual([gates.pauseMs('a'), gates.pauseMs('b')], [3_000, 0]);
  clock.advance(9_000);
  assert.equal(gates.pauseMs('a'), 0);
  assert.equal(gates.refused('a').waitMs, 10_000);
  gates.proven('a');
  assert.equal(gates.pauseMs('a'), 0);
  for (let at = 0; at < 12_000; at += 1) gates.refused(`login ${at}`);
  assert.equal(gates.pauseMs('login 0'), 0, 'forgotten');
  assert.equal(gates.pauseMs('login 11999'), 5_000);
});
