import type { Account, AccountRest, AccountRestDeps, AccountSnapshot, SnapshotQuery } from '../contract';
import { AccountClient } from './account-client';
import { pathsOf, type AccountPaths } from './account-paths';
import { isObject } from './fields';
import type { ListenKeys } from './private-session';
import { Look, type LookMemory } from './snapshot';

export interface BinanceAccountRest extends AccountRest, ListenKeys {}

/** Signed REST of one account. Remembers what was held, to know where to look after a gap. */
export function connectAccount(account: Account, deps: AccountRestDeps): BinanceAccountRest {
  return new BinanceRest(account, new AccountClient(account, deps));
}

class BinanceRest implements BinanceAccountRest {
  private readonly paths: AccountPaths;
  private memory: LookMemory | undefined;
  private key: string | undefined;

  constructor(
    private readonly account: Account,
    private readonly client: AccountClient,
  ) {
    this.paths = pathsOf(account.market);
  }

  serverTime(): Promise<number> {
    return this.client.serverTime();
  }

  // ------------------------------------------------------------------ listen keys

  async listenKey(): Promise<string> {
    const { path, weight } = this.paths.listenKey;
    const answer = await this.client.keyed('listenKey', weight, (client) => client.post(path));
    const { listenKey }: { listenKey?: unknown } = isObject(answer) ? answer : {};
    // Never dial without one: the venue accepts any text in the URL and stays silent.
    if (typeof listenKey !== 'string' || listenKey === '') throw this.client.badAnswer('listenKey');
    this.key = listenKey;
    return listenKey;
  }

  async keepListenKey(): Promise<void> {
    if (this.account.market.kind !== 'spot') {
      const { path, weight } = this.paths.listenKey;
      await this.client.keyed('listenKey', weight, (client) => client.put(path));
      return;
    }
    // binance.us wants the key itself; asking for it anew prolongs it as well.
    if (this.key === undefined) await this.listenKey();
    else await this.putKey(this.key);
  }

  private async putKey(key: string): Promise<void> {
    const { path, weight } = this.paths.listenKey;
    const named = `${path}?listenKey=${encodeURIComponent(key)}`;
    await this.client.keyed('listenKey', weight, (client) => client.put(named));
  }

  // ------------------------------------------------------------------ snapshot

  async snapshot(query: SnapshotQuery): Promise<AccountSnapshot> {
    const { client, paths, memory } = this;
    const { kind } = this.account.market;
    const looked = await new Look({ client, paths, kind, memory }, query).take();
    this.memory = looked.memory;
    return looked.snapshot;
  }
}
