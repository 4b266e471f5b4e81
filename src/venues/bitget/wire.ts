/** Wire types of the public stream and of REST. Nothing here is proven: `Unproven` says so at each use. */

/** The same keys, any value or none: what a frame may turn out to hold. */
export type Unproven<T> = { readonly [K in keyof T]?: unknown };

/** Data frames have `action`, `arg`, `data`, `ts`; answers have an `event`. */
export interface FrameWire {
  readonly action: 'snapshot' | 'update';
  readonly arg: ArgWire;
  readonly data: readonly unknown[];
  readonly ts: number;
}

export interface ArgWire {
  readonly instType: string;
  readonly channel: string;
  readonly instId: string;
}

// {"action":"snapshot","arg":{"instType":"SPOT","channel":"ticker","instId":"BTCUSDT"},"data":[{"instId":"BTCUSDT",
// "lastPr":"43528.19","open24h":"42267.78","high24h":"44490.00","low24h":"41401.53","change24h":"0.03879",
// "bidPr":"43528","askPr":"43528.01","bidSz":"0.0334","askSz":"0.1917","baseVolume":"15002.4216",
// "quoteVolume":"648006446.7164","openUtc":"44071.18","changeUtc24h":"-0.01232","ts":"1701842994338"}],
// "ts":1701842994341}
/**
 * Volumes are base coin and quote coin in all four product lines: no contract multiplier.
 * https://www.bitget.com/api-doc/spot/websocket/public/Tickers-Channel
 * https://www.bitget.com/api-doc/contract/websocket/public/Tickers-Channel
 */
export interface TickerWire {
  readonly instId: string;
  readonly lastPr: string;
  readonly open24h: string;
  readonly high24h: string;
  readonly low24h: string;
  readonly bidPr: string;
  readonly bidSz: string;
  readonly askPr: string;
  readonly askSz: string;
  readonly baseVolume: string;
  readonly quoteVolume: string;
  readonly ts: string;
}

// {"action":"update","arg":{"instType":"SPOT","channel":"candle1m","instId":"BTCUSDT"},"data":[["1701871680000",
// "44028.51","44112.90","44028.5","44101.27","21.4402","945163.229871","945163.229871"]],"ts":1701871690733}
/**
 * Start, open, high, low, close, base volume; the further columns (quote and USDT volume, swapped
 * between stream and REST) are not used. REST rows of contracts have seven columns.
 * https://www.bitget.com/api-doc/spot/websocket/public/Candlesticks-Channel
 */
export type CandleWire = readonly [
  start: string,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
];

// {"event":"subscribe","arg":{"instType":"SPOT","channel":"ticker","instId":"BTCUSDT"}}
// {"event":"error","arg":{"instType":"sp","channel":"books5","instId":"BTCUSDT-"},"code":30001,
//  "msg":"instType:sp,channel:books5,instId:BTCUSDT- doesn't exist","op":"subscribe"}
// {"event":"login","code":0,"msg":""}
/** `code` comes as number and as text. https://www.bitget.com/api-doc/common/websocket-intro */
export interface AnswerWire {
  readonly event: string;
  readonly arg: ArgWire;
  readonly code: number | string;
  readonly msg: string;
}

// {"code":"00000","msg":"success","requestTime":1695800278693,"data":[...]}
/** `requestTime` is the venue's clock (epoch ms). https://www.bitget.com/api-doc/common/intro */
export interface RestWire {
  readonly code: string;
  readonly msg: string;
  readonly requestTime: number;
  readonly data: unknown;
}
