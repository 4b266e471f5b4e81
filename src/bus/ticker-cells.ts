import type { Ticker } from '../domain/events';
import type { ExchangeId } from '../domain/exchange';
import type { Latest } from './redis-door';
import type { TickerBook } from './render';
import { redisTicker } from './render';
import { tickerChannel } from './routes';

/** The newest ticker of one symbol on its way to Redis; one object for its whole life. */
class TickerCell implements Latest {
  readonly kind = 'ticker';
  readonly channel: string;
  readonly exchange: ExchangeId;

  constructor(
    private ticker: Ticker,
    public receivedAt: number,
    private readonly book: TickerBook,
  ) {
    this.exchange = ticker.exchange;
    this.channel = tickerChannel(ticker.exchange, ticker.symbol);
  }

  hold(ticker: Ticker, receivedAt: number): this {
    this.ticker = ticker;
    this.receivedAt = receivedAt;
    return this;
  }

  render(publishedAt: number): string {
    return redisTicker(this.ticker, this.book, publishedAt);
  }
}

/**
 * One cell per symbol, kept: making channel, object and renderer anew for every ticker costs more than
 * decoding it. Bounded by the symbols that ever ticked.
 */
export class TickerCells {
  private readonly byExchange = new Map<ExchangeId, Map<string, TickerCell>>();

  constructor(private readonly book: TickerBook) {}

  with(ticker: Ticker, receivedAt: number): Latest {
    let bySymbol = this.byExchange.get(ticker.exchange);
    if (!bySymbol) this.byExchange.set(ticker.exchange, (bySymbol = new Map()));
    const cell = bySymbol.get(ticker.symbol);
    if (cell) return cell.hold(ticker, receivedAt);
    const first = new TickerCell(ticker, receivedAt, this.book);
    bySymbol.set(ticker.symbol, first);
    return first;
  }
}
