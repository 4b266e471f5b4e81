/** The metrics of account streams; a part of the one table in `metric-names.ts`. */
import type { MetricShape } from './metric-shape';

export const ACCOUNT_METRICS = {
  connector_user_streams: {
    type: 'gauge',
    help: 'Account streams by state of their connection',
    labels: ['exchange', 'state'],
  },
  connector_user_events_total: {
    type: 'counter',
    help: 'Account events by what became of them (published, duplicate, refused by the outbox)',
    labels: ['exchange', 'kind', 'outcome'],
  },
  connector_user_events_waiting: {
    type: 'gauge',
    help: 'Events that wait in the queue userStreamEvents for a consumer; known where connector_user_events_limit is not 0',
    labels: [],
  },
  connector_user_events_consumers: {
    type: 'gauge',
    help: 'Consumers of the queue userStreamEvents; known where connector_user_events_limit is not 0',
    labels: [],
  },
  connector_user_events_limit: {
    type: 'gauge',
    help: 'Events that the queue userStreamEvents takes (USER_EVENTS_MAX_LENGTH); 0 where it is not, or cannot be, looked at',
    labels: [],
  },
  connector_reconciles_total: {
    type: 'counter',
    help: 'Looks at an account over REST after a gap, by the reason of the gap and outcome (closed, failed)',
    labels: ['exchange', 'reason', 'outcome'],
  },
  connector_reconcile_seconds: {
    type: 'histogram',
    help: 'From the moment a live account needs a look to its end, tries and waits for the budget included',
    labels: ['exchange', 'reason'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
  },
  connector_reconciled_events_total: {
    type: 'counter',
    help: 'Account events that the stream had not told, found over REST',
    labels: ['exchange', 'reason'],
  },
  connector_deaf_sessions_total: {
    type: 'counter',
    help: 'Sessions restarted because the venue knew of changes that they had not told',
    labels: ['exchange'],
  },
  connector_balance_polls_total: {
    type: 'counter',
    help: 'Balances asked for where the venue pushes none, by outcome',
    labels: ['exchange', 'outcome'],
  },
  connector_auth_refusals_total: {
    type: 'counter',
    help: 'Logins that a venue refused, by cause',
    labels: ['exchange', 'cause'],
  },
} as const satisfies Record<string, MetricShape>;
