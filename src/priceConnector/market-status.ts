import type { ChannelStatus, ChannelTotals, MarketStatus, PoolStatus, Tally } from '../domain/status';
import type { Labels } from '../domain/telemetry';

/** What only the market itself knows. */
export interface MarketFacts {
  readonly exchange: string;
  readonly instruments: number;
  readonly pools: readonly (PoolStatus & Pick<ChannelStatus, 'channel' | 'lastEnd'>)[];
  readonly series?: NonNullable<MarketStatus['series']>;
  readonly gaps: MarketStatus['gaps'];
  readonly gapCount: number;
}

/** The facts, with what was counted of them. */
export function marketStatus({ pools, ...facts }: MarketFacts, tally: Tally): MarketStatus {
  const { exchange } = facts;
  const publishLatency = tally.quantiles('connector_publish_latency_seconds', { exchange, door: 'redis' });
  return {
    ...facts,
    channels: pools.map((pool) => channelStatus(pool, { exchange, channel: pool.channel }, tally)),
    published: tally.total('connector_published_total', { exchange, door: 'redis' }),
    backfilled: tally.total('connector_backfilled_candles_total', { exchange }),
    ...(publishLatency && { publishLatency }),
  };
}

function channelStatus(pool: MarketFacts['pools'][number], labels: Labels, tally: Tally): ChannelStatus {
  const venueLatency = tally.quantiles('connector_venue_latency_seconds', labels);
  return { ...pool, totals: totalsOf(labels, tally), ...(venueLatency && { venueLatency }) };
}

function totalsOf(labels: Labels, tally: Tally): ChannelTotals {
  const dials = tally.total('connector_dials_total', labels);
  return {
    frames: tally.total('connector_frames_total', labels),
    events: tally.total('connector_events_total', labels),
    unknownFrames: tally.total('connector_unknown_frames_total', labels),
    failedDials: dials - tally.total('connector_dials_total', { ...labels, outcome: 'opened' }),
    disconnects: tally.total('connector_disconnects_total', labels),
    rotations: tally.total('connector_rotations_total', labels),
    stalls: tally.total('connector_stalls_total', labels),
    refusedTopics: tally.total('connector_refused_topics_total', labels),
  };
}
