import { isSymbol } from './fields';
import { pairOf, type OrderContext } from './order-markets';
import type { PositionWire } from './private-wire';

/** How long before a position's frame the liquidating order may have been heard. */
const HEARD_WITHIN_MS = 10_000;
/** Far above what liquidates within that time: only a hostile peer gets there. */
const MAX_SYMBOLS = 1_000;

/** When liquidating orders were last heard, by the venue's symbol. */
export class Liquidations {
  private readonly heardAt = new Map<string, number>();

  heard(symbol: string, now: number): void {
    this.heardAt.delete(symbol);
    this.heardAt.set(symbol, now);
    const [oldest] = this.heardAt.keys();
    if (this.heardAt.size > MAX_SYMBOLS && oldest !== undefined) this.heardAt.delete(oldest);
  }

  isHeard(symbol: string, now: number): boolean {
    const at = this.heardAt.get(symbol);
    return at !== undefined && now - at <= HEARD_WITHIN_MS;
  }
}

/**
 * The note that a position of ours was liquidated by an order that the stream has not told (yet): whether it
 * always does is not documented. REST then tells what was traded. No order is made up from the position, as
 * the reference does: it would be told a second time, under another id, by the order itself.
 */
export function unheardLiquidation(
  subject: unknown,
  { symbol, changeReason }: PositionWire,
  liquidations: Liquidations,
  context: OrderContext & { readonly receivedAt: number },
): string | undefined {
  if (subject !== 'position.change' || changeReason !== 'liquidation') return undefined;
  if (typeof symbol !== 'string' || !isSymbol(symbol)) return 'malformed liquidation';
  const isOurs = pairOf(symbol, context) !== undefined;
  return isOurs && !liquidations.isHeard(symbol, context.receivedAt)
    ? 'liquidation without its order'
    : undefined;
}
