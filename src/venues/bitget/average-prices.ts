import { isPositive } from '../../domain/decimal';

/** Orders of one account that are partly filled at once are few; the rest is a margin against floods. */
const MOST_ORDERS = 5_000;

/**
 * Last average fill price per order: pushes about cancelled contract orders leave it out. State of one
 * connection: a cancel whose fills came before it is left to the order lists.
 */
export class AveragePrices {
  private readonly known = new Map<string, string>();

  /** What this push says, else what the last one said; undefined where none did. */
  latest(orderId: unknown, priceAvg: unknown): unknown {
    if (typeof orderId !== 'string') return priceAvg;
    if (priceAvg !== undefined && priceAvg !== '' && !isZero(priceAvg)) {
      this.remember(orderId, priceAvg);
      return priceAvg;
    }
    return this.known.get(orderId) ?? priceAvg;
  }

  private remember(orderId: string, priceAvg: unknown): void {
    if (!isPositive(priceAvg)) return;
    this.known.delete(orderId);
    this.known.set(orderId, priceAvg);
    const [oldest] = this.known.keys();
    if (this.known.size > MOST_ORDERS && oldest !== undefined) this.known.delete(oldest);
  }
}

function isZero(value: unknown): boolean {
  return typeof value === 'string' && /^0(?:\.0+)?$/.test(value);
}
