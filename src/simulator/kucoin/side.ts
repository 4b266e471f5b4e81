import type { MarketModel, SimOrigin } from '../kit';
import { intervalOfType, type SideName } from './intervals';
import type { Listing } from './listings';

/** What the frames of a topic are made of. */
export type ChannelKind = 'ticker' | 'tickerV2' | 'snapshot' | 'candle';

export interface Listed {
  readonly exchange: string;
  readonly listing: Listing;
  readonly model: MarketModel;
}

export const ALL = 'all';

const CHANNELS: Readonly<Record<SideName, ReadonlyMap<string, ChannelKind>>> = {
  spot: new Map([
    ['/market/ticker', 'ticker'],
    ['/market/snapshot', 'snapshot'],
    ['/market/candles', 'candle'],
  ]),
  futures: new Map([
    ['/contractMarket/ticker', 'ticker'],
    ['/contractMarket/tickerV2', 'tickerV2'],
    ['/contractMarket/snapshot', 'snapshot'],
    ['/contractMarket/limitCandle', 'candle'],
  ]),
};

/** With `:*` a topic of one symbol each. https://www.kucoin.com/docs-new/3470073w0 and its neighbours */
const PRIVATE: Readonly<Record<SideName, ReadonlySet<string>>> = {
  spot: new Set([
    '/spotMarket/tradeOrders',
    '/spotMarket/tradeOrdersV2',
    '/spotMarket/advancedOrders',
    '/account/balance',
  ]),
  futures: new Set([
    '/contractMarket/tradeOrders',
    '/contractMarket/tradeOrders:*',
    '/contractMarket/advancedOrders',
    '/contractAccount/wallet',
    '/contract/positionAll',
    '/contract/position:*',
  ]),
};

/**
 * `silent`: the venue acknowledges it, and never sends anything. `private`: only the owner of a private
 * token may have it.
 */
export type Finding = 'heard' | 'silent' | 'private' | 'unknown';

/** One host of streams: spot, or futures with both of its markets. */
export class Side {
  readonly areas: ReadonlySet<string>;
  private readonly channels: ReadonlyMap<string, ChannelKind>;

  constructor(
    readonly name: SideName,
    readonly listed: ReadonlyMap<string, Listed>,
    /** Known only once it is registered. */
    readonly origin: () => SimOrigin,
  ) {
    this.channels = CHANNELS[name];
    this.areas = new Set([...listed.values()].flatMap(({ listing }) => listing.areas));
  }

  /** `/market/candles:A-B_1min` -> `candle` and `A-B_1min`. */
  read(topic: string): { readonly kind: ChannelKind; readonly item: string } | undefined {
    const colon = topic.indexOf(':');
    const kind = this.channels.get(topic.slice(0, Math.max(0, colon)));
    return kind && { kind, item: topic.slice(colon + 1) };
  }

  channelOf(kind: ChannelKind): string {
    return [...this.channels].find(([, one]) => one === kind)?.[0] ?? '';
  }

  lookUp(topic: string): Finding {
    if (PRIVATE[this.name].has(topic.replace(/:.+$/, ':*'))) return 'private';
    const found = this.read(topic);
    if (!found || found.item === '') return 'unknown';
    if (this.isKnown(found.kind, found.item)) return 'heard';
    // Spot acknowledges unknown symbols and intervals; what futures do is not documented.
    return this.name === 'spot' ? 'silent' : 'unknown';
  }

  /** From now on the model keeps the bars of a candle topic. */
  wanted(topic: string): void {
    const candle = this.candleOf(topic);
    if (candle) candle.listed.model.watch(candle.listed.listing.spec.symbol, candle.interval);
  }

  candleOf(topic: string) {
    const found = this.read(topic);
    if (found?.kind !== 'candle') return undefined;
    const split = found.item.lastIndexOf('_');
    const listed = this.listed.get(found.item.slice(0, Math.max(0, split)));
    const interval = intervalOfType(this.name, found.item.slice(split + 1));
    return listed && interval && { listed, interval };
  }

  private isKnown(kind: ChannelKind, item: string): boolean {
    if (kind === 'candle') return this.candleOf(`${this.channelOf(kind)}:${item}`) !== undefined;
    if (this.name === 'spot' && kind === 'ticker' && item === ALL) return true;
    if (this.name === 'spot' && kind === 'snapshot' && this.areas.has(item)) return true;
    return this.listed.has(item);
  }
}
