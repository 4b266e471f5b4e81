/** Wire types of the private streams and of signed REST. Nothing here is proven: see `Unproven`. */

/** Classic topics have a `channel`, with `coin` in place of `instId` for balances; unified ones a `topic`. */
export interface AccountArgWire {
  readonly instType: string;
  readonly channel: string;
  readonly instId: string;
  readonly coin: string;
  readonly topic: string;
}

// {"accBaseVolume":"0.2","baseVolume":"0.2","cTime":"1742560144582","cancelReason":"","clientOid":"1286956012665475076",
// "fillFee":"-0.0112344","fillFeeCoin":"USDT","fillNotionalUsd":"18.724","fillPrice":"93.62","fillTime":"1742560144693",
// "force":"gtc","instId":"LTCUSDT","leverage":"10","marginCoin":"USDT","notionalUsd":"18.722",
// "orderId":"1286956012652892166","orderType":"market","posMode":"one_way_mode","posSide":"net","price":"0",
// "priceAvg":"93.62","reduceOnly":"no","side":"buy","size":"0.2","status":"filled","tradeId":"1286956013127356420",
// "tradeSide":"buy_single","uTime":"1742560144693", ...}
/**
 * A row of the classic `orders` channel. `baseVolume` is the size of the last fill, `accBaseVolume` of all;
 * the fill fields stand on fills only, `priceAvg` not on cancels of contracts, `price` not on market orders
 * of spot. `size` of a spot buy is in quote coin: `newSize` is the base size, but for market buys.
 * https://www.bitget.com/api-doc/spot/websocket/private/Order-Channel
 * https://www.bitget.com/api-doc/contract/websocket/private/Order-Channel
 */
export interface StreamOrderWire extends PositionWire {
  readonly instId: string;
  readonly orderId: string;
  readonly clientOid: string;
  /** One sample of the documents spells it so. */
  readonly clientOId: string;
  readonly status: string;
  readonly orderType: string;
  readonly price: string;
  readonly priceAvg: string;
  readonly size: string;
  readonly newSize: string;
  readonly notional: string;
  readonly accBaseVolume: string;
  readonly fillFee: string;
  readonly fillFeeCoin: string;
  readonly cTime: string;
  readonly uTime: string;
}

/** Which way an order goes, in all APIs; spot has `side` only. */
export interface PositionWire {
  readonly side: string;
  readonly tradeSide: string;
  /** `one_way_mode` or `hedge_mode`. */
  readonly posMode: string;
  readonly posSide: string;
  /** The same two on the unified API; its stream says `holdSide`, its REST API `posSide`. */
  readonly holdMode: string;
  readonly holdSide: string;
}

// {"symbol":"ETHUSDT","orderId":"2222222","clientOid":"xxx","priceAvg":"34829.12","size":"1","orderType":"limit",
// "side":"buy","status":"live","basePrice":"0","baseVolume":"0","quoteVolume":"0","cTime":"1695808949356", ...}
// {"symbol":"ETHUSDT","orderId":"123","clientOid":"12321","size":"100","baseVolume":"12.1","price":"1900","priceAvg":
// "1903","status":"partially_filled","side":"buy","quoteVolume":"22001.21","tradeSide":"open","posMode":"hedge_mode",
// "posSide":"long","orderType":"limit","orderSource":"normal","cTime":"1627293504612","uTime":"1627293505612", ...}
/**
 * A row of the classic order lists. Here `baseVolume` and `quoteVolume` are of all fills. In the list of
 * open spot orders, and only there, `priceAvg` is the limit price and `basePrice` the average fill price.
 * Samples of lists spell symbols in small letters, though requests must not.
 * https://www.bitget.com/api-doc/spot/trade/Get-Unfilled-Orders
 * https://www.bitget.com/api-doc/spot/trade/Get-History-Orders
 * https://www.bitget.com/api-doc/contract/trade/Get-Orders-Pending
 * https://www.bitget.com/api-doc/contract/trade/Get-Orders-History
 * https://www.bitget.com/api-doc/spot/trade/Get-Order-Info
 * https://www.bitget.com/api-doc/contract/trade/Get-Order-Details
 */
export interface ListedOrderWire extends PositionWire {
  readonly symbol: string;
  readonly orderId: string;
  readonly clientOid: string;
  readonly status: string;
  /** Stands for `status` in the answer about one contract order. */
  readonly state: string;
  readonly orderType: string;
  readonly orderSource: string;
  readonly price: string;
  readonly priceAvg: string;
  readonly basePrice: string;
  readonly size: string;
  readonly baseVolume: string;
  readonly quoteVolume: string;
  readonly cTime: string;
  readonly uTime: string;
}

// {"category":"usdt-futures","symbol":"BTCUSDT","orderId":"1","clientOid":"1","price":"","qty":"0.001","amount":"1000",
// "holdMode":"hedge_mode","holdSide":"long","tradeSide":"open","orderType":"market","side":"buy","cumExecQty":"0.001",
// "cumExecValue":"83.1315","avgPrice":"83131.5","orderStatus":"filled","createdTime":"1742367838101",
// "updatedTime":"1742367838115", ...}
/**
 * A row of the unified `order` topic, and of the unified order lists.
 * https://www.bitget.com/api-doc/uta/websocket/private/Order-Channel
 * https://www.bitget.com/api-doc/uta/trade/Get-Order-History
 */
export interface UnifiedOrderWire extends PositionWire {
  readonly category: string;
  readonly symbol: string;
  readonly orderId: string;
  readonly clientOid: string;
  readonly orderStatus: string;
  readonly orderType: string;
  readonly price: string;
  readonly avgPrice: string;
  readonly qty: string;
  readonly cumExecQty: string;
  readonly cumExecValue: string;
  /** REST only. */
  readonly execType: string;
  readonly createdTime: string;
  readonly updatedTime: string;
}

// {"coin":"USDT","available":"84.25","frozen":"0.1","locked":"0.2","limitAvailable":"0","uTime":"1697092295506"}
/** https://www.bitget.com/api-doc/spot/websocket/private/Account-Channel */
export interface SpotBalanceWire {
  readonly coin: string;
  readonly available: string;
  readonly frozen: string;
  readonly locked: string;
}

// {"marginCoin":"USDT","frozen":"0.00000000","available":"900.1","equity":"1000.5","unrealizedPL":"-10.25", ...}
/**
 * `equity` holds the unrealised profit; REST calls it `accountEquity`.
 * https://www.bitget.com/api-doc/contract/websocket/private/Account-Channel
 */
export interface FuturesBalanceWire {
  readonly marginCoin: string;
  readonly available: string;
  readonly equity: string;
  readonly accountEquity: string;
  readonly unrealizedPL: string;
}

// {"coin":"USDT","balance":"354411.45536458","available":"344282.65536458","locked":"0","equity":"344282.65536458", ...}
/**
 * One wallet for all products: `balance` is without unrealised profit.
 * https://www.bitget.com/api-doc/uta/websocket/private/Account-Channel
 */
export interface UnifiedBalanceWire {
  readonly coin: string;
  readonly balance: string;
  readonly available: string;
  readonly locked: string;
}
