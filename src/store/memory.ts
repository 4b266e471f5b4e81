import { ConnectorError } from '../domain/errors';
import type { Clock } from '../domain/time';
import type { ChannelMessage, HashChange, Store } from './ports';
import { guarded, Signal } from './signal';

interface Value {
  readonly content: string | Map<string, string>;
  expiresAt: number | undefined;
}

/**
 * The store of the demo and of unit tests: one process, no network, the semantics of the real one,
 * including that it can go away and come back. Bounded: the keys written longest ago go first.
 */
export class MemoryStore implements Store {
  private readonly values = new Map<string, Value>();
  /** Of single fields, by key. */
  private readonly expiries = new Map<string, Map<string, number>>();
  private readonly subscriptions = new Map<string, Set<(payload: string) => void>>();
  private readonly observers = new Set<(message: ChannelMessage) => void>();
  private readonly changed = new Signal();
  private isUp = true;
  private isClosed = false;

  constructor(
    private readonly clock: Clock,
    private readonly maxKeys = 100_000,
  ) {}

  get ready(): boolean {
    return this.isUp && !this.isClosed;
  }

  onReady(listener: () => void): () => void {
    const unsubscribe = this.changed.add(listener);
    if (this.ready) listener();
    return unsubscribe;
  }

  async publishAll(messages: readonly ChannelMessage[]): Promise<void> {
    await this.reachable();
    for (const message of messages) this.publish(message);
  }

  async announce(message: ChannelMessage): Promise<number> {
    await this.reachable();
    this.publish(message);
    return this.observers.size + (this.subscriptions.get(message.channel)?.size ?? 0);
  }

  async get(key: string): Promise<string | undefined> {
    await this.reachable();
    const content = this.read(key)?.content;
    if (content instanceof Map) throw wrongType(key);
    return content;
  }

  async set(key: string, value: string, ttlMs?: number): Promise<void> {
    await this.reachable();
    this.write(key, { content: value, expiresAt: this.expiry(ttlMs) });
  }

  async hashSet(key: string, fields: ReadonlyMap<string, string>, ttlMs?: number): Promise<void> {
    await this.reachable();
    if (fields.size === 0) return;
    const known = this.read(key);
    if (typeof known?.content === 'string') throw wrongType(key);
    const content = known?.content ?? new Map<string, string>();
    for (const [field, value] of fields) content.set(field, value);
    this.write(key, { content, expiresAt: ttlMs === undefined ? known?.expiresAt : this.expiry(ttlMs) });
  }

  async hashChangeAll(changes: readonly HashChange[]): Promise<ReadonlyMap<string, ConnectorError>> {
    await this.reachable();
    const refused = new Map<string, ConnectorError>();
    for (const { key, remove, set, ttlMs } of changes) {
      if (typeof this.read(key)?.content === 'string') {
        refused.set(key, wrongType(key));
        continue;
      }
      await this.hashRemove(key, remove);
      await this.hashSet(key, new Map(set), ttlMs);
    }
    return refused;
  }

  async hashGet(key: string, fields: readonly string[]): Promise<readonly (string | undefined)[]> {
    await this.reachable();
    const content = this.read(key)?.content;
    if (typeof content === 'string') throw wrongType(key);
    return fields.map((field) => content?.get(field));
  }

  async hashAll(key: string): Promise<ReadonlyMap<string, string>> {
    await this.reachable();
    const content = this.read(key)?.content;
    if (typeof content === 'string') throw wrongType(key);
    return new Map(content);
  }

  async hashRemove(key: string, fields: readonly string[]): Promise<void> {
    await this.reachable();
    for (const field of fields) this.remove(key, field);
  }

  async hashSetExpiring(
    entry: { readonly key: string; readonly field: string; readonly value: string },
    ttlMs: number,
    now: number,
  ): Promise<void> {
    const { key, field, value } = entry;
    await this.hashSet(key, new Map([[field, value]]));
    const expiries = this.expiries.get(key) ?? new Map<string, number>();
    expiries.set(field, now + ttlMs);
    this.expiries.set(key, expiries);
  }

  async hashSweep(key: string, now: number): Promise<void> {
    await this.reachable();
    const expiries = this.expiries.get(key);
    for (const [field, at] of expiries ?? []) {
      if (at > now) continue;
      expiries?.delete(field);
      this.remove(key, field);
    }
  }

  async raise(key: string, scores: ReadonlyMap<string, number>): Promise<void> {
    await this.reachable();
    const known = this.read(key)?.content;
    if (typeof known === 'string') throw wrongType(key);
    const content = known ?? new Map<string, string>();
    for (const [member, score] of scores) {
      if (score > Number(content.get(member) ?? -Infinity)) content.set(member, String(score));
    }
    this.write(key, { content, expiresAt: undefined });
  }

  async withdraw(key: string, member: string): Promise<void> {
    await this.reachable();
    this.remove(key, member);
  }

  async delete(key: string): Promise<void> {
    await this.reachable();
    this.values.delete(key);
  }

  subscribe(channel: string, listener: (payload: string) => void): Promise<void> {
    if (this.isClosed) return Promise.reject(closed());
    const listeners = this.subscriptions.get(channel) ?? new Set();
    listeners.add(listener);
    this.subscriptions.set(channel, listeners);
    return Promise.resolve();
  }

  async ping(): Promise<void> {
    await this.reachable();
  }

  close(): Promise<void> {
    this.goAway();
    this.isClosed = true;
    this.changed.clear();
    this.values.clear();
    this.expiries.clear();
    this.subscriptions.clear();
    this.observers.clear();
    return Promise.resolve();
  }

  /** Every message of every channel, as a pattern subscription would see it. Returns the unsubscriber. */
  published(listener: (message: ChannelMessage) => void): () => void {
    this.observers.add(listener);
    return () => void this.observers.delete(listener);
  }

  /** An outage: every call fails, nothing is heard. */
  goAway(): void {
    if (!this.ready) return;
    this.isUp = false;
    this.changed.emit();
  }

  comeBack(): void {
    if (this.isUp || this.isClosed) return;
    this.isUp = true;
    this.changed.emit();
  }

  /** Nothing is answered within the call, and nothing at all while we are away. */
  private async reachable(): Promise<void> {
    await Promise.resolve();
    if (this.isClosed) throw closed();
    if (!this.isUp) throw new ConnectorError('STORE_UNAVAILABLE', 'the store is away');
  }

  private publish(message: ChannelMessage): void {
    for (const observer of [...this.observers]) guarded(() => observer(message));
    for (const listener of [...(this.subscriptions.get(message.channel) ?? [])]) {
      guarded(() => listener(message.payload));
    }
  }

  private remove(key: string, field: string): void {
    const content = this.read(key)?.content;
    if (content instanceof Map) content.delete(field);
  }

  private expiry(ttlMs: number | undefined): number | undefined {
    return ttlMs === undefined ? undefined : this.clock.now() + ttlMs;
  }

  private read(key: string): Value | undefined {
    const value = this.values.get(key);
    if (value?.expiresAt === undefined || value.expiresAt > this.clock.now()) return value;
    this.values.delete(key);
    return undefined;
  }

  private write(key: string, value: Value): void {
    this.values.delete(key);
    this.values.set(key, value);
    if (this.values.size <= this.maxKeys) return;
    for (const oldest of this.values.keys()) {
      this.values.delete(oldest);
      return;
    }
  }
}

function closed(): ConnectorError {
  return new ConnectorError('STOPPED', 'the store is closed', { retry: 'never' });
}

function wrongType(key: string): ConnectorError {
  return new ConnectorError('STORE_UNAVAILABLE', `the key ${key} holds another type`);
}
