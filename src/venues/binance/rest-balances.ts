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
const SpotAccount = z.object({
  updateTime: z.number().int().optional(),
  balances: z.array(z.unknown()),
});
const SpotRow = z.object({ asset: z.string().min(1), free: Amount, locked: Amount });

/**
 * [{"accountAlias":"SgsR","asset":"USDT","balance":"122607.35137903","crossWalletBalance":"23.72469206",
 *  "crossUnPnl":"0.00000000","availableBalance":"23.72469206","updateTime":1617939110373}]
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api/Futures-Account-Balance-V3
 */
const FuturesRows = z.array(z.unknown());
const FuturesRow = z.object({
  asset: z.string().min(1),
  balance: Amount,
  crossWalletBalance: Amount,
  updateTime: z.number().int().optional(),
});

export interface RestBalances {
  readonly balances: readonly Balance[];
  /** Epoch ms; absent where the venue does not say. */
  readonly updatedAt?: number;
}

/** Undefined for an answer of another shape; single odd rows are left out. */
export function readBalances(answer: unknown, kind: MarketKind): RestBalances | undefined {
  return kind === 'spot' ? readSpot(answer) : readFutures(answer);
}

function readSpot(answer: unknown): RestBalances | undefined {
  const account = SpotAccount.safeParse(answer);
  if (!account.success) return undefined;
  const { updateTime, balances: rows } = account.data;
  const balances = rows.flatMap((row) => {
    const read = SpotRow.safeParse(row);
    return read.success ? [{ asset: read.data.asset, free: read.data.free, locked: read.data.locked }] : [];
  });
  return { balances, ...updated(updateTime ?? 0) };
}

function readFutures(answer: unknown): RestBalances | undefined {
  const list = FuturesRows.safeParse(answer);
  if (!list.success) return undefined;
  const rows = list.data.flatMap((row) => {
    const read = FuturesRow.safeParse(row);
    return read.success ? [read.data] : [];
  });
  const balances = rows.map(({ asset, balance, crossWalletBalance }) =>
    futuresBalance(asset, balance, crossWalletBalance),
  );
  return { balances, ...updated(Math.max(0, ...rows.map(({ updateTime }) => updateTime ?? 0))) };
}

function updated(updatedAt: number): { updatedAt?: number } {
  return updatedAt > 0 ? { updatedAt } : {};
}
