/**
 * Private frames and answers, unchecked: only what is read.
 */

/**
 * A row of the `user` channel: the state of an order, not a fill.
 * {"avg_price":"68900.1","client_order_id":"D-BO-4b1c","cumulative_quantity":"0.001","filled_value":"68.9001",
 *  "leaves_quantity":"0.002","limit_price":"68900.5","order_id":"..","order_side":"BUY","order_type":"Limit",
 *  "product_id":"BTC-USD","product_type":"SPOT","status":"OPEN","creation_time":"2026-04-07T14:29:55Z",...}
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
 */
export interface UserRow {
  readonly order_id?: unknown;
  readonly client_order_id?: unknown;
  readonly product_id?: unknown;
  readonly product_type?: unknown;
  readonly order_side?: unknown;
  readonly order_type?: unknown;
  readonly status?: unknown;
  readonly creation_time?: unknown;
  readonly cumulative_quantity?: unknown;
  readonly leaves_quantity?: unknown;
  readonly avg_price?: unknown;
  readonly filled_value?: unknown;
  readonly limit_price?: unknown;
}

/**
 * An order of the REST lists.
 * {"order_id":"..","product_id":"BTC-USD","order_configuration":{"limit_limit_gtc":{"base_size":"0.001",
 *  "limit_price":"10000.00","post_only":false}},"side":"BUY","client_order_id":"..","status":"OPEN",
 *  "created_time":"2021-05-31T09:59:59.000Z","filled_size":"0.001","average_filled_price":"50",
 *  "filled_value":"10000","order_type":"LIMIT","product_type":"SPOT","last_fill_time":null,...}
 * https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/orders/list-orders
 */
export interface ListedOrder {
  readonly order_id?: unknown;
  readonly client_order_id?: unknown;
  readonly product_id?: unknown;
  readonly product_type?: unknown;
  readonly side?: unknown;
  readonly order_type?: unknown;
  readonly status?: unknown;
  readonly created_time?: unknown;
  readonly last_fill_time?: unknown;
  readonly last_update_time?: unknown;
  readonly filled_size?: unknown;
  readonly average_filled_price?: unknown;
  readonly filled_value?: unknown;
  readonly order_configuration?: unknown;
}

/**
 * {"uuid":"..","currency":"BTC","available_balance":{"value":"1.23","currency":"BTC"},"hold":{"value":"0.1",
 *  "currency":"BTC"},"type":"ACCOUNT_TYPE_CRYPTO","platform":"ACCOUNT_PLATFORM_CONSUMER",...}
 * https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/accounts/list-accounts
 */
export interface Wallet {
  readonly currency?: unknown;
  readonly available_balance?: unknown;
  readonly hold?: unknown;
  readonly type?: unknown;
  readonly platform?: unknown;
}
