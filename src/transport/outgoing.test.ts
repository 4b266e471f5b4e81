import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { Outgoing } from './outgoing';

const RATES = { outgoing: { count: 3, perMs: 1_000 }, requests: { count: 2, perMs: 1_000 } };
const HOURLY = { outgoing: { count: 5, perMs: 1_000 }, requests: { count: 2, perMs: 3_600_000 } };

interface Sent {
  readonly what: string;
  readonly at: number;
}

function queue(rates: ConstructorParameters<typeof Outgoing>[1] = RATES): {
  clock: FakeClock;
  out: Outgoing;
  sent: Sent[];
  overflows: () => number;
  request: (what: string) => void;
  ping: () => void;
} {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  let overflowed = 0;
  const out = new Outgoing(clock, rates, () => (overflowed += 1));
  const note = (what: string) => (): void => void sent.push({ what, at: clock.monotonic() });
  return {
    clock,
    out,
    sent,
    overflows: () => overflowed,
    request: (what) => out.request(note(what)),
    ping: () => out.ping(note('ping')),
  };
}

test('requests leave in order and within both rates', () => {
  const { clock, sent, request } = queue();
  for (const what of ['a', 'b', 'c', 'd', 'e']) request(what);
  clock.advance(10_000);
  assert.deepEqual(sent, [
    { what: 'a', at: 0 },
    { what: 'b', at: 0 },
    { what: 'c', at: 1_000 },
    { what: 'd', at: 1_000 },
    { what: 'e', at: 2_000 },
  ]);
});

test('a ping overtakes, and the requests keep their order', () => {
  const { clock, sent, request, ping } = queue();
  for (const what of ['a', 'b', 'c']) request(what);
  ping();
  clock.advance(10_000);
  assert.deepEqual(
    sent.map(({ what, at }) => `${what}@${at}`),
    ['a@0', 'b@0', 'ping@0', 'c@1000'],
  );
});

test('a ping does not wait behind requests that are out of budget for an hour', () => {
  const { clock, sent, request, ping } = queue(HOURLY);
  for (const what of ['a', 'b', 'c']) request(what);
  clock.advance(20_000);
  ping();
  assert.deepEqual(sent.at(-1), { what: 'ping', at: 20_000 });
  clock.advance(3_600_000);
  assert.deepEqual(sent.at(-1), { what: 'c', at: 3_600_000 });
});

test('pings count as frames, and only the newest one waits', () => {
  const { clock, sent, ping } = queue();
  for (let count = 0; count < 5; count += 1) ping();
  clock.advance(10_000);
  assert.deepEqual(
    sent.map(({ at }) => at),
    [0, 0, 0, 1_000],
  );
});

test('a pause stops requests, those that wait included, and no ping', () => {
  const { clock, out, sent, request, ping } = queue();
  for (const what of ['a', 'b', 'c']) request(what);
  out.pauseRequests(60_000);
  clock.advance(5_000);
  ping();
  assert.deepEqual(
    sent.map(({ what }) => what),
    ['a', 'b', 'ping'],
  );
  clock.advance(55_000);
  assert.deepEqual(sent.at(-1), { what: 'c', at: 60_000 });
});

test('clear leaves nothing to send and no timer', () => {
  const { clock, out, sent, request } = queue();
  for (const what of ['a', 'b', 'c', 'd']) request(what);
  out.clear();
  assert.equal(out.length, 0);
  assert.equal(clock.pendingCount, 0);
  clock.advance(10_000);
  assert.equal(sent.length, 2);
});

test('the queue is bounded: too many waiting requests are reported', () => {
  const { out, overflows, request } = queue(HOURLY);
  for (let count = 0; count < 1_002; count += 1) request('a');
  assert.equal(overflows(), 0);
  request('one too many');
  assert.equal(overflows(), 1);
  assert.equal(out.length, 1_000);
});

test('a frame that leads to more frames does not break the rates', () => {
  const { clock, out, sent } = queue();
  out.request(() => {
    sent.push({ what: 'first', at: clock.monotonic() });
    for (const what of ['second', 'third']) {
      out.request(() => void sent.push({ what, at: clock.monotonic() }));
    }
  });
  assert.deepEqual(
    sent.map(({ what }) => what),
    ['first', 'second'],
  );
  assert.equal(clock.pendingCount, 1);
  clock.advance(1_000);
  assert.equal(sent.length, 3);
});
