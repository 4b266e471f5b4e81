import type { Balance } from '../../domain/account';
import type { MarketKind } from '../../domain/exchange';
import type { FuturesBalanceWire, SpotBalanceWire, UnifiedBalanceWire } from './account-wire';
import { add } from '../../domain/decimal';
import { amountOr, isBlank, rest, signedOr } from './amounts';
import { isObject } from './fields';
import type { Unproven } from './wire';

export interface BalancesReading {
  readonly balances: readonly Balance[];
  /** Coins that could not be read. */
  readonly unread: number;
}

/** Rows of one push or answer -> balances. */
export function readBalances(
  rows: readonly unknown[],
  read: (row: object) => Balance | undefined,
): BalancesReading {
  const balances = rows
    .map((row) => (isObject(row) ? read(row) : undefined))
    .filter((one): one is Balance => one !== undefined);
  return { balances, unread: rows.length - balances.length };
}

/** How a row of the classic API is read, by product line. */
export function classicReader(kind: MarketKind): (row: object) => Balance | undefined {
  return kind === 'spot' ? spotBalance : futuresBalance;
}

/** `frozen`: in open orders; `locked`: by other products of the venue. */
function spotBalance(row: object): Balance | undefined {
  const { coin, available, frozen, locked } = row as Unproven<SpotBalanceWire>;
  const inOrders = amountOr('0', frozen);
  const held = amountOr('0', locked);
  return inOrders === undefined || held === undefined
    ? undefined
    : balanceOf(coin, available, () => add(inOrders, held));
}

/** What the wallet holds and is not free; profit that is not realised is no balance. */
function futuresBalance(row: object): Balance | undefined {
  const wire = row as Unproven<FuturesBalanceWire>;
  const equity = signedOr('0', isBlank(wire.equity) ? wire.accountEquity : wire.equity);
  const profit = signedOr('0', wire.unrealizedPL);
  if (equity === undefined || profit === undefined) return undefined;
  return balanceOf(wire.marginCoin, wire.available, (free) => rest(equity, profit, free));
}

/** The wallet is shared by all products: margin counts as locked where contracts are traded. */
export function unifiedReader(kind: MarketKind): (row: object) => Balance | undefined {
  return (row) => {
    const wire = row as Unproven<UnifiedBalanceWire>;
    const locked = amountOr('0', wire.locked);
    const wallet = signedOr('0', wire.balance);
    if (locked === undefined || wallet === undefined) return undefined;
    return balanceOf(wire.coin, wire.available, (free) => (kind === 'spot' ? locked : rest(wallet, free)));
  };
}

function balanceOf(
  asset: unknown,
  available: unknown,
  lockedOf: (free: string) => string,
): Balance | undefined {
  const free = signedOr('0', available);
  if (typeof asset !== 'string' || asset === '' || free === undefined) return undefined;
  return { asset, free: free.startsWith('-') ? '0' : free, locked: lockedOf(free) };
}
