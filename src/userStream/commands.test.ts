import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ConnectorError } from '../domain/errors';
import type { OpenStreamInput } from './commands';
import { environmentOf, fingerprint, openInput, parseCommand } from './commands';

const UUID = '5f2c0c5e-7f0e-4a57-9a55-0e6f7f6f2b11';
const api = { key: 'K', secret: 'S', passphrase: 'P', provider: 'okxLinear' };
const full = {
  ...api,
  keysType: 'cloud',
  okxSource: 'my',
  bybitHost: 'eu',
  subaccount: false,
  environment: 'live',
};

const body = (payload: unknown): Buffer => Buffer.from(JSON.stringify({ payload }));
const parse = (payload: unknown) => parseCommand(body(payload));

const access = (options: Record<string, string> = {}, change: object = {}) => ({
  exchange: 'okxLinear',
  environment: undefined as 'live' | 'sandbox' | undefined,
  credentials: { key: 'K', secret: 'S', passphrase: 'P', options },
  ...change,
});

test('every shape that the backend sends', () => {
  const optionsOfAll = { keysType: 'cloud', okxSource: 'my', bybitHost: 'eu' };
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    [
      'open, all fields',
      { event: 'open stream', uuid: UUID, data: { userId: 'u', api: full } },
      { do: 'open', room: UUID, userId: 'u', access: access(optionsOfAll, { environment: 'live' }) },
    ],
    [
      'open, optional fields missing',
      { event: 'open stream', uuid: UUID, data: { userId: 'u', api: { ...api, passphrase: undefined } } },
      {
        do: 'open',
        room: UUID,
        userId: 'u',
        access: access({}, { credentials: { key: 'K', secret: 'S', passphrase: '', options: {} } }),
      },
    ],
    [
      'open, optional fields null',
      {
        event: 'open stream',
        uuid: UUID,
        data: {
          userId: 'u',
          api: {
            ...full,
            keysType: null,
            okxSource: null,
            bybitHost: null,
            environment: null,
            subaccount: null,
          },
        },
      },
      { do: 'open', room: UUID, userId: 'u', access: access() },
    ],
    [
      'open, sandbox, blanks around',
      {
        event: 'open stream',
        uuid: ` ${UUID} `,
        data: { userId: ' u ', api: { ...api, key: ' K\n', secret: '\tS ', environment: 'sandbox' } },
      },
      { do: 'open', room: UUID, userId: 'u', access: access({}, { environment: 'sandbox' }) },
    ],
    [
      'flat credentials after a key change',
      {
        event: 'open stream',
        uuid: UUID,
        data: { ...api, keysType: null, okxSource: null, bybitHost: null },
      },
      { do: 'rekey', room: UUID, access: access() },
    ],
    ['close', { event: 'close stream', uuid: UUID }, { do: 'close', room: UUID }],
    ['restart', { event: 'force restart stream', uuid: UUID }, { do: 'restart', room: UUID }],
    ['restart of all', { event: 'force restart stream' }, { do: 'restart', room: undefined }],
    [
      'restart of all, null',
      { event: 'force restart stream', uuid: null },
      { do: 'restart', room: undefined },
    ],
    ['an unknown event', { event: 'dance', uuid: { a: 1 }, data: 7 }, { do: 'ignore' }],
  ];
  for (const [name, payload, expected] of cases) assert.deepEqual(parse(payload), expected, name);
});

test('room id of a command without one', () => {
  const room = (userId: string, change: object): string =>
    openInput({ userId, api: { ...api, ...change } } as OpenStreamInput).room;
  const vector = { provider: 'bybitLinear', passphrase: '' };
  assert.equal(room('u1', vector), 'a138c2e6dd6c0a27526f706b93a65a65d8f03ba3');
  assert.equal(room(' u1 ', { ...vector, key: ' K', secret: 'S ' }), room('u1', vector), 'trimmed first');
  assert.notEqual(room('u1', { ...vector, okxSource: 'my' }), room('u1', vector));
  assert.equal(openInput({ userId: 'u', api }, 'mine').room, 'mine');
});

test('a PEM that lost its line breaks gets them back', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim();
  for (const secret of [pem, pem.replaceAll('\n', ' '), `  ${pem.replaceAll('\n', '\r\n')}\n`]) {
    const command = openInput({ userId: 'u', api: { ...api, secret } });
    assert.equal(command.access.credentials.secret, pem);
  }
});

test('bad commands name the field', () => {
  const open = (data: unknown, uuid: unknown = UUID) => ({ event: 'open stream', uuid, data });
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^payload: /],
    [null, /^payload: /],
    [[], /^payload: |^payload\.event: /],
    [{ uuid: UUID }, /^payload\.event: /],
    [{ event: 'close stream' }, /^uuid: missing/],
    [{ event: 'close stream', uuid: '' }, /^uuid: /],
    [{ event: 'close stream', uuid: 7 }, /^uuid: /],
    [{ event: 'close stream', uuid: 'é'.repeat(150) }, /^uuid: /],
    [{ event: 'force restart stream', uuid: '' }, /^uuid: /],
    [open(undefined), /^payload: /],
    [open({ api }), /^userId: /],
    [open({ userId: 'u' }), /^api: /],
    [open({ userId: 'u', api: { ...api, key: '' } }), /^api\.key: /],
    [open({ userId: 'u', api: { ...api, secret: undefined } }), /^api\.secret: /],
    [open({ userId: 'u', api: { ...api, provider: 5 } }), /^api\.provider: /],
    [open({ userId: 'u', api: { ...api, environment: 'moon' } }), /^api\.environment: /],
    [open({ userId: 'u', api: { ...api, key: 'k'.repeat(10_001) } }), /^api\.key: /],
    [open({ ...api }, null), /^uuid: missing/],
    [open({ ...api, key: null }), /^key: /],
  ];
  for (const [payload, problem] of cases) {
    assert.throws(
      () => parse(payload),
      (error) =>
        error instanceof ConnectorError && error.code === 'COMMAND_INVALID' && problem.test(error.message),
      JSON.stringify(payload),
    );
  }
  assert.throws(
    () => parseCommand(Buffer.from('{"payload":{"key":"SECRET')),
    /^ConnectorError: the body is not JSON$/,
  );
});

test('no error ever shows a value', () => {
  const secret = 'sEcReT-9f3b';
  const junk = fc.oneof(
    fc.constant(secret),
    fc.constant({ [`${secret}`]: secret }),
    fc.constant([secret]),
    fc.constant(null),
    fc.constant(7),
    fc.constant('live'),
    fc.constant(undefined),
  );
  const fields = fc.record({
    key: junk,
    secret: junk,
    passphrase: junk,
    provider: junk,
    environment: junk,
    keysType: junk,
    okxSource: junk,
    bybitHost: junk,
  });
  const data = fc.oneof(fc.record({ userId: junk, api: fc.oneof(fields, junk) }), fields, junk);
  fc.assert(
    fc.property(
      fc.constantFrom('open stream', 'close stream', 'force restart stream', secret),
      fc.oneof(junk, fc.constant(`${secret} ${secret}`)),
      data,
      fc.boolean(),
      (event, uuid, given, isCut) => {
        const text = JSON.stringify({ payload: { event, uuid, data: given } });
        try {
          parseCommand(Buffer.from(isCut ? text.slice(0, -2) : text));
        } catch (error) {
          assert.ok(error instanceof ConnectorError);
          assert.ok(
            !`${error.message} ${String(error.cause)} ${error.stack}`.includes(secret),
            error.message,
          );
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a fingerprint tells logins apart and holds none of them', () => {
  const base = openInput({ userId: 'u', api }).access;
  const print = (change: object) =>
    fingerprint(openInput({ userId: 'other', api: { ...api, ...change } }).access);
  assert.equal(print({}), fingerprint(base));
  const changes = [
    { key: 'K2' },
    { secret: 'S2' },
    { passphrase: '' },
    { provider: 'okx' },
    { environment: 'sandbox' },
    { okxSource: 'my' },
    { bybitHost: 'my' },
    { key: 'KS' },
  ];
  const prints = changes.map(print);
  assert.equal(new Set([...prints, print({})]).size, changes.length + 1);
  assert.match(print({}), /^[0-9a-f]{64}$/);
});

test('the request decides where the account lives, else the deployment, venue by venue', () => {
  const at = (environment: 'live' | 'sandbox' | undefined, venue: string): string =>
    environmentOf({ ...access(), environment }, venue, ['okx']);
  assert.equal(at(undefined, 'okx'), 'sandbox');
  assert.equal(at(undefined, 'bitget'), 'live');
  assert.equal(at('live', 'okx'), 'live');
  assert.equal(at('sandbox', 'bitget'), 'sandbox');
});
