import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataLiveness, LinkLiveness } from './liveness';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function link(everyMs = 20 * SECOND, timeoutMs = 10 * SECOND): LinkLiveness {
  return new LinkLiveness({ via: 'protocol', everyMs, timeoutMs }, 0);
}

test('an unanswered ping is the end of the link', () => {
  const one = link();
  assert.equal(one.check(19 * SECOND), 'ok');
  assert.equal(one.check(20 * SECOND), 'ping');
  assert.equal(one.check(29 * SECOND), 'ok');
  assert.equal(one.check(30 * SECOND), 'dead');
});

test('anything inbound answers a ping', () => {
  const one = link();
  one.check(20 * SECOND);
  one.inbound();
  assert.equal(one.check(30 * SECOND), 'ok');
  assert.equal(one.check(40 * SECOND), 'ping');
});

test('a timeout longer than the period is waited for, not restarted by every ping', () => {
  const one = link(5 * SECOND, 12 * SECOND);
  assert.equal(one.check(5 * SECOND), 'ping');
  assert.equal(one.check(10 * SECOND), 'ok');
  assert.equal(one.check(17 * SECOND), 'dead');
});

test('a peer that announced its next ping is dead once that is overdue, whatever else comes in', () => {
  const one = link();
  one.promised(25 * SECOND, 0);
  assert.equal(one.check(20 * SECOND), 'ping');
  one.inbound();
  one.promised(25 * SECOND, 21 * SECOND);
  assert.equal(one.check(40 * SECOND), 'ping');
  one.inbound();
  one.pardon(10 * SECOND, 50 * SECOND);
  assert.equal(one.check(55 * SECOND), 'ok');
  assert.equal(one.check(56 * SECOND), 'dead');
});

test('our own sleep is not held against the venue, and does not delay the next ping', () => {
  const one = link();
  one.check(20 * SECOND);
  one.pardon(300 * SECOND, 321 * SECOND);
  assert.equal(one.check(321 * SECOND), 'ok');
  one.inbound();
  one.pardon(30 * SECOND, 355 * SECOND);
  assert.equal(one.check(355 * SECOND), 'ping');
});

const BOUNDS = { floorMs: 30 * SECOND, capMs: 5 * MINUTE };

interface Run {
  readonly flow: DataLiveness;
  /** Times of the alarms. */
  readonly alarms: number[];
  now: number;
}

/** Feeds data every `everyMs` (undefined: none) for `forMs`, with the driver's check of every second. */
function run(one: Run, forMs: number, everyMs: number | undefined): Run {
  const end = one.now + forMs;
  let nextData = everyMs === undefined ? Infinity : one.now + everyMs;
  while (one.now < end) {
    one.now += SECOND;
    for (; nextData <= one.now; nextData += everyMs ?? Infinity) one.flow.data(nextData);
    if (one.flow.check(one.now) !== 'silent') continue;
    one.alarms.push(one.now);
    one.flow.forgive(one.now);
  }
  return one;
}

const fresh = (): Run => ({ flow: new DataLiveness(BOUNDS, 0), alarms: [], now: 0 });

for (const [name, everyMs, foundWithinMs] of [
  ['ten a second', 100, 32 * SECOND],
  ['one a second', SECOND, 32 * SECOND],
  ['one in ten seconds', 10 * SECOND, 42 * SECOND],
  ['one a minute', MINUTE, 242 * SECOND],
] as const) {
  test(`a feed of ${name} is found deaf within ${foundWithinMs / SECOND} s, without false alarms`, () => {
    const one = run(fresh(), 2 * 60 * MINUTE, everyMs);
    assert.deepEqual(one.alarms, []);
    const since = one.now;
    run(one, 10 * MINUTE, undefined);
    assert.ok(one.alarms[0]! - since <= foundWithinMs, `${one.alarms[0]! - since} ms`);
  });
}

test('until a rhythm is known the venue’s cap holds', () => {
  const one = run(fresh(), 20 * MINUTE, undefined);
  assert.equal(one.alarms[0], BOUNDS.capMs);
});

test('the burst after a subscribe is no rhythm', () => {
  const one = fresh();
  for (let at = 0; at < 300; at += 1) one.flow.data(at);
  assert.equal(one.flow.deadlineMs, BOUNDS.capMs);
});

test('a feed that is quieter than the cap raises a few alarms, then none', () => {
  const one = run(fresh(), 24 * 60 * MINUTE, 12 * MINUTE);
  assert.ok(one.alarms.length >= 1 && one.alarms.length <= 3, `${one.alarms.length} alarms`);
  assert.ok(one.alarms.at(-1)! <= 60 * MINUTE);
});

test('a feed that never brings data is asked again more and more rarely', () => {
  const one = run(fresh(), 24 * 60 * MINUTE, undefined);
  const gaps = one.alarms.slice(1).map((at, index) => at - one.alarms[index]!);
  assert.deepEqual(
    gaps.slice(0, 4).map((gap) => gap / MINUTE),
    [10, 20, 40, 40],
  );
});

test('a busy feed stays within the cap however often it was deaf', () => {
  const one = run(fresh(), 60 * MINUTE, SECOND);
  run(one, 6 * 60 * MINUTE, undefined);
  const gaps = one.alarms.slice(1).map((at, index) => at - one.alarms[index]!);
  assert.ok(Math.max(...gaps) <= BOUNDS.capMs);
});

test('a rhythm outlives a session, and quick data make patience short again', () => {
  const one = run(fresh(), 60 * MINUTE, 40 * SECOND);
  one.flow.begin(one.now);
  assert.ok(one.flow.deadlineMs > 100 * SECOND && one.flow.deadlineMs <= 160 * SECOND);
  run(one, 2 * 60 * MINUTE, SECOND);
  assert.equal(one.flow.deadlineMs, BOUNDS.floorMs);
});

test('our own sleep is no silence', () => {
  const one = run(fresh(), 10 * MINUTE, SECOND);
  const awakeAt = one.now + 10 * MINUTE;
  one.flow.pardon(10 * MINUTE, awakeAt);
  assert.equal(one.flow.check(awakeAt), 'waiting');
  // Read before the sleep was noticed: no credit for a time that has not come yet.
  one.flow.data(awakeAt);
  one.flow.pardon(10 * MINUTE, awakeAt);
  assert.equal(one.flow.silentForMs(awakeAt + SECOND), SECOND);
});

test('no history makes the deadline leave its bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3_600_000), fc.boolean())), (steps) => {
      const flow = new DataLiveness(BOUNDS, 0);
      let now = 0;
      for (const [passed, isData] of steps) {
        now += passed;
        if (isData) flow.data(now);
        else if (flow.check(now) === 'silent') flow.forgive(now);
        assert.ok(flow.deadlineMs >= BOUNDS.floorMs && flow.deadlineMs <= 8 * BOUNDS.capMs);
      }
    }),
  );
});
