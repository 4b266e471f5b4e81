import type { SimConnection } from '../kit';

/**
 * Who listens to which topic of one category. The origin's own list cannot tell the categories apart:
 * they share a host and topic names.
 */
export class Audience {
  /** Per topic: the listeners, and whether each still lacks its snapshot. */
  private readonly listeners = new Map<string, Map<SimConnection, boolean>>();

  join(topic: string, connection: SimConnection): void {
    const found = this.listeners.get(topic) ?? new Map<SimConnection, boolean>();
    found.set(connection, true);
    this.listeners.set(topic, found);
  }

  leave(topic: string, connection: SimConnection): void {
    const found = this.listeners.get(topic);
    found?.delete(connection);
    if (found?.size === 0) this.listeners.delete(topic);
  }

  leaveAll(connection: SimConnection): void {
    for (const topic of this.topics()) this.leave(topic, connection);
  }

  /** Topics with at least one listener. */
  topics(prefix = ''): readonly string[] {
    return [...this.listeners.keys()].filter((topic) => topic.startsWith(prefix));
  }

  has(topic: string): boolean {
    return this.listeners.has(topic);
  }

  /** The snapshot for those who lack it. */
  greet(topic: string, snapshot: () => string): void {
    for (const [connection, isNew] of this.listeners.get(topic) ?? []) {
      if (isNew) this.deliver(topic, connection, snapshot());
    }
  }

  /** The change for those who hold a snapshot. Who could not be reached needs a new one first. */
  publish(topic: string, frame: string): void {
    for (const [connection, isNew] of this.listeners.get(topic) ?? []) {
      if (!isNew) this.deliver(topic, connection, frame);
    }
  }

  private deliver(topic: string, connection: SimConnection, frame: string): void {
    this.listeners.get(topic)?.set(connection, !connection.push(frame));
  }
}
