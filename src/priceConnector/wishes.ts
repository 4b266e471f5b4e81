import type { CandleRequest } from './requests';

/** Far more than one backend asks for of symbols that are about to be listed. */
const MOST_DOUBTED = 10_000;

/**
 * Candle requests, each once. Those of symbols that a list knows are bounded by the lists, and stay; of the
 * others, which any sender may invent, only the newest are kept.
 */
export class Wishes {
  private readonly kept = new Map<string, CandleRequest>();
  private readonly doubted = new Map<string, CandleRequest>();

  constructor(private readonly mostDoubted = MOST_DOUBTED) {}

  get size(): number {
    return this.kept.size + this.doubted.size;
  }

  has(request: CandleRequest): boolean {
    const key = keyOf(request);
    return this.kept.has(key) || this.doubted.has(key);
  }

  isKept(request: CandleRequest): boolean {
    return this.kept.has(keyOf(request));
  }

  *values(): Iterable<CandleRequest> {
    yield* this.kept.values();
    yield* this.doubted.values();
  }

  /** Never evicted from now on. */
  keep(request: CandleRequest): void {
    const key = keyOf(request);
    this.doubted.delete(key);
    this.kept.set(key, request);
  }

  /** No list is known to have its symbol. Returns the wish that had to go for it. */
  doubt(request: CandleRequest): CandleRequest | undefined {
    const key = keyOf(request);
    this.kept.delete(key);
    this.doubted.delete(key);
    this.doubted.set(key, request);
    if (this.doubted.size <= this.mostDoubted) return undefined;
    const [oldest] = this.doubted.values();
    if (oldest) this.delete(oldest);
    return oldest;
  }

  delete(request: CandleRequest): boolean {
    const key = keyOf(request);
    const wasKept = this.kept.delete(key);
    return this.doubted.delete(key) || wasKept;
  }
}

function keyOf({ exchange, symbol, alias }: CandleRequest): string {
  return `${exchange}|${symbol}|${alias}`;
}
