import { isObject, isSymbol } from './fields';

/**
 * [{"symbol":"BTCUSDT","incomeType":"COMMISSION","income":"-0.01","asset":"USDT","time":1570608000000,
 *  "tranId":9689322392,"tradeId":"2059192"}], oldest first.
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api/Get-Income-History
 */
interface IncomeRow {
  readonly symbol?: unknown;
  readonly incomeType?: unknown;
  /** Epoch ms. */
  readonly time?: unknown;
}

const LIMIT = 1_000;
const MOST_PAGES = 5;
/** The fee of a liquidation. */
const LIQUIDATED = 'INSURANCE_CLEAR';
/** Paid for a position that is held, not for a fill. */
const FUNDING = 'FUNDING_FEE';

export interface Earnings {
  /** With fees or profits, in the order of their first ones. */
  readonly symbols: readonly string[];
  readonly isLiquidated: boolean;
  /** False: there were more rows than could be read. */
  readonly isComplete: boolean;
}

type Page = (query: { readonly startTime: number; readonly limit: number }) => Promise<readonly unknown[]>;

/** What moved futures since `sinceMs`: every fill pays a fee, so that it names the symbols that traded. */
export async function earnings(sinceMs: number, page: Page): Promise<Earnings> {
  const symbols = new Set<string>();
  let isLiquidated = false;
  let startTime = sinceMs;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const rows = await page({ startTime, limit: LIMIT });
    for (const row of rows) {
      const { symbol, incomeType, time }: IncomeRow = isObject(row) ? row : {};
      if (isSymbol(symbol) && incomeType !== FUNDING) symbols.add(symbol);
      if (incomeType === LIQUIDATED) isLiquidated = true;
      if (typeof time === 'number') startTime = Math.max(startTime, time);
    }
    if (rows.length < LIMIT) return { symbols: [...symbols], isLiquidated, isComplete: true };
  }
  return { symbols: [...symbols], isLiquidated, isComplete: false };
}
