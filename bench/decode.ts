/** What a venue's codec costs, alone and in process, on frames that the simulated venue really sends. */
import { startSimulator } from '../src/simulator';
import type { DecodeContext } from '../src/venues/contract';
import { allVenues } from '../src/venues/registry';
import type { Bench, Goal, Row } from './harness/bench';
import { atLeast } from './harness/bench';
import type { Recording, RecordedChannel } from './harness/recording';
import { record } from './harness/recording';

const SYMBOLS = 40;
const FRAMES = { ticker: 4_000, candle: 120 } as const;
/** Push periods of the candles, where the simulator lets us choose: more frames in less time. */
const FASTER = {
  binance: { klinePushMs: 100 },
  bybit: { klineMs: 100 },
  okx: { candleEveryMs: 100 },
  bitget: { candleEveryMs: 100 },
  kucoin: { candleMs: 100 },
  coinbase: { candleMs: 100, tradesMs: 100 },
};
const WARM_UP_MS = 150;
const MEASURE_MS = 400;
/** What one venue worker must sustain as a whole; its codec alone must do it several times over. */
const WORKER_PER_SECOND = 60_000;

export const decode: Bench = {
  title: 'codec alone, CPU per frame and update, beside JSON.parse of the same frames',
  async run() {
    const rows: Row[] = [];
    const goals: Goal[] = [];
    for (const adapter of allVenues()) {
      const { venue, markets } = adapter.descriptor;
      const simulator = await startSimulator({ venues: [venue], symbols: SYMBOLS, options: FASTER });
      let slowest = Infinity;
      for (const market of markets) {
        for (const channel of ['ticker', 'candle'] as const) {
          const row = rowOf(await record({ adapter, market }, channel, simulator, FRAMES[channel]), channel);
          rows.push(row);
          if (channel === 'ticker') slowest = Math.min(slowest, row['updates/s and core']);
        }
      }
      await simulator.close();
      goals.push(
        atLeast(`${venue}: tickers of its slowest market`, slowest / 1_000, WORKER_PER_SECOND / 1_000, 'k/s'),
      );
    }
    return { rows, goals };
  },
};

function rowOf(recording: Recording, channel: RecordedChannel) {
  const { market } = recording.known;
  const frames = recording.connections.reduce((sum, tape) => sum + tape.length, 0);
  const bytes = recording.connections.flat().reduce((sum, frame) => sum + frame.length, 0);
  let updates = 0;
  const decodeUs = microsecondsPerPass(() => {
    updates = decodeAll(recording);
  });
  const parseUs = microsecondsPerPass(() => parseAll(recording));
  return {
    market: market.exchange,
    channel,
    frames,
    'bytes/frame': bytes / frames,
    'updates/frame': updates / frames,
    'us/frame': decodeUs / frames,
    'JSON.parse us': parseUs / frames,
    // Trades make a bar only now and then.
    'us/update': updates > 0 ? decodeUs / updates : NaN,
    'x of JSON.parse': decodeUs / parseUs,
    'updates/s and core': updates > 0 ? Math.round((updates * 1e6) / decodeUs) : NaN,
  };
}

/** One pass over everything, each connection with a fresh state as after a dial. Returns the updates. */
function decodeAll({ known, instruments, connections }: Recording): number {
  const { codec } = known.adapter.publicFeed;
  let updates = 0;
  for (const frames of connections) {
    const context: DecodeContext<unknown> = {
      state: codec.begin(known.market),
      market: known.market,
      receivedAt: Date.now(),
      instruments,
    };
    for (const frame of frames) {
      const decoded = codec.decode(frame, context);
      if (decoded.kind === 'events') updates += decoded.events.length;
    }
  }
  return updates;
}

function parseAll({ connections }: Recording): void {
  for (const frames of connections) for (const frame of frames) JSON.parse(frame);
}

/** CPU time, not wall time: what else runs on the machine counts less. */
function microsecondsPerPass(pass: () => void): number {
  repeat(pass, WARM_UP_MS);
  return repeat(pass, MEASURE_MS);
}

function repeat(pass: () => void, forMs: number): number {
  const start = performance.now();
  const before = process.cpuUsage();
  let passes = 0;
  do {
    pass();
    passes += 1;
  } while (performance.now() - start < forMs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / passes;
}
