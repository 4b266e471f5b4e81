import type { Balance } from '../../domain/account';
import { add } from '../../domain/decimal';
import { isObject, isProduct } from './fields';
import { amountOrZero } from './fills';
import type { Wallet } from './private-wire';

/** Wallets of futures and vaults repeat currencies, and nothing in them can be traded here. */
const FOREIGN_PLATFORMS: ReadonlySet<unknown> = new Set([
  'ACCOUNT_PLATFORM_CFM_CONSUMER',
  'ACCOUNT_PLATFORM_INTX',
]);
const FOREIGN_TYPES: ReadonlySet<unknown> = new Set(['ACCOUNT_TYPE_VAULT', 'VAULT']);

export interface BalancesRead {
  readonly balances: readonly Balance[];
  /** Wallets that cannot be read: what is held in them is unknown, not zero. */
  readonly odd: number;
}

export function readBalances(wallets: readonly object[]): BalancesRead {
  const balances = new Map<string, Balance>();
  let odd = 0;
  for (const wallet of wallets as readonly Wallet[]) {
    if (FOREIGN_PLATFORMS.has(wallet.platform) || FOREIGN_TYPES.has(wallet.type)) continue;
    const balance = balanceOf(wallet);
    if (balance === undefined) odd += 1;
    else balances.set(balance.asset, sumOf(balances.get(balance.asset), balance));
  }
  return { balances: [...balances.values()], odd };
}

function sumOf(one: Balance | undefined, other: Balance): Balance {
  if (one === undefined) return other;
  return { asset: other.asset, free: add(one.free, other.free), locked: add(one.locked, other.locked) };
}

function balanceOf({ currency, available_balance, hold }: Wallet): Balance | undefined {
  const free = isObject(available_balance) ? valueOf(available_balance) : undefined;
  const locked = isObject(hold) ? valueOf(hold) : amountOrZero(hold);
  if (!isProduct(currency) || free === undefined || locked === undefined) return undefined;
  return { asset: currency, free, locked };
}

function valueOf(amount: { readonly value?: unknown }): string | undefined {
  return amountOrZero(amount.value);
}
