import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AccountBook, SimAccount, SimRequest } from '../kit';
import { EXCHANGES, type BitgetExchange } from './listings';

/** One of the venue's own error answers; `code` as the documents list it. */
export interface KeyRefusal {
  readonly code: number;
  readonly msg: string;
}

/** What one key opens: an account may trade on several markets. */
export interface Holder {
  readonly key: string;
  readonly accounts: Readonly<Partial<Record<BitgetExchange, SimAccount>>>;
  readonly isUnified: boolean;
}

/** Documented: a signature is good for so long. */
const TIMESTAMP_WINDOW_MS = 30_000;
/** The words of the unified API for its permissions: a key that has one is of a unified account. */
const UNIFIED_PERMISSIONS: ReadonlySet<string> = new Set(['uta_mgt', 'uta_trade']);

export function holderOf(accounts: AccountBook, key: string): Holder | undefined {
  const found = EXCHANGES.flatMap((exchange) => {
    const account = accounts.find(exchange, key);
    return account ? [[exchange, account] as const] : [];
  });
  if (found.length === 0) return undefined;
  const isUnified = found.some(([, { permissions }]) =>
    permissions.some((one) => UNIFIED_PERMISSIONS.has(one)),
  );
  return { key, accounts: Object.fromEntries(found), isUnified };
}

function anyAccountOf({ accounts }: Holder): SimAccount {
  const [account] = Object.values(accounts);
  if (!account) throw new Error('a holder without an account');
  return account;
}

export interface LoginArg {
  readonly apiKey: string;
  readonly passphrase: string;
  readonly timestamp: string;
  readonly sign: string;
}

/**
 * https://www.bitget.com/api-doc/common/websocket-intro. How the classic stream answers a unified account is
 * not documented: here with the words of REST.
 */
export function checkLogin(
  book: AccountBook,
  { apiKey, passphrase, timestamp, sign }: LoginArg,
  now: number,
  isUnifiedDoor: boolean,
): Holder | KeyRefusal {
  const holder = holderOf(book, apiKey);
  if (!holder) return { code: 30_011, msg: 'Invalid ACCESS_KEY' };
  if (holder.isUnified !== isUnifiedDoor) return wrongDoor(isUnifiedDoor);
  const account = anyAccountOf(holder);
  if (account.isRevoked) return { code: 30_011, msg: 'Invalid ACCESS_KEY' };
  if (account.isIpBlocked) return { code: 40_018, msg: 'Invalid IP' };
  if (account.passphrase !== passphrase) return { code: 30_012, msg: 'Invalid ACCESS_PASSPHRASE' };
  if (!/^\d{10}$/.test(timestamp)) return { code: 30_013, msg: 'Invalid ACCESS_TIMESTAMP' };
  if (Math.abs(now - Number(timestamp) * 1_000) > TIMESTAMP_WINDOW_MS) {
    return { code: 30_014, msg: 'Request timestamp expired' };
  }
  const isSigned = isSignature(account.secret, `${timestamp}GET/user/verify`, sign);
  return isSigned ? holder : { code: 30_015, msg: 'Invalid sign' };
}

/** https://www.bitget.com/api-doc/common/signature */
export function checkRequest(
  book: AccountBook,
  request: SimRequest,
  now: number,
  isUnifiedDoor: boolean,
): Holder | KeyRefusal {
  const header = (name: string): string => String(request.headers[name] ?? '');
  const key = header('access-key');
  if (key === '') return { code: 40_001, msg: 'ACCESS_KEY cannot be empty' };
  const holder = holderOf(book, key);
  if (!holder) return { code: 40_037, msg: 'Apikey does not exist' };
  // No key of the simulator is of the demo environment.
  if (header('paptrading') === '1') return { code: 40_099, msg: 'exchange environment is incorrect' };
  // Told before the signature is looked at.
  if (holder.isUnified !== isUnifiedDoor) return wrongDoor(isUnifiedDoor);
  return refusedRequest(anyAccountOf(holder), request, now) ?? holder;
}

function refusedRequest(
  account: SimAccount,
  { headers, method, path, rawQuery, body }: SimRequest,
  now: number,
): KeyRefusal | undefined {
  const header = (name: string): string => String(headers[name] ?? '');
  const stamp = header('access-timestamp');
  const text = `${stamp}${method}${path}${rawQuery === '' ? '' : `?${rawQuery}`}${body}`;
  const refusal = refusedAccount(account, header('access-passphrase')) ?? refusedTime(stamp, now);
  if (refusal) return refusal;
  if (!isSignature(account.secret, text, header('access-sign'))) {
    return { code: 40_009, msg: 'sign signature error' };
  }
  return isPermitted(account, path) ? undefined : { code: 40_014, msg: 'Incorrect permissions' };
}

/** Words of the classic API for what a key may do; a key without any of them may do everything. */
const CLASSIC_PERMISSIONS = ['read', 'spot_trade', 'contract_trade'];

function isPermitted({ permissions }: SimAccount, path: string): boolean {
  if (!permissions.some((one) => CLASSIC_PERMISSIONS.includes(one))) return true;
  const needed = path.startsWith('/api/v2/spot/') ? 'spot_trade' : 'contract_trade';
  return permissions.includes('read') || permissions.includes(needed);
}

function refusedAccount(account: SimAccount, passphrase: string): KeyRefusal | undefined {
  if (account.isRevoked) return { code: 40_037, msg: 'Apikey does not exist' };
  if (account.isIpBlocked) return { code: 40_018, msg: 'Invalid IP' };
  if (account.passphrase === passphrase) return undefined;
  return { code: 40_012, msg: 'apikey/password is incorrect' };
}

/** Milliseconds here, seconds at the login. */
function refusedTime(stamp: string, now: number): KeyRefusal | undefined {
  if (!/^\d{13}$/.test(stamp)) return { code: 40_005, msg: 'Invalid ACCESS_TIMESTAMP' };
  const isExpired = Math.abs(now - Number(stamp)) > TIMESTAMP_WINDOW_MS;
  return isExpired ? { code: 40_008, msg: 'Request timestamp expired' } : undefined;
}

function wrongDoor(isUnifiedDoor: boolean): KeyRefusal {
  return isUnifiedDoor
    ? {
        code: 40_084,
        msg: 'You are in Classic Account mode, and the Unified Account API is not supported at this time',
      }
    : {
        code: 40_085,
        msg: 'You are in Unified Account mode, and the Classic Account API is not supported at this time',
      };
}

function isSignature(secret: string, text: string, given: string): boolean {
  const expected = Buffer.from(createHmac('sha256', secret).update(text).digest('base64'));
  const actual = Buffer.from(given);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
