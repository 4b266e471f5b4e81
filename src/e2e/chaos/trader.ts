import type { Simulator } from '../../simulator';
import type { SimAccount } from '../../simulator/kit';
import type { AccountMarket, Keys } from '../market-table';
import { keysOf, specOf } from '../market-table';
import type { Command } from './commands';
import type { Listings } from './listings';

/** Something that an account trades. */
export interface Tradable {
  readonly symbol: string;
  /** Spot: what an order moves. */
  readonly assets?: { readonly base: string; readonly quote: string };
}

/** An account at a venue, and what its stream is called. */
export interface Trader {
  readonly market: AccountMarket;
  readonly account: SimAccount;
  readonly room: string;
}

export function openTrader(simulator: Simulator, market: AccountMarket, room: string, keys: Keys): Trader {
  const account = simulator.accounts.addAccount(specOf(market, keys));
  if (market.assets) account.setBalance(market.assets.quote, FUNDS);
  return { market, account, room };
}

/** What a venue lets change of a working order that keeps its id. */
export type Amends = 'all' | 'less' | 'nothing';

/** A trader of several symbols, whose keys change. */
export interface Actor extends Trader {
  /** Traded all the time; its history is read by every look. */
  readonly usual: readonly Tradable[];
  /** Nobody has ever held or traded these. */
  readonly fresh: Tradable[];
  /** Coins that others are paid with: never emptied. */
  readonly money: ReadonlySet<string>;
  readonly amends: Amends;
  /** When it emptied a coin last, epoch ms. */
  readonly soldOut: Map<string, number>;
  /** As the backend knows them. */
  keys: Keys;
}

/** Binance spot: amending keeps the order's place, so it can only shrink. Others begin another order. */
const AMENDS: Readonly<Record<string, Amends>> = {
  ...{ binance: 'less', binanceUsdm: 'all', binanceCoinm: 'all', coinbase: 'all' },
  ...{
    bybit: 'all',
    bybitLinear: 'all',
    bybitInverse: 'all',
    okx: 'all',
    okxLinear: 'all',
    okxInverse: 'all',
  },
};
/** Instruments of other kinds of accounts: OKX sells these in Europe. */
const NOT_FOR_ALL = /_XPERP-/;
const USUAL = 3;
const FUNDS = '10000000000';

export class Actors {
  private changes = 0;

  constructor(
    private readonly simulator: Simulator,
    private readonly listings: Listings,
    /** Makes the keys of this run its own. */
    private readonly mark: string,
  ) {}

  open(market: AccountMarket, room: string): Actor {
    const { exchange, symbol, assets } = market;
    const keys = keysOf(exchange, this.mark);
    const trader = openTrader(this.simulator, market, room, keys);
    // Of what is not listed no history can be asked for.
    const isListed = this.listings.has(`${exchange} ${symbol}`);
    const all = [...(isListed ? [{ symbol, ...(assets && { assets }) }] : []), ...this.othersOf(market)];
    const money = new Set(all.flatMap((one) => one.assets?.quote ?? []));
    for (const coin of money) trader.account.setBalance(coin, FUNDS);
    return {
      ...{
        ...trader,
        keys,
        money,
        amends: AMENDS[exchange] ?? 'nothing',
        soldOut: new Map<string, number>(),
      },
      ...{ usual: all.slice(0, USUAL), fresh: all.slice(USUAL) },
    };
  }

  /** The owner makes a new key and deletes the old one. */
  changeKeys(trader: Actor): void {
    this.changes += 1;
    const { market, account } = trader;
    trader.keys = keysOf(market.exchange, `${this.mark}-${this.changes}`);
    const { key, secret, passphrase = '' } = specOf(market, trader.keys);
    this.simulator.accounts.changeKeys(account, { key, secret, passphrase });
  }

  private othersOf({ exchange, symbol: usual, assets }: AccountMarket): Tradable[] {
    const listed = this.simulator.markets[exchange]?.symbols ?? [];
    return listed
      .filter(
        ({ symbol }) =>
          symbol !== usual && !NOT_FOR_ALL.test(symbol) && this.listings.has(`${exchange} ${symbol}`),
      )
      .map(({ symbol, base, quote }) => ({ symbol, ...(assets && { assets: { base, quote } }) }));
  }
}

export function openCommand({ room, market: { exchange }, keys }: Actor): Command {
  return command({
    ...{ event: 'open stream', uuid: room },
    data: { userId: 'u1', api: { ...keys, provider: exchange } },
  });
}

/** After a key change the backend sends it without userId and api (contract 1.4). */
export function flatOpenCommand({ room, market: { exchange }, keys }: Actor): Command {
  const absent = { keysType: null, okxSource: null, bybitHost: null, subaccount: false };
  return command({ event: 'open stream', uuid: room, data: { ...keys, provider: exchange, ...absent } });
}

export function closeCommand({ room }: Actor): Command {
  return command({ event: 'close stream', uuid: room });
}

function command(payload: object): Command {
  return { queue: 'usersStreamAction', payload };
}
