import assert from 'node:assert/strict';
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RestClientV5, WebsocketClient } from 'bybit-api';
import { ConnectorError } from '../../domain/errors';
import { InstrumentIndex } from '../../domain/instrument';
import type { Account, AccountRest, Decoded } from '../contract';
import { bybit } from './index';
import { privateCodec } from './private';
import { loginSignature, signatureOf } from './signing';

const { session } = bybit.accountFeed!;
const [SPOT] = bybit.descriptor.markets;
const SECRET = 'testSecret';
const noRest: AccountRest = {
  serverTime: () => Promise.reject(new Error('not needed')),
  snapshot: () => Promise.reject(new Error('not needed')),
};

function account(
  options: Record<string, string> = {},
  environment: Account['environment'] = 'live',
): Account {
  return {
    market: SPOT!,
    credentials: { key: 'testKey', secret: SECRET, passphrase: '', options },
    environment,
  };
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}

// ---------------------------------------------------------------------------- hosts

const HOSTS: readonly (readonly [Account, string])[] = [
  [account(), 'stream.bybit.com'],
  [account({ bybitHost: '' }), 'stream.bybit.com'],
  [account({ bybitHost: 'com' }), 'stream.bybit.com'],
  [account({ bybitHost: 'eu' }), 'stream.bybit.eu'],
  [account({ bybitHost: 'nl' }), 'stream.bybit.nl'],
  [account({ bybitHost: 'tr' }), 'stream.bybit.tr'],
  [account({ bybitHost: 'kz' }), 'stream.bybit.kz'],
  [account({ bybitHost: 'ge' }), 'stream.bybitgeorgia.ge'],
  [account({ bybitHost: 'demo' }), 'stream-demo.bybit.com'],
  [account({}, 'sandbox'), 'stream-testnet.bybit.com'],
  [account({ bybitHost: 'eu' }, 'sandbox'), 'stream-testnet.bybit.com'],
];

for (const [one, host] of HOSTS) {
  test(`${one.environment} ${JSON.stringify(one.credentials.options)} lives on ${host}`, async () => {
    assert.equal(await session.endpoint(one, noRest), `wss://${host}/v5/private`);
  });
}

test('a site that does not exist is refused', async () => {
  await assert.rejects(session.endpoint(account({ bybitHost: 'constructor' }), noRest), {
    code: 'COMMAND_INVALID',
    retry: 'never',
  });
});

test("the descriptor's URL is the one of a live account", async () => {
  for (const market of bybit.descriptor.markets) {
    assert.equal(await session.endpoint({ ...account(), market }, noRest), market.endpoints.account);
    assert.equal(market.links.account!.silence.floorMs, Infinity);
    assert.ok(market.links.account!.topicsPerRequest >= session.topics(account()).length);
  }
});

// ---------------------------------------------------------------------------- signatures

test('signatures: known answers', () => {
  assert.equal(
    loginSignature(1_662_350_400_000, SECRET),
    'd82912d8a1d0c58764aae6e6e2b5283ea9fccc2889ce0d0f1b5f0fc34548eb1e',
  );
  assert.equal(
    signatureOf('1658384314791testKey5000category=spot&openOnly=0&limit=50', SECRET),
    'a268ae0d0aa44f0232ff67b310fd0175601edd2197cbc784b9dc578a94e4cbd1',
  );
});

/** The SDK's own signing, which it offers to no one. */
interface Signer {
  signMessage(text: string, secret: string, method: undefined, algorithm: string): Promise<string>;
}

test('signatures: as the SDK makes them', async () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const rest = new RestClientV5({ key: 'k', secret: SECRET }) as unknown as Signer;
  const sockets = new WebsocketClient({ key: 'k', secret: SECRET }) as unknown as Signer;
  for (const secret of [SECRET, 'ü€ 🔑', privateKey]) {
    for (const text of ['GET/realtime1662350400000', '1658384314791k5000a=b%20c']) {
      const ours = signatureOf(text, secret);
      assert.equal(ours, await rest.signMessage(text, secret, undefined, 'SHA-256'));
      assert.equal(ours, await sockets.signMessage(text, secret, undefined, 'SHA-256'));
    }
  }
});

test('signatures: an RSA key survives lost line breaks, in both of its forms', () => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2_048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type, format: 'pem' },
    });
    const signature = signatureOf('GET/realtime1', privateKey.replaceAll('\n', ' '));
    assert.ok(createVerify('sha256').update('GET/realtime1').verify(publicKey, signature, 'base64'));
  }
});

test('an unreadable RSA key is refused without being shown', () => {
  const secret = '-----BEGIN PRIVATE KEY-----\nTOPSECRET\n-----END PRIVATE KEY-----';
  assert.throws(
    () => signatureOf('x', secret),
    (error: unknown) =>
      error instanceof ConnectorError &&
      error.retry === 'never' &&
      error.cause === undefined &&
      !error.message.includes('TOPSECRET'),
  );
});

// ---------------------------------------------------------------------------- frames

test('logs in with an expiry ten seconds ahead of the venue', () => {
  const requests = session.login!(account(), 1_662_350_390_000.4, counter());
  assert.deepEqual(requests, [
    {
      frame:
        '{"req_id":"1","op":"auth","args":["testKey",1662350400000,' +
        '"d82912d8a1d0c58764aae6e6e2b5283ea9fccc2889ce0d0f1b5f0fc34548eb1e"]}',
      topics: [],
      id: '1',
    },
  ]);
});

test('asks for orders and the wallet in one request, and pings', () => {
  const topics = session.topics(account());
  const nextId = counter();
  assert.deepEqual(session.subscribe(topics, nextId, account(), 0), [
    { frame: '{"req_id":"1","op":"subscribe","args":["order","wallet"]}', topics, id: '1' },
  ]);
  assert.deepEqual(session.unsubscribe(topics, nextId, account(), 0), [
    { frame: '{"req_id":"2","op":"unsubscribe","args":["order","wallet"]}', topics, id: '2' },
  ]);
  assert.equal(session.ping!(nextId), '{"req_id":"3","op":"ping"}');
});

// ---------------------------------------------------------------------------- answers

function decode(frame: unknown): Decoded<unknown> {
  const market = SPOT!;
  const context = {
    state: privateCodec.begin(market),
    market,
    receivedAt: 1,
    instruments: new InstrumentIndex(),
  };
  return privateCodec.decode(JSON.stringify(frame), context);
}

function framesOf(id: string): readonly unknown[] {
  const text = readFileSync(join(__dirname, '__fixtures__', `${id}.json`), 'utf8');
  return (JSON.parse(text) as { frames: readonly unknown[] }).frames;
}

test('understands bybit.control.connection-ok', () => {
  assert.deepEqual(framesOf('bybit.control.connection-ok').map(decode), [
    { kind: 'loggedIn' },
    { kind: 'ack' },
    { kind: 'pong' },
    { kind: 'ack', id: '10001' },
    { kind: 'pong' },
    { kind: 'pong' },
  ]);
});

test('understands bybit.control.auth-failed', () => {
  assert.deepEqual(framesOf('bybit.control.auth-failed').map(decode), [
    {
      kind: 'loginRefused',
      reason: { code: 'NO_CODE', text: 'Params Error', retry: 'backoff', cause: 'clock' },
    },
    {
      kind: 'loginRefused',
      reason: { code: '10003', text: 'Invalid apikey', retry: 'never', cause: 'credentials' },
    },
  ]);
});

const REFUSALS: readonly (readonly [number | undefined, string, unknown])[] = [
  [10000, 'venue', 'backoff'],
  [10002, 'clock', 'backoff'],
  [10003, 'credentials', 'never'],
  [10004, 'credentials', 'never'],
  [10005, 'permission', 'never'],
  [10006, 'limit', { afterMs: 1_000 }],
  [10007, 'credentials', 'never'],
  [10008, 'credentials', 'never'],
  [10009, 'limit', { afterMs: 600_000 }],
  [10010, 'ip', 'never'],
  [10016, 'venue', 'backoff'],
  [10018, 'limit', { afterMs: 5_000 }],
  [10429, 'limit', { afterMs: 5_000 }],
  [33004, 'credentials', 'never'],
  [-2015, 'credentials', 'never'],
  [99999, 'credentials', 'never'],
  [undefined, 'credentials', 'never'],
];

for (const [retCode, cause, retry] of REFUSALS) {
  test(`login refused with code ${retCode}: ${cause}`, () => {
    const decoded = decode({ op: 'auth', success: false, retCode, retMsg: 'no' });
    assert.ok(decoded.kind === 'loginRefused');
    assert.deepEqual([decoded.reason.cause, decoded.reason.retry], [cause, retry]);
  });
}

test('either spelling of success logs in', () => {
  assert.deepEqual(decode({ op: 'auth', retCode: 0, retMsg: 'OK', connId: 'c' }), { kind: 'loggedIn' });
  assert.equal(decode({ op: 'auth', success: false, retCode: 0 }).kind, 'loginRefused');
});

test('a refusal quotes no secret', () => {
  const key = 'Gk3fT9aQmZ0pLx7Vc2';
  const signature = 'd82912d8a1d0c58764aae6e6e2b5283ea9fccc2889ce0d0f1b5f0fc34548eb1e';
  const ret_msg = `error sign! ${key} ${signature}\nplease check origin_string[1662350400000${key}5000]`;
  const decoded = decode({ op: 'auth', success: false, ret_msg });
  assert.ok(decoded.kind === 'loginRefused');
  assert.equal(decoded.reason.text, 'error sign! ... ... please check');
});

test('a venue that has forgotten the login ends the session: that is no refused key', () => {
  const forgotten = { success: false, ret_msg: 'Request not authorized', op: 'subscribe', req_id: '4' };
  assert.equal(decode(forgotten).kind, 'ended');
});

test('refused topics are searched for, double ones are live', () => {
  const refused = decode({
    success: false,
    ret_msg: 'error:handler not found',
    op: 'subscribe',
    req_id: '4',
  });
  assert.ok(refused.kind === 'refused' && refused.id === '4' && refused.reason.split);
  const live = decode({ success: false, ret_msg: 'error:already subscribed,topic:order', op: 'subscribe' });
  assert.ok(live.kind === 'refused' && live.reason.alreadyLive);
});
