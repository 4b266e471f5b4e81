import type { AccountEvent } from '../domain/account';
import { ConnectorError } from '../domain/errors';
import type { InstrumentIndex } from '../domain/instrument';
import type { LogContext } from '../domain/telemetry';
import type { FeedSpec } from '../transport/session';
import type {
  Account,
  AccountFeed,
  AccountRest,
  LinkRules,
  MarketDescriptor,
  Refusal,
  Request,
  SessionFrames,
  Topic,
} from '../venues/contract';
import { AccountCodec } from './account-codec';
import { silenceAsked } from './rest-budget';
import type { StreamHistory } from './stream-history';
import type { VenueClock } from './venue-clock';

/** One venue account as the adapter gives it to us. */
export interface AccountPlug {
  readonly account: Account;
  readonly feed: AccountFeed;
  /** Asked for what a session needs. */
  readonly rest: AccountRest;
  /** Asked for the venue's time, and what became of the account: that waits for the calls of sessions. */
  readonly looks: AccountRest;
  /** When the last question for the venue's time left, after it had waited its turn; epoch ms. */
  readonly looksSentAt: () => number;
  readonly rules: LinkRules;
  /** Tells logins apart without holding them. */
  readonly fingerprint: string;
}

export interface AccountFeedDeps {
  readonly venueClock: VenueClock;
  readonly instruments: InstrumentIndex;
  /** The venue's REST API asked this login for silence. */
  onLimited(afterMs: number, login: string): void;
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

/** Between questions that fail by themselves, without a word of the venue. */
const HOPELESS_MS = 300_000;

/** Whose feed it is, for operators. */
export interface Noted {
  readonly history?: StreamHistory | undefined;
  readonly room?: string | undefined;
}

/** The private feed of an account in the terms of `transport`, which knows no accounts. */
export function accountFeed(
  plug: AccountPlug,
  deps: AccountFeedDeps,
  gate: LoginGate,
  owner: Noted = {},
): FeedSpec<AccountEvent, unknown> {
  return new PrivateFeed(plug, deps, gate, owner);
}

/** A class, not a bundle of closures: there is one for each of thousands of idle streams. */
class PrivateFeed implements FeedSpec<AccountEvent, unknown> {
  readonly channel = 'account';
  readonly endpointLimitMs = ENDPOINT_LIMIT_MS;
  readonly feed: FeedSpec<AccountEvent, unknown>['feed'];
  readonly login?: () => readonly string[];
  private loginId = LOGIN_IDS_FROM;

  constructor(
    private readonly plug: AccountPlug,
    private readonly deps: AccountFeedDeps,
    private readonly gate: LoginGate,
    private readonly owner: Noted,
  ) {
    const { session, codec } = plug.feed;
    this.feed = {
      codec: new AccountCodec(codec, deps.venueClock, owner.history),
      session: new PrivateFrames(plug, deps, gate),
    };
    if (session.login) this.login = () => this.logIn();
  }

  get market(): MarketDescriptor {
    return this.plug.account.market;
  }

  get rules(): LinkRules {
    return this.plug.rules;
  }

  get instruments(): InstrumentIndex {
    return this.deps.instruments;
  }

  get about(): LogContext {
    return { room: this.owner.room };
  }

  get secrets(): readonly string[] {
    return secretsOf(this.plug.account);
  }

  async endpoint(): Promise<string> {
    this.owner.history?.dialling();
    const { plug, deps, gate } = this;
    const { account, rest, feed } = plug;
    const pauseMs = gate.pauseMs();
    if (pauseMs > 0) throw paused(pauseMs);
    await deps.listed();
    await deps.venueClock.sync(() => plug.looks.serverTime(), plug.looksSentAt);
    try {
      return await feed.session.endpoint(account, rest);
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal?.cause === 'clock') deps.venueClock.distrust();
      const silenceMs = silenceAsked(error);
      if (silenceMs !== undefined) deps.onLimited(silenceMs, plug.fingerprint);
      if (refusal?.retry !== 'never') throw patient(error);
      throw paused(gate.refused(refusal));
    }
  }

  private logIn(): readonly string[] {
    const { plug, deps, gate } = this;
    const { session } = plug.feed;
    const nextId = (): number => (this.loginId += 1);
    const requests = signed(gate, () => session.login?.(plug.account, deps.venueClock.now(), nextId) ?? []);
    return requests.map(({ frame }) => frame);
  }
}

class PrivateFrames implements SessionFrames {
  readonly ping?: (nextId: () => number) => string;

  constructor(
    private readonly plug: AccountPlug,
    private readonly deps: Pick<AccountFeedDeps, 'venueClock'>,
    private readonly gate: LoginGate,
  ) {
    const { ping } = plug.feed.session;
    if (ping) this.ping = ping;
  }

  /** Accounts subscribe by their own list; wants of instruments do not exist here. */
  topicOf(): Topic {
    return '';
  }

  subscribe(topics: readonly Topic[], nextId: () => number): readonly Request[] {
    return this.worded('subscribe', topics, nextId);
  }

  unsubscribe(topics: readonly Topic[], nextId: () => number): readonly Request[] {
    return this.worded('unsubscribe', topics, nextId);
  }

  private worded(
    what: 'subscribe' | 'unsubscribe',
    topics: readonly Topic[],
    nextId: () => number,
  ): readonly Request[] {
    const { account, feed } = this.plug;
    return signed(this.gate, () => feed.session[what](topics, nextId, account, this.deps.venueClock.now()));
  }
}

/** A secret that cannot sign must not unwind the socket; without its frames the session is given up. */
function signed(gate: LoginGate, frames: () => readonly Request[]): readonly Request[] {
  try {
    return frames();
  } catch (error) {
    gate.refused(refusalIn(error) ?? unsigned(error));
    return [];
  }
}

function secretsOf({ credentials: { key, secret, passphrase } }: Account): readonly string[] {
  return [key, secret, passphrase].filter((text) => text !== '');
}

/** The venue's own refusal: adapters keep it as the cause of the error. */
function refusalIn(error: unknown): Refusal | undefined {
  return error instanceof ConnectorError && isRefusal(error.cause) ? error.cause : undefined;
}

/** Nobody has refused the key, but no retry helps: only somebody who changes something does. */
function patient(error: unknown): unknown {
  if (!(error instanceof ConnectorError) || error.retry !== 'never') return error;
  return new ConnectorError(error.code, error.message, { retry: { afterMs: HOPELESS_MS }, cause: error });
}

function isRefusal(cause: unknown): cause is Refusal {
  return (
    typeof cause === 'object' && cause !== null && 'code' in cause && 'retry' in cause && 'text' in cause
  );
}

function unsigned(error: unknown): Refusal {
  if (error instanceof ConnectorError) {
    return { code: error.code, text: error.message, retry: 'never', cause: 'credentials' };
  }
  // Only the class: the words of a crypto library may quote the key.
  const code = error instanceof Error ? error.name : 'UNSIGNED';
  return { code, text: 'the login cannot be signed', retry: 'never', cause: 'credentials' };
}

function paused(afterMs: number): ConnectorError {
  return new ConnectorError('DIAL_FAILED', 'logins pause: the credentials were refused', {
    retry: { afterMs },
  });
}
