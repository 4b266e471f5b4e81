import type { AccountBook, BalanceChange, OrderChange, SimBalance } from '../kit';
import { topicOf, type Arg } from './channels';
import type { Holder } from './private-keys';
import { holderOf } from './private-keys';
import {
  contractBalanceRow,
  contractStreamRow,
  spotBalanceRow,
  spotStreamRow,
  unifiedBalanceRow,
  unifiedRow,
} from './private-rows';
import type { BitgetExchange, InstType } from './listings';

/** A logged-in client, as far as the feed must know it. */
export interface Listener {
  readonly key: string | undefined;
  has(topic: string): boolean;
  push(frame: string): void;
  /** The key is gone. */
  end(): void;
}

export const UNIFIED = 'UTA';
export const ALL = 'default';

const LINES: Readonly<Record<BitgetExchange, readonly InstType[]>> = {
  bitget: ['SPOT'],
  bitgetUsdm: ['USDT-FUTURES', 'USDC-FUTURES'],
  bitgetCoinm: ['COIN-FUTURES'],
};

export function exchangeOfLine(line: string): BitgetExchange | undefined {
  return (Object.keys(LINES) as BitgetExchange[]).find((one) => LINES[one].some((known) => known === line));
}

/** Contracts that settle in USDC are called `BTCPERP`. */
export function lineOfOrder({ exchange, symbol }: { exchange: string; symbol: string }): InstType {
  if (exchange === 'bitget') return 'SPOT';
  if (exchange === 'bitgetCoinm') return 'COIN-FUTURES';
  return symbol.endsWith('PERP') ? 'USDC-FUTURES' : 'USDT-FUTURES';
}

export function isOfLine({ asset }: SimBalance, line: string): boolean {
  if (line === 'USDC-FUTURES') return asset === 'USDC';
  return line !== 'USDT-FUTURES' || asset !== 'USDC';
}

export function marginCoinOf(line: InstType, symbol: string): string {
  if (line === 'COIN-FUTURES') return symbol.replace(/USD.*$/, '');
  return line === 'USDC-FUTURES' ? 'USDC' : 'USDT';
}

/** Turns changes of accounts into frames for the clients of their keys. */
export class PrivateFeed {
  private readonly listeners = new Set<Listener>();
  private readonly unlisten: readonly (() => void)[];

  constructor(
    private readonly accounts: AccountBook,
    private readonly now: () => number,
  ) {
    this.unlisten = [
      accounts.onOrder((change) => this.orderChanged(change)),
      accounts.onBalance((change) => this.balanceChanged(change)),
      accounts.onRevoked(({ key }) => this.each(key, (listener) => listener.end())),
    ];
  }

  stop(): void {
    for (const stop of this.unlisten) stop();
  }

  join(listener: Listener): void {
    this.listeners.add(listener);
  }

  leave(listener: Listener): void {
    this.listeners.delete(listener);
  }

  /** Contract balances come at once on subscribing, orders and spot balances with their next change. */
  begin(listener: Listener, holder: Holder, arg: Arg): void {
    const exchange = exchangeOfLine(arg.instType);
    if (arg.channel !== 'account' || exchange === undefined || exchange === 'bitget') return;
    const balances = holder.accounts[exchange]?.balances().filter((one) => isOfLine(one, arg.instType)) ?? [];
    const rows = balances.map((one) => contractBalanceRow(one, 'equity'));
    if (rows.length > 0) listener.push(this.frame({ ...arg, instId: ALL }, rows));
  }

  private orderChanged({ account, order, fill, execution }: OrderChange): void {
    const line = lineOfOrder(order);
    // On the classic API; the account model's amended order keeps its id.
    if (execution === 'AMENDED' && holderOf(this.accounts, account.key)) {
      throw new Error('Bitget gives a changed order another id');
    }
    if (holderOf(this.accounts, account.key)?.isUnified) {
      const row = unifiedRow(order, line.toLowerCase());
      this.tell(account.key, { instType: UNIFIED, channel: 'order', instId: ALL }, [row]);
      return;
    }
    const row =
      line === 'SPOT'
        ? spotStreamRow(order, fill)
        : contractStreamRow(order, fill, marginCoinOf(line, order.symbol));
    this.tell(account.key, { instType: line, channel: 'orders', instId: ALL }, [row]);
  }

  private balanceChanged({ account, balances, time }: BalanceChange): void {
    if (holderOf(this.accounts, account.key)?.isUnified) {
      const rows = [{ totalEquity: '0', coin: balances.map(unifiedBalanceRow) }];
      this.tell(account.key, { instType: UNIFIED, channel: 'account', instId: ALL }, rows);
      return;
    }
    for (const line of LINES[account.exchange as BitgetExchange] ?? []) {
      const own = balances.filter((one) => isOfLine(one, line));
      const rows = own.map((one) =>
        line === 'SPOT' ? spotBalanceRow(one, time) : contractBalanceRow(one, 'equity'),
      );
      if (rows.length > 0) this.tell(account.key, { instType: line, channel: 'account', instId: ALL }, rows);
    }
  }

  private tell(key: string, arg: Arg, rows: readonly object[]): void {
    const topic = topicOf(arg);
    const frame = this.frame(arg, rows);
    this.each(key, (listener) => {
      if (listener.has(topic)) listener.push(frame);
    });
  }

  private each(key: string, act: (listener: Listener) => void): void {
    for (const listener of [...this.listeners]) if (listener.key === key) act(listener);
  }

  private frame(arg: Arg, data: readonly object[]): string {
    return JSON.stringify({ action: 'snapshot', arg: wireArg(arg), data, ts: this.now() });
  }
}

/** Balances of the classic API have a `coin` in place of the `instId`, the unified API has a `topic`. */
export function wireArg({ instType, channel, instId }: Arg): object {
  if (instType === UNIFIED) return { instType, topic: channel };
  return channel === 'account' ? { instType, channel, coin: instId } : { instType, channel, instId };
}
