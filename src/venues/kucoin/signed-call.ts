import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRestDeps, Refusal } from '../contract';
import { WEIGHTS } from './account-limits';
import type { Asking, Http } from './http';
import { openHttp } from './http';
import { authConsequence } from './refusals';
import { signedHeaders, type KeyVersion } from './signing';

/** What is asked for: names the call in errors, and tells its weight. */
export type What = keyof typeof WEIGHTS;

/** One signed REST call. Resolves with the `data` of the answer, still unchecked. */
export type Call = (
  what: What,
  path: string,
  asking?: Pick<Asking, 'method' | 'isAbsent'>,
) => Promise<unknown>;

/** What a key of the other version may be answered with: it is tried once as that. */
const VERSION_CODES: ReadonlySet<string> = new Set(['400001', '400003', '400004', '400005', '400008']);

/**
 * Calls of one account, signed with the venue's time. Nobody tells the version of a key: 3 is tried
 * first, 2 once after it, and what was accepted is kept.
 */
export function signedCalls(account: Account, deps: AccountRestDeps): { http: Http; call: Call } {
  const { market, credentials } = account;
  const http = openHttp(market, deps);
  let keyVersion: KeyVersion = '3';
  let isProven = false;

  const ask = async (version: KeyVersion, ...[what, path, asking = {}]: Parameters<Call>) => {
    const { method = 'GET' } = asking;
    const data = await http.ask(what, path, {
      ...asking,
      weight: WEIGHTS[what],
      headers: () => signedHeaders(credentials, { method, path, now: deps.venueNow(), keyVersion: version }),
      refusalOf: (code, message) => refused(code, redacted(message, account)),
    });
    keyVersion = version;
    isProven = true;
    return data;
  };

  const call: Call = async (...question) => {
    refuseUnusable(account, question[0]);
    try {
      return await ask(keyVersion, ...question);
    } catch (thrown) {
      if (isProven || !isOfVersion(thrown)) throw softened(thrown, account);
    }
    try {
      return await ask('2', ...question);
    } catch (thrown) {
      throw softened(thrown, account);
    }
  };
  return { http, call };
}

/** KuCoin has closed its sandbox: such a key is one of nowhere. */
function refuseUnusable({ market, credentials, environment }: Account, what: string): void {
  const { key, secret, passphrase } = credentials;
  const name = `${market.exchange} ${what}`;
  if (key === '' || secret === '' || passphrase === '') {
    const text = `${name}: key, secret or passphrase is missing`;
    // As final as the venue's own refusal.
    const cause: Refusal = { code: 'REST_FAILED', text, retry: 'never', cause: 'credentials' };
    throw new ConnectorError('REST_FAILED', text, { retry: 'never', cause });
  }
  if (environment === 'sandbox') {
    throw new ConnectorError('REST_FAILED', `${name}: the venue has no sandbox`, { retry: 'never' });
  }
}

function refused(code: string, message: string): ConnectorError | undefined {
  const consequence = authConsequence(code);
  if (consequence === undefined) return undefined;
  const cause: Refusal = { code, text: message, ...consequence };
  return new ConnectorError('REST_FAILED', message, { retry: consequence.retry, cause });
}

function refusalOf(thrown: unknown): { readonly code: string } | undefined {
  if (!(thrown instanceof ConnectorError)) return undefined;
  const { cause } = thrown;
  return cause instanceof Object && 'code' in cause && typeof cause.code === 'string' && 'text' in cause
    ? { code: cause.code }
    : undefined;
}

function isOfVersion(thrown: unknown): boolean {
  const refusal = refusalOf(thrown);
  return refusal !== undefined && VERSION_CODES.has(refusal.code);
}

/** `never` is kept for refused keys: a question that the venue does not understand says nothing about them. */
function softened(thrown: unknown, account: Account): unknown {
  if (!(thrown instanceof ConnectorError) || refusalOf(thrown) !== undefined) return thrown;
  const { code, message, retry, cause } = thrown;
  return new ConnectorError(code, redacted(message, account), {
    retry: retry === 'never' ? 'backoff' : retry,
    ...(cause !== undefined && { cause }),
  });
}

/** The venue's words may repeat the key. */
function redacted(text: string, { credentials }: Account): string {
  const { key, secret, passphrase } = credentials;
  return [key, secret, passphrase]
    .filter((one) => one !== '')
    .reduce((words, one) => words.replaceAll(one, '***'), text);
}
