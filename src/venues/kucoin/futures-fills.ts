import { compare, isPositive } from '../../domain/decimal';
import type { KnownOrder } from '../contract';
import { amountOf, epochMs } from './fields';
import { futuresPages } from './futures-pages';
import { countMatch, blankFills, type OrderFills } from './order-fills';
import { DAY, listOf, type OrderSource } from './order-source';
import { isLiquidation } from './statuses';

const HOUR = 3_600_000;
/** The list that needs no paging holds this many, of the last 24 h. */
const RECENT = 1_000;

/**
 * {"symbol":"XBTUSDTM","tradeId":"1828954878212","orderId":"284486580251463680","side":"buy","price":"86275.1",
 *  "size":1,"value":"86.2751","tradeType":"trade","tradeTime":1740640088328000000, ...}
 * https://www.kucoin.com/docs-new/rest/futures-trading/orders/get-recent-trade-history, .../get-trade-history
 */
interface FillRow {
  readonly symbol?: unknown;
  readonly orderId?: unknown;
  readonly tradeId?: unknown;
  readonly price?: unknown;
  readonly size?: unknown;
  readonly tradeType?: unknown;
  /** ns */
  readonly tradeTime?: unknown;
}

interface Told {
  readonly symbol: string;
  /** Of the newest fill; Infinity where one has no time. */
  lastAt: number;
  readonly fills: OrderFills;
  isLiquidation: boolean;
}

/** Fills by order, as REST tells them. */
export class ToldFills {
  private readonly byOrder = new Map<string, Told>();

  constructor(private readonly source: OrderSource) {}

  /** A row that cannot be read leaves its order incomplete, which is noticed there. */
  add(rows: readonly object[]): void {
    for (const row of rows) this.addRow(row);
  }

  /** Contracts x price of all fills; undefined where they are not all there. */
  quoteOf(orderId: unknown, filled: string): string | undefined {
    const told = typeof orderId === 'string' ? this.byOrder.get(orderId) : undefined;
    return told && compare(told.fills.quantity, filled) === 0 ? told.fills.quote : undefined;
  }

  isLiquidation(orderId: unknown): boolean {
    return typeof orderId === 'string' && this.byOrder.get(orderId)?.isLiquidation === true;
  }

  /** Orders that were filled since. */
  orders(fromMs: number, isOurs: (venueSymbol: string) => boolean): readonly KnownOrder[] {
    return [...this.byOrder]
      .filter(([, { symbol, lastAt }]) => lastAt >= fromMs && isOurs(symbol))
      .map(([orderId, { symbol }]) => ({ symbol, orderId, clientOrderId: '' }));
  }

  /** Fetches the fills of orders that were partly filled before the time that was looked at. */
  async complete(rows: readonly object[]): Promise<void> {
    for (const row of rows) {
      const { id, filledSize } = row as { id?: unknown; filledSize?: unknown };
      const filled = amountOf(filledSize);
      if (typeof id !== 'string' || !isPositive(filled) || this.quoteOf(id, filled) !== undefined) continue;
      this.add(await futuresPages(this.source, 'fills', '/api/v1/fills', { orderId: id }));
    }
  }

  private addRow(row: FillRow): void {
    const { symbol, orderId, tradeId, tradeType, tradeTime } = row;
    const price = amountOf(row.price);
    const size = amountOf(row.size);
    if (typeof symbol !== 'string' || typeof orderId !== 'string' || typeof tradeId !== 'string') return;
    if (!isPositive(price) || !isPositive(size)) return;
    const told = this.byOrder.get(orderId) ?? {
      symbol,
      lastAt: 0,
      fills: blankFills(),
      isLiquidation: false,
    };
    this.byOrder.set(orderId, told);
    countMatch(told.fills, { tradeId, price, size });
    told.lastAt = Math.max(told.lastAt, epochMs(tradeTime) ?? Infinity);
    told.isLiquidation ||= isLiquidation(tradeType);
  }
}

/** The fills since a time: of the last 24 h in one call, all pages where that is not enough. */
export async function futuresFills(source: OrderSource, fromMs: number): Promise<ToldFills> {
  const fills = new ToldFills(source);
  const recent = listOf(source, 'recent fills', await source.call('recent fills', '/api/v1/recentFills'));
  fills.add(recent);
  if (recent.length >= RECENT || fromMs < source.venueNow() - (DAY - HOUR)) {
    fills.add(await futuresPages(source, 'fills', '/api/v1/fills', { startAt: String(fromMs) }));
  }
  return fills;
}
