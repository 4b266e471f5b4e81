import type { MarketKind } from '../../domain/exchange';
import type { Topic } from '../contract';

/** Product line on the wire: https://www.bitget.com/api-doc/common/intro */
export type InstType = 'SPOT' | 'USDT-FUTURES' | 'USDC-FUTURES' | 'COIN-FUTURES';

export interface Arg {
  readonly instType: string;
  readonly channel: string;
  readonly instId: string;
}

export const TICKER = 'ticker';

const SEPARATOR = ':';

/** `ticker:USDC-FUTURES:BTCPERP`. Neither channels nor product lines nor instrument ids hold a colon. */
export function topicOf(channel: string, instType: string, instId: string): Topic {
  return channel + SEPARATOR + instType + SEPARATOR + instId;
}

/** The venue's own words for a topic, in the order of its documents. */
export function argOf(topic: Topic): Arg {
  const first = topic.indexOf(SEPARATOR);
  const second = topic.indexOf(SEPARATOR, first + 1);
  return {
    instType: topic.slice(first + 1, second),
    channel: topic.slice(0, first),
    instId: topic.slice(second + 1),
  };
}

/** USDT- and USDC-margined contracts are one market to us and two product lines to the venue. */
export function instTypeOf(kind: MarketKind, quote: string): InstType {
  if (kind === 'spot') return 'SPOT';
  if (kind === 'inverse') return 'COIN-FUTURES';
  return quote === 'USDC' ? 'USDC-FUTURES' : 'USDT-FUTURES';
}

export function isOfMarket(instType: string, kind: MarketKind): boolean {
  if (kind === 'spot') return instType === 'SPOT';
  if (kind === 'inverse') return instType === 'COIN-FUTURES';
  return instType === 'USDT-FUTURES' || instType === 'USDC-FUTURES';
}

/** USDC-margined perpetuals are called `BTCPERP`. */
export function marginCoinOf(pair: string, quote: string): string {
  return quote === 'USDC' || pair.endsWith('PERP') || pair.endsWith('USDC') ? 'USDC' : 'USDT';
}
