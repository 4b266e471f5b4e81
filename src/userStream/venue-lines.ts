import { InstrumentCatalogue } from '../instruments/catalogue';
import type { CatalogueDeps } from '../instruments/catalogue';
import { InstrumentIndex } from '../domain/instrument';
import type { ExchangeId } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import type { AccountRestDeps, AccountRestRules, InTurn, VenueAdapter } from '../venues/contract';
import type { KnownMarket } from '../venues/registry';
import type { RestLane } from './rest-budget';
import { RestBudget } from './rest-budget';
import { VenueClock } from './venue-clock';

/** Of a venue that has not said what it allows. */
const CAUTIOUS: AccountRestRules = {
  perIp: [{ count: 5, perMs: 1_000 }],
  perAccount: [{ count: 2, perMs: 1_000 }],
};

/** For venues that need none. */
const NO_INSTRUMENTS = new InstrumentIndex();

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
  private readonly budget: RestBudget;
  private readonly clocks = new Map<string, VenueClock>();
  private readonly catalogues = new Map<ExchangeId, InstrumentCatalogue>();

  constructor(private readonly deps: LineDeps) {
    this.budget = new RestBudget(deps.clock);
  }

  clockOf({ descriptor: { venue } }: VenueAdapter): VenueClock {
    let clock = this.clocks.get(venue);
    if (!clock) {
      clock = new VenueClock(venue, this.deps);
      this.clocks.set(venue, clock);
    }
    return clock;
  }

  instrumentsOf(known: KnownMarket): InstrumentIndex {
    return needsNone(known) ? NO_INSTRUMENTS : this.catalogueOf(known).index;
  }

  /** Resolves after the market's first list came, or could not be had. Never rejects. */
  async listed(known: KnownMarket): Promise<void> {
    if (needsNone(known)) return;
    const catalogue = this.catalogueOf(known);
    // Any name asks for the list that is on its way.
    if (!catalogue.isLoaded) await catalogue.find('');
  }

  /** What the signed REST of one login works with. */
  restDeps(
    { adapter, market }: KnownMarket,
    login: string,
    lane: RestLane,
  ): AccountRestDeps & { sentAt(): number } {
    const { rewrite, restTimeoutMs: timeoutMs, clock } = this.deps;
    const rules = market.accountRest ?? CAUTIOUS;
    const wait = this.budget.turns(market.endpoints.rest, login, rules, lane);
    let sentAt = -Infinity;
    const inTurn: InTurn = (call, weight) =>
      wait(() => {
        sentAt = clock.now();
        return call();
      }, weight);
    return { rewrite, timeoutMs, venueNow: this.clockOf(adapter).now, inTurn, sentAt: () => sentAt };
  }

  /** The venue asked for silence on its REST API. */
  pauseRest({ market }: KnownMarket, forMs: number): void {
    this.budget.pause(market.endpoints.rest, market.accountRest ?? CAUTIOUS, forMs);
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

function needsNone({ adapter }: KnownMarket): boolean {
  return adapter.accountFeed?.needsNoInstruments === true;
}
