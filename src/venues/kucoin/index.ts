import type { ExchangeId, MarketKind } from '../../domain/exchange';
import type { AccountFeed, MarketDescriptor, Topic, VenueAdapter } from '../contract';
import { ACCOUNT_REST, accountLinkOf } from './account-limits';
import { connectAccount } from './account-rest';
import { INTERVAL_NAMES, intervalsOf } from './intervals';
import { linksOf } from './limits';
import { privateCodec, type PrivateState } from './private';
import { misplaced, privateSession } from './private-session';
import { publicCodec } from './public';
import { connectRest } from './rest';
import { publicSession } from './session';
import type { PublicState } from './state';
import { ALL_TICKERS, AREA_SNAPSHOTS } from './topics';

const accountFeed: AccountFeed<PrivateState> = {
  session: privateSession,
  codec: privateCodec,
  misplaced,
};

/** KuCoin's classic API: spot, linear futures (USDT and USDC margined), inverse futures. */
export const kucoin: VenueAdapter<PublicState> = {
  descriptor: {
    venue: 'kucoin',
    markets: [
      market('kucoin', 'spot', [ALL_TICKERS, ...AREA_SNAPSHOTS]),
      market('kucoinLinear', 'linear'),
      market('kucoinInverse', 'inverse'),
    ],
    intervalNames: INTERVAL_NAMES,
  },
  publicFeed: { session: publicSession, codec: publicCodec },
  accountFeed: accountFeed as AccountFeed,
  connectRest,
  connectAccount,
};

/** Where a stream really is, each dial is told with its token: see `session.ts`. */
function market(exchange: ExchangeId, kind: MarketKind, allTickers?: readonly Topic[]): MarketDescriptor {
  const isSpot = kind === 'spot';
  const stream = isSpot ? 'wss://ws-api-spot.kucoin.com/' : 'wss://ws-api-futures.kucoin.com/';
  return {
    exchange,
    kind,
    selector: 'kucoin',
    endpoints: {
      ticker: stream,
      candle: stream,
      account: stream,
      rest: isSpot ? 'https://api.kucoin.com' : 'https://api-futures.kucoin.com',
    },
    ...(allTickers !== undefined && { allTickers }),
    // Multipliers of contracts stand in the venue's list only.
    ...(!isSpot && { needsVenueList: true as const }),
    intervals: intervalsOf(kind),
    links: { ...linksOf(kind), account: accountLinkOf(kind) },
    accountRest: ACCOUNT_REST,
  };
}
