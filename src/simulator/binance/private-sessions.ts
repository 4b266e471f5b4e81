import type { SimAccount, SimConnection, WindowLimit, WsSession } from '../kit';
import { REJECTED_KEY, type AuthProblem, type Authority } from './private-auth';
import { isCombined } from './streams';
import { textOf } from './spelling';

type Json = Readonly<Record<string, unknown>>;

/** Topic on the WebSocket API's origin that carries an account's events. */
export function accountTopic(account: SimAccount): string {
  return `account:${account.id}`;
}

/** One client of a listen-key stream: the key in its URL is all it needs. */
export class ListenKeySession implements WsSession {
  constructor(
    private readonly connection: SimConnection,
    key: string,
  ) {
    connection.subscribe(key);
  }

  /** The usual commands are acknowledged; there is nothing to add to such a stream. */
  onText(text: string): void {
    const { id } = read(text) ?? {};
    if (id === undefined) this.connection.violation('badFrame', text.slice(0, 80));
    this.connection.answer({ result: null, id: id ?? null });
  }
}

/** `/ws/<key>`, `/ws?listenKey=<key>`, `/stream?streams=<key>`, `/stream?listenKey=<key>`. */
export function listenKeyOf({ handshake: { path, query } }: SimConnection): string | undefined {
  return query.get('listenKey') ?? query.get('streams') ?? /\/ws\/(.+)$/.exec(path)?.[1];
}

/** Enveloped on `/stream`, bare on `/ws`. */
export function listenKeyFrame(key: string, event: object): (connection: SimConnection) => string {
  const bare = textOf(event);
  const combined = textOf({ stream: key, data: event });
  return (connection) => (isCombined(connection) ? combined : bare);
}

const SUBSCRIBE_WEIGHT = 2;
/** SUBSCRIPTION_ACTIVE, SUBSCRIPTION_INACTIVE. */
const ACTIVE: AuthProblem = {
  status: 400,
  code: -2035,
  msg: 'User Data Stream subscription already active.',
};
const UNKNOWN_METHOD: AuthProblem = { status: 400, code: -1000, msg: 'Unknown method.' };
const RETIRED: AuthProblem = { status: 410, code: -1000, msg: 'This method was retired.' };
const TOO_MUCH: AuthProblem = { status: 429, code: -1003, msg: 'Too much request weight used.' };

export interface ApiContext {
  readonly authority: Authority;
  readonly quota: WindowLimit;
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
        return this.subscribe(id, params);
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

  private subscribe(id: unknown, params: Json): void {
    this.connection.request(1);
    const waitMs = this.context.quota.take(this.context.clock.monotonic(), SUBSCRIBE_WEIGHT);
    if (waitMs > 0) return this.limit(id, waitMs);
    const auth = this.context.authority.byParams(params);
    if ('problem' in auth) return this.refuse(id, auth.problem);
    const topic = accountTopic(auth.account);
    if (this.connection.topics.includes(topic)) return this.refuse(id, ACTIVE);
    const subscriptionId = this.count;
    this.count += 1;
    this.subscriptions.set(subscriptionId, auth.account);
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

  private limit(id: unknown, waitMs: number): void {
    this.connection.violation('restWeight', `weight ${SUBSCRIBE_WEIGHT}`);
    const serverTime = this.context.venueNow();
    const data = { serverTime, retryAfter: serverTime + waitMs };
    const { status, code, msg } = TOO_MUCH;
    this.connection.answer({ id, status, error: { code, msg, data }, rateLimits: [] });
  }

  private refuse(id: unknown, { status, code, msg }: AuthProblem): void {
    this.connection.answer({ id, status, error: { code, msg }, rateLimits: [] });
  }

  private succeed(id: unknown, result: object): void {
    this.connection.answer({ id, status: 200, result, rateLimits: [] });
  }
}

function read(text: string): Json | undefined {
  try {
    const frame = JSON.parse(text) as unknown;
    return typeof frame === 'object' && frame !== null ? (frame as Json) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
