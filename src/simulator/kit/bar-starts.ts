import { barStart, nextBarStart, type Interval } from '../../domain/interval';

/** Open times within `first <= start <= last`, oldest first, at most `limit` from the front. */
export function firstStarts(interval: Interval, first: number, last: number, limit: number): number[] {
  const aligned = barStart(interval, first);
  const starts: number[] = [];
  let at = aligned < first ? nextBarStart(interval, aligned) : aligned;
  for (; at <= last && starts.length < limit; at = nextBarStart(interval, at)) starts.push(at);
  return starts;
}

/** The same, at most `limit` from the end; `last` is an open time. */
export function lastStarts(interval: Interval, first: number, last: number, limit: number): number[] {
  const starts: number[] = [];
  for (let at = last; at >= first && starts.length < limit; at = barStart(interval, at - 1)) starts.push(at);
  return starts.reverse();
}
