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

export interface TimedRestDeps extends AccountRestDeps {
  /** When the last call left, after it had waited its turn; epoch ms. */
  readonly sentAt: () => number;
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
  restDeps(known: KnownMarket, login: string, lane: () => RestLane): AccountRestDeps {
    return this.restDepsIn(this.turns(known, login, lane), known);
  }

  /** What the unsigned question for the venue's time works with: it counts for the address alone. */
  clockDeps(known: KnownMarket): TimedRestDeps {
    const { clock } = this.deps;
    const wait = this.turns(known, undefined, () => 'session');
    let sentAt = -Infinity;
    const inTurn: InTurn = (call, weight) =>
      wait(() => {
        sentAt = clock.now();
        return call();
      }, weight);
    return { ...this.restDepsIn(inTurn, known), sentAt: () => sentAt };
  }

  /** The venue refused a call of this login for its rate. */
  limited({ market }: KnownMarket, forMs: number, login?: string): void {
    this.budget.limited(market.endpoints.rest, login, market.accountRest ?? CAUTIOUS, forMs);
  }

  stop(): void {
    for (const catalogue of this.catalogues.values()) catalogue.stop();
  }

  private turns({ market }: KnownMarket, login: string | undefined, lane: () => RestLane): InTurn {
    return this.budget.turns(market.endpoints.rest, login, market.accountRest ?? CAUTIOUS, lane);
  }

  private restDepsIn(inTurn: InTurn, { adapter }: KnownMarket): AccountRestDeps {
    const { rewrite, restTimeoutMs: timeoutMs } = this.deps;
    return { rewrite, timeoutMs, venueNow: this.clockOf(adapter).now, inTurn };
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
