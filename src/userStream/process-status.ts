import { doorsStatus, userEventsStatus } from '../bus/doors-status';
import type { ProcessStatus, StreamDetail, StreamStatus, Tally } from '../domain/status';
import type { ConnectorDeps } from './deps';
import type { Room } from './room';

export interface ConnectorStatus {
  readonly brokerReady: boolean;
  readonly storeReady: boolean;
  readonly rooms: Readonly<Record<string, unknown>>;
}

/** All that an operator wants to see of the process of account streams but the streams themselves. */
export function processStatus(deps: ConnectorDeps, tally: Tally): ProcessStatus {
  const userEvents = userEventsStatus(tally);
  return {
    role: 'user',
    instance: deps.config.instanceId,
    at: deps.clock.now(),
    ...doorsStatus(deps, tally),
    venues: [],
    ...(userEvents && { userEvents }),
    streamEvents: tally.total('connector_user_events_total', { outcome: 'published' }),
  };
}

export function streamsStatus(
  rooms: readonly Room[],
  { outbox }: Pick<ConnectorDeps, 'outbox'>,
): readonly StreamStatus[] {
  return rooms.map((room) => ({ ...room.status(), outbox: outbox.held(room.identity.id) }));
}

/** Of one stream also what happened to it. */
export function streamDetail(
  room: Room | undefined,
  { outbox }: Pick<ConnectorDeps, 'outbox'>,
): StreamDetail | undefined {
  if (!room) return undefined;
  return { ...room.status(), outbox: outbox.held(room.identity.id), ...room.history.detail() };
}
