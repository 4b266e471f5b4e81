import { INTERVALS } from '../../domain/interval';
import type { MarketDescriptor, VenueAdapter, VenueDescriptor } from '../contract';
import { FUTURES_ACCOUNT_LINK, FUTURES_REST, SPOT_ACCOUNT_LINK, SPOT_REST, US_REST } from './account-limits';
import { connectAccount } from './account-rest';
import { misplaced } from './hosts';
import {
  FUTURES_LINKS,
  FUTURES_PUBLIC_REST,
  SPOT_LINKS,
  SPOT_PUBLIC_REST,
  US_LINKS,
  US_PUBLIC_REST,
} from './limits';
import { privateCodec } from './private';
import { privateSession } from './private-session';
import { publicCodec } from './public';
import { connectRest } from './rest';
import { publicSession } from './session';
import { ALL_MINI_TICKERS, ALL_TICKERS } from './topics';

/** Only the spot streams of binance.com have one-second bars. */
const INTERVALS_FROM_MINUTE = INTERVALS.filter((interval) => interval !== '1s');

const MARKETS: readonly MarketDescriptor[] = [
  {
    exchange: 'binance',
    kind: 'spot',
    selector: 'binance',
    endpoints: {
      ticker: 'wss://stream.binance.com:9443/stream',
      candle: 'wss://stream.binance.com:9443/stream',
      rest: 'https://api.binance.com',
      account: 'wss://ws-api.binance.com/ws-api/v3',
    },
    // `!ticker@arr` was retired on 2026-03-26: spot tickers have no book any more.
    allTickers: [ALL_MINI_TICKERS],
    intervals: INTERVALS,
    links: { ...SPOT_LINKS, account: SPOT_ACCOUNT_LINK },
    publicRest: SPOT_PUBLIC_REST,
    accountRest: SPOT_REST,
  },
  {
    exchange: 'binanceUsdm',
    kind: 'linear',
    selector: 'binance',
    // The unrouted `/stream` of this host still connects, and stays silent, since 2026-04-23.
    endpoints: {
      ticker: 'wss://fstream.binance.com/market/stream',
      candle: 'wss://fstream.binance.com/market/stream',
      rest: 'https://fapi.binance.com',
      account: 'wss://fstream.binance.com/private/ws',
    },
    allTickers: [ALL_TICKERS],
    intervals: INTERVALS_FROM_MINUTE,
    links: { ...FUTURES_LINKS, account: FUTURES_ACCOUNT_LINK },
    publicRest: FUTURES_PUBLIC_REST,
    accountRest: FUTURES_REST,
  },
  {
    exchange: 'binanceCoinm',
    kind: 'inverse',
    selector: 'binance',
    endpoints: {
      ticker: 'wss://dstream.binance.com/stream',
      candle: 'wss://dstream.binance.com/stream',
      rest: 'https://dapi.binance.com',
      account: 'wss://dstream.binance.com/ws',
    },
    allTickers: [ALL_TICKERS],
    intervals: INTERVALS_FROM_MINUTE,
    links: { ...FUTURES_LINKS, account: FUTURES_ACCOUNT_LINK },
    publicRest: FUTURES_PUBLIC_REST,
    accountRest: FUTURES_REST,
  },
  {
    exchange: 'binanceUS',
    kind: 'spot',
    selector: 'binanceus',
    endpoints: {
      ticker: 'wss://stream.binance.us:9443/stream',
      candle: 'wss://stream.binance.us:9443/stream',
      rest: 'https://api.binance.us',
      account: 'wss://stream.binance.us:9443/ws',
    },
    allTickers: [ALL_MINI_TICKERS],
    intervals: INTERVALS_FROM_MINUTE,
    links: { ...US_LINKS, account: SPOT_ACCOUNT_LINK },
    publicRest: US_PUBLIC_REST,
    accountRest: US_REST,
  },
];

const descriptor: VenueDescriptor = {
  venue: 'binance',
  markets: MARKETS,
  closedCandlesOnly: true,
  // Binance's own names, which the backend sends, are the canonical ones.
  intervalNames: {},
};

/** Binance: spot, USD-M and COIN-M futures, binance.us. */
export const binance: VenueAdapter<null> = {
  descriptor,
  publicFeed: { session: publicSession, codec: publicCodec },
  accountFeed: { session: privateSession, codec: privateCodec, misplaced },
  connectRest,
  connectAccount,
};
