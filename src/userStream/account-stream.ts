import type { AccountEvent } from '../domain/account';
import type { Timer } from '../domain/time';
import type { TransportDeps } from '../transport/dialer';
import { FeedConnection } from '../transport/feed';
import type { Refusal, RefusalCause } from '../venues/contract';
import type { AccountFeedDeps, AccountPlug } from './account-feed';
import { accountFeed } from './account-feed';
import type { Verdict } from './auth-breaker';
import type { AuthGates } from './auth-gates';
import { KeepAlive } from './keep-alive';
import type { StreamHistory } from './stream-history';

export interface AccountStreamDeps extends AccountFeedDeps {
  readonly transport: TransportDeps;
  readonly gates: AuthGates;
}

export interface AccountStreamListener {
  onEvents(events: readonly AccountEvent[], receivedAt: number): void;
  /** Authenticated and subscribed. `missedSince` (epoch ms): events from then on may have been missed. */
  onLive(missedSince: number | undefined): void;
  /** The session ended, and none that works takes over. */
  onLost(): void;
  /** A frame, or a part of one, could not be read. */
  onUnread(): void;
  /** Credentials were refused; the stream tries again by itself after the verdict's wait. */
  onRefused(reason: Refusal, verdict: Verdict): void;
  /** Where what happens is noted for operators. */
  readonly history?: StreamHistory;
}

interface Session {
  readonly connection: FeedConnection<AccountEvent, unknown>;
  readonly plug: AccountPlug;
  readonly keepAlive: KeepAlive;
  /** Its login was refused elsewhere meanwhile: that it still brings data proves nothing. */
  isDoubted: boolean;
}

const CHECK_MS = 100;
/** What a retry at once would only make worse. */
const AUTH_CAUSES: ReadonlySet<RefusalCause | undefined> = new Set(['credentials', 'ip', 'permission']);

/**
 * The private feed of one account. A rotation, and a change of credentials, opens the new session and
 * waits until it is confirmed before the old one closes: what both tell is told once by the ledger.
 */
export class AccountStream {
  private current: Session;
  private next: Session | undefined;
  /** The session that `current` is to be replaced by, while the venue refuses it. */
  private wanted: AccountPlug | undefined;
  /** Whether the owner still has to hear that `current` is live. */
  private isUntold = false;
  /** Start of the gap that is to be told with it, epoch ms. */
  private gapSince: number | undefined;
  private check: Timer | undefined;
  private retry: Timer | undefined;
  private isStopped = false;

  constructor(
    plug: AccountPlug,
    private readonly deps: AccountStreamDeps,
    private readonly listener: AccountStreamListener,
  ) {
    this.current = this.open(plug);
    this.begin(this.current);
  }

  get state(): string {
    return this.current.connection.status.name;
  }

  /** Of the session that works, or is to. */
  get plug(): AccountPlug {
    return this.current.plug;
  }

  /** Epoch ms up to which nothing was missed without being told. */
  get completeUntil(): number | undefined {
    return this.gapSince ?? this.current.connection.completeTime;
  }

  /** New credentials for the same account, without a gap where the old ones still work. */
  swap(plug: AccountPlug): void {
    this.endNext();
    this.deps.transport.clock.cancel(this.retry);
    this.wanted = plug;
    if (this.state === 'live') this.replace(plug);
    else this.reopen(plug);
  }

  /** Reconnects on request. */
  restart(): void {
    this.current.connection.restart('requested');
  }

  stop(): void {
    this.isStopped = true;
    this.deps.transport.clock.cancel(this.retry);
    this.deps.transport.clock.cancel(this.check);
    this.endNext();
    end(this.current);
  }

  // ---------------------------------------------------------------- sessions

  private open(plug: AccountPlug): Session {
    const { transport, gates } = this.deps;
    const { history } = this.listener;
    const gate = {
      pauseMs: () => gates.pauseMs(plug.fingerprint),
      refused: (reason: Refusal) => this.refused(opened, reason),
    };
    const spec = accountFeed(plug, this.deps, gate, history);
    const connection = new FeedConnection<AccountEvent, unknown>(spec, transport, {
      onEvents: (events, receivedAt) => this.heard(opened, events, receivedAt),
      onLive: (missedSince) => this.cameLive(opened, missedSince),
      onLost: (reason) => {
        history?.lost(reason);
        this.ended(opened);
      },
      onRefused: (refused) => {
        history?.topicsRefused(refused);
        for (const { refusal } of refused) if (isFinal(refusal)) return void this.refused(opened, refusal);
      },
      onRotate: () => this.replace(opened.plug),
      // The connection itself subscribes anew, then dials anew.
      onSilent: () => undefined,
      onUnread: () => this.listener.onUnread(),
      onBlocked: (reason) => {
        this.ended(opened);
        this.refused(opened, reason);
      },
    });
    const keepAlive = new KeepAlive(plug, transport, (isGone) => this.expired(opened, isGone));
    const opened: Session = { connection, plug, keepAlive, isDoubted: false };
    return opened;
  }

  private begin({ connection, plug }: Session): void {
    connection.add(plug.feed.session.topics(plug.account));
  }

  private endNext(): void {
    if (this.next) end(this.next);
    this.next = undefined;
  }

  private replace(plug: AccountPlug): void {
    if (this.isStopped || this.next) return;
    this.next = this.open(plug);
    this.watch();
    this.begin(this.next);
  }

  /** Where nothing works that could be kept meanwhile. */
  private reopen(plug: AccountPlug): void {
    this.gapSince ??= this.current.connection.completeTime;
    end(this.current);
    this.wanted = undefined;
    this.current = this.open(plug);
    this.begin(this.current);
  }

  private handOver(next: Session): void {
    end(this.current);
    this.current = next;
    this.next = undefined;
    this.listener.history?.rotated();
    if (next.plug === this.wanted) this.wanted = undefined;
    this.isUntold = next.connection.status.name === 'live';
    this.checkUp();
  }

  // ---------------------------------------------------------------- what happens to a session

  private cameLive(session: Session, missedSince: number | undefined): void {
    session.isDoubted = false;
    session.keepAlive.start();
    // A successor speaks once it takes over.
    if (session !== this.current) return;
    this.gapSince ??= missedSince;
    this.isUntold = true;
    this.checkUp();
  }

  /** The connection is gone, or was never there. */
  private ended(session: Session): void {
    session.keepAlive.stop();
    if (session !== this.current) return;
    this.isUntold = false;
    this.gapSince ??= session.connection.completeTime;
    if (this.next) this.handOver(this.next);
    // Its successor may still be on its way.
    if (this.state !== 'live') this.listener.onLost();
  }

  /** A session without a token is deaf, since when nobody knows: what its venue told last is the start of a gap. */
  private expired(session: Session, isGone: boolean): void {
    const { connection, plug } = session;
    if (!isGone || session !== this.current) return connection.restart('keep_alive_failed');
    this.gapSince ??= connection.completeTime;
    this.replace(plug);
  }

  private heard(session: Session, events: readonly AccountEvent[], receivedAt: number): void {
    if (!session.isDoubted) this.deps.gates.proven(session.plug.fingerprint);
    this.listener.onEvents(events, receivedAt);
  }

  private watch(): void {
    this.check ??= this.deps.transport.clock.every(CHECK_MS, () => this.checkUp());
  }

  /** Acks of single topics are not told: whether a session is complete is looked at. */
  private checkUp(): void {
    const { next, current } = this;
    if (next && isComplete(next) && refusedIn(next) <= refusedIn(current)) return this.handOver(next);
    if (this.isUntold && isComplete(current)) this.tell();
    if (this.next || this.isUntold) return this.watch();
    this.deps.transport.clock.cancel(this.check);
    this.check = undefined;
  }

  private tell(): void {
    const missedSince = this.gapSince;
    this.isUntold = false;
    this.gapSince = undefined;
    this.listener.onLive(missedSince);
  }

  // ---------------------------------------------------------------- refused credentials

  private refused(session: Session, reason: Refusal): number {
    const { clock } = this.deps.transport;
    const verdict = this.deps.gates.refused(session.plug.fingerprint);
    // The answer to a question that nobody asks any more.
    if (this.isStopped || (session !== this.current && session !== this.next)) return verdict.waitMs;
    session.isDoubted = true;
    // The old session stays as long as it lives: the new one does not work.
    if (session === this.next) {
      this.wanted ??= session.plug;
      this.current.isDoubted ||= this.current.plug.fingerprint === session.plug.fingerprint;
      this.endNext();
    }
    this.listener.onRefused(reason, verdict);
    clock.cancel(this.retry);
    this.retry = clock.after(verdict.waitMs, () => this.tryAgain());
    return verdict.waitMs;
  }

  /** What was refused for good is never asked for again by its own connection: a new one does. */
  private tryAgain(): void {
    const { current } = this;
    if (this.next) return;
    const plug = this.wanted ?? (refusedIn(current) > 0 ? current.plug : undefined);
    if (!plug) current.connection.unblock();
    else if (this.state === 'live') this.replace(plug);
    else this.reopen(plug);
  }
}

function end({ connection, keepAlive }: Session): void {
  keepAlive.stop();
  connection.stop();
}

/** Logged in, every topic answered, and not all of them refused. */
function isComplete(session: Session): boolean {
  const { status, subscriptions } = session.connection;
  const { isSettled, size } = subscriptions;
  return status.name === 'live' && isSettled && (size === 0 || refusedIn(session) < size);
}

function refusedIn({ connection }: Session): number {
  return connection.subscriptions.tally().refused;
}

function isFinal({ retry, cause }: Refusal): boolean {
  return retry === 'never' || AUTH_CAUSES.has(cause);
}
