import type { LinkRules, Request, Topic } from '../venues/contract';

/** A venue's words for a list of topics: `SessionFrames.subscribe` or `.unsubscribe`. */
export type Wording = (topics: readonly Topic[], nextId: () => number) => readonly Request[];

type RequestRules = Pick<LinkRules, 'topicsPerRequest' | 'requestBytes'>;

/** The requests for these topics, none of them above the venue's limits of topics and bytes. */
export function requestsFor(
  wording: Wording,
  topics: readonly Topic[],
  rules: RequestRules,
  nextId: () => number,
): readonly Request[] {
  const requests: Request[] = [];
  for (let from = 0; from < topics.length; from += rules.topicsPerRequest) {
    requests.push(...fitted(wording, topics.slice(from, from + rules.topicsPerRequest), rules, nextId));
  }
  return requests;
}

function fitted(
  wording: Wording,
  topics: readonly Topic[],
  rules: RequestRules,
  nextId: () => number,
): readonly Request[] {
  const requests = wording(topics, nextId);
  const isTooLong = requests.some(({ frame }) => Buffer.byteLength(frame) > rules.requestBytes);
  if (!isTooLong || topics.length === 1) return requests;
  const half = Math.ceil(topics.length / 2);
  return [topics.slice(0, half), topics.slice(half)].flatMap((part) => fitted(wording, part, rules, nextId));
}

interface SentRequest {
  readonly kind: 'subscribe' | 'unsubscribe';
  readonly topics: readonly Topic[];
  /** Monotonic ms at which it left; Infinity: it waits in the queue. */
  readonly at: number;
}

/** Requests by their id, until they are answered, or too old for an answer to mean them. */
export class SentRequests {
  /** Absent while nothing is open: that is nearly always, on thousands of connections. */
  private byId: Map<string, SentRequest> | undefined;

  get size(): number {
    return this.byId?.size ?? 0;
  }

  /** False: it was noted before, and its time is corrected. */
  note({ id, topics }: Request, kind: SentRequest['kind'], at: number): boolean {
    if (id === undefined) return true;
    this.byId ??= new Map();
    const isNew = !this.byId.has(id);
    this.byId.set(id, { kind, topics, at });
    return isNew;
  }

  take(id: string | undefined): SentRequest | undefined {
    if (id === undefined) return undefined;
    const request = this.byId?.get(id);
    this.byId?.delete(id);
    this.letGo();
    return request;
  }

  /** Venues that answer by topic never name the ids: they must not gather. */
  forget(sentBefore: number): void {
    if (!this.byId) return;
    for (const [id, { at }] of this.byId) if (at < sentBefore) this.byId.delete(id);
    this.letGo();
  }

  clear(): void {
    this.byId = undefined;
  }

  private letGo(): void {
    if (this.size === 0) this.byId = undefined;
  }
}
