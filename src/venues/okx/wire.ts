/**
 * Frames of the public channels, as OKX documents them. Keys that we do not read are left out.
 * https://www.okx.com/docs-v5/en/#overview-websocket
 */

/** What a parsed frame is before its fields are checked: every key may be missing or anything. */
export type Unproven<T> = { readonly [K in keyof T]?: unknown };

/** {"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[...]}; answers have `event` instead of `data`. */
export interface FrameWire {
  arg: ArgWire;
  data: readonly unknown[];
}

export interface ArgWire {
  channel: string;
  instId: string;
}

/**
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-tickers-channel
 * {"instType":"SWAP","instId":"BTC-USDT-SWAP","last":"29963","lastSz":"2","askPx":"29960",
 *  "askSz":"12","bidPx":"29959.9","bidSz":"431","open24h":"31589.3","high24h":"31907.2",
 *  "low24h":"29302","sodUtc0":"29805","sodUtc8":"30753.7","volCcy24h":"108540.53",
 *  "vol24h":"10854053","ts":"1654166233877"}
 * An empty book side, and any number that the venue does not have, is the empty text.
 */
export interface TickerWire {
  instId: string;
  last: string;
  lastSz: string;
  askPx: string;
  askSz: string;
  bidPx: string;
  bidSz: string;
  open24h: string;
  high24h: string;
  low24h: string;
  /** Spot: base coin. Swaps: contracts. */
  vol24h: string;
  /** Spot: quote coin. Swaps, inverse ones too: base coin. */
  volCcy24h: string;
  /** Epoch ms. */
  ts: string;
}

/**
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-candlesticks-channel
 * ["1757076060000","112600.1","112631.9","112477.1","112477.1","3.10944629","349947.335430728",
 *  "349947.335430728","0"]
 * = open time, open, high, low, close, volume (spot: base coin; swaps: contracts), volume in coin,
 * volume in quote, "1" once the bar is closed. REST rows are the same.
 */
export type CandleWire = readonly [
  ts: string,
  open: string,
  high: string,
  low: string,
  close: string,
  vol: string,
  volCcy: string,
  volCcyQuote: string,
  confirm: '0' | '1',
];

/**
 * https://www.okx.com/docs-v5/en/#overview-websocket-subscribe
 * {"id":"c17","event":"subscribe","arg":{"channel":"tickers","instId":"BTC-USDT"},"connId":"accb8e21"}
 * {"id":"c17","event":"error","code":"60018","msg":"Wrong URL or channel:tickers,instId:XXX-USDT
 *  doesn't exist. Please use the correct URL, ...","connId":"a4d3ae55"}
 * {"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade.
 *  Please reconnect.","connId":"8517149b"}
 * {"event":"channel-conn-count","channel":"orders","connCount":"2","connId":"accb8e21"}
 */
export interface AnswerWire {
  id: string;
  event: string;
  arg: ArgWire;
  code: string;
  msg: string;
}
