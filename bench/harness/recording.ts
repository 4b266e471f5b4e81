/** Frames as a connection of ours reads them from a simulated venue. */
import type { MarketEvent } from '../../src/domain/events';
import type { Instrument } from '../../src/domain/instrument';
import { InstrumentIndex } from '../../src/domain/instrument';
import type { Telemetry } from '../../src/domain/telemetry';
import { systemClock } from '../../src/ops/clock';
import { rewriter } from '../../src/config';
import { parseEndpoints } from '../../src/config/endpoints';
import type { Simulator } from '../../src/simulator';
import { DialBudget } from '../../src/transport/limits';
import { Pool } from '../../src/transport/pool';
import type { Codec, Feed, Topic } from '../../src/venues/contract';
import type { KnownMarket } from '../../src/venues/registry';
import { pause } from './child';
import { restOf } from './instruments';

export type RecordedChannel = 'ticker' | 'candle';

export interface Recording {
  readonly known: KnownMarket;
  readonly channel: RecordedChannel;
  readonly instruments: InstrumentIndex;
  /** Per connection, in order: codecs keep a state each. */
  readonly connections: readonly (readonly string[])[];
}

const LIMIT_MS = 12_000;
const TICKERS_PER_SECOND = 20_000;

/** Listens until so many frames with events have come; fewer where the venue is slower than the limit. */
export async function record(
  known: KnownMarket,
  channel: RecordedChannel,
  simulator: Simulator,
  frames: number,
): Promise<Recording> {
  const { adapter, market } = known;
  const endpoints = simulator.overrides();
  const rest = restOf(known, endpoints);
  const listed = await rest.instruments(market);
  const instruments = new InstrumentIndex(listed);
  const tape = new Tape();
  const pool = new Pool<MarketEvent, unknown>(
    {
      market,
      channel,
      rules: market.links[channel],
      feed: { session: adapter.publicFeed.session, codec: tape.recorded(adapter.publicFeed.codec) },
      instruments,
      endpoint: async () =>
        (await adapter.publicFeed.session.endpoint?.(market, channel, rest)) ?? market.endpoints[channel],
      ...(adapter.publicFeed.session.awaitsWelcome && { login: () => [] }),
    },
    {
      clock: systemClock,
      random: Math.random,
      dials: new DialBudget(systemClock),
      telemetry: SILENT,
      rewrite: rewriter(parseEndpoints(endpoints)),
    },
    { onEvents: ignore, onLive: ignore, onLost: ignore, onRefused: ignore, onSilent: ignore },
  );
  pool.want(topicsOf(known, channel, listed));
  await untilRecorded(tape, known, channel, simulator, frames);
  pool.stop();
  return { known, channel, instruments, connections: tape.connections() };
}

/** Every topic first; then, where the simulator can, many updates in a short time. */
async function untilRecorded(
  tape: Tape,
  { market }: KnownMarket,
  channel: RecordedChannel,
  simulator: Simulator,
  frames: number,
): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  while (tape.frames === 0 && performance.now() < until) await pause(20);
  const run =
    channel === 'ticker'
      ? simulator.load(market.exchange, { tickersPerSecond: TICKERS_PER_SECOND })
      : undefined;
  while (tape.frames < frames && performance.now() < until) await pause(20);
  run?.stop();
}

function topicsOf(
  { adapter, market }: KnownMarket,
  channel: RecordedChannel,
  listed: readonly Instrument[],
): readonly Topic[] {
  const { session } = adapter.publicFeed;
  if (channel === 'ticker' && market.allTickers) return market.allTickers;
  const interval = market.intervals.includes('1m') ? '1m' : (market.intervals[0] ?? '1m');
  const want = channel === 'ticker' ? ({ kind: 'ticker' } as const) : ({ kind: 'candle', interval } as const);
  return listed.map((one) => session.topicOf(market, want, one));
}

/** A codec that remembers what it was asked, told apart by its states. */
class Tape {
  frames = 0;
  private readonly byState = new Map<object, string[]>();

  recorded(codec: Feed<MarketEvent, unknown>['codec']): Codec<MarketEvent, { readonly own: unknown }> {
    return {
      begin: (market) => ({ own: codec.begin(market) }),
      decode: (frame, context) => {
        const decoded = codec.decode(frame, { ...context, state: context.state.own });
        if (decoded.kind === 'events') {
          this.frames += 1;
          this.tapeOf(context.state).push(frame);
        }
        return decoded;
      },
    };
  }

  connections(): readonly (readonly string[])[] {
    return [...this.byState.values()];
  }

  private tapeOf(state: object): string[] {
    let tape = this.byState.get(state);
    if (!tape) this.byState.set(state, (tape = []));
    return tape;
  }
}

const ignore = (): void => undefined;
const SILENT_LOG = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => SILENT_LOG };
const SILENT: Telemetry = {
  log: SILENT_LOG,
  meter: { count: ignore, gauge: ignore, observe: ignore },
};
