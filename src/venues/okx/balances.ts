import type { Balance, OutboundAccountPosition } from '../../domain/account';
import { add, isDecimal, isPositive } from '../../domain/decimal';
import { decimalOr, difference } from './amounts';
import { epochMs, isObject } from './fields';
import type { AccountWire, DetailWire } from './private-wire';
import type { Unproven } from './wire';

/**
 * One row of the account channel, or of the balance that REST tells: the currencies that it lists.
 * `nothing`: it lists none; `malformed`: none that can be read.
 */
export function readBalances(row: unknown): OutboundAccountPosition | 'nothing' | 'malformed' {
  if (!isObject(row)) return 'malformed';
  const { uTime, details } = row as Unproven<AccountWire>;
  const eventTime = epochMs(uTime);
  if (eventTime === undefined || !Array.isArray(details)) return 'malformed';
  if (details.length === 0) return 'nothing';
  const balances = details.map(toBalance).filter((one) => one !== undefined);
  if (balances.length === 0) return 'malformed';
  return { eventType: 'outboundAccountPosition', eventTime, lastAccountUpdate: 0, balances };
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
