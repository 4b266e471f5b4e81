/** Rows of the private channels. Keys that we do not read are left out; every field is unknown until checked. */

/**
 * Spot: {"canceledSize":"0.00001","clientOid":"5c52e1","filledSize":"0","oldSize":"0.00002","orderId":"6720df",
 *  "orderTime":1730207606848,"orderType":"limit","originSize":"0.00002","price":"50000","remainSize":"0.00001",
 *  "side":"buy","size":"0.00001","status":"open","symbol":"BTC-USDT","ts":1730207616617000000,"type":"update"}
 * Matches add matchPrice, matchSize, tradeId. https://www.kucoin.com/docs-new/3470073w0
 * Futures add tradeType; sizes are contracts. https://www.kucoin.com/docs-new/3470090w0
 */
export interface OrderWire {
  readonly symbol?: unknown;
  readonly orderId?: unknown;
  /** Missing on orders placed by hand, and on liquidations. */
  readonly clientOid?: unknown;
  readonly side?: unknown;
  /** Missing on some frames of contracts. */
  readonly orderType?: unknown;
  /** What happened. */
  readonly type?: unknown;
  /** Where the order is now. */
  readonly status?: unknown;
  readonly price?: unknown;
  /** Missing where the order was placed by funds. */
  readonly size?: unknown;
  readonly originSize?: unknown;
  readonly filledSize?: unknown;
  readonly remainSize?: unknown;
  readonly canceledSize?: unknown;
  readonly matchPrice?: unknown;
  readonly matchSize?: unknown;
  readonly tradeId?: unknown;
  readonly tradeType?: unknown;
  /** ms; ns on contracts and in frames of 2021. */
  readonly orderTime?: unknown;
  /** ns */
  readonly ts?: unknown;
}

/**
 * {"accountId":"61b48b","currency":"USDT","total":"56.3","available":"42.2","hold":"14.1",
 *  "relationEvent":"trade.hold","time":"1640198796182", ...} https://www.kucoin.com/docs-new/3470075w0
 */
export interface SpotBalanceWire {
  readonly currency?: unknown;
  readonly available?: unknown;
  readonly hold?: unknown;
  /** Tells the account: trade, main, margin, isolated. */
  readonly relationEvent?: unknown;
  readonly time?: unknown;
}

/**
 * {"currency":"USDT","availableBalance":"285.6","holdBalance":"0","crossPosMargin":"17.5","crossOrderMargin":"10.0",
 *  "isolatedPosMargin":"63.9","isolatedOrderMargin":"0","version":"2118","timestamp":"1741164936624", ...}
 * The deprecated availableBalance.change has JSON numbers, and no margins. https://www.kucoin.com/docs-new/3470092w0
 */
export interface WalletWire {
  readonly currency?: unknown;
  readonly availableBalance?: unknown;
  readonly holdBalance?: unknown;
  readonly crossPosMargin?: unknown;
  readonly crossOrderMargin?: unknown;
  readonly isolatedPosMargin?: unknown;
  readonly isolatedOrderMargin?: unknown;
  readonly version?: unknown;
  readonly timestamp?: unknown;
}

/**
 * {"symbol":"XBTUSDTM","changeReason":"liquidation","currentQty":0,"markPrice":84603.4,"isOpen":false, ...}
 * Others come with every change of the mark price. https://www.kucoin.com/docs-new/3470093w0
 */
export interface PositionWire {
  readonly symbol?: unknown;
  readonly changeReason?: unknown;
}
