import { InstrumentCatalogue } from '../instruments/catalogue';
import type { CatalogueDeps } from '../instruments/catalogue';
import type { InstrumentIndex } from '../domain/instrument';
import type { ExchangeId } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import type { AccountRestDeps, VenueAdapter } from '../venues/contract';
import type { KnownMarket } from '../venues/registry';
import { VenueClock } from './venue-clock';

export interface LineDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly rewrite: (url: string) => string;
  readonly restTimeoutMs: number;
  /** All of a catalogue but the venue's REST. */
  readonly catalogue: Omit<CatalogueDeps, 'rest'>;
}

/** What the accounts of a venue share: its clock, and the instruments of each market. */
export class VenueLines {
  private readonly clocks = new Map<string, VenueClock>();
  private readonly catalogues = new Map<ExchangeId, InstrumentCatalogue>();

  constructor(private readonly deps: LineDeps) {}

  clockOf({ descriptor: { venue } }: VenueAdapter): VenueClock {
    let clock = this.clocks.get(venue);
    if (!clock) {
      clock = new VenueClock(venue, this.deps);
      this.clocks.set(venue, clock);
    }
    return clock;
  }

  instrumentsOf(known: KnownMarket): InstrumentIndex {
    return this.catalogueOf(known).index;
  }

  /** Resolves after the market's first list came, or could not be had. Never rejects. */
  async listed(known: KnownMarket): Promise<void> {
    const catalogue = this.catalogueOf(known);
    // Any name asks for the list that is on its way.
    if (!catalogue.isLoaded) await catalogue.find('');
  }

  restDeps({ adapter }: KnownMarket): AccountRestDeps {
    const { rewrite, restTimeoutMs: timeoutMs } = this.deps;
    return { rewrite, timeoutMs, venueNow: this.clockOf(adapter).now };
  }

  stop(): void {
    for (const catalogue of this.catalogues.values()) catalogue.stop();
  }

  /** Loaded on first use, then kept fresh. */
  private catalogueOf({ adapter, market }: KnownMarket): InstrumentCatalogue {
    let catalogue = this.catalogues.get(market.exchange);
    if (!catalogue) {
      const { rewrite, restTimeoutMs: timeoutMs } = this.deps;
      const rest = adapter.connectRest({ rewrite, timeoutMs });
      catalogue = new InstrumentCatalogue(market, { ...this.deps.catalogue, rest }, () => undefined);
      this.catalogues.set(market.exchange, catalogue);
      catalogue.start();
    }
    return catalogue;
  }
}
