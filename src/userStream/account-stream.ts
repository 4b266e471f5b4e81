import type { AccountEvent } from '../domain/account';
import { errorText } from '../domain/errors';
import type { InstrumentIndex } from '../domain/instrument';
import type { Timer } from '../domain/time';
import type { TransportDeps } from '../transport/dialer';
import { FeedConnection } from '../transport/feed';
import type { Account, AccountFeed, AccountRest, LinkRules, Refusal } from '../venues/contract';
import type { VenueClock } from './venue-clock';

/** One venue account as the adapter gives it to us. */
export interface AccountPlug {
  readonly account: Account;
  readonly feed: AccountFeed;
  readonly rest: AccountRest;
  readonly rules: LinkRules;
}

export interface AccountStreamDeps {
  readonly transport: TransportDeps;
  readonly venueClock: VenueClock;
  readonly instruments: InstrumentIndex;
}

export interface AccountStreamListener {
  onEvents(events: readonly AccountEvent[], receivedAt: number): void;
  /** Authenticated and subscribed; `missedSince`: a gap may have to be closed. */
  onLive(missedSince: number | undefined): void;
  onLost(reason: string): void;
  /** The credentials were refused; no further login until `retryLogin`. */
  onRefused(reason: Refusal): void;
}

interface Session {
  readonly connection: FeedConnection<AccountEvent, unknown>;
  readonly plug: AccountPlug;
  keepAlive: Timer | undefined;
}

const HANDOVER_CHECK_MS = 100;
const KEEP_ALIVE_TRIES = 3;
const KEEP_ALIVE_RETRY_MS = 60_000;

/**
 * The private feed of one account. A rotation, and a change of credentials, opens the new session and
 * waits until it is confirmed before the old one closes: what both tell is told once by the ledger.
 */
export class AccountStream {
  private current: Session;
  private next: Session | undefined;
  private handover: Timer | undefined;
  private isStopped = false;

  constructor(
    plug: AccountPlug,
    private readonly deps: AccountStreamDeps,
    private readonly listener: AccountStreamListener,
  ) {
    this.current = this.open(plug);
  }

  get state(): string {
    return this.current.connection.status.name;
  }

  get rest(): AccountRest {
    return this.current.plug.rest;
  }

  /** New credentials for the same account, without a gap where the old ones still work. */
  swap(plug: AccountPlug): void {
    this.endNext();
    if (this.state !== 'live') {
      this.end(this.current);
      this.current = this.open(plug);
    } else this.replace(plug);
  }

  /** Reconnects on request. */
  restart(): void {
    this.current.connection.restart('requested');
  }

  /** The breaker's pause is over. */
  retryLogin(): void {
    this.current.connection.unblock();
  }

  stop(): void {
    this.isStopped = true;
    this.endNext();
    this.end(this.current);
  }

  // ---------------------------------------------------------------- sessions

  private open(plug: AccountPlug): Session {
    const { account, feed, rest, rules } = plug;
    const { venueClock, transport, instruments } = this.deps;
    const { session, codec } = feed;
    let requestId = 0;
    const nextId = (): number => (requestId += 1);
    const opened: Session = {
      plug,
      keepAlive: undefined,
      connection: new FeedConnection<AccountEvent, unknown>(
        {
          market: account.market,
          channel: 'account',
          rules,
          instruments,
          feed: {
            codec,
            session: {
              // Accounts subscribe by their own list; wants of instruments do not exist here.
              topicOf: () => '',
              subscribe: (topics, next) => session.subscribe(topics, next, account, venueClock.now()),
              unsubscribe: (topics, next) => session.unsubscribe(topics, next, account, venueClock.now()),
              ...(session.ping && { ping: session.ping }),
            },
          },
          endpoint: async () => {
            await venueClock.sync(() => rest.serverTime());
            return session.endpoint(account, rest);
          },
          ...(session.login && {
            login: () => session.login?.(account, venueClock.now(), nextId).map(({ frame }) => frame) ?? [],
          }),
        },
        transport,
        {
          onEvents: (events, receivedAt) => this.listener.onEvents(events, receivedAt),
          onLive: (missedSince) => this.cameLive(opened, missedSince),
          onLost: (reason) => this.wasLost(opened, reason),
          onRefused: (refused) => this.refused(opened, refused[0]?.refusal),
          onRotate: () => this.replace(opened.plug),
          onSilent: () => undefined,
          onBlocked: (reason) => this.refused(opened, reason),
        },
      ),
    };
    opened.connection.add(session.topics(account));
    return opened;
  }

  private end(session: Session): void {
    this.deps.transport.clock.cancel(session.keepAlive);
    session.connection.stop();
  }

  private endNext(): void {
    this.deps.transport.clock.cancel(this.handover);
    if (this.next) this.end(this.next);
    this.next = undefined;
  }

  private replace(plug: AccountPlug): void {
    if (this.isStopped || this.next) return;
    const next = this.open(plug);
    this.next = next;
    this.handover = this.deps.transport.clock.every(HANDOVER_CHECK_MS, () => {
      if (isSettled(next)) this.handOver(next, undefined);
    });
  }

  private handOver(next: Session, missedSince: number | undefined): void {
    this.deps.transport.clock.cancel(this.handover);
    this.next = undefined;
    const old = this.current;
    this.current = next;
    this.end(old);
    if (isSettled(next)) this.listener.onLive(missedSince);
  }

  // ---------------------------------------------------------------- what happens to a session

  private cameLive(session: Session, missedSince: number | undefined): void {
    this.keepAlive(session, 0);
    // A successor speaks once it takes over.
    if (session === this.current) this.listener.onLive(missedSince);
  }

  private wasLost(session: Session, reason: string): void {
    this.deps.transport.clock.cancel(session.keepAlive);
    if (session !== this.current) return;
    this.listener.onLost(reason);
    if (this.next) this.handOver(this.next, session.connection.completeTime);
  }

  private refused(session: Session, reason: Refusal | undefined): void {
    if (!reason || reason.cause === undefined) return;
    if (reason.cause === 'clock') return this.deps.venueClock.distrust();
    if (session === this.current) return this.listener.onRefused(reason);
    // The new credentials do not work: the old session stays as long as it lives.
    this.endNext();
    this.listener.onRefused(reason);
  }

  private keepAlive(session: Session, failures: number): void {
    const { keepAlive } = session.plug.feed.session;
    const { clock, telemetry } = this.deps.transport;
    if (!keepAlive) return;
    clock.cancel(session.keepAlive);
    const delayMs = failures === 0 ? keepAlive.everyMs : KEEP_ALIVE_RETRY_MS;
    session.keepAlive = clock.after(delayMs, () => {
      keepAlive.run(session.plug.account, session.plug.rest).then(
        () => this.keepAlive(session, 0),
        (error: unknown) => {
          const { exchange } = session.plug.account.market;
          telemetry.log.warn({ exchange, failures, error: errorText(error) }, 'session not kept alive');
          if (failures + 1 < KEEP_ALIVE_TRIES) this.keepAlive(session, failures + 1);
          else session.connection.restart('keep_alive_failed');
        },
      );
    });
  }
}

/** Logged in, and every topic answered: it may take over. */
function isSettled({ connection }: Session): boolean {
  return connection.status.name === 'live' && connection.subscriptions.isSettled;
}
