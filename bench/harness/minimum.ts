/** The least time in which a market's tickers can be subscribed, by the descriptor's limits alone. */
import type { Instrument } from '../../src/domain/instrument';
import { requestsFor } from '../../src/transport/requests';
import type { LinkRules, Rate, SessionFrames, Topic, VenueAdapter } from '../../src/venues/contract';

export interface Least {
  readonly connections: number;
  readonly requests: number;
  /** Until the last request of the last connection has left. */
  readonly ms: number;
}

/** All markets together, as markets on one host share its dials. */
export function leastOf(
  { descriptor, publicFeed }: VenueAdapter,
  instruments: ReadonlyMap<string, readonly Instrument[]>,
): Least {
  const { session } = publicFeed;
  const byHost = new Map<string, { readonly rules: LinkRules; readonly requests: number }[]>();
  for (const market of descriptor.markets) {
    const listed = instruments.get(market.exchange) ?? [];
    const topics = market.allTickers ?? listed.map((one) => session.topicOf(market, { kind: 'ticker' }, one));
    const { host } = new URL(market.endpoints.ticker);
    const rules = market.links.ticker;
    const loads = shards(topics, rules).map((shard) => ({
      rules,
      requests: requestCount(session, shard, rules),
    }));
    byHost.set(host, [...(byHost.get(host) ?? []), ...loads]);
  }
  const hosts = [...byHost.values()];
  const all = hosts.flat();
  return {
    connections: all.length,
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
    ms: Math.max(...hosts.map(leastOfHost)),
  };
}

/** The connection with the most to say is dialled first. */
function leastOfHost(loads: readonly { readonly rules: LinkRules; readonly requests: number }[]): number {
  const longestFirst = [...loads].sort((a, b) => b.requests - a.requests);
  return Math.max(
    ...longestFirst.map(({ rules, requests }, at) => {
      const pace = [rules.outgoing, ...(rules.requests ? [rules.requests] : [])];
      return earliest(rules.dials, at) + earliest(pace, requests - 1);
    }),
  );
}

/** When the event number `at`, counted from 0, may happen, the first one being at 0. */
export function earliest(rates: readonly Rate[], at: number): number {
  const times: number[] = [];
  for (let next = 0; next <= at; next += 1) {
    const bounds = rates.map(({ count, perMs }) => {
      const former = times[next - count];
      return former === undefined ? 0 : former + perMs;
    });
    times.push(Math.max(0, times.at(-1) ?? 0, ...bounds));
  }
  return times[at] ?? 0;
}

function shards(topics: readonly Topic[], rules: LinkRules): readonly (readonly Topic[])[] {
  const { topicsPerConnection, topicBytesPerConnection = Infinity } = rules;
  const found: Topic[][] = [];
  let bytes = 0;
  for (const topic of topics) {
    const size = Buffer.byteLength(topic);
    const last = found.at(-1);
    if (last && last.length < topicsPerConnection && bytes + size <= topicBytesPerConnection) {
      last.push(topic);
      bytes += size;
    } else {
      found.push([topic]);
      bytes = size;
    }
  }
  return found;
}

function requestCount({ subscribe }: SessionFrames, topics: readonly Topic[], rules: LinkRules): number {
  let id = 0;
  return requestsFor(subscribe, topics, rules, () => (id += 1)).length;
}
