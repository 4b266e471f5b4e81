import type { DecodeContext, Decoded, Topic } from '../contract';
import { Rhythm } from '../rhythm';
import type { Bar } from './bars';
import { Timestamps } from './fields';
import type { MinuteSeries } from './minute-bars';
import type { DataChannel } from './topics';
import { topicFor, topicsFor } from './topics';
import { twinOf } from './twins';

/** State of one connection. */
export class PublicState {
  readonly timestamps = new Timestamps();
  readonly tradeTimestamps = new Timestamps();
  /** The forming five-minute bar of each product. */
  readonly bars = new Map<string, FormingBar>();
  /** The forming minute of each product whose trades are heard. */
  readonly minutes = new Map<string, MinuteSeries>();
  private readonly rhythm = new Rhythm();
  /** How often numbers, or frames as it seems, were missing. What was seen under a lower count may lack something. */
  gaps = 0;
  isGapUntold = false;
  private expected: number | undefined;
  private readonly topics = new Map<string, readonly Topic[]>();

  /**
   * Every frame of a connection carries the next number, acks and heartbeats included. The first one
   * seen sets the counter; a step back counts as a gap, too.
   */
  follow(sequence: unknown): void {
    if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence)) return;
    if (this.expected !== undefined && sequence !== this.expected) {
      this.gaps += 1;
      this.isGapUntold = true;
    }
    this.expected = sequence + 1;
  }

  /** A frame that the venue made at `time` (epoch ms). One that makes too long a pause need not skip numbers. */
  hear(time: number): void {
    if (this.rhythm.hear(time)) this.gaps += 1;
  }

  /** `topicsFor`, built once per product. */
  topicsOf(channel: DataChannel, product: string): readonly Topic[] {
    const key = topicFor(channel, product);
    const known = this.topics.get(key);
    if (known !== undefined) return known;
    const topics = topicsFor(channel, product);
    if (this.topics.size < MAX_TOPICS) this.topics.set(key, topics);
    return topics;
  }
}

export interface FormingBar {
  readonly bar: Bar;
  /** `PublicState.gaps` when it was told. */
  readonly gaps: number;
}

export type PublicContext = DecodeContext<PublicState>;

/** Far above what Coinbase lists (900 products): only listings of years get there. */
const MAX_TOPICS = 20_000;

export const NO_TOPICS: readonly Topic[] = [];

export function unknown(note: string): Decoded<never> {
  return { kind: 'unknown', note };
}

/** Of a frame that named no product of ours. Snapshots of products that never traded are empty. */
export function barren(rowCount: number, what: string): Decoded<never> {
  return rowCount === 0 ? { kind: 'ignored' } : unknown(`malformed ${what}, or of unlisted products`);
}

/** Published symbols of a product: itself, and the twin that shares its book. */
export interface Published {
  readonly own: string | undefined;
  readonly twin: string | undefined;
}

/**
 * The copy for the twin is part of the contract with the backend, so a list that does not mention it
 * changes nothing; one that gives it a book of its own does.
 */
export function publishedOf(product: string, { instruments }: PublicContext): Published | undefined {
  const own = instruments.bySymbol(product)?.venueSymbol === product ? product : undefined;
  const twin = twinOf(product);
  const listed = twin === undefined ? undefined : instruments.bySymbol(twin);
  const isShared = listed === undefined ? own !== undefined : listed.venueSymbol === product;
  if (own === undefined && !isShared) return undefined;
  return { own, twin: isShared ? twin : undefined };
}
