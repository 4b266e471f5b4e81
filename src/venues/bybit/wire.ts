/** Wire types of the public stream. All fields are unproven: the codec checks each one that it uses. */

/** Either of the two kinds of frames: market data has a `topic`, answers have an `op`. */
export interface Frame {
  readonly topic?: unknown;
}

// {"topic":"tickers.BTCUSDT","ts":1673853746003,"type":"snapshot","cs":2588407389,"data":{"symbol":"BTCUSDT",
// "lastPrice":"21109.77","highPrice24h":"21426.99","lowPrice24h":"20575","prevPrice24h":"20704.93",
// "volume24h":"6780.866843","turnover24h":"141946527.22907118","price24hPcnt":"0.0196","usdIndexPrice":"21120.24"}}
/** https://bybit-exchange.github.io/docs/v5/websocket/public/ticker */
export interface TickerFrame {
  readonly type?: unknown;
  readonly ts?: unknown;
  readonly data?: unknown;
}

// linear: {"topic":"tickers.NKNUSDT","type":"delta","data":{"symbol":"NKNUSDT","ask1Price":"0.13942",
// "ask1Size":"3691"},"cs":93597554249,"ts":1709202840989}
/** Spot has no `bid1*` and `ask1*`; in a delta whatever did not change is absent. */
export interface TickerFields {
  readonly lastPrice?: unknown;
  readonly prevPrice24h?: unknown;
  readonly highPrice24h?: unknown;
  readonly lowPrice24h?: unknown;
  readonly volume24h?: unknown;
  readonly turnover24h?: unknown;
  readonly bid1Price?: unknown;
  readonly bid1Size?: unknown;
  readonly ask1Price?: unknown;
  readonly ask1Size?: unknown;
}

// {"topic":"kline.5.BTCUSDT","data":[{"start":1672324800000,"end":1672325099999,"interval":"5","open":"16649.5",
// "close":"16677","high":"16677","low":"16608","volume":"2.081","turnover":"34666.4005","confirm":false,
// "timestamp":1672324988882}],"ts":1672324988882,"type":"snapshot"}
/** https://bybit-exchange.github.io/docs/v5/websocket/public/kline */
export interface KlineFrame {
  readonly ts?: unknown;
  readonly data?: unknown;
}

export interface KlineRow {
  readonly start?: unknown;
  readonly open?: unknown;
  readonly high?: unknown;
  readonly low?: unknown;
  readonly close?: unknown;
  /** Base coin on spot and linear, USD contracts on inverse. */
  readonly volume?: unknown;
  readonly confirm?: unknown;
}

// {"success":false,"ret_msg":"error:handler not found,topic:tickers.NOPEUSDT","conn_id":"da7t","req_id":"r-17",
// "op":"subscribe"}
// {"success":true,"ret_msg":"pong","conn_id":"465772b1","req_id":"","op":"ping"}
/** https://bybit-exchange.github.io/docs/v5/ws/connect; some answers use the camel-case names. */
export interface AnswerFrame {
  readonly op?: unknown;
  readonly success?: unknown;
  readonly retCode?: unknown;
  readonly ret_msg?: unknown;
  readonly retMsg?: unknown;
  readonly req_id?: unknown;
}
