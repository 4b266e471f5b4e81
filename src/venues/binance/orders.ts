import type { AccountEvent, ExecutionReport, OrderSide } from '../../domain/account';
import { isDecimal, isPositive } from '../../domain/decimal';
import { average } from './amounts';
import { isAmount, isSymbol, isTime } from './fields';
import type { ExecutionReportWire } from './private-wire';
import { statusNote, statusOf } from './statuses';
import type { Unproven } from './wire';

export type OrderEvent = Extract<AccountEvent, { readonly kind: 'order' }>;

/** An order event, or why there is none. */
export type OrderReading = OrderEvent | { readonly kind: 'unread'; readonly note: string };

export const MALFORMED_ORDER = { kind: 'unread', note: 'malformed order' } as const;

/** `executionReport` of the spot markets; REST rows are brought into its form first. */
export function readSpotOrder(raw: Unproven<ExecutionReportWire>): OrderReading {
  if (!hasTimesAndAmounts(raw) || !hasNames(raw)) return MALFORMED_ORDER;
  const status = statusOf(raw.X, raw.z, raw.q);
  if (status === undefined) return { kind: 'unread', note: statusNote(raw.X) };
  const { E, T, s, S, i, p, q, z, o } = raw;
  const quote = quoteOf(raw.Z);
  const report: ExecutionReport = {
    eventType: 'executionReport',
    eventTime: E,
    creationTime: isTime(raw.O) ? raw.O : T,
    orderTime: T,
    symbol: s,
    orderId: i,
    ...clientIds(raw, status === 'CANCELED'),
    side: S,
    orderType: o,
    orderStatus: status,
    price: isPositive(p) || !isPositive(z) || !isPositive(quote) ? p : average(quote, z),
    quantity: q,
    totalTradeQuantity: z,
    totalQuoteTradeQuantity: quote,
    ...extras(raw),
  };
  return { kind: 'order', report };
}

type TimesAndAmounts = Pick<ExecutionReportWire, 'E' | 'T' | 'p' | 'q' | 'z'>;

function hasTimesAndAmounts(
  raw: Unproven<ExecutionReportWire>,
): raw is Unproven<ExecutionReportWire> & TimesAndAmounts {
  return isTime(raw.E) && isTime(raw.T) && isAmount(raw.p) && isAmount(raw.q) && isAmount(raw.z);
}

interface Names {
  readonly s: string;
  readonly c: string;
  readonly i: string | number;
  readonly S: OrderSide;
  readonly o: string;
}

/** What identifies an order; the same keys in spot and futures frames. */
export function hasNames<T extends Unproven<Names>>(raw: T): raw is T & Names {
  return (
    isSymbol(raw.s) && typeof raw.c === 'string' && isId(raw.i) && isSide(raw.S) && typeof raw.o === 'string'
  );
}

function isSide(side: unknown): side is OrderSide {
  return side === 'BUY' || side === 'SELL';
}

/** Ids beyond 2^53 are text (`parseExact`). */
export function isId(id: unknown): id is string | number {
  return Number.isSafeInteger(id) || (typeof id === 'string' && /^\d{1,32}$/.test(id));
}

/** On a cancel `c` names the cancel request and `C` the order; the backend routes by the order's own id. */
function clientIds(
  { c, C }: { readonly c: string; readonly C?: unknown },
  isCancel: boolean,
): Pick<ExecutionReport, 'newClientOrderId' | 'originalClientOrderId'> {
  const original = typeof C === 'string' && C !== '' ? C : c;
  return { newClientOrderId: isCancel ? original : c, originalClientOrderId: original };
}

/** Old orders say `-0.00000001`: the venue does not know it any more. */
function quoteOf(quote: unknown): string {
  return isAmount(quote) ? quote : '0';
}

type Extras = Pick<
  ExecutionReport,
  'executionType' | 'timeInForce' | 'commission' | 'commissionAsset' | 'tradeId'
>;

/** What frames of both kinds say beside the order: left out where it says nothing. */
export function extras({
  x,
  f,
  n,
  N,
  t,
}: Unproven<Pick<ExecutionReportWire, 'x' | 'f' | 'n' | 'N' | 't'>>): Extras {
  return {
    ...(typeof x === 'string' && { executionType: x }),
    ...(typeof f === 'string' && { timeInForce: f }),
    ...(isDecimal(n) && isSymbol(N) && { commission: n, commissionAsset: N }),
    ...(typeof t === 'number' && Number.isSafeInteger(t) && t > 0 && { tradeId: t }),
  };
}
