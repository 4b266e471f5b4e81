/** Wire types of the private stream and of signed REST. All fields are unproven. */

// {"id":"592324d2bce751-ad38-48eb-8f42-4671d1fb4d4e","topic":"wallet","creationTime":1700034722104,"data":[...]}
export interface PrivateFrame {
  readonly topic?: unknown;
  readonly creationTime?: unknown;
  readonly data?: unknown;
}

// {"category":"linear","symbol":"XRPUSDT","orderId":"e09b7733-3df0-4684-b866-f5a802fb7ee2","orderLinkId":"GRID-TP-01",
// "side":"Buy","orderStatus":"New","price":"2.5293","qty":"10","avgPrice":"","cumExecQty":"0","cumExecValue":"0",
// "orderType":"Limit","createType":"CreateByUser","createdTime":"1737725795593","updatedTime":"1737725795596",...}
/** https://bybit-exchange.github.io/docs/v5/websocket/private/order; REST rows lack the category. */
export interface OrderRow {
  readonly category?: unknown;
  readonly symbol?: unknown;
  readonly orderId?: unknown;
  readonly orderLinkId?: unknown;
  readonly side?: unknown;
  readonly orderType?: unknown;
  readonly orderStatus?: unknown;
  /** Of a market order the venue's protection limit, never a fill price. */
  readonly price?: unknown;
  readonly qty?: unknown;
  readonly avgPrice?: unknown;
  /** Inverse: dollars, where spot and linear count base coins. */
  readonly cumExecQty?: unknown;
  /** Inverse: base coins. */
  readonly cumExecValue?: unknown;
  /** Contracts only. */
  readonly createType?: unknown;
  /** Epoch ms as text. */
  readonly createdTime?: unknown;
  readonly updatedTime?: unknown;
}

// {"accountType":"UNIFIED","totalEquity":"10262.91335023","coin":[{"coin":"BTC","walletBalance":"0.00102964",
// "totalOrderIM":"","totalPositionIM":"","locked":"0",...}]}
/** https://bybit-exchange.github.io/docs/v5/websocket/private/wallet */
export interface WalletRow {
  readonly accountType?: unknown;
  readonly coin?: unknown;
}

export interface CoinRow {
  readonly coin?: unknown;
  readonly walletBalance?: unknown;
  /** Spot orders; margin of contracts stands beside it. */
  readonly locked?: unknown;
  readonly totalOrderIM?: unknown;
  readonly totalPositionIM?: unknown;
  /** Classic spot wallets only. */
  readonly free?: unknown;
}
