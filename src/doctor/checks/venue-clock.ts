import { errorText } from '../../domain/errors';
import type { Clock } from '../../domain/time';
import { atOnce } from '../../venues/at-once';
import type { VenueAdapter } from '../../venues/contract';
import type { Check, Finding } from '../check';
import { fail, ok, skip, warn } from '../check';
import type { VenueAsked } from './venue-reach';

const TIMEOUT_MS = 10_000;
/** Below it every venue takes our signatures without correction. */
const SKEW_MS = 1_000;
/** Above it our own times (cache, notices, messages) are of no use to others either. */
const WRONG_MS = 30_000;
/** The time is asked for without a signature. */
const NOBODY = { key: 'doctor', secret: 'doctor', passphrase: 'doctor', options: {} };

/** The venue's clock against ours, by the very request that the connector measures it with. */
export function venueClock(
  adapter: VenueAdapter,
  { venue, markets, rewrite }: VenueAsked,
  clock: Clock,
): Check {
  return {
    name: `${venue} clock`,
    needs: `${venue} servers`,
    run: async () => {
      const [market] = markets;
      if (!market || !adapter.connectAccount) return skip('this venue tells no time');
      const account = { market, credentials: NOBODY, environment: 'live' } as const;
      const deps = {
        rewrite,
        timeoutMs: TIMEOUT_MS,
        venueNow: () => clock.now(),
        inTurn: atOnce,
      };
      const before = clock.now();
      try {
        const theirs = await adapter.connectAccount(account, deps).serverTime();
        const after = clock.now();
        return findingOf(venue, theirs - (before + after) / 2, (after - before) / 2);
      } catch (error) {
        return fail(`${venue} does not tell the time: ${errorText(error)}`, adviceFor(errorText(error)));
      }
    },
  };
}

function findingOf(venue: string, offsetMs: number, doubtMs: number): Finding {
  const seconds = (Math.abs(offsetMs) / 1_000).toFixed(2);
  const direction = offsetMs > 0 ? 'behind' : 'ahead of';
  const saw = `this machine is ${seconds} s ${direction} ${venue} (give or take ${(doubtMs / 1_000).toFixed(2)} s)`;
  const certainMs = Math.abs(offsetMs) - doubtMs;
  const todo =
    'set the clock of this machine by NTP (chrony, systemd-timesyncd); the connector corrects signatures';
  if (certainMs > WRONG_MS) return fail(saw, todo);
  return certainMs > SKEW_MS ? warn(saw, todo) : ok(saw);
}

function adviceFor(text: string): string {
  if (/\b(451|403)\b/.test(text))
    return 'the venue serves no addresses of this region or network: run elsewhere';
  if (/\b(418|429)\b|limit/i.test(text))
    return 'the venue limits this address: wait, and look for other programs on it';
  return 'look at the status page of the venue';
}
