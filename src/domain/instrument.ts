import type { ExchangeId } from './exchange';

/** A tradable thing of one market. `symbol` is what we publish, `venueSymbol` what the wire says. */
export interface Instrument {
  readonly exchange: ExchangeId;
  readonly symbol: string;
  readonly venueSymbol: string;
  readonly base: string;
  readonly quote: string;
  /** Base units (linear) or quote units (inverse) per contract, decimal text; absent on spot. */
  readonly contractSize?: string;
}

/** The instruments of one market, looked up both ways. Replaced as a whole on refresh. */
export class InstrumentIndex {
  private bySymbolMap: ReadonlyMap<string, Instrument> = new Map();
  private byVenueSymbolMap: ReadonlyMap<string, Instrument> = new Map();

  constructor(instruments: readonly Instrument[] = []) {
    this.replace(instruments);
  }

  replace(instruments: readonly Instrument[]): void {
    this.bySymbolMap = new Map(instruments.map((one) => [one.symbol, one]));
    this.byVenueSymbolMap = new Map(instruments.map((one) => [one.venueSymbol, one]));
  }

  get size(): number {
    return this.bySymbolMap.size;
  }

  bySymbol(symbol: string): Instrument | undefined {
    return this.bySymbolMap.get(symbol);
  }

  byVenueSymbol(venueSymbol: string): Instrument | undefined {
    return this.byVenueSymbolMap.get(venueSymbol);
  }

  all(): readonly Instrument[] {
    return [...this.bySymbolMap.values()];
  }
}
