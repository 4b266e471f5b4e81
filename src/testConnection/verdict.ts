import type { Refusal, RefusalCause } from '../venues/contract';

/** Every answer that the tool can give, with the exit code that scripts read. */
export const VERDICTS = {
  ok: { exitCode: 0, title: 'the key works: the stream is authenticated and subscribed' },
  'bad-key': { exitCode: 10, title: 'the venue refuses the key' },
  'missing-permission': { exitCode: 11, title: 'the key lacks a permission' },
  'ip-not-allowed': { exitCode: 12, title: "this machine's address is not on the key's list" },
  'clock-skew': { exitCode: 13, title: 'the venue refuses our time' },
  network: { exitCode: 14, title: 'the venue cannot be reached' },
  'rate-limited': { exitCode: 15, title: 'the venue limits us' },
  venue: { exitCode: 16, title: 'the venue does not serve this account or address' },
  silent: { exitCode: 17, title: 'the venue neither accepts nor refuses' },
} as const;

export type VerdictName = keyof typeof VERDICTS;

export interface Verdict {
  readonly verdict: VerdictName;
  /** The venue's or the system's own words. */
  readonly detail: string;
  readonly todo?: string;
}

const BY_CAUSE: Readonly<Record<RefusalCause, VerdictName>> = {
  credentials: 'bad-key',
  permission: 'missing-permission',
  ip: 'ip-not-allowed',
  clock: 'clock-skew',
  limit: 'rate-limited',
  venue: 'venue',
};

const ADVICE: Readonly<Record<RefusalCause, string>> = {
  credentials:
    'check key, secret and passphrase for lost characters, that the key still exists, that it is of this environment ' +
    '(live or sandbox) and site (--okx-source, --bybit-host); some venues say the same of a missing right, or of an ' +
    'address that is not allowed',
  permission:
    "give the key the right to read orders and balances (or trade) of this market, on the venue's page of keys",
  ip: "add this machine's public address to the key's list, or lift the restriction; a container may leave by another address",
  clock: 'set the clock of this machine by NTP (chrony, systemd-timesyncd)',
  limit: 'wait some minutes; other programs on this address, or with this key, may use up the limit',
  venue: "look at the venue's status page, and whether this account and market are open to you",
};

/** These pass by themselves where a second try finds them gone. */
const MAY_PASS: ReadonlySet<RefusalCause> = new Set(['clock', 'venue']);

/** What a refusal means; undefined: it may pass, so the next try is waited for. */
export function verdictOfRefusal(refusal: Refusal, isRepeated: boolean): Verdict | undefined {
  const { code, text, retry } = refusal;
  const cause = refusal.cause ?? 'venue';
  if (MAY_PASS.has(cause) && retry !== 'never' && !isRepeated) return undefined;
  return {
    verdict: BY_CAUSE[cause],
    detail: text === '' ? `code ${code}` : `${text} (code ${code})`,
    todo: ADVICE[cause],
  };
}

/** The words of a dial that came to a server, but not to a session: `http_451`, `close_1008`, ... */
export function verdictOfAnswer(reason: string): Verdict {
  const detail = `the server answers ${reason.replace('_', ' ')}`;
  if (/^http_(418|429)$/.test(reason)) return { verdict: 'rate-limited', detail, todo: ADVICE.limit };
  if (/^http_(403|451)$/.test(reason)) {
    return {
      verdict: 'venue',
      detail,
      todo: 'the venue serves no addresses of this region or network: run elsewhere',
    };
  }
  return { verdict: 'venue', detail, todo: ADVICE.venue };
}
