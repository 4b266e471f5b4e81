import type { ExchangeId, MarketKind } from '../../domain/exchange';
import type { MarketDescriptor, VenueAdapter } from '../contract';
import { ACCOUNT_LINK, ACCOUNT_REST } from './account-limits';
import { streamUrl } from './account-mode';
import { connectAccount } from './account-rest';
import { INTERVAL_NAMES, NATIVE_INTERVALS } from './intervals';
import { LINKS } from './limits';
import { privateCodec } from './private';
import { privateSession } from './private-session';
import type { PublicState } from './public';
import { publicCodec } from './public';
import { connectRest } from './rest';
import { publicSession } from './session';

/** Bitget (public V2, accounts V2 and V3): spot, USDT- and USDC-margined contracts together, coin-margined contracts. */
export const bitget: VenueAdapter<PublicState> = {
  descriptor: {
    venue: 'bitget',
    markets: [market('bitget', 'spot'), market('bitgetUsdm', 'linear'), market('bitgetCoinm', 'inverse')],
    intervalNames: INTERVAL_NAMES,
  },
  publicFeed: { session: publicSession, codec: publicCodec },
  accountFeed: { session: privateSession(), codec: privateCodec },
  connectRest,
  connectAccount,
};

/** One public endpoint serves all product lines: https://www.bitget.com/api-doc/common/websocket-intro */
function market(exchange: ExchangeId, kind: MarketKind): MarketDescriptor {
  const stream = 'wss://ws.bitget.com/v2/ws/public';
  return {
    exchange,
    kind,
    selector: 'bitget',
    endpoints: {
      ticker: stream,
      candle: stream,
      rest: 'https://api.bitget.com',
      account: streamUrl({ generation: 'classic' }),
    },
    intervals: NATIVE_INTERVALS,
    links: { ...LINKS, account: ACCOUNT_LINK },
    accountRest: ACCOUNT_REST,
  };
}
