import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, test } from 'node:test';
import { getRESTRequestSignature } from 'binance';
import { ConnectorError } from '../../domain/errors';
import { payloadOf, sign } from './signing';

/**
 * Public sample keys and vectors of the venue's documentation:
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#sample-code
 */
const KEY = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';
const SECRET = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';

const ORDER = { apiKey: KEY, side: 'SELL', timeInForce: 'GTC', timestamp: 1645423376532, type: 'LIMIT' };

const params = (symbol: string): object => ({ symbol });

describe('golden vectors', () => {
  const vectors: readonly [name: string, payload: string, signature: string][] = [
    [
      'WebSocket API order',
      payloadOf({ ...ORDER, symbol: 'BTCUSDT', quantity: '0.01000000', price: '52000.00', recvWindow: 100 }),
      'aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24',
    ],
    [
      'WebSocket API subscription',
      payloadOf({ timestamp: 1645423376532, recvWindow: 5000, apiKey: KEY }),
      '4e969a560f7877137f387f0ee2ba91209b365e088880f469d65dd7673e132988',
    ],
    [
      'symbols that are not ASCII stay as they are',
      payloadOf({
        ...ORDER,
        side: 'BUY',
        symbol: '１２３４５６',
        price: '0.10000000',
        quantity: '1.00000000',
        recvWindow: 5000,
      }),
      'b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd',
    ],
    [
      'REST order',
      'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559',
      'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71',
    ],
  ];
  for (const [name, payload, signature] of vectors) {
    test(name, () => assert.equal(sign(payload, SECRET), signature));
  }
});

const pems = {
  ed25519: generateKeyPairSync('ed25519'),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

for (const [kind, { privateKey, publicKey }] of Object.entries(pems)) {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const spoiled: readonly [how: string, pem: string][] = [
    ['as it is', pem],
    ['in one line', pem.trim().replace(/\n/g, ' ')],
    [
      'with blanks around its frame only',
      pem.replace('KEY-----\n', 'KEY----- ').replace('\n-----END', ' -----END'),
    ],
    ['with written line breaks', pem.replace(/\n/g, '\\n')],
  ];
  for (const [how, text] of spoiled) {
    test(`${kind} key ${how}`, () => {
      const signature = Buffer.from(sign('apiKey=K&timestamp=1', text), 'base64');
      const digest = kind === 'rsa' ? 'sha256' : null;
      assert.ok(verify(digest, Buffer.from('apiKey=K&timestamp=1'), publicKey, signature));
    });
  }

  test(`${kind}: the vendor's SDK signs the same`, async () => {
    const theirs = await getRESTRequestSignature(params('BTCUSDT'), { recvWindow: 5000 }, KEY, pem, 1);
    const own = sign(theirs.serialisedParams!, pem);
    assert.equal(encodeURIComponent(own), theirs.signature);
  });
}

test("HMAC: the vendor's SDK signs the same", async () => {
  const theirs = await getRESTRequestSignature(params('币安人生USDT'), {}, KEY, SECRET, 1_751_277_600_000);
  assert.equal(sign(theirs.serialisedParams!, SECRET), theirs.signature);
});

test('secrets that look like base64 are HMAC secrets', () => {
  assert.match(sign('a=1', Buffer.alloc(48, 7).toString('base64')), /^[0-9a-f]{64}$/);
});

test('a PEM that cannot be used says so without showing it', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  const broken = ['-----BEGIN PRIVATE KEY-----', 'bm90IGEga2V5', '-----END PRIVATE KEY-----'].join('\n');
  for (const pem of [ec.toString(), broken, '-----BEGIN PRIVATE KEY----- bm90IGEga2V5']) {
    assert.throws(
      () => sign('a=1', pem),
      (error) =>
        error instanceof ConnectorError &&
        error.code === 'COMMAND_INVALID' &&
        error.retry === 'never' &&
        error.cause === undefined &&
        !error.message.includes('bm90'),
    );
  }
});
