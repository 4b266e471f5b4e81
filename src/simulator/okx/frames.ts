import type { SimCandle, SimTicker } from '../kit';
import { fixedText } from '../kit';
import candleRecording from './__fixtures__/candle.open.json';
import inverseRecording from './__fixtures__/ticker.inverse.json';
import linearRecording from './__fixtures__/ticker.linear.json';
import spotRecording from './__fixtures__/ticker.spot.json';
import type { Listing } from './listings';

/** Name of a channel on one instrument, for the kit: `tickers:BTC-USDT`, `candle1m:BTC-USDT-SWAP`. */
export function topicOf(channel: string, instId: string): string {
  return `${channel}:${instId}`;
}

/** Recorded frames give the keys and their order; only values move. */
const TEMPLATES = {
  spot: spotRecording.frames[0]?.data[0],
  linear: linearRecording.frames[0]?.data[0],
  inverse: inverseRecording.frames[0]?.data[0],
};
const CANDLE_COLUMNS = candleRecording.frames[0]?.data[0]?.length;

/** `ts` is the venue's event time. */
export function tickerFrame(listing: Listing, ticker: SimTicker, ts: number): string {
  const { instType, kind, contractValue = '1' } = listing;
  const instId = listing.spec.symbol;
  const row = {
    ...TEMPLATES[kind],
    instType,
    instId,
    last: ticker.last,
    lastSz: ticker.lastQuantity,
    askPx: ticker.ask,
    askSz: ticker.askQuantity,
    bidPx: ticker.bid,
    bidSz: ticker.bidQuantity,
    open24h: ticker.open,
    high24h: ticker.high,
    low24h: ticker.low,
    sodUtc0: ticker.open,
    sodUtc8: ticker.open,
    // Base coin on swaps. The model counts inverse turnover in coin, and linear volume in contracts.
    volCcy24h: kind === 'linear' ? product(ticker.volume, contractValue) : ticker.quoteVolume,
    vol24h: ticker.volume,
    ts: String(ts),
  };
  return JSON.stringify({ arg: { channel: 'tickers', instId }, data: [row] });
}

export function candleFrame(channel: string, listing: Listing, candle: SimCandle): string {
  const arg = { channel, instId: listing.spec.symbol };
  return JSON.stringify({ arg, data: [candleRow(listing, candle)] });
}

/** The row of frames and of REST answers. */
export function candleRow(listing: Listing, candle: SimCandle): readonly string[] {
  const { start, open, high, low, close, volume, isClosed } = candle;
  const [inCoin, inQuote] = turnovers(listing, candle);
  const row = [String(start), open, high, low, close, volume, inCoin, inQuote, isClosed ? '1' : '0'];
  if (row.length !== CANDLE_COLUMNS) throw new Error('a candle row has other columns than the recording');
  return row;
}

/** `volCcy` and `volCcyQuote`; on spot both are in quote currency, as recorded. */
function turnovers(
  { kind, contractValue = '1' }: Listing,
  { volume, quoteVolume }: SimCandle,
): readonly [string, string] {
  switch (kind) {
    case 'spot':
      return [quoteVolume, quoteVolume];
    case 'linear':
      return [product(volume, contractValue), product(quoteVolume, contractValue)];
    case 'inverse':
      return [quoteVolume, product(volume, contractValue)];
  }
}

/** Exact product of two plain decimals. */
function product(a: string, b: string): string {
  const [unitsA, scaleA] = unitsOf(a);
  const [unitsB, scaleB] = unitsOf(b);
  return fixedText(unitsA * unitsB, scaleA + scaleB);
}

function unitsOf(text: string): readonly [units: bigint, scale: number] {
  const [whole = '', fraction = ''] = text.split('.');
  return [BigInt(whole + fraction), fraction.length];
}
