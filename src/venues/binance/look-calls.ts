import type { MarketKind } from '../../domain/exchange';
import type { AccountClient, Params } from './account-client';
import { venueCodeOf } from './account-errors';
import type { Endpoint } from './account-paths';
import type { OrderEvent } from './orders';
import { restOrder } from './rest-orders';

/**
 * NO_SUCH_ORDER; ORDER_ARCHIVED: ended without a fill 90 days ago; BAD_SYMBOL: delisted meanwhile.
 * https://github.com/binance/binance-spot-api-docs/blob/master/errors.md
 */
const FORGOTTEN: ReadonlySet<unknown> = new Set(['-2013', '-2026', '-1121']);

/** The calls of one look, and what of their answers cannot be told. */
export class LookCalls {
  private readonly noted = new Set<string>();

  constructor(
    readonly client: AccountClient,
    readonly kind: MarketKind,
  ) {}

  /** What could not be looked at, in words for an operator. */
  get notes(): readonly string[] {
    return [...this.noted];
  }

  note(text: string): void {
    this.noted.add(text);
  }

  /** Undefined where the venue has forgotten order or symbol: an unknown order is not a cancelled one. */
  async unlessForgotten<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (FORGOTTEN.has(venueCodeOf(error))) return undefined;
      throw error;
    }
  }

  async orders(endpoint: Endpoint, params: Params = {}): Promise<readonly OrderEvent[]> {
    return this.read(await this.rows(endpoint, params));
  }

  async rows(endpoint: Endpoint, params: Params): Promise<readonly unknown[]> {
    const { client } = this;
    const answer = await client.signed(endpoint, params);
    if (!Array.isArray(answer)) throw client.badAnswer(endpoint.path);
    return answer;
  }

  /** Rows that cannot be read are told to the operator and publish nothing. */
  read(rows: readonly unknown[]): readonly OrderEvent[] {
    const read: OrderEvent[] = [];
    for (const row of rows) {
      const reading = restOrder(row, this.kind);
      if (reading?.kind === 'order') read.push(reading);
      else if (reading !== undefined) this.note(reading.note);
    }
    return read;
  }
}
