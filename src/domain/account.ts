/**
 * What a private stream tells: orders and balances, in the field names of the backend (contract 2.1).
 * Amounts are decimal texts, times epoch ms of the venue.
 */

/** Words that the backend knows. Anything else a venue says is mapped to one of them, or published not at all. */
export type OrderStatus =
  'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'REJECTED' | 'PENDING_CANCEL';

export type OrderSide = 'BUY' | 'SELL';

/**
 * State of one order after a change. Quantities are cumulative, in the unit of contract table 2.6;
 * `totalQuoteTradeQuantity / totalTradeQuantity` is the true average fill price.
 */
export interface ExecutionReport {
  readonly eventType: 'executionReport';
  readonly eventTime: number;
  readonly creationTime: number;
  /** Time of this change: the backend sorts by it. */
  readonly orderTime: number;
  readonly symbol: string;
  /** Text where a number would lose digits. */
  readonly orderId: string | number;
  /** The order's own client id, also on cancels: the backend routes by it. */
  readonly newClientOrderId: string;
  readonly originalClientOrderId: string;
  readonly side: OrderSide;
  readonly orderType: string;
  readonly orderStatus: OrderStatus;
  /** Limit price; for market orders the average fill price where known. */
  readonly price: string;
  readonly quantity: string;
  readonly totalTradeQuantity: string;
  readonly totalQuoteTradeQuantity: string;
  /** Present and true only where the position was taken over: the backend closes deals on it. */
  readonly liquidation?: boolean;
  readonly executionType?: string;
  readonly timeInForce?: string;
  /** Of this one fill; never a running total. */
  readonly commission?: string;
  readonly commissionAsset?: string;
  readonly tradeId?: number;
}

/** The form that the backend expects of Binance-style futures; other keys of contract 2.1 may stand beside. */
export interface OrderTradeUpdate {
  readonly eventType: 'ORDER_TRADE_UPDATE';
  readonly eventTime: number;
  readonly transactionTime: number;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly orderId: string | number;
  readonly orderStatus: OrderStatus;
  readonly liquidation: boolean;
  readonly [key: string]: string | number | boolean;
}

export interface Balance {
  readonly asset: string;
  readonly free: string;
  readonly locked: string;
}

/** Absolute balances of the listed assets; others are unchanged. */
export interface OutboundAccountPosition {
  readonly eventType: 'outboundAccountPosition';
  readonly eventTime: number;
  readonly lastAccountUpdate: number;
  readonly balances: readonly Balance[];
}

export interface AccountUpdate {
  readonly eventType: 'ACCOUNT_UPDATE';
  readonly eventTime: number;
  readonly transactionTime: number;
  readonly eventReasonType: string;
  readonly balances: readonly Readonly<Record<string, string>>[];
  readonly positions: readonly Readonly<Record<string, string>>[];
}

/** A change that the backend adds to the stored balance: never told twice. */
export interface BalanceUpdate {
  readonly eventType: 'balanceUpdate';
  readonly eventTime: number;
  readonly asset: string;
  readonly balanceDelta: string;
  readonly clearTime: number;
}

/**
 * What a private codec yields. `wire` is the form that is published instead, where the backend expects
 * another one for the exchange; the internal view is always there.
 */
export type AccountEvent =
  | { readonly kind: 'order'; readonly report: ExecutionReport; readonly wire?: OrderTradeUpdate }
  | { readonly kind: 'balances'; readonly position: OutboundAccountPosition; readonly wire?: AccountUpdate }
  | { readonly kind: 'balanceDelta'; readonly update: BalanceUpdate };
