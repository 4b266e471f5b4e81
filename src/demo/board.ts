import type { Candle, Ticker } from '../domain/events';

export interface MarketBoard {
  readonly exchange: string;
  /** Ticker updates since the start. */
  updates: number;
  readonly symbols: Set<string>;
  shown: Ticker | undefined;
  candle: Candle | undefined;
  openFrames: number;
  closedCandles: number;
}

/** What the listeners saw, per exchange. */
export class Board {
  readonly markets = new Map<string, MarketBoard>();

  /** @param onFirst called with the symbol that stands for its market */
  constructor(private readonly onFirst: (ticker: Ticker) => void) {}

  ticker(ticker: Ticker): void {
    const market = this.market(ticker.exchange);
    market.updates += 1;
    market.symbols.add(ticker.symbol);
    if (!market.shown) this.onFirst(ticker);
    if (!market.shown || market.shown.symbol === ticker.symbol) market.shown = ticker;
  }

  candle(candle: Candle): void {
    const market = this.market(candle.exchange);
    if (candle.closed) market.closedCandles += 1;
    else market.openFrames += 1;
    market.candle = candle;
  }

  /** Counts anew; what is known of the markets stays. */
  restart(): void {
    for (const market of this.markets.values()) {
      market.updates = 0;
      market.openFrames = 0;
      market.closedCandles = 0;
    }
  }

  private market(exchange: string): MarketBoard {
    let market = this.markets.get(exchange);
    if (!market) {
      market = {
        exchange,
        updates: 0,
        symbols: new Set(),
        shown: undefined,
        candle: undefined,
        openFrames: 0,
        closedCandles: 0,
      };
      this.markets.set(exchange, market);
    }
    return market;
  }
}
