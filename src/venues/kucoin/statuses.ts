import type { OrderStatus } from '../../domain/account';

/** What the amounts of an order say, where its words do not decide alone. */
export interface OrderFacts {
  readonly isMarket: boolean;
  readonly hasFills: boolean;
  /** Size known, and nothing of it left. */
  readonly isAllFilled: boolean;
  readonly hasCanceledPart: boolean;
}

type Rule = (facts: OrderFacts, status: string) => OrderStatus;

const live: Rule = ({ hasFills }) => (hasFills ? 'PARTIALLY_FILLED' : 'NEW');
const filled: Rule = () => 'FILLED';

/** A market order ends with it when the rest of its funds is less than a lot: it has done all that it can. */
const canceled: Rule = ({ isMarket, hasFills }) => (isMarket && hasFills ? 'FILLED' : 'CANCELED');

/**
 * Every documented `type`. A word that is not here is published as nothing: taken for a cancel, it
 * would end a live deal.
 * https://www.kucoin.com/docs-new/3470073w0, https://www.kucoin.com/docs-new/3470090w0
 */
const TYPES: ReadonlyMap<string, Rule> = new Map([
  /** The engine has it. */
  ['received', live],
  /** On the book. */
  ['open', live],
  /** A fill; the last one already ends the order. */
  ['match', ({ isAllFilled }) => (isAllFilled ? 'FILLED' : 'PARTIALLY_FILLED')],
  /** A part was taken back (self-trade prevention, amendment): the order lives on, unless it is done. */
  [
    'update',
    (facts, status) => {
      if (status !== 'done') return live(facts, status);
      return facts.hasFills && !facts.hasCanceledPart ? 'FILLED' : 'CANCELED';
    },
  ],
  ['filled', filled],
  /** Of older documents. */
  ['done', filled],
  ['canceled', canceled],
]);

/** Every documented `status`: new (received), open (on the book), match (taking), done. */
const STATUSES: ReadonlySet<unknown> = new Set(['new', 'open', 'match', 'done']);

/** The order's state, or the note why it is not known. */
export function statusOf(type: unknown, status: unknown, facts: OrderFacts): OrderStatus | { note: string } {
  const rule = typeof type === 'string' ? TYPES.get(type) : undefined;
  if (rule === undefined) return { note: unknownStatus(type) };
  if (typeof status !== 'string' || !STATUSES.has(status)) return { note: unknownStatus(status) };
  return rule(facts, status);
}

export function isFinal(status: OrderStatus): boolean {
  return status === 'FILLED' || status === 'CANCELED';
}

/** A position taken over by the venue. `adl` and `settlement` are ordinary reports. */
export function isLiquidation(tradeType: unknown): boolean {
  return tradeType === 'liquid';
}

function unknownStatus(word: unknown): string {
  const isPlainWord = typeof word === 'string' && /^[a-z_]{1,32}$/i.test(word);
  return isPlainWord ? `unknown order status ${word}` : 'unknown order status';
}
