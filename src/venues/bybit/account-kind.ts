import type { MarketKind } from '../../domain/exchange';
import type { Ask } from './account-client';
import type { Wallet } from './balances';
import { badAnswer } from './rest-errors';

/**
 * Generations of accounts: they differ in their wallets and in how closed orders are asked for.
 * https://bybit-exchange.github.io/docs/v5/acct-mode
 */
export type AccountKind = 'classic' | 'unified1' | 'unified2';

const KINDS: ReadonlyMap<unknown, AccountKind> = new Map<unknown, AccountKind>([
  [1, 'classic'],
  [3, 'unified1'],
  [4, 'unified1'], // UTA 1.0 Pro
  [5, 'unified2'],
  [6, 'unified2'], // UTA 2.0 Pro
]);

export async function readAccountKind(ask: Ask): Promise<AccountKind> {
  const { result } = await ask((client) => client.getAccountInfo());
  const { unifiedMarginStatus: status } = result;
  if (typeof status !== 'number') throw badAnswer('without the type of the account');
  // Every account is being moved to the newest generation: one that we do not know is like it.
  return KINDS.get(status) ?? 'unified2';
}

/** The wallet that a market trades from. */
export function walletFor(kind: AccountKind, market: MarketKind): Wallet {
  if (kind === 'classic') return market === 'spot' ? 'SPOT' : 'CONTRACT';
  return kind === 'unified1' && market === 'inverse' ? 'CONTRACT' : 'UNIFIED';
}

/** `openOnly` of a query for the newest closed orders; undefined: it is not offered. */
export function closedQuery(kind: AccountKind, market: MarketKind): 1 | 2 | undefined {
  if (kind === 'classic') return market === 'spot' ? undefined : 2;
  return kind === 'unified1' && market === 'inverse' ? 2 : 1;
}
