/**
 * Frames of the public streams, as KuCoin documents them. Keys that we do not read are left out; every
 * field is unknown until it is checked. https://www.kucoin.com/docs-new/websocket-api/base-info/introduction
 */

/**
 * {"id":"hQvf8jkno","type":"welcome"}  {"id":"17","type":"ack"}
 * {"id":"9","type":"pong","timestamp":1764300000123}
 * {"id":"17","type":"error","code":404,"data":"topic /market/nope:BTC-USDT is not found"}
 */
export interface ControlWire {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  /** The venue's words, on errors. */
  readonly data?: unknown;
}

/** {"type":"message","topic":"/market/ticker:all","subject":"BTC-USDT","data":{...}} */
export interface MessageWire {
  readonly type?: unknown;
  readonly topic?: unknown;
  readonly subject?: unknown;
  readonly data?: unknown;
}

/**
 * {"bestAsk":"67218.7","bestAskSize":"1.92318539","bestBid":"67218.6","bestBidSize":"0.01045638",
 *  "price":"67220","sequence":"14691455768","size":"0.00004316","time":1729757723612}
 * `size` is that of the last trade. https://www.kucoin.com/docs-new/3470064w0
 */
export interface SpotTickerWire {
  readonly price?: unknown;
  readonly bestBid?: unknown;
  readonly bestBidSize?: unknown;
  readonly bestAsk?: unknown;
  readonly bestAskSize?: unknown;
  readonly time?: unknown;
  /** So spelled in one example of the documents. */
  readonly Time?: unknown;
}

/**
 * `data.data` of {"topic":"/market/snapshot:BTC","subject":"trade.snapshot","data":{"sequence":1,"data":
 * {"symbol":"EWT-BTC","lastTradedPrice":0.000004484,"changePrice":-0.000000036,"buy":0.000004479,
 *  "bidSize":6,"sell":0.000004533,"askSize":107.83,"open":0.00000452,"high":0.000005194,
 *  "low":0.000004389,"vol":99842.96,"volValue":0.45926894328,"datetime":1790984045973,"trading":true, ...}}}
 * JSON numbers throughout. https://www.kucoin.com/docs-new/3470066w0
 */
export interface SpotSnapshotWire {
  readonly symbol?: unknown;
  readonly lastTradedPrice?: unknown;
  readonly changePrice?: unknown;
  readonly buy?: unknown;
  readonly bidSize?: unknown;
  readonly sell?: unknown;
  readonly askSize?: unknown;
  readonly open?: unknown;
  readonly high?: unknown;
  readonly low?: unknown;
  readonly vol?: unknown;
  readonly volValue?: unknown;
  readonly datetime?: unknown;
  readonly trading?: unknown;
}

/**
 * V1: {"symbol":"XBTUSDTM","sequence":1828964168748,"side":"buy","size":2,"price":"84556.5",
 *  "bestBidSize":112,"bestBidPrice":"84556.4","bestAskPrice":"84556.5","bestAskSize":1578,
 *  "tradeId":"1828964168748","ts":1790993334735000000}
 * V2 has no price. Sizes are contracts, `ts` nanoseconds. https://www.kucoin.com/docs-new/3470080w0
 */
export interface FuturesTickerWire {
  readonly price?: unknown;
  readonly bestBidPrice?: unknown;
  readonly bestBidSize?: unknown;
  readonly bestAskPrice?: unknown;
  readonly bestAskSize?: unknown;
  readonly ts?: unknown;
}

/**
 * {"symbol":"XBTUSDTM","lastPrice":84556.7,"highPrice":87274.8,"lowPrice":83864.7,
 *  "price24HoursBefore":85034.0,"priceChg":-477.3,"priceChgPct":-0.0056,"volume":3938.189,
 *  "turnover":337376435.2988,"fundingRate":-2e-06,"ts":1790993335003748866}
 * `volume` is in base coin. https://www.kucoin.com/docs-new/3470089w0
 */
export interface FuturesSnapshotWire {
  readonly lastPrice?: unknown;
  readonly highPrice?: unknown;
  readonly lowPrice?: unknown;
  readonly price24HoursBefore?: unknown;
  readonly volume?: unknown;
  readonly turnover?: unknown;
  readonly ts?: unknown;
}

/**
 * Spot: {"symbol":"BTC-USDT","candles":["1729839600","67644.9","67437.6","67724.8","67243.8",
 *  "44.88321441","3027558.991928447"],"time":1729842192785164840}
 * = start (s), open, close, high, low, volume, turnover; time in ns.
 * Futures: {"symbol":"XBTUSDTM","candles":["1790993280","84568.3","84556.7","84568.3","84544.2",
 *  "1080991.7836","12785"],"time":1790993360463}
 * = ..., turnover, volume in contracts: swapped, against the documents (which call the volume wrong);
 * time in ms. https://www.kucoin.com/docs-new/3470071w0, https://www.kucoin.com/docs-new/3470086w0
 */
export interface CandleWire {
  readonly candles?: unknown;
  readonly time?: unknown;
}
