import type { LinkRules, Refusal, Request, Topic } from '../venues/contract';
import { SentRequests } from './requests';
import type { Entry, TopicState } from './topic-entry';
import {
  enter,
  isAnsweredBy,
  isLive,
  isOfThisTry,
  isProvenByData,
  newEntry,
  noteRequest,
  retryTime,
} from './topic-entry';

export type { TopicState } from './topic-entry';

/** A venue answers by the request's id, or names the topics, or both. */
interface Answer {
  readonly id?: string;
  readonly topics?: readonly Topic[];
}

export interface RefusedTopic {
  readonly topic: Topic;
  readonly refusal: Refusal;
}

const MAX_UNANSWERED = 3;
/** An answer that is later than this many deadlines means nothing any more. */
const DEADLINES_REMEMBERED = 6;
const NO_ANSWER: Refusal = { code: 'NO_ANSWER', text: 'the venue did not answer', retry: 'backoff' };

/** What one connection should carry and how far the venue has agreed. Knows no socket and no clock. */
export class Subscriptions {
  private readonly entries = new Map<Topic, Entry>();
  private readonly sent = new SentRequests();
  private readonly counts: Record<TopicState, number> = {
    wanted: 0,
    pending: 0,
    acked: 0,
    confirmed: 0,
    refused: 0,
  };

  constructor(private readonly rules: Pick<LinkRules, 'ackConfirms' | 'ackTimeoutMs'>) {}

  get size(): number {
    return this.entries.size;
  }

  get topics(): readonly Topic[] {
    return [...this.entries.keys()];
  }

  /** Requests whose answer is still waited for. */
  get openRequests(): number {
    return this.sent.size;
  }

  has(topic: Topic): boolean {
    return this.entries.has(topic);
  }

  stateOf(topic: Topic): TopicState | undefined {
    return this.entries.get(topic)?.state;
  }

  tally(): Readonly<Record<TopicState, number>> {
    return this.counts;
  }

  /** Nothing is left to ask or to wait for. */
  get isSettled(): boolean {
    return this.counts.wanted === 0 && this.counts.pending === 0;
  }

  /** The topic should bring data. */
  isLive(topic: Topic): boolean {
    const state = this.stateOf(topic);
    return state !== undefined && isLive(state);
  }

  /** No topic can bring data: the venue itself refused every one. A mute venue is not meant. */
  get isHopeless(): boolean {
    if (this.counts.refused < this.entries.size) return false;
    return [...this.entries.values()].every(({ refusal }) => refusal !== NO_ANSWER);
  }

  /** Topics that are refused now, at most `limit`. */
  refusals(limit: number): readonly RefusedTopic[] {
    const refused: RefusedTopic[] = [];
    for (const [topic, { refusal }] of this.entries) {
      if (refused.length >= limit) break;
      if (refusal) refused.push({ topic, refusal });
    }
    return refused;
  }

  want(topic: Topic, now: number): void {
    if (this.entries.has(topic)) return;
    this.entries.set(topic, newEntry(now));
    this.counts.wanted += 1;
  }

  /** Forgets the topic; true when the venue must be told. */
  unwant(topic: Topic): boolean {
    const entry = this.entries.get(topic);
    if (!entry) return false;
    this.counts[entry.state] -= 1;
    this.entries.delete(topic);
    // Of several requests for a topic the venue may have accepted one and refused another.
    return entry.state === 'pending' || isLive(entry.state) || entry.parts > 1;
  }

  /**
   * The session began or ended: nothing holds any more and everything is to be asked for again, but
   * what the venue refused for good or until a time that it set.
   */
  reset(now: number): void {
    this.sent.clear();
    for (const entry of this.entries.values()) {
      if (entry.state === 'refused' && entry.refusal?.retry !== 'backoff') continue;
      this.move(entry, 'wanted', now);
      entry.unanswered = 0;
    }
  }

  /** Asks again for these topics on the same connection. */
  repeat(topics: readonly Topic[], now: number): void {
    for (const topic of topics) {
      const entry = this.entries.get(topic);
      if (entry) this.move(entry, 'wanted', now);
    }
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

  /** A request was queued (`at` is Infinity: its deadline runs from the sending) or has left. */
  asked(request: Request, kind: 'subscribe' | 'unsubscribe', at: number): void {
    const isNew = this.sent.note(request, kind, at);
    if (kind === 'unsubscribe') return;
    for (const topic of request.topics) {
      const entry = this.entries.get(topic);
      if (!entry || (!isNew && !isOfThisTry(entry, request.id))) continue;
      this.move(entry, 'pending', at);
      if (isNew) noteRequest(entry, request.id);
    }
  }

  /** A topic that several requests name is acked when each of them is. Returns the topics that were asked for. */
  acknowledge({ id, topics }: Answer, now: number): readonly Topic[] {
    const request = this.sent.take(id);
    if (request?.kind === 'unsubscribe') return [];
    const asked = topics ?? request?.topics ?? [];
    this.confirm(asked, now, request && id);
    return asked;
  }

  /**
   * Returns the topics that are refused by it; the rest of the request is asked for again. Undefined:
   * the refusal speaks of nothing that we asked for.
   */
  refuse(answer: Answer, refusal: Refusal, now: number): readonly RefusedTopic[] | undefined {
    const request = this.sent.take(answer.id);
    if (request?.kind === 'unsubscribe') return [];
    if (request) {
      const asked = this.ofThisTry(request.topics, answer.id);
      return this.refuseRequest(asked, answer.topics, refusal, now);
    }
    const named = answer.topics ?? [];
    return named.some((topic) => this.entries.has(topic)) ? this.blame(named, refusal, now) : undefined;
  }

  private refuseRequest(
    asked: readonly Topic[],
    named: readonly Topic[] | undefined,
    refusal: Refusal,
    now: number,
  ): readonly RefusedTopic[] {
    if (refusal.split && !named && asked.length > 1) {
      this.again(asked, now, Math.ceil(asked.length / 2));
      return [];
    }
    const refused = this.blame(named ?? asked, refusal, now);
    this.again(asked, now);
    return refused;
  }

  /** Hot path: data of a topic confirm it, unless more requests than theirs are open. */
  data(topics: readonly Topic[], now: number): void {
    if (this.counts.confirmed === this.entries.size) return;
    for (const topic of topics) {
      const entry = this.entries.get(topic);
      if (entry && isProvenByData(entry)) this.move(entry, 'confirmed', now);
    }
  }

  /** Requests that were never answered: asked again, and refused for a while after some tries. */
  expire(now: number): readonly RefusedTopic[] {
    const { ackTimeoutMs } = this.rules;
    this.sent.forget(now - ackTimeoutMs * DEADLINES_REMEMBERED);
    const refused: RefusedTopic[] = [];
    if (this.counts.pending === 0) return refused;
    for (const [topic, entry] of this.entries) {
      if (entry.state !== 'pending' || now - entry.since < ackTimeoutMs) continue;
      entry.unanswered += 1;
      if (entry.unanswered < MAX_UNANSWERED) this.move(entry, 'wanted', now);
      else {
        this.markRefused(entry, NO_ANSWER, now);
        refused.push({ topic, refusal: NO_ANSWER });
      }
    }
    return refused;
  }

  private confirm(topics: readonly Topic[], now: number, id?: string): void {
    for (const topic of topics) {
      const entry = this.entries.get(topic);
      if (entry?.state !== 'pending' || !isAnsweredBy(entry, id)) continue;
      this.move(entry, this.rules.ackConfirms ? 'confirmed' : 'acked', now);
    }
  }

  private ofThisTry(topics: readonly Topic[], id: string | undefined): readonly Topic[] {
    return topics.filter((topic) => {
      const entry = this.entries.get(topic);
      return entry === undefined || isOfThisTry(entry, id);
    });
  }

  /** Those of a refused request that still have no answer. */
  private again(asked: readonly Topic[], now: number, splitTo?: number): void {
    for (const topic of asked) {
      const entry = this.entries.get(topic);
      if (entry?.state !== 'pending') continue;
      this.move(entry, 'wanted', now);
      if (splitTo !== undefined) entry.splitTo = splitTo;
    }
  }

  private blame(topics: readonly Topic[], refusal: Refusal, now: number): readonly RefusedTopic[] {
    const refused: RefusedTopic[] = [];
    if (refusal.alreadyLive) {
      this.confirm(topics, now);
      return refused;
    }
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
    entry.refusals += 1;
    entry.retryAt = retryTime(entry, refusal, now);
  }

  private move(entry: Entry, state: TopicState, now: number): void {
    this.counts[entry.state] -= 1;
    this.counts[state] += 1;
    enter(entry, state, now);
  }
}
