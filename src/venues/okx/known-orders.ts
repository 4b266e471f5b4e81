import type { InstrumentIndex } from '../../domain/instrument';
import type { KnownOrder, MarketDescriptor } from '../contract';
import { WEIGHT } from './account-limits';
import { isNoSuchOrder } from './account-errors';
import { isXPerp, swapOf } from './pairs';
import type { Call } from './signed-call';

/**
 * The row of one order; undefined where the venue does not know it, which is so 2 hours after a cancel
 * without a fill. https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-details
 */
export async function findOrder(
  call: Call,
  market: MarketDescriptor,
  instruments: InstrumentIndex,
  { symbol, orderId, clientOrderId }: KnownOrder,
): Promise<unknown> {
  const instId = instIdOf(market, symbol, instruments);
  const ordId = String(orderId);
  if (instId === undefined || (ordId === '' && clientOrderId === '')) return undefined;
  const query = ordId === '' ? { instId, clOrdId: clientOrderId } : { instId, ordId };
  const answer = await call({ what: 'order', weight: WEIGHT.order }, async (client) => {
    try {
      return await client.getOrderDetails(query);
    } catch (thrown) {
      if (isNoSuchOrder(thrown)) return [];
      throw thrown; // told by the caller
    }
  });
  return Array.isArray(answer) ? answer[0] : undefined;
}

/** Delisted instruments are in no list any more, their orders may be: the name is made up then. */
function instIdOf({ kind }: MarketDescriptor, symbol: string, instruments: InstrumentIndex) {
  const listed = instruments.bySymbol(symbol)?.venueSymbol;
  if (listed !== undefined) return listed;
  if (kind === 'spot') return symbol;
  return isXPerp(symbol) ? undefined : swapOf(symbol);
}
