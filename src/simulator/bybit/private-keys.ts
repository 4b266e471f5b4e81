import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { AccountBook, SimAccount } from '../kit';

/** Where keys are made: they work nowhere else. */
export type Site = 'com' | 'eu' | 'nl' | 'tr' | 'kz' | 'ge' | 'demo' | 'testnet';

export interface Denial {
  readonly retCode: number;
  readonly retMsg: string;
}

const EXCHANGES = ['bybit', 'bybitLinear', 'bybitInverse'];

const INVALID_KEY: Denial = { retCode: 10003, retMsg: 'Invalid apikey' };
const EXPIRED: Denial = { retCode: 33004, retMsg: 'Your api key has expired.' };
const UNMATCHED_IP: Denial = {
  retCode: 10010,
  retMsg: "Unmatched IP, please check your API key's bound IP addresses.",
};

const PERMISSION_DENIED: Denial = {
  retCode: 10005,
  retMsg: 'Permission denied, please check your API key permissions.',
};
/** Any of these opens orders and wallets; an account that lists none has them all. */
const READING: ReadonlySet<string> = new Set(['Order', 'Position', 'SpotTrade']);

export interface Claim {
  readonly site: Site;
  readonly key: string;
  /** What was signed. */
  readonly text: string;
  readonly signature: string;
}

/** Checks keys and signatures as the venue does. https://bybit-exchange.github.io/docs/v5/guide#authentication */
export class KeyRing {
  constructor(
    private readonly accounts: AccountBook,
    /** Of keys that were not made on the main site. */
    private readonly sites: Readonly<Record<string, Site>>,
  ) {}

  /** Whom the key opens: one key serves all categories, so it may stand for several accounts of the book. */
  open({ site, key, text, signature }: Claim): readonly SimAccount[] | Denial {
    const holders = EXCHANGES.map((exchange) => this.accounts.find(exchange, key)).filter(
      (account) => account !== undefined,
    );
    const [first] = holders;
    if (!first || (this.sites[key] ?? 'com') !== site) return INVALID_KEY;
    if (!isSigned(text, signature, first.secret)) return badSignature(text);
    if (holders.some(({ isRevoked }) => isRevoked)) return EXPIRED;
    if (holders.some(({ isIpBlocked }) => isIpBlocked)) return UNMATCHED_IP;
    return holders.every(isReadable) ? holders : PERMISSION_DENIED;
  }
}

function isReadable({ permissions }: SimAccount): boolean {
  return permissions.length === 0 || permissions.some((one) => READING.has(one));
}

export function isDenial(outcome: readonly SimAccount[] | Denial): outcome is Denial {
  return 'retCode' in outcome;
}

/** The venue quotes what it expected to be signed, key included. */
function badSignature(text: string): Denial {
  return {
    retCode: 10004,
    retMsg: `error sign! please check your signature generation algorithm. origin_string[${text}]`,
  };
}

function isSigned(text: string, signature: string, secret: string): boolean {
  if (secret.includes('PUBLIC KEY')) {
    return verify('sha256', Buffer.from(text), secret, Buffer.from(signature, 'base64'));
  }
  const expected = createHmac('sha256', secret).update(text).digest();
  const sent = Buffer.from(/^[0-9a-f]{64}$/.test(signature) ? signature : '', 'hex');
  return sent.length === expected.length && timingSafeEqual(sent, expected);
}
