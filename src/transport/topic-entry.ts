import type { Refusal } from '../venues/contract';

/**
 * wanted: to be sent · pending: sent, not answered in full · acked: answered, but the venue's ack proves
 * nothing yet · confirmed: data seen, or an ack that counts · refused: the venue said no
 */
export type TopicState = 'wanted' | 'pending' | 'acked' | 'confirmed' | 'refused';

/** What is known of one topic of a connection. */
export interface Entry {
  state: TopicState;
  since: number;
  /** Requests of this try that name the topic and have no answer yet; only while pending. */
  open: readonly string[];
  /** How many requests of the last try name the topic. */
  parts: number;
  /** Unanswered requests in a row. */
  unanswered: number;
  /** Refusals in a row. */
  refusals: number;
  /** Refused topics are asked for again at this time; Infinity: never. */
  retryAt: number;
  refusal: Refusal | undefined;
  /** Largest request that may name this topic, while the guilty one of a refused request is sought. */
  splitTo: number;
}

const REFUSED_RETRY_MS = 30_000;
const REFUSED_RETRY_CAP_MS = 600_000;
const NONE: readonly string[] = [];

export function newEntry(now: number): Entry {
  return {
    state: 'wanted',
    since: now,
    open: NONE,
    parts: 0,
    unanswered: 0,
    refusals: 0,
    retryAt: 0,
    refusal: undefined,
    splitTo: Infinity,
  };
}

export function isLive(state: TopicState): boolean {
  return state === 'acked' || state === 'confirmed';
}

/** The entry takes the state; the caller counts. */
export function enter(entry: Entry, state: TopicState, now: number): void {
  entry.state = state;
  entry.since = now;
  if (state !== 'refused') entry.refusal = undefined;
  if (state !== 'pending') entry.open = NONE;
  if (!isLive(state)) return;
  entry.unanswered = 0;
  entry.refusals = 0;
  entry.splitTo = Infinity;
}

/** A new request names the topic. */
export function noteRequest(entry: Entry, id: string | undefined): void {
  if (id === undefined) return;
  entry.open = [...entry.open, id];
  entry.parts = entry.open.length;
}

/** True when an ack of this request leaves nothing of the topic unanswered. */
export function isAnsweredBy(entry: Entry, id: string | undefined): boolean {
  if (!isOfThisTry(entry, id)) return false;
  if (id === undefined || entry.parts <= 1) return true;
  entry.open = entry.open.filter((one) => one !== id);
  return entry.open.length === 0;
}

/**
 * An answer may come so late that the topic has been asked for again. Where one request names the topic it
 * counts all the same; of several, the answers to two tries would be taken for a whole one.
 */
export function isOfThisTry(entry: Entry, id: string | undefined): boolean {
  return id === undefined || entry.parts <= 1 || entry.open.includes(id);
}

/** Data prove one request. The others that name the topic still need their answers, or their repetition. */
export function isProvenByData({ state, parts, retryAt }: Entry): boolean {
  if (state === 'confirmed') return false;
  return parts <= 1 || state === 'acked' || (state === 'refused' && retryAt === Infinity);
}

/** When a topic that was refused now is asked for again. */
export function retryTime({ refusals }: Entry, { retry, retryUpToMs }: Refusal, now: number): number {
  if (retry === 'never') return Infinity;
  const growth = 2 ** Math.min(refusals - 1, 10);
  if (retry === 'backoff') return now + Math.min(REFUSED_RETRY_CAP_MS, REFUSED_RETRY_MS * growth);
  return now + Math.max(retry.afterMs, Math.min(retryUpToMs ?? 0, retry.afterMs * growth));
}
