import type { SimConnection, WsSession } from '../kit';
import type { Feed } from './feed';
import type { Numbered } from './frames';
import type { LinkDeps } from './link';
import { NumberedLink } from './link';
import { isTextList, readRequest } from './requests';

export interface SessionDeps extends LinkDeps {
  readonly feed: Feed;
}

const CHANNELS: ReadonlySet<string> = new Set(['ticker', 'candles', 'market_trades']);

/** One client of the public socket. */
export class PublicSession implements WsSession {
  private readonly link: NumberedLink;
  private readonly subscriptions = new Map<string, Set<string>>();

  constructor(
    private readonly connection: SimConnection,
    private readonly deps: SessionDeps,
  ) {
    this.link = new NumberedLink(connection, deps);
    deps.feed.join(this);
  }

  onClose(): void {
    this.link.end();
    this.deps.feed.leave(this);
  }

  hears(channel: string, product: string): boolean {
    return this.subscriptions.get(channel)?.has(product) ?? false;
  }

  productsOf(channel: string): readonly string[] {
    return [...(this.subscriptions.get(channel) ?? [])];
  }

  get hearsHeartbeats(): boolean {
    return this.link.hearsHeartbeats;
  }

  send(frame: Numbered): void {
    this.link.send(frame);
  }

  skip(count: number): void {
    this.link.skip(count);
  }

  onText(text: string): void {
    if (this.link.isOverLimit(text)) return;
    const request = readRequest(text);
    if (typeof request === 'string') return this.link.failMalformed(request);
    const { type, channel, products } = request;
    if (channel === 'heartbeats') return this.heartbeats(type);
    // Private channels and unknown ones are answered alike.
    if (typeof channel !== 'string' || !CHANNELS.has(channel))
      return this.link.fail('authentication failure');
    return this.data(type, channel, products);
  }

  private heartbeats(type: 'subscribe' | 'unsubscribe'): void {
    this.link.hasSubscribed = true;
    this.link.hearsHeartbeats = type === 'subscribe';
    if (type === 'subscribe') this.subscriptions.set('heartbeats', new Set(['heartbeats']));
    else this.subscriptions.delete('heartbeats');
    this.acknowledge();
  }

  private data(type: 'subscribe' | 'unsubscribe', channel: string, products: unknown): void {
    if (!isTextList(products) || products.length === 0) {
      return this.link.failMalformed('product_ids is no list of products');
    }
    this.connection.request(products.length);
    if (type === 'unsubscribe') this.remove(channel, products);
    else this.add(channel, products);
    // As captured: data comes before the ack.
    this.acknowledge();
  }

  /** Unknown products are left out without a word. Asking twice is harmless and brings a new snapshot. */
  private add(channel: string, ids: readonly string[]): void {
    this.link.hasSubscribed = true;
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

  private acknowledge(): void {
    const listed = Object.fromEntries([...this.subscriptions].map(([channel, set]) => [channel, [...set]]));
    this.link.acknowledge(listed, this.deps.feed.now());
  }
}
