import type { Refusal, Request, Topic } from '../venues/contract';

/**
 * wanted: to be sent · pending: sent, unanswered · acked: answered, but the venue's ack proves
 * nothing yet · confirmed: data seen, or an ack that counts · refused: the venue said no
 */
export type TopicState = 'wanted' | 'pending' | 'acked' | 'confirmed' | 'refused';

interface Entry {
  state: TopicState;
  since: number;
  /** Unanswered or refused tries in a row. */
  tries: number;
  /** Refused topics are asked for again at this time; Infinity: never. */
  retryAt: number;
  refusal: Refusal | undefined;
  /** Largest request that may name this topic, while the guilty one of a refused request is sought. */
  splitTo: number;
}

interface SentRequest {
  readonly topics: readonly Topic[];
  readonly kind: 'subscribe' | 'unsubscribe';
}

/** A venue answers by the request's id, or names the topics, or both. */
interface Answer {
  readonly id?: string;
  readonly topics?: readonly Topic[];
}

export interface RefusedTopic {
  readonly topic: Topic;
  readonly refusal: Refusal;
}

const REFUSED_RETRY_MS = 30_000;
const REFUSED_RETRY_CAP_MS = 600_000;
const MAX_UNANSWERED = 3;
const NO_ANSWER: Refusal = { code: 'NO_ANSWER', text: 'the venue did not answer', retry: 'backoff' };

/** What one connection should carry and how far the venue has agreed. Knows no socket and no clock. */
export class Subscriptions {
  private readonly entries = new Map<Topic, Entry>();
  private readonly sent = new Map<string, SentRequest>();
  private readonly counts: Record<TopicState, number> = {
    wanted: 0,
    pending: 0,
    acked: 0,
    confirmed: 0,
    refused: 0,
  };

  constructor(private readonly rules: { readonly ackConfirms: boolean; readonly ackTimeoutMs: number }) {}

  get size(): number {
    return this.entries.size;
  }

  get topics(): readonly Topic[] {
    return [...this.entries.keys()];
  }

  has(topic: Topic): boolean {
    return this.entries.has(topic);
  }

  tally(): Readonly<Record<TopicState, number>> {
    return this.counts;
  }

  want(topic: Topic, now: number): void {
    if (this.entries.has(topic)) return;
    this.entries.set(topic, {
      state: 'wanted',
      since: now,
      tries: 0,
      retryAt: 0,
      refusal: undefined,
      splitTo: Infinity,
    });
    this.counts.wanted += 1;
  }

  /** Forgets the topic; true when the venue must be told. */
  unwant(topic: Topic): boolean {
    const entry = this.entries.get(topic);
    if (!entry) return false;
    this.counts[entry.state] -= 1;
    this.entries.delete(topic);
    return entry.state === 'pending' || entry.state === 'acked' || entry.state === 'confirmed';
  }

  /** A new connection knows nothing: everything is to be asked for again, but final refusals. */
  beginSession(now: number): void {
    this.sent.clear();
    for (const entry of this.entries.values()) {
      if (entry.state === 'refused' && entry.retryAt === Infinity) continue;
      this.move(entry, 'wanted', now);
      entry.tries = 0;
    }
  }

  /** Asks for live topics again on the same connection (it went deaf). */
  repeat(now: number): void {
    for (const entry of this.entries.values()) if (entry.state !== 'refused') this.move(entry, 'wanted', now);
  }

  /** Topics to ask for now, due refused ones included, in groups of one request each. */
  due(now: number, topicsPerRequest: number): readonly (readonly Topic[])[] {
    if (this.counts.wanted === 0 && this.counts.refused === 0) return [];
    const groups: Topic[][] = [];
    let open: { readonly topics: Topic[]; readonly limit: number } | undefined;
    for (const [topic, entry] of this.entries) {
      const isDue = entry.state === 'wanted' || (entry.state === 'refused' && entry.retryAt <= now);
      if (!isDue) continue;
      const limit = Math.min(topicsPerRequest, entry.splitTo);
      if (!open || open.limit !== limit || open.topics.length >= limit) {
        open = { topics: [], limit };
        groups.push(open.topics);
      }
      open.topics.push(topic);
    }
    return groups;
  }

  /** Called when the requests of due topics are put in the queue. */
  asked(request: Request, kind: SentRequest['kind'], now: number): void {
    if (request.id !== undefined) this.sent.set(request.id, { topics: request.topics, kind });
    if (kind === 'unsubscribe') return;
    for (const topic of request.topics) {
      const entry = this.entries.get(topic);
      if (entry) this.move(entry, 'pending', now);
    }
  }

  acknowledge(answer: Answer, now: number): void {
    for (const topic of this.answered(answer)) {
      const entry = this.entries.get(topic);
      if (entry?.state === 'pending') this.move(entry, this.rules.ackConfirms ? 'confirmed' : 'acked', now);
    }
  }

  /** Returns the topics that are refused by it; the rest of the request is asked for again. */
  refuse(answer: Answer, refusal: Refusal, now: number): readonly RefusedTopic[] {
    const request = answer.id === undefined ? undefined : this.takeRequest(answer.id);
    if (request?.kind === 'unsubscribe') return [];
    const asked = request?.topics ?? [];
    if (refusal.alreadyLive) {
      this.acknowledge({ topics: answer.topics ?? asked }, now);
      return [];
    }
    return this.blame(asked, answer.topics, refusal, now);
  }

  private blame(
    asked: readonly Topic[],
    named: readonly Topic[] | undefined,
    refusal: Refusal,
    now: number,
  ): readonly RefusedTopic[] {
    if (refusal.split && !named && asked.length > 1) {
      this.again(asked, [], now, Math.ceil(asked.length / 2));
      return [];
    }
    const guilty = named ?? asked;
    this.again(asked, guilty, now);
    return this.markAll(guilty, refusal, now);
  }

  /** Hot path: any data of a topic confirms it. */
  data(topics: readonly Topic[], now: number): void {
    for (const topic of topics) {
      const entry = this.entries.get(topic);
      if (entry && entry.state !== 'confirmed') {
        this.move(entry, 'confirmed', now);
        entry.tries = 0;
      }
    }
  }

  /** Requests that were never answered: asked again, and refused for a while after some tries. */
  expire(now: number): readonly RefusedTopic[] {
    const refused: RefusedTopic[] = [];
    if (this.counts.pending === 0) return refused;
    for (const [topic, entry] of this.entries) {
      if (entry.state !== 'pending' || now - entry.since < this.rules.ackTimeoutMs) continue;
      entry.tries += 1;
      if (entry.tries < MAX_UNANSWERED) this.move(entry, 'wanted', now);
      else {
        this.markRefused(entry, NO_ANSWER, now);
        refused.push({ topic, refusal: NO_ANSWER });
      }
    }
    return refused;
  }

  /** Nothing is left to ask or to wait for. */
  get isSettled(): boolean {
    return this.counts.wanted === 0 && this.counts.pending === 0;
  }

  refusals(): readonly RefusedTopic[] {
    const all: RefusedTopic[] = [];
    for (const [topic, { refusal }] of this.entries) if (refusal) all.push({ topic, refusal });
    return all;
  }

  private answered(answer: Answer): readonly Topic[] {
    const request = answer.id === undefined ? undefined : this.takeRequest(answer.id);
    if (request?.kind === 'unsubscribe') return [];
    return answer.topics ?? request?.topics ?? [];
  }

  private takeRequest(id: string): SentRequest | undefined {
    const request = this.sent.get(id);
    this.sent.delete(id);
    return request;
  }

  private again(asked: readonly Topic[], blamed: readonly Topic[], now: number, splitTo = Infinity): void {
    const guilty = new Set(blamed);
    for (const topic of asked) {
      const entry = this.entries.get(topic);
      if (entry?.state !== 'pending' || guilty.has(topic)) continue;
      this.move(entry, 'wanted', now);
      entry.splitTo = splitTo;
    }
  }

  private markAll(topics: readonly Topic[], refusal: Refusal, now: number): readonly RefusedTopic[] {
    const refused: RefusedTopic[] = [];
    for (const topic of topics) {
      const entry = this.entries.get(topic);
      if (!entry) continue;
      this.markRefused(entry, refusal, now);
      refused.push({ topic, refusal });
    }
    return refused;
  }

  private markRefused(entry: Entry, refusal: Refusal, now: number): void {
    this.move(entry, 'refused', now);
    entry.refusal = refusal;
    entry.tries += 1;
    if (refusal.retry === 'never') entry.retryAt = Infinity;
    else if (refusal.retry === 'backoff') {
      entry.retryAt =
        now + Math.min(REFUSED_RETRY_CAP_MS, REFUSED_RETRY_MS * 2 ** Math.min(entry.tries - 1, 10));
    } else entry.retryAt = now + refusal.retry.afterMs;
  }

  private move(entry: Entry, state: TopicState, now: number): void {
    this.counts[entry.state] -= 1;
    this.counts[state] += 1;
    entry.state = state;
    entry.since = now;
    if (state !== 'refused') entry.refusal = undefined;
    if (state === 'acked' || state === 'confirmed') entry.splitTo = Infinity;
  }
}
