import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChannelStatus, MarketStatus, StreamStatus } from '../../domain/status';
import {
  channelStatus,
  marketStatus,
  NOW,
  priceStatus,
  silentStream,
  streamDetail,
  userStatus,
  workerStatus,
} from '../../testing/status';
import { overview } from './overview';
import { marketVerdict, streamVerdict } from './verdict';

const connection = channelStatus().connections[0]!;
const away = { isReady: false, failures: 2 };

describe('verdict of a market', () => {
  const cases: readonly (readonly [string, Partial<ChannelStatus>, 'ok' | 'warn' | 'bad' | 'off', RegExp])[] =
    [
      ['live', {}, 'ok', /^live$/],
      ['nothing wanted', { connections: [] }, 'off', /nothing wanted/],
      [
        'connecting for the first time',
        { connections: [{ ...connection, state: 'dialing' }] },
        'warn',
        /connecting/,
      ],
      [
        'lost once',
        {
          connections: [{ ...connection, state: 'dialing', attempt: 1 }],
          lastEnd: { reason: 'close_1006', at: NOW },
        },
        'warn',
        /no connection: close_1006$/,
      ],
      [
        'refused again and again',
        {
          connections: [{ ...connection, state: 'waiting', attempt: 4 }],
          lastEnd: { reason: 'http_503', at: NOW },
        },
        'bad',
        /http_503, 4 times in a row/,
      ],
      [
        'one of two lost',
        {
          connections: [connection, { ...connection, state: 'waiting' }],
          lastEnd: { reason: 'no_pong', at: NOW },
        },
        'warn',
        /1 of 2 connections live: no_pong/,
      ],
      ['quiet', { lastDataAt: NOW - 25_000 }, 'warn', /no data for 25 s/],
      ['silent', { lastDataAt: NOW - 90_000 }, 'bad', /no data for 90 s/],
      [
        'live for a moment, without data yet',
        { connections: [{ ...connection, forMs: 500 }], lastDataAt: NOW - 90_000 },
        'ok',
        /live/,
      ],
      [
        'a successor that does not come up is nobody’s trouble',
        { connections: [connection, { ...connection, state: 'waiting', isSuccessor: true }] },
        'ok',
        /live/,
      ],
      [
        'refused topics, with the words of the venue',
        {
          topics: { wanted: 0, pending: 0, acked: 0, confirmed: 1, refused: 1 },
          refused: [{ topic: 'x', code: '10001', text: 'no such topic' }],
        },
        'warn',
        /1 topics refused: x \(10001 no such topic\)/,
      ],
    ];
  for (const [name, over, health, words] of cases) {
    test(name, () => {
      const verdict = marketVerdict(marketStatus({ channels: [channelStatus(over)] }), NOW);
      assert.equal(verdict.health, health);
      assert.match(verdict.words, words);
    });
  }

  test('candles may be quiet: thin symbols are', () => {
    const candles = channelStatus({ channel: 'candle', lastDataAt: NOW - 600_000 });
    assert.equal(marketVerdict(marketStatus({ channels: [candles] }), NOW).health, 'ok');
  });

  test('an open gap, an empty list', () => {
    const gap: MarketStatus['gaps'][number] = {
      channel: 'candle',
      fromAt: NOW - 9_000,
      toAt: NOW - 1_000,
      reason: 'close_1006',
      topics: 1,
      closedBy: 'history',
      filled: 0,
    };
    const open = marketVerdict(marketStatus({ gaps: [gap], series: { count: 9, filling: 4 } }), NOW);
    assert.deepEqual(open, { health: 'warn', words: '4 candle series being filled' });
    assert.equal(marketVerdict(marketStatus({ gaps: [{ ...gap, closedAt: NOW }] }), NOW).health, 'ok');
    assert.match(marketVerdict(marketStatus({ instruments: 0 }), NOW).words, /no list of instruments/);
  });
});

describe('verdict of a stream', () => {
  const doors = { broker: { isReady: true, failures: 0 }, store: { isReady: true, failures: 0 } };
  const of = (over: Partial<StreamStatus>, more = {}) =>
    streamVerdict(streamDetail(over), { ...doors, ...more });

  for (const [cause, words] of [
    ['credentials', /revoked, expired or mistyped/],
    ['ip', /address is not on the key's list/],
    ['permission', /lacks a permission/],
    ['clock', /clock/],
    ['limit', /limits/],
    ['venue', /venue itself/],
  ] as const) {
    test(`refused: ${cause} is told apart, with the venue's words`, () => {
      const verdict = of({ state: 'blocked', refusal: { code: '-2015', text: 'Invalid API-key', cause } });
      assert.equal(verdict.health, 'bad');
      assert.match(verdict.words, words);
      assert.match(verdict.words, /-2015 Invalid API-key/);
    });
  }

  test('the rest', () => {
    assert.deepEqual(of({}), { health: 'ok', words: 'live' });
    assert.equal(of({ state: 'waiting', pausedMs: 5 }).health, 'bad');
    assert.equal(of({ state: 'dialing' }).words, 'reconnecting');
    assert.equal(of({ state: 'live', openGaps: 2 }).health, 'warn');
    assert.match(of({}, { broker: away }).words, /wait for RabbitMQ/);
    assert.match(of({}, { store: away }).words, /wait for Redis/);
    const fresh = silentStream({ state: 'dialing' });
    assert.equal(streamVerdict(fresh, doors).words, 'connecting');
  });
});

describe('overview', () => {
  test('all well', () => {
    const { health, words, problems, venues } = overview(priceStatus(), undefined);
    assert.deepEqual([health, words, problems], ['ok', 'all well', []]);
    const [market] = venues[0]!.markets;
    assert.deepEqual(market?.sockets, { live: 1, all: 1 });
    assert.deepEqual(market?.topics, { live: 2, all: 2, refused: 0 });
    assert.equal(market?.rate, 0);
  });

  test('rates come of two looks; a thread that began anew has none below zero', () => {
    const events = (count: number, at: number) =>
      priceStatus(
        {
          markets: [
            marketStatus({
              channels: [channelStatus({ totals: { ...channelStatus().totals, events: count } })],
            }),
          ],
        },
        { at },
      );
    const [before, after, restarted] = [events(100, NOW), events(180, NOW + 2_000), events(5, NOW + 4_000)];
    assert.equal(overview(after, before).rate, 40);
    assert.equal(overview(after, before).venues[0]?.markets[0]?.rate, 40);
    assert.equal(overview(restarted, after).rate, 0);
  });

  test('doors over all threads: some away is a warning, all away is down; the worst comes first', () => {
    const some = overview(priceStatus({ broker: away }), undefined);
    assert.deepEqual([some.health, some.words], ['warn', '1 to look at']);
    assert.match(some.doors[0]?.words ?? '', /1 of 2 connections/);
    const all = overview(priceStatus({ broker: away, instance: 'x' } as object, { broker: away }), undefined);
    assert.deepEqual([all.health, all.words], ['bad', '1 down']);
    const both = overview(priceStatus({ store: away, broker: away }, { broker: away }), undefined);
    assert.deepEqual(
      both.problems.map(({ where }) => where),
      ['RabbitMQ', 'Redis'],
    );
  });

  test('the queue of account events: crowded, unconsumed, well; a lost connection matters more', () => {
    const of = (waiting: number, consumers: number, given: object = {}) =>
      overview({ ...priceStatus(given), userEvents: { waiting, consumers, limit: 100 } }, undefined).doors[0];
    assert.deepEqual([of(81, 1)?.health, of(81, 1)?.words], ['warn', 'userStreamEvents is nearly full']);
    assert.deepEqual([of(1, 0)?.health, of(1, 0)?.words], ['warn', 'nobody consumes userStreamEvents']);
    assert.deepEqual([of(80, 1)?.health, of(0, 0)?.health], ['ok', 'ok']);
    assert.ok(of(80, 1)?.facts.includes('userStreamEvents: 80 of 100 wait, 1 consumers'));
    assert.match(of(90, 0, { broker: away })?.words ?? '', /1 of 2 connections/);
  });

  test('an outbox that does not flow, with what was refused', () => {
    const outbox = { messages: 5_000, bytes: 2_048, refused: 7, republished: 1 };
    const card = overview(priceStatus({ outbox }), undefined).doors[2];
    assert.deepEqual([card?.health, card?.messages], ['warn', 5_000]);
    assert.ok(card?.facts.some((fact) => fact.includes('7 refused')));
  });

  test('threads: dead, mute', () => {
    const venue = { venue: 'tiny', restarts: 1 } as const;
    const dead = overview(priceStatus({}, { venues: [{ ...venue, thread: 'waiting' }] }), undefined);
    assert.equal(dead.health, 'bad');
    const mute = overview(priceStatus({}, { venues: [{ ...venue, thread: 'running' }] }), undefined);
    assert.equal(mute.health, 'warn');
    const off = overview(priceStatus({}, { venues: [{ ...venue, thread: 'off' }] }), undefined);
    assert.equal(off.health, 'ok');
  });

  test('dials left: of the longest window that is a budget', () => {
    const host = (limits: readonly { count: number; perMs: number; left: number }[]) => ({
      host: 'a',
      waiting: 0,
      pausedMs: 0,
      limits,
    });
    const left = (limits: Parameters<typeof host>[0]) =>
      overview(priceStatus({ hosts: [host(limits)] }), undefined).venues[0]?.dialsLeft;
    const pace = { count: 1, perMs: 1_000, left: 0 };
    assert.equal(left([pace]), undefined);
    assert.equal(left([pace, { count: 60, perMs: 300_000, left: 15 }]), 0.25);
  });

  test('streams: troubled first, bounded, all counted; events per second', () => {
    const refusal = { code: '1', text: 'no', cause: 'ip' } as const;
    const streams = Array.from({ length: 500 }, (_, index) =>
      streamDetail({ room: `r${index}`, ...(index === 499 && { state: 'blocked', refusal }) }),
    );
    const { streams: told, health } = overview(userStatus(), undefined, streams);
    assert.equal(health, 'bad');
    assert.equal(told?.rows.length, 200);
    assert.equal(told?.rows[0]?.room, 'r499');
    assert.deepEqual(told?.counts, { live: 499, blocked: 1 });
    const later = userStatus({ at: NOW + 2_000, streamEvents: 13 });
    assert.equal(overview(later, userStatus({ streamEvents: 3 })).rate, 5);
  });

  test('latencies: of the markets, and the slowest of all', () => {
    const publishLatency = { p50: 0.001, p99: 0.02, count: 9 };
    const status = priceStatus({
      markets: [marketStatus({ publishLatency }), marketStatus({ exchange: 'other' })],
    });
    assert.equal(overview(status, undefined).p99, 0.02);
    assert.equal(overview(priceStatus(workerStatus()), undefined).p99, undefined);
  });
});
