import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { InstrumentIndex } from '../domain/instrument';
import { tinyAccountFeed, tinyAccountMarket, tinyAccountRest } from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { accountFeed, type AccountPlug } from './account-feed';
import { StreamHistory } from './stream-history';
import { VenueClock } from './venue-clock';

const URL = 'wss://stream.tiny.example/private';

function setUp(endpoint?: () => Promise<string>) {
  const clock = new FakeClock(1_000);
  const options = { url: URL, ...(endpoint && { endpoint }) };
  const { market } = tinyAccountMarket(options);
  assert.ok(market.links.account);
  const plug: AccountPlug = {
    account: {
      market,
      credentials: { key: 'K', secret: 'S', passphrase: '', options: {} },
      environment: 'live',
    },
    feed: tinyAccountFeed(options),
    rest: tinyAccountRest(),
    looks: tinyAccountRest(),
    looksSentAt: () => -Infinity,
    rules: market.links.account,
    fingerprint: 'K',
  };
  const venueClock = new VenueClock('tiny', { clock, telemetry: new RecordedTelemetry() });
  const deps = {
    venueClock,
    instruments: new InstrumentIndex(),
    listed: () => Promise.resolve(),
    onLimited: () => undefined,
  };
  const refused: string[] = [];
  const gate = { pauseMs: () => 0, refused: ({ code }: { code: string }) => refused.push(code) };
  const history = new StreamHistory(clock);
  return { spec: accountFeed(plug, deps, gate, { history }), plug, history, refused };
}

test('the ear on a feed changes nothing, and hears dials, data and passing refusals', async () => {
  const { spec, plug, history } = setUp();
  assert.equal(await spec.endpoint(), URL);
  const { codec } = spec.feed;
  const { market, instruments } = spec;
  const context = { state: codec.begin(market), market, receivedAt: 0, instruments };
  for (const frame of [
    '{"topic":"a","events":[]}',
    '{"loginRefused":{"code":"1","text":"later","retry":"backoff"}}',
    '{"loginRefused":{"code":"2","text":"never","retry":"never"}}',
    '{"refused":true}',
    '{}',
  ]) {
    assert.deepEqual(codec.decode(frame, context), plug.feed.codec.decode(frame, context));
  }
  assert.deepEqual(
    history.detail().history.map(({ what }) => what),
    ['opened', 'dial', 'refused'],
  );
  assert.equal(history.detail().topics[0]?.topic, 'a');
});

test('what the credentials hold is named as secret, what is empty is not', () => {
  assert.deepEqual(setUp().spec.secrets, ['K', 'S']);
});

test('an endpoint that fails for good without a word of the venue is no refused key, and is asked for seldom', async () => {
  const error = new ConnectorError('COMMAND_INVALID', 'no such site', { retry: 'never' });
  const { spec, refused } = setUp(() => Promise.reject(error));
  await assert.rejects(spec.endpoint(), { message: 'no such site', retry: { afterMs: 300_000 } });
  assert.deepEqual(refused, []);
});

test('an endpoint that the venue refuses for good is a refused key', async () => {
  const cause = { code: '-2015', text: 'no', retry: 'never', cause: 'credentials' } as const;
  const error = new ConnectorError('REST_FAILED', 'refused', { retry: 'never', cause });
  const { spec, refused } = setUp(() => Promise.reject(error));
  await assert.rejects(spec.endpoint(), { code: 'DIAL_FAILED' });
  assert.deepEqual(refused, ['-2015']);
});
