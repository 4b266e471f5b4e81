import type { AccountEvent } from '../domain/account';
import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import type { Timer } from '../domain/time';
import type { Refusal } from '../venues/contract';
import type { AccountPlug } from './account-feed';
import type { AccountStreamDeps, SessionOwner } from './account-session';
import { AccountSession } from './account-session';
import type { Verdict } from './auth-breaker';
import type { StreamHistory } from './stream-history';

export type { AccountStreamDeps } from './account-session';

export interface AccountStreamListener {
  onEvents(events: readonly AccountEvent[], receivedAt: number): void;
  /** Authenticated and subscribed. `missedSince` (epoch ms): events from then on may have been missed. */
  onLive(missedSince: number | undefined): void;
  /** The session ended, and none that works takes over. */
  onLost(): void;
  /** A frame, or a part of one, could not be read. */
  onUnread(): void;
  /**
   * Credentials were refused; the stream tries again by itself after the verdict's wait. Without a verdict a
   * right is missing for some topics only: told once for a login, as nothing waits for it.
   */
  onRefused(reason: Refusal, verdict: Verdict | undefined): void;
  /** Where what happens is noted for operators. */
  readonly history?: StreamHistory;
  /** What log lines name. */
  readonly room?: string;
}

const CHECK_MS = 100;
/** Of replacements that would lack what the old session has. */
const POSTPONED: BackoffPolicy = { floorMs: 5_000, baseMs: 5_000, capMs: 1_800_000, factor: 2 };

/**
 * The private feed of one account. A rotation, and a change of credentials, opens the new session and
 * waits until it is confirmed before the old one closes: what both tell is told once by the ledger.
 */
export class AccountStream implements SessionOwner {
  private current: AccountSession;
  private next: AccountSession | undefined;
  /** The session that `current` is to be replaced by, while the venue refuses it. */
  private wanted: AccountPlug | undefined;
  /** Whether the owner still has to hear that `current` is live. */
  private isUntold = false;
  /** Start of the gap that is to be told with it, epoch ms. */
  private gapSince: number | undefined;
  private check: Timer | undefined;
  private retry: Timer | undefined;
  /** Replacements in a row that were put off. */
  private postponed = 0;
  /** The login of which it was told that it lacks a right. */
  private lacking: AccountPlug | undefined;
  private isStopped = false;

  constructor(
    plug: AccountPlug,
    private readonly deps: AccountStreamDeps,
    private readonly listener: AccountStreamListener,
  ) {
    this.current = this.open(plug);
    this.current.begin();
  }

  get state(): string {
    return this.current.state;
  }

  /** Of the session that works, or is to. */
  get plug(): AccountPlug {
    return this.current.plug;
  }

  get room(): string | undefined {
    return this.listener.room;
  }

  get history(): StreamHistory | undefined {
    return this.listener.history;
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
    this.postponed = 0;
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
    this.current.end();
  }

  // ---------------------------------------------------------------- sessions

  private open(plug: AccountPlug): AccountSession {
    return new AccountSession(plug, this.deps, this);
  }

  private endNext(): void {
    this.next?.end();
    this.next = undefined;
  }

  private replace(plug: AccountPlug): void {
    if (this.isStopped || this.next) return;
    this.next = this.open(plug);
    this.watch();
    this.next.begin();
  }

  /** Where nothing works that could be kept meanwhile. */
  private reopen(plug: AccountPlug): void {
    this.gapSince ??= this.current.connection.completeTime;
    this.current.end();
    this.wanted = undefined;
    this.current = this.open(plug);
    this.current.begin();
  }

  private handOver(next: AccountSession): void {
    this.current.end();
    this.current = next;
    this.next = undefined;
    this.postponed = 0;
    this.history?.rotated();
    if (next.plug === this.wanted) this.wanted = undefined;
    this.isUntold = next.state === 'live';
    this.checkUp();
  }

  // ---------------------------------------------------------------- what happens to a session

  cameLive(session: AccountSession, missedSince: number | undefined): void {
    // A successor speaks once it takes over.
    if (session !== this.current) return;
    this.gapSince ??= missedSince;
    this.isUntold = true;
    this.checkUp();
  }

  ended(session: AccountSession): void {
    if (session !== this.current) return;
    this.isUntold = false;
    this.gapSince ??= session.connection.completeTime;
    if (this.next) this.handOver(this.next);
    // Its successor may still be on its way.
    if (this.state !== 'live') this.listener.onLost();
  }

  /** It is deaf, since when nobody knows: what its venue told last is the start of a gap. */
  tokenGone(session: AccountSession): void {
    if (session !== this.current) return session.connection.restart('keep_alive_failed');
    this.gapSince ??= session.connection.completeTime;
    this.replace(session.plug);
  }

  heard(session: AccountSession, events: readonly AccountEvent[], receivedAt: number): void {
    if (!session.isDoubted) this.deps.gates.proven(session.plug.fingerprint);
    this.listener.onEvents(events, receivedAt);
  }

  aged({ plug }: AccountSession): void {
    this.replace(plug);
  }

  unread(): void {
    this.listener.onUnread();
  }

  private watch(): void {
    this.check ??= this.deps.transport.clock.every(CHECK_MS, () => this.checkUp());
  }

  /** Acks of single topics are not told: whether a session is complete is looked at. */
  private checkUp(): void {
    const { next, current } = this;
    if (next?.isComplete && next.refusedCount <= current.refusedCount) return this.handOver(next);
    if (this.isUntold && current.isComplete) this.tell();
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

  // ---------------------------------------------------------------- refused topics

  lacks(session: AccountSession, right: Refusal | undefined): void {
    if (this.isStopped) return;
    if (right && this.lacking !== session.plug) {
      this.lacking = session.plug;
      this.listener.onRefused(right, undefined);
    }
    if (session === this.next && session.refusedCount > this.current.refusedCount) this.postpone(session);
  }

  /** The old session has more: it stays, and is replaced once the new one is its equal. */
  private postpone({ plug }: AccountSession): void {
    const { clock, random } = this.deps.transport;
    this.wanted ??= plug;
    this.endNext();
    clock.cancel(this.retry);
    this.retry = clock.after(nextDelay(POSTPONED, this.postponed, random), () => this.tryAgain());
    this.postponed += 1;
  }

  // ---------------------------------------------------------------- refused credentials

  refused(session: AccountSession, reason: Refusal): number {
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
    const plug = this.wanted ?? (current.refusedCount > 0 ? current.plug : undefined);
    if (!plug) current.connection.unblock();
    else if (this.state === 'live') this.replace(plug);
    else this.reopen(plug);
  }
}
