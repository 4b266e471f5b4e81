import type { AccountEvent, OutboundAccountPosition } from '../../domain/account';
import type { Account, AccountRest, AccountRestDeps, AccountSnapshot, SnapshotQuery } from '../contract';
import type { Ask } from './account-client';
import { askerOf } from './account-client';
import type { AccountKind } from './account-kind';
import { readAccountKind, walletFor } from './account-kind';
import { readOrders } from './account-orders';
import type { Wallet } from './balances';
import { coinsOf, readWallet, walletOf } from './balances';
import type { WalletRow } from './private-wire';
import { badAnswer } from './rest-errors';

/** Signed REST of one account on the site that its key belongs to. */
export function connectAccount(account: Account, deps: AccountRestDeps): AccountRest {
  const ask = askerOf(account, deps);
  const { kind: market } = account.market;
  let kindOf: AccountKind | undefined;

  async function snapshot({ sinceMs, known }: SnapshotQuery): Promise<AccountSnapshot> {
    const kind = (kindOf ??= await readAccountKind(ask));
    const wallet = await readBalances(ask, walletFor(kind, market));
    const nowMs = Math.floor(deps.venueNow());
    const look = await readOrders(ask, { market, account: kind, sinceMs, nowMs, known });
    const incomplete = [...wallet.notes, ...look.notes].join('; ');
    return {
      orders: look.reports.map((report) => ({ kind: 'order', report }) satisfies AccountEvent),
      ...(wallet.position && { balances: wallet.position }),
      ...(incomplete !== '' && { incomplete }),
      ...(look.forgotten.length > 0 && { forgotten: look.forgotten }),
    };
  }

  return {
    serverTime: async () => (await ask((client) => client.getServerTime())).time,
    snapshot: (query) =>
      snapshot(query).catch((failure: unknown) => {
        // Accounts are upgraded while we run: the old queries are refused then.
        kindOf = undefined;
        throw failure;
      }),
  };
}

interface WalletRead {
  /** Absent: an account that never held anything, or one that cannot be read whole. */
  readonly position?: OutboundAccountPosition;
  readonly notes: readonly string[];
}

/** https://bybit-exchange.github.io/docs/v5/account/wallet-balance */
async function readBalances(ask: Ask, wallet: Wallet): Promise<WalletRead> {
  const { result, time } = await ask((client) => client.getWalletBalance({ accountType: wallet }));
  const { list } = result;
  if (!Array.isArray(list)) throw badAnswer('without a wallet');
  const row = (list as readonly unknown[]).find((one) => isWallet(one, wallet));
  // An account that never held anything has no row.
  if (row === undefined) return { notes: [] };
  if (!Array.isArray((row as WalletRow).coin)) throw badAnswer('with a malformed wallet');
  const position = readWallet(row as WalletRow, time);
  const odd = coinsOf(row as WalletRow) - (position?.balances.length ?? 0);
  if (position && odd === 0) return { position, notes: [] };
  // What is not told is taken for empty: all or nothing.
  return { notes: [`the balances are left out, as ${odd} of them cannot be read`] };
}

function isWallet(row: unknown, wallet: Wallet): boolean {
  return typeof row === 'object' && row !== null && walletOf(row) === wallet;
}
