import type { ExecutionReport, OrderStatus } from '../../domain/account';
import type { MarketKind } from '../../domain/exchange';
import { MALFORMED_ORDER, readOrder } from './orders';
import { badAnswer } from './rest-errors';

const OPEN: ReadonlySet<OrderStatus> = new Set<OrderStatus>(['NEW', 'PARTIALLY_FILLED']);

/** The orders of one look, each in the latest state that any answer told, and what could not be read. */
export class FoundOrders {
  private readonly reports = new Map<string, ExecutionReport>();
  private readonly noted = new Set<string>();

  constructor(private readonly market: MarketKind) {}

  get notes(): readonly string[] {
    return [...this.noted];
  }

  note(text: string): void {
    this.noted.add(text);
  }

  has(orderId: string | number): boolean {
    return this.reports.has(String(orderId));
  }

  /** A list of which nothing can be read is of another format. */
  keepList(rows: readonly unknown[]): void {
    const { malformed } = this.keep(rows);
    if (malformed === rows.length && malformed > 0) throw badAnswer('with malformed orders only');
  }

  /** The ids that could be read. What is read later is no older at the same time. */
  keep(rows: readonly unknown[]): { readonly ids: readonly string[]; readonly malformed: number } {
    const ids: string[] = [];
    let malformed = 0;
    for (const row of rows) {
      // The answer names the category once, not in every row.
      const report = isObject(row) ? readOrder(row, this.market, undefined) : MALFORMED_ORDER;
      if (report === MALFORMED_ORDER) malformed += 1;
      if (typeof report === 'string') this.note(report);
      else ids.push(this.put(report));
    }
    return { ids, malformed };
  }

  /** What is open, what changed since, and what is asked for by its id; oldest change first. */
  since(sinceMs: number, wanted: ReadonlySet<string>): readonly ExecutionReport[] {
    return [...this.reports]
      .filter(
        ([id, { orderStatus, orderTime }]) => OPEN.has(orderStatus) || orderTime >= sinceMs || wanted.has(id),
      )
      .map(([, report]) => report)
      .sort((a, b) => a.orderTime - b.orderTime);
  }

  private put(report: ExecutionReport): string {
    const id = String(report.orderId);
    const other = this.reports.get(id);
    if (!other || other.orderTime <= report.orderTime) this.reports.set(id, report);
    return id;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
