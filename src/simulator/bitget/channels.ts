import type { Interval } from '../../domain/interval';

/** What a subscription names, in the venue's words. */
export interface Arg {
  readonly instType: string;
  readonly channel: string;
  readonly instId: string;
}

export const TICKER = 'ticker';
const CANDLE = 'candle';
const SEPARATOR = '/';

/** Name of a subscription, for the kit and its faults: `USDT-FUTURES/candle1m/BTCUSDT`. */
export function topicOf({ instType, channel, instId }: Arg): string {
  return [instType, channel, instId].join(SEPARATOR);
}

export function argOf(topic: string): Arg {
  const [instType = '', channel = '', instId = ''] = topic.split(SEPARATOR, 3);
  return { instType, channel, instId };
}

interface Code {
  readonly interval: Interval;
  /** Granularity of spot over REST; contracts use the code itself. */
  readonly spot: string;
}

/** Bars that open on UTC time: what the market model can compute. */
const CODES: Readonly<Record<string, Code>> = {
  '1m': { interval: '1m', spot: '1min' },
  '5m': { interval: '5m', spot: '5min' },
  '15m': { interval: '15m', spot: '15min' },
  '30m': { interval: '30m', spot: '30min' },
  '1H': { interval: '1h', spot: '1h' },
  '4H': { interval: '4h', spot: '4h' },
  '6Hutc': { interval: '6h', spot: '6Hutc' },
  '12Hutc': { interval: '12h', spot: '12Hutc' },
  '1Dutc': { interval: '1d', spot: '1Dutc' },
  '1Wutc': { interval: '1w', spot: '1Wutc' },
  '1Mutc': { interval: '1M', spot: '1Mutc' },
};

/** REST has three minutes, the stream has not. */
const REST_ONLY: Readonly<Record<string, Code>> = { '3m': { interval: '3m', spot: '3min' } };

/**
 * Further codes that exist, on UTC+8 or of an unknown alignment. The simulator has no such bars: their
 * channels are acknowledged and stay silent, and REST has none of them.
 * https://www.bitget.com/api-doc/spot/websocket/public/Candlesticks-Channel
 */
const SILENT: ReadonlySet<string> = new Set('6H 12H 1D 3D 1W 1M 3Dutc'.split(' '));

const CHANNEL_INTERVALS = new Map(
  Object.entries(CODES).map(([code, { interval }]) => [CANDLE + code, interval]),
);
const CHANNELS = new Map([...CHANNEL_INTERVALS].map(([channel, interval]) => [interval, channel]));
const REST_CODES = Object.entries({ ...CODES, ...REST_ONLY });
const SPOT_GRANULARITIES = new Map(REST_CODES.map(([, { spot, interval }]) => [spot, interval]));
const CONTRACT_GRANULARITIES = new Map(REST_CODES.map(([code, { interval }]) => [code, interval]));

export function intervalOfChannel(channel: string): Interval | undefined {
  return CHANNEL_INTERVALS.get(channel);
}

/** The interval has a channel, or could not have been watched. */
export function channelOfInterval(interval: Interval): string | undefined {
  return CHANNELS.get(interval);
}

export function isSilentChannel(channel: string): boolean {
  return channel.startsWith(CANDLE) && SILENT.has(channel.slice(CANDLE.length));
}

export function intervalOfGranularity(text: string, isSpot: boolean): Interval | undefined {
  return (isSpot ? SPOT_GRANULARITIES : CONTRACT_GRANULARITIES).get(text);
}
