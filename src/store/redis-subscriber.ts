import { ConnectorError, errorText } from '../domain/errors';
import type { RedisSettings, StoreDeps } from './redis-link';
import { RedisLink } from './redis-link';
import { guarded } from './signal';

const RETRY_MS = 5_000;

interface Subscription {
  readonly listeners: Set<(payload: string) => void>;
  /** Waiters for the first confirmation. */
  waiting: { resolve(): void; reject(error: Error): void }[];
  /** Confirmed by Redis on the present connection. */
  stands: boolean;
}

/** Pub/sub subscriptions on a connection of their own; every new connection subscribes all of them. */
export class RedisSubscriber {
  private readonly link: RedisLink;
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly retrying;

  constructor(
    settings: RedisSettings,
    private readonly deps: StoreDeps,
  ) {
    this.link = new RedisLink(settings, 'redis_subscriber', deps);
    this.link.client.on('message', (channel, payload) => this.deliver(channel, payload));
    this.link.changed.add(() => this.onLinkChange());
    // A refused SUBSCRIBE (e.g. missing ACL rights) leaves the link up: it is asked for again.
    this.retrying = deps.clock.every(RETRY_MS, () => this.subscribeMissing());
  }

  subscribe(channel: string, listener: (payload: string) => void): Promise<void> {
    const known = this.subscriptions.get(channel);
    const subscription = known ?? { listeners: new Set(), waiting: [], stands: false };
    subscription.listeners.add(listener);
    if (subscription.stands) return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      subscription.waiting.push({ resolve, reject });
      if (known) return;
      this.subscriptions.set(channel, subscription);
      this.ask(channel, subscription);
    });
  }

  async close(): Promise<void> {
    this.deps.clock.cancel(this.retrying);
    const stopped = new ConnectorError('STOPPED', 'the store is closed', { retry: 'never' });
    for (const { waiting } of this.subscriptions.values()) for (const { reject } of waiting) reject(stopped);
    this.subscriptions.clear();
    await this.link.close();
  }

  private onLinkChange(): void {
    for (const subscription of this.subscriptions.values()) subscription.stands = false;
    this.subscribeMissing();
  }

  private subscribeMissing(): void {
    for (const [channel, subscription] of this.subscriptions) {
      if (!subscription.stands) this.ask(channel, subscription);
    }
  }

  private ask(channel: string, subscription: Subscription): void {
    if (!this.link.isReady) return;
    this.link.client.subscribe(channel).then(
      () => {
        subscription.stands = this.link.isReady;
        for (const { resolve } of subscription.waiting.splice(0)) resolve();
      },
      (error: unknown) => {
        this.deps.telemetry.log.warn({ channel, error: errorText(error) }, 'subscription failed; retrying');
      },
    );
  }

  private deliver(channel: string, payload: string): void {
    for (const listener of [...(this.subscriptions.get(channel)?.listeners ?? [])]) {
      guarded(() => listener(payload));
    }
  }
}
