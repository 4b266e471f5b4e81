import type { MarketKind } from '../../domain/exchange';
import type { LinkRules } from '../contract';
import { linksOf } from './limits';

/** Private connections share the rules of public ones; token and connection end at 24 h. */
export function accountLinkOf(kind: MarketKind): LinkRules {
  return {
    ...linksOf(kind).candle,
    /** Orders and balances. */
    topicsPerConnection: 2,
    topicsPerRequest: 1,
    /** A quiet account sends no data, and private topics have no symbol that could be wrong: 403, 404 are told. */
    ackConfirms: true,
    /** No order, no frame: only pongs prove such a connection alive. */
    silence: { floorMs: Infinity, capMs: Infinity },
  };
}
