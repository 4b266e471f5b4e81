import { ConnectorError } from '../domain/errors';
import type { ExchangeId } from '../domain/exchange';
import { isPaper, realTwin } from '../domain/exchange';
import { binance } from './binance';
import { bitget } from './bitget';
import { bybit } from './bybit';
import { coinbase } from './coinbase';
import { kucoin } from './kucoin';
import { okx } from './okx';
import { paperTwinsOf } from './paper';
import type { MarketDescriptor, VenueAdapter } from './contract';

/** Every venue, one line each. */
const adapters: readonly VenueAdapter[] = [
  erased(binance),
  erased(bybit),
  erased(okx),
  erased(bitget),
  erased(kucoin),
  erased(coinbase),
];

/** The state goes in and out of the same codec only: nobody else needs its type. */
function erased<S>(adapter: VenueAdapter<S>): VenueAdapter {
  return adapter as VenueAdapter;
}

export interface KnownMarket {
  readonly adapter: VenueAdapter;
  readonly market: MarketDescriptor;
}

const byExchange = new Map<ExchangeId, KnownMarket>();
const byVenue = new Map<string, VenueAdapter>();

for (const adapter of adapters) {
  const { venue, markets } = adapter.descriptor;
  if (byVenue.has(venue)) throw new ConnectorError('DESCRIPTOR_INVALID', `venue ${venue}: registered twice`);
  byVenue.set(venue, adapter);
  for (const market of markets) {
    assertSound(market);
    if (byExchange.has(market.exchange) || isPaper(market.exchange)) {
      throw new ConnectorError('DESCRIPTOR_INVALID', `exchange ${market.exchange}: taken`);
    }
    byExchange.set(market.exchange, { adapter, market });
  }
}

export function allVenues(): readonly VenueAdapter[] {
  return adapters;
}

export function venueNamed(venue: string): VenueAdapter | undefined {
  return byVenue.get(venue);
}

/** The market of a real exchange id, or of the real twin of a paper id: where its prices come from. */
export function marketOf(exchange: ExchangeId): KnownMarket | undefined {
  return byExchange.get(realTwin(exchange));
}

/**
 * Markets by exchange id as account streams know them: a paper id has an account of its own, at the paper
 * trading server of this URL (`ws://` or `wss://`, without trailing slash).
 */
export function accountMarkets(paperUrl: string): (exchange: ExchangeId) => KnownMarket | undefined {
  const paper = new Map<ExchangeId, KnownMarket>();
  for (const real of adapters) {
    const adapter = paperTwinsOf(real, paperUrl);
    for (const market of adapter.descriptor.markets) {
      assertSound(market);
      paper.set(market.exchange, { adapter, market });
    }
  }
  return (exchange) => paper.get(exchange) ?? byExchange.get(exchange);
}

/** A limit of zero would stall for ever: better to fail at load. */
function assertSound({ exchange, links, intervals }: MarketDescriptor): void {
  for (const rules of Object.values(links)) {
    const bounds = [
      rules.topicsPerConnection,
      rules.topicsPerRequest,
      rules.requestBytes,
      rules.outgoing.count,
      rules.frameBytes,
      rules.ackTimeoutMs,
      rules.heartbeat.everyMs,
      ...rules.dials.map(({ count }) => count),
    ];
    if (rules.dials.length === 0 || bounds.some((bound) => !(bound > 0))) {
      throw new ConnectorError('DESCRIPTOR_INVALID', `exchange ${exchange}: a limit is not above zero`);
    }
  }
  if (intervals.length === 0)
    throw new ConnectorError('DESCRIPTOR_INVALID', `exchange ${exchange}: no interval`);
}
