import { z } from 'zod';
import { ConnectorError } from '../domain/errors';
import type { Instrument } from '../domain/instrument';
import { InstrumentIndex } from '../domain/instrument';
import type { Codec, Decoded } from '../venues/contract';
import { accountMarkets } from '../venues/registry';

/** One frame and what the codec read in it. */
export interface Replayed {
  readonly at: number;
  readonly decoded: Decoded<unknown>;
}

const Header = z.object({
  exchange: z.string(),
  channel: z.enum(['ticker', 'candle', 'account']),
  reason: z.string(),
  instruments: z.array(
    z.object({
      exchange: z.string(),
      symbol: z.string(),
      venueSymbol: z.string(),
      base: z.string(),
      quote: z.string(),
      contractSize: z.string().optional(),
    }),
  ),
});
const Line = z.object({ at: z.number(), frame: z.string() });

/**
 * The frames of a dump, in their order, through the codec of their feed; its state begins empty, as at the
 * start of a connection.
 * @throws ConnectorError COMMAND_INVALID naming what is wrong with the dump
 */
export function replay(dump: string): readonly Replayed[] {
  const [first = '', ...rest] = dump.split('\n').filter((line) => line !== '');
  const header = read(Header, first, 'line 1');
  const known = accountMarkets('ws://localhost')(header.exchange);
  if (!known) throw invalid(`exchange ${header.exchange}: unknown`);
  const { adapter, market } = known;
  const feed = header.channel === 'account' ? adapter.accountFeed : adapter.publicFeed;
  if (!feed) throw invalid(`exchange ${header.exchange}: no ${header.channel} feed`);
  const codec = feed.codec as Codec<unknown, unknown>;
  const instruments = new InstrumentIndex(header.instruments as readonly Instrument[]);
  const state = codec.begin(market);
  return rest.map((line, index) => {
    const { at, frame } = read(Line, line, `line ${index + 2}`);
    return { at, decoded: codec.decode(frame, { state, market, receivedAt: at, instruments }) };
  });
}

function read<T>(schema: z.ZodType<T>, line: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw invalid(`${where}: not JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`${where}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'unreadable'}`);
}

function invalid(problem: string): ConnectorError {
  return new ConnectorError('COMMAND_INVALID', problem, { retry: 'never' });
}
