import type { Account, MarketDescriptor, Topic } from '../contract';
import { isEuropean } from './hosts';
import { topicOf } from './topics';

export const ORDERS = 'orders';
export const ACCOUNT = 'account';

/** Text that holds JSON, as documented. `0`: only changes are told, not everything every 5 s as well. */
const ON_CHANGE_ONLY = '{"updateInterval":"0"}';

/** Kind of order that the `orders` channel and the order lists are asked for. */
export type InstType = 'SPOT' | 'SWAP' | 'FUTURES';

/** Both kinds of swap share `SWAP`; X-Perps come as `FUTURES`. */
export function instTypesOf(account: Account): readonly InstType[] {
  const { kind } = account.market;
  if (kind === 'spot') return ['SPOT'];
  return kind === 'linear' && isEuropean(account) ? ['SWAP', 'FUTURES'] : ['SWAP'];
}

/** Every topic that an account of the market may have. */
export function orderTopicsOf({ kind }: MarketDescriptor): readonly Topic[] {
  const types: readonly InstType[] = kind === 'spot' ? ['SPOT'] : ['SWAP', 'FUTURES'];
  return types.map((type) => topicOf(ORDERS, type));
}

/** `orders:SWAP` -> {"channel":"orders","instType":"SWAP"} */
export function privateArgOf(topic: Topic): object {
  if (topic === ACCOUNT) return { channel: ACCOUNT, extraParams: ON_CHANGE_ONLY };
  const [channel, instType] = topic.split(':', 2);
  return { channel, instType };
}
