/** Many accounts at the simulated venues. */
import { randomUUID } from 'node:crypto';
import { openTrader, type Trader } from '../../src/e2e/chaos/trader';
import type { AccountMarket } from '../../src/e2e/market-table';
import { ACCOUNT_MARKETS, keysOf } from '../../src/e2e/market-table';
import type { Simulator } from '../../src/simulator';
import { marketOf } from '../../src/venues/registry';
import { pause } from './child';
import type { StreamWitness } from './stream-witness';

const OPEN_LIMIT_MS = 900_000;
/** Bitget: 100 connections for each address, of which a rotation needs some. */
const MOST_CONNECTIONS = new Map([['ws.bitget.com', 90]]);

export async function tradersOf(
  count: number,
  simulator: Simulator,
  witness: StreamWitness,
): Promise<readonly Trader[]> {
  const traders = marketsOf(count).map((market) => {
    const room = randomUUID();
    return openTrader(simulator, market, room, benchKeys(market, room));
  });
  await witness.listen(traders.map(({ room }) => room));
  return traders;
}

export function openStreams(traders: readonly Trader[], witness: StreamWitness): void {
  for (const { room, market } of traders) witness.open(room, market.exchange, benchKeys(market, room));
}

/** Resolves once each stream was announced live so many times. */
export async function untilAll(
  witness: StreamWitness,
  traders: readonly Trader[],
  times: number,
): Promise<void> {
  const deadline = performance.now() + OPEN_LIMIT_MS;
  const missing = () => traders.filter(({ room }) => (witness.counts.get(room) ?? 0) < times);
  while (missing().length > 0) {
    if (performance.now() > deadline) {
      throw new Error(`not live: ${[...new Set(missing().map(({ market }) => market.exchange))].join(', ')}`);
    }
    await pause(50);
  }
}

export function hostOf(exchange: string): string {
  const url = marketOf(exchange)?.market.endpoints.account ?? '';
  return URL.canParse(url) ? new URL(url).host : exchange;
}

function benchKeys({ exchange }: AccountMarket, room: string) {
  return keysOf(exchange, `bench-${room}`);
}

/** All markets alike; of a venue that allows an address few connections, no more than those. */
function marketsOf(count: number): readonly AccountMarket[] {
  const chosen: AccountMarket[] = [];
  const connections = new Map<string, number>();
  for (let at = 0; chosen.length < count; at += 1) {
    const market = ACCOUNT_MARKETS[at % ACCOUNT_MARKETS.length];
    if (!market) throw new Error('no market');
    const host = hostOf(market.exchange);
    const open = connections.get(host) ?? 0;
    if (open >= (MOST_CONNECTIONS.get(host) ?? Infinity)) continue;
    connections.set(host, open + 1);
    chosen.push(market);
  }
  return chosen;
}
