import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AccountBook, SimAccount, SimRequest } from '../kit';

/** Whom a key opens: one user, who may hold an account at each of the markets. */
export interface Owner {
  readonly uid: string;
  readonly holders: readonly SimAccount[];
}

export interface Denial {
  readonly status: number;
  readonly code: string;
  readonly msg: string;
}

export type KeyVersion = '2' | '3';

const EXCHANGES = ['kucoin', 'kucoinLinear', 'kucoinInverse'];
/** A request may be this old, or this far ahead. */
const SKEW_MS = 5_000;
/** What reading needs. */
const GENERAL = 'General';

const denial = (code: string, msg: string, status = 401): Denial => ({ status, code, msg });

const NO_HEADERS = denial(
  '400001',
  'Please check the header of your request for KC-API-KEY, KC-API-SIGN, KC-API-TIMESTAMP, KC-API-PASSPHRASE',
);
const BAD_TIME = denial('400002', 'KC-API-TIMESTAMP Invalid', 400);
const NO_KEY = denial('400003', 'KC-API-KEY not exists');
const BAD_PASSPHRASE = denial('400004', 'KC-API-PASSPHRASE error');
const BAD_SIGNATURE = denial('400005', 'Signature error');
const BAD_IP = denial('400006', 'The requested ip address is not in the api whitelist', 403);
const NO_PERMISSION = denial('400007', 'Access denied, require more permission', 403);
const BAD_VERSION = denial('400008', 'The version of the API key is not the one of the request');

/** Checks signed requests as the venue does. https://www.kucoin.com/docs-new/authentication */
export class KeyRing {
  constructor(
    private readonly accounts: AccountBook,
    /** Keys that work with one version only; others take both. */
    private readonly versions: Readonly<Record<string, KeyVersion>>,
  ) {}

  open(request: SimRequest, now: number): Owner | Denial {
    const claim = claimOf(request);
    if (claim.some((field) => field === '')) return NO_HEADERS;
    const [key, sign, time, passphrase] = claim;
    if (!(Math.abs(now - Number(time)) <= SKEW_MS)) return BAD_TIME;
    const holders = EXCHANGES.map((exchange) => this.accounts.find(exchange, key)).filter(
      (account) => account !== undefined,
    );
    const [first] = holders;
    if (!first || holders.some(({ isRevoked }) => isRevoked)) return NO_KEY;
    const { secret } = first;
    if (!this.isOfVersion(key, headerOf(request, 'key-version'))) return BAD_VERSION;
    if (!isSame(passphrase, hmac(secret, first.passphrase))) return BAD_PASSPHRASE;
    if (!isSame(sign, hmac(secret, time + textOf(request)))) return BAD_SIGNATURE;
    return admitted({ uid: first.id, holders });
  }

  private isOfVersion(key: string, version: string): boolean {
    const only = this.versions[key];
    return only === undefined ? version === '2' || version === '3' : version === only;
  }
}

export function isDenial(outcome: Owner | Denial): outcome is Denial {
  return 'code' in outcome;
}

function admitted(owner: Owner): Owner | Denial {
  if (owner.holders.some(({ isIpBlocked }) => isIpBlocked)) return BAD_IP;
  return owner.holders.every(mayRead) ? owner : NO_PERMISSION;
}

function headerOf({ headers }: SimRequest, name: string): string {
  return String(headers[`kc-api-${name}`] ?? '');
}

function claimOf(request: SimRequest): readonly [key: string, sign: string, time: string, phrase: string] {
  const [key, sign] = [headerOf(request, 'key'), headerOf(request, 'sign')];
  return [key, sign, headerOf(request, 'timestamp'), headerOf(request, 'passphrase')];
}

/** Method, path with its query exactly as sent, body. */
function textOf({ method, path, rawQuery, body }: SimRequest): string {
  return method + path + (rawQuery === '' ? '' : `?${rawQuery}`) + body;
}

function mayRead({ permissions }: SimAccount): boolean {
  return permissions.length === 0 || permissions.includes(GENERAL);
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

function isSame(sent: string, expected: string): boolean {
  return sent.length === expected.length && timingSafeEqual(Buffer.from(sent), Buffer.from(expected));
}
