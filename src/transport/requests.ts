import type { Request, SessionFrames, Topic } from '../venues/contract';

/** Subscribe requests for one group of topics, split further where the venue's byte limit demands it. */
export function subscribeRequests(
  session: SessionFrames,
  topics: readonly Topic[],
  maxBytes: number,
  nextId: () => number,
): readonly Request[] {
  const requests = session.subscribe(topics, nextId);
  const isTooLong = requests.some(({ frame }) => Buffer.byteLength(frame) > maxBytes);
  if (!isTooLong || topics.length === 1) return requests;
  const half = Math.ceil(topics.length / 2);
  return [topics.slice(0, half), topics.slice(half)].flatMap((part) =>
    subscribeRequests(session, part, maxBytes, nextId),
  );
}
