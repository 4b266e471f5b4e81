import type { AccountEvent } from '../domain/account';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';

/** Beyond this it is old news that the venue tells again, no latency. */
const LONGEST_MS = 60_000;

/** Measures how old an event is when it reaches us, by the venue's own clock. */
export function observeAge(
  events: readonly AccountEvent[],
  receivedAt: number,
  exchange: string,
  deps: {
    readonly clock: Clock;
    readonly telemetry: Telemetry;
    readonly stream: { readonly venueClock: { now(): number } };
  },
): void {
  const offsetMs = deps.stream.venueClock.now() - deps.clock.now();
  for (const event of events) {
    const ageMs = receivedAt + offsetMs - timeOf(event);
    if (!(Math.abs(ageMs) <= LONGEST_MS)) continue;
    const labels = { exchange, channel: 'account' };
    deps.telemetry.meter.observe('connector_venue_latency_seconds', Math.max(0, ageMs) / 1_000, labels);
  }
}

function timeOf(event: AccountEvent): number {
  switch (event.kind) {
    case 'order':
      return event.report.eventTime;
    case 'balances':
      return event.position.eventTime;
    case 'balanceDelta':
      return event.update.eventTime;
  }
}
