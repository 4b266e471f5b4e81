import type { MarketKind } from '../../domain/exchange';
import type { Topic } from '../contract';
import { lineAt, linesOf, ownLine, type AccountMode } from './account-mode';
import { argOf, topicOf } from './topics';

export const UNIFIED = 'UTA';
const ORDERS = 'orders';
const BALANCES = 'account';
const UNIFIED_ORDERS = 'order';
const ALL = 'default';

/**
 * Topics are wanted before the first dial, and which API serves the account is known with it only: they
 * are named after the classic product lines, `orders:USDT-FUTURES:default`, and put into the words of the
 * account when they are asked for.
 */
export function accountTopics(kind: MarketKind): readonly Topic[] {
  return linesOf(kind).flatMap((line) => [ORDERS, BALANCES].map((channel) => topicOf(channel, line, ALL)));
}

/** What the venue is asked for. One topic of the unified API serves all product lines. */
export function argsOf(
  topics: readonly Topic[],
  mode: AccountMode,
): readonly Readonly<Record<string, string>>[] {
  const parts = topics.map(argOf);
  if (mode.generation === 'unified') {
    const names = new Set(parts.map(({ channel }) => (channel === ORDERS ? UNIFIED_ORDERS : channel)));
    return [...names].map((topic) => ({ instType: UNIFIED, topic }));
  }
  return parts.map(({ instType: line, channel, instId }) => {
    const instType = lineAt(line, mode);
    // Balances want a `coin` where others want an `instId`.
    return channel === BALANCES ? { instType, channel, coin: instId } : { instType, channel, instId };
  });
}

/** Our topics behind the venue's word for one of them; none where it is of another market. */
export function topicsBehind(
  { instType, channel, instId }: { instType: string; channel: string; instId: string },
  kind: MarketKind,
): readonly Topic[] {
  if (instType === UNIFIED) {
    const name = channel === UNIFIED_ORDERS ? ORDERS : channel;
    return linesOf(kind).map((line) => topicOf(name, line, ALL));
  }
  const line = ownLine(instType, kind);
  return line === undefined ? [] : [topicOf(channel, line, instId)];
}
