import type { Candle, Ticker } from '../domain/events';
import type { ExchangeId } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import type { Store } from '../store/ports';
import type { LastValues } from '../store/last-values';
import { OpenCandles } from './open-candles';
import type { Outbox } from './outbox';
import type { Broker } from './ports';
import { RedisDoor } from './redis-door';
import type { TickerBook } from './render';
import { candleId, rabbitCandle, redisCandle } from './render';
import { candleChannel, candleKey } from './routes';
import { TickerBatches } from './ticker-batches';
import { TickerCells } from './ticker-cells';

export interface MarketDoors {
  readonly broker: Broker;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly lastValues: LastValues;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

export interface MarketPublishing {
  readonly tickerBook: TickerBook;
  readonly batchMs: number;
  /** Whether the Redis door carries closed candles only, per exchange (CANDLE_MODE). */
  closedOnly(exchange: ExchangeId): boolean;
}

export interface CandleDelivery {
  /** Interval spellings of the requests: one Redis channel each. */
  readonly aliases: Iterable<string>;
  readonly receivedAt: number;
  /** True where REST, not the socket, told us. */
  readonly isReconciled: boolean;
  /** A later bar of the series was published before: readers of live frames must not go back. */
  readonly isLate: boolean;
  /** The confirmed bar becomes the cursor from which a restart goes on; false while an older gap is open. */
  readonly movesCursor: boolean;
}

/** Market events leave the process here and nowhere else. */
export class MarketPublisher {
  private readonly redis: RedisDoor;
  private readonly cells: TickerCells;
  private readonly batches: TickerBatches;
  private readonly openCandles: OpenCandles;

  constructor(
    private readonly doors: MarketDoors,
    private readonly options: MarketPublishing,
  ) {
    const { store, broker, telemetry, clock } = doors;
    this.redis = new RedisDoor(store, telemetry, clock);
    this.cells = new TickerCells(options.tickerBook);
    this.batches = new TickerBatches(broker, telemetry, clock, options.batchMs);
    this.openCandles = new OpenCandles(broker, telemetry, clock, options.batchMs);
  }

  /** Newest wins, at both doors. */
  ticker(ticker: Ticker, receivedAt: number): void {
    this.redis.offerLatest(this.cells.with(ticker, receivedAt));
    this.batches.offer(ticker, receivedAt);
    this.doors.lastValues.ticker(ticker);
  }

  /**
   * Closed candles must arrive. False: the outbox is full; the caller keeps its cursor where it is
   * and reads the bar from the venue again later.
   */
  candle(candle: Candle, delivery: CandleDelivery): boolean {
    return candle.closed ? this.closedCandle(candle, delivery) : this.openCandle(candle, delivery);
  }

  close(): void {
    this.redis.close();
    this.batches.close();
    this.openCandles.close();
  }

  private openCandle(candle: Candle, { aliases, receivedAt }: CandleDelivery): true {
    const { exchange, symbol } = candle;
    this.openCandles.offer(candle);
    if (this.options.closedOnly(exchange)) return true;
    for (const alias of aliases) {
      this.redis.offerLatest({
        channel: candleChannel(exchange, symbol, alias),
        exchange,
        kind: 'candle',
        receivedAt,
        order: candle.start,
        render: () => redisCandle(candle, alias),
      });
    }
    return true;
  }

  private closedCandle(candle: Candle, delivery: CandleDelivery): boolean {
    const { exchange } = candle;
    const routingKey = candleKey(candle);
    const message = {
      routingKey,
      body: rabbitCandle(candle),
      properties: {
        messageId: candleId(candle),
        type: 'candle',
        timestamp: this.doors.clock.now(),
        persistent: true,
        headers: { 'x-exchange': exchange, 'x-closed': true, 'x-reconciled': delivery.isReconciled },
      },
    };
    const confirmed = (): void => {
      if (delivery.movesCursor) this.doors.lastValues.candle(candle);
    };
    if (!this.doors.outbox.offer(routingKey, message, confirmed)) return false;
    this.openCandles.forget(candle);
    if (!delivery.isLate || this.options.closedOnly(exchange)) this.closedToRedis(candle, delivery);
    this.doors.telemetry.meter.count('connector_published_total', {
      exchange,
      door: 'rabbit',
      kind: 'candle',
    });
    return true;
  }

  private closedToRedis(candle: Candle, { aliases, receivedAt }: CandleDelivery): void {
    const { exchange, symbol } = candle;
    for (const alias of aliases) {
      this.redis.offer({
        channel: candleChannel(exchange, symbol, alias),
        payload: redisCandle(candle, alias),
        exchange,
        kind: 'candle',
        receivedAt,
        order: candle.start,
      });
    }
  }
}
