import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SimAccount, SimRequest, VenueHost } from '../kit';
import type { Realm } from './private-hosts';

/** The accounts that one key opens, or the venue's refusal. */
export type Admission =
  | { readonly accounts: readonly [SimAccount, ...SimAccount[]] }
  | { readonly code: string; readonly msg: string };

/** Signed requests hold for so long, either way. */
const VALID_MS = 30_000;
/** One key serves all three; a test may give it to any of them, or to each. */
const EXCHANGES = ['okx', 'okxLinear', 'okxInverse'];

interface Signed {
  readonly key: string;
  readonly passphrase: string;
  readonly sign: string;
  /** Epoch ms; NaN: not readable. */
  readonly at: number;
  readonly text: string;
}

/** Codes of one door, by what is wrong. */
type Codes = Readonly<Record<'key' | 'time' | 'expired' | 'passphrase' | 'sign', string>>;

/** https://www.okx.com/docs-v5/en/#error-code-websocket and #error-code-rest-api */
const WS_CODES: Codes = {
  key: '60032',
  time: '60004',
  expired: '60006',
  passphrase: '60024',
  sign: '60007',
};
const REST_CODES: Codes = {
  key: '50119',
  time: '50112',
  expired: '50102',
  passphrase: '50105',
  sign: '50113',
};
const WORDS: Codes = {
  key: "API key doesn't exist",
  time: 'Invalid timestamp',
  expired: 'Timestamp request expired',
  passphrase: 'Wrong passphrase',
  sign: 'Invalid sign',
};

/** Login of a socket. https://www.okx.com/docs-v5/en/#overview-websocket-login */
export function admitLogin(
  host: VenueHost,
  realm: Realm,
  { apiKey, passphrase, timestamp, sign }: Record<'apiKey' | 'passphrase' | 'timestamp' | 'sign', string>,
): Admission {
  const at = /^\d{10}$/.test(timestamp) ? Number(timestamp) * 1_000 : NaN;
  const text = `${timestamp}GET/users/self/verify`;
  return admit(host, realm, { key: apiKey, passphrase, sign, at, text }, WS_CODES);
}

/** Headers that must be there, in the order in which the venue asks for them. */
const HEADERS = [
  ['ok-access-key', '50103'],
  ['ok-access-passphrase', '50104'],
  ['ok-access-sign', '50106'],
  ['ok-access-timestamp', '50107'],
] as const;

/** https://www.okx.com/docs-v5/en/#overview-rest-authentication */
export function admitRequest(host: VenueHost, region: Realm['region'], request: SimRequest): Admission {
  const { headers, method, path, rawQuery, body } = request;
  for (const [name, code] of HEADERS) {
    if (!headers[name]) return { code, msg: `Request header ${name.toUpperCase()} cannot be empty.` };
  }
  const [key = '', passphrase = '', sign = '', timestamp = ''] = HEADERS.map(([name]) =>
    String(headers[name]),
  );
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(timestamp) ? Date.parse(timestamp) : NaN;
  const text = timestamp + method + path + (rawQuery === '' ? '' : `?${rawQuery}`) + body;
  const realm = { region, isDemo: headers['x-simulated-trading'] === '1' };
  return admit(host, realm, { key, passphrase, sign, at, text }, REST_CODES);
}

function admit(host: VenueHost, realm: Realm, signed: Signed, codes: Codes): Admission {
  const refused = (what: keyof Codes): Admission => ({ code: codes[what], msg: WORDS[what] });
  if (Number.isNaN(signed.at)) return refused('time');
  if (Math.abs(host.venueClock.now() - signed.at) > VALID_MS) return refused('expired');
  const [account, ...others] = EXCHANGES.flatMap((one) => host.accounts.find(one, signed.key) ?? []);
  if (!account || account.isRevoked || !livesIn(account, realm.region, REGIONS)) return refused('key');
  if (account.passphrase !== signed.passphrase) return refused('passphrase');
  if (!isSignature(account.secret, signed)) return refused('sign');
  return obstacle(account, realm) ?? { accounts: [account, ...others] };
}

/** What keeps the owner of a key out. */
function obstacle(account: SimAccount, { isDemo }: Realm): Admission | undefined {
  if (!livesIn(account, isDemo ? 'demo' : 'live', ENVIRONMENTS)) {
    return { code: '50101', msg: 'APIKey does not match current environment.' };
  }
  if (!account.isIpBlocked) return undefined;
  return { code: '50110', msg: "Your IP is not included in your API key's IP whitelist." };
}

const REGIONS = ['global', 'eea', 'us'];
const ENVIRONMENTS = ['live', 'demo'];

/** The account's permissions may name a region and an environment; without one of a kind, any will do. */
function livesIn({ permissions }: SimAccount, place: string, places: readonly string[]): boolean {
  return permissions.includes(place) || !places.some((one) => permissions.includes(one));
}

function isSignature(secret: string, { text, sign }: Signed): boolean {
  const expected = createHmac('sha256', secret).update(text).digest();
  const given = Buffer.from(sign, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
