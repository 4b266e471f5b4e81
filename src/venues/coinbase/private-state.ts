import type { OrderStatus } from '../../domain/account';
import type { DecodeContext } from '../contract';
import { Timestamps } from './fields';

/** What this connection knows of an order. */
export interface KnownOrder {
  readonly quantity: string;
  readonly limit: string;
  readonly filled: string;
  /** As published last; undefined while it was only seen. */
  readonly status: OrderStatus | undefined;
}

export type Succession = 'next' | 'repeated' | 'gap';

/** More open orders than an account may have, and the ended ones of hours. */
const MOST_ORDERS = 5_000;
/** A counter that starts over would silence the connection: so many old numbers in a row are none. */
const MOST_REPEATS = 3;

/** State of one connection. */
export class PrivateState {
  readonly timestamps = new Timestamps();
  readonly creationTimes = new Timestamps();
  private readonly orders = new Map<string, KnownOrder>();
  private expected: number | undefined;
  private repeats = 0;

  /** One counter for all frames of a connection; the first one seen sets it. */
  follow(sequence: unknown): Succession {
    if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence)) return 'next';
    const expected = this.expected ?? sequence;
    if (sequence < expected) {
      this.repeats += 1;
      return this.repeats > MOST_REPEATS ? 'gap' : 'repeated';
    }
    this.repeats = 0;
    this.expected = sequence + 1;
    return sequence === expected ? 'next' : 'gap';
  }

  order(id: string): KnownOrder | undefined {
    return this.orders.get(id);
  }

  /** Bounded: the order that was silent longest is forgotten first. */
  remember(id: string, order: KnownOrder): void {
    this.orders.delete(id);
    this.orders.set(id, order);
    const oldest = this.orders.size > MOST_ORDERS ? this.orders.keys().next().value : undefined;
    if (oldest !== undefined) this.orders.delete(oldest);
  }
}

export type PrivateContext = DecodeContext<PrivateState>;
