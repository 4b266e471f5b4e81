import type { Clock, Timer } from '../../domain/time';
import type { SimConnection, WsSession } from '../kit';
import { WindowLimit } from '../kit';
import type { Feed } from './feed';
import type { Numbered } from './frames';
import { ackFrame, errorFrame } from './frames';

/** Documented: 8 unauthenticated messages per second and IP. All clients of a simulator share one IP. */
const MESSAGES = { count: 8, perMs: 1_000 };

export interface SessionRules {
  /** Real ms from the open to the first subscribe. Documented: 5 s. */
  readonly firstSubscribeMs: number;
  /** Real ms without any update after which a connection is closed. Documented: 60 to 90 s. */
  readonly quietMs: number;
}

/** What all connections have in common. */
export interface SessionDeps {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly rules: SessionRules;
  readonly messages: WindowLimit;
}

export function sharedMessages(): WindowLimit {
  return new WindowLimit([MESSAGES]);
}

const CHANNELS: ReadonlySet<string> = new Set(['ticker', 'candles', 'market_trades']);
const ECHO = 100;

interface Request {
  readonly type: unknown;
  readonly channel: unknown;
  readonly products: unknown;
}

/** One client of the public socket. */
export class PublicSession implements WsSession {
  private readonly subscriptions = new Map<string, Set<string>>();
  /** One counter for all frames of the connection, acks and heartbeats included. */
  private sequence = 0;
  private pushedAt: number;
  private readonly timers: Timer[] = [];
  private hasSubscribed = false;

  constructor(
    private readonly connection: SimConnection,
    private readonly deps: SessionDeps,
  ) {
    const { clock, rules, feed } = deps;
    this.pushedAt = clock.monotonic();
    this.timers.push(
      clock.after(rules.firstSubscribeMs, () => this.checkFirstSubscribe()),
      clock.every(rules.quietMs / 4, () => this.checkQuiet()),
    );
    feed.join(this);
  }

  onClose(): void {
    for (const timer of this.timers) this.deps.clock.cancel(timer);
    this.deps.feed.leave(this);
  }

  hears(channel: string, product: string): boolean {
    return this.subscriptions.get(channel)?.has(product) ?? false;
  }

  productsOf(channel: string): readonly string[] {
    return [...(this.subscriptions.get(channel) ?? [])];
  }

  get hearsHeartbeats(): boolean {
    return this.subscriptions.has('heartbeats');
  }

  /** A frame that cannot be sent takes no number: the venue would not have made it. */
  send(frame: Numbered): void {
    if (!this.connection.push(frame(this.sequence))) return;
    this.sequence += 1;
    this.pushedAt = this.deps.clock.monotonic();
  }

  /** Loses frames on the way. */
  skip(count: number): void {
    this.sequence += count;
  }

  onText(text: string): void {
    const { clock, messages } = this.deps;
    if (messages.take(clock.monotonic()) > 0) {
      this.connection.violation('messages', text.slice(0, ECHO));
      return this.fail('rate limit exceeded');
    }
    const request = readRequest(text);
    if (request === undefined) {
      this.connection.violation('badFrame', 'no JSON object');
      return this.fail('failure to subscribe');
    }
    const { type, channel } = request;
    if (type !== 'subscribe' && type !== 'unsubscribe') {
      this.connection.violation('badFrame', 'type is neither subscribe nor unsubscribe');
      return this.fail('failure to subscribe');
    }
    if (channel === 'heartbeats') return this.heartbeats(type);
    // Private channels and unknown ones are answered alike.
    if (typeof channel !== 'string' || !CHANNELS.has(channel)) return this.fail('authentication failure');
    return this.data(type, channel, request.products);
  }

  private heartbeats(type: 'subscribe' | 'unsubscribe'): void {
    this.hasSubscribed = true;
    if (type === 'subscribe') this.subscriptions.set('heartbeats', new Set(['heartbeats']));
    else this.subscriptions.delete('heartbeats');
    this.acknowledge();
  }

  private data(type: 'subscribe' | 'unsubscribe', channel: string, products: unknown): void {
    if (!isTextList(products) || products.length === 0) {
      this.connection.violation('badFrame', 'product_ids is no list of products');
      return this.fail('failure to subscribe');
    }
    this.connection.request(products.length);
    if (type === 'unsubscribe') this.remove(channel, products);
    else this.add(channel, products);
    // As captured: data comes before the ack.
    this.acknowledge();
  }

  /** Unknown products are left out without a word. Asking twice is harmless and brings a new snapshot. */
  private add(channel: string, ids: readonly string[]): void {
    this.hasSubscribed = true;
    const set = this.subscriptions.get(channel) ?? new Set<string>();
    for (const id of ids) {
      const product = this.deps.feed.resolve(id);
      if (product === undefined) continue;
      const topic = `${channel}:${product}`;
      if (!set.has(product) && this.connection.subscribe(topic, { hear: false }) !== 'ok') continue;
      set.add(product);
      this.subscriptions.set(channel, set);
      this.deps.feed.greet(this, channel, product);
    }
  }

  private remove(channel: string, ids: readonly string[]): void {
    const set = this.subscriptions.get(channel);
    for (const id of ids) {
      const product = this.deps.feed.resolve(id);
      if (product !== undefined && set?.delete(product)) this.connection.unsubscribe(`${channel}:${product}`);
    }
    if (set?.size === 0) this.subscriptions.delete(channel);
  }

  /** The whole current set of the connection. */
  private acknowledge(): void {
    const listed = Object.fromEntries([...this.subscriptions].map(([channel, set]) => [channel, [...set]]));
    this.connection.answer(ackFrame(listed, this.deps.feed.now())(this.sequence));
    this.sequence += 1;
  }

  private fail(message: string): void {
    this.connection.answer(errorFrame(message));
  }

  private checkFirstSubscribe(): void {
    if (this.hasSubscribed) return;
    this.connection.violation('venue:noSubscribe', 'nothing was subscribed in time');
    this.connection.close(1008, 'no subscription');
  }

  private checkQuiet(): void {
    const quietMs = this.deps.clock.monotonic() - this.pushedAt;
    if (quietMs < this.deps.rules.quietMs || this.hearsHeartbeats) return;
    this.connection.violation('heartbeat', `quiet for ${Math.round(quietMs)} ms, without heartbeats`);
    this.connection.close(1000, '');
  }
}

function readRequest(text: string): Request | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof frame !== 'object' || frame === null) return undefined;
  const { type, channel, product_ids: products } = frame as Readonly<Record<string, unknown>>;
  return { type, channel, products };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
