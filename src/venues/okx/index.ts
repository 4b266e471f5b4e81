import type { ExchangeId, MarketKind } from '../../domain/exchange';
import type { AccountFeed, MarketDescriptor, VenueAdapter } from '../contract';
import { ACCOUNT_LINK, ACCOUNT_REST } from './account-limits';
import { connectAccount } from './account-rest';
import { INTERVAL_NAMES, NATIVE_INTERVALS } from './intervals';
import { LINKS } from './limits';
import { privateCodec } from './private';
import type { LoginState } from './private-answers';
import { privateSession } from './private-session';
import { publicCodec } from './public';
import { connectRest } from './rest';
import { publicSession } from './session';

const accountFeed: AccountFeed<LoginState> = { session: privateSession, codec: privateCodec };

/** OKX V5: spot, linear swaps (with the EU's X-Perps) and inverse swaps, all on the same hosts. */
export const okx: VenueAdapter<null> = {
  descriptor: {
    venue: 'okx',
    closedCandlesOnly: true,
    markets: [market('okx', 'spot'), market('okxLinear', 'linear'), market('okxInverse', 'inverse')],
    intervalNames: INTERVAL_NAMES,
  },
  publicFeed: { session: publicSession, codec: publicCodec },
  accountFeed: accountFeed as AccountFeed,
  connectRest,
  connectAccount,
};

function market(exchange: ExchangeId, kind: MarketKind): MarketDescriptor {
  return {
    exchange,
    kind,
    // The dated ids of X-Perps stand in the venue's list only.
    ...(kind === 'linear' && { needsVenueList: true as const }),
    selector: 'okx',
    endpoints: {
      // Never a port: 8443 was closed on 2026-10-31.
      // https://www.okx.com/en-us/help/okx-websocket-port-8443-discontinuation-announcement
      ticker: 'wss://ws.okx.com/ws/v5/public',
      // Candles are refused on `public` since mid-2023.
      candle: 'wss://ws.okx.com/ws/v5/business',
      // Advised since 2026-05-20: https://www.okx.com/docs-v5/en/#overview-production-trading-services
      rest: 'https://openapi.okx.com',
      account: 'wss://ws.okx.com/ws/v5/private',
    },
    intervals: NATIVE_INTERVALS,
    links: { ...LINKS, account: ACCOUNT_LINK },
    accountRest: ACCOUNT_REST,
  };
}
