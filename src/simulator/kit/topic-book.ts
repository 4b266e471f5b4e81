import type { Limits } from './types';
import type { Rule } from './violations';

export type Subscribed = 'ok' | 'duplicate' | 'full' | 'refused';

type Added = { readonly kind: 'added' } | { readonly kind: 'broken'; readonly rule: Rule };

/** The topics of one connection, within the venue's limits. */
export class TopicBook {
  private readonly topics = new Set<string>();
  private bytes = 0;

  constructor(private readonly limits: Limits) {}

  add(topic: string): Added {
    const { topicsPerConnection = Infinity, topicBytesPerConnection = Infinity } = this.limits;
    const bytes = this.bytes + Buffer.byteLength(topic);
    if (this.topics.has(topic)) return { kind: 'broken', rule: 'duplicateTopic' };
    if (this.topics.size >= topicsPerConnection) return { kind: 'broken', rule: 'topicsPerConnection' };
    if (bytes > topicBytesPerConnection) return { kind: 'broken', rule: 'topicBytesPerConnection' };
    this.topics.add(topic);
    this.bytes = bytes;
    return { kind: 'added' };
  }

  remove(topic: string): boolean {
    if (!this.topics.delete(topic)) return false;
    this.bytes -= Buffer.byteLength(topic);
    return true;
  }

  list(): readonly string[] {
    return [...this.topics];
  }
}
