import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import type { Log } from '../domain/telemetry';
import type { LogOptions } from './logger';
import { createLog } from './logger';
import { isSecretName, scrub, scrubText } from './scrub';

type Line = Readonly<Record<string, unknown>>;

function recorded(options: Partial<LogOptions> = {}): { log: Log; text: () => string; lines: () => Line[] } {
  let text = '';
  const stream = { write: (line: string): void => void (text += line) };
  const log = createLog({ level: 'info', debug: [], pretty: false, stream, ...options });
  const lines = (): Line[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  return { log, text: () => text, lines };
}

test('a line is JSON with level, time, context of the children and message', () => {
  const { log, lines } = recorded();
  log
    .child({ module: 'bybit', exchange: 'bybit' })
    .child({ exchange: 'bybitLinear' })
    .warn({ topics: 3 }, 'stale');
  const [line] = lines();
  const { time, ...rest } = line!;
  assert.ok(!Number.isNaN(Date.parse(String(time))));
  assert.deepEqual(rest, {
    level: 'warn',
    pid: process.pid,
    module: 'bybit',
    exchange: 'bybitLinear',
    topics: 3,
    message: 'stale',
  });
});

for (const [level, expected] of [
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['error', ['error']],
  ['silent', []],
] as const) {
  test(`level ${level} writes ${expected.join(', ') || 'nothing'}`, () => {
    const { log, lines } = recorded({ level });
    for (const one of ['debug', 'info', 'warn', 'error'] as const) log[one]({}, 'text');
    assert.deepEqual(
      lines().map((line) => line['level']),
      expected,
    );
  });
}

test('a debugged module and its children write debug lines, others do not', () => {
  const { log, lines } = recorded({ level: 'warn', debug: ['bybit'] });
  log.debug({}, 'root');
  log.child({ module: 'okx' }).debug({}, 'okx');
  log.child({ module: 'bybit' }).child({ module: 'transport' }).debug({}, 'below bybit');
  assert.deepEqual(
    lines().map((line) => line['message']),
    ['below bybit'],
  );
});

test('the pretty form is for people, and as free of secrets', () => {
  const { log, text } = recorded({ pretty: true });
  log.warn({ exchange: 'okx', secret: 'hunter2' }, 'amqp://me:hunter2@mq');
  assert.match(text(), /WARN.*amqp:\/\/\[redacted\]@mq/);
  assert.match(text(), /exchange.*okx/);
  assert.ok(!text().includes('hunter2'));
});

for (const name of [
  'key',
  'apiKey',
  'api_key',
  'API-KEY',
  'apiSecret',
  'secret',
  'secretKey',
  'passphrase',
  'password',
  'sign',
  'signature',
  'token',
  'accessToken',
  'listenKey',
  'authorization',
  'Authorization',
  'credentials',
  'cookie',
  'privateKey',
  'X-MBX-APIKEY',
  'X-BAPI-SIGN',
  'X-BAPI-API-KEY',
  'OK-ACCESS-PASSPHRASE',
  'ACCESS-SIGN',
  'KC-API-SIGN',
  'KC-API-PASSPHRASE',
  'CB-ACCESS-KEY',
]) {
  test(`field ${name} is hidden at any depth`, () => {
    const { log, text } = recorded();
    const value = { [name]: 'hunter2' };
    log.info({ ...value, a: value, b: { c: [{ d: value }] }, e: new Map([['f', value]]) }, 'x');
    log.child(value).info({}, 'y');
    assert.ok(!text().includes('hunter2'), text());
    assert.ok(text().includes('[redacted]'));
  });
}

test('names that only look similar stay readable', () => {
  for (const name of [
    'symbol',
    'routingKey',
    'topic',
    'passed',
    'signal',
    'tokens',
    'design',
    'keys',
    'monkey',
  ]) {
    assert.equal(isSecretName(name), false, name);
  }
  assert.deepEqual(scrub({ key: '', token: null, secret: undefined }), {
    key: '',
    token: null,
    secret: undefined,
  });
});

for (const secretive of [
  'dial of wss://user:hunter2@host:1/path failed',
  'amqp://user:hun@ter2hunter2@host',
  'https://api.binance.com/api/v3/order?symbol=BTCUSDT&signature=hunter2&timestamp=1',
  'wss://x/endpoint?token=hunter2&[welcome]',
  'GET /x?listenKey=hunter2',
  'apiKey=hunter2, recvWindow=5000',
  '{"op":"login","args":[{"apiKey":"hunter2","passphrase":"hunter2","sign":"hunter2=="}]}',
  '{\\"secret\\":\\"hunter2\\",\\"a\\":1}',
  '{"secret": "a\\"hunter2"}',
  'Authorization: Bearer hunter2hunter2',
  'passphrase: hunter2',
  'bearer hunter2.hunter2.hunter2 refused',
  '-----BEGIN EC PRIVATE KEY-----\nhunter2\nhunter2\n-----END EC PRIVATE KEY-----',
  'cut off -----BEGIN PRIVATE KEY-----\\nhunter2',
  'wss://stream.binance.com:9443/ws/hunter2hunter2hunter2hunter2hunter2hunter2hunter2',
]) {
  test(`no secret survives in: ${secretive.slice(0, 60)}`, () => {
    const { log, text } = recorded();
    const cause = new Error(secretive);
    log.error({ url: secretive, list: [secretive], error: new Error('outer', { cause }) }, secretive);
    assert.ok(!text().includes('hunter2'), text());
  });
}

test('texts without secrets pass unchanged', () => {
  for (const text of [
    'wss://stream.binance.com:9443/ws/btcusdt@kline_1m',
    'https://api.okx.com/api/v5/public/time?instType=SPOT',
    'Unexpected token < in JSON at position 0',
    'RABBIT_PASSWORD: required (or RABBIT_PASSWORD_FILE), e.g. a long random word',
    'me@example.com',
  ]) {
    assert.equal(scrubText(text), text);
  }
});

test('an error is described with its code and its causes, and nothing else of it', () => {
  const http = Object.assign(new Error('401'), {
    code: 'E401',
    config: { body: 'hunter2' },
    request: 'hunter2',
  });
  const error = new ConnectorError('REST_FAILED', 'refused', { cause: http });
  const described = scrub(error) as Line;
  const cause = described['cause'] as Line;
  assert.deepEqual(
    [described['name'], described['code'], described['message'], cause['code'], cause['message']],
    ['ConnectorError', 'REST_FAILED', 'refused', 'E401', '401'],
  );
  assert.match(String(described['stack']), /logger\.test/);
  assert.ok(!JSON.stringify(described).includes('hunter2'));
  const answer = new Error('x', { cause: { headers: 'hunter2' } });
  assert.equal((scrub(answer) as Line)['cause'], '[object]');
  const both = scrub(new AggregateError([new Error('first')], 'both')) as { errors: Line[] };
  assert.equal(both.errors[0]!['message'], 'first');
});

test('what cannot be written as it is becomes bounded plain data', () => {
  const cyclic: Record<string, unknown> = {
    id: 10n ** 20n,
    when: new Date(0),
    raw: Buffer.alloc(9),
    run: () => 1,
  };
  cyclic['self'] = cyclic;
  const text = JSON.stringify(
    scrub({ cyclic, many: Array.from({ length: 500 }, (_, i) => i), long: 'x'.repeat(99_999) }),
  );
  assert.ok(text.length < 20_000, String(text.length));
  for (const part of [
    '"100000000000000000000"',
    '1970-01-01',
    '[9 bytes]',
    '[function]',
    '500 items',
    '99999 characters',
  ]) {
    assert.ok(text.includes(part), part);
  }
});
