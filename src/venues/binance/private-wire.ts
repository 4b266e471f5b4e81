/**
 * Frames of the user data streams. Keys that we do not read are left out.
 * Spot: https://github.com/binance/binance-spot-api-docs/blob/master/user-data-stream.md
 * Futures: https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams
 */

/**
 * {"subscriptionId":0,"event":{"e":"executionReport", ...}} of the WebSocket API,
 * {"stream":"<name, event or listen key>","data":{"e":"executionReport", ...}}, or the event alone.
 */
export interface PrivateEnvelopeWire {
  event: object;
  stream: string;
  data: object;
}

export interface PrivateEventWire {
  e: string;
  /** Epoch ms; a text in some `listenKeyExpired` frames. */
  E: number;
}

/**
 * {"e":"executionReport","E":1608545107403,"s":"BNBUSDT","c":"ios_0de0","S":"BUY","o":"MARKET",
 *  "f":"GTC","q":"0.50000000","p":"0.00000000","P":"0.00000000","C":"","x":"TRADE","X":"FILLED",
 *  "r":"NONE","i":1147335332,"l":"0.50000000","z":"0.50000000","L":"33.85710000","n":"0.00037500",
 *  "N":"BNB","T":1608545107401,"t":98414801,"O":1608545107401,"Z":"16.92855000","Y":"16.92855000"}
 */
export interface ExecutionReportWire {
  E: number;
  s: string;
  /** Client id; on a cancel that of the cancel request. */
  c: string;
  /** Client id of the order that a cancel ends; else empty. */
  C: string | null;
  S: string;
  o: string;
  f: string;
  q: string;
  p: string;
  x: string;
  X: string;
  i: number | string;
  /** Cumulative base and quote quantity. */
  z: string;
  Z: string;
  /** Commission of this trade. */
  n: string;
  N: string | null;
  T: number;
  /** -1: no trade. */
  t: number;
  /** Creation; -1 in old frames. */
  O: number;
}

/**
 * {"e":"ORDER_TRADE_UPDATE","T":1568879465651,"E":1568879465651,"o":{"s":"BTCUSDT","c":"autoclose-12",
 *  "S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"9910.00","ap":"9910.12","sp":"0","x":"CALCULATED",
 *  "X":"FILLED","i":8886999,"l":"0.014","z":"0.014","L":"9910.12","n":"0.06937084","N":"USDT",
 *  "T":1568879465651,"t":12345999,"b":"0","a":"0","m":false,"R":true,"wt":"CONTRACT_PRICE",
 *  "ot":"LIMIT","ps":"LONG","cp":false,"rp":"-5.67","AP":"0","cr":"0"}}
 */
export interface OrderTradeUpdateWire {
  E: number;
  T: number;
  o: FuturesOrderWire;
}

export interface FuturesOrderWire {
  s: string;
  c: string;
  S: string;
  o: string;
  q: string;
  p: string;
  /** Average fill price. */
  ap: string;
  x: string;
  X: string;
  i: number | string;
  /** Cumulative quantity: base coin (USD-M), contracts (COIN-M). */
  z: string;
  n: string;
  N: string;
  T: number;
  t: number;
  f: string;
}

/** {"e":"outboundAccountPosition","E":1564034571105,"u":1564034571073,"B":[{"a":"ETH","f":"1.0","l":"0.0"}]} */
export interface AccountPositionWire {
  E: number;
  /** Last account update, epoch ms. */
  u: number;
  B: readonly object[];
}

export interface SpotBalanceWire {
  a: string;
  f: string;
  l: string;
}

/** {"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"100.00000000","T":1573200697068} */
export interface BalanceUpdateWire {
  E: number;
  a: string;
  d: string;
  T: number;
}

/**
 * {"e":"ACCOUNT_UPDATE","T":1776787203246,"E":1776787203246,"a":{"m":"ORDER",
 *  "B":[{"a":"USDT","wb":"122624.12345678","cw":"100.12345678","bc":"50.12345678"}],
 *  "P":[{"s":"BTCUSDT","pa":"0","ep":"0.00000","cr":"200","up":"0","mt":"isolated","iw":"0.0","ps":"BOTH"}]}}
 */
export interface AccountUpdateWire {
  E: number;
  T: number;
  a: object;
}

export interface AccountChangeWire {
  /** Why: ORDER, FUNDING_FEE, DEPOSIT, ... */
  m: string;
  B: readonly object[];
  P: readonly object[];
}

export interface FuturesBalanceWire {
  a: string;
  /** Wallet balance, and its part in cross margin. */
  wb: string;
  cw: string;
  bc: string;
}

/**
 * {"id":1,"status":200,"result":{"subscriptionId":0},"rateLimits":[]}
 * {"id":1,"status":400,"error":{"code":-1022,"msg":"Signature for this request is not valid."}}
 * {"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}
 * {"id":1,"status":418,"error":{"code":-1003,"msg":"...","data":{"serverTime":1659142907531,"retryAfter":1659146400000}}}
 */
export interface ApiAnswerWire {
  id: number | string | null;
  status: number;
  result: unknown;
  error: object;
}

export interface ApiErrorWire {
  code: number;
  msg: string;
  data: object;
}

export interface ApiErrorDataWire {
  serverTime: number;
  /** Epoch ms. */
  retryAfter: number;
}
