import { z } from 'zod';
import type { Balance } from '../../domain/account';
import { isDecimal } from '../../domain/decimal';
import type { MarketKind } from '../../domain/exchange';
import { futuresBalance } from './balances';

const Amount = z.string().refine(isDecimal);

/**
 * {"updateTime":123456789,"balances":[{"asset":"BTC","free":"4723846.89208129","locked":"0.00000000"}]}
 * https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#account-information-user_data
 */
const SpotAccount = z.object({ balances: z.array(z.unknown()) });
const SpotRow = z.object({ asset: z.string().min(1), free: Amount, locked: Amount });

/**
 * [{"accountAlias":"SgsR","asset":"USDT","balance":"122607.35137903","crossWalletBalance":"23.72469206",
 *  "crossUnPnl":"0.00000000","availableBalance":"23.72469206","updateTime":1617939110373}]
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api/Futures-Account-Balance-V3
 */
const FuturesRow = z.object({ asset: z.string().min(1), balance: Amount, crossWalletBalance: Amount });

export interface BalancesRead {
  readonly balances: readonly Balance[];
  /** Rows that could not be read. */
  readonly odd: number;
}

/** Undefined for an answer of another shape. */
export function readBalances(answer: unknown, kind: MarketKind): BalancesRead | undefined {
  if (kind !== 'spot') {
    // Futures assets in trouble come with empty texts for amounts: they say nothing, and are no fault.
    return Array.isArray(answer) ? { balances: answer.flatMap(futuresRow), odd: 0 } : undefined;
  }
  const account = SpotAccount.safeParse(answer);
  if (!account.success) return undefined;
  const rows = account.data.balances;
  const balances = rows.flatMap(spotRow);
  return { balances, odd: rows.length - balances.length };
}

function spotRow(row: unknown): readonly Balance[] {
  const read = SpotRow.safeParse(row);
  return read.success ? [read.data] : [];
}

function futuresRow(row: unknown): readonly Balance[] {
  const read = FuturesRow.safeParse(row);
  return read.success
    ? [futuresBalance(read.data.asset, read.data.balance, read.data.crossWalletBalance)]
    : [];
}
