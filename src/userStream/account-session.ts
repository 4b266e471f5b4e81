import type { AccountEvent } from '../domain/account';
import type { TransportDeps } from '../transport/dialer';
import { FeedConnection } from '../transport/feed';
import type { FeedListener } from '../transport/feed-listener';
import type { RefusedTopic } from '../transport/subscriptions';
import type { Refusal, RefusalCause } from '../venues/contract';
import type { AccountFeedDeps, AccountPlug, LoginGate } from './account-feed';
import { accountFeed } from './account-feed';
import type { AuthGates } from './auth-gates';
import { KeepAlive } from './keep-alive';
import type { StreamHistory } from './stream-history';

export interface AccountStreamDeps extends AccountFeedDeps {
  readonly transport: TransportDeps;
  readonly gates: AuthGates;
}

/** What a session tells the stream that it belongs to. */
export interface SessionOwner {
  readonly history: StreamHistory | undefined;
  readonly room: string | undefined;
  heard(session: AccountSession, events: readonly AccountEvent[], receivedAt: number): void;
  cameLive(session: AccountSession, missedSince: number | undefined): void;
  /** The connection is gone, or was never there. */
  ended(session: AccountSession): void;
  /** The credentials were refused. Returns how long to wait, ms. */
  refused(session: AccountSession, reason: Refusal): number;
  /** Some topics were refused for good, others were not. `right`: of one for which the key lacks a right. */
  lacks(session: AccountSession, right: Refusal | undefined): void;
  /** It should be replaced, new before old. */
  aged(session: AccountSession): void;
  /** The venue has ended its token. */
  tokenGone(session: AccountSession): void;
  unread(): void;
}

/** What a retry at once would only make worse. */
const AUTH_CAUSES: ReadonlySet<RefusalCause | undefined> = new Set(['credentials', 'ip', 'permission']);

/** One login of an account: its connection, and what keeps it. Methods, not closures: there are thousands. */
export class AccountSession implements FeedListener<AccountEvent>, LoginGate {
  /** Its login was refused elsewhere meanwhile: that it still brings data proves nothing. */
  isDoubted = false;
  readonly connection: FeedConnection<AccountEvent, unknown>;
  /** Where the venue wants to hear of the session. */
  private readonly keepAlive: KeepAlive | undefined;

  constructor(
    readonly plug: AccountPlug,
    private readonly deps: AccountStreamDeps,
    private readonly owner: SessionOwner,
  ) {
    const { transport } = deps;
    const spec = accountFeed(plug, deps, this, owner);
    this.connection = new FeedConnection<AccountEvent, unknown>(spec, transport, this);
    if (!plug.feed.session.keepAlive) return;
    this.keepAlive = new KeepAlive(plug, transport, owner.room, (isGone) => this.unprolonged(isGone));
  }

  get state(): string {
    return this.connection.status.name;
  }

  /** Logged in, every topic answered, and not all of them refused. */
  get isComplete(): boolean {
    const { isSettled, size } = this.connection.subscriptions;
    return this.state === 'live' && isSettled && (size === 0 || this.refusedCount < size);
  }

  /** Topics that the venue refuses now. */
  get refusedCount(): number {
    return this.connection.subscriptions.tally().refused;
  }

  begin(): void {
    const { feed, account } = this.plug;
    this.connection.add(feed.session.topics(account));
  }

  end(): void {
    this.keepAlive?.stop();
    this.connection.stop();
  }

  // ---------------------------------------------------------------- gate of its logins

  pauseMs(): number {
    return this.deps.gates.pauseMs(this.plug.fingerprint);
  }

  refused(reason: Refusal): number {
    return this.owner.refused(this, reason);
  }

  // ---------------------------------------------------------------- what its connection tells

  onEvents(events: readonly AccountEvent[], receivedAt: number): void {
    this.owner.heard(this, events, receivedAt);
  }

  onLive(missedSince: number | undefined): void {
    this.isDoubted = false;
    this.keepAlive?.start();
    this.owner.cameLive(this, missedSince);
  }

  onLost(reason: string): void {
    this.owner.history?.lost(reason);
    this.wantRightsAgain();
    this.ended();
  }

  /** A key that is refused is refused everything: one topic alone says nothing about it. */
  onRefused(refused: readonly RefusedTopic[]): void {
    this.owner.history?.topicsRefused(refused);
    const final = refused.find(({ refusal }) => isFinal(refusal));
    if (!final) return;
    if (this.connection.subscriptions.isHopeless) this.refused(final.refusal);
    else this.owner.lacks(this, refused.find(({ refusal }) => isOfRights(refusal))?.refusal);
  }

  onRotate(): void {
    this.owner.aged(this);
  }

  /** The connection itself subscribes anew, then dials anew. */
  onSilent(): void {
    return undefined;
  }

  onUnread(): void {
    this.owner.unread();
  }

  onBlocked(reason: Refusal): void {
    this.ended();
    this.refused(reason);
  }

  /** Somebody may have granted them: the next dial asks anew, and needs no session of its own for it. */
  private wantRightsAgain(): void {
    const { subscriptions } = this.connection;
    if (this.refusedCount === 0 || this.refusedCount === subscriptions.size) return;
    const topics = subscriptions
      .refusals(subscriptions.size)
      .filter(({ refusal }) => isOfRights(refusal))
      .map(({ topic }) => topic);
    this.connection.remove(topics);
    this.connection.add(topics);
    this.owner.history?.topicsWanted(topics);
  }

  private unprolonged(isGone: boolean): void {
    if (isGone) this.owner.tokenGone(this);
    else this.connection.restart('keep_alive_failed');
  }

  private ended(): void {
    this.keepAlive?.stop();
    this.owner.ended(this);
  }
}

function isFinal(refusal: Refusal): boolean {
  return refusal.retry === 'never' || isOfRights(refusal);
}

function isOfRights({ cause }: Refusal): boolean {
  return AUTH_CAUSES.has(cause);
}
