/**
 * Frames of the public streams, as Binance documents them. Keys that we do not read are left out.
 * Spot: https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
 * Futures: https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams
 */

/** What a parsed frame is before its fields are checked: every key may be missing or anything. */
export type Unproven<T> = { readonly [K in keyof T]?: unknown };

/** {"stream":"btcusdt@kline_1m","data":{"e":"kline", ...}} on `/stream`; bare `data` on `/ws`. */
export interface EnvelopeWire {
  stream: string;
  data: object;
}

/**
 * Spot (no book):
 * {"e":"24hrMiniTicker","E":1627994306672,"s":"ETHBTC","c":"0.06501800","o":"0.06576700",
 *  "h":"0.06705000","l":"0.06382900","v":"156839.07700000","q":"10299.90420965"}
 * Futures, and the full spot ticker, which alone has b B a A:
 * {"e":"24hrTicker","E":1787492324172,"s":"BTCUSDT","ps":"BTCUSDT","p":"355.50","P":"0.461",
 *  "w":"76764.07","c":"77490.00","Q":"0.001","o":"77134.50","h":"77771.60","l":"75588.00",
 *  "v":"115619.606","q":"8875431314.20","O":1787405880000,"C":1787492324171,"n":2798861,"st":1}
 */
export interface TickerWire {
  e: '24hrMiniTicker' | '24hrTicker';
  /** Event time, epoch ms. */
  E: number;
  s: string;
  /** Last price. */
  c: string;
  o: string;
  h: string;
  l: string;
  /** Base volume; contracts on COIN-M. */
  v: string;
  /** Quote volume; base coin on COIN-M. */
  q: string;
  b: string;
  B: string;
  a: string;
  A: string;
  /** Product of a futures ticker: 1 = USD-M, 2 = COIN-M. */
  st: number;
}

/**
 * {"e":"kline","E":1627993846810,"s":"BTCUSDT","k":{"t":1627993800000,"T":1627993859999,
 *  "s":"BTCUSDT","i":"1m","f":984204145,"L":984204989,"o":"38231.29000000","c":"38183.30000000",
 *  "h":"38289.46000000","l":"38173.86000000","v":"33.11807500","n":845,"x":false,
 *  "q":"1266651.10253383","V":"16.86697300","Q":"645184.61913219","B":"0"}}
 */
export interface KlineEventWire {
  e: 'kline';
  E: number;
  k: KlineWire;
}

export interface KlineWire {
  /** Open time, epoch ms. */
  t: number;
  s: string;
  i: string;
  o: string;
  h: string;
  l: string;
  c: string;
  /** Base volume; contracts on COIN-M. */
  v: string;
  /** True on the one closing frame of the bar. */
  x: boolean;
}

/**
 * {"result":null,"id":1}
 * {"code":2,"msg":"Invalid request: missing field `method` at line 1 column 73","id":4}
 * {"error":{"code":4,"msg":"Too many subscriptions"},"id":19}
 * {"code":3,"msg":"Invalid JSON: expected value at line 1 column 2"}
 */
export interface AnswerWire {
  id: number | string | null;
  result: null | readonly string[];
  code: number;
  msg: string;
  error: { code: number; msg: string };
}

/** {"e":"serverShutdown","E":1770123456789}, bare, enveloped, or as {"event":{...}}. */
export interface NoticeWire {
  e: string;
  event: { e: string };
}
