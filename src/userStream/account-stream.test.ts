import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { InstrumentIndex } from '../domain/instrument';
import type { AccountVenueOptions } from '../testing/account-venue';
import {
  loginsOf,
  orderEvent,
  ORDERS,
  say,
  tinyAccountFeed,
  tinyAccountMarket,
  tinyAccountRest,
  TINY_EXCHANGE,
  WALLET,
} from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { HostileServer } from '../testing/hostile-server';
import { drive, driveUntil, tinyDeps } from '../testing/tiny-venue';
import type { Refusal } from '../venues/contract';
import type { AccountPlug } from './account-feed';
import { AccountStream } from './account-stream';
import { AuthGates } from './auth-gates';
import { StreamHistory } from './stream-history';
import { VenueClock } from './venue-clock';

const REFUSED: Refusal = { code: '-2015', text: 'no', retry: 'never', cause: 'credentials' };
const NO_RIGHT: Refusal = { code: '403', text: 'not yours', retry: 'never', cause: 'permission' };
const SLOW: Refusal = { code: '-1021', text: 'time', retry: 'backoff', cause: 'clock' };
const POLICY = { windowMs: 600_000, threshold: 3, cooldownMs: 1_800_000, cooldownMaxMs: 7_200_000 };

async function setUp(t: TestContext, given: Partial<AccountVenueOptions> = {}) {
  const server = await HostileServer.start();
  server.behave = () => ({ isDataless: true });
  const clock = new FakeClock();
  const transport = tinyDeps(clock, server.url);
  const gates = new AuthGates(POLICY, clock);
  const venueClock = new VenueClock('tiny', { clock, telemetry: transport.telemetry });
  const told: string[] = [];
  const history = new StreamHistory(clock);
  let lost = 0;
  const plug = (key: string, change: Partial<AccountVenueOptions> = {}): AccountPlug => {
    const options = { url: server.url, ...given, ...change };
    const { market } = tinyAccountMarket(options);
    const credentials = { key, secret: 'never-told', passphrase: '', options: {} };
    assert.ok(market.links.account);
    return {
      account: { market, credentials, environment: 'live' },
      feed: tinyAccountFeed(options),
      rest: tinyAccountRest(options),
      looks: tinyAccountRest({ serverTime: () => Promise.resolve(clock.now()), ...options }),
      looksSentAt: () => -Infinity,
      rules: market.links.account,
      fingerprint: key,
    };
  };
  const streams: AccountStream[] = [];
  const create = (key = 'K1', change: Partial<AccountVenueOptions> = {}): AccountStream => {
    const stream = new AccountStream(
      plug(key, change),
      {
        transport,
        gates,
        venueClock,
        instruments: new InstrumentIndex(),
        listed: () => Promise.resolve(),
        onLimited: () => undefined,
      },
      {
        onEvents: (events) => told.push(...events.map(({ kind }) => kind)),
        onLive: (missedSince) => told.push(missedSince === undefined ? 'live' : 'live after a gap'),
        onLost: () => (lost += 1),
        onUnread: () => told.push('unread'),
        onRefused: ({ code }, verdict) =>
          told.push(
            verdict ? `refused ${code} ${verdict.waitMs} ${verdict.isTripped}` : `right missing ${code}`,
          ),
        history,
      },
    );
    streams.push(stream);
    return stream;
  };
  t.after(async () => {
    for (const stream of streams) stream.stop();
    await drive(clock, 2_000);
    assert.ok(!transport.telemetry.allText().includes('never-told'), 'no secret in the log');
    assert.equal(clock.pendingCount, 0, 'every timer ended');
    await server.close();
  });
  let refusal: Refusal | undefined;
  /** Logins that nobody answers get this answer from now on. */
  const refuseLogins = (reason: Refusal): void => {
    server.behave = () => ({ isMute: true });
    refusal = reason;
  };
  const until = (what: string, condition: () => boolean, stepMs?: number) =>
    driveUntil(
      clock,
      what,
      () => {
        const mute = server.open.filter(({ behaviour }) => behaviour.isMute);
        if (refusal)
          for (const one of mute) if (loginsOf(one).length > 0) say(one, { loginRefused: refusal });
        return condition();
      },
      stepMs,
    );
  const live = (count: number) =>
    until(`live ${count} times`, () => told.filter((one) => one.startsWith('live')).length === count);
  return {
    server,
    clock,
    told,
    lost: () => lost,
    create,
    plug,
    until,
    live,
    gates,
    transport,
    refuseLogins,
    venueClock,
    history,
  };
}

test('logs in, subscribes, and is told live once everything is answered', async (t) => {
  const { server, create, live, told } = await setUp(t);
  const stream = create();
  await live(1);
  assert.deepEqual(
    server.latest?.requests.map(({ op, topics }) => [op, topics]),
    [
      ['login', []],
      ['subscribe', [ORDERS, WALLET]],
    ],
  );
  assert.equal(loginsOf(server.latest!)[0]?.key, 'K1');
  assert.equal(stream.state, 'live');
  assert.deepEqual(told, ['live']);
});

test('ids of logins and subscriptions on one connection differ', async (t) => {
  const { server, create, live } = await setUp(t);
  create();
  await live(1);
  const ids = server.latest!.requests.map(({ id }) => id.split('-')[1]);
  assert.equal(new Set(ids).size, ids.length);
});

test('a lost connection comes back and tells the gap', async (t) => {
  const { server, create, live, told } = await setUp(t);
  create();
  await live(1);
  server.latest?.cut();
  await live(2);
  assert.deepEqual(told, ['live', 'live after a gap']);
});

test('a quiet session that answered for a while is dialled again without a long wait', async (t) => {
  const { server, clock, create, live } = await setUp(t);
  create();
  await live(1);
  for (const times of [2, 3, 4, 5, 6, 7]) {
    await drive(clock, 40_000, 1_000);
    const cutAt = clock.monotonic();
    server.latest?.cut();
    await live(times);
    assert.ok(clock.monotonic() - cutAt < 2_500, `back after ${clock.monotonic() - cutAt} ms`);
  }
});

test('restart: reconnects on the same credentials', async (t) => {
  const { server, create, live, told } = await setUp(t);
  const stream = create();
  await live(1);
  stream.restart();
  await live(2);
  assert.equal(server.dials, 2);
  assert.deepEqual(told, ['live', 'live after a gap']);
});

test('refused credentials: a few tries, then silence that doubles; real data ends it', async (t) => {
  const { server, clock, create, until, told, refuseLogins, gates } = await setUp(t);
  refuseLogins(REFUSED);
  const stream = create();
  const refusals = () => told.filter((one) => one.startsWith('refused')).length;
  await until('three refusals', () => refusals() === 3);
  assert.deepEqual(told, [
    'refused -2015 5000 false',
    'refused -2015 10000 false',
    'refused -2015 1800000 true',
  ]);
  assert.equal(stream.state, 'blocked');
  await drive(clock, 1_700_000, 60_000);
  assert.equal(server.dials, 3, 'silence');
  await until('the fourth', () => refusals() === 4, 10_000);
  assert.equal(told.at(-1), 'refused -2015 3600000 true');
  server.behave = () => ({ isDataless: true });
  await until('live', () => told.includes('live'), 60_000);
  assert.ok(!gates.pauseMs('K1'));
  say(server.latest, { topic: ORDERS, events: [orderEvent()] });
  await until('an event', () => told.includes('order'));
  // Proven: the next refusal starts at the beginning.
  assert.equal(gates.refused('K1').waitMs, 5_000);
});

test('a login alone proves nothing', async (t) => {
  const { create, live, gates } = await setUp(t);
  gates.refused('K1');
  gates.proven('other');
  create();
  await live(1);
  assert.equal(gates.refused('K1').waitMs, 10_000, 'the second in a row');
});

test('the pause outlives the stream: the same credentials wait, others do not', async (t) => {
  const { server, clock, create, until, gates } = await setUp(t);
  for (let times = 0; times < 3; times += 1) gates.refused('K1');
  const paused = create('K1');
  create('K2');
  await until('a login', () => server.open.some((one) => loginsOf(one).length > 0));
  await drive(clock, 600_000, 30_000);
  assert.deepEqual([...new Set(server.connections.flatMap(loginsOf).map(({ key }) => key))], ['K2']);
  await until('the pause is over', () => paused.state === 'live', 30_000);
});

test('a skewed clock is measured anew and is no refused key', async (t) => {
  let theirs = 0;
  let asked = 0;
  const { server, clock, create, live, until, told } = await setUp(t, {
    serverTime: () => {
      asked += 1;
      return Promise.resolve(theirs);
    },
  });
  theirs = clock.now();
  server.behave = (dial) => (dial === 0 ? { isMute: true } : { isDataless: true });
  create();
  await until('a login', () => server.connections.some((one) => loginsOf(one).length > 0));
  theirs = clock.now() + 90_000;
  say(server.latest, { loginRefused: SLOW });
  await live(1);
  assert.equal(asked, 2);
  const [first, second] = server.connections.flatMap(loginsOf);
  assert.ok(second!.at - first!.at >= 90_000, 'the second login carries the venue’s time');
  assert.deepEqual(told, ['live']);
});

test('a session that the venue ends by word, twice in a row: a new one each time', async (t) => {
  const { server, create, live, told } = await setUp(t);
  create();
  await live(1);
  for (const again of [2, 3]) {
    say(server.latest, { ended: 'listen key expired' });
    await live(again);
  }
  assert.equal(server.dials, 3);
  assert.deepEqual(told, ['live', 'live after a gap', 'live after a gap']);
});

test('a frame at which the codec fails is one that could not be read: told, counted once, logged with its error', async (t) => {
  const { server, create, live, until, told, transport } = await setUp(t);
  const stream = create();
  await live(1);
  server.latest?.say('no JSON');
  await until('told', () => told.includes('unread'));
  assert.equal(stream.state, 'live');
  const { telemetry } = transport;
  assert.equal(
    telemetry.counted('connector_unknown_frames_total', { exchange: TINY_EXCHANGE, channel: 'account' }),
    1,
  );
  const line = telemetry.lines.find(({ context }) => context['note'] === 'the codec failed: SyntaxError');
  assert.ok(line?.context['error'] instanceof SyntaxError);
});

test('swap: the new session is confirmed before the old one closes, and no gap is told', async (t) => {
  const { server, create, plug, live, until, told } = await setUp(t);
  const stream = create();
  await live(1);
  const old = server.latest!;
  server.behave = () => ({ isMute: true });
  stream.swap(plug('K2'));
  await until('the second login', () => server.latest !== old && loginsOf(server.latest!).length === 1);
  assert.ok(old.isOpen);
  say(old, { topic: ORDERS, events: [orderEvent()] });
  await until('an event of the old one', () => told.includes('order'));
  say(server.latest, { ack: 'login-1' });
  await until('a subscription', () => server.latest!.requests.length === 2);
  assert.ok(old.isOpen, 'logged in is not enough');
  say(server.latest, { ack: server.latest!.requests[1]!.id });
  await until('the old one is closed', () => !old.isOpen);
  assert.equal(loginsOf(server.latest!)[0]?.key, 'K2');
  assert.deepEqual(told, ['live', 'order', 'live']);
});

test('swap to credentials that are refused: the old session stays, the new ones are tried again', async (t) => {
  const { server, create, plug, live, until, told, gates } = await setUp(t);
  const stream = create();
  await live(1);
  const old = server.latest!;
  server.behave = () => ({ isMute: true });
  stream.swap(plug('K2'));
  await until('the second login', () => server.latest !== old && loginsOf(server.latest!).length === 1);
  say(server.latest, { loginRefused: REFUSED });
  await until('the refusal', () => told.includes('refused -2015 5000 false'));
  // The old credentials' data proves nothing of the new ones.
  say(old, { topic: ORDERS, events: [orderEvent()] });
  await until('an event', () => told.includes('order'));
  assert.ok(old.isOpen);
  assert.ok(gates.pauseMs('K2') > 0);
  server.behave = () => ({ isDataless: true });
  await live(2);
  assert.ok(!old.isOpen);
  assert.equal(loginsOf(server.latest!)[0]?.key, 'K2');
});

test('swap while the old credentials are refused starts the new ones at once', async (t) => {
  const { server, create, plug, live, until, told } = await setUp(t);
  server.behave = () => ({ isMute: true });
  const stream = create();
  await until('a login', () => server.connections.some((one) => loginsOf(one).length > 0));
  say(server.latest, { loginRefused: REFUSED });
  await until('blocked', () => stream.state === 'blocked');
  server.behave = () => ({ isDataless: true });
  stream.swap(plug('K2'));
  await live(1);
  assert.deepEqual(told, ['refused -2015 5000 false', 'live']);
});

test('swap after a loss keeps the gap', async (t) => {
  const { server, create, plug, live, until, told } = await setUp(t);
  const stream = create();
  await live(1);
  server.behave = () => ({ handshake: { status: 503 } });
  server.latest?.cut();
  await until('lost', () => stream.state === 'waiting');
  server.behave = () => ({ isDataless: true });
  stream.swap(plug('K2'));
  await live(2);
  assert.deepEqual(told, ['live', 'live after a gap']);
});

test('rotation: by age and by the venue’s notice, new before old', async (t) => {
  const { server, create, live, until, told } = await setUp(t, { rules: { rotateAfterMs: [3_000, 3_000] } });
  create();
  await live(1);
  const [first] = server.connections;
  await until('rotated by age', () => !first!.isOpen);
  assert.equal(server.dials, 2);
  say(server.latest, { moveAway: 1_000 });
  const second = server.latest!;
  await until('moved away', () => !second.isOpen);
  assert.ok(server.open.length >= 1);
  assert.ok(told.length >= 3 && told.every((one) => one === 'live'), 'no gap');
});

test('the old session dies while it is replaced: the new one takes over with the gap', async (t) => {
  const { server, create, live, until, told, lost } = await setUp(t);
  const stream = create();
  await live(1);
  const old = server.latest!;
  server.behave = () => ({ isMute: true });
  say(old, { moveAway: 1_000 });
  await until('a second login', () => server.latest !== old && loginsOf(server.latest!).length === 1);
  old.cut();
  await until('handed over', () => stream.state === 'loggingIn');
  assert.equal(lost(), 1, 'the successor is not live yet');
  say(server.latest, { ack: 'login-1' });
  await until('a subscription', () => server.latest!.requests.length === 2);
  say(server.latest, { ack: server.latest!.requests[1]!.id });
  await live(2);
  assert.equal(server.dials, 2, 'no third dial');
  assert.deepEqual(told, ['live', 'live after a gap']);
});

test('a replacement that cannot subscribe what the old session has does not take over', async (t) => {
  const { server, clock, create, live, until, told, gates } = await setUp(t);
  const stream = create();
  await live(1);
  const old = server.latest!;
  server.behave = () => ({ isDataless: true, refused: [WALLET], refuses: 'named' });
  say(old, { moveAway: 1_000 });
  await until('asked', () => server.latest !== old && server.latest!.subscribed().length > 0);
  await drive(clock, 2_000);
  assert.ok(old.isOpen);
  await drive(clock, 60_000, 1_000);
  assert.ok(server.dials < 8, 'seldom and more seldom');
  assert.equal(server.open.length, 1, 'and leaves nothing behind');
  server.behave = () => ({ isDataless: true });
  await until('tried again', () => !old.isOpen, 1_000);
  assert.equal(stream.state, 'live');
  assert.equal(gates.pauseMs('K1'), 0);
  assert.deepEqual(told, ['live', 'live'], 'no word of refused credentials');
});

test('a topic that does not exist is dropped: the others go on, and the key stays good', async (t) => {
  const { server, clock, create, live, until, told, gates, history, transport } = await setUp(t);
  server.behave = () => ({ isDataless: true, refused: [WALLET], refuses: 'named' });
  const stream = create();
  await live(1);
  await drive(clock, 60_000, 1_000);
  assert.equal(server.dials, 1, 'no replacement');
  // Real data prove the key, as ever.
  gates.refused('K1');
  say(server.latest, { topic: ORDERS, events: [orderEvent()] });
  await until('an order', () => told.includes('order'));
  assert.equal(gates.pauseMs('K1'), 0);
  const cutAt = clock.monotonic();
  server.latest?.cut();
  await live(2);
  assert.ok(clock.monotonic() - cutAt < 2_500, 'back at once');
  assert.deepEqual([server.dials, stream.state], [2, 'live']);
  assert.deepEqual(server.latest?.subscribed(), [ORDERS]);
  assert.deepEqual(told, ['live', 'order', 'live after a gap']);
  const labels = { exchange: TINY_EXCHANGE, channel: 'account' };
  assert.equal(transport.telemetry.counted('connector_refused_topics_total', labels), 1);
  assert.equal(transport.telemetry.logged('warn').filter((line) => line === 'topic refused').length, 1);
  assert.deepEqual(history.detail().refusedTopics, [
    { topic: WALLET, code: 'NO_TOPIC', text: 'no such topic' },
  ]);
});

test('a topic refused for lack of a right: told once, nothing waits for it, and each dial asks again', async (t) => {
  const { server, clock, create, live, told, gates, history } = await setUp(t, { refusal: NO_RIGHT });
  server.behave = () => ({ isDataless: true, refused: [WALLET], refuses: 'named' });
  const stream = create();
  await live(1);
  assert.deepEqual(told, ['right missing 403', 'live']);
  await drive(clock, 300_000, 1_000);
  assert.equal(server.dials, 1, 'no replacements in turns');
  for (const times of [2, 3]) {
    const cutAt = clock.monotonic();
    server.latest?.cut();
    await live(times);
    assert.ok(clock.monotonic() - cutAt < 2_500, `back after ${clock.monotonic() - cutAt} ms`);
    assert.ok(server.latest?.subscribed().includes(WALLET));
  }
  assert.equal(gates.pauseMs('K1'), 0);
  assert.deepEqual([server.dials, stream.state], [3, 'live']);
  // Somebody has granted it.
  server.behave = () => ({ isDataless: true });
  stream.restart();
  await live(4);
  assert.ok(server.latest!.topics.has(WALLET));
  assert.deepEqual(history.detail().refusedTopics, []);
  assert.equal(told.filter((one) => one === 'right missing 403').length, 1);
  assert.ok(!told.some((one) => one.startsWith('refused')));
});

test('every topic refused is no live stream: the login pauses, once per session', async (t) => {
  const { server, clock, create, until, told, gates } = await setUp(t);
  server.behave = () => ({ isDataless: true, refused: [ORDERS, WALLET], refuses: 'named' });
  create();
  const refusals = () => told.filter((one) => one.startsWith('refused')).length;
  await until('refused', () => refusals() === 1);
  assert.ok(gates.pauseMs('K1') > 0);
  await drive(clock, 2_000);
  await until('refused for good', () => refusals() === 3);
  assert.deepEqual(told, [
    'refused NO_TOPIC 5000 false',
    'refused NO_TOPIC 10000 false',
    'refused NO_TOPIC 1800000 true',
  ]);
  assert.equal(server.dials, 3);
});

test('an endpoint refused for good pauses like a login; a failing one is asked again', async (t) => {
  let failures = 0;
  let error = new ConnectorError('REST_FAILED', 'listen key: refused', { retry: 'never', cause: REFUSED });
  const { server, clock, create, until, told } = await setUp(t, {
    endpoint: () => {
      failures += 1;
      return Promise.reject(error);
    },
  });
  const stream = create();
  await until('tripped', () => told.includes('refused -2015 1800000 true'));
  assert.equal(failures, 3);
  await drive(clock, 1_000_000, 60_000);
  assert.equal(failures, 3, 'silence at the REST API too');
  error = new ConnectorError('REST_TIMEOUT', 'listen key: no answer');
  await until('asked again and again', () => failures > 6, 30_000);
  assert.equal(told.length, 3);
  assert.equal(server.dials, 0);
  assert.equal(stream.state, 'waiting');
});

test('a secret that cannot sign costs its session, not the process, and is not quoted', async (t) => {
  const { create, until, told, transport } = await setUp(t, {
    sign: ({ credentials }) => {
      throw new TypeError(`unsupported key ${credentials.secret}`);
    },
  });
  create();
  await until('refused', () => told.includes('refused TypeError 5000 false'));
  assert.ok(!transport.telemetry.allText().includes('never-told'));
});

test('keep-alive: repeated, given up after the third failure in a row, silent after the end', async (t) => {
  const failing = [false, true, true, false, true, true, true];
  let runs = 0;
  let release: (() => void) | undefined;
  const keepAlive = {
    everyMs: 300_000,
    run: () => {
      runs += 1;
      if (runs > failing.length) return new Promise<'kept'>((resolve) => (release = () => resolve('kept')));
      return failing[runs - 1] ? Promise.reject(new Error('not extended')) : Promise.resolve('kept' as const);
    },
  };
  const { server, create, live, until, told, transport, clock } = await setUp(t, { keepAlive });
  const stream = create();
  await live(1);
  await until('renewed', () => told.length === 2, 5_000);
  assert.deepEqual(told, ['live', 'live after a gap']);
  assert.equal(runs, 7);
  assert.equal(server.dials, 2);
  assert.equal(
    transport.telemetry.logged('warn').filter((line) => line === 'session not kept alive').length,
    5,
  );
  await until('asked again', () => release !== undefined, 5_000);
  stream.stop();
  release?.();
  await drive(clock, 2_000);
  assert.equal(clock.pendingCount, 0);
});

test('keep-alive: a token that is gone is not asked for again; the new session stands before the old one goes', async (t) => {
  const outcomes = ['kept', 'gone', 'kept'] as const;
  let runs = 0;
  const keepAlive = { everyMs: 300_000, run: () => Promise.resolve(outcomes[(runs += 1) - 1] ?? 'kept') };
  const { server, create, live, until, told, lost, transport, clock } = await setUp(t, { keepAlive });
  const stream = create();
  await live(1);
  await drive(clock, 599_000, 1_000);
  assert.equal(runs, 1);
  let together = 0;
  const began = clock.monotonic();
  await until('renewed', () => {
    together = Math.max(together, server.open.length);
    return told.length === 2;
  });
  assert.equal(runs, 2, 'no further try');
  assert.ok(clock.monotonic() - began < 10_000, 'at once');
  // Nobody knows how long the old session had been deaf: that has to be looked up.
  assert.deepEqual(told, ['live', 'live after a gap']);
  assert.equal(server.dials, 2);
  assert.equal(together, 2, 'both stood for a moment');
  assert.equal(lost(), 0);
  await until('the old one is closed', () => server.open.length === 1);
  assert.deepEqual(transport.telemetry.logged('warn'), [
    'the venue has ended the token of the session; renewing it',
  ]);
  await until('the new one is kept', () => runs === 3, 5_000);
  assert.equal(stream.state, 'live');
});

test('keep-alive: gone while the venue takes no new session: the old one stays until one stands', async (t) => {
  let runs = 0;
  const outcome = (): 'kept' | 'gone' => ((runs += 1) === 1 ? 'gone' : 'kept');
  const keepAlive = { everyMs: 300_000, run: () => Promise.resolve(outcome()) };
  const { server, create, live, until, told, lost, clock } = await setUp(t, { keepAlive });
  create();
  await live(1);
  server.behave = () => ({ isDataless: true, handshake: { status: 503 } });
  await drive(clock, 320_000, 1_000);
  assert.ok(server.dials > 2);
  assert.deepEqual([told.length, lost(), server.open.length], [1, 0, 1]);
  server.behave = () => ({ isDataless: true });
  await until('renewed', () => told.length === 2, 1_000);
  assert.deepEqual(told, ['live', 'live after a gap']);
});

test('stop at any moment leaves nothing behind', async (t) => {
  for (const turns of [0, 1, 2, 3, 5, 8, 13]) {
    const { clock, create, told } = await setUp(t, {
      keepAlive: { everyMs: 1_000, run: () => Promise.resolve('kept') },
    });
    const stream = create();
    await drive(clock, turns * 100);
    stream.stop();
    const before = told.length;
    await drive(clock, 2_000);
    assert.equal(clock.pendingCount, 0);
    assert.equal(told.length, before);
    assert.equal(stream.state, 'closed');
  }
});
