import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRestDeps } from '../contract';
import { isObject, lineOf } from './fields';
import type { Ask, Reply } from './http';
import { objectOf, refusal, request } from './http';
import { restUrlOf } from './hosts';
import { keysTypeOf, legacySignature, legacyTimestamp, tokenFor } from './signing';

/** GET calls of one account, signed with the venue's time; `find` is one that may find nothing. */
export interface SignedCalls {
  readonly ask: Ask;
  readonly find: (what: string, path: string) => Promise<object | undefined>;
}

/** https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api */
export function signedCalls(account: Account, deps: AccountRestDeps): SignedCalls {
  const { exchange } = account.market;
  const production = new URL(restUrlOf(account));
  const base = deps.rewrite(production.href).replace(/\/+$/, '');
  const send = (name: string, path: string): Promise<Reply> => {
    const [bare = path] = path.split('?', 1);
    const headers = signatureOf(account, production.host, production.pathname + bare, deps.venueNow());
    return request(name, base + path, { timeoutMs: deps.timeoutMs, headers });
  };
  return {
    ask: async (what, path) => {
      const name = `${exchange} ${what}`;
      const reply = await send(name, path);
      if (!reply.ok) throw signedRefusal(name, reply, account);
      return objectOf(name, reply);
    },
    find: async (what, path) => {
      const name = `${exchange} ${what}`;
      const reply = await send(name, path);
      if (reply.status === 404) return undefined;
      if (!reply.ok) throw signedRefusal(name, reply, account);
      return objectOf(name, reply);
    },
  };
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

/** {"error":"PERMISSION_DENIED","error_details":"Missing required scopes","message":"Missing required scopes"} */
const SCOPES = /missing required scopes/i;

/**
 * Only what speaks of the key is final. A key without the right to view is told from a blocked address, which
 * may be let in again.
 */
function signedRefusal(name: string, reply: Reply, { credentials }: Account): ConnectorError {
  const error = refusal(name, reply);
  if (reply.status === 401) {
    const kind = keysTypeOf(credentials);
    return new ConnectorError(error.code, `${error.message}: the ${kind} key is refused`, { retry: 'never' });
  }
  if (reply.status === 403 && SCOPES.test(detailsOf(reply))) {
    return new ConnectorError(error.code, `${error.message}: the key may not view`, { retry: 'never' });
  }
  return error.retry === 'never' ? new ConnectorError(error.code, error.message) : error;
}

function detailsOf({ answer }: Reply): string {
  const { error_details, message } = (isObject(answer) ? answer : {}) as Readonly<Record<string, unknown>>;
  return `${lineOf(error_details)} ${lineOf(message)}`;
}
