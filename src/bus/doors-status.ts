import type { DoorsStatus, DoorStatus, OutboxStatus, Tally, UserEventsStatus } from '../domain/status';

/** How the ways out of a thread are doing. */
export function doorsStatus(
  doors: {
    readonly broker: { readonly ready: boolean };
    readonly store: { readonly ready: boolean };
    readonly outbox: { readonly depth: number; readonly bytes: number };
  },
  tally: Tally,
): DoorsStatus {
  return {
    broker: doorStatus(doors.broker, 'rabbitmq', tally),
    store: doorStatus(doors.store, 'redis', tally),
    outbox: outboxStatus(doors.outbox, tally),
  };
}

export function doorStatus(
  { ready: isReady }: { readonly ready: boolean },
  target: 'rabbitmq' | 'redis',
  tally: Tally,
): DoorStatus {
  return { isReady, failures: tally.total('connector_broker_failures_total', { target }) };
}

export function userEventsStatus(tally: Tally): UserEventsStatus | undefined {
  const limit = tally.total('connector_user_events_limit');
  if (limit === 0) return undefined;
  const waiting = tally.total('connector_user_events_waiting');
  return { waiting, consumers: tally.total('connector_user_events_consumers'), limit };
}

function outboxStatus(
  { depth, bytes }: { readonly depth: number; readonly bytes: number },
  tally: Tally,
): OutboxStatus {
  const confirmLatency = tally.quantiles('connector_confirm_latency_seconds');
  return {
    messages: depth,
    bytes,
    refused: tally.total('connector_outbox_refused_total'),
    republished: tally.total('connector_outbox_republished_total'),
    ...(confirmLatency && { confirmLatency }),
  };
}
