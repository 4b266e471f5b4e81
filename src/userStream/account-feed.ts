import type { AccountEvent } from '../domain/account';
import { ConnectorError } from '../domain/errors';
import type { InstrumentIndex } from '../domain/instrument';
import type { FeedSpec } from '../transport/session';
import type {
  Account,
  AccountFeed,
  AccountRest,
  Decoded,
  LinkRules,
  Refusal,
  Request,
} from '../venues/contract';
import type { VenueClock } from './venue-clock';

/** One venue account as the adapter gives it to us. */
export interface AccountPlug {
  readonly account: Account;
  readonly feed: AccountFeed;
  /** Asked for what a session needs. */
  readonly rest: AccountRest;
  /** Asked what became of the account; waits for the calls of sessions. */
  readonly looks: AccountRest;
  /** As `sentAt`, of the looks. */
  readonly looksSentAt: () => number;
  readonly rules: LinkRules;
  /** When the last REST call of the session left, after it had waited its turn; epoch ms. */
  readonly sentAt: () => number;
  /** Tells logins apart without holding them. */
  readonly fingerprint: string;
}

export interface AccountFeedDeps {
  readonly venueClock: VenueClock;
  readonly instruments: InstrumentIndex;
  /** The venue's REST API asked for silence. */
  onLimited(afterMs: number): void;
  /** Resolves after the first try to list the instruments: orders before it could not be named. */
  listed(): Promise<void>;
}

export interface LoginGate {
  /** How long the login has to wait, ms. */
  pauseMs(): number;
  /** The credentials were refused, or cannot sign. Returns how long to wait, ms. */
  refused(reason: Refusal): number;
}

/** Ids of logins, apart from those of the subscriptions on the same connection. */
const LOGIN_IDS_FROM = 1_000_000_000;
/** Questions wait their turn in the venue's REST budget, in a stampede for minutes; each has its own deadline. */
const ENDPOINT_LIMIT_MS = 900_000;

/** The private feed of an account in the terms of `transport`, which knows no accounts. */
export function accountFeed(
  plug: AccountPlug,
  deps: AccountFeedDeps,
  gate: LoginGate,
): FeedSpec<AccountEvent, unknown> {
  const { account, feed, rest, rules } = plug;
  const { session, codec } = feed;
  const { venueClock, instruments } = deps;
  let loginId = LOGIN_IDS_FROM;
  const nextLoginId = (): number => (loginId += 1);
  /** A secret that cannot sign must not unwind the socket; without its frames the session is given up. */
  const signed = (frames: () => readonly Request[]): readonly Request[] => {
    try {
      return frames();
    } catch (error) {
      gate.refused(refusalIn(error) ?? unsigned(error));
      return [];
    }
  };
  return {
    market: account.market,
    channel: 'account',
    rules,
    instruments,
    feed: {
      codec: {
        begin: (market) => codec.begin(market),
        decode: (frame, context) => heeded(codec.decode(frame, context), venueClock),
      },
      session: {
        // Accounts subscribe by their own list; wants of instruments do not exist here.
        topicOf: () => '',
        subscribe: (topics, next) => signed(() => session.subscribe(topics, next, account, venueClock.now())),
        unsubscribe: (topics, next) =>
          signed(() => session.unsubscribe(topics, next, account, venueClock.now())),
        ...(session.ping && { ping: session.ping }),
      },
    },
    endpointLimitMs: ENDPOINT_LIMIT_MS,
    endpoint: async () => {
      const pauseMs = gate.pauseMs();
      if (pauseMs > 0) throw paused(pauseMs);
      await deps.listed();
      await venueClock.sync(() => rest.serverTime(), plug.sentAt);
      try {
        return await session.endpoint(account, rest);
      } catch (error) {
        const refusal = refusalIn(error);
        if (refusal?.cause === 'clock') venueClock.distrust();
        heedLimit(error, deps);
        if (refusal?.retry !== 'never') throw error;
        throw paused(gate.refused(refusal));
      }
    },
    ...(session.login && {
      login: () =>
        signed(() => session.login?.(account, venueClock.now(), nextLoginId) ?? []).map(({ frame }) => frame),
    }),
  };
}

/** It counts for every account of the venue. */
function heedLimit(error: unknown, deps: AccountFeedDeps): void {
  if (!(error instanceof ConnectorError) || error.code !== 'REST_LIMITED') return;
  if (typeof error.retry === 'object') deps.onLimited(error.retry.afterMs);
}

/** A refused time is measured anew before the next dial, whatever the transport makes of the refusal. */
function heeded(decoded: Decoded<AccountEvent>, venueClock: VenueClock): Decoded<AccountEvent> {
  const isRefusal = decoded.kind === 'loginRefused' || decoded.kind === 'refused';
  if (isRefusal && decoded.reason.cause === 'clock') venueClock.distrust();
  return decoded;
}

/** Adapters keep the venue's refusal as the cause of the error, or say only that no retry helps. */
function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof ConnectorError)) return undefined;
  if (isRefusal(error.cause)) return error.cause;
  if (error.retry !== 'never') return undefined;
  return { code: error.code, text: error.message, retry: 'never', cause: 'credentials' };
}

function isRefusal(cause: unknown): cause is Refusal {
  return (
    typeof cause === 'object' && cause !== null && 'code' in cause && 'retry' in cause && 'text' in cause
  );
}

function unsigned(error: unknown): Refusal {
  // Only the class: the words of a crypto library may quote the key.
  const code = error instanceof Error ? error.name : 'UNSIGNED';
  return { code, text: 'the login cannot be signed', retry: 'never', cause: 'credentials' };
}

function paused(afterMs: number): ConnectorError {
  return new ConnectorError('DIAL_FAILED', 'logins pause: the credentials were refused', {
    retry: { afterMs },
  });
}
