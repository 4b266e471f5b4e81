/** The REST lines of logins that share a host: who waits for whom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { InstrumentIndex } from '../domain/instrument';
import { tinyAccountMarket } from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { Account, AccountRestRules } from '../venues/contract';
import type { KnownMarket } from '../venues/registry';
import { LoginLines } from './login-lines';
import { LoginPlug } from './login-plug';
import { VenueClock } from './venue-clock';
import { VenueLines } from './venue-lines';

const RULES: AccountRestRules = {
  perIp: [{ count: 100, perMs: 1_000 }],
  perAccount: [{ count: 2, perMs: 300_000 }],
};

function stage(rules: AccountRestRules = RULES) {
  const clock = new FakeClock();
  const telemetry = new RecordedTelemetry();
  const made: string[] = [];
  let failure: Error | undefined;
  const { adapter, market } = tinyAccountMarket({ url: 'wss://tiny.example' });
  const connectAccount: NonNullable<KnownMarket['adapter']['connectAccount']> = (account, { inTurn }) => {
    const { key } = account.credentials;
    const ask = (what: string) =>
      inTurn(() => {
        made.push(`${key} ${what}`);
        return failure ? Promise.reject(failure) : Promise.resolve(clock.now());
      });
    return {
      serverTime: () => ask('time'),
      snapshot: async () => (await ask('look'), { orders: [] }),
      balances: async () => (await ask('balances'), undefined),
    };
  };
  const known: KnownMarket = {
    adapter: { ...adapter, connectAccount },
    market: { ...market, accountRest: rules },
  };
  const lines = new VenueLines({
    ...{ clock, telemetry, rewrite: (url) => url, restTimeoutMs: 1_000 },
    catalogue: { clock, telemetry, random: () => 0.5, refreshMs: 1_000 },
  });
  const plug = (key: string): LoginPlug => {
    const { accountFeed } = adapter;
    assert.ok(accountFeed && market.links.account);
    const credentials = { key, secret: 'S', passphrase: '', options: {} };
    const account: Account = { market: known.market, credentials, environment: 'live' };
    const ways = new LoginLines(account, key, known, lines);
    return new LoginPlug(account, accountFeed, market.links.account, key, ways);
  };
  const look = ({ looks }: LoginPlug): Promise<unknown> =>
    looks.snapshot({ sinceMs: 0, instruments: new InstrumentIndex(), known: [] });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const failWith = (error: Error | undefined) => (failure = error);
  return { clock, telemetry, made, plug, look, settle, failWith };
}

const limited = (afterMs: number) => new ConnectorError('REST_LIMITED', 'too many', { retry: { afterMs } });

test('the time of the venue is not asked for on the budget of the login that asks', async () => {
  const { clock, telemetry, made, plug, look, settle } = stage();
  const a = plug('a');
  for (let count = 0; count < 3; count += 1) void look(a);
  await settle();
  assert.deepEqual(made, ['a look', 'a look'], 'its own budget is used up');
  const venueClock = new VenueClock('tiny', { clock, telemetry });
  const { looks, looksSentAt } = a;
  await venueClock.sync(() => looks.serverTime(), looksSentAt);
  assert.equal(made.at(-1), 'a time');
  assert.equal(looksSentAt(), clock.now());
});

test('a look that is limited silences its login, and nobody else', async () => {
  const { clock, made, plug, look, settle, failWith } = stage({ ...RULES, perAccount: RULES.perIp });
  const [a, b] = [plug('a'), plug('b')];
  failWith(limited(30_000));
  await assert.rejects(look(a), { code: 'REST_LIMITED' });
  failWith(undefined);
  void a.rest.snapshot({ sinceMs: 0, instruments: new InstrumentIndex(), known: [] });
  void a.looks.balances();
  void look(b);
  await settle();
  assert.deepEqual(made, ['a look', 'b look']);
  clock.advance(30_000);
  await settle();
  assert.deepEqual(made.slice(2), ['a look', 'a balances']);
});

test('a venue that counts by address silences all; so does a second login that is limited', async () => {
  for (const [limitedBy, first] of [
    ['address', []],
    [undefined, ['a']],
  ] as const) {
    const rules = { ...RULES, perAccount: RULES.perIp, ...(limitedBy && { limitedBy }) };
    const { clock, made, plug, look, settle, failWith } = stage(rules);
    failWith(limited(30_000));
    for (const key of [...first, 'b']) await assert.rejects(look(plug(key)));
    failWith(undefined);
    const before = made.length;
    void look(plug('c'));
    await settle();
    assert.equal(made.length, before);
    clock.advance(30_000);
    await settle();
    assert.equal(made.at(-1), 'c look');
  }
});

test('other failures silence nobody', async () => {
  const { made, plug, look, failWith } = stage();
  failWith(new ConnectorError('REST_FAILED', 'away', { retry: { afterMs: 30_000 } }));
  await assert.rejects(look(plug('a')));
  failWith(undefined);
  await look(plug('a'));
  assert.equal(made.length, 2);
});
