/** The tool against the simulated venues: the real adapters, real sockets, one deliberate fault of each kind. */
import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { loadConfig } from '../config';
import { systemClock } from '../ops/clock';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import { closedPort } from '../testing/closed-port';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import type { TlsServer } from '../testing/tls-server';
import { startTlsServer } from '../testing/tls-server';
import type { VenueAdapter } from '../venues/contract';
import { accountMarkets, marketOf } from '../venues/registry';
import { keyName, textLines } from './lines';
import { testConnection } from './test-connection';
import type { Verdict, VerdictName } from './verdict';
import { VERDICTS } from './verdict';

const KEY = 'organizations/0001/apiKeys/test-connection-key';
const SECRET = 'tEsT-cOnNeCtIoN-sEcReT';
const PASSPHRASE = 'pAsSpHrAsE';
/** One market of every venue, and both ways of Binance (the socket signs, a listen key). */
const EXCHANGES = ['binance', 'binanceUsdm', 'bybit', 'okxLinear', 'bitget', 'coinbase'] as const;

const SYMBOLS: Readonly<Record<string, string>> = { okxLinear: 'BTC-USDT-SWAP', coinbase: 'BTC-USD' };

interface Secrets {
  /** What the owner of the key has. */
  readonly own: string;
  /** What the venue knows of it. */
  readonly atVenue: string;
  readonly wrong: string;
}

/** Coinbase knows the public half only. */
function secretsOf(exchange: string): Secrets {
  if (exchange !== 'coinbase') return { own: SECRET, atVenue: SECRET, wrong: 'aNoThEr-sEcReT' };
  return {
    own: privateHalf(COINBASE.privateKey),
    atVenue: publicHalf(COINBASE),
    wrong: privateHalf(pair().privateKey),
  };
}

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const privateHalf = (key: KeyObject): string => key.export({ type: 'sec1', format: 'pem' }).toString();
const publicHalf = ({ publicKey }: { publicKey: KeyObject }): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString();
const COINBASE = pair();
/** Of a PEM the lines between its ends are secret. */
const telling = (secret: string): string => secret.split('\n')[1] ?? secret;

interface Ran {
  readonly verdict: Verdict;
  readonly notes: readonly string[];
  readonly events: readonly string[];
  /** Everything that was shown or logged. */
  readonly text: string;
}

interface Trial {
  readonly exchange: string;
  readonly overrides: string;
  readonly secret?: string;
  readonly listenMs?: number;
  /** Once it is live, and looked at. */
  readonly onLive?: (end: () => void) => void;
  readonly onEvent?: (end: () => void) => void;
  readonly change?: (adapter: VenueAdapter) => VenueAdapter;
}

async function run({
  exchange,
  overrides,
  secret = secretsOf(exchange).own,
  listenMs = 0,
  onLive,
  onEvent,
  change,
}: Trial): Promise<Ran> {
  const { log, lines } = new RecordedTelemetry();
  const found = accountMarkets('ws://localhost:7506')(exchange);
  assert.ok(found);
  const known = change ? { ...found, adapter: change(found.adapter) } : found;
  const notes: string[] = [];
  const events: string[] = [];
  let end = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (end = resolve));
  const verdict = await testConnection(
    { api: { key: KEY, secret, passphrase: PASSPHRASE, provider: exchange }, listenMs, stopped },
    {
      config: loadConfig({
        RABBIT_PASSWORD: 'unused',
        EXCHANGE_SERVICE_API_URL: '',
        VENUE_ENDPOINTS: overrides,
      }),
      clock: systemClock,
      random: Math.random,
      log,
      known,
      onNote: (note) => {
        notes.push(note);
        if (note.startsWith('orders and balances')) onLive?.(end);
      },
      onEvent: (event) => {
        events.push(textLines.event(event));
        onEvent?.(end);
      },
    },
  );
  const text = [...notes, ...events, textLines.verdict(verdict), JSON.stringify(lines)].join('\n');
  for (const hidden of [KEY, telling(secret), PASSPHRASE])
    assert.ok(!text.includes(hidden), `a secret was shown: ${text}`);
  return { verdict, notes, events, text };
}

function venueOf(exchange: string): string {
  const known = marketOf(exchange);
  assert.ok(known);
  return known.adapter.descriptor.venue;
}

describe('test:connection', { timeout: 120_000 }, () => {
  const simulators: Simulator[] = [];
  let tls: TlsServer | undefined;

  async function simulated(exchange: string, skewMs = 0): Promise<Simulator> {
    const clock = { ...systemClock, now: () => Date.now() + skewMs };
    const simulator = await startSimulator({ venues: [venueOf(exchange)], symbols: 2, clock });
    simulators.push(simulator);
    return simulator;
  }

  /** With an account behind the key, in the state of the test. */
  async function keyed(
    exchange: string,
    state: { isIpBlocked?: boolean; permissions?: string[] } = {},
    skewMs = 0,
  ) {
    const simulator = await simulated(exchange, skewMs);
    const account = simulator.accounts.addAccount({
      exchange,
      key: KEY,
      secret: secretsOf(exchange).atVenue,
      passphrase: PASSPHRASE,
      ...state,
    });
    return { account, overrides: simulator.overrides(), simulator };
  }

  afterEach(async () => {
    tls?.close();
    await Promise.all(simulators.splice(0).map((simulator) => simulator.close()));
  });

  for (const exchange of EXCHANGES) {
    test(`${exchange}: a good key, and its events`, async () => {
      const { account, overrides } = await keyed(exchange);
      const { verdict, events, notes } = await run({
        exchange,
        overrides,
        listenMs: 60_000,
        onLive: () => {
          account.place({
            symbol: SYMBOLS[exchange] ?? 'BTCUSDT',
            side: 'BUY',
            type: 'LIMIT',
            price: '30000',
            quantity: '0.3',
            clientOrderId: 'D-TP-1',
          });
        },
        onEvent: (end) => end(),
      });
      assert.equal(verdict.verdict, 'ok');
      assert.match(
        events[0] ?? '',
        /NEW {2}BTC.* BUY LIMIT 0(\.0+)? of 0\.30* @ 30000(\.0+)? {2}order \d+ client D-TP-1$/,
      );
      assert.ok(notes.some((note) => note.startsWith('live')));
    });

    test(`${exchange}: a wrong secret`, async () => {
      const { overrides } = await keyed(exchange);
      const { verdict } = await run({ exchange, overrides, secret: secretsOf(exchange).wrong });
      assert.equal(verdict.verdict, 'bad-key', JSON.stringify(verdict));
    });

    test(`${exchange}: an unknown key`, async () => {
      const simulator = await simulated(exchange);
      const { verdict } = await run({ exchange, overrides: simulator.overrides() });
      assert.equal(verdict.verdict, 'bad-key', JSON.stringify(verdict));
      assert.match(verdict.todo ?? '', /check key, secret and passphrase/);
    });

    test(`${exchange}: an address that is not allowed`, async () => {
      const { overrides } = await keyed(exchange, { isIpBlocked: true });
      const { verdict } = await run({ exchange, overrides });
      // These have one answer for key, address and rights; the advice names all three.
      const expected = ['binance', 'coinbase'].includes(venueOf(exchange)) ? 'bad-key' : 'ip-not-allowed';
      assert.equal(verdict.verdict, expected, JSON.stringify(verdict));
      assert.match(verdict.todo ?? '', /address/);
    });

    test(`${exchange}: our clock is a minute off; told, and corrected`, async () => {
      const { overrides } = await keyed(exchange, {}, 60_000);
      const { verdict, notes } = await run({ exchange, overrides });
      assert.equal(verdict.verdict, 'ok', JSON.stringify(verdict));
      const told = notes.find((note) => note.includes('clock'));
      assert.match(told ?? '', /^this machine's clock is (60\.\d\d|59\.9\d) s behind the venue's.*NTP/);
    });
  }

  test('a key without the right', async () => {
    const { overrides } = await keyed('bybitLinear', { permissions: ['AccountTransfer'] });
    const { verdict } = await run({ exchange: 'bybitLinear', overrides });
    assert.deepEqual([verdict.verdict, verdict.detail.includes('10005')], ['missing-permission', true]);
  });

  test('a time that the venue refuses, however often it is measured', async () => {
    // REST tells one time, the stream goes by another.
    const { overrides } = await keyed('okx', {}, 120_000);
    const other = await simulated('okx');
    const [sockets, requests] = [overrides, other.overrides()].map((text) => text.split(','));
    const mixed = [
      ...(sockets ?? []).filter((entry) => entry.startsWith('ws')),
      ...(requests ?? []).filter((entry) => entry.startsWith('http')),
    ];
    const { verdict } = await run({ exchange: 'okx', overrides: mixed.join(',') });
    assert.equal(verdict.verdict, 'clock-skew', JSON.stringify(verdict));
    assert.match(verdict.todo ?? '', /NTP/);
  });

  test('a stream that works, beside a REST API that does not', async () => {
    const { overrides, simulator } = await keyed('okx');
    simulator.faults.set({ rest: { status: 503 } });
    const { verdict, notes } = await run({ exchange: 'okx', overrides });
    assert.ok(notes.some((note) => note.startsWith('live')));
    assert.equal(verdict.verdict, 'venue', JSON.stringify(verdict));
    assert.match(verdict.detail, /cannot be read by REST: .*503/);
  });

  test('a key that is revoked while its stream is live', async () => {
    const { account, overrides } = await keyed('bybit');
    const { verdict } = await run({
      exchange: 'bybit',
      overrides,
      listenMs: 60_000,
      onLive: () => {
        account.revoke();
        for (const simulator of simulators) simulator.drop();
      },
    });
    assert.equal(verdict.verdict, 'bad-key', JSON.stringify(verdict));
  });

  describe('network', () => {
    /** Every socket of the venue goes to `socket`; REST works. */
    async function against(socket: string, exchange = 'okx'): Promise<Verdict> {
      const { overrides } = await keyed(exchange);
      const entries = overrides.split(',');
      const replaced = entries.map((entry) =>
        entry.startsWith('wss') ? `${entry.split('=', 1)[0]}=${socket}` : entry,
      );
      return (await run({ exchange, overrides: replaced.join(',') })).verdict;
    }

    test('nothing listens', async () => {
      const { verdict, detail, todo } = await against(`ws://127.0.0.1:${await closedPort()}`);
      assert.equal(verdict, 'network');
      assert.match(detail, /ECONNREFUSED/);
      assert.match(todo ?? '', /start the server/);
    });

    test('a name that nobody has', async () => {
      const { verdict, detail, todo } = await against('wss://no-such-host.invalid');
      assert.equal(verdict, 'network');
      assert.match(detail, /no-such-host\.invalid cannot be resolved/);
      assert.match(todo ?? '', /DNS/);
    });

    test('a certificate that nobody trusts', async () => {
      tls = await startTlsServer();
      const { verdict, detail, todo } = await against(`wss://127.0.0.1:${tls.port}`);
      assert.equal(verdict, 'network');
      assert.match(detail, /TLS fails \(.*SELF_SIGNED/);
      assert.match(todo ?? '', /not trusted/);
    });

    test('no REST, where the dial needs its answer', async () => {
      const { overrides } = await keyed('binanceUsdm');
      const port = await closedPort();
      const replaced = overrides.replace(/(https:\/\/fapi[^=]*)=[^,]*/, `$1=http://127.0.0.1:${port}`);
      const { verdict } = await run({ exchange: 'binanceUsdm', overrides: replaced });
      assert.equal(verdict.verdict, 'network');
      assert.match(verdict.detail, new RegExp(`127\\.0\\.0\\.1:${port} refuses`));
    });

    for (const [status, expected] of [
      [451, 'venue'],
      [503, 'venue'],
      [429, 'rate-limited'],
    ] as const satisfies readonly (readonly [number, VerdictName])[]) {
      test(`the handshake is answered ${status}`, async () => {
        const { overrides, simulator } = await keyed('okx');
        simulator.faults.set({ dial: { status, retryAfterS: 0 } });
        const { verdict } = await run({ exchange: 'okx', overrides });
        assert.equal(verdict.verdict, expected);
        assert.match(verdict.detail, new RegExp(String(status)));
      });
    }
  });
});

test('an exchange without account streams is refused by name', async () => {
  const change = ({ descriptor, publicFeed, connectRest }: VenueAdapter): VenueAdapter => ({
    descriptor,
    publicFeed,
    connectRest,
  });
  await assert.rejects(run({ exchange: 'okx', overrides: '', change }), /provider: not served/);
});

describe('a paper exchange', () => {
  let simulator: Simulator;

  beforeEach(async () => {
    simulator = await startSimulator({ venues: ['paper'] });
    simulator.accounts.addAccount({ exchange: 'paperBinance', key: KEY, secret: SECRET });
  });

  afterEach(() => simulator.close());

  test('is tested at the paper trading server', async () => {
    const { verdict, notes } = await run({
      exchange: 'paperBinance',
      overrides: simulator.overrides(),
      secret: SECRET,
    });
    assert.equal(verdict.verdict, 'ok');
    assert.match(
      notes.join(' '),
      /live: authenticated and subscribed REST: the paper trading server lists no orders/,
    );
  });

  test('of a wrong secret is told apart', async () => {
    const ran = run({ exchange: 'paperBinance', overrides: simulator.overrides(), secret: 'aNoThEr-sEcReT' });
    assert.equal((await ran).verdict.verdict, 'bad-key');
  });
});

test('every verdict has an exit code of its own, and ok is 0', () => {
  const codes = Object.values(VERDICTS).map(({ exitCode }) => exitCode);
  assert.equal(new Set(codes).size, codes.length);
  assert.equal(VERDICTS.ok.exitCode, 0);
});

test('of a key four characters at most', () => {
  assert.equal(keyName('abcdefghijkl'), 'abcd…');
  assert.equal(keyName('short'), '…');
  assert.equal(keyName('organizations/1234/apiKeys/9f8e7d6c5b'), '9f8e…');
});
