/** A venue of tickers and candles in the dialect of `hostile-server.ts`; its REST side is the test's. */
import { ConnectorError } from '../domain/errors';
import type { Candle, MarketEvent } from '../domain/events';
import type { Instrument } from '../domain/instrument';
import { InstrumentIndex } from '../domain/instrument';
import type {
  CandleQuery,
  Decoded,
  MarketDescriptor,
  SessionFrames,
  Topic,
  VenueAdapter,
  VenueRest,
} from '../venues/contract';
import { TINY_URL, tinyFeed, tinyRules } from './tiny-venue';

export const ALL_TICKERS: Topic = 'all';
const NO_INSTRUMENTS = new InstrumentIndex();

function market(exchange: string, over: Partial<MarketDescriptor> = {}): MarketDescriptor {
  const rules = { ...tinyRules, topicsPerConnection: 50, topicsPerRequest: 50 };
  return {
    exchange,
    kind: 'spot',
    selector: 'tiny',
    endpoints: { ticker: TINY_URL, candle: TINY_URL, rest: 'https://api.tiny.example' },
    intervals: ['1m', '1h'],
    links: { ticker: rules, candle: rules },
    ...over,
  };
}

/** Each instrument has a ticker topic of its own. */
export const tinyMarket = market('tiny');
/** One topic carries every ticker. */
export const tinyAllMarket = market('tinyAll', { allTickers: [ALL_TICKERS] });

export function instrumentOf(symbol: string, exchange = 'tiny'): Instrument {
  return { exchange, symbol, venueSymbol: symbol.toLowerCase(), base: symbol.slice(0, 3), quote: 'USDT' };
}

const topicOf: SessionFrames['topicOf'] = (_market, want, { venueSymbol }) =>
  want.kind === 'ticker' ? `${venueSymbol}.ticker` : `${venueSymbol}.candle.${want.interval}`;

/** A pushed value is a whole event as JSON; anything else is life without an event. */
function decode(frame: string): Decoded<MarketEvent> {
  const decoded = tinyFeed.codec.decode(frame, {
    state: {},
    market: tinyMarket,
    receivedAt: 0,
    instruments: NO_INSTRUMENTS,
  });
  if (decoded.kind !== 'events') return decoded;
  const events = decoded.events.flatMap(({ value }) =>
    value.startsWith('{') ? [JSON.parse(value) as MarketEvent] : [],
  );
  return { kind: 'events', topics: decoded.topics, events };
}

/** What the venue's REST API knows, and how it is doing. */
export class TinyRest implements VenueRest {
  listed: readonly string[] = ['BTCUSDT'];
  bars: readonly Candle[] = [];
  isDown = false;
  readonly queries: CandleQuery[] = [];

  instruments({ exchange }: MarketDescriptor): Promise<readonly Instrument[]> {
    return this.answer(() => this.listed.map((symbol) => instrumentOf(symbol, exchange)));
  }

  instrumentOfPair({ exchange }: MarketDescriptor, { pair }: { pair: string }): Instrument {
    return instrumentOf(pair, exchange);
  }

  candles(_market: MarketDescriptor, query: CandleQuery): Promise<readonly Candle[]> {
    this.queries.push(query);
    const { instrument, interval, fromMs, toMs } = query;
    return this.answer(() =>
      this.bars.filter(
        (bar) =>
          bar.symbol === instrument.symbol &&
          bar.interval === interval &&
          bar.start >= fromMs &&
          bar.start < toMs,
      ),
    );
  }

  private answer<T>(read: () => T): Promise<T> {
    return this.isDown ? Promise.reject(new ConnectorError('REST_FAILED', 'down')) : Promise.resolve(read());
  }
}

export function tinyAdapter(rest: TinyRest): VenueAdapter<object> {
  return {
    descriptor: {
      venue: 'tiny',
      markets: [tinyMarket, tinyAllMarket],
      intervalNames: { min1: '1m' },
    },
    publicFeed: {
      session: { ...tinyFeed.session, topicOf },
      codec: { begin: () => ({}), decode },
    },
    connectRest: () => rest,
  };
}
