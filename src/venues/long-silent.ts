import type { KnownOrder } from './contract';

/** The lists of a venue may lag behind its streams: what is younger may not be known there yet. */
const LAG_MS = 600_000;

/** Whether a venue that does not know the order has forgotten it, and is not late to hear of it. */
export function isLongSilent({ last }: KnownOrder, nowMs: number): boolean {
  return last === undefined || last.at < nowMs - LAG_MS;
}
