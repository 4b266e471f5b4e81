import type { FeedSpec } from '../transport/session';
import type { Decoded } from '../venues/contract';
import type { StreamHistory } from './stream-history';

/** The feed as it is, with an ear on it: dials, frames and refusals are noted, nothing is changed. */
export function watched<E, S>(spec: FeedSpec<E, S>, history: StreamHistory | undefined): FeedSpec<E, S> {
  if (!history) return spec;
  const { codec } = spec.feed;
  return {
    ...spec,
    endpoint: () => {
      history.dialling();
      return spec.endpoint();
    },
    feed: {
      ...spec.feed,
      codec: {
        begin: (market) => codec.begin(market),
        decode: (frame, context) => {
          const decoded = codec.decode(frame, context);
          note(decoded, history);
          return decoded;
        },
      },
    },
  };
}

function note<E>(decoded: Decoded<E>, history: StreamHistory): void {
  if (decoded.kind === 'events') history.heard(decoded.topics);
  // What is refused for good is told by the breaker, with the pause that follows.
  else if (decoded.kind === 'loginRefused' && decoded.reason.retry !== 'never')
    history.refused(decoded.reason);
}
