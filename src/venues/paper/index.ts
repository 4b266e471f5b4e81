import { paperTwin } from '../../domain/exchange';
import type { AccountFeed, MarketDescriptor, VenueAdapter } from '../contract';
import { connectAccount } from './account-rest';
import { ACCOUNT_LINK, ACCOUNT_REST } from './limits';
import type { PrivateState } from './private';
import { privateCodec } from './private';
import { privateSession, socketUrl } from './private-session';

const accountFeed: AccountFeed<PrivateState> = {
  session: privateSession,
  codec: privateCodec,
  needsNoInstruments: true,
};

/** The server knows no such exchange. */
const WITHOUT_TWIN: ReadonlySet<string> = new Set(['binanceUS']);

/**
 * Paper trading of a venue: its markets under their paper ids, with the prices of the real ones and the
 * accounts of the paper trading server at `url` (`ws://` or `wss://`, without trailing slash).
 * Gainium/paper-trading-sh: src/ws/user.gateway.ts
 */
export function paperTwinsOf(real: VenueAdapter, url: string): VenueAdapter {
  const markets = real.descriptor.markets.filter(({ exchange }) => !WITHOUT_TWIN.has(exchange));
  return {
    ...real,
    // A venue of its own: clocks and budgets are not those of the real one.
    descriptor: { ...real.descriptor, venue: 'paper', markets: markets.map((one) => twinOf(one, url)) },
    accountFeed: accountFeed as AccountFeed,
    connectAccount,
  };
}

function twinOf(real: MarketDescriptor, url: string): MarketDescriptor {
  return {
    ...real,
    exchange: paperTwin(real.exchange),
    endpoints: { ...real.endpoints, rest: url.replace(/^ws/, 'http'), account: socketUrl(url) },
    links: { ...real.links, account: ACCOUNT_LINK },
    accountRest: ACCOUNT_REST,
  };
}
