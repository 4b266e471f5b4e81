import type { MarketDescriptor, Topic } from '../contract';

/** https://www.kucoin.com/docs-new/3470073w0 (orders V2), https://www.kucoin.com/docs-new/3470075w0 (balance) */
export const SPOT_ORDERS: Topic = '/spotMarket/tradeOrdersV2';
export const SPOT_BALANCES: Topic = '/account/balance';
/** https://www.kucoin.com/docs-new/3470090w0 (orders), https://www.kucoin.com/docs-new/3470092w0 (balance) */
export const FUTURES_ORDERS: Topic = '/contractMarket/tradeOrders';
/** https://www.kucoin.com/docs-new/3470094w0 */
export const FUTURES_POSITIONS: Topic = '/contract/positionAll';
const ONE_POSITION = '/contract/position';
export const FUTURES_BALANCES: Topic = '/contractAccount/wallet';

/** V1 and V2 of the spot topic carry the same rows. */
const SPOT_ORDERS_PREFIX = '/spotMarket/tradeOrders';

/** Balances last: what follows the orders' ack holds whatever the orders told. */
export function privateTopicsOf({ kind }: MarketDescriptor): readonly Topic[] {
  return kind === 'spot'
    ? [SPOT_ORDERS, SPOT_BALANCES]
    : [FUTURES_ORDERS, FUTURES_POSITIONS, FUTURES_BALANCES];
}

/** Our topic of a frame's; undefined where we did not ask for it. A contract's own topic counts as the one of all. */
export function privateTopicOf({ kind }: MarketDescriptor, wireTopic: string): Topic | undefined {
  const [channel = ''] = wireTopic.split(':', 1);
  if (kind === 'spot') {
    if (channel.startsWith(SPOT_ORDERS_PREFIX)) return SPOT_ORDERS;
    return channel === SPOT_BALANCES ? SPOT_BALANCES : undefined;
  }
  if (channel === ONE_POSITION || channel === FUTURES_POSITIONS) return FUTURES_POSITIONS;
  return channel === FUTURES_ORDERS || channel === FUTURES_BALANCES ? channel : undefined;
}
