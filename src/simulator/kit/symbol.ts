import { fixedUnits } from './fixed';
import { drift, seedOf, unit } from './price';

/** A tradable thing of the market model. */
export interface SymbolSpec {
  /** As the venue spells it in its frames. */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** Anchor price; the model stays within about 8 % of it. */
  readonly price: string;
  /** Decimals of the price step (tick size 0.01 = 2). */
  readonly tickDecimals: number;
  /** Decimals that the venue spells (spot Binance: always 8); default `tickDecimals`. */
  readonly priceDigits?: number;
  /** Decimals of the quantity step. */
  readonly lotDecimals: number;
  readonly volumeDigits?: number;
  /** Traded per 24 h: base units, or contracts where `contractSize` is given. */
  readonly dailyVolume: number;
  /** Quote units per contract (coin-margined): quote volume is then counted in base coin. */
  readonly contractSize?: number;
  /** Spelled decimals of quote volume; default 8. */
  readonly turnoverDigits?: number;
}

/** What traded in one second. Integers: ticks, lots, turnover in 10^-turnoverScale. */
export interface Step {
  readonly ticks: number;
  readonly lots: number;
  readonly takerLots: number;
  readonly turnover: bigint;
  readonly takerTurnover: bigint;
}

export const TRADES_PER_STEP = 3;
const DAY_S = 86_400;
const COIN_SCALE = 8;

/** The trades of one symbol, computed on demand for any second. */
export class SymbolModel {
  readonly turnoverScale: number;
  private readonly seed: number;
  private readonly anchorTicks: number;
  private readonly lotsPerStep: number;
  private cached: { second: number; step: Step } | undefined;

  constructor(
    readonly spec: SymbolSpec,
    seed: number,
  ) {
    this.seed = seedOf(seed, spec.symbol);
    this.anchorTicks = fixedUnits(spec.price, spec.tickDecimals);
    this.lotsPerStep = (spec.dailyVolume * 10 ** spec.lotDecimals) / DAY_S;
    this.turnoverScale = spec.contractSize === undefined ? spec.tickDecimals + spec.lotDecimals : COIN_SCALE;
  }

  ticksAt(second: number): number {
    return Math.max(1, Math.round(this.anchorTicks * (1 + drift(this.seed, second))));
  }

  stepAt(second: number): Step {
    if (this.cached?.second === second) return this.cached.step;
    const ticks = this.ticksAt(second);
    const lots = Math.max(1, Math.round(this.lotsPerStep * (0.2 + 1.6 * unit(this.seed + 101, second))));
    const takerLots = Math.floor(lots * unit(this.seed + 102, second));
    const step = {
      ticks,
      lots,
      takerLots,
      turnover: this.turnoverOf(ticks, lots),
      takerTurnover: this.turnoverOf(ticks, takerLots),
    };
    this.cached = { second, step };
    return step;
  }

  /** Rolling 24 h volume in lots: a slow wave around the daily volume, not the sum of the steps. */
  dayLots(second: number): number {
    return Math.max(1, Math.round(this.lotsPerStep * DAY_S * (1 + 2 * drift(this.seed + 103, second))));
  }

  turnoverOf(ticks: number, lots: number): bigint {
    const { contractSize, lotDecimals, tickDecimals } = this.spec;
    if (contractSize === undefined) return BigInt(ticks) * BigInt(lots);
    const scaled = 10 ** (COIN_SCALE + tickDecimals - lotDecimals);
    return BigInt(Math.round((lots * contractSize * scaled) / ticks));
  }
}
