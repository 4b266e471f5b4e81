import type { VenueAdapter } from '../contract';
import { INTERVAL_NAMES, STREAMED_INTERVALS } from './intervals';
import { LINKS } from './limits';
import { publicCodec } from './public';
import { connectRest } from './rest';
import { publicSession } from './session';
import type { PublicState } from './state';

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
        },
        // Which symbols share a book.
        needsVenueList: true,
        intervals: STREAMED_INTERVALS,
        links: LINKS,
      },
    ],
    intervalNames: INTERVAL_NAMES,
  },
  publicFeed: { session: publicSession, codec: publicCodec },
  connectRest,
};
