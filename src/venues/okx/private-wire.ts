/**
 * Rows of the private channels; REST answers hold the same ones. Keys that we do not read are left out.
 */

/**
 * https://www.okx.com/docs-v5/en/#order-book-trading-trade-ws-order-channel
 * {"instType":"SPOT","instId":"BTC-USDT","ordId":"452197707845865472","clOrdId":"D-TP1","px":"31527.1",
 *  "sz":"0.001","ordType":"limit","side":"sell","tdMode":"cash","accFillSz":"0.001","avgPx":"31527.1",
 *  "state":"filled","tradeId":"242589207","fillSz":"0.001","fillFee":"-0.02522168","fillFeeCcy":"USDT",
 *  "category":"normal","uTime":"1654084353264","cTime":"1654084334977", ...}
 */
export interface OrderWire {
  instType: string;
  instId: string;
  /** Exceeds 2^53, and is text. */
  ordId: string;
  /** Empty for orders placed by hand, and for liquidations. */
  clOrdId: string;
  side: string;
  ordType: string;
  state: string;
  category: string;
  /** Empty on market orders. */
  px: string;
  /** Spot: base coin, or quote coin for market buys with `tgtCcy` quote_ccy. Swaps: contracts. */
  sz: string;
  /** Cumulative; spot: base coin, swaps: contracts. */
  accFillSz: string;
  /** Empty or "0" until something is filled. */
  avgPx: string;
  /** Of this one fill; REST rows have no `fillFee`. A charge is negative. */
  tradeId: string;
  fillSz: string;
  fillFee: string;
  fillFeeCcy: string;
  /** Epoch ms. */
  cTime: string;
  uTime: string;
}

/**
 * https://www.okx.com/docs-v5/en/#trading-account-websocket-account-channel
 * {"uTime":"1705564223311","totalEq":"55868.06","details":[{"ccy":"USDT","availBal":"4734.37","availEq":"4734.37",
 *  "cashBal":"4750.42","frozenBal":"158.57998","fixedBal":"0","uTime":"1705564213903", ...}], ...}
 */
export interface AccountWire {
  uTime: string;
  details: readonly unknown[];
}

/** Which of the two `avail` fields is filled depends on the account's mode; either may be empty. */
export interface DetailWire {
  ccy: string;
  availBal: string;
  availEq: string;
  cashBal: string;
  frozenBal: string;
  /** Missing on older accounts. */
  fixedBal: string;
}
