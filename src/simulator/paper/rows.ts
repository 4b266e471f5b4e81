import type { SimBalance, SimOrder } from '../kit';

/**
 * What the server pushes: JavaScript numbers computed with JavaScript arithmetic, noise and exponents
 * included. Gainium/paper-trading-sh: src/schema/order.schema.ts, src/user/user.service.ts
 */
export function orderRow(order: SimOrder, user: string, process: string): object {
  const isMarket = order.type === 'MARKET' || order.isLiquidation;
  const filledAmount = order.fills.reduce((total, { quantity }) => total + Number(quantity), 0);
  const filledQuoteAmount = order.fills.reduce(
    (total, { price, quantity }) => total + Number(price) * Number(quantity),
    0,
  );
  const avgFilledPrice = filledAmount > 0 ? filledQuoteAmount / filledAmount : 0;
  const price = isMarket ? avgFilledPrice : Number(order.price);
  const amount = Number(order.quantity);
  const id = idOf(order, process);
  return {
    _id: id,
    id,
    quoteAmount: amount * price,
    amount,
    filledAmount,
    filledQuoteAmount,
    price,
    avgFilledPrice,
    fee: order.fills.reduce((total, { commission }) => total + Number(commission), 0),
    symbol: order.symbol,
    user,
    exchange: realExchange(order.exchange),
    status: order.status,
    type: isMarket ? 'MARKET' : 'LIMIT',
    side: order.side,
    externalId: order.clientOrderId,
    createdAt: new Date(order.createdAt).toISOString(),
    // Fills advance it; a cancel or an expiry does not.
    updatedAt: new Date(order.fills.at(-1)?.time ?? order.createdAt).toISOString(),
  };
}

export function balanceRow({ asset, free, locked }: SimBalance): object {
  return { asset, free: Number(free), locked: Number(locked) };
}

/** Told only once it is done: there is no NEW of it. */
export function isTold(order: SimOrder): boolean {
  return order.status === 'FILLED' || !(order.type === 'MARKET' || order.isLiquidation);
}

/** Object id of the data base: seconds, 10 random digits of the process, a counter; hexadecimal. */
function idOf({ orderId, createdAt }: SimOrder, process: string): string {
  const seconds = Math.floor(createdAt / 1_000).toString(16);
  return seconds + process + Number(orderId).toString(16).padStart(6, '0');
}

/** `paperBinanceUsdm` -> `binanceUsdm` */
function realExchange(paper: string): string {
  return paper.replace(/^paper(.)/, (_all, first: string) => first.toLowerCase());
}
