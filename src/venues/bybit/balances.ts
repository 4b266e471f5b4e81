import type { Balance, OutboundAccountPosition } from '../../domain/account';
import { compare, isDecimal } from '../../domain/decimal';
import { difference, sum } from './amounts';
import type { CoinRow, WalletRow } from './private-wire';
import { isName } from './rest-answers';
import { isAmount } from './tickers';

/**
 * Wallets of an account. Unified accounts of the first kind (UTA 1.0) keep inverse contracts in CONTRACT;
 * SPOT exists on classic accounts only. https://bybit-exchange.github.io/docs/v5/enum#accounttype
 */
export type Wallet = 'UNIFIED' | 'CONTRACT' | 'SPOT';

const WALLETS: ReadonlySet<unknown> = new Set<Wallet>(['UNIFIED', 'CONTRACT', 'SPOT']);

/** Undefined: a wallet that no market trades from. */
export function walletOf({ accountType }: WalletRow): Wallet | undefined {
  if (accountType === undefined || accountType === '') return 'UNIFIED';
  return WALLETS.has(accountType) ? (accountType as Wallet) : undefined;
}

/** Balances of the coins that the row lists, zero ones included; undefined: nothing readable in it. */
export function readWallet(row: WalletRow, time: number): OutboundAccountPosition | undefined {
  const { coin: coins } = row;
  if (!Array.isArray(coins)) return undefined;
  const read = walletOf(row) === 'SPOT' ? readSpotCoin : readCoin;
  const balances = coins.map(read).filter((balance) => balance !== undefined);
  if (balances.length === 0 && coins.length > 0) return undefined;
  return { eventType: 'outboundAccountPosition', eventTime: time, lastAccountUpdate: time, balances };
}

/** How many coins the row lists, readable or not. */
export function coinsOf({ coin }: WalletRow): number {
  return Array.isArray(coin) ? coin.length : 0;
}

function readCoin(row: unknown): Balance | undefined {
  if (!isFields(row)) return undefined;
  const { coin: asset } = row;
  const total = amountOf(row.walletBalance, isDecimal);
  const reserved = [row.locked, row.totalOrderIM, row.totalPositionIM].map((one) => amountOf(one, isAmount));
  if (!isName(asset) || total === undefined || !reserved.every((one) => one !== undefined)) return undefined;
  return { asset, ...split(total, sum(reserved)) };
}

/** A classic spot wallet says it directly; counting its total as well would count it twice. */
function readSpotCoin(row: unknown): Balance | undefined {
  if (!isFields(row)) return undefined;
  const { coin: asset } = row;
  const free = amountOf(row.free, isDecimal);
  const locked = amountOf(row.locked, isAmount);
  if (!isName(asset) || free === undefined || locked === undefined) return undefined;
  return { asset, free, locked };
}

/** Cross margin may reserve more of a coin than there is, and a borrowed coin has a negative balance. */
function split(total: string, reserved: string): Omit<Balance, 'asset'> {
  if (compare(total, '0') < 0) return { free: total, locked: '0' };
  if (compare(reserved, total) > 0) return { free: '0', locked: sum([total]) };
  return { free: difference(total, reserved), locked: reserved };
}

/** Portfolio margin sends '' for what it does not reckon per coin. Undefined: no amount at all. */
function amountOf(value: unknown, isFit: (value: unknown) => value is string): string | undefined {
  if (value === undefined || value === null || value === '') return '0';
  return isFit(value) ? value : undefined;
}

function isFields(row: unknown): row is CoinRow {
  return typeof row === 'object' && row !== null;
}
