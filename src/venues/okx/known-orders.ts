import type { InstrumentIndex } from '../../domain/instrument';
import type { KnownOrder, MarketDescriptor } from '../contract';
import { WEIGHT } from './account-limits';
import { absenceOf } from './account-errors';
import { isXPerp, swapOf } from './pairs';
import type { Call } from './signed-call';

export type Answer =
  | { readonly kind: 'row'; readonly row: unknown }
  | { readonly kind: 'no such order' | 'no such instrument' }
  /** The venue could not be asked, or said nothing. */
  | { readonly kind: 'nothing' };

const NOTHING: Answer = { kind: 'nothing' };

/** The row of one order. https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-details */
export async function findOrder(
  call: Call,
  market: MarketDescriptor,
  instruments: InstrumentIndex,
  { symbol, orderId, clientOrderId }: KnownOrder,
): Promise<Answer> {
  const instId = instIdOf(market, symbol, instruments);
  const ordId = String(orderId);
  if (instId === undefined || (ordId === '' && clientOrderId === '')) return NOTHING;
  const query = ordId === '' ? { instId, clOrdId: clientOrderId } : { instId, ordId };
  let absence: Answer = NOTHING;
  const answer = await call({ what: 'order', weight: WEIGHT.order }, async (client) => {
    try {
      return await client.getOrderDetails(query);
    } catch (thrown) {
      const kind = absenceOf(thrown);
      if (kind === undefined) throw thrown; // told by the caller
      absence = { kind };
      return [];
    }
  });
  const row: unknown = Array.isArray(answer) ? answer[0] : undefined;
  return row === undefined ? absence : { kind: 'row', row };
}

/** Delisted instruments are in no list any more, their orders may be: the name is made up then. */
function instIdOf({ kind }: MarketDescriptor, symbol: string, instruments: InstrumentIndex) {
  const listed = instruments.bySymbol(symbol)?.venueSymbol;
  if (listed !== undefined) return listed;
  if (kind === 'spot') return symbol;
  return isXPerp(symbol) ? undefined : swapOf(symbol);
}
