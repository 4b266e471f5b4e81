/**
 * Every metric of the project, in one table: the exporter, the docs and the tests read it.
 * Label sets are bounded: exchange, channel, state, reason codes; never symbols, rooms or keys.
 */
import { ACCOUNT_METRICS } from './account-metric-names';
import type { MetricShape } from './metric-shape';
import { SECONDS } from './metric-shape';

export const METRICS = {
  connector_frames_total: {
    type: 'counter',
    help: 'Frames received from venues',
    labels: ['exchange', 'channel'],
  },
  connector_frame_bytes_total: {
    type: 'counter',
    help: 'Bytes of frames received from venues',
    labels: ['exchange', 'channel'],
  },
  connector_events_total: {
    type: 'counter',
    help: 'Events decoded from venue frames',
    labels: ['exchange', 'channel'],
  },
  connector_unknown_frames_total: {
    type: 'counter',
    help: 'Frames that the codec could not read',
    labels: ['exchange', 'channel'],
  },
  connector_dials_total: {
    type: 'counter',
    help: 'Dials by outcome (opened, or the reason of the failure)',
    labels: ['exchange', 'channel', 'outcome'],
  },
  connector_dial_wait_seconds: {
    type: 'histogram',
    help: 'Time a dial waited for the budget of its host',
    labels: ['exchange', 'channel'],
    buckets: [0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
  },
  connector_disconnects_total: {
    type: 'counter',
    help: 'Ends of live connections by reason',
    labels: ['exchange', 'channel', 'reason'],
  },
  connector_rotations_total: {
    type: 'counter',
    help: 'Planned rotations finished, new connection before old',
    labels: ['exchange', 'channel', 'reason'],
  },
  connector_connections: {
    type: 'gauge',
    help: 'Connections by state',
    labels: ['exchange', 'channel', 'state'],
  },
  connector_topics: {
    type: 'gauge',
    help: 'Subscribed topics by state',
    labels: ['exchange', 'channel', 'state'],
  },
  connector_refused_topics_total: {
    type: 'counter',
    help: 'Topics refused by the venue',
    labels: ['exchange', 'channel'],
  },
  connector_gap_seconds: {
    type: 'histogram',
    help: 'Length of gaps in which events may have been missed',
    labels: ['exchange', 'channel'],
    buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600],
  },
  connector_last_data_timestamp_seconds: {
    type: 'gauge',
    help: 'Unix time of the last data frame',
    labels: ['exchange', 'channel'],
  },
  connector_backfilled_candles_total: {
    type: 'counter',
    help: 'Closed candles told by REST after a gap',
    labels: ['exchange'],
  },
  connector_duplicate_candles_total: {
    type: 'counter',
    help: 'Closed candles suppressed because they were published before',
    labels: ['exchange'],
  },
  connector_backfill_failures_total: {
    type: 'counter',
    help: 'Back-fill requests that failed and will be repeated',
    labels: ['exchange'],
  },
  connector_candle_series: {
    type: 'gauge',
    help: "Candle subscriptions that are complete, or wait for the venue's history (filling)",
    labels: ['exchange', 'state'],
  },
  connector_candle_requests_total: {
    type: 'counter',
    help: 'Candle requests by outcome',
    labels: ['outcome'],
  },
  connector_instruments: {
    type: 'gauge',
    help: 'Known instruments',
    labels: ['exchange', 'source'],
  },
  connector_instrument_failures_total: {
    type: 'counter',
    help: 'Failed instrument list loads',
    labels: ['exchange', 'source'],
  },
  connector_published_total: {
    type: 'counter',
    help: 'Messages handed to a door (redis, rabbit) by kind',
    labels: ['exchange', 'door', 'kind'],
  },
  connector_conflated_total: {
    type: 'counter',
    help: 'Older values replaced by newer ones before they were sent',
    labels: ['exchange', 'door', 'kind'],
  },
  connector_venue_latency_seconds: {
    type: 'histogram',
    help: "From the venue's event time, its measured clock offset removed, to the receipt of the frame (sampled)",
    labels: ['exchange', 'channel'],
    buckets: SECONDS,
  },
  connector_decode_seconds: {
    type: 'histogram',
    help: 'Time that the codec took for a frame (sampled)',
    labels: ['exchange', 'channel'],
    buckets: [0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1],
  },
  connector_publish_latency_seconds: {
    type: 'histogram',
    help: 'From the receipt of the frame to the hand-over to the door',
    labels: ['exchange', 'door', 'kind'],
    buckets: SECONDS,
  },
  connector_confirm_latency_seconds: {
    type: 'histogram',
    help: 'From the offer to the outbox to the confirm of the broker',
    labels: [],
    buckets: SECONDS,
  },
  connector_outbox_depth: {
    type: 'gauge',
    help: 'Messages accepted but not yet confirmed by the broker',
    labels: [],
  },
  connector_outbox_bytes: {
    type: 'gauge',
    help: 'Bytes accepted but not yet confirmed by the broker',
    labels: [],
  },
  connector_outbox_refused_total: {
    type: 'counter',
    help: 'Messages refused because the outbox was full; their source is re-read later',
    labels: [],
  },
  connector_outbox_republished_total: {
    type: 'counter',
    help: 'Messages published again after a nack, a lost channel or a deleted queue',
    labels: ['reason'],
  },
  connector_broker_returned_total: {
    type: 'counter',
    help: 'Account events that RabbitMQ handed back, as no queue takes them; they are held and tried again',
    labels: [],
  },
  connector_redis_door_depth: {
    type: 'gauge',
    help: 'Must-arrive messages waiting for Redis',
    labels: [],
  },
  connector_redis_door_dropped_total: {
    type: 'counter',
    help: 'Messages dropped from the Redis door because it was full; RabbitMQ still has them',
    labels: ['kind'],
  },
  connector_broker_connected: {
    type: 'gauge',
    help: '1 while connected',
    labels: ['target'],
  },
  connector_broker_failures_total: {
    type: 'counter',
    help: 'Lost or failed connections to RabbitMQ and Redis',
    labels: ['target'],
  },
  connector_commands_total: {
    type: 'counter',
    help: 'Messages consumed by queue and outcome',
    labels: ['queue', 'outcome'],
  },
  connector_worker_restarts_total: {
    type: 'counter',
    help: 'Worker threads restarted by reason',
    labels: ['venue', 'reason'],
  },
  connector_workers: {
    type: 'gauge',
    help: 'Worker threads by state',
    labels: ['venue', 'state'],
  },
  connector_stalls_total: {
    type: 'counter',
    help: 'Data silences that led to an action',
    labels: ['exchange', 'channel'],
  },
  connector_future_events_total: {
    type: 'counter',
    help: 'Tickers and candles ignored because they are dated more than a minute ahead',
    labels: ['exchange', 'channel'],
  },
  connector_clock_offset_seconds: {
    type: 'gauge',
    help: "Venue's clock minus ours",
    labels: ['venue'],
  },
  ...ACCOUNT_METRICS,
  connector_flight_dumps_total: {
    type: 'counter',
    help: 'Dumps of the flight recorder by outcome (written, failed)',
    labels: ['outcome'],
  },
  connector_status_requests_total: {
    type: 'counter',
    help: 'Requests to the health server by what became of them',
    labels: ['outcome'],
  },
  connector_status_clients: {
    type: 'gauge',
    help: 'Viewers of the live page',
    labels: [],
  },
  connector_notices_total: {
    type: 'counter',
    help: 'Notices published on serviceLog',
    labels: ['kind', 'outcome'],
  },
} as const satisfies Record<string, MetricShape>;

export type MetricName = keyof typeof METRICS;
