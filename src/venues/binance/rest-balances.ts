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
const NamedRow = z.object({ asset: z.string().min(1) });
const SpotRow = z.object({ asset: z.string().min(1), free: Amount, locked: Amount });

/**
 * [{"accountAlias":"SgsR","asset":"USDT","balance":"122607.35137903","crossWalletBalance":"23.72469206",
 *  "crossUnPnl":"0.00000000","availableBalance":"23.72469206","updateTime":1617939110373}]
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api/Futures-Account-Balance-V3
 */
const FuturesRow = z.object({ asset: z.string().min(1), balance: Amount, crossWalletBalance: Amount });

export interface BalancesRead {
  readonly balances: readonly Balance[];
  /** Every asset that the answer names, readable or not. */
  readonly listed: ReadonlySet<string>;
  /** Rows that cannot be read: what is held of them is unknown, not zero. */
  readonly odd: number;
}

/** Undefined for an answer of another shape. */
export function readBalances(answer: unknown, kind: MarketKind): BalancesRead | undefined {
  const rows = rowsOf(answer, kind);
  if (rows === undefined) return undefined;
  const balances = rows.flatMap(kind === 'spot' ? spotRow : futuresRow);
  const listed = new Set(rows.flatMap(nameOf));
  // Futures assets in trouble come with empty texts for amounts, which is no fault: they say nothing.
  return { balances, listed, odd: kind === 'spot' ? rows.length - balances.length : 0 };
}

function rowsOf(answer: unknown, kind: MarketKind): readonly unknown[] | undefined {
  if (kind !== 'spot') return Array.isArray(answer) ? answer : undefined;
  const account = SpotAccount.safeParse(answer);
  return account.success ? account.data.balances : undefined;
}

function nameOf(row: unknown): readonly string[] {
  const named = NamedRow.safeParse(row);
  return named.success ? [named.data.asset] : [];
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
