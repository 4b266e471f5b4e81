/**
 * Frames of the public channels, unchecked.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
 */

/**
 * {"channel":"ticker","timestamp":"2026-06-14T05:35:45.435813533Z","sequence_num":16,"events":[...]}
 * Error frames have neither channel nor number: {"type":"error","message":"authentication failure"}
 */
export interface Frame {
  readonly channel?: unknown;
  readonly timestamp?: unknown;
  /** One counter for all frames of a connection, whatever their channel. */
  readonly sequence_num?: unknown;
  readonly events?: unknown;
  readonly type?: unknown;
  readonly message?: unknown;
}

/** {"type":"update","tickers":[...]}; likewise `candles`, `trades` and `subscriptions` */
export interface FrameEvent {
  readonly type?: unknown;
  readonly tickers?: unknown;
  readonly candles?: unknown;
  readonly trades?: unknown;
  readonly subscriptions?: unknown;
}

/**
 * {"type":"ticker","product_id":"BTC-USD","price":"64281.7","volume_24_h":"3974.98800786",
 *  "low_24_h":"63454","high_24_h":"64727.27","low_52_w":"59073.01","high_52_w":"126296",
 *  "price_percent_chg_24_h":"1.21471769193719","best_bid":"64281.7","best_ask":"64281.71",
 *  "best_bid_quantity":"0.21558849","best_ask_quantity":"0.02287045"}
 */
export interface TickerRow {
  readonly product_id?: unknown;
  readonly price?: unknown;
  readonly volume_24_h?: unknown;
  readonly low_24_h?: unknown;
  readonly high_24_h?: unknown;
  readonly price_percent_chg_24_h?: unknown;
  readonly best_bid?: unknown;
  readonly best_ask?: unknown;
  readonly best_bid_quantity?: unknown;
  readonly best_ask_quantity?: unknown;
}

/**
 * {"start":"1688998200","high":"1867.72","low":"1865.63","open":"1867.38","close":"1866.81",
 *  "volume":"0.20269406","product_id":"ETH-USD"}
 */
export interface CandleRow {
  readonly start?: unknown;
  readonly high?: unknown;
  readonly low?: unknown;
  readonly open?: unknown;
  readonly close?: unknown;
  readonly volume?: unknown;
  readonly product_id?: unknown;
}

/**
 * {"trade_id":"12010808","product_id":"ETH-USD","price":"1260.01","size":"0.3","side":"BUY",
 *  "time":"2019-08-14T20:42:27.265Z"}
 */
export interface TradeRow {
  readonly trade_id?: unknown;
  readonly product_id?: unknown;
  readonly price?: unknown;
  readonly size?: unknown;
  readonly time?: unknown;
}
