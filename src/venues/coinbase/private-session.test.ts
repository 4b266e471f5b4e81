import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest } from '../contract';
import { coinbase } from './index';
import { privateSession } from './private-session';
import { keysTypeOf, legacySignature, tokenFor } from './signing';

const NAME = 'organizations/o/apiKeys/k';
const SEED = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const NOW = 1_700_000_005_678;
const market = coinbase.descriptor.markets[0]!;

const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const ed25519 = generateKeyPairSync('ed25519');
const sec1 = p256.privateKey.export({ type: 'sec1', format: 'pem' }) as string;
const pkcs8 = p256.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const edPem = ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const edJwk = ed25519.privateKey.export({ format: 'jwk' });
const pair = Buffer.concat([Buffer.from(edJwk.d!, 'base64url'), Buffer.from(edJwk.x!, 'base64url')]);

function account(secret: string, key = NAME, options: Record<string, string> = {}): Account {
  return { market, credentials: { key, secret, passphrase: '', options }, environment: 'live' };
}

const token = (secret: string, uri?: string): string => tokenFor(account(secret).credentials, NOW, uri);

function parts(text: string): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const [header, payload] = text
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
  return { header: header!, payload: payload! };
}

function isSignedBy(text: string, key: KeyObject, isEd25519: boolean): boolean {
  const at = text.lastIndexOf('.');
  const signature = Buffer.from(text.slice(at + 1), 'base64url');
  assert.equal(signature.length, 64);
  const signer = { key, dsaEncoding: 'ieee-p1363' as const };
  return verify(isEd25519 ? null : 'sha256', Buffer.from(text.slice(0, at)), signer, signature);
}

describe('coinbase signing', () => {
  test('Ed25519 vector', () => {
    const { credentials } = account(SEED);
    const signed = tokenFor(credentials, NOW, undefined, '00112233445566778899aabbccddeeff');
    assert.deepEqual(parts(signed), {
      header: { alg: 'EdDSA', typ: 'JWT', kid: NAME, nonce: '00112233445566778899aabbccddeeff' },
      payload: { sub: NAME, iss: 'cdp', nbf: 1_700_000_000, exp: 1_700_000_120 },
    });
    assert.equal(
      signed.split('.')[2],
      'M8frBoEpcsv7BJPFiLZlLjPoqQOc217Zr5xuBSKzmsJBf6In3xcNc6q_wQ1svw0XoufeMR4Y9L5-g_gUBIKnDg',
    );
  });

  test('legacy vector', () => {
    assert.equal(
      legacySignature('testSecret', '1700000000', 'user', 'BTC-USD,ETH-USD'),
      '5f1a3626f05b5911400138bab6e66ce9c5e332a862d3a90a243a2216cf48f1b9',
    );
  });

  const SPELLINGS: [string, string, KeyObject, boolean][] = [
    ['SEC1', sec1, p256.publicKey, false],
    ['PKCS#8', pkcs8, p256.publicKey, false],
    ['literal \\n', sec1.replaceAll('\n', '\\n'), p256.publicKey, false],
    ['CRLF and quotes', `"${sec1.replaceAll('\n', '\r\n')}"`, p256.publicKey, false],
    ['blanks for line breaks', sec1.replaceAll('\n', ' '), p256.publicKey, false],
    ['PKCS#8 of Ed25519', edPem, ed25519.publicKey, true],
    ['seed and public key', pair.toString('base64'), ed25519.publicKey, true],
    ['seed', edJwk.d!, ed25519.publicKey, true],
  ];
  for (const [spelling, secret, key, isEd25519] of SPELLINGS) {
    test(`key as ${spelling}`, () => {
      const signed = token(secret, 'GET api.coinbase.com/api/v3/brokerage/accounts');
      assert.ok(isSignedBy(signed, key, isEd25519));
      const { header, payload } = parts(signed);
      assert.equal(header['alg'], isEd25519 ? 'EdDSA' : 'ES256');
      assert.equal(payload['uri'], 'GET api.coinbase.com/api/v3/brokerage/accounts');
      assert.equal(keysTypeOf(account(secret, 'a-bare-uuid').credentials), 'cloud');
    });
  }

  test('every token has its own nonce', () => {
    assert.notEqual(parts(token(SEED)).header['nonce'], parts(token(SEED)).header['nonce']);
  });

  test('a secret that is no key: final, and not quoted', () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
    const broken = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----';
    const other = p384.export({ type: 'pkcs8', format: 'pem' }) as string;
    for (const secret of ['', 'not-a-key', broken, other, 'x'.repeat(10_000)]) {
      assert.throws(
        () => token(secret),
        (thrown) =>
          thrown instanceof ConnectorError &&
          thrown.retry === 'never' &&
          !(thrown.cause instanceof Error) &&
          (secret === '' || !thrown.message.includes(secret)),
      );
    }
  });

  test('type of the keys: as the command says, else by their looks', () => {
    const typeOf = (secret: string, key: string, keysType?: string): string =>
      keysTypeOf(account(secret, key, keysType === undefined ? {} : { keysType }).credentials);
    assert.equal(typeOf('legacySecret', 'legacyKey'), 'legacy');
    assert.equal(typeOf('legacySecret', NAME), 'cloud');
    assert.equal(typeOf(sec1, 'uuid', 'legacy'), 'legacy');
    assert.equal(typeOf('legacySecret', 'legacyKey', 'cloud'), 'cloud');
    assert.equal(typeOf('legacySecret', 'legacyKey', 'null'), 'legacy');
  });
});

describe('coinbase private session', () => {
  const framesOf = (from: Account, type: 'subscribe' | 'unsubscribe'): Record<string, string>[] =>
    privateSession[type](privateSession.topics(from), () => 1, from, NOW).map(
      ({ frame }) => JSON.parse(frame) as Record<string, string>,
    );

  test('cloud keys: a token for each frame, without uri', () => {
    const frames = framesOf(account(SEED), 'subscribe');
    assert.deepEqual(
      frames.map(({ type, channel }) => [type, channel]),
      [
        ['subscribe', 'user'],
        ['subscribe', 'heartbeats'],
      ],
    );
    const seed = Buffer.from(SEED, 'base64');
    const head = Buffer.from('302e020100300506032b657004220420', 'hex');
    const key = createPublicKey({
      ...{ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' },
    } as unknown as Parameters<typeof createPublicKey>[0]);
    for (const { jwt } of frames) {
      assert.ok(isSignedBy(jwt!, key, true));
      assert.equal('uri' in parts(jwt!).payload, false);
    }
    assert.notEqual(frames[0]?.['jwt'], frames[1]?.['jwt']);
    assert.deepEqual(
      framesOf(account(SEED), 'unsubscribe').map(({ type, channel }) => [type, channel]),
      [['unsubscribe', 'user']],
    );
  });

  test('legacy keys', () => {
    const signature = createHmac('sha256', 'secret').update('1700000005user').digest('hex');
    assert.deepEqual(framesOf(account('secret', 'key'), 'subscribe')[0], {
      ...{ type: 'subscribe', channel: 'user' },
      ...{ api_key: 'key', timestamp: '1700000005', signature },
    });
  });

  test('only the topic is waited for', () => {
    const requests = privateSession.subscribe(['user'], () => 1, account(SEED), NOW);
    assert.deepEqual(
      requests.map(({ topics, id }) => [topics, id]),
      [
        [['user'], undefined],
        [[], undefined],
      ],
    );
    assert.deepEqual(
      privateSession.subscribe([], () => 1, account(SEED), NOW),
      [],
    );
  });

  test('hosts', async () => {
    const rest: AccountRest = { serverTime: () => assert.fail(), snapshot: () => assert.fail() };
    const live = account(SEED);
    assert.equal(await privateSession.endpoint(live, rest), 'wss://advanced-trade-ws-user.coinbase.com');
    assert.equal(
      await privateSession.endpoint({ ...live, environment: 'sandbox' }, rest),
      'wss://advanced-trade-ws-user-sandbox.coinbase.com',
    );
  });
});
