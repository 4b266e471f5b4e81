import type { SimCandle, SimTicker } from '../kit';
import candleRecording from './__fixtures__/candle.json';
import inverseRecording from './__fixtures__/ticker.inverse.json';
import linearRecording from './__fixtures__/ticker.linear.json';
import spotRecording from './__fixtures__/ticker.spot.json';
import { TICKER, type Arg } from './channels';
import type { InstType } from './listings';

/** Recorded frames give the keys and their order; only values move. */
const TEMPLATES: Readonly<Record<InstType, object | undefined>> = {
  SPOT: spotRecording.frames[0]?.data[0],
  'USDT-FUTURES': linearRecording.frames[0]?.data[0],
  'USDC-FUTURES': linearRecording.frames[0]?.data[0],
  'COIN-FUTURES': inverseRecording.frames[0]?.data[0],
};
const COLUMNS = candleRecording.frames[0]?.data[0]?.length;

/** A row is a little older than its frame. */
const ROW_AGE_MS = 2;

/** `ts` is the venue's time of the frame (epoch ms). */
export function tickerFrame(instType: InstType, ticker: SimTicker, ts: number): string {
  return tickerText(instType, ticker, String(ts - ROW_AGE_MS), ts);
}

const ROW_TIME = '@row';

/** A frame around its two times, which a load run fills in at sending. */
export function tickerParts(instType: InstType, ticker: SimTicker): readonly [string, string] {
  const [head = '', rest = ''] = tickerText(instType, ticker, ROW_TIME, 0).split(ROW_TIME, 2);
  return [head, rest.slice(0, rest.lastIndexOf('0'))];
}

function tickerText(instType: InstType, ticker: SimTicker, rowTs: string, ts: number): string {
  const { symbol, last, open } = ticker;
  const template = TEMPLATES[instType];
  const isContract = instType !== 'SPOT';
  const row = {
    ...template,
    instId: symbol,
    lastPr: last,
    open24h: open,
    high24h: ticker.high,
    low24h: ticker.low,
    change24h: (Number(ticker.changePercent) / 100).toFixed(5),
    bidPr: ticker.bid,
    askPr: ticker.ask,
    bidSz: ticker.bidQuantity,
    askSz: ticker.askQuantity,
    baseVolume: ticker.volume,
    quoteVolume: ticker.quoteVolume,
    openUtc: open,
    ...(isContract ? { markPrice: last, indexPrice: last, symbol } : {}),
    ts: rowTs,
  };
  const arg = { instType, channel: TICKER, instId: symbol };
  return JSON.stringify({ action: 'snapshot', arg, data: [row], ts });
}

export function candleFrame(
  action: 'snapshot' | 'update',
  { instType, channel, instId }: Arg,
  candles: readonly SimCandle[],
  ts: number,
): string {
  const data = candles.map(candleRow);
  return JSON.stringify({ action, arg: { instType, channel, instId }, data, ts });
}

/** Start, prices, base volume, quote volume, volume in USDT: there is no word on whether it is closed. */
function candleRow({ start, open, high, low, close, volume, quoteVolume }: SimCandle): readonly string[] {
  const row = [String(start), open, high, low, close, volume, quoteVolume, quoteVolume];
  if (row.length !== COLUMNS) throw new Error('a candle row has other columns than the recording');
  return row;
}

/** Contracts have no USDT column over REST. */
export function restRow(candle: SimCandle, isSpot: boolean): readonly string[] {
  const row = candleRow(candle);
  return isSpot ? row : row.slice(0, -1);
}
