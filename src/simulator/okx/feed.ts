import type { Clock } from '../../domain/time';
import type { MarketModel, SimCandle, SimOrigin } from '../kit';
import { barOfChannel, channelsOfInterval, intervalOfBar, TICKERS } from './channels';
import { candleFrame, tickerFrame, topicOf } from './frames';
import type { Listing } from './listings';

export interface FeedOptions {
  readonly clock: Clock;
  readonly origin: SimOrigin;
  readonly instruments: ReadonlyMap<string, { readonly listing: Listing; readonly model: MarketModel }>;
  readonly tickerEveryMs: number;
  readonly candleEveryMs: number;
}

/** Tickers of one round are spread over so many moments, as no venue pushes them all at once. */
const SLICES = 10;

/** Pushes to whoever listens. Returns what stops it. */
export function startFeed(options: FeedOptions): () => void {
  const { clock, tickerEveryMs, candleEveryMs } = options;
  let slice = 0;
  const tickers = clock.every(tickerEveryMs / SLICES, () => {
    pushTickers(options, slice);
    slice = (slice + 1) % SLICES;
  });
  const candles = clock.every(candleEveryMs, () => pushFormingBars(options));
  const models = new Set([...options.instruments.values()].map(({ model }) => model));
  const unlisten = [...models].map((model) => model.onClosed((candle) => pushClosedBar(options, candle)));
  return () => {
    clock.cancel(tickers);
    clock.cancel(candles);
    for (const stop of unlisten) stop();
  };
}

function pushTickers({ origin, instruments }: FeedOptions, slice: number): void {
  let at = 0;
  for (const [instId, { listing, model }] of instruments) {
    at += 1;
    const topic = topicOf(TICKERS, instId);
    if (at % SLICES !== slice || !origin.hasListeners(topic)) continue;
    origin.publish(topic, tickerFrame(listing, model.ticker(instId), model.now()));
  }
}

function pushFormingBars({ origin, instruments }: FeedOptions): void {
  for (const topic of origin.topics()) {
    const [channel = '', instId = ''] = topic.split(':', 2);
    const interval = intervalOfBar(barOfChannel(channel) ?? '');
    const found = instruments.get(instId);
    if (interval === undefined || !found) continue;
    origin.publish(topic, candleFrame(channel, found.listing, found.model.candle(instId, interval)));
  }
}

/** The one frame with `confirm` 1. */
function pushClosedBar({ origin, instruments }: FeedOptions, candle: SimCandle): void {
  const found = instruments.get(candle.symbol);
  if (!found) return;
  for (const channel of channelsOfInterval(candle.interval)) {
    origin.publish(topicOf(channel, candle.symbol), candleFrame(channel, found.listing, candle));
  }
}
