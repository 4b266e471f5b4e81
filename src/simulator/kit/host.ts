import type { Clock } from '../../domain/time';
import { AccountBook } from './accounts';
import type { VenueClock } from './clock';
import type { LoadOptions, LoadRun } from './load';
import { MarketModel } from './market';
import type { SimServer } from './server';
import type { SymbolSpec } from './symbol';

/** What a venue simulator hands back. */
export interface VenueSimulator {
  /** By published exchange id. */
  readonly markets: Readonly<Record<string, MarketModel>>;
  /** Sends ticker updates of one market at a fixed rate, event times stamped at sending. */
  load?(exchange: string, options: LoadOptions): LoadRun;
  stop(): void;
}

/** What a venue simulator is built on. */
export class VenueHost {
  /** Accounts of all venues; venue simulators listen, tests and the demo drive. */
  readonly accounts: AccountBook;

  constructor(
    readonly server: SimServer,
    /** Real time: periods, limits. */
    readonly clock: Clock,
    /** What the venue believes: event times, bar times. */
    readonly venueClock: VenueClock,
    readonly seed: number,
    /** Wanted number of symbols per market. */
    readonly symbolCount: number,
  ) {
    this.accounts = new AccountBook(venueClock, server.ledger);
  }

  /** A running market model whose closed bars go into the ledger. The venue stops it. */
  market(exchange: string, symbols: readonly SymbolSpec[]): MarketModel {
    const { seed, venueClock: clock } = this;
    const model = new MarketModel({ exchange, symbols, seed, clock, ledger: this.server.ledger });
    model.start();
    return model;
  }
}
