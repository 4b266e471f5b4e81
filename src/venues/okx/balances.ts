import type { Balance, OutboundAccountPosition } from '../../domain/account';
import { add, isDecimal, isPositive } from '../../domain/decimal';
import { decimalOr, difference, isBlank } from './amounts';
import { epochMs, isObject } from './fields';
import type { AccountWire, DetailWire } from './private-wire';
import type { Unproven } from './wire';

export interface BalancesReading {
  /** Of the currencies that the row lists, which may be none. */
  readonly position: OutboundAccountPosition;
  /** Currencies that could not be read. */
  readonly unread: number;
}

/**
 * One row of the account channel, or of the balance that REST tells; undefined: it is neither. `nowMs` stands
 * in where an account that never held anything has no time of its last change.
 */
export function readBalances(row: unknown, nowMs?: number): BalancesReading | undefined {
  if (!isObject(row)) return undefined;
  const { uTime, details } = row as Unproven<AccountWire>;
  const eventTime = epochMs(uTime) ?? (isBlank(uTime) ? (nowMs ?? timeless(details)) : undefined);
  if (eventTime === undefined || !Array.isArray(details)) return undefined;
  const balances = details.map(toBalance).filter((one) => one !== undefined);
  return {
    position: { eventType: 'outboundAccountPosition', eventTime, lastAccountUpdate: 0, balances },
    unread: details.length - balances.length,
  };
}

/** Nothing is told, so no time is missing: an account that never held anything says so at every login. */
function timeless(details: unknown): number | undefined {
  return Array.isArray(details) && details.length === 0 ? 0 : undefined;
}

function toBalance(detail: unknown): Balance | undefined {
  if (!isObject(detail)) return undefined;
  const wire = detail as Unproven<DetailWire>;
  const { ccy } = wire;
  const free = freeOf(wire);
  const locked = lockedOf(wire);
  if (typeof ccy !== 'string' || ccy === '' || free === undefined || locked === undefined) return undefined;
  return { asset: ccy, free, locked };
}

/** Spot accounts fill `availBal`, older multi-currency ones `availEq`, some neither. */
function freeOf({ availBal, availEq, cashBal, frozenBal }: Unproven<DetailWire>): string | undefined {
  if (isDecimal(availBal)) return availBal;
  if (isDecimal(availEq)) return availEq;
  const frozen = decimalOr('0', frozenBal);
  return isDecimal(cashBal) && frozen !== undefined ? difference(cashBal, frozen) : undefined;
}

function lockedOf({ fixedBal, frozenBal }: Unproven<DetailWire>): string | undefined {
  const fixed = decimalOr('0', fixedBal);
  const frozen = decimalOr('0', frozenBal);
  if (fixed === undefined || frozen === undefined) return undefined;
  return isPositive(fixed) ? add(fixed, frozen) : frozen;
}
