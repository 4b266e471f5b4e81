import type { SimAccount, SimBalance, SimFill, SimOrder } from '../kit';
import { compare, difference, isOpen, product, quotient, sum } from '../kit';
import lifecycle from './__fixtures__/coinbase.order.limit-lifecycle.json';
import wallets from './__fixtures__/coinbase.balance.accounts-two-pages.json';
import { uuidOf } from './private-keys';

/** Rows as the venue spells them: documented ones with the book's values. */

type Row = Readonly<Record<string, unknown>>;

const USER_ROW: Row = first(first(first(lifecycle.frames).events).orders);
const WALLET: Row = first(first(wallets.frames).accounts);
const FIAT: ReadonlySet<string> = new Set(['USD', 'EUR', 'GBP']);

/** A row of the `user` channel: what the order is after any number of fills. */
export function userRow(order: SimOrder, status: string, account: SimAccount, isHeld = isOpen(order)): Row {
  const isMarket = order.type === 'MARKET';
  return {
    ...USER_ROW,
    avg_price: averageOf(order),
    cancel_reason: order.status === 'CANCELED' ? 'Requested by user' : '',
    client_order_id: order.clientOrderId,
    completion_percentage: completionOf(order),
    cumulative_quantity: order.filled,
    filled_value: order.quote,
    // Nothing is left of what has ended, however it ended.
    leaves_quantity: isOpen(order) ? difference(order.quantity, order.filled) : '0',
    limit_price: isMarket ? '' : order.price,
    number_of_fills: String(order.fills.length),
    order_id: order.orderId,
    order_side: order.side,
    order_type: isMarket ? 'Market' : 'Limit',
    outstanding_hold_amount: isHeld ? '0.3' : '0',
    product_id: order.symbol,
    product_type: productTypeOf(order),
    reject_reason: order.status === 'REJECTED' ? 'INSUFFICIENT_FUND' : '',
    retail_portfolio_id: uuidOf(account),
    status,
    time_in_force: isMarket ? 'IMMEDIATE_OR_CANCEL' : 'GOOD_UNTIL_CANCELLED',
    total_fees: feesOf(order),
    creation_time: isoOf(order.createdAt),
  };
}

/**
 * An order of the REST lists. https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/orders/get-order
 * @param tellsUpdates with `last_update_time`, which not every answer has
 */
export function listedOrder(
  order: SimOrder,
  status: string,
  account: SimAccount,
  tellsUpdates: boolean,
): Row {
  const lastFill = order.fills.at(-1);
  return {
    order_id: order.orderId,
    product_id: order.symbol,
    user_id: uuidOf(account),
    order_configuration: configurationOf(order),
    side: order.side,
    client_order_id: order.clientOrderId,
    status,
    time_in_force: order.type === 'MARKET' ? 'IMMEDIATE_OR_CANCEL' : 'GOOD_UNTIL_CANCELLED',
    created_time: isoOf(order.createdAt),
    completion_percentage: completionOf(order),
    filled_size: order.filled,
    average_filled_price: averageOf(order),
    fee: '',
    number_of_fills: String(order.fills.length),
    filled_value: order.quote,
    pending_cancel: status === 'CANCEL_QUEUED',
    size_in_quote: false,
    total_fees: feesOf(order),
    size_inclusive_of_fees: false,
    total_value_after_fees: sum(order.quote, feesOf(order)),
    trigger_status: 'INVALID_ORDER_TYPE',
    order_type: order.type,
    reject_reason: 'REJECT_REASON_UNSPECIFIED',
    settled: !isOpen(order),
    product_type: productTypeOf(order),
    reject_message: '',
    cancel_message: '',
    order_placement_source: 'RETAIL_ADVANCED',
    outstanding_hold_amount: '0',
    is_liquidation: false,
    last_fill_time: lastFill ? isoOf(lastFill.time) : null,
    edit_history: [],
    leverage: '',
    margin_type: 'UNKNOWN_MARGIN_TYPE',
    retail_portfolio_id: uuidOf(account),
    ...(tellsUpdates && { last_update_time: isoOf(order.updatedAt) }),
  };
}

export function fillRow(order: SimOrder, fill: SimFill, account: SimAccount): Row {
  return {
    entry_id: `entry-${fill.tradeId}`,
    trade_id: String(fill.tradeId),
    order_id: order.orderId,
    trade_time: isoOf(fill.time),
    trade_type: 'FILL',
    price: fill.price,
    size: fill.quantity,
    commission: fill.commission,
    product_id: order.symbol,
    sequence_timestamp: isoOf(fill.time),
    liquidity_indicator: order.type === 'MARKET' ? 'TAKER' : 'MAKER',
    size_in_quote: false,
    user_id: uuidOf(account),
    side: order.side,
    retail_portfolio_id: uuidOf(account),
  };
}

/** Wallets of a vault and of futures follow those of spot: they repeat currencies, and are not spot's money. */
export function walletRows(account: SimAccount): readonly Row[] {
  const balances = account.balances();
  const [some] = balances;
  if (!some) return [];
  const vault = {
    ...walletOf({ ...some, free: '9', locked: '0' }, account),
    name: `${some.asset} Vault`,
    type: 'ACCOUNT_TYPE_VAULT',
  };
  const futures = {
    ...walletOf({ asset: 'USD', free: '700', locked: '0' }, account),
    name: 'Futures',
    type: 'ACCOUNT_TYPE_FIAT',
    platform: 'ACCOUNT_PLATFORM_CFM_CONSUMER',
  };
  return [...balances.map((balance) => walletOf(balance, account)), vault, futures];
}

function walletOf({ asset, free, locked }: SimBalance, account: SimAccount): Row {
  return {
    ...WALLET,
    uuid: `${uuidOf(account)}-${asset}`,
    name: `${asset} Wallet`,
    currency: asset,
    available_balance: { value: free, currency: asset },
    // Seen without, where nothing is held.
    hold: locked === '0' ? undefined : { value: locked, currency: asset },
    type: FIAT.has(asset) ? 'ACCOUNT_TYPE_FIAT' : 'ACCOUNT_TYPE_CRYPTO',
    retail_portfolio_id: uuidOf(account),
  };
}

/** Dated and perpetual ids have a third part. */
export function productTypeOf({ symbol }: SimOrder): 'SPOT' | 'FUTURE' {
  return symbol.split('-').length === 2 ? 'SPOT' : 'FUTURE';
}

function configurationOf({ type, price, quantity }: SimOrder): Row {
  if (type === 'MARKET') return { market_market_ioc: { base_size: quantity } };
  return { limit_limit_gtc: { base_size: quantity, limit_price: price, post_only: false } };
}

function averageOf({ fills, averagePrice }: SimOrder): string {
  return fills.length === 0 ? '0' : averagePrice;
}

function completionOf({ filled, quantity }: SimOrder): string {
  if (compare(filled, '0') === 0) return '0';
  return quotient(product(filled, '100'), quantity, 2);
}

function feesOf({ fills }: SimOrder): string {
  return fills.reduce((total, { commission }) => sum(total, commission), '0');
}

/** With microseconds, as the venue's times of orders have them. */
function isoOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}347Z`;
}

function first<T>(list: readonly T[]): T {
  const [head] = list;
  if (head === undefined) throw new Error('a template without rows');
  return head;
}
