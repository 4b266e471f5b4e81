import type { Clock } from '../../domain/time';
import type { LoadOptions, LoadRun, SimCandle, SimConnection } from '../kit';
import { startLoad } from '../kit';
import { Audience } from './audience';
import type { Category } from './category';
import type { TickerFields } from './frames';
import { klineFrame, tickerFields, tickerFrame } from './frames';
import { codeOf, readKlineTopic, readTickerTopic } from './intervals';

export interface FeedOptions {
  /** Real ms between two ticker frames of a topic; the venue: at least 50 (spot) or 100. */
  readonly tickerMs: number;
  /** Real ms between two frames of a forming candle; the venue: 1 to 60 s. */
  readonly klineMs: number;
}

/** Every this many bars the closing row shares its frame with the first row of the next bar. */
const SHARED_BOUNDARY = 4;

/** What one category sends. */
export class CategoryFeed {
  private readonly audience = new Audience();
  /** Per ticker topic: what its listeners hold. */
  private readonly published = new Map<string, TickerFields>();
  private readonly stops: (() => void)[] = [];
  /** Closed bars that wait for the next frame of their topic. */
  private readonly held = new Map<string, SimCandle>();

  constructor(
    readonly category: Category,
    clock: Clock,
    { tickerMs, klineMs }: FeedOptions,
  ) {
    const tickers = clock.every(tickerMs, () => this.sendTickers());
    const klines = clock.every(klineMs, () => this.sendKlines());
    this.stops.push(
      () => clock.cancel(tickers),
      () => clock.cancel(klines),
      category.model.onClosed((candle) => this.sendClosed(candle)),
    );
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.category.model.stop();
  }

  /** True for topics that this category can deliver. */
  knows(topic: string): boolean {
    const symbol = readTickerTopic(topic) ?? readKlineTopic(topic)?.symbol;
    return symbol !== undefined && this.category.model.symbol(symbol) !== undefined;
  }

  join(topic: string, connection: SimConnection): void {
    const kline = readKlineTopic(topic);
    if (kline) this.category.model.watch(kline.symbol, kline.interval);
    // Nobody listened: the last published state is old.
    else if (!this.audience.has(topic)) this.published.delete(topic);
    this.audience.join(topic, connection);
  }

  /** The first frames of the topics, for those who just joined. */
  greet(topics: readonly string[]): void {
    for (const topic of topics) this.audience.greet(topic, () => this.snapshot(topic));
  }

  leave(topic: string, connection: SimConnection): void {
    this.audience.leave(topic, connection);
  }

  leaveAll(connection: SimConnection): void {
    this.audience.leaveAll(connection);
  }

  /** Sends one ticker per frame, as the venue does, at a fixed rate. */
  load(clock: Clock, options: LoadOptions): LoadRun {
    let round: readonly string[] = [];
    let at = 0;
    return startLoad(clock, { ...options, tickersPerFrame: 1 }, () => {
      if (at >= round.length) {
        round = this.audience.topics('tickers.');
        at = 0;
      }
      const topic = round[at];
      at += 1;
      if (topic !== undefined) this.audience.publish(topic, this.loadFrame(topic, clock.now()));
    });
  }

  // ------------------------------------------------------------------ tickers

  private sendTickers(): void {
    const { name } = this.category;
    for (const topic of this.audience.topics('tickers.')) {
      const before = this.fieldsOf(topic);
      const data = this.freshFields(topic);
      this.published.set(topic, data);
      const change = name === 'spot' ? data : changeOf(before, data);
      const type = name === 'spot' ? 'snapshot' : 'delta';
      this.audience.publish(topic, tickerFrame(name, type, { ts: this.category.model.now(), data: change }));
      this.audience.greet(topic, () => this.snapshot(topic));
    }
  }

  private snapshot(topic: string): string {
    const { name, model } = this.category;
    const kline = readKlineTopic(topic);
    const ts = model.now();
    if (kline) return klineFrame(kline.code, [model.candle(kline.symbol, kline.interval)], ts);
    return tickerFrame(name, 'snapshot', { ts, data: this.fieldsOf(topic) });
  }

  private fieldsOf(topic: string): TickerFields {
    let fields = this.published.get(topic);
    if (!fields) this.published.set(topic, (fields = this.freshFields(topic)));
    return fields;
  }

  private freshFields(topic: string): TickerFields {
    const { name, model } = this.category;
    return tickerFields(name, model.ticker(readTickerTopic(topic) ?? ''));
  }

  /** The published state once more, but for its time: cheap to make, and a change to the consumer. */
  private loadFrame(topic: string, ts: number): string {
    const { name } = this.category;
    const fields = this.fieldsOf(topic);
    if (name === 'spot') return tickerFrame(name, 'snapshot', { ts, data: fields });
    const {
      symbol = '',
      lastPrice = '',
      bid1Price = '',
      bid1Size = '',
      ask1Price = '',
      ask1Size = '',
    } = fields;
    const data = { symbol, lastPrice, bid1Price, bid1Size, ask1Price, ask1Size };
    return tickerFrame(name, 'delta', { ts, data });
  }

  // ------------------------------------------------------------------ candles

  private sendKlines(): void {
    const { model } = this.category;
    for (const topic of this.audience.topics('kline.')) {
      const kline = readKlineTopic(topic);
      if (!kline) continue;
      const forming = model.candle(kline.symbol, kline.interval);
      const closed = this.held.get(topic);
      this.held.delete(topic);
      const frame = klineFrame(kline.code, closed ? [closed, forming] : [forming], model.now());
      this.audience.publish(topic, frame);
      this.audience.greet(topic, () => this.snapshot(topic));
    }
  }

  /** Exactly one closing row per bar, in order. */
  private sendClosed(candle: SimCandle): void {
    const code = codeOf(candle.interval);
    const topic = `kline.${code}.${candle.symbol}`;
    if (!this.audience.has(topic)) return;
    const isShared = (candle.start / (candle.end - candle.start)) % SHARED_BOUNDARY === 0;
    const former = this.held.get(topic);
    this.held.delete(topic);
    if (isShared && !former) this.held.set(topic, candle);
    else {
      const rows = former ? ([former, candle] as const) : ([candle] as const);
      this.audience.publish(topic, klineFrame(code, rows, this.category.model.now()));
    }
  }
}

/** What changed, the symbol always; a delta that repeats the mark price says nothing new, but lives. */
function changeOf(before: TickerFields, now: TickerFields): TickerFields {
  const changed = Object.entries(now).filter(([key, value]) => key === 'symbol' || before[key] !== value);
  if (changed.length > 1) return Object.fromEntries(changed);
  return { symbol: now.symbol ?? '', markPrice: now.markPrice ?? '' };
}
