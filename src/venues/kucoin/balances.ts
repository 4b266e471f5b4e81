import type { OutboundAccountPosition } from '../../domain/account';
import { add, compare } from '../../domain/decimal';
import { signedAmountOf } from './amounts';
import { amountOf, epochMs, isSymbol } from './fields';
import { assetOf, type OrderContext } from './order-markets';
import type { SpotBalanceWire, WalletWire } from './private-wire';

/** What one connection has heard of the wallets of contracts. */
export interface WalletState {
  /** The newest version of each currency. */
  readonly versions: Map<string, string>;
  /** The current subject has been seen: the deprecated ones would only repeat it, less exactly. */
  isCurrent: boolean;
}

/** Far above the number of currencies that contracts settle in. */
const MAX_CURRENCIES = 2_000;

/** `nothing`: of another account or market, or older than what is known. */
export type BalanceReading = OutboundAccountPosition | 'nothing' | 'malformed';

/** All accounts of the user share the topic; orders concern the trade account (also called trade_hf). */
export function readSpotBalance(wire: SpotBalanceWire): BalanceReading {
  if (typeof wire.relationEvent !== 'string') return 'malformed';
  if (!wire.relationEvent.startsWith('trade')) return 'nothing';
  return position(wire.time, wire.currency, amountOf(wire.available), amountOf(wire.hold));
}

const CURRENT = 'walletBalance.change';
const DEPRECATED = 'availableBalance.change';
/** Deprecated as well, and said by the others. */
const PARTIAL: ReadonlySet<unknown> = new Set(['orderMargin.change', 'withdrawHold.change']);

export function readWallet(
  subject: unknown,
  wire: WalletWire,
  state: WalletState,
  context: OrderContext,
): BalanceReading {
  if (PARTIAL.has(subject)) return 'nothing';
  if (subject !== CURRENT && subject !== DEPRECATED) return 'malformed';
  const { currency } = wire;
  if (typeof currency !== 'string' || !isSymbol(currency)) return 'malformed';
  const asset = assetOf(currency, context);
  if (asset === undefined) return 'nothing';
  return subject === CURRENT ? current(asset, wire, state) : deprecated(asset, wire, state);
}

function current(asset: string, wire: WalletWire, state: WalletState): BalanceReading {
  const read = position(wire.timestamp, asset, signedAmountOf(wire.availableBalance), marginsOf(wire));
  if (typeof read === 'string') return read;
  state.isCurrent = true;
  return isNewer(asset, wire.version, state) ? read : 'nothing';
}

function deprecated(asset: string, wire: WalletWire, { isCurrent }: WalletState): BalanceReading {
  if (isCurrent) return 'nothing';
  return position(wire.timestamp, asset, signedAmountOf(wire.availableBalance), amountOf(wire.holdBalance));
}

function marginsOf(wire: WalletWire): string | undefined {
  return [
    wire.isolatedOrderMargin,
    wire.isolatedPosMargin,
    wire.crossOrderMargin,
    wire.crossPosMargin,
    wire.holdBalance,
  ]
    .map(amountOf)
    .reduce((sum, part) => (sum === undefined || part === undefined ? undefined : add(sum, part)), '0');
}

/** Versions count up per currency; a frame without one is taken as it comes. */
function isNewer(currency: string, version: unknown, { versions }: WalletState): boolean {
  const number = amountOf(version);
  if (number === undefined) return true;
  const known = versions.get(currency);
  if (known !== undefined && compare(number, known) < 0) return false;
  if (known !== undefined || versions.size < MAX_CURRENCIES) versions.set(currency, number);
  return true;
}

function position(
  time: unknown,
  asset: unknown,
  free: string | undefined,
  locked: string | undefined,
): OutboundAccountPosition | 'malformed' {
  const eventTime = epochMs(time);
  if (typeof asset !== 'string' || !isSymbol(asset)) return 'malformed';
  if (eventTime === undefined || free === undefined || locked === undefined) return 'malformed';
  const balances = [{ asset, free, locked }];
  return { eventType: 'outboundAccountPosition', eventTime, lastAccountUpdate: 0, balances };
}
