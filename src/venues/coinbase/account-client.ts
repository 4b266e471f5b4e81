import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRestDeps } from '../contract';
import { UNSIGNED_WEIGHT } from './account-limits';
import { isObject } from './fields';
import type { Ask, Reply } from './http';
import { objectOf, refusal, request } from './http';
import { restUrlOf } from './hosts';
import { refusalOfAddress, refusalOfClock, refusalOfKey, refusalOfRights, refused } from './refusals';
import { keysTypeOf, legacySignature, legacyTimestamp, signingWindow, tokenFor } from './signing';

/** GET calls of one account, each after its turn; `find` is one that may find nothing. */
export interface AccountCalls {
  /** Signed with the venue's time. */
  readonly ask: Ask;
  readonly find: (what: string, path: string) => Promise<object | undefined>;
  /** The venue's clock, epoch ms; unsigned. */
  readonly time: () => Promise<number>;
}

/** https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api */
export function accountCalls(account: Account, deps: AccountRestDeps): AccountCalls {
  const { exchange } = account.market;
  const { timeoutMs, inTurn, venueNow } = deps;
  const kind = keysTypeOf(account.credentials);
  const production = new URL(restUrlOf(account));
  const base = deps.rewrite(production.href).replace(/\/+$/, '');

  const signed = (name: string, path: string): Promise<Reply> =>
    inTurn(async () => {
      const [bare = path] = path.split('?', 1);
      // In its turn, which may take longer to come than a token lives.
      const headers = signatureOf(account, production.host, production.pathname + bare, venueNow());
      return request(name, base + path, { timeoutMs, headers });
    });

  /** {"iso":"2023-07-10T12:46:38Z","epochSeconds":"1688993198","epochMillis":"1688993198221"} */
  const time = async (): Promise<number> => {
    const name = `${exchange} time`;
    const reply = await inTurn(() => request(name, `${base}/time`, { timeoutMs }), UNSIGNED_WEIGHT);
    // Nobody's key is refused here, whatever the status.
    if (!reply.ok) throw mild(refusal(name, reply));
    const { epochMillis } = objectOf(name, reply) as { epochMillis?: unknown };
    const isTime = typeof epochMillis === 'string' && /^\d{13}$/.test(epochMillis);
    if (!isTime) throw new ConnectorError('REST_BAD_ANSWER', `${name}: not readable`);
    return Number(epochMillis);
  };

  /** A wrong clock is answered like a wrong key: whether it is ours, the venue's own tells. */
  const isClockOff = async (): Promise<boolean> => {
    const theirs = await time();
    const ahead = venueNow() - theirs;
    const { aheadMs, behindMs } = signingWindow(kind);
    return ahead > aheadMs || ahead < -behindMs;
  };

  const failureOf = async (name: string, reply: Reply): Promise<ConnectorError> => {
    const error = refusal(name, reply);
    if (reply.status === 401) {
      return refused(error, (await isClockOff()) ? refusalOfClock() : refusalOfKey(kind));
    }
    if (reply.status !== 403) return mild(error);
    return refused(error, refusalOfRights(reply) ?? refusalOfAddress(error.retry));
  };

  const ask: Ask = async (what, path) => {
    const name = `${exchange} ${what}`;
    const reply = await signed(name, path);
    if (!reply.ok) throw await failureOf(name, reply);
    return objectOf(name, reply);
  };

  const find = async (what: string, path: string): Promise<object | undefined> => {
    const name = `${exchange} ${what}`;
    const reply = await signed(name, path);
    // A page of some gateway is not the venue's word.
    if (reply.status === 404 && isObject(reply.answer)) return undefined;
    if (!reply.ok) throw await failureOf(name, reply);
    return objectOf(name, reply);
  };

  return { ask, find, time };
}

/** Only what speaks of the key is final. */
function mild(error: ConnectorError): ConnectorError {
  return error.retry === 'never' ? new ConnectorError(error.code, error.message) : error;
}

/** The host that is signed is the venue's, also where an override leads elsewhere. Queries are not signed. */
function signatureOf(
  { credentials }: Account,
  host: string,
  path: string,
  now: number,
): Readonly<Record<string, string>> {
  const { key, secret } = credentials;
  if (keysTypeOf(credentials) === 'cloud') {
    return { authorization: `Bearer ${tokenFor(credentials, now, `GET ${host}${path}`)}` };
  }
  const timestamp = legacyTimestamp(now);
  return {
    'cb-access-key': key,
    'cb-access-sign': legacySignature(secret, timestamp, 'GET', path),
    'cb-access-timestamp': timestamp,
  };
}
