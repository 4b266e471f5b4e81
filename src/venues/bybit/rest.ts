import { RestClientV5 } from 'bybit-api';
import type { KlineIntervalV3 } from 'bybit-api';
import { isPositive } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import type { Candle } from '../../domain/events';
import type { Instrument } from '../../domain/instrument';
import { nextBarStart, nominalLengthMs } from '../../domain/interval';
import type { CandleQuery, MarketDescriptor, RestDeps, VenueRest } from '../contract';
import { codeOf } from './intervals';
import type { BarRow, InstrumentRow, ListAnswer } from './rest-answers';
import { isName, readBar, readInstrument, readList } from './rest-answers';
import { badAnswer, fromThrown } from './rest-errors';

const INSTRUMENTS_PER_PAGE = 1_000;
const BARS_PER_PAGE = 1_000;
const MOST_PAGES = 100;
/** The last trade of a bar reaches REST some time after the bar's end. */
const SETTLE_MS = 2_000;
/** The longest answer, 1,000 instruments, has about 1.5 MB. */
const LARGEST_ANSWER = 16 * 1_024 * 1_024;

/** The public REST API of Bybit V5. https://bybit-exchange.github.io/docs/v5/market/instrument */
export function connectRest(deps: RestDeps): VenueRest {
  return {
    instruments: (market) => instruments(market, deps),
    instrumentOfPair: (market, { pair, base, quote }) =>
      isName(pair) ? instrumentOf(market, { symbol: pair, base, quote }) : undefined,
    candles: (market, query) => candles(market, query, deps),
  };
}

// ---------------------------------------------------------------------------- instruments

async function instruments(market: MarketDescriptor, deps: RestDeps): Promise<readonly Instrument[]> {
  const found: Instrument[] = [];
  const seen = new Set<string>();
  let cursor = '';
  do {
    seen.add(cursor);
    const answer = await instrumentsPage(market, cursor, deps);
    for (const row of tradable(answer)) found.push(instrumentOf(market, row));
    cursor = answer.cursor;
    const isEndless = cursor !== '' && (seen.has(cursor) || seen.size >= MOST_PAGES);
    if (isEndless) throw badAnswer('with pages without end');
  } while (cursor !== '');
  // A market without a single instrument is a venue's slip: better the last list than none.
  if (found.length === 0) throw badAnswer('without any tradable instrument');
  return found;
}

/** Spot knows no pages: limit and cursor are ignored there. */
function instrumentsPage(market: MarketDescriptor, cursor: string, deps: RestDeps): Promise<ListAnswer> {
  const category = market.kind;
  const limit = INSTRUMENTS_PER_PAGE;
  return list(market, deps, (client) =>
    client.getInstrumentsInfo({ category, limit, ...(cursor === '' ? {} : { cursor }) }),
  );
}

function tradable({ list: rows }: ListAnswer): readonly InstrumentRow[] {
  const readable = rows.map(readInstrument).filter((row) => row !== undefined);
  if (readable.length === 0 && rows.length > 0) throw badAnswer('with malformed instruments');
  return readable.filter(({ isTrading }) => isTrading);
}

/** Bybit counts linear contracts in base coins and inverse ones in dollars: one unit per contract. */
function instrumentOf(
  { exchange, kind }: MarketDescriptor,
  { symbol, base, quote }: Omit<InstrumentRow, 'isTrading'>,
): Instrument {
  const instrument = { exchange, symbol, venueSymbol: symbol, base, quote };
  return kind === 'spot' ? instrument : { ...instrument, contractSize: '1' };
}

// ---------------------------------------------------------------------------- candles

/** The venue's clock tells which bars are closed: ours may differ. */
async function candles(
  market: MarketDescriptor,
  query: CandleQuery,
  deps: RestDeps,
): Promise<readonly Candle[]> {
  const { fromMs, toMs, interval } = query;
  const pageMs = BARS_PER_PAGE * nominalLengthMs(interval);
  if ((toMs - fromMs) / pageMs > MOST_PAGES) {
    throw new ConnectorError('REST_FAILED', 'too many bars asked for at once', { retry: 'never' });
  }
  const found: Candle[] = [];
  for (let from = fromMs; from < toMs; from += pageMs) {
    const to = Math.min(toMs, from + pageMs);
    const { list: rows, time } = await barsPage(market, query, { from, to }, deps);
    for (const bar of oldestFirst(rows)) {
      const end = nextBarStart(interval, bar.start);
      const isAsked = bar.start >= from && bar.start < to && end + SETTLE_MS <= time;
      // Before a symbol's first trade the venue may list bars of zeros.
      if (isAsked && isPositive(bar.low)) found.push(candleOf(bar, end, market, query));
    }
  }
  return found;
}

function barsPage(
  market: MarketDescriptor,
  { instrument, interval }: CandleQuery,
  { from, to }: { readonly from: number; readonly to: number },
  deps: RestDeps,
): Promise<ListAnswer> {
  const code = codeOf(interval);
  if (code === undefined) {
    throw new ConnectorError('REST_FAILED', `Bybit has no ${interval} bars`, { retry: 'never' });
  }
  return list(market, deps, (client) =>
    client.getKline({
      category: market.kind,
      symbol: instrument.venueSymbol,
      interval: code as KlineIntervalV3,
      start: from,
      end: to - 1,
      limit: BARS_PER_PAGE,
    }),
  );
}

/** The venue lists the newest first. A bar that is told twice counts once. */
function oldestFirst(rows: readonly unknown[]): readonly BarRow[] {
  const byStart = new Map(rows.map(readBar).map((bar) => [bar.start, bar]));
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}

function candleOf(bar: BarRow, end: number, { exchange }: MarketDescriptor, query: CandleQuery): Candle {
  return {
    eventType: 'candle',
    exchange,
    symbol: query.instrument.symbol,
    interval: query.interval,
    ...bar,
    closed: true,
    time: end,
  };
}

// ---------------------------------------------------------------------------- requests

/** One request with one deadline, from the dial to the last byte. */
async function list(
  market: MarketDescriptor,
  { rewrite, timeoutMs }: RestDeps,
  ask: (client: RestClientV5) => Promise<unknown>,
): Promise<ListAnswer> {
  const client = new RestClientV5(
    { baseUrl: rewrite(market.endpoints.rest) },
    {
      timeout: timeoutMs,
      // The SDK's own timeout restarts with every byte, so a dripping answer would never end.
      signal: AbortSignal.timeout(timeoutMs),
      maxContentLength: LARGEST_ANSWER,
      maxRedirects: 0,
      // Otherwise text that is no JSON is taken apart into its characters.
      responseType: 'json',
      transitional: { silentJSONParsing: false },
    },
  );
  const answer = await ask(client).catch((thrown: unknown) => {
    throw fromThrown(thrown);
  });
  return readList(answer);
}
