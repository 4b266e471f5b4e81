import type { SimAccount, SimConnection, WsSession } from '../kit';
import { keyKindOf, REJECTED_KEY, type AuthProblem, type Authority, type KeyKind } from './private-auth';
import { read, type Json } from './private-sessions';
import type { IpQuota, QuotaRefusal } from './quota';
import { textOf } from './spelling';

/** Topic on the WebSocket API's origin that carries an account's events. */
function accountTopic(account: SimAccount): string {
  return `account:${account.id}`;
}

/** Of log-ons and subscriptions alike. */
const AUTH_WEIGHT = 2;
/** SUBSCRIPTION_ACTIVE, SUBSCRIPTION_INACTIVE. */
const ACTIVE: AuthProblem = {
  status: 400,
  code: -2035,
  msg: 'User Data Stream subscription already active.',
};
const UNKNOWN_METHOD: AuthProblem = { status: 400, code: -1000, msg: 'Unknown method.' };
const RETIRED: AuthProblem = { status: 410, code: -1000, msg: 'This method was retired.' };
const NO_SESSION: AuthProblem = { status: 401, code: -2015, msg: 'WebSocket session not authenticated.' };
/** Undocumented: only that it is refused. */
const wrongKind = (kind: KeyKind): AuthProblem => ({
  ...{ status: 400, code: -4056, msg: `${kind} API key is not supported.` },
});

export interface ApiContext {
  readonly authority: Authority;
  readonly quota: IpQuota;
  /** Monotonic ms, real time; and the venue's time, epoch ms. */
  readonly clock: { monotonic(): number };
  readonly venueNow: () => number;
}

/**
 * One client of the WebSocket API, as far as user data streams go.
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#user-data-stream-requests
 */
export class ApiSession implements WsSession {
  private readonly subscriptions = new Map<number, SimAccount>();
  private count = 0;
  /** Whom `session.logon` named. */
  private user: { readonly account: SimAccount; readonly since: number } | undefined;

  constructor(
    private readonly connection: SimConnection,
    private readonly context: ApiContext,
  ) {}

  onText(text: string): void {
    const request = read(text);
    if (!request || typeof request.method !== 'string') {
      this.connection.violation('badFrame', text.slice(0, 80));
      this.refuse(null, { status: 400, code: -1100, msg: 'Illegal characters found in a parameter.' });
      return;
    }
    const params = typeof request.params === 'object' && request.params !== null ? request.params : {};
    this.obey(request.id ?? null, request.method, params as Json);
  }

  private obey(id: unknown, method: string, params: Json): void {
    switch (method) {
      case 'userDataStream.subscribe.signature':
        return this.authorised(id, params, (account) => this.subscribe(id, account));
      case 'userDataStream.subscribe':
        return this.user ? this.subscribe(id, this.user.account) : this.refuse(id, NO_SESSION);
      case 'session.logon':
        return this.authorised(id, params, (account) => this.logOn(id, account));
      case 'session.status':
        return this.succeed(id, this.status());
      case 'session.logout':
        this.user = undefined;
        return this.succeed(id, this.status());
      case 'userDataStream.unsubscribe':
        return this.unsubscribe(id, params.subscriptionId);
      case 'ping':
        return this.succeed(id, {});
      case 'time':
        return this.succeed(id, { serverTime: this.context.venueNow() });
      case 'userDataStream.start':
      case 'userDataStream.ping':
      case 'userDataStream.stop':
        return this.refuse(id, RETIRED);
      default:
        this.connection.violation('badFrame', `method ${method.slice(0, 60)}`);
        return this.refuse(id, UNKNOWN_METHOD);
    }
  }

  private authorised(id: unknown, params: Json, act: (account: SimAccount) => void): void {
    this.connection.request(1);
    const refusal = this.context.quota.refusal(this.context.clock.monotonic(), AUTH_WEIGHT);
    if (refusal) return this.limit(id, refusal);
    const auth = this.context.authority.byParams(params);
    if ('problem' in auth) this.refuse(id, auth.problem);
    else act(auth.account);
  }

  /** Ed25519 keys only; the newest log-on counts. */
  private logOn(id: unknown, account: SimAccount): void {
    const kind = keyKindOf(account);
    if (kind !== 'ED25519') return this.refuse(id, wrongKind(kind));
    this.user = { account, since: this.context.venueNow() };
    this.succeed(id, this.status());
  }

  private status(): object {
    return {
      apiKey: this.user?.account.key ?? null,
      authorizedSince: this.user?.since ?? null,
      connectedSince: this.connection.openedAt,
      returnRateLimits: false,
      serverTime: this.context.venueNow(),
      userDataStream: this.subscriptions.size > 0,
    };
  }

  private subscribe(id: unknown, account: SimAccount): void {
    const topic = accountTopic(account);
    if (this.connection.topics.includes(topic)) return this.refuse(id, ACTIVE);
    const subscriptionId = this.count;
    this.count += 1;
    this.subscriptions.set(subscriptionId, account);
    this.succeed(id, { subscriptionId });
    this.connection.subscribe(topic);
  }

  private unsubscribe(id: unknown, subscriptionId: unknown): void {
    for (const [number, account] of [...this.subscriptions]) {
      if (subscriptionId === undefined || subscriptionId === number) this.drop(number, account);
    }
    this.succeed(id, {});
  }

  /** An event of an account, with this connection's own number for it; undefined: not subscribed. */
  frame(account: SimAccount, event: object): string | undefined {
    const found = [...this.subscriptions].find(([, one]) => one === account);
    return found && textOf({ subscriptionId: found[0], event });
  }

  /** The key was revoked: the venue answers a question that nobody asked, and ends the subscription. */
  revoked(account: SimAccount): void {
    for (const [number, one] of [...this.subscriptions]) {
      if (one !== account) continue;
      this.drop(number, account);
      this.refuse(null, REJECTED_KEY);
    }
  }

  private drop(number: number, account: SimAccount): void {
    this.subscriptions.delete(number);
    this.connection.unsubscribe(accountTopic(account));
  }

  private limit(id: unknown, { status, waitMs }: QuotaRefusal): void {
    this.connection.violation('restWeight', `weight ${AUTH_WEIGHT}`);
    const serverTime = this.context.venueNow();
    const data = { serverTime, retryAfter: serverTime + waitMs };
    const error = { code: -1003, msg: 'Too much request weight used.', data };
    this.connection.answer({ id, status, error, rateLimits: [] });
  }

  private refuse(id: unknown, { status, code, msg }: AuthProblem): void {
    this.connection.answer({ id, status, error: { code, msg }, rateLimits: [] });
  }

  private succeed(id: unknown, result: object): void {
    this.connection.answer({ id, status: 200, result, rateLimits: [] });
  }
}
