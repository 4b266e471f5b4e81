import type { Clock } from '../../domain/time';
import { failureAdvice, failureText } from '../../probe/advice';
import type { Reach, Target } from '../../probe/reach';
import { reach, targetOf } from '../../probe/reach';
import type { MarketDescriptor } from '../../venues/contract';
import type { Check, Finding } from '../check';
import { fail, ok, warn } from '../check';

export interface VenueAsked {
  readonly venue: string;
  readonly markets: readonly MarketDescriptor[];
  /** Applies VENUE_ENDPOINTS. */
  readonly rewrite: (url: string) => string;
}

const REACH_MS = 8_000;
const DAY_MS = 86_400_000;
/** A certificate that nobody renewed by then will hardly be renewed in time. */
const SHORT_MS = 3 * DAY_MS;

type Failure = Extract<Reach, { readonly isReached: false }>;
type Looked = readonly [Target, Reach];

/** Name, TCP and TLS of every server of a venue that the connector may dial. */
export function venueReach({ venue, markets, rewrite }: VenueAsked, clock: Clock): Check {
  return {
    name: `${venue} servers`,
    run: async () => {
      const looks = targetsOf(markets, rewrite).map(async (target): Promise<Looked> => [
        target,
        await reach(target, clock, REACH_MS),
      ]);
      return findingOf(await Promise.all(looks), clock.now());
    },
  };
}

function targetsOf(markets: readonly MarketDescriptor[], rewrite: VenueAsked['rewrite']): readonly Target[] {
  const targets = new Map<string, Target>();
  for (const { endpoints } of markets) {
    for (const url of Object.values(endpoints)) {
      const target = targetOf(rewrite(url));
      targets.set(`${target.host}:${target.port}`, target);
    }
  }
  return [...targets.values()];
}

function findingOf(looked: readonly Looked[], now: number): Finding {
  const failures = looked.flatMap(([target, reached]) =>
    reached.isReached ? [] : [[target, reached] as const],
  );
  const [first] = failures;
  if (first) return failed(first, failures.length, looked.length);
  const slowest = Math.max(...looked.map(([, reached]) => (reached.isReached ? reached.tookMs : 0)));
  const saw = `${looked.length} of ${looked.length} reached, the slowest in ${Math.round(slowest)} ms`;
  const ending = looked.find(
    ([, reached]) => reached.isReached && (reached.tls?.validUntil ?? Infinity) - now < SHORT_MS,
  );
  if (!ending) return ok(saw);
  return warn(
    `${saw}; the certificate of ${ending[0].host} ends within three days`,
    'check the clock of this machine',
  );
}

function failed([target, failure]: readonly [Target, Failure], count: number, of: number): Finding {
  const saw = `${count} of ${of} servers not reached: ${failureText(target, failure)}`;
  return fail(saw, failureAdvice(failure));
}
