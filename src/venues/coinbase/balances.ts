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

/** Undefined where a wallet cannot be read: half of the balances would be taken for all. */
export function balancesOf(wallets: readonly object[]): readonly Balance[] | undefined {
  const balances = new Map<string, Balance>();
  for (const wallet of wallets as readonly Wallet[]) {
    if (FOREIGN_PLATFORMS.has(wallet.platform) || FOREIGN_TYPES.has(wallet.type)) continue;
    const balance = balanceOf(wallet);
    if (balance === undefined) return undefined;
    const { asset, free, locked } = balance;
    const other = balances.get(asset);
    const sum = other && { asset, free: add(other.free, free), locked: add(other.locked, locked) };
    balances.set(asset, sum ?? balance);
  }
  return [...balances.values()];
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
