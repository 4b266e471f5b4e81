import type { AccountEvent, AccountUpdate, Balance, OutboundAccountPosition } from '../../domain/account';
import { isDecimal } from '../../domain/decimal';
import { excess } from './amounts';
import { isObject, isSymbol, isTime } from './fields';
import type {
  AccountChangeWire,
  AccountPositionWire,
  AccountUpdateWire,
  BalanceUpdateWire,
  FuturesBalanceWire,
  SpotBalanceWire,
} from './private-wire';
import type { Unproven } from './wire';

/** `outboundAccountPosition`: the assets that may have changed. */
export function readPosition({ E, u, B }: Unproven<AccountPositionWire>): AccountEvent | undefined {
  if (!isTime(E) || !isTime(u) || !Array.isArray(B)) return undefined;
  const balances = (B as readonly unknown[]).flatMap(spotBalance);
  // One odd asset must not hide the others; nothing but odd ones means that the format changed.
  if (balances.length === 0 && B.length > 0) return undefined;
  return { kind: 'balances', position: position(E, u, balances) };
}

/** How many assets of an `outboundAccountPosition` cannot be read. */
export function oddBalances({ B }: Unproven<AccountPositionWire>): number {
  const items: readonly unknown[] = Array.isArray(B) ? B : [];
  return items.length - items.flatMap(spotBalance).length;
}

export function position(
  eventTime: number,
  lastAccountUpdate: number,
  balances: readonly Balance[],
): OutboundAccountPosition {
  return { eventType: 'outboundAccountPosition', eventTime, lastAccountUpdate, balances };
}

export function spotBalance(item: unknown): readonly Balance[] {
  if (!isObject(item)) return [];
  const { a, f, l } = item as Unproven<SpotBalanceWire>;
  return isSymbol(a) && isDecimal(f) && isDecimal(l) ? [{ asset: a, free: f, locked: l }] : [];
}

/** `balanceUpdate`: a deposit, withdrawal or transfer. */
export function readBalanceUpdate({ E, a, d, T }: Unproven<BalanceUpdateWire>): AccountEvent | undefined {
  if (!isTime(E) || !isTime(T) || !isSymbol(a) || !isDecimal(d)) return undefined;
  const update = { eventTime: E, asset: a, balanceDelta: d, clearTime: T } as const;
  return { kind: 'balanceDelta', update: { eventType: 'balanceUpdate', ...update } };
}

/** `ACCOUNT_UPDATE` of the futures markets. */
export function readAccountUpdate({ E, T, a }: Unproven<AccountUpdateWire>): AccountEvent | undefined {
  const { m, B, P }: Unproven<AccountChangeWire> = isObject(a) ? a : {};
  if (!isTime(E) || !isTime(T) || typeof m !== 'string') return undefined;
  const items = (Array.isArray(B) ? (B as readonly unknown[]) : []).filter(isFuturesBalance);
  const positions = Array.isArray(P) ? (P as readonly unknown[]) : [];
  const wire: AccountUpdate = {
    eventType: 'ACCOUNT_UPDATE',
    eventTime: E,
    transactionTime: T,
    eventReasonType: m,
    balances: items.map((item) => convert(item, BALANCE_NAMES)),
    positions: positions.filter(isObject).map((item) => convert(item, POSITION_NAMES)),
  };
  const balances = items.map(({ a: asset, wb, cw }) => futuresBalance(asset, wb, cw));
  return { kind: 'balances', position: position(E, T, balances), wire };
}

/** What cross margin does not hold is bound to isolated positions. */
export function futuresBalance(asset: string, wallet: string, cross: string): Balance {
  return { asset, free: cross, locked: excess(wallet, cross) };
}

/** Assets in trouble come with empty texts for amounts: such an item says nothing. */
function isFuturesBalance(item: unknown): item is Pick<FuturesBalanceWire, 'a' | 'wb' | 'cw'> {
  if (!isObject(item)) return false;
  const { a, wb, cw } = item as Unproven<FuturesBalanceWire>;
  return isSymbol(a) && isDecimal(wb) && isDecimal(cw);
}

type Naming = readonly (readonly [name: string, key: string, isFit: (value: unknown) => boolean])[];

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

const BALANCE_NAMES: Naming = [
  ['asset', 'a', isText],
  ['walletBalance', 'wb', isDecimal],
  ['crossWalletBalance', 'cw', isDecimal],
  ['balanceChange', 'bc', isDecimal],
];

const POSITION_NAMES: Naming = [
  ['symbol', 's', isText],
  ['positionAmount', 'pa', isDecimal],
  ['entryPrice', 'ep', isDecimal],
  ['accumulatedRealized', 'cr', isDecimal],
  ['unrealizedPnL', 'up', isDecimal],
  ['marginType', 'mt', isText],
  ['isolatedWallet', 'iw', isDecimal],
  ['positionSide', 'ps', isText],
];

function convert(item: object, naming: Naming): Readonly<Record<string, string>> {
  const converted: Record<string, string> = {};
  for (const [name, key, isFit] of naming) {
    const value = (item as Readonly<Record<string, unknown>>)[key];
    if (isFit(value)) converted[name] = value as string;
  }
  return converted;
}
