import type { AccountFeed, VenueAdapter } from '../contract';
import { ACCOUNT_LINK, ACCOUNT_REST, POLLED_BALANCES } from './account-limits';
import { connectAccount } from './account-rest';
import { USER_STREAM } from './hosts';
import { INTERVAL_NAMES, STREAMED_INTERVALS } from './intervals';
import { LINKS, PUBLIC_REST } from './limits';
import { privateCodec } from './private';
import { privateSession } from './private-session';
import type { PrivateState } from './private-state';
import { publicCodec } from './public';
import { connectRest } from './rest';
import { publicSession } from './session';
import type { PublicState } from './state';

const accountFeed: AccountFeed<PrivateState> = {
  session: privateSession,
  codec: privateCodec,
  polledBalances: POLLED_BALANCES,
};

const STREAM = 'wss://advanced-trade-ws.coinbase.com';

/**
 * Coinbase Advanced Trade, spot. Market data needs no key.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-endpoints
 */
export const coinbase: VenueAdapter<PublicState> = {
  descriptor: {
    venue: 'coinbase',
    markets: [
      {
        exchange: 'coinbase',
        kind: 'spot',
        selector: 'coinbase',
        endpoints: {
          ticker: STREAM,
          candle: STREAM,
          rest: 'https://api.coinbase.com/api/v3/brokerage',
          account: USER_STREAM,
        },
        // Which symbols share a book.
        needsVenueList: true,
        intervals: STREAMED_INTERVALS,
        links: { ...LINKS, account: ACCOUNT_LINK },
        publicRest: PUBLIC_REST,
        accountRest: ACCOUNT_REST,
      },
    ],
    intervalNames: INTERVAL_NAMES,
  },
  publicFeed: { session: publicSession, codec: publicCodec },
  accountFeed: accountFeed as AccountFeed,
  connectRest,
  connectAccount,
};
