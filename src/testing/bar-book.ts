/** Closed bars as a consumer got them, to be held against what the venue's ledger says of them. */
import { isSameAmount } from '../domain/decimal';

export interface ToldBar {
  readonly close: string;
  readonly volume: string;
}

export interface TrueBar extends ToldBar {
  readonly start: number;
}

export interface BarFaults {
  /** Starts between the first and the last bar that came, which never came. */
  readonly missing: readonly number[];
  /** Bars of which something else was told than the venue says, in words. */
  readonly wrong: readonly string[];
}

/** The closed bars of one consumer: every telling that differs, as a second one may be wrong where the first was right. */
export class BarBook {
  private readonly told = new Map<string, Map<number, ToldBar[]>>();

  /** `key`: exchange, symbol and interval. False: it was told before. */
  add(key: string, start: number, { close, volume }: ToldBar): boolean {
    const bars = this.told.get(key) ?? new Map<number, ToldBar[]>();
    this.told.set(key, bars);
    const before = bars.get(start) ?? [];
    const isKnown = before.some((one) => isSame(one, { close, volume }));
    if (!isKnown) bars.set(start, [...before, { close, volume }]);
    return before.length === 0;
  }

  /** Bars, each once. */
  get size(): number {
    return [...this.told.values()].reduce((sum, bars) => sum + bars.size, 0);
  }

  has(key: string, start?: number): boolean {
    const bars = this.told.get(key);
    return bars !== undefined && (start === undefined || bars.has(start));
  }

  /** Bars that were never asked for are nobody's fault: a key of which nothing came is not judged. */
  faults(key: string, ledger: readonly TrueBar[]): BarFaults {
    const bars = this.told.get(key);
    if (!bars) return { missing: [], wrong: [] };
    const starts = [...bars.keys()];
    const [first, last] = [Math.min(...starts), Math.max(...starts)];
    const missing = ledger.filter(({ start }) => start > first && start < last && !bars.has(start));
    const wrong = ledger.flatMap((truth) =>
      (bars.get(truth.start) ?? [])
        .filter((one) => !isSame(one, truth))
        .map(
          (one) =>
            `${new Date(truth.start).toISOString()}: told ${textOf(one)}, at the venue ${textOf(truth)}`,
        ),
    );
    return { missing: missing.map(({ start }) => start), wrong };
  }
}

function isSame(a: ToldBar, b: ToldBar): boolean {
  return isSameAmount(a.close, b.close) && isSameAmount(a.volume, b.volume);
}

function textOf({ close, volume }: ToldBar): string {
  return `close ${close} volume ${volume}`;
}
